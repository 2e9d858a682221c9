// SPDX-License-Identifier: GPL-3.0-or-later
/* A disk that can be told to misbehave: SQLite's default VFS with a look at each call. */
#ifndef TESTS_STORE_DISK_H
#define TESTS_STORE_DISK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum disk_call {
    DISK_OPEN = 1,
    DISK_READ = 2,
    DISK_WRITE = 4,
    DISK_TRUNCATE = 8,
    DISK_SYNC = 16,
    DISK_SHM = 32, /* mapping a piece of the shared index */
    DISK_DELETE = 64,
    DISK_CHANGES = DISK_WRITE | DISK_TRUNCATE | DISK_SYNC,
};

/* Told of each call on a database, WAL or journal before it is done; of a deletion, `size` says
 * whether it is synced. */
typedef void disk_watch_fn(enum disk_call call, const char *path, const void *bytes, int size,
                           int64_t at);

struct disk {
    atomic_int sync_us;   /* each sync takes so long */
    atomic_int calls;     /* which of enum disk_call may fail; 0: DISK_CHANGES */
    atomic_int countdown; /* such calls until one fails; 0: never */
    atomic_bool sticky;   /* and all that follow */
    atomic_int patience;  /* sticky: but no more than so many; 0: for good */
    atomic_int error;     /* EIO, ENOSPC or EMFILE; 0: EIO */
    atomic_int failed;
    _Atomic(disk_watch_fn *) watch;
};

extern struct disk disk;

/* Puts the disk under every database that is opened from now on; SQLITE_OK. */
int disk_install(void);
void disk_heal(void);

#endif
