// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/db_stats.h: where the bytes of a store are, as `db stats` tells it. */
#ifndef CLI_DB_STATS_H
#define CLI_DB_STATS_H

#include "base/buf.h"
#include "base/json.h"
#include "store/usage.h"

/* How many metrics and series are listed. */
enum { BW_DB_STATS_TOP = 10 };

/* Lines of a tier each, then two tables. */
void bw_db_stats_text(struct bw_buf *out, const struct bw_store_usage *usage);

/* The members tiers, metrics, top_series of an object that is open. */
void bw_db_stats_json(struct bw_json *json, const struct bw_store_usage *usage);

#endif
