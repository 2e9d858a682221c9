// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sql_tables.h"

#include "store/db.h"

static const struct {
    const struct bw_sql_shape *shape;
    const sqlite3_module *module;
} tables[] = {
    { &bw_sql_samples_shape, &bw_sql_samples_module },
    { &bw_sql_series_shape, &bw_sql_series_module },
    { &bw_sql_rollups_shape, &bw_sql_rollups_module },
};

enum bw_rc bw_sql_tables_add(sqlite3 *db, const struct bw_sql_source *source, struct bw_err *err)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (bw_sql_register(db, tables[i].shape, tables[i].module, source) != SQLITE_OK)
            return bw_db_fail(db, err, tables[i].shape->name);
    }
    /* A table without CREATE is declared when it is first asked for, which an authorizer that is
     * set later would forbid. A name that the schema has needs a table in front of it, and that
     * of the connection's own temporary schema is. */
    return bw_db_exec(db,
                      "CREATE VIRTUAL TABLE temp.series USING series;"
                      "SELECT 1 FROM samples, rollups WHERE 0",
                      err);
}
