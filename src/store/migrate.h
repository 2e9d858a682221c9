// SPDX-License-Identifier: GPL-3.0-or-later
/* store/migrate.h: an older schema brought up to date: a copy of the file first, then everything
 * in one transaction. Killed at any moment, the file is the old one or the new one. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "store/db.h"

#define BW_APPLICATION_ID 0x42574c52

/* From the version that the file has (0: it is empty) to the newest, telling *opening. The copy is
 * as the pages are, damaged ones too, and replaces that of an earlier migration. It is not made
 * when it would have more than copy_bytes_max: who is short of room is better served by a store
 * that goes on. */
enum bw_rc bw_migrate(sqlite3 *db, const char *path, int from, uint64_t copy_bytes_max,
                      struct bw_db_opening *opening, struct bw_err *err);

#endif
