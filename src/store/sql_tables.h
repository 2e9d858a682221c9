// SPDX-License-Identifier: GPL-3.0-or-later
/* store/sql_tables.h: all virtual tables, each from a file of its own, and how a connection gets
 * them. docs/sql.md says what is in them. */
#ifndef STORE_SQL_TABLES_H
#define STORE_SQL_TABLES_H

#include "store/sql_table.h"

/* One row for each sample. */
extern const struct bw_sql_shape bw_sql_samples_shape;
extern const sqlite3_module bw_sql_samples_module;

/* One row for each series; stands before the schema's table of that name. */
extern const struct bw_sql_shape bw_sql_series_shape;
extern const sqlite3_module bw_sql_series_module;

/* One row for each series and each minute, hour or day in which it has a number. */
extern const struct bw_sql_shape bw_sql_rollups_shape;
extern const sqlite3_module bw_sql_rollups_module;

/* Makes them known to a connection whose main database is a store. `source` is borrowed until
 * the connection is closed; its reader reads over that connection, so that a statement sees one
 * moment only. To be called before an authorizer is set. */
enum bw_rc bw_sql_tables_add(sqlite3 *db, const struct bw_sql_source *source, struct bw_err *err);

#endif
