// SPDX-License-Identifier: GPL-3.0-or-later
/* discover/kept.h: the last good list of each source in a file of its own, replaced in one step,
 * so that a start has it while the source is away. Nothing depends on them: a file that is lost or
 * damaged is a source that has not answered yet. Blocks; any thread, one at a time for a source. */
#ifndef DISCOVER_KEPT_H
#define DISCOVER_KEPT_H

#include "discover/list.h"

/* Where the lists of one daemon are. */
struct bw_kept_lists {
    const char *folder; /* made when it is missing */
    const char *prefix; /* of the names of its files: several may share a folder */
};

/* BW_ELIMIT for a list beyond BW_KEPT_LIST_BYTES_MAX, BW_EIO; then what was kept before stays. */
enum bw_rc bw_kept_list_write(const struct bw_kept_lists *kept, const char *source,
                              const struct bw_target_list *list, struct bw_err *err);

/* Appends what is kept of the source. BW_ENOTFOUND when nothing is; anything else is damage. */
enum bw_rc bw_kept_list_read(const struct bw_kept_lists *kept, const char *source,
                             struct bw_arena *arena, struct bw_target_list *list,
                             struct bw_err *err);

/* Removes the lists of all other sources. */
void bw_kept_lists_sweep(const struct bw_kept_lists *kept, const char *const *sources,
                         size_t count);

#endif
