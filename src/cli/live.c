// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/live.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ANSWER_BYTES_MAX = 4 << 20, TARGET_BYTES_MAX = 64 << 10, FAREWELLS = 20 };

/* For longer than the daemon waits for somebody who began a change and went away. */
enum { TRIES = 350 };

#define TRY_EVERY_NS (200 * BW_MS)
#define PATIENCE_S 300L /* for one answer */

struct bw_live {
    char *name;   /* the socket, or the URL without a slash at its end */
    bool is_here; /* it is a socket */
    const volatile sig_atomic_t *stop;
    CURL *curl;
    struct curl_slist *headers;
    struct bw_buf answer;
};

static void begin(struct bw_live *live, const volatile sig_atomic_t *stop)
{
    live->stop = stop;
    live->curl = curl_easy_init();
    /* Without asking first whether a body is welcome, which costs a second. */
    live->headers = curl_slist_append(NULL, "Expect:");
    bw_buf_init(&live->answer, ANSWER_BYTES_MAX);
}

struct bw_live *bw_live_new(const char *store, const volatile sig_atomic_t *stop)
{
    struct bw_live *live = bw_alloc(sizeof *live);
    const size_t size = strlen(store) + sizeof ".sock";
    live->name = bw_alloc(size);
    live->is_here = true;
    snprintf(live->name, size, "%s.sock", store);
    begin(live, stop);
    return live;
}

struct bw_live *bw_live_new_at(const char *url, const char *token,
                               const volatile sig_atomic_t *stop)
{
    struct bw_live *live = bw_alloc(sizeof *live);
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    live->name = bw_strndup(url, len);
    begin(live, stop);
    if (token != NULL) {
        struct bw_buf header;
        bw_buf_init(&header, TARGET_BYTES_MAX);
        bw_buf_printf(&header, "Authorization: Bearer %s", token);
        live->headers = curl_slist_append(live->headers, header.data);
        bw_buf_fini(&header);
    }
    return live;
}

void bw_live_free(struct bw_live *live)
{
    if (live == NULL)
        return;
    curl_slist_free_all(live->headers);
    curl_easy_cleanup(live->curl);
    bw_buf_fini(&live->answer);
    free(live->name);
    free(live);
}

static size_t take(char *data, size_t size, size_t count, void *ctx)
{
    struct bw_buf *answer = ctx;
    bw_buf_bytes(answer, data, size * count);
    return bw_buf_failed(answer) ? 0 : size * count;
}

static enum bw_rc ask(struct bw_live *live, const char *target, const void *body, size_t size,
                      long *out_status, struct bw_err *err)
{
    struct bw_buf url;
    CURL *curl = live->curl;
    if (curl == NULL)
        return bw_fail(err, BW_EIO, "the HTTP library cannot be used");
    bw_buf_init(&url, TARGET_BYTES_MAX);
    bw_buf_printf(&url, "%s%s", live->is_here ? "http://localhost" : live->name, target);
    bw_buf_clear(&live->answer);
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url.data);
    if (live->is_here) {
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, live->name);
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    }
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, PATIENCE_S);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, live->headers);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, size > 0 ? body : "");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &live->answer);
    const CURLcode code = bw_buf_failed(&url) ? CURLE_URL_MALFORMAT : curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, out_status);
    bw_buf_fini(&url);
    if (code == CURLE_OK)
        return BW_OK;
    if (code == CURLE_COULDNT_CONNECT)
        return bw_fail(err, BW_ENOTFOUND, "nobody answers at '%s'", live->name);
    return bw_fail(err, BW_EIO, "'%s': %s", live->name, curl_easy_strerror(code));
}

/* What a problem says, or its status where it is none. */
static enum bw_rc refuse(const struct bw_live *live, long status, struct bw_err *err)
{
    json_t *problem = json_loadb(live->answer.data, live->answer.len, 0, NULL);
    const char *detail = bw_live_text(problem, "detail");
    const enum bw_rc rc = status == 401   ? BW_EDENIED
                          : status == 403 ? BW_EDENIED
                          : status == 404 ? BW_ENOTFOUND
                          : status == 422 ? BW_ELIMIT
                          : status == 503 ? BW_EBUSY
                                          : BW_EIO;
    if (detail[0] != '\0')
        bw_fail(err, rc, "the daemon says: %s", detail);
    else
        bw_fail(err, rc, "the daemon answers with status %ld", status);
    json_decref(problem);
    return rc;
}

