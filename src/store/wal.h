// SPDX-License-Identifier: GPL-3.0-or-later
/* store/wal.h: what SQLite does not say about a write-ahead log that was left by a crash. */
#ifndef STORE_WAL_H
#define STORE_WAL_H

#include <stdbool.h>

/* True when <path>-wal holds a commit that SQLite will pass over because something before it, or
 * in it, is damaged. A log that ends in the middle of a transaction is as a crash leaves it, and
 * fine. Only before anybody has the database open. */
bool bw_wal_is_damaged(const char *path);

#endif
