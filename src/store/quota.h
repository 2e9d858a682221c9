// SPDX-License-Identifier: GPL-3.0-or-later
/* store/quota.h: a ceiling on the bytes of a database that holds at every moment: a VFS for the one
 * connection that writes, which refuses to let files grow beyond it (SQLITE_FULL, and the
 * transaction rolls back).
 *
 *   counted:  the file, or what it will be when the WAL is folded into it, if that is more
 *             + the WAL + its index (-shm)
 *
 * So folding the WAL in always fits. One quota for one connection, on its thread. */
#ifndef STORE_QUOTA_H
#define STORE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

struct bw_quota;

/* Without a ceiling at first. */
struct bw_quota *bw_quota_new(void);

/* Only after its connection was closed. */
void bw_quota_free(struct bw_quota *quota);

/* The name of the VFS, for sqlite3_open_v2. */
const char *bw_quota_vfs(const struct bw_quota *quota);

/* From now on; what is above already may stay but not grow. */
void bw_quota_set_max(struct bw_quota *quota, uint64_t bytes);

/* How large the database is by its own word, which a WAL that was there before may have changed;
 * or, before it is opened, what there is. */
void bw_quota_note_size(struct bw_quota *quota, uint64_t bytes);

/* All that is counted; of it, what is not the WAL's. */
uint64_t bw_quota_used(const struct bw_quota *quota);
uint64_t bw_quota_file_bytes(const struct bw_quota *quota);

/* Whether something was refused since this was asked last. */
bool bw_quota_has_refused(struct bw_quota *quota);

#endif
