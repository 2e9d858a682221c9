// SPDX-License-Identifier: GPL-3.0-or-later
/* store/heads.h: the samples that are in the journal but not yet in a pack, by group, and how
 * they get there. Writer thread only.
 *
 *   journal row N committed -> head of each group it touches
 *   head + open pack of the group -> new open pack, covered_seq = N, one transaction
 *   open pack with 480 samples of a series, or a day long -> sealed
 *
 * Invariant: a group's head is what the journal holds of it above its covered_seq; so the
 * heads after a crash are the journal read again. */
#ifndef STORE_HEADS_H
#define STORE_HEADS_H

#include "base/err.h"
#include "pack/journal.h"
#include "pack/window.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_head {
    uint32_t *series; /* of the group, by place in its window */
    size_t series_count, series_cap;
    uint64_t covered_seq;
    uint64_t first_seq;    /* journal row of the oldest sample here; 0: none */
    int64_t write_due_ns;  /* monotonic */
    uint16_t seal_points;  /* a series, raw, until the next block */
    uint16_t write_points; /* a series until the next write */
    struct bw_window window;
};

/* Where a series is. */
struct bw_home {
    uint32_t group; /* 0: nowhere */
    uint8_t place;
};

struct bw_heads {
    struct bw_head *groups; /* by id; 0 is never used */
    size_t group_count;
    struct bw_home *homes; /* by series id */
    size_t series_count;
    struct bw_pool pool; /* of all windows */
    uint64_t damaged;    /* open packs found damaged */
    struct bw_repeats repeats;
    uint64_t packs_written;
    uint64_t packs_added; /* of them new, not in the place of an open one */
};

void bw_heads_fini(struct bw_heads *heads);

/* The series is in that group from now on; in none when the group has no place left. */
void bw_heads_place(struct bw_heads *heads, uint32_t series, uint32_t group);

/* The series is in that group no more; the group's head must be empty. */
void bw_heads_remove(struct bw_heads *heads, uint32_t series, uint32_t group);
uint32_t bw_heads_group_of(const struct bw_heads *heads, uint32_t series);
void bw_heads_set_covered(struct bw_heads *heads, uint32_t group, uint64_t covered_seq);

/* Takes in journal row `seq`, or the part of it that is not in packs yet. */
void bw_heads_add(struct bw_heads *heads, uint64_t seq, const struct bw_sample *samples,
                  size_t count, int64_t now_ns);

/* The same out of the row's body, which need not be in memory as samples for it. BW_ECORRUPT:
 * nothing was taken in, or (should the checksum be right all the same) what was sound. */
enum bw_rc bw_heads_replay(struct bw_heads *heads, uint64_t seq, const void *body, size_t size,
                           int64_t now_ns, struct bw_err *err);

/* True when the group's head should be written now. */
bool bw_heads_is_due(const struct bw_heads *heads, uint32_t group, int64_t now_ns);

/* Writes a group's head into its open pack, in a transaction of its own; on failure the head
 * stays as it was. `seq` is the last committed journal row. */
enum bw_rc bw_heads_write(struct bw_heads *heads, sqlite3 *db, uint32_t group, uint64_t seq,
                          int64_t now_ns, struct bw_err *err);

/* Appends what a group's head holds: by series, of each in the order it came (block by block). */
void bw_heads_samples(const struct bw_heads *heads, uint32_t group, struct bw_samples *out);

/* The newest journal row that no head needs any more, `seq` when all are empty. */
uint64_t bw_heads_covered(const struct bw_heads *heads, uint64_t seq);

#endif
