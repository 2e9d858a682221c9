// SPDX-License-Identifier: GPL-3.0-or-later
/* store/sql_table.h: what the virtual tables have in common. A table is one file that says what
 * its columns mean and walks over its rows; which series and times a query is about is worked
 * out here.
 *
 *     conditions in SQL -> plan: "metric= ts>= ts<" -> bw_sql_where -> names of series
 *                          (EXPLAIN QUERY PLAN shows it)
 *
 * A table gives its rows by rising series, then by rising time; one with tiers those of each tier
 * so. */
#ifndef STORE_SQL_TABLE_H
#define STORE_SQL_TABLE_H

#include "base/arena.h"
#include "base/limits.h"
#include "model/labels.h"
#include "store/reader.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a column means. */
enum bw_sql_role {
    BW_ROLE_OWN, /* only the table itself knows */
    BW_ROLE_METRIC,
    BW_ROLE_LABELS, /* a JSON object */
    BW_ROLE_NAME,   /* metric{label="value"} */
    BW_ROLE_SERVICE,
    BW_ROLE_INSTANCE,
    BW_ROLE_CHECK,
    BW_ROLE_SERIES, /* the id */
    BW_ROLE_MATCH,  /* hidden: a selector */
    BW_ROLE_TIME,   /* Unix ms */
    BW_ROLE_TIER,   /* of roll-ups, by name */
    BW_ROLE_QUANTILE,
    BW_ROLE_RATIO, /* hidden: which quantile the column of that name is, 0 … 1 */
    BW_ROLE_COUNT,
};

/* Where the rows come from: borrowed until the connection is closed. */
struct bw_sql_source {
    struct bw_reader *reader;
    struct bw_damage *damage; /* what had to be left out is added here */
};

struct bw_sql_shape {
    const char *name;
    const char *declaration;       /* CREATE TABLE … */
    const enum bw_sql_role *roles; /* by column */
    double rows;                   /* a guess at how many a large store has */
    bool has_tiers;
};

/* The table of one connection; begins with what SQLite knows. */
struct bw_sql_table {
    sqlite3_vtab base;
    const struct bw_sql_shape *shape;
    const struct bw_sql_source *source;
};

/* Makes a table known to a connection under its name. `module` has the functions below for
 * xConnect, xDisconnect and xBestIndex. Returns SQLite's code. */
int bw_sql_register(sqlite3 *db, const struct bw_sql_shape *shape, const sqlite3_module *module,
                    const struct bw_sql_source *source);

int bw_sql_connect(sqlite3 *db, void *ctx, int argc, const char *const *argv, sqlite3_vtab **out,
                   char **out_error);
int bw_sql_disconnect(sqlite3_vtab *base);

/* idxStr is the plan in words, idxNum the roles of the columns that are looked at, as bits. */
int bw_sql_best_index(sqlite3_vtab *base, sqlite3_index_info *info);

static inline bool bw_sql_wants(unsigned wanted, enum bw_sql_role role)
{
    return (wanted >> role & 1) != 0;
}

/* Sets what SQLite shows of a table that fails; returns the code to hand back. */
int bw_sql_say(sqlite3_vtab *table, const char *text);
int bw_sql_failed(const struct bw_sql_table *table, const struct bw_err *err);

/* ---- which series and times ---------------------------------------------------------------- */

enum { BW_SQL_MATCHERS_MAX = BW_LABELS_MAX + 8, BW_SQL_PATTERNS_MAX = 8 };

struct bw_sql_pattern {
    const char *text; /* on the metric */
    bool glob;        /* else LIKE */
};

struct bw_sql_where {
    struct bw_arena arena;
    struct bw_matcher matchers[BW_SQL_MATCHERS_MAX];
    size_t count;
    struct bw_sql_pattern patterns[BW_SQL_PATTERNS_MAX];
    size_t pattern_count;
    uint32_t series;        /* 0: any */
    int64_t from_ms, to_ms; /* both included */
    unsigned tiers;         /* as bits, by place in bw_rollup_tiers */
    double ratio;           /* NaN: not said */
    const char *match;      /* the selector, for its column */
    bool nothing;           /* no row can be meant */
};

/* `where` is empty then: all series, all times. All zeros is fine for fini. */
void bw_sql_where_init(struct bw_sql_where *where);
void bw_sql_where_fini(struct bw_sql_where *where);

/* Takes in what a plan hands to xFilter. */
int bw_sql_where_take(struct bw_sql_where *where, struct bw_sql_table *table, const char *plan,
                      int argc, sqlite3_value **argv);

/* Every series that is meant, by rising id. */
int bw_sql_where_series(const struct bw_sql_where *where, struct bw_sql_table *table,
                        bw_series_fn *fn, void *ctx);

/* ---- the names of a series ------------------------------------------------------------------ */

/* Those that are looked at; in an arena. */
struct bw_sql_name {
    uint32_t id;
    const char *texts[BW_ROLE_CHECK + 1]; /* by role; NULL: not there or not asked for */
};

struct bw_sql_name bw_sql_name_of(struct bw_arena *arena, unsigned wanted,
                                  const struct bw_series_info *info);

/* Answers for the roles from METRIC to MATCH. */
void bw_sql_name_result(const struct bw_sql_name *name, const struct bw_sql_where *where,
                        enum bw_sql_role role, sqlite3_context *out);

#endif
