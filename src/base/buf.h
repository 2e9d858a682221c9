// SPDX-License-Identifier: GPL-3.0-or-later
/* base/buf.h: a growing run of bytes with a ceiling and a sticky failure.
 *
 * Writers append without checking; whoever uses the result asks bw_buf_failed() once.
 * After a failure the buffer is empty and every further append does nothing. `data` is
 * always NUL-terminated (the NUL is not counted), so text can be read as a string. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf {
    char *data; /* never NULL after init */
    size_t len;
    size_t cap;
    size_t max; /* ceiling on len, in bytes */
    bool failed;
};

/* An empty buffer that may grow to `max` bytes. */
void bw_buf_init(struct bw_buf *buf, size_t max);
void bw_buf_fini(struct bw_buf *buf);

/* Empty and not failed again; keeps its memory. */
void bw_buf_clear(struct bw_buf *buf);
bool bw_buf_failed(const struct bw_buf *buf);

/* The bytes as heap memory that the caller frees; the buffer is empty after it. NULL when
 * the buffer had failed. `out_len` may be NULL. */
char *bw_buf_detach(struct bw_buf *buf, size_t *out_len);

/* Room for `size` more bytes at data + len, to be filled by the caller who then adds to
 * len. NULL beyond the ceiling. */
char *bw_buf_reserve(struct bw_buf *buf, size_t size);

void bw_buf_bytes(struct bw_buf *buf, const void *bytes, size_t size);
void bw_buf_text(struct bw_buf *buf, const char *text);
void bw_buf_char(struct bw_buf *buf, char c);
void bw_buf_fill(struct bw_buf *buf, char c, size_t count);
void bw_buf_int(struct bw_buf *buf, int64_t value);
void bw_buf_uint(struct bw_buf *buf, uint64_t value);

/* The shortest decimal that reads back as the same double; NaN, +Inf, -Inf. */
void bw_buf_double(struct bw_buf *buf, double value);
void bw_buf_printf(struct bw_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void bw_buf_vprintf(struct bw_buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
