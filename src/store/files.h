// SPDX-License-Identifier: GPL-3.0-or-later
/* store/files.h: the files beside the database: <path>.lock, .reserve, .sock, .corrupt-<time>,
 * .before-<version>. */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_STORE_RESERVE_BYTES (UINT64_C(4) << 20)
#define BW_STORE_FREE_BYTES_MIN (UINT64_C(4) << 20)
#define BW_STORE_CORRUPT_FILES_MAX 3u

/* Makes the file's folder when it is missing. */
enum bw_rc bw_files_make_folder(const char *path, struct bw_err *err);

/* Makes an empty file that only its owner and group may read, unless it is there. */
void bw_files_make_private(const char *path);

/* Takes <path>.lock for as long as *out_fd is open; never the database itself, whose locks
 * SQLite would lose when we close another descriptor of it. BW_EBUSY: somebody has it;
 * BW_EUNSUPPORTED: on a network file system, where locks are a matter of luck. */
enum bw_rc bw_files_lock(const char *path, int *out_fd, struct bw_err *err);

/* What an unprivileged process may still write to the file system of an open file. */
uint64_t bw_files_free_bytes(int fd);

/* The reserve is disk space that is given back when the disk fills, so that SQLite can finish
 * what it must. Keep makes it when there is plenty of space. */
void bw_files_keep_reserve(const char *path, int lock_fd, uint64_t bytes);

/* True when there was one. */
bool bw_files_release_reserve(const char *path);

/* Moves the database with its WAL to <path>.corrupt-<time> and removes all but the newest
 * three of those. */
enum bw_rc bw_files_quarantine(const char *path, int64_t now_ms, struct bw_err *err);

/* Moves the log alone aside, as <path>.corrupt-<time>-log; false when there is none. */
bool bw_files_quarantine_log(const char *path, int64_t now_ms);

/* Removes what was moved aside, the oldest first, while it is more than three files or more
 * than that many bytes; the number of files removed. */
size_t bw_files_trim_corrupt(const char *path, uint64_t bytes_max);

/* The copy of a store from before it was migrated to a version of the schema is
 * <path>.before-<version>. It grows as <path>.before-<version>.part; `publish` gives it its name
 * when all of it is on the disk, and removes what is there of earlier ones. */
char *bw_files_copy_name(const char *path, int version);
enum bw_rc bw_files_publish_copy(const char *path, int version, struct bw_err *err);

/* Bytes of such copies, whole or not, that were last written before that; 0 is any time. */
uint64_t bw_files_copy_bytes(const char *path, int64_t before_ms);

/* Removes those; the number of bytes. */
uint64_t bw_files_remove_copies(const char *path, int64_t before_ms);

/* Bytes of everything else that is named after the store and beside it: the reserve, copies, what
 * was moved aside. */
uint64_t bw_files_other_bytes(const char *path);

bool bw_files_exists(const char *path);

/* Bytes of the database and its WAL. */
uint64_t bw_files_bytes(const char *path);
uint64_t bw_files_wal_bytes(const char *path);

/* A listening socket at <path>.sock; only who holds the lock may call it. */
enum bw_rc bw_files_listen(const char *path, int *out_fd, struct bw_err *err);
void bw_files_remove_socket(const char *path);

#endif
