// SPDX-License-Identifier: GPL-3.0-or-later
#include "unzip.h"

#include "base/mem.h"

#include <libdeflate.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint32_t number(const char *at, size_t bytes)
{
    uint32_t value = 0;
    for (size_t i = bytes; i-- > 0;)
        value = value << 8 | (unsigned char)at[i];
    return value;
}

/* The text of the member whose central directory entry is at `entry`; NULL: broken. */
static char *inflate_member(const char *zip, size_t len, const char *entry, size_t *out_len)
{
    const size_t packed = number(entry + 20, 4), size = number(entry + 24, 4);
    const size_t local = number(entry + 42, 4);
    if (local + 30 > len || memcmp(zip + local, "PK\3\4", 4) != 0)
        return NULL;
    const size_t data = local + 30 + number(zip + local + 26, 2) + number(zip + local + 28, 2);
    if (data + packed > len)
        return NULL;
    char *text = bw_alloc(size + 1);
    *out_len = size;
    if (number(entry + 10, 2) == 0) {
        memcpy(text, zip + data, size);
        return text;
    }
    struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
    const enum libdeflate_result result =
        libdeflate_deflate_decompress(inflater, zip + data, packed, text, size, NULL);
    libdeflate_free_decompressor(inflater);
    if (result == LIBDEFLATE_SUCCESS)
        return text;
    free(text);
    return NULL;
}

size_t unzip_each(const char *zip, size_t len,
                  void (*fn)(void *ctx, const char *name, const char *text, size_t len), void *ctx)
{
    if (len < 22 || memcmp(zip + len - 22, "PK\5\6", 4) != 0)
        return 0;
    const size_t count = number(zip + len - 22 + 10, 2);
    size_t at = number(zip + len - 22 + 16, 4);
    for (size_t i = 0; i < count; i++) {
        if (at + 46 > len || memcmp(zip + at, "PK\1\2", 4) != 0)
            return 0;
        const size_t name_len = number(zip + at + 28, 2);
        char *name = bw_strndup(zip + at + 46, name_len);
        size_t text_len = 0;
        char *text = inflate_member(zip, len, zip + at, &text_len);
        if (text != NULL)
            fn(ctx, name, text, text_len);
        free(name);
        free(text);
        if (text == NULL)
            return 0;
        at += 46 + name_len + number(zip + at + 30, 2) + number(zip + at + 32, 2);
    }
    return count;
}
