// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/answer.h"

#include "base/limits.h"
#include "base/text.h"
#include "metric/negotiate.h"
#include "web/page.h"
#include "web/spare.h"

#include <libdeflate.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Below this gzip saves no packet. */
enum { COMPRESS_BYTES_MIN = 1024 };

static const struct {
    unsigned status;
    const char *text;
} status_texts[] = {
    { 200, "OK" },
    { 302, "Found" },
    { 304, "Not Modified" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 421, "Misdirected Request" },
    { 422, "Unprocessable Content" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 503, "Service Unavailable" },
};

const char *bw_http_status_text(unsigned status)
{
    for (size_t i = 0; i < sizeof status_texts / sizeof *status_texts; i++)
        if (status_texts[i].status == status)
            return status_texts[i].text;
    return "";
}

void bw_answer_begin(struct bw_request *request, const char *type)
{
    request->answer.status = 200;
    request->answer.type = type;
}

void bw_answer_text(struct bw_request *request, const char *text)
{
    bw_answer_begin(request, "text/plain; charset=utf-8");
    bw_buf_text(&request->answer.body, text);
}

void bw_answer_json(struct bw_request *request, const struct bw_value *root)
{
    bw_answer_begin(request, "application/json; charset=utf-8");
    struct bw_json json = bw_json_to(&request->answer.body);
    bw_value_to_json(&json, root);
    bw_buf_char(&request->answer.body, '\n');
    if (bw_buf_failed(&request->answer.body))
        bw_answer_problem(request, 500, "The answer would be too large.");
    else
        bw_answer_compress(request);
}

static void write_problem(struct bw_request *request, unsigned status, const char *detail)
{
    request->answer.type = "application/problem+json; charset=utf-8";
    struct bw_json json = bw_json_to(&request->answer.body);
    bw_json_open(&json, '{');
    bw_json_member_text(&json, "type", "about:blank");
    bw_json_member_text(&json, "title", bw_http_status_text(status));
    bw_json_member_int(&json, "status", (int64_t)status);
    bw_json_member_text(&json, "detail", detail);
    bw_json_close(&json, '}');
    bw_buf_char(&request->answer.body, '\n');
}

static bool wants_page(const struct bw_request *request)
{
    return request->headers.accept != NULL && strstr(request->headers.accept, "text/html") != NULL
           && (request->url.segment_count == 0 || strcmp(request->url.segments[0], "api") != 0);
}

void bw_answer_problem(struct bw_request *request, unsigned status, const char *format, ...)
{
    char detail[512];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    bw_buf_clear(&request->answer.body);
    request->answer.fixed = NULL;
    if (request->answer.file >= 0)
        close(request->answer.file);
    request->answer.file = -1;
    request->answer.encoding = NULL;
    request->answer.disposition = NULL;
    request->answer.cache = NULL;
    request->answer.etag = NULL;
    request->answer.style_hash = NULL;
    if (!wants_page(request) || !bw_page_error(request, status, detail))
        write_problem(request, status, detail);
    request->answer.status = status;
}

void bw_answer_error(struct bw_request *request, const struct bw_err *err)
{
    static const unsigned statuses[] = {
        [BW_EINVAL] = 400,  [BW_ENOTFOUND] = 404,    [BW_EIO] = 503,     [BW_EFULL] = 503,
        [BW_ELIMIT] = 422,  [BW_ECORRUPT] = 500,     [BW_EBUSY] = 503,   [BW_ETIMEOUT] = 503,
        [BW_EDENIED] = 403, [BW_EUNSUPPORTED] = 501, [BW_EEXISTS] = 500,
    };
    /* Where our files are is for the operator alone. */
    const char *store = request->store;
    const char *archive = request->site->archive;
    if ((store != NULL && strstr(err->text, store) != NULL)
        || (archive != NULL && strstr(err->text, archive) != NULL)) {
        request->site->hooks.say(request->site->hooks.ctx, BW_LOG_WARN, err->text);
        bw_answer_problem(request, 503, "The store cannot be read just now; the log says why.");
        return;
    }
    size_t rc = (size_t)err->rc;
    unsigned status = rc < sizeof statuses / sizeof *statuses ? statuses[rc] : 0;
    bw_answer_problem(request, status == 0 ? 500 : status, "%s", err->text);
}

void bw_answer_redirect(struct bw_request *request, const char *location)
{
    bw_answer_text(request, "See ");
    bw_buf_text(&request->answer.body, location);
    bw_buf_char(&request->answer.body, '\n');
    request->answer.status = 302;
    request->answer.location = location;
}

void bw_answer_allow_style(struct bw_request *request)
{
    const char *begin = strstr(request->answer.body.data, "<style>");
    const char *end = begin == NULL ? NULL : strstr(begin, "</style>");
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char text[2 * EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (end == NULL)
        return;
    begin += sizeof "<style>" - 1;
    if (EVP_Digest(begin, (size_t)(end - begin), digest, &size, EVP_sha256(), NULL) != 1)
        return;
    EVP_EncodeBlock(text, digest, (int)size);
    request->answer.style_hash =
        bw_arena_printf(&request->arena, "'sha256-%s'", (const char *)text);
}

void bw_answer_let_go(struct bw_request *request)
{
    struct bw_buf *body = &request->answer.body;
    if (body->cap > 0)
        bw_spare_return(request->site->spare, body->data, body->cap);
    bw_buf_init(body, body->max);
}

void bw_answer_compress(struct bw_request *request)
{
    struct bw_buf *body = &request->answer.body;
    request->answer.varies = true;
    if (body->len < COMPRESS_BYTES_MIN || !bw_negotiate_gzip(request->headers.accept_encoding))
        return;
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(1);
    if (compressor == NULL)
        return;
    struct bw_buf packed;
    bw_buf_init(&packed, body->max);
    bw_spare_lend(request->site->spare, &packed);
    size_t bound = libdeflate_gzip_compress_bound(compressor, body->len);
    char *room = bw_buf_reserve(&packed, bound);
    if (room != NULL)
        packed.len = libdeflate_gzip_compress(compressor, body->data, body->len, room, bound);
    libdeflate_free_compressor(compressor);
    if (packed.len == 0) {
        bw_buf_fini(&packed);
        return;
    }
    bw_answer_let_go(request);
    *body = packed;
    request->answer.encoding = "gzip";
}
