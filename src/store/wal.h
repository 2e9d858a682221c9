// SPDX-License-Identifier: GPL-3.0-or-later
/* store/wal.h: whether SQLite's log is whole. SQLite ends recovery at the first frame that is not
 * as it was written, without a word. */
#ifndef STORE_WAL_H
#define STORE_WAL_H

enum bw_wal_state {
    BW_WAL_WHOLE,   /* or absent, or cut short as a crash may leave it */
    BW_WAL_TORN,    /* the last commit is not whole: a crash before its sync, or damage */
    BW_WAL_DAMAGED, /* commits that had been synced are lost: each is before the next one begins */
};

/* Of `path`-wal, while nobody has the database open. */
enum bw_wal_state bw_wal_look(const char *path);

#endif
