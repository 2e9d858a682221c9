// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/trend_input.h"

#include "base/limits.h"
#include "base/mem.h"
#include "metric/family.h"
#include "pack/rollup.h"
#include "store/reader.h"

#include <errno.h>
#include <stdlib.h>
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

/* Everything there is, from a pipe as well. */
static enum bw_rc read_all(FILE *stream, const char *file, struct bw_buf *out, struct bw_err *err)
{
    enum { CHUNK_BYTES = 64 << 10 };
    while (!feof(stream) && !ferror(stream)) {
        char *room = bw_buf_reserve(out, CHUNK_BYTES);
        if (room == NULL)
            return bw_fail(err, BW_ELIMIT, "%s is larger than %u MiB", file,
                           BW_TREND_LINE_BYTES_MAX >> 20);
        out->len += fread(room, 1, CHUNK_BYTES, stream);
    }
    return ferror(stream) ? bw_fail(err, BW_EIO, "cannot read %s: %s", file, strerror(errno))
                          : BW_OK;
}

enum bw_rc bw_trend_input_text(const char *file, const char *selector, struct bw_read_points *out,
                               struct bw_err *err)
{
    FILE *stream = bw_input_open(file, err);
    if (stream == NULL)
        return err->rc;
    struct bw_buf text;
    bw_buf_init(&text, BW_TREND_LINE_BYTES_MAX);
    enum bw_rc rc = read_all(stream, file, &text, err);
    bw_input_close(stream);
    if (rc == BW_OK)
        rc = bw_read_points(text.data, text.len, selector, out, err);
    if (rc != BW_OK)
        bw_wrap(err, rc, "%s", strcmp(file, "-") == 0 ? "standard input" : file);
    bw_buf_fini(&text);
    return rc;
}

/* ---- the store --------------------------------------------------------------------------- */

struct choice {
    struct bw_read_points *out;
    uint32_t id;
    size_t count;
    struct bw_buf names; /* of the first few */
};

static bool choose(void *ctx, const struct bw_series_info *info)
{
    struct choice *choice = ctx;
    if (choice->count++ == 0) {
        choice->id = info->id;
        choice->out->series = bw_strdup(info->text);
        choice->out->counter = bw_family_counts_up(info->metric);
    }
    if (choice->count <= SHOWN_SERIES_MAX)
        bw_buf_printf(&choice->names, "%s%.60s", choice->count == 1 ? "" : ", ", info->text);
    return true;
}

static enum bw_rc choose_series(struct bw_reader *reader, const char *selector,
                                struct choice *choice, struct bw_err *err)
{
    struct bw_arena arena;
    struct bw_selector parsed;
    bw_arena_init(&arena);
    enum bw_rc rc = bw_selector_parse(&arena, selector, &parsed, err);
    if (rc == BW_OK)
        rc = bw_reader_series(reader, &parsed, choose, choice, NULL, err);
    if (rc == BW_OK && choice->count == 0)
        rc = bw_fail(err, BW_ENOTFOUND, "no stored series is meant by %s", selector);
    if (rc == BW_OK && choice->count > 1)
        rc = bw_fail(err, BW_EINVAL, "%zu series are meant, choose one: %s%s", choice->count,
                     choice->names.data, choice->count > SHOWN_SERIES_MAX ? ", ..." : "");
    bw_arena_fini(&arena);
    return rc;
}

struct taking {
    struct bw_points *out;
    struct bw_recall_steps steps;
};

/* Samples as they are; but where some are gone, all in steps, so that no part of the range weighs
 * more than another. */
static bool take_recalled(void *ctx, const struct bw_recalled *recalled)
{
    const struct taking *taking = ctx;
    struct bw_points *out = taking->out;
    if (recalled->past_count > 0) {
        bw_recalled_steps(recalled, &taking->steps, out);
        return true;
    }
    memcpy(bw_points_reserve(out, recalled->count), recalled->points,
           recalled->count * sizeof *recalled->points);
    out->count += recalled->count;
    return true;
}

static enum bw_rc read_series(struct bw_reader *reader, uint32_t id, int64_t range_ms,
                              struct bw_read_points *out_points, struct bw_err *err)
{
    struct bw_points *out = &out_points->points;
    int64_t latest_ms = INT64_MIN;
    enum bw_rc rc = bw_reader_latest(reader, &latest_ms, err);
    const int64_t step_ms = bw_recall_step_ms(range_ms);
    struct taking taking = { out, { step_ms, latest_ms, out_points->counter } };
    const bool is_empty = latest_ms == INT64_MIN;
    const struct bw_bucket_range range = { .from_ms = is_empty ? 0 : latest_ms - range_ms,
                                           .to_ms = latest_ms,
                                           .step_ms = step_ms,
                                           .plain = true };
    if (rc == BW_OK && !is_empty)
        rc = bw_reader_recall(reader, &id, 1, &range, take_recalled, &taking, NULL, err);
    if (rc == BW_OK && out->count == 0)
        rc = bw_fail(err, BW_ENOTFOUND, "no samples of that series in this range");
    return rc;
}

enum bw_rc bw_trend_input_store(const char *path, const char *selector, int64_t range_ms,
                                struct bw_read_points *out, struct bw_err *err)
{
    struct bw_reader *reader = NULL;
    struct choice choice = { .out = out };
    *out = (struct bw_read_points){ 0 };
    enum bw_rc rc = bw_reader_open(path, &reader, err);
    if (rc == BW_ENOTFOUND)
        return bw_fail(err, rc, "no store at '%s'; name the store with --storage.path", path);
    if (rc != BW_OK)
        return rc;
    bw_buf_init(&choice.names, 4096);
    rc = choose_series(reader, selector, &choice, err);
    if (rc == BW_OK)
        rc = read_series(reader, choice.id, range_ms, out, err);
    if (rc != BW_OK)
        bw_read_points_fini(out);
    bw_buf_fini(&choice.names);
    bw_reader_close(reader);
    return rc;
}
