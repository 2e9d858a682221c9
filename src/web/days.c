// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/days.h"

#include "base/mem.h"
#include "base/units.h"
#include "report/report.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS (BW_DAY / BW_MS)
/* How old today's numbers may be, and when a day that is over does not change any more. */
#define FRESH_MS INT64_C(60000)
#define SETTLED_MS INT64_C(600000)

struct row {
    char *service;
    struct bw_day day;
};

/* One day of all services. */
struct table {
    int64_t day; /* days since 1970 */
    int64_t computed_ms;
    bool is_final;
    struct row *rows; /* by service */
    size_t count;
};

struct bw_days {
    struct bw_work_pool *workers;
    atomic_uint holders; /* the front end, and a worker */
    atomic_bool cancelled;
    pthread_mutex_t lock;
    bool busy;                    /* somebody is finding out */
    int64_t tried_ms;             /* when that began last */
    struct table tables[BW_DAYS]; /* by day modulo BW_DAYS */
};

static void free_rows(struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(rows[i].service);
    free(rows);
}

static void let_go(struct bw_days *days)
{
    if (atomic_fetch_sub(&days->holders, 1) > 1)
        return;
    for (size_t i = 0; i < BW_DAYS; i++)
        free_rows(days->tables[i].rows, days->tables[i].count);
    pthread_mutex_destroy(&days->lock);
    free(days);
}

struct bw_days *bw_days_new(struct bw_work_pool *workers)
{
    struct bw_days *days = bw_alloc(sizeof *days);
    days->workers = workers;
    atomic_init(&days->holders, 1);
    pthread_mutex_init(&days->lock, NULL);
    for (size_t i = 0; i < BW_DAYS; i++)
        days->tables[i].day = -1;
    return days;
}

void bw_days_free(struct bw_days *days)
{
    if (days == NULL)
        return;
    atomic_store(&days->cancelled, true);
    let_go(days);
}

/* ---- finding out ------------------------------------------------------------------------ */

/* What the checks of one service, which stand together, come to. */
static struct bw_day sum_up(const struct bw_report_check *checks, size_t count, int64_t begin_ms)
{
    double known = 0, up = 0, degraded = 0, maintenance = 0;
    struct bw_day day = { .begin_ms = begin_ms, .available_ratio = NAN };
    for (size_t i = 0; i < count; i++) {
        const struct bw_report_time *time = &checks[i].time;
        up += time->healthy_ratio + time->degraded_ratio;
        degraded += time->degraded_ratio;
        maintenance += time->maintenance_ratio;
        known += time->healthy_ratio + time->degraded_ratio + time->unhealthy_ratio;
        if (checks[i].downtime_ms > day.down_ms)
            day.down_ms = checks[i].downtime_ms;
    }
    day.maintenance_ratio = maintenance / (double)count;
    if (known > 0) {
        day.known_ratio = known / (double)count;
        day.available_ratio = up / known;
        day.degraded_ratio = degraded / known;
    }
    return day;
}

/* Checks of a report are sorted by service. */
static void fill(struct table *table, const struct bw_report *report, int64_t begin_ms)
{
    table->rows = bw_alloc_array(report->check_count + 1, sizeof *table->rows);
    for (size_t i = 0, end; i < report->check_count; i = end) {
        const char *service = report->checks[i].service;
        for (end = i; end < report->check_count; end++)
            if (strcmp(report->checks[end].service, service) != 0)
                break;
        struct bw_day day = sum_up(&report->checks[i], end - i, begin_ms);
        if (day.known_ratio + day.maintenance_ratio > 0)
            table->rows[table->count++] = (struct row){ bw_strdup(service), day };
    }
}

static bool look_at(const char *store, int64_t day, int64_t now_ms, struct table *out)
{
    struct bw_report_request request = {
        .store = store,
        .title = "",
        .node = "",
        .from_ms = day * DAY_MS,
        .to_ms = (day + 1) * DAY_MS,
        .now_ms = now_ms,
    };
    struct bw_report *report = NULL;
    if (bw_report_collect(&request, &report, NULL) != BW_OK)
        return false;
    *out = (struct table){ .day = day,
                           .computed_ms = now_ms,
                           .is_final = now_ms >= request.to_ms + SETTLED_MS };
    fill(out, report, request.from_ms);
    bw_report_free(report);
    return true;
}

static void put(struct bw_days *days, const struct table *table)
{
    struct table *place = &days->tables[table->day % BW_DAYS];
    pthread_mutex_lock(&days->lock);
    struct table old = *place;
    *place = *table;
    pthread_mutex_unlock(&days->lock);
    free_rows(old.rows, old.count);
}

