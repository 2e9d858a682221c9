// SPDX-License-Identifier: GPL-3.0-or-later
/* web/page.h: pages for people: a document tree, put into a template, put into the layout.
 * The template engine escapes every text; only charts, which escape their own, are raw. */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "model/value.h"
#include "web/request.h"

struct bw_templates;

/* Compiles the embedded templates, each replaced by the file of its name in `folder` (NULL:
 * none) where there is one. Blocks: reads files. */
enum bw_rc bw_templates_load(const char *folder, struct bw_templates **out, struct bw_err *err);
void bw_templates_free(struct bw_templates *templates);

/* A file that is sent as it is: "bellwether.css". NULL when there is none; `out_etag` is its
 * entity tag, quotes included. */
const char *bw_templates_asset(const struct bw_templates *templates, const char *name,
                               size_t *out_size, const char **out_etag);

/* The tree of a page with what the layout shows. `current` is the entry of the navigation
 * ("status", "hosts", …), "" for none. */
struct bw_value *bw_page_begin(struct bw_request *request, const char *title, const char *current);

/* Answers with the page. */
void bw_page_render(struct bw_request *request, const char *name, const struct bw_value *root);

/* Writes the page of an error into the body; false when that cannot be. */
bool bw_page_error(struct bw_request *request, unsigned status, const char *detail);

#endif
