// SPDX-License-Identifier: GPL-3.0-or-later
/* Patterns on a long body, on a worker thread:
 *
 *     loop: start (takes body and plan) --> worker: judge --> loop: done, or nobody asks any more
 */
#include "probe/http.h"

#include "base/mem.h"

#include <stdlib.h>

struct bw_http_search {
    struct bw_http_plan *plan; /* held, so that it outlives its configuration */
    struct bw_buf body;
    struct bw_probe_outcome found; /* without measures */
    bool regex_failed;
    bw_http_search_done_fn *done; /* NULL: cancelled */
    void *ctx;
};

static void on_worker(void *ctx)
{
    struct bw_http_search *search = ctx;
    search->regex_failed =
        bw_http_judge_body(search->plan, &search->body, BW_REGEX_WORKER_NS, &search->found);
}

static void on_finished(void *ctx, bool ran)
{
    struct bw_http_search *search = ctx;
    if (!ran)
        bw_probe_fail(&search->found, BW_REASON_INTERNAL, "the workers have ended");
    if (search->done != NULL)
        search->done(search->ctx, &search->found, search->regex_failed);
    bw_http_release(search->plan);
    bw_buf_fini(&search->body);
    free(search);
}

struct bw_http_search *bw_http_search_start(struct bw_probe_engine *engine,
                                            struct bw_http_plan *plan, struct bw_buf *body,
                                            bw_http_search_done_fn *done, void *ctx,
                                            struct bw_err *err)
{
    struct bw_work_pool *workers = bw_engine_workers(engine, err);
    if (workers == NULL)
        return NULL;
    struct bw_http_search *search = bw_alloc(sizeof *search);
    *search = (struct bw_http_search){ .plan = plan, .body = *body, .done = done, .ctx = ctx };
    if (!bw_work_submit(workers, on_worker, on_finished, search)) {
        free(search);
        bw_fail(err, BW_ELIMIT, "no worker is free to search the body");
        return NULL;
    }
    plan->users++;
    bw_buf_init(body, plan->body_bytes_max);
    return search;
}

void bw_http_search_cancel(struct bw_http_search *search)
{
    if (search != NULL)
        search->done = NULL;
}
