// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/pack.h: the samples of a group of series over a window, as one run of bytes from which
 * each series can be read alone (docs/format.md).
 *
 *     header | directory: times, series | time columns | values of series 1 | values of …
 */
#ifndef PACK_PACK_H
#define PACK_PACK_H

#include "base/buf.h"
#include "base/err.h"
#include "pack/codec.h"
#include "pack/points.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_PACK_HEADER_BYTES 40
#define BW_PACK_SERIES_MAX 128u
#define BW_PACK_POINTS_MAX (2u << 20) /* of one series */
#define BW_PACK_BYTES_MAX (256u << 20)

/* A run of a body's bytes. */
struct bw_pack_span {
    size_t at, size;
    const uint8_t *bytes; /* NULL: not there */
};

/* An opened pack; borrows the bytes. */
struct bw_pack {
    const uint8_t *body;          /* header and directory; all of it where it was opened whole */
    size_t size;                  /* of the whole body */
    struct bw_pack_span there[2]; /* what can be read: a part outside of it counts as damaged */
    uint32_t group;
    uint32_t series_count;
    uint32_t column_count;
    uint32_t samples;
    int64_t first_ms, last_ms;
};

/* Checks header and directory; the parts are checked when they are read. */
enum bw_rc bw_pack_open(struct bw_pack *out, const void *body, size_t size, struct bw_err *err);

/* How many bytes of a body are its head, said by the first of them, at least
 * BW_PACK_HEADER_BYTES; 0: no pack begins like that. */
size_t bw_pack_head_bytes(const void *start, size_t size);

/* The same with no more than the head (or a bit more) of a body of `size` bytes. What is there of
 * the rest the caller sets. */
enum bw_rc bw_pack_open_head(struct bw_pack *out, const void *head, size_t head_size, size_t size,
                             struct bw_err *err);

/* What of a body some series need; spans without bytes. */
struct bw_pack_need {
    size_t index; /* place of the first of them */
    struct bw_pack_span times, values;
};

/* What the series from one id to another (both included) need, and what lies between; false when
 * it has none of them. */
bool bw_pack_need(const struct bw_pack *pack, uint32_t first, uint32_t last,
                  struct bw_pack_need *out);

/* The id of the series at a place, 0 <= index < series_count. */
uint32_t bw_pack_series(const struct bw_pack *pack, size_t index);

/* The place of a series, or -1. */
int bw_pack_find(const struct bw_pack *pack, uint32_t series);

/* Appends the points of the series at a place; BW_ECORRUPT leaves *out as it was. */
enum bw_rc bw_pack_read(const struct bw_pack *pack, size_t index, struct bw_points *out,
                        struct bw_err *err);

/* What a pack has of a series. */
struct bw_pack_extent {
    uint32_t series;
    uint32_t points;
    uint32_t bytes; /* of its values and its part of times that several share */
    int64_t first_ms, last_ms;
};

/* Of every series, in the order of the pack: out[series_count]. Decodes times only. BW_ECORRUPT
 * when some are damaged. */
enum bw_rc bw_pack_extents(const struct bw_pack *pack, struct bw_pack_extent *out,
                           struct bw_err *err);

/* Reads several series of one pack, best by rising id: times that they share are decoded once,
 * and what lies before a part is not added up for each. Borrows the pack. */
struct bw_pack_walk {
    const struct bw_pack *pack;
    size_t index;                       /* the series it stands at; series_count: past the last */
    size_t values_at;                   /* of that series, in the body */
    int64_t *times[BW_PACK_SERIES_MAX]; /* by column; NULL: not decoded yet */
    size_t held;                        /* times decoded */
};

void bw_pack_walk_begin(struct bw_pack_walk *walk, const struct bw_pack *pack);

/* Begins at the first of the series that need was found for. */
void bw_pack_walk_begin_at(struct bw_pack_walk *walk, const struct bw_pack *pack,
                           const struct bw_pack_need *need);
void bw_pack_walk_fini(struct bw_pack_walk *walk);

/* Gives the memory of the times back; they are decoded again when they are needed. */
void bw_pack_walk_forget(struct bw_pack_walk *walk);

/* The id of the series it stands at; 0 past the last. */
uint32_t bw_pack_walk_series(const struct bw_pack_walk *walk);
void bw_pack_walk_next(struct bw_pack_walk *walk);

/* Goes to a series; false when the pack does not have it. */
bool bw_pack_walk_find(struct bw_pack_walk *walk, uint32_t series);

/* As bw_pack_read, of the series it stands at. */
enum bw_rc bw_pack_walk_read(struct bw_pack_walk *walk, struct bw_points *out, struct bw_err *err);

#endif
