// SPDX-License-Identifier: GPL-3.0-or-later
/* Style and script: files of the pages, kept by browsers until they change. */
#include "base/embedded.h"
#include "web/answer.h"
#include "web/endpoint.h"
#include "web/page.h"

#include <string.h>

extern const struct bw_embedded bw_web_description[]; /* docs/openapi.yaml */

/* If-None-Match is a list of entity tags, or "*" (RFC 9110 section 13.1.2). */
static bool is_known(const struct bw_request *request, const char *etag)
{
    const char *known = request->headers.if_none_match;
    return known != NULL && (strstr(known, etag) != NULL || strcmp(known, "*") == 0);
}

static void send(struct bw_request *request, const char *file, const char *type)
{
    size_t size;
    const char *etag;
    const char *data = bw_templates_asset(request->site->templates, file, &size, &etag);
    if (data == NULL) {
        bw_answer_problem(request, 404, "There is nothing at this address.");
        return;
    }
    bw_answer_begin(request, type);
    if (is_known(request, etag))
        request->answer.status = 304;
    else
        bw_buf_bytes(&request->answer.body, data, size);
    bw_answer_compress(request);
    request->answer.etag = etag;
    request->answer.cache = "public, max-age=3600";
}

void bw_asset_style(struct bw_request *request)
{
    send(request, "bellwether.css", "text/css; charset=utf-8");
}

void bw_asset_script(struct bw_request *request)
{
    send(request, "bellwether.js", "text/javascript; charset=utf-8");
}

void bw_asset_icon(struct bw_request *request)
{
    send(request, "bellwether.svg", "image/svg+xml");
}

void bw_api_description(struct bw_request *request)
{
    bw_answer_begin(request, "application/yaml");
    request->answer.fixed = bw_web_description[0].data;
    request->answer.fixed_size = bw_web_description[0].size;
}