enum bw_rc bw_live_post(struct bw_live *live, const char *target, const void *body, size_t size,
                        json_t **out, struct bw_err *err)
{
    const struct timespec pause = { .tv_nsec = TRY_EVERY_NS };
    long status = 0;
    enum bw_rc rc = ask(live, target, body, size, &status, err);
    for (int i = 0; rc == BW_OK && status == 503 && i < TRIES && *live->stop == 0; i++) {
        nanosleep(&pause, NULL);
        rc = ask(live, target, body, size, &status, err);
    }
    if (rc != BW_OK)
        return rc;
    if (status != 200)
        return refuse(live, status, err);
    *out = json_loadb(live->answer.data, live->answer.len, 0, NULL);
    return *out != NULL ? BW_OK : bw_fail(err, BW_EIO, "the daemon's answer cannot be read");
}

void bw_live_give_up(struct bw_live *live, const char *target)
{
    const struct timespec pause = { .tv_nsec = TRY_EVERY_NS };
    long status = 503;
    for (int i = 0; i < FAREWELLS && ask(live, target, NULL, 0, &status, NULL) == BW_OK; i++) {
        if (status != 503)
            break;
        nanosleep(&pause, NULL);
    }
}

void bw_live_param(struct bw_buf *target, const char *name, const char *value)
{
    bw_buf_char(target, strchr(target->data, '?') == NULL ? '?' : '&');
    bw_buf_printf(target, "%s=", name);
    for (const char *c = value; *c != '\0'; c++) {
        static const char plain[] =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
        if (strchr(plain, *c) != NULL)
            bw_buf_char(target, *c);
        else
            bw_buf_printf(target, "%%%02X", (unsigned char)*c);
    }
}

uint64_t bw_live_count(const json_t *answer, const char *member)
{
    return (uint64_t)json_integer_value(json_object_get(answer, member));
}

const char *bw_live_text(const json_t *answer, const char *member)
{
    const char *text = json_string_value(json_object_get(answer, member));
    return text == NULL ? "" : text;
}

/* ---- merging ------------------------------------------------------------------------------ */

static void read_report(const json_t *answer, struct bw_compact_report *out)
{
    out->bytes_before = bw_live_count(answer, "bytes_before");
    out->bytes_after = bw_live_count(answer, "bytes_after");
    out->pack_bytes = bw_live_count(answer, "pack_bytes");
    out->totals.bytes_merged = bw_live_count(answer, "pack_bytes_merged");
    out->totals.packs_merged = bw_live_count(answer, "packs_merged");
    out->totals.packs_written = bw_live_count(answer, "packs_written");
    out->totals.damaged = bw_live_count(answer, "packs_damaged");
}

enum bw_rc bw_live_compact(struct bw_live *live, const struct bw_backup_watch *watch,
                           struct bw_compact_report *out, struct bw_err *err)
{
    char target[80] = "/api/v1/admin/compact", id[32] = "";
    bool done = false;
    enum bw_rc rc = BW_OK;
    while (rc == BW_OK && !done) {
        json_t *answer = NULL;
        rc = bw_live_post(live, target, NULL, 0, &answer, err);
        if (rc != BW_OK)
            break;
        read_report(answer, out);
        done = json_is_true(json_object_get(answer, "done"));
        bw_text_copy(id, sizeof id, bw_live_text(answer, "id"));
        snprintf(target, sizeof target, "/api/v1/admin/compact?id=%s", id);
        json_decref(answer);
        if (!done && watch != NULL
            && !watch->fn(watch->ctx, out->totals.bytes_merged, out->pack_bytes))
            rc = bw_fail(err, BW_ETIMEOUT,
                         "stopped; what is done is done, call it again for the rest");
    }
    if (rc != BW_OK && id[0] != '\0') {
        snprintf(target, sizeof target, "/api/v1/admin/compact?id=%s&last=true", id);
        bw_live_give_up(live, target);
    }
    return rc;
}
