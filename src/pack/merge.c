// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/merge.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "pack/pack.h"
#include "pack/pack_writer.h"

#include <stdlib.h>

/* One of the packs that are merged. */
struct source {
    struct bw_pack pack;
    struct bw_pack_walk walk;
};

struct merger {
    struct source *sources;
    size_t count;
    struct bw_pack_writer *writer;
    struct bw_points points;
    size_t series_count;
    uint32_t crc; /* of all points that went in */
};

static uint32_t lowest_series(const struct merger *m)
{
    uint32_t lowest = 0;
    for (size_t i = 0; i < m->count; i++) {
        const uint32_t series = bw_pack_walk_series(&m->sources[i].walk);
        if (series != 0 && (lowest == 0 || series < lowest))
            lowest = series;
    }
    return lowest;
}

static uint32_t sum_of(uint32_t crc, uint32_t series, const struct bw_points *points)
{
    crc = bw_crc32c(crc, &series, sizeof series);
    return bw_crc32c(crc, points->items, points->count * sizeof *points->items);
}

static enum bw_rc merge_series(struct merger *m, uint32_t series, size_t *out_bad,
                               struct bw_err *err)
{
    m->points.count = 0;
    for (size_t i = 0; i < m->count; i++) {
        struct bw_pack_walk *walk = &m->sources[i].walk;
        if (bw_pack_walk_series(walk) != series)
            continue;
        *out_bad = i;
        const enum bw_rc rc = bw_pack_walk_read(walk, &m->points, err);
        if (rc != BW_OK)
            return rc;
        bw_pack_walk_next(walk);
    }
    if (m->series_count++ == BW_PACK_SERIES_MAX)
        return bw_fail(err, BW_ELIMIT, "too many series");
    bw_points_settle(&m->points);
    bw_pack_writer_add(m->writer, series, m->points.items, m->points.count);
    m->crc = sum_of(m->crc, series, &m->points);
    return BW_OK;
}

/* The old packs go when the new one is in: what it says must be what they said. */
static enum bw_rc compare(const struct merger *m, const struct bw_buf *body, struct bw_err *err)
{
    struct bw_pack pack;
    struct bw_pack_walk walk;
    struct bw_points points = { .count = 0 };
    uint32_t crc = 0;
    enum bw_rc rc = bw_pack_open(&pack, body->data, body->len, err);
    if (rc != BW_OK)
        return rc;
    bw_pack_walk_begin(&walk, &pack);
    for (; rc == BW_OK && bw_pack_walk_series(&walk) != 0; bw_pack_walk_next(&walk)) {
        points.count = 0;
        rc = bw_pack_walk_read(&walk, &points, err);
        crc = sum_of(crc, bw_pack_walk_series(&walk), &points);
    }
    bw_pack_walk_fini(&walk);
    bw_points_fini(&points);
    return rc != BW_OK || crc == m->crc ? rc : bw_fail(err, BW_ECORRUPT, "comes back changed");
}

static enum bw_rc merge_all(struct merger *m, struct bw_buf *out, size_t *out_bad,
                            struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    for (uint32_t series; rc == BW_OK && (series = lowest_series(m)) != 0;)
        rc = merge_series(m, series, out_bad, err);
    if (rc != BW_OK)
        return rc;
    bw_pack_writer_finish(m->writer, out);
    return bw_buf_failed(out) ? bw_fail(err, BW_ELIMIT, "too large") : compare(m, out, err);
}

static enum bw_rc open_sources(struct merger *m, uint32_t group,
                               const struct bw_bytes_of_pack *packs, size_t count, size_t *out_bad,
                               struct bw_err *err)
{
    for (; m->count < count; m->count++) {
        struct source *source = &m->sources[m->count];
        const enum bw_rc rc =
            bw_pack_open(&source->pack, packs[m->count].body, packs[m->count].size, err);
        *out_bad = m->count;
        if (rc != BW_OK)
            return rc;
        if (source->pack.group != group)
            return bw_fail(err, BW_ECORRUPT, "of group %u", source->pack.group);
        bw_pack_walk_begin(&source->walk, &source->pack);
    }
    return BW_OK;
}

enum bw_rc bw_pack_merge(uint32_t group, const struct bw_bytes_of_pack *packs, size_t count,
                         enum bw_tier tier, struct bw_buf *out, size_t *out_bad, struct bw_err *err)
{
    struct merger m = { .sources = bw_alloc_array(count, sizeof *m.sources),
                        .writer = bw_pack_writer_new(group, tier) };
    enum bw_rc rc = open_sources(&m, group, packs, count, out_bad, err);
    if (rc == BW_OK)
        rc = merge_all(&m, out, out_bad, err);
    for (size_t i = 0; i < m.count; i++)
        bw_pack_walk_fini(&m.sources[i].walk);
    bw_pack_writer_free(m.writer);
    bw_points_fini(&m.points);
    free(m.sources);
    return rc;
}
