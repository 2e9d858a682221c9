// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"

#include "base/civil.h"
#include "base/escape.h"

#include <math.h>
#include <string.h>

struct bw_json bw_json_to(struct bw_buf *out)
{
    return (struct bw_json){ .out = out };
}

static void begin_value(struct bw_json *json)
{
    if (json->comma && !json->keyed)
        bw_buf_char(json->out, ',');
    json->comma = true;
    json->keyed = false;
}

void bw_json_open(struct bw_json *json, char bracket)
{
    begin_value(json);
    bw_buf_char(json->out, bracket);
    json->comma = false;
}

void bw_json_close(struct bw_json *json, char bracket)
{
    bw_buf_char(json->out, bracket);
    json->comma = true;
}

void bw_json_key(struct bw_json *json, const char *key)
{
    bw_json_text(json, key);
    bw_buf_char(json->out, ':');
    json->keyed = true;
}

void bw_json_text(struct bw_json *json, const char *text)
{
    if (text == NULL)
        bw_json_null(json);
    else
        bw_json_text_n(json, text, strlen(text));
}

void bw_json_text_n(struct bw_json *json, const char *text, size_t len)
{
    begin_value(json);
    bw_buf_char(json->out, '"');
    bw_escape_json(json->out, text, len);
    bw_buf_char(json->out, '"');
}

void bw_json_double(struct bw_json *json, double value)
{
    begin_value(json);
    if (isfinite(value))
        bw_buf_double(json->out, value);
    else
        bw_buf_text(json->out, "null");
}

void bw_json_int(struct bw_json *json, int64_t value)
{
    begin_value(json);
    bw_buf_int(json->out, value);
}

void bw_json_bool(struct bw_json *json, bool value)
{
    begin_value(json);
    bw_buf_text(json->out, value ? "true" : "false");
}

void bw_json_null(struct bw_json *json)
{
    begin_value(json);
    bw_buf_text(json->out, "null");
}

void bw_json_time(struct bw_json *json, int64_t unix_ms)
{
    if (unix_ms == 0) {
        bw_json_null(json);
        return;
    }
    char text[BW_RFC3339_MAX];
    bw_format_rfc3339(text, unix_ms);
    bw_json_text(json, text);
}

void bw_json_member_text(struct bw_json *json, const char *key, const char *text)
{
    bw_json_key(json, key);
    bw_json_text(json, text);
}

void bw_json_member_double(struct bw_json *json, const char *key, double value)
{
    bw_json_key(json, key);
    bw_json_double(json, value);
}

void bw_json_member_int(struct bw_json *json, const char *key, int64_t value)
{
    bw_json_key(json, key);
    bw_json_int(json, value);
}

void bw_json_member_bool(struct bw_json *json, const char *key, bool value)
{
    bw_json_key(json, key);
    bw_json_bool(json, value);
}

void bw_json_member_time(struct bw_json *json, const char *key, int64_t unix_ms)
{
    bw_json_key(json, key);
    bw_json_time(json, unix_ms);
}
