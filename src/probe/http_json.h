// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/http_json.h: assertions on values of a JSON body.
 *
 *     path: a JSON pointer (RFC 6901), "/items/0/name"; or of JSONPath (RFC 9535) what names
 *           values: $, .name, ['name'], [0], [-1], .* and [*]; and .length() at the end
 *     test: equals a text, matches a pattern, holds a condition; or it only has to be there
 *
 * A path with a wildcard leads to many values: one of them that passes the test is enough. Text
 * is compared as it is, any other value as JSON writes it. Pure; any thread. */
#ifndef PROBE_HTTP_JSON_H
#define PROBE_HTTP_JSON_H

#include "base/err.h"
#include "conf/option.h"

#include <stddef.h>
#include <stdint.h>

struct bw_json_path;
struct bw_json_test;

/* BW_EINVAL says what is wrong with it. */
struct bw_json_path *bw_json_path_new(const char *text, struct bw_err *err);
void bw_json_path_free(struct bw_json_path *path);

/* What a list of options makes. */
struct bw_json_tests {
    struct bw_json_test *items;
    size_t count;
};

extern const struct bw_opt_group bw_json_match_group;

/* `matches` are struct bw_json_match. */
enum bw_rc bw_json_tests_make(struct bw_json_tests *out, const struct bw_items *matches,
                              struct bw_err *err);
void bw_json_tests_fini(struct bw_json_tests *tests);

struct bw_json_document;

/* Reads a document of at most BW_PROBE_JSON_BYTES_MAX bytes and BW_PROBE_JSON_DEPTH_MAX levels.
 * NULL with *err set when it is none. */
struct bw_json_document *bw_json_read(const char *text, size_t len, struct bw_err *err);
void bw_json_document_free(struct bw_json_document *document);

/* A member of the document, when that is an object: its text, without a NUL in it, or its number
 * (in a text, too); NULL, false when there is none such. */
const char *bw_json_member(const struct bw_json_document *document, const char *name);
bool bw_json_member_number(const struct bw_json_document *document, const char *name, double *out);

enum bw_json_verdict { BW_JSON_NO, BW_JSON_YES, BW_JSON_GAVE_UP };

/* *left_ns is the patience for patterns, as bw_regex_test() takes from it. */
enum bw_json_verdict bw_json_test(const struct bw_json_tests *tests, size_t i,
                                  const struct bw_json_document *document, int64_t *left_ns);

/* "$.status equals 'ok'": for people. */
const char *bw_json_test_text(const struct bw_json_tests *tests, size_t i);
bool bw_json_test_only_warns(const struct bw_json_tests *tests, size_t i);

#endif
