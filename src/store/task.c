// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/task.h"

#include "store/db.h"
#include "store/writer.h"

enum bw_rc bw_store_run_task(struct bw_store *store, struct bw_store_task *task, struct bw_err *err)
{
    pthread_mutex_lock(&store->lock);
    task->done = store->stop;
    task->rc = BW_EBUSY;
    task->err = (struct bw_err){ .rc = BW_EBUSY, .text = "the store is closing" };
    if (!task->done) {
        struct bw_store_task **end = &store->tasks;
        while (*end != NULL)
            end = &(*end)->next;
        task->next = NULL;
        *end = task;
        pthread_cond_signal(&store->wake);
    }
    while (!task->done)
        pthread_cond_wait(&store->done, &store->lock);
    pthread_mutex_unlock(&store->lock);
    if (task->rc != BW_OK && err != NULL)
        *err = task->err;
    return task->rc;
}

static struct bw_store_task *take_tasks(struct bw_store *store)
{
    pthread_mutex_lock(&store->lock);
    struct bw_store_task *first = store->tasks;
    store->tasks = NULL;
    pthread_mutex_unlock(&store->lock);
    return first;
}

/* The task is its caller's again: not to be touched after it. */
static void answer(struct bw_store *store, struct bw_store_task *task, enum bw_rc rc)
{
    pthread_mutex_lock(&store->lock);
    task->rc = rc;
    task->done = true;
    pthread_cond_broadcast(&store->done);
    pthread_mutex_unlock(&store->lock);
}

void bw_store_refuse_tasks(struct bw_store *store, const char *why)
{
    for (struct bw_store_task *task = take_tasks(store), *next; task != NULL; task = next) {
        next = task->next;
        answer(store, task, bw_fail(&task->err, BW_EBUSY, "%s", why));
    }
}

static enum bw_rc write_task(struct bw_store *store, struct bw_store_task *task)
{
    enum bw_rc rc = BW_OK;
    if (task->prepare != NULL)
        rc = task->prepare(task, store->db, &task->err);
    if (rc == BW_OK)
        rc = bw_db_exec(store->db, "BEGIN IMMEDIATE", &task->err);
    if (rc == BW_OK)
        rc = task->write(task, store->db, &task->err);
    if (rc == BW_OK)
        rc = bw_db_exec(store->db, "COMMIT", &task->err);
    if (rc != BW_OK)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    if (rc == BW_OK && task->settle != NULL)
        task->settle(task);
    return rc;
}

bool bw_store_write_tasks(struct bw_store *store, struct bw_err *err)
{
    struct bw_store_task *task = take_tasks(store), *next = NULL;
    const bool any = task != NULL;
    for (; task != NULL; task = next) {
        next = task->next;
        const enum bw_rc rc = write_task(store, task);
        if (rc != BW_OK)
            *err = task->err;
        answer(store, task, rc);
    }
    return any;
}
