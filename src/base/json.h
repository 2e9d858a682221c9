// SPDX-License-Identifier: GPL-3.0-or-later
/* base/json.h: writes JSON (RFC 8259) into a buffer, commas included.
 *
 *     bw_json_open(&j, '{');
 *     bw_json_key(&j, "name");
 *     bw_json_text(&j, name);
 *     bw_json_close(&j, '}');
 *
 * A number that JSON cannot hold (NaN, infinity) is written as null. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

struct bw_json {
    struct bw_buf *out;
    bool comma; /* something stands before, at this depth */
    bool keyed; /* a key was written, its value comes next */
};

struct bw_json bw_json_to(struct bw_buf *out);

/* '{' or '[', and the matching '}' or ']'. */
void bw_json_open(struct bw_json *json, char bracket);
void bw_json_close(struct bw_json *json, char bracket);
void bw_json_key(struct bw_json *json, const char *key);

/* Text NULL is null. */
void bw_json_text(struct bw_json *json, const char *text);
void bw_json_text_n(struct bw_json *json, const char *text, size_t len);
void bw_json_double(struct bw_json *json, double value);
void bw_json_int(struct bw_json *json, int64_t value);
void bw_json_bool(struct bw_json *json, bool value);
void bw_json_null(struct bw_json *json);

/* RFC 3339 UTC text; 0 is null. */
void bw_json_time(struct bw_json *json, int64_t unix_ms);

/* Key and value in one call. */
void bw_json_member_text(struct bw_json *json, const char *key, const char *text);
void bw_json_member_double(struct bw_json *json, const char *key, double value);
void bw_json_member_int(struct bw_json *json, const char *key, int64_t value);
void bw_json_member_bool(struct bw_json *json, const char *key, bool value);
void bw_json_member_time(struct bw_json *json, const char *key, int64_t unix_ms);

#endif
