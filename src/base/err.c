// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/err.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cutting at `size` may have split a character: what is left of it goes. */
static void drop_split_character(char *text, size_t size)
{
    const size_t len = strlen(text);
    const size_t valid = bw_utf8_valid_prefix(text, len);
    if (len == size - 1 && len - valid < 4)
        text[valid] = '\0';
}

static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
    }
}

enum bw_rc bw_fail(struct bw_err *err, enum bw_rc rc, const char *format, ...)
{
    if (err == NULL)
        return rc;
    /* A detail may be the very text being replaced. */
    char text[sizeof err->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    drop_split_character(text, sizeof text);
    make_printable(text);
    memcpy(err->text, text, sizeof text);
    err->rc = rc;
    return rc;
}

enum bw_rc bw_wrap(struct bw_err *err, enum bw_rc rc, const char *format, ...)
{
    if (err == NULL)
        return rc;
    char context[sizeof err->text];
    va_list args;
    va_start(args, format);
    vsnprintf(context, sizeof context, format, args);
    va_end(args);
    char inner[sizeof err->text];
    memcpy(inner, err->text, sizeof inner);
    return bw_fail(err, rc, "%s: %s", context, inner);
}

const char *bw_rc_text(enum bw_rc rc)
{
    static const char *const texts[] = {
        [BW_OK] = "ok",
        [BW_EINVAL] = "invalid",
        [BW_ENOTFOUND] = "not found",
        [BW_EEXISTS] = "exists already",
        [BW_EIO] = "input or output failed",
        [BW_EFULL] = "no space left",
        [BW_ELIMIT] = "too large",
        [BW_ECORRUPT] = "damaged",
        [BW_EBUSY] = "in use",
        [BW_ETIMEOUT] = "timed out",
        [BW_EUNSUPPORTED] = "not supported",
        [BW_EDENIED] = "not allowed",
    };
    return (size_t)rc < sizeof texts / sizeof *texts ? texts[rc] : "unknown error";
}
