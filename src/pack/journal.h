// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/journal.h: one commit's samples as the body of a journal row, and back
 * (docs/format.md). */
#ifndef PACK_JOURNAL_H
#define PACK_JOURNAL_H

#include "base/buf.h"
#include "base/err.h"
#include "model/records.h"
#include "pack/varint.h"

#define BW_JOURNAL_SAMPLES_MAX (4u << 20)
#define BW_JOURNAL_BYTES_MAX (128u << 20)

/* All zeros is an empty list. */
struct bw_samples {
    struct bw_sample *items;
    size_t count;
    size_t cap;
};

void bw_samples_add(struct bw_samples *samples, const struct bw_sample *more, size_t count);
void bw_samples_fini(struct bw_samples *samples);

/* A row in the making: what waits for a commit is in the form in which it is committed. */
struct bw_journal_row {
    struct bw_buf body;
    size_t count; /* samples */
    int64_t ts_ms;
    uint32_t series;  /* of the last sample */
    int64_t least_ms; /* the earliest time; of no sample: nothing */
};

void bw_journal_row_init(struct bw_journal_row *row);
void bw_journal_row_fini(struct bw_journal_row *row);

/* Empty again; keeps its memory when that is little. */
void bw_journal_row_clear(struct bw_journal_row *row);

/* Samples of series 0 are left out. The caller keeps row->count within
 * BW_JOURNAL_SAMPLES_MAX. */
void bw_journal_row_add(struct bw_journal_row *row, const struct bw_sample *samples, size_t count);

/* The body of row `seq`, with at least one sample; borrowed. More may be added after it. */
const struct bw_buf *bw_journal_row_body(struct bw_journal_row *row, uint64_t seq);

/* Goes through a body a few samples at a time. Borrows it. */
struct bw_journal_walk {
    struct bw_bytes in;
    uint64_t seq;
    size_t left; /* samples */
    size_t run;  /* of them in the run it is in */
    int64_t ts_ms;
    uint32_t series;
};

/* Checks magic, checksum and count. */
enum bw_rc bw_journal_walk_begin(struct bw_journal_walk *walk, uint64_t seq, const void *body,
                                 size_t size, struct bw_err *err);

/* The next samples, `max` unless fewer are left: *out_count of them, 0 at the end. */
enum bw_rc bw_journal_walk_next(struct bw_journal_walk *walk, struct bw_sample *out, size_t max,
                                size_t *out_count, struct bw_err *err);

/* Appends what the body of row `seq` holds, in its order. BW_ECORRUPT leaves *out as it was. */
enum bw_rc bw_journal_decode(uint64_t seq, const void *body, size_t size, struct bw_samples *out,
                             struct bw_err *err);

#endif
