// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/trend_input.h"

#include "base/limits.h"
#include "cli/trend_store.h"

#include <errno.h>
#include <string.h>

enum { SHOWN_SERIES_MAX = 3 };

FILE *bw_input_open(const char *file, struct bw_err *err)
{
    if (strcmp(file, "-") == 0)
        return stdin;
    FILE *stream = fopen(file, "re");
    if (stream == NULL)
        bw_fail(err, errno == ENOENT ? BW_ENOTFOUND : BW_EIO, "cannot read %s: %s", file,
                strerror(errno));
    return stream;
}

void bw_input_close(FILE *stream)
{
    if (stream != NULL && stream != stdin)
        fclose(stream);
}

bool bw_input_line(FILE *stream, struct bw_buf *out)
{
    enum { CHUNK_BYTES = 64 << 10 };
    char chunk[CHUNK_BYTES];
    int c = 0;
    bw_buf_clear(out);
    for (size_t n = 0; c != '\n' && c != EOF; n = 0) {
        while (n < CHUNK_BYTES && c != '\n' && (c = getc_unlocked(stream)) != EOF)
            chunk[n++] = (char)c;
        bw_buf_bytes(out, chunk, n); /* what is beyond the ceiling is passed over */
    }
    return out->len > 0 || bw_buf_failed(out);
}

/* Everything there is, from a pipe as well. */
static enum bw_rc read_all(FILE *stream, struct bw_buf *out, struct bw_err *err)
{
    enum { CHUNK_BYTES = 64 << 10 };
    while (!feof(stream) && !ferror(stream)) {
        char *room = bw_buf_reserve(out, CHUNK_BYTES);
        if (room == NULL)
            return bw_fail(err, BW_ELIMIT, "more than %u MiB", BW_TREND_TEXT_BYTES_MAX >> 20);
        out->len += fread(room, 1, CHUNK_BYTES, stream);
    }
    return ferror(stream) ? bw_fail(err, BW_EIO, "reading failed: %s", strerror(errno)) : BW_OK;
}

enum bw_rc bw_trend_input_text(const char *file, const char *selector, struct bw_read_points *out,
                               struct bw_err *err)
{
    FILE *stream = bw_input_open(file, err);
    if (stream == NULL)
        return err->rc;
    struct bw_buf text;
    bw_buf_init(&text, BW_TREND_TEXT_BYTES_MAX);
    enum bw_rc rc = read_all(stream, &text, err);
    bw_input_close(stream);
    if (rc == BW_OK)
        rc = bw_read_points(text.data, text.len, selector, out, err);
    if (rc != BW_OK)
        bw_wrap(err, rc, "%s", strcmp(file, "-") == 0 ? "standard input" : file);
    bw_buf_fini(&text);
    return rc;
}

/* ---- the store --------------------------------------------------------------------------- */

static enum bw_rc refuse_several(const struct bw_trend_store *store, struct bw_err *err)
{
    const size_t count = bw_trend_store_count(store);
    struct bw_buf names;
    bw_buf_init(&names, 4096);
    for (size_t i = 0; i < count && i < SHOWN_SERIES_MAX; i++)
        bw_buf_printf(&names, "%s%.60s", i == 0 ? "" : ", ", bw_trend_store_name(store, i));
    const enum bw_rc rc = bw_fail(err, BW_EINVAL, "%zu series are meant, choose one: %s%s", count,
                                  names.data, count > SHOWN_SERIES_MAX ? ", ..." : "");
    bw_buf_fini(&names);
    return rc;
}

enum bw_rc bw_trend_input_store(const char *path, const char *selector, int64_t range_ms,
                                struct bw_read_points *out, struct bw_err *err)
{
    struct bw_trend_store *store = NULL;
    bool more;
    *out = (struct bw_read_points){ 0 };
    enum bw_rc rc = bw_trend_store_open(path, selector, range_ms, &store, err);
    if (rc == BW_OK && bw_trend_store_count(store) > 1)
        rc = refuse_several(store, err);
    if (rc == BW_OK)
        rc = bw_trend_store_next(store, out, &more, err);
    if (rc == BW_OK && out->points.count == 0)
        rc = bw_fail(err, BW_ENOTFOUND, "no samples of that series in this range");
    if (rc != BW_OK)
        bw_read_points_fini(out);
    bw_trend_store_close(store);
    return rc;
}
