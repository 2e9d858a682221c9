// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/journal.h: one commit's samples as the body of a journal row, and back
 * (docs/format.md). */
#ifndef PACK_JOURNAL_H
#define PACK_JOURNAL_H

#include "base/buf.h"
#include "base/err.h"
#include "model/records.h"

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

/* Appends the body; `count` is 1 … BW_JOURNAL_SAMPLES_MAX. */
void bw_journal_encode(struct bw_buf *out, uint64_t seq, const struct bw_sample *samples,
                       size_t count);

/* Appends what the body of row `seq` holds, in its order. BW_ECORRUPT leaves *out as it was. */
enum bw_rc bw_journal_decode(uint64_t seq, const void *body, size_t size, struct bw_samples *out,
                             struct bw_err *err);

#endif
