// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/trend_store.h: stored series one after the other, for commands that analyse them.
 *
 * A few are read at once and handed over when nothing is open any more: analyses that take long do
 * not keep a daemon that writes meanwhile from tidying its journal. */
#ifndef CLI_TREND_STORE_H
#define CLI_TREND_STORE_H

#include "cli/read_points.h"

#include <stdint.h>

struct bw_trend_store;

/* Finds the series that the selector means (NULL: all) and the newest time of all. BW_ENOTFOUND
 * without a store or such a series. */
enum bw_rc bw_trend_store_open(const char *path, const char *selector, int64_t range_ms,
                               struct bw_trend_store **out, struct bw_err *err);

/* How many there are, and what the i-th is called. */
size_t bw_trend_store_count(const struct bw_trend_store *store);
const char *bw_trend_store_name(const struct bw_trend_store *store, size_t i);

/* Reads the next series' newest range_ms into *out, to be freed with bw_read_points_fini; it may
 * have no points. *out_more is false when all were read. */
enum bw_rc bw_trend_store_next(struct bw_trend_store *store, struct bw_read_points *out,
                               bool *out_more, struct bw_err *err);

/* Parts of the store that failed their checksum so far, and are missing in what was read. */
uint64_t bw_trend_store_damage(const struct bw_trend_store *store);

void bw_trend_store_close(struct bw_trend_store *store);

#endif
