// SPDX-License-Identifier: GPL-3.0-or-later
/* bellwether_sqlite.so: the virtual tables for `sqlite3 -readonly store.db` and whatever else loads
 * extensions of SQLite. Only reads, and only over the connection that loads it. */
#include "store/extension.h"

#include "base/mem.h"
#include "store/db.h"
#include "store/sql_tables.h"
#include "store/view.h"

#include <stdlib.h>

enum { SQLITE_LEAST = 3038000 }; /* sqlite3_vtab_rhs_value() */

SQLITE_EXTENSION_INIT1

/* What the tables of one connection stand on. */
struct ground {
    struct bw_reader reader;
    struct bw_damage damage;
    struct bw_sql_source source;
};

/* bellwether_damage(): how many parts failed their checksum and were left out so far. */
static void damage_function(sqlite3_context *out, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)argv;
    const struct ground *ground = sqlite3_user_data(out);
    const struct bw_damage *damage = &ground->damage;
    sqlite3_result_int64(out, (sqlite3_int64)(damage->packs + damage->journal_rows + damage->rows));
}

static int complain(char **out_error, const char *text)
{
    *out_error = sqlite3_mprintf("bellwether: %s", text);
    return SQLITE_ERROR;
}

/* SQLite derives this name from the file's. */
int sqlite3_bellwethersqlite_init(sqlite3 *db, char **out_error, const sqlite3_api_routines *api);

__attribute__((visibility("default"))) int
sqlite3_bellwethersqlite_init(sqlite3 *db, char **out_error, const sqlite3_api_routines *api)
{
    SQLITE_EXTENSION_INIT2(api);
    if (sqlite3_libversion_number() < SQLITE_LEAST)
        return complain(out_error, "needs SQLite 3.38 or later");
    struct bw_err err;
    const char *path = sqlite3_db_filename(db, "main");
    if (bw_db_check_reader(db, path != NULL ? path : "", &err) != BW_OK)
        return complain(out_error, err.text);
    struct ground *ground = bw_alloc(sizeof *ground);
    ground->reader = (struct bw_reader){ .db = db, .shares = true };
    ground->source = (struct bw_sql_source){ &ground->reader, &ground->damage };
    /* The function owns the ground: it goes with the connection, also when it cannot be made. */
    const int rc = sqlite3_create_function_v2(db, "bellwether_damage", 0, SQLITE_UTF8, ground,
                                              damage_function, NULL, NULL, free);
    if (rc != SQLITE_OK)
        return complain(out_error, "out of memory");
    if (bw_sql_tables_add(db, &ground->source, &err) != BW_OK)
        return complain(out_error, err.text);
    return SQLITE_OK;
}
