// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log.h"

#include "base/civil.h"
#include "base/escape.h"
#include "base/json.h"

#include <string.h>

const char *bw_log_level_name(enum bw_log_level level)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    return names[level];
}

static void logfmt_pair(struct bw_buf *out, const char *name, const char *value)
{
    if (out->len > 0)
        bw_buf_char(out, ' ');
    bw_buf_text(out, name);
    bw_buf_char(out, '=');
    bw_escape_logfmt(out, value, strlen(value));
}

static void as_logfmt(struct bw_buf *out, const struct bw_log_field *fields)
{
    for (; fields != NULL && fields->name != NULL; fields++)
        logfmt_pair(out, fields->name, fields->value != NULL ? fields->value : "");
}

static void as_json(struct bw_json *json, const struct bw_log_field *fields)
{
    for (; fields != NULL && fields->name != NULL; fields++)
        bw_json_member_text(json, fields->name, fields->value);
}

void bw_log_line(struct bw_buf *out, enum bw_log_format format, int64_t unix_ms,
                 enum bw_log_level level, const char *component, const char *message,
                 const struct bw_log_field *fields)
{
    char when[BW_RFC3339_MAX];
    bw_format_rfc3339(when, unix_ms);
    const struct bw_log_field common[] = { { "ts", when },
                                           { "level", bw_log_level_name(level) },
                                           { "component", component },
                                           { "msg", message },
                                           { NULL, NULL } };
    if (format == BW_LOG_LOGFMT) {
        as_logfmt(out, common);
        as_logfmt(out, fields);
        return;
    }
    struct bw_json json = bw_json_to(out);
    bw_json_open(&json, '{');
    as_json(&json, common);
    as_json(&json, fields);
    bw_json_close(&json, '}');
}