/* With the lock held. */
static bool is_missing(const struct bw_days *days, int64_t day, int64_t now_ms)
{
    const struct table *table = &days->tables[day % BW_DAYS];
    if (table->day != day)
        return true;
    return !table->is_final && now_ms - table->computed_ms >= FRESH_MS;
}

static bool needs_work(const struct bw_days *days, int64_t now_ms)
{
    for (int64_t day = now_ms / DAY_MS; day > now_ms / DAY_MS - BW_DAYS; day--)
        if (is_missing(days, day, now_ms))
            return true;
    return false;
}

/* Whoever gets true is the one that finds out, and gives back with release(). */
static bool claim(struct bw_days *days, int64_t now_ms)
{
    pthread_mutex_lock(&days->lock);
    bool mine = !days->busy && needs_work(days, now_ms)
                && (days->tried_ms == 0 || now_ms - days->tried_ms >= FRESH_MS / 6
                    || now_ms < days->tried_ms);
    if (mine) {
        days->busy = true;
        days->tried_ms = now_ms;
    }
    pthread_mutex_unlock(&days->lock);
    return mine;
}

static void release(struct bw_days *days)
{
    pthread_mutex_lock(&days->lock);
    days->busy = false;
    pthread_mutex_unlock(&days->lock);
}

static void find_out(struct bw_days *days, const char *store, int64_t now_ms)
{
    const int64_t today = now_ms / DAY_MS;
    bool works = true;
    for (int64_t day = today; day > today - BW_DAYS && works; day--) {
        struct table table;
        pthread_mutex_lock(&days->lock);
        bool missing = is_missing(days, day, now_ms);
        pthread_mutex_unlock(&days->lock);
        if (!missing)
            continue;
        works = !atomic_load(&days->cancelled) && look_at(store, day, now_ms, &table);
        if (works)
            put(days, &table);
    }
}

void bw_days_update(struct bw_days *days, const char *store, int64_t now_ms)
{
    if (store == NULL || !claim(days, now_ms))
        return;
    find_out(days, store, now_ms);
    release(days);
}

struct job {
    struct bw_days *days;
    char *store;
    int64_t now_ms;
};

static void run_job(void *ctx)
{
    struct job *job = ctx;
    find_out(job->days, job->store, job->now_ms);
}

static void end_job(void *ctx, bool ran)
{
    (void)ran;
    struct job *job = ctx;
    release(job->days);
    let_go(job->days);
    free(job->store);
    free(job);
}

void bw_days_want(struct bw_days *days, const char *store, int64_t now_ms)
{
    if (store == NULL || !claim(days, now_ms))
        return;
    struct job *job = bw_alloc(sizeof *job);
    *job = (struct job){ days, bw_strdup(store), now_ms };
    atomic_fetch_add(&days->holders, 1);
    if (!bw_work_submit(days->workers, run_job, end_job, job))
        end_job(job, false);
}

/* ---- reading ---------------------------------------------------------------------------- */

bool bw_days_are_complete(struct bw_days *days, int64_t now_ms)
{
    bool complete = true;
    pthread_mutex_lock(&days->lock);
    for (int64_t day = now_ms / DAY_MS; day > now_ms / DAY_MS - BW_DAYS; day--)
        complete = complete && days->tables[day % BW_DAYS].day == day;
    pthread_mutex_unlock(&days->lock);
    return complete;
}

static int by_service(const void *key, const void *row)
{
    return strcmp(key, ((const struct row *)row)->service);
}

bool bw_days_of(struct bw_days *days, const char *service, int64_t now_ms,
                struct bw_day out[BW_DAYS])
{
    const int64_t first = now_ms / DAY_MS - BW_DAYS + 1;
    bool any = false;
    pthread_mutex_lock(&days->lock);
    for (int64_t i = 0; i < BW_DAYS; i++) {
        const struct table *table = &days->tables[(first + i) % BW_DAYS];
        const struct row *row = NULL;
        if (table->day == first + i && table->count > 0)
            row = bsearch(service, table->rows, table->count, sizeof *row, by_service);
        out[i] = row != NULL
                     ? row->day
                     : (struct bw_day){ .begin_ms = (first + i) * DAY_MS, .available_ratio = NAN };
        any = any || row != NULL;
    }
    pthread_mutex_unlock(&days->lock);
    return any;
}

double bw_days_available(const struct bw_day days[BW_DAYS])
{
    double known = 0, up = 0;
    for (size_t i = 0; i < BW_DAYS; i++) {
        if (!isfinite(days[i].available_ratio))
            continue;
        known += days[i].known_ratio;
        up += days[i].known_ratio * days[i].available_ratio;
    }
    return known > 0 ? up / known : NAN;
}
