// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/buf.h"

#include "base/mem.h"
#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char empty[1]; /* what an unused buffer's data points at; never written */

void bw_buf_init(struct bw_buf *buf, size_t max)
{
    *buf = (struct bw_buf){ .data = empty, .max = max };
}

void bw_buf_fini(struct bw_buf *buf)
{
    if (buf->cap > 0)
        free(buf->data);
    bw_buf_init(buf, buf->max);
}

void bw_buf_clear(struct bw_buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->cap > 0)
        buf->data[0] = '\0';
}

bool bw_buf_failed(const struct bw_buf *buf)
{
    return buf->failed;
}

char *bw_buf_detach(struct bw_buf *buf, size_t *out_len)
{
    if (buf->failed) {
        bw_buf_fini(buf);
        return NULL;
    }
    if (out_len != NULL)
        *out_len = buf->len;
    char *data = buf->cap > 0 ? buf->data : bw_strndup("", 0);
    bw_buf_init(buf, buf->max);
    return data;
}

static char *fail(struct bw_buf *buf)
{
    bw_buf_clear(buf);
    buf->failed = true;
    return NULL;
}

char *bw_buf_reserve(struct bw_buf *buf, size_t size)
{
    if (buf->failed)
        return NULL;
    if (size > buf->max - buf->len)
        return fail(buf);
    if (buf->len + size + 1 > buf->cap)
        buf->data = bw_grow(buf->cap > 0 ? buf->data : NULL, &buf->cap, buf->len + size + 1, 1);
    return buf->data + buf->len;
}

static void added(struct bw_buf *buf, size_t size)
{
    buf->len += size;
    buf->data[buf->len] = '\0';
}

void bw_buf_bytes(struct bw_buf *buf, const void *bytes, size_t size)
{
    char *room = bw_buf_reserve(buf, size);
    if (room == NULL)
        return;
    if (size > 0)
        memcpy(room, bytes, size);
    added(buf, size);
}

void bw_buf_text(struct bw_buf *buf, const char *text)
{
    bw_buf_bytes(buf, text, strlen(text));
}

void bw_buf_char(struct bw_buf *buf, char c)
{
    bw_buf_bytes(buf, &c, 1);
}

void bw_buf_fill(struct bw_buf *buf, char c, size_t count)
{
    char *room = bw_buf_reserve(buf, count);
    if (room == NULL)
        return;
    memset(room, c, count);
    added(buf, count);
}

void bw_buf_int(struct bw_buf *buf, int64_t value)
{
    if (value < 0)
        bw_buf_char(buf, '-');
    bw_buf_uint(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void bw_buf_uint(struct bw_buf *buf, uint64_t value)
{
    char digits[BW_UINT_TEXT_MAX];
    bw_buf_bytes(buf, digits, bw_format_uint(digits, value));
}

void bw_buf_double(struct bw_buf *buf, double value)
{
    char text[BW_DOUBLE_TEXT_MAX];
    bw_buf_bytes(buf, text, bw_format_double(text, value));
}

void bw_buf_vprintf(struct bw_buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int len = vsnprintf(NULL, 0, format, args);
    char *room = bw_buf_reserve(buf, (size_t)len);
    if (room != NULL) {
        vsnprintf(room, (size_t)len + 1, format, again);
        added(buf, (size_t)len);
    }
    va_end(again);
}

void bw_buf_printf(struct bw_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bw_buf_vprintf(buf, format, args);
    va_end(args);
}
