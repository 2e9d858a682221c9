// SPDX-License-Identifier: GPL-3.0-or-later
/* web/answer.h: fills in answers: JSON, pages of text, problems (RFC 9457), gzip. */
#ifndef WEB_ANSWER_H
#define WEB_ANSWER_H

#include "base/json.h"
#include "model/value.h"
#include "web/request.h"

/* 200 with this type; the body is still to be written. */
void bw_answer_begin(struct bw_request *request, const char *type);

/* 200 with these words. */
void bw_answer_text(struct bw_request *request, const char *text);

/* The tree as JSON, 200. */
void bw_answer_json(struct bw_request *request, const struct bw_value *root);

/* An error: problem+json, or a page for who asks for HTML. Replaces what was written. */
void bw_answer_problem(struct bw_request *request, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The status that fits the code, with the error's text. */
void bw_answer_error(struct bw_request *request, const struct bw_err *err);

void bw_answer_redirect(struct bw_request *request, const char *location);

/* Lets the style element of an HTML body apply (a report is one file that brings its own),
 * named by its hash so that no other does. Before compressing. */
void bw_answer_allow_style(struct bw_request *request);

/* Compresses the body when it is worth it and welcome. */
void bw_answer_compress(struct bw_request *request);

/* Empties the body; its memory goes to who needs such next. */
void bw_answer_let_go(struct bw_request *request);

/* "Not Found" */
const char *bw_http_status_text(unsigned status);

#endif
