// SPDX-License-Identifier: GPL-3.0-or-later
/* What of an HTTP request may be told, and how. */
#include "probe/http.h"

#include "base/mem.h"
#include "probe/trail.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- secrets ---- */

/* Headers whose values are no keys. Whatever else is configured may be one. */
static bool is_open(const char *name)
{
    static const char *const names[] = { "host",       "user-agent",    "content-type",
                                         "connection", "cache-control", "pragma",
                                         "origin",     "referer",       "range",
                                         "expect",     "content-length" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(names[i], name) == 0)
            return true;
    }
    return strncasecmp(name, "accept", 6) == 0;
}

/* The form in which a user name and a password travel. */
static void hide_basic(const struct bw_http_plan *plan, struct bw_mask *mask)
{
    const char *password = plan->password != NULL ? plan->password : "";
    const size_t size = strlen(plan->username) + strlen(password) + 2;
    char *pair = bw_alloc(size);
    char *coded = bw_alloc((size + 2) / 3 * 4 + 1);
    snprintf(pair, size, "%s:%s", plan->username, password);
    EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)pair, (int)size - 1);
    bw_mask_add(mask, coded);
    bw_mask_add(mask, pair);
    free(coded);
    free(pair);
}

/* "Bearer abc" is hidden as a whole, and "abc" on its own. */
static void hide_value(const char *value, struct bw_mask *mask)
{
    const char *blank = strrchr(value, ' ');
    bw_mask_add(mask, value);
    if (blank != NULL)
        bw_mask_add(mask, blank + 1);
}

void bw_http_secrets(const void *prepared, struct bw_mask *mask)
{
    const struct bw_http_plan *plan = prepared;
    for (size_t i = 0; i < plan->header_count; i++) {
        if (plan->headers[i].secret || !is_open(plan->headers[i].name))
            hide_value(plan->headers[i].value, mask);
    }
    for (size_t i = 0; i < plan->file_count; i++) {
        if (plan->files[i].old != NULL)
            hide_value(plan->files[i].old, mask);
    }
    bw_http_proxies_secrets(&plan->proxies, mask);
    if (plan->token != NULL)
        bw_http_token_secrets(plan->token, mask);
    if (plan->authorization != NULL)
        hide_value(plan->authorization, mask);
    if (plan->username != NULL)
        hide_basic(plan, mask);
    bw_mask_add(mask, plan->password);
    bw_mask_add(mask, plan->body);
    bw_mask_add_from(mask, plan->body);
}

/* ---- the request ---- */

/* A line put together from parts, without printf: it is noted in every run. */
struct line {
    size_t len;
    char text[BW_TRAIL_NOTE_BYTES_MAX];
};

static void put(struct line *line, const char *text, size_t len)
{
    const size_t room = sizeof line->text - line->len, take = len < room ? len : room;
    memcpy(line->text + line->len, text, take);
    line->len += take;
}

/* "example.com:8080" and where it ends in the URL. */
static const char *authority(const char *url, size_t *out_len)
{
    const char *begin = strstr(url, "://");
    begin = begin != NULL ? begin + 3 : url;
    const size_t len = strcspn(begin, "/?#");
    const char *at = memrchr(begin, '@', len);
    const char *host = at != NULL ? at + 1 : begin;
    *out_len = (size_t)(begin + len - host);
    return host;
}

/* "GET /path HTTP/1.1" and "Host: example.com" */
static void note_head(struct bw_probe_outcome *out, const char *method, const char *url,
                      bool needs_host)
{
    struct line line = { .len = 0 };
    size_t len;
    const char *host = authority(url, &len), *path = host + len;
    put(&line, method, strlen(method));
    put(&line, path[0] == '/' ? " " : " /", path[0] == '/' ? 1 : 2);
    put(&line, path, strcspn(path, "#"));
    put(&line, " HTTP/1.1", 9);
    bw_trail_note(out, BW_TRAIL_SENT, line.text, line.len);
    if (!needs_host)
        return;
    line.len = 0;
    put(&line, "Host: ", 6);
    put(&line, host, len);
    bw_trail_add(out, BW_TRAIL_SENT, line.text, line.len);
}

static bool has(const struct curl_slist *headers, const char *name)
{
    const size_t len = strlen(name);
    while (headers != NULL && strncasecmp(headers->data, name, len) != 0)
        headers = headers->next;
    return headers != NULL;
}

static void note_text(struct bw_probe_outcome *out, const char *text)
{
    bw_trail_add(out, BW_TRAIL_SENT, text, strlen(text));
}

void bw_http_note_request(struct bw_probe_outcome *out, const struct bw_http_hop *hop,
                          const struct curl_slist *headers)
{
    const struct bw_http_plan *plan = hop->plan;
    if (out->trail == NULL)
        return;
    const bool agent = has(headers, "user-agent:");
    note_head(out, hop->plain_get ? "GET" : plan->method, hop->url->text, !has(headers, "host:"));
    for (; headers != NULL; headers = headers->next) {
        const size_t len = strlen(headers->data);
        if (headers->data[len - 1] != ':') /* that takes a header of libcurl's out */
            bw_trail_add(out, BW_TRAIL_SENT, headers->data, len);
    }
    if (!agent)
        note_text(out, "User-Agent: Bellwether/" BW_VERSION);
    if (hop->trusted && plan->username != NULL)
        note_text(out, "Authorization: Basic ***");
    const char *body = bw_http_request_body(hop);
    if (body != NULL) {
        char length[48];
        snprintf(length, sizeof length, "Content-Length: %zu", strlen(body));
        note_text(out, length);
    }
}
