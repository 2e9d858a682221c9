// SPDX-License-Identifier: GPL-3.0-or-later
/* store/sql_samples.h: the samples of a store as a virtual table, see store/sql.h. */
#ifndef STORE_SQL_SAMPLES_H
#define STORE_SQL_SAMPLES_H

#include "store/reader.h"

#include <sqlite3.h>

struct bw_sql_samples {
    struct bw_reader *reader;
    struct bw_damage *damage; /* what had to be left out is added here */
};

/* Makes the table `samples` known to the connection. `samples` is borrowed until the connection
 * is closed. Returns SQLite's code. */
int bw_sql_samples_register(sqlite3 *db, struct bw_sql_samples *samples);

#endif
