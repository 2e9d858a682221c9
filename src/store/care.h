// SPDX-License-Identifier: GPL-3.0-or-later
/* store/care.h: what the writer does between two commits so that the store neither grows old nor
 * too large. Writer thread only. */
#ifndef STORE_CARE_H
#define STORE_CARE_H

#include "base/err.h"

#include <stdint.h>

struct bw_store;

/* How far what is written may go towards storage.max_bytes, from now on. */
enum bw_limit {
    BW_LIMIT_COMMIT, /* leaving what deleting needs */
    BW_LIMIT_ALL,
};

void bw_store_set_limit(struct bw_store *store, enum bw_limit limit);

/* Deletes what is too old or too much, gives pages back; each a little, when it is due. */
enum bw_rc bw_store_take_care(struct bw_store *store, int64_t now_ns, struct bw_err *err);

enum bw_room {
    BW_ROOM_MADE,
    BW_ROOM_LATER, /* not yet: *err says why */
    BW_ROOM_NEVER, /* so much does not fit, whatever goes */
};

/* After a commit of about so many bytes was refused for the ceiling's sake. */
enum bw_room bw_store_make_room(struct bw_store *store, uint64_t need_bytes, struct bw_err *err);

/* Removes files beside the store that are not part of it while there are not so many bytes left. */
void bw_store_trim_files(struct bw_store *store, uint64_t need_bytes);

/* The reserve, as the ceiling has room for it. */
uint64_t bw_store_reserve_bytes(const struct bw_store *store);
void bw_store_keep_reserve(struct bw_store *store);

#endif
