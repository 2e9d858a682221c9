// SPDX-License-Identifier: GPL-3.0-or-later
/* host/statfs.h: sizes of file systems, asked with a deadline. A mount whose server is gone
 * holds its thread in the kernel for as long as it likes; that mount is then reported as not
 * answering and not asked again until the thread comes back.
 *
 *     ask(list) --> worker: statfs, statfs, … --> answers
 *                      |deadline passed
 *                      v
 *                   stuck on one mount; another worker goes on behind it (at most 4) */
#ifndef HOST_STATFS_H
#define HOST_STATFS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/vfs.h>

struct bw_statfs_pool;

/* statfs(2) itself, or what stands for it in tests. Returns 0 or -1 with errno. */
typedef int bw_statfs_fn(const char *path, struct statfs *out);

enum { BW_STATFS_STUCK_MAX = 4, BW_STATFS_DEADLINE_MS = 100 };

struct bw_statfs_answer {
    int error; /* 0, errno, or ETIMEDOUT */
    struct statfs values;
};

struct bw_statfs_pool *bw_statfs_pool_new(bw_statfs_fn *ask);

/* Leaves stuck threads behind; each ends by itself when it comes back. */
void bw_statfs_pool_free(struct bw_statfs_pool *pool);

/* Asks about each path; answers[i] belongs to paths[i]. Takes at most deadline_ms for each
 * mount that newly hangs, and for those of a mount that hung before nothing. */
void bw_statfs_ask(struct bw_statfs_pool *pool, const char *const *paths, size_t count,
                   int deadline_ms, struct bw_statfs_answer *answers);

#endif
