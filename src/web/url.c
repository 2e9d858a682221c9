// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/url.h"

#include "base/escape.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

/* Decoded text in the arena, NULL when the escapes are wrong. */
static const char *decode(struct bw_arena *arena, struct bw_span text)
{
    struct bw_buf out;
    bw_buf_init(&out, BW_URL_BYTES_MAX);
    const char *decoded = NULL;
    if (bw_unescape_url(&out, text.data, text.len) && !bw_buf_failed(&out))
        decoded = bw_arena_strndup(arena, out.data, out.len);
    bw_buf_fini(&out);
    return decoded;
}

/* In a query, as forms send it, a plus is a blank. */
static const char *decode_form(struct bw_arena *arena, struct bw_span text)
{
    char *copy = bw_arena_strndup(arena, text.data, text.len);
    for (size_t i = 0; i < text.len; i++)
        if (copy[i] == '+')
            copy[i] = ' ';
    return decode(arena, (struct bw_span){ copy, text.len });
}

static enum bw_rc split_path(struct bw_arena *arena, struct bw_span path, struct bw_url *out,
                             struct bw_err *err)
{
    path.data++;
    path.len--;
    if (path.len == 0)
        return BW_OK;
    struct bw_span part;
    while (bw_span_split(&path, '/', &part)) {
        if (out->segment_count == BW_URL_SEGMENTS_MAX)
            return bw_fail(err, BW_ELIMIT, "a path of more than %d parts", BW_URL_SEGMENTS_MAX);
        const char *segment = decode(arena, part);
        if (segment == NULL)
            return bw_fail(err, BW_EINVAL, "the path has a broken escape, a NUL or invalid UTF-8");
        out->segments[out->segment_count++] = segment;
    }
    return BW_OK;
}

static enum bw_rc split_query(struct bw_arena *arena, struct bw_span query, struct bw_url *out,
                              struct bw_err *err)
{
    struct bw_span pair;
    while (query.len > 0 && bw_span_split(&query, '&', &pair)) {
        struct bw_span name;
        if (pair.len == 0 || !bw_span_split(&pair, '=', &name))
            continue;
        if (out->param_count == BW_URL_PARAMS_MAX)
            return bw_fail(err, BW_ELIMIT, "more than %d parameters", BW_URL_PARAMS_MAX);
        if (pair.data == NULL)
            pair = bw_span_of("");
        struct bw_url_param *param = &out->params[out->param_count];
        param->name = decode_form(arena, name);
        param->value = decode_form(arena, pair);
        if (param->name == NULL || param->value == NULL)
            return bw_fail(err, BW_EINVAL, "the query has a broken escape, a NUL or invalid UTF-8");
        out->param_count++;
    }
    return BW_OK;
}

/* Clients that think we are a proxy send the whole URL. */
static const char *take_authority(struct bw_arena *arena, const char *text, struct bw_url *out)
{
    static const char scheme[] = "http://";
    if (strncasecmp(text, scheme, sizeof scheme - 1) != 0)
        return text;
    text += sizeof scheme - 1;
    size_t len = strcspn(text, "/?");
    out->authority = bw_arena_strndup(arena, text, len);
    return text[len] == '\0' ? "/" : text + len;
}

enum bw_rc bw_url_parse(struct bw_arena *arena, const char *text, struct bw_url *out,
                        struct bw_err *err)
{
    struct bw_url url = { 0 };
    if (strlen(text) > BW_URL_BYTES_MAX)
        return bw_fail(err, BW_ELIMIT, "an address of more than %d bytes", BW_URL_BYTES_MAX);
    text = take_authority(arena, text, &url);
    if (text[0] != '/')
        return bw_fail(err, BW_EINVAL, "expected a path that begins with /");
    size_t path_len = strcspn(text, "?#");
    url.path = bw_arena_strndup(arena, text, path_len);
    url.query = "";
    if (text[path_len] == '?')
        url.query = bw_arena_strndup(arena, text + path_len + 1, strcspn(text + path_len + 1, "#"));
    enum bw_rc rc = split_path(arena, bw_span_of(url.path), &url, err);
    if (rc == BW_OK)
        rc = split_query(arena, bw_span_of(url.query), &url, err);
    if (rc == BW_OK)
        *out = url;
    return rc;
}

const char *bw_url_param(const struct bw_url *url, const char *name)
{
    for (size_t i = 0; i < url->param_count; i++)
        if (strcmp(url->params[i].name, name) == 0)
            return url->params[i].value;
    return NULL;
}

size_t bw_url_params(const struct bw_url *url, const char *name, const char *out[BW_URL_PARAMS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < url->param_count; i++) {
        if (strcmp(url->params[i].name, name) == 0)
            out[count++] = url->params[i].value;
    }
    return count;
}
