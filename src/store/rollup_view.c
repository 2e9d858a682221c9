// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/rollup_view.h"

#include "store/db.h"
#include "store/rollup_tiers.h"
#include "store/view.h"

enum bw_rc bw_rollup_walk_begin(struct bw_rollup_walk *walk, struct bw_reader *reader,
                                unsigned tier, uint32_t group, struct bw_err *err)
{
    *walk = (struct bw_rollup_walk){ .db = reader->db,
                                     .group = group,
                                     .width_ms = bw_rollup_tiers[tier].width_ms };
    return bw_db_prepare(reader->db,
                         "SELECT body, first_ms, last_ms FROM rollup WHERE width_ms=?1"
                         " AND group_id=?2 AND first_ms<=?4 AND last_ms>=?3 ORDER BY first_ms",
                         &walk->st, err);
}

void bw_rollup_walk_end(struct bw_rollup_walk *walk)
{
    sqlite3_finalize(walk->st);
    walk->st = NULL;
}

void bw_rollup_walk_range(struct bw_rollup_walk *walk, int64_t from_ms, int64_t to_ms)
{
    sqlite3_reset(walk->st);
    sqlite3_bind_int64(walk->st, 1, walk->width_ms);
    sqlite3_bind_int64(walk->st, 2, walk->group);
    sqlite3_bind_int64(walk->st, 3, from_ms);
    sqlite3_bind_int64(walk->st, 4, to_ms);
}

/* The row's columns are under no checksum; the header that repeats them is. */
static bool is_sound(struct bw_rollup_walk *walk)
{
    return bw_rollup_open(&walk->rollup, sqlite3_column_blob(walk->st, 0),
                          (size_t)sqlite3_column_bytes(walk->st, 0), NULL)
               == BW_OK
           && walk->rollup.group == walk->group && walk->rollup.width_ms == walk->width_ms
           && walk->rollup.first_ms == sqlite3_column_int64(walk->st, 1)
           && walk->rollup.last_ms == sqlite3_column_int64(walk->st, 2);
}

bool bw_rollup_walk_next(struct bw_rollup_walk *walk, enum bw_rc *out_rc, struct bw_err *err)
{
    while (bw_db_has_row(walk->db, sqlite3_step(walk->st), out_rc, err)) {
        if (is_sound(walk))
            return true;
        walk->damaged++;
    }
    return false;
}
