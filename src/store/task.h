// SPDX-License-Identifier: GPL-3.0-or-later
/* store/task.h: writing that a worker has prepared. Who wants to rewrite what is stored reads
 * with a connection of its own, computes for as long as it takes, and hands only the result over:
 *
 *     worker: read, compute --task--> writer: one short transaction, between two commits
 *
 * Meanwhile something else may have been written. So a task looks first whether what it was
 * computed from is still there, and does nothing when it is not. */
#ifndef STORE_TASK_H
#define STORE_TASK_H

#include "base/err.h"

#include <sqlite3.h>
#include <stdbool.h>

struct bw_store;

struct bw_store_task {
    /* On the writer thread before the transaction and after its commit; each may be NULL. */
    enum bw_rc (*prepare)(struct bw_store_task *task, sqlite3 *db, struct bw_err *err);
    void (*settle)(struct bw_store_task *task);

    /* Writes, on the writer thread and inside a transaction that is committed when this is
     * BW_OK and rolled back when it is not. */
    enum bw_rc (*write)(struct bw_store_task *task, sqlite3 *db, struct bw_err *err);

    /* The store's. */
    struct bw_store_task *next;
    struct bw_err err;
    enum bw_rc rc;
    bool done;
};

/* Has the writer do it and waits until it is committed. BW_EBUSY: the store cannot be written to
 * or is closing; try again later. Any thread but the writer's. */
enum bw_rc bw_store_run_task(struct bw_store *store, struct bw_store_task *task,
                             struct bw_err *err);

#endif
