// SPDX-License-Identifier: GPL-3.0-or-later
/* Lists over HTTP (http_sd). */
#include "base/limits.h"
#include "base/text.h"
#include "discover/kinds.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

static enum bw_rc http_check(const char *from, struct bw_err *err)
{
    if (!bw_text_starts_with(from, "http://") && !bw_text_starts_with(from, "https://"))
        return bw_fail(err, BW_EINVAL, "expected a URL that begins with http:// or https://");
    return BW_OK;
}

static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
    struct bw_buf *body = ctx;
    bw_buf_bytes(body, data, size * count);
    return bw_buf_failed(body) ? 0 : size * count;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return bw_discovery_is_stopped(ctx) ? 1 : 0;
}

static enum bw_rc judge(CURL *curl, CURLcode code, const struct bw_buf *body, const char *shown,
                        struct bw_err *err)
{
    long status = 0;
    const char *type = NULL;
    if (bw_buf_failed(body))
        return bw_fail(err, BW_ELIMIT, "%s: more than %u bytes", shown, BW_CONF_FILE_BYTES_MAX);
    if (code != CURLE_OK)
        return bw_fail(err, BW_EIO, "%s: %s", shown, curl_easy_strerror(code));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    if (status != 200)
        return bw_fail(err, BW_EIO, "%s: status %ld, expected 200", shown, status);
    if (type == NULL || strncasecmp(type, "application/json", 16) != 0)
        return bw_fail(err, BW_EINVAL, "%s: content type '%.60s', expected application/json", shown,
                       type != NULL ? type : "");
    return BW_OK;
}

static struct curl_slist *headers_for(const struct bw_discovery_spec *spec, struct bw_arena *arena)
{
    const long seconds = (long)(spec->refresh_ns / 1000000000);
    const char *refresh =
        bw_arena_printf(arena, "X-Prometheus-Refresh-Interval-Seconds: %ld", seconds);
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    return curl_slist_append(headers, refresh);
}

static void set_up(CURL *curl, struct bw_discovery_ask *ask, struct curl_slist *headers,
                   struct bw_buf *body)
{
    curl_easy_setopt(curl, CURLOPT_URL, ask->spec->from.items[0]);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)BW_PROBE_REDIRECTS_MAX);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "Bellwether/" BW_VERSION);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(ask->spec->timeout_ns / 1000000));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, ask);
}

static void http_ask(struct bw_discovery_ask *ask)
{
    char shown[160]; /* never with user and password: labels are for all to see */
    struct bw_buf body;
    struct bw_err err = { .rc = BW_OK };
    bw_text_hide_userinfo(shown, sizeof shown, ask->spec->from.items[0]);
    const struct bw_label found = { "__meta_url", bw_arena_strdup(ask->arena, shown) };
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = headers_for(ask->spec, ask->arena);
    bw_buf_init(&body, BW_CONF_FILE_BYTES_MAX);
    enum bw_rc rc;
    if (curl == NULL) {
        rc = bw_fail(&err, BW_EIO, "libcurl does not start");
    } else {
        set_up(curl, ask, headers, &body);
        rc = judge(curl, curl_easy_perform(curl), &body, shown, &err);
    }
    if (rc == BW_OK) {
        rc = bw_target_list_read(ask->arena, BW_LIST_JSON, body.data, body.len, found, ask->out,
                                 &err);
        if (rc != BW_OK)
            bw_wrap(&err, rc, "%s", shown);
    }
    if (rc != BW_OK)
        bw_discovery_keep(ask, found, &err);
    bw_buf_fini(&body);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
}

const struct bw_discovery_ops bw_discovery_http = { "http", http_check, http_ask };
