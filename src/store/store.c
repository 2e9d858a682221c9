// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/store.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/units.h"
#include "store/care.h"
#include "store/db.h"
#include "store/files.h"
#include "store/logmark.h"
#include "store/quota.h"
#include "store/wal.h"
#include "store/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PLACE_ROOM_BYTES = BW_SERIES_TEXT_BYTES_MAX + 4096 };

int64_t bw_store_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * BW_SECOND + t.tv_nsec;
}

int64_t bw_store_wall_ms(const struct bw_store *store)
{
    if (store->hooks.wall_ms != NULL)
        return store->hooks.wall_ms(store->hooks.ctx);
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void bw_store_say(const struct bw_store *store, enum bw_log_level level, const char *format, ...)
{
    if (store->hooks.say == NULL)
        return;
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    store->hooks.say(store->hooks.ctx, level, text);
}

/* --- open and close -------------------------------------------------------------------- */

static void release_database(struct bw_store *store)
{
    bw_store_close_file(store);
    bw_heads_fini(&store->heads);
    bw_store_registry_fini(&store->registry);
    bw_rollups_fini(store);
    free(store->erased.ids);
    store->erased = (struct bw_erased){ 0 };
    for (struct bw_row *row = store->lane.first_row, *next; row != NULL; row = next) {
        next = row->next; /* only what loading put there: the writer leaves none behind */
        free(row);
    }
    store->lane = (struct bw_lane){ .samples = store->lane.samples };
}

static enum bw_rc open_database(struct bw_store *store, struct bw_err *err)
{
    enum bw_rc rc = bw_store_open_file(store, err);
    if (rc == BW_OK)
        rc = bw_store_load(store, err);
    if (rc != BW_OK)
        release_database(store);
    return rc;
}

/* Says what is wrong with the log; true when what it had acknowledged is lost. */
static bool tell_of_log(const struct bw_store *store)
{
    const enum bw_wal_state state = bw_wal_look(store->path);
    if (state == BW_WAL_DAMAGED)
        bw_store_say(store, BW_LOG_ERROR,
                     "the store's log '%s-wal' is damaged: commits after the damage are lost",
                     store->path);
    else if (state == BW_WAL_TORN)
        bw_store_say(store, BW_LOG_WARN,
                     "the last commit in the store's log '%s-wal' is not whole, as a crash in"
                     " the middle of it leaves it: it is left out",
                     store->path);
    return state == BW_WAL_DAMAGED;
}

/* SQLite begins anew over an empty file, and takes the log beside it away, without a word. True
 * when commits are lost with it for sure. */
static bool tell_of_emptiness(const struct bw_store *store, enum bw_log_state log)
{
    const uint64_t wal_bytes = bw_files_wal_bytes(store->path);
    const bool had_log = log == BW_LOG_MISSING || wal_bytes > 0;
    if (bw_files_bytes(store->path) > wal_bytes || (!had_log && !bw_files_exists(store->path)))
        return false;
    bw_files_quarantine_log(store->path, bw_store_wall_ms(store));
    bw_store_say(store, had_log ? BW_LOG_ERROR : BW_LOG_WARN,
                 "the store '%s' has nothing in it%s: a fresh one begins", store->path,
                 had_log ? ", although it had commits in a log, which are lost" : "");
    return had_log;
}

/* Not another store's, which SQLite would take for this one's. True when what the own one had is
 * lost. */
static bool find_own_log(const struct bw_store *store)
{
    const enum bw_log_state state = bw_logmark_look(store->path);
    if (tell_of_emptiness(store, state))
        return true;
    if (state == BW_LOG_MISSING)
        bw_store_say(store, BW_LOG_WARN,
                     "the store's log '%s-wal' is not there any more: unless something else folded"
                     " it into the store, what was committed last is lost",
                     store->path);
    else if (state == BW_LOG_FOREIGN
             && bw_files_quarantine_log(store->path, bw_store_wall_ms(store)))
        bw_store_say(store, BW_LOG_ERROR,
                     "'%s-wal' is the log of another store; it was moved aside as"
                     " *.corrupt-<time>-log, and what was committed last is lost",
                     store->path);
    return state == BW_LOG_FOREIGN;
}

/* A log over a copy of the store from another time makes a sound file seem corrupt. So the file is
 * looked at without it. */
static enum bw_rc open_without_log(struct bw_store *store, struct bw_err *why)
{
    struct bw_err without = { .rc = BW_OK };
    if (!bw_files_quarantine_log(store->path, bw_store_wall_ms(store)))
        return BW_ECORRUPT;
    const enum bw_rc rc = open_database(store, &without);
    if (rc == BW_OK) {
        bw_store_say(store, BW_LOG_ERROR,
                     "the store's log '%s-wal' does not fit the store (%s); it was moved aside as"
                     " *.corrupt-<time>-log",
                     store->path, why->text);
        store->stats.damaged_total++;
    } else if (rc != BW_ECORRUPT) {
        *why = without;
    }
    return rc;
}

/* Monitoring goes on with a fresh store rather than not at all; what was there is kept. */
static enum bw_rc open_or_replace(struct bw_store *store, struct bw_err *err)
{
    struct bw_err why = { .rc = BW_OK };
    const bool lost = find_own_log(store) || tell_of_log(store);
    enum bw_rc rc = open_database(store, &why);
    if (rc == BW_ECORRUPT)
        rc = open_without_log(store, &why);
    store->stats.damaged_total += lost;
    if (rc == BW_ECORRUPT) {
        rc = bw_store_quarantine(store, why.text, err);
        return rc == BW_OK ? open_database(store, err) : rc;
    }
    if (rc != BW_OK && err != NULL)
        *err = why;
    return rc;
}

static enum bw_rc prepare_files(struct bw_store *store, struct bw_err *err)
{
    enum bw_rc rc = bw_files_make_folder(store->path, err);
    if (rc == BW_OK)
        rc = bw_files_lock(store->path, &store->lock_fd, err);
    if (rc != BW_OK)
        return rc;
    /* SQLite maps its -shm file; on a disk without a free block touching it is a SIGBUS. */
    const uint64_t free_bytes = bw_files_free_bytes(store->lock_fd);
    if (free_bytes < BW_STORE_FREE_BYTES_MIN)
        return bw_fail(err, BW_EFULL, "only %llu KiB are free where '%s' is",
                       (unsigned long long)free_bytes >> 10, store->path);
    bw_store_keep_reserve(store);
    return BW_OK;
}

static void init_locks(struct bw_store *store)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->wake, &attr);
    pthread_cond_init(&store->done, &attr);
    pthread_condattr_destroy(&attr);
}

static void release(struct bw_store *store)
{
    if (store->has_socket)
        bw_files_remove_socket(store->path);
    /* Nobody writes now, and whoever opens it takes room again. Only who has the lock may. */
    if (store->lock_fd >= 0)
        bw_files_release_reserve(store->path);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    bw_store_registry_fini(&store->registry);
    bw_store_classes_free(store->classes);
    bw_quota_free(store->quota);
    bw_journal_row_fini(&store->lane.samples);
    bw_journal_row_fini(&store->batch.samples);
    pthread_cond_destroy(&store->wake);
    pthread_cond_destroy(&store->done);
    pthread_mutex_destroy(&store->lock);
    free(store->path);
    free(store);
}

enum bw_rc bw_store_open(const struct bw_storage_opts *opts, const struct bw_store_hooks *hooks,
                         struct bw_store **out, struct bw_err *err)
{
    if (opts->path == NULL || opts->path[0] == '\0')
        return bw_fail(err, BW_EINVAL, "no storage path");
    if (opts->max_bytes != 0 && opts->max_bytes < BW_STORE_BYTES_MIN)
        return bw_fail(err, BW_EINVAL,
                       "storage.max_bytes: below %u MiB a store has no room for its log and the"
                       " samples of a few minutes",
                       (unsigned)(BW_STORE_BYTES_MIN >> 20));
    struct bw_store *store = bw_alloc(sizeof *store);
    store->opts = *opts;
    store->path = bw_strdup(opts->path);
    store->opts.path = store->path;
    store->opts.classes = (struct bw_items){ 0 }; /* whose memory is the caller's: see `classes` */
    store->lock_fd = -1;
    if (hooks != NULL)
        store->hooks = *hooks;
    init_locks(store);
    store->quota = bw_quota_new();
    bw_journal_row_init(&store->lane.samples);
    bw_journal_row_init(&store->batch.samples);
    enum bw_rc rc = bw_store_classes_make(opts, &store->classes, err);
    if (rc == BW_OK)
        rc = prepare_files(store, err);
    if (rc == BW_OK)
        rc = open_or_replace(store, err);
    const int failed =
        rc == BW_OK ? pthread_create(&store->thread, NULL, bw_store_write_loop, store) : 0;
    if (failed != 0) {
        rc = bw_fail(err, BW_EIO, "start the store's writer: %s", strerror(failed));
        release_database(store);
    }
    if (rc != BW_OK) {
        release(store);
        return rc;
    }
    *out = store;
    return BW_OK;
}

void bw_store_close(struct bw_store *store)
{
    if (store == NULL)
        return;
    pthread_mutex_lock(&store->lock);
    store->stop = true;
    pthread_cond_signal(&store->wake);
    pthread_mutex_unlock(&store->lock);
    pthread_join(store->thread, NULL);
    release_database(store);
    release(store);
}

/* --- handing over ---------------------------------------------------------------------- */

/* With the lock held, after something was put: a writer that rests does not look by itself. */
static void rouse(struct bw_store *store)
{
    if (!store->rests)
        return;
    store->rests = false;
    pthread_cond_signal(&store->wake);
}

bool bw_lane_put_row(struct bw_lane *lane, struct bw_row *row, int64_t now_ns)
{
    if (lane->row_bytes + row->bytes > BW_LANE_ROW_BYTES_MAX)
        return false;
    if (lane->last_row == NULL)
        lane->first_row = row;
    else
        lane->last_row->next = row;
    lane->last_row = row;
    lane->rows++;
    lane->row_bytes += row->bytes;
    if (lane->oldest_ns == 0)
        lane->oldest_ns = now_ns;
    return true;
}

void bw_store_put_row(struct bw_store *store, struct bw_row *row)
{
    bw_lane_put_row(&store->lane, row, bw_store_now_ns());
    rouse(store);
}

/* With the lock held. */
static bool put_cells(struct bw_store *store, enum bw_row_op op, const struct bw_cells *cells)
{
    struct bw_row *row = bw_row_new(op, cells);
    if (bw_lane_put_row(&store->lane, row, bw_store_now_ns())) {
        rouse(store);
        return true;
    }
    store->stats.refused_rows_total++;
    free(row);
    return false;
}

bool bw_store_put_cells(struct bw_store *store, enum bw_row_op op, const struct bw_cells *cells)
{
    pthread_mutex_lock(&store->lock);
    const bool taken = put_cells(store, op, cells);
    pthread_mutex_unlock(&store->lock);
    return taken;
}

uint64_t bw_store_target_of(struct bw_labels labels)
{
    static const char *const names[] = { "service", "instance", "check" };
    uint64_t hash = 1;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = bw_labels_value(labels, names[i]);
        hash = bw_hash_text(value == NULL ? "" : value, hash);
    }
    return hash;
}

/* With the lock held. */
static bool put_event(struct bw_store *store, const struct bw_event *event)
{
    struct bw_event numbered = *event;
    numbered.id = ++store->last_event_id;
    struct bw_cells cells = { .count = 0 };
    bw_cells_of_event(&cells, &numbered);
    return put_cells(store, BW_ROW_EVENT, &cells);
}

static uint32_t refuse_series(struct bw_store *store)
{
    store->stats.refused_series_total++;
    if (store->overflow_told)
        return 0;
    store->overflow_told = true;
    const struct bw_event event = { .ts_ms = bw_store_wall_ms(store),
                                    .kind = BW_EVENT_SYSTEM,
                                    .name = "series_limit",
                                    .cause = "storage.max_series is reached: new series are not"
                                             " stored" };
    put_event(store, &event);
    return 0;
}

static uint32_t add_series(struct bw_store *store, const char *name, struct bw_labels labels)
{
    if (store->registry.count >= (uint64_t)store->opts.max_series
        || store->registry.last_id >= UINT32_MAX - 1)
        return refuse_series(store);
    struct bw_cells series = { .count = 0 }, place = { .count = 0 };
    const uint32_t id = store->registry.last_id + 1;
    bw_cells_of_series(&series, id, name);
    /* Its place must fit as well: without one its samples would go nowhere. */
    if (store->lane.row_bytes > BW_LANE_ROW_BYTES_MAX - PLACE_ROOM_BYTES
        || !put_cells(store, BW_ROW_SERIES, &series))
        return 0;
    bw_store_registry_add(&store->registry, name);
    const uint32_t group = bw_store_registry_place(&store->registry, bw_store_target_of(labels),
                                                   bw_store_classes_of_text(store->classes, name));
    bw_cells_of_place(&place, id, group, bw_store_wall_ms(store));
    put_cells(store, BW_ROW_SERIES_GROUP, &place);
    store->stats.series = store->registry.count;
    return id;
}

uint32_t bw_store_series(struct bw_store *store, const char *metric, struct bw_labels labels)
{
    struct bw_buf name;
    bw_buf_init(&name, BW_SERIES_TEXT_BYTES_MAX);
    bw_series_text(&name, metric, labels);
    pthread_mutex_lock(&store->lock);
    uint32_t id = 0;
    if (bw_buf_failed(&name) || labels.count >= BW_LABELS_MAX || !bw_metric_name_is_valid(metric))
        store->stats.refused_series_total++;
    else {
        id = bw_store_registry_find(&store->registry, name.data);
        if (id == 0)
            id = add_series(store, name.data, labels);
    }
    pthread_mutex_unlock(&store->lock);
    bw_buf_fini(&name);
    return id;
}

uint32_t bw_store_find_series(struct bw_store *store, const char *name)
{
    pthread_mutex_lock(&store->lock);
    const uint32_t id = bw_store_registry_find(&store->registry, name);
    pthread_mutex_unlock(&store->lock);
    return id;
}

uint64_t bw_store_series_room(struct bw_store *store)
{
    pthread_mutex_lock(&store->lock);
    const uint64_t most = (uint64_t)store->opts.max_series, count = store->registry.count;
    pthread_mutex_unlock(&store->lock);
    return count < most ? most - count : 0;
}

/* With the lock held. */
static bool put_samples(struct bw_store *store, const struct bw_sample *samples, size_t count)
{
    struct bw_lane *lane = &store->lane;
    if (lane->samples.count + count > BW_LANE_SAMPLES_MAX) {
        store->stats.dropped_samples_total += count;
        return false;
    }
    bw_journal_row_add(&lane->samples, samples, count);
    if (lane->oldest_ns == 0 && lane->samples.count > 0)
        lane->oldest_ns = bw_store_now_ns();
    if (lane->samples.count >= BW_LANE_SAMPLES_MAX / 2)
        pthread_cond_signal(&store->wake);
    if (lane->samples.count > 0)
        rouse(store);
    return true;
}

static size_t count_too_old(const struct bw_sample *samples, size_t count, int64_t least_ms)
{
    size_t old = 0;
    for (size_t i = 0; i < count; i++)
        old += samples[i].ts_ms < least_ms;
    return old;
}

/* Without those that are too old, of which there are some. With the lock held. */
static bool put_young_samples(struct bw_store *store, const struct bw_sample *samples, size_t count,
                              size_t old, int64_t least_ms)
{
    size_t kept = 0;
    struct bw_sample *young = bw_alloc_array(count - old + 1, sizeof *young);
    for (size_t i = 0; i < count; i++) {
        if (samples[i].ts_ms >= least_ms)
            young[kept++] = samples[i];
    }
    store->stats.too_old_samples_total += old;
    const bool taken = put_samples(store, young, kept);
    free(young);
    return taken;
}

bool bw_store_append(struct bw_store *store, const struct bw_sample *samples, size_t count)
{
    const int64_t max_late_ms = store->opts.max_late_ns / BW_MS;
    const int64_t least_ms = max_late_ms > 0 ? bw_store_wall_ms(store) - max_late_ms : INT64_MIN;
    const size_t old = max_late_ms > 0 ? count_too_old(samples, count, least_ms) : 0;
    pthread_mutex_lock(&store->lock);
    const bool taken = old == 0 ? put_samples(store, samples, count)
                                : put_young_samples(store, samples, count, old, least_ms);
    pthread_mutex_unlock(&store->lock);
    return taken;
}

bool bw_store_put_event(struct bw_store *store, const struct bw_event *event)
{
    pthread_mutex_lock(&store->lock);
    const bool taken = put_event(store, event);
    pthread_mutex_unlock(&store->lock);
    return taken;
}

bool bw_store_put_check_state(struct bw_store *store, const struct bw_check_state *state)
{
    struct bw_cells cells = { .count = 0 };
    bw_cells_of_check_state(&cells, state);
    return bw_store_put_cells(store, BW_ROW_CHECK_STATE, &cells);
}

bool bw_store_put_check_cause(struct bw_store *store, const struct bw_check_cause *cause)
{
    struct bw_cells cells = { .count = 0 };
    bw_cells_of_check_cause(&cells, cause);
    return bw_store_put_cells(store, BW_ROW_CHECK_CAUSE, &cells);
}

static void cells_of_slot(struct bw_cells *cells, const struct bw_failure_tally *tally)
{
    bw_cells_text(cells, tally->subject.service);
    bw_cells_text(cells, tally->subject.instance);
    bw_cells_text(cells, tally->subject.check);
    bw_cells_int(cells, tally->slot);
}

/* No unique index keeps a slot to itself: one flipped bit of a slot would keep that index from
 * being made anew. So what was there goes first. */
bool bw_store_put_failure(struct bw_store *store, const struct bw_failure *failure)
{
    struct bw_cells old = { .count = 0 }, cells = { .count = 0 }, tally = { .count = 0 };
    cells_of_slot(&old, &failure->tally);
    bw_cells_of_failure(&cells, failure);
    bw_cells_of_failure_tally(&tally, &failure->tally);
    pthread_mutex_lock(&store->lock);
    const bool taken = put_cells(store, BW_ROW_FORGET_FAILURE, &old)
                       && put_cells(store, BW_ROW_FAILURE, &cells)
                       && put_cells(store, BW_ROW_FAILURE_TALLY, &tally);
    pthread_mutex_unlock(&store->lock);
    return taken;
}

bool bw_store_put_failure_tally(struct bw_store *store, const struct bw_failure_tally *tally)
{
    struct bw_cells cells = { .count = 0 };
    bw_cells_of_failure_tally(&cells, tally);
    return bw_store_put_cells(store, BW_ROW_FAILURE_TALLY, &cells);
}

bool bw_store_forget_check_state(struct bw_store *store, const struct bw_subject *subject)
{
    struct bw_cells cells = { .count = 0 };
    bw_cells_text(&cells, subject->service);
    bw_cells_text(&cells, subject->instance);
    bw_cells_text(&cells, subject->check);
    return bw_store_put_cells(store, BW_ROW_FORGET_CHECK_STATE, &cells);
}

bool bw_store_put_alert_state(struct bw_store *store, const struct bw_alert_state *state)
{
    struct bw_cells cells = { .count = 0 };
    if (state->level == BW_LEVEL_NONE && state->pending == BW_LEVEL_NONE) {
        bw_cells_text(&cells, state->rule);
        bw_cells_text(&cells, state->labels);
        return bw_store_put_cells(store, BW_ROW_FORGET_ALERT_STATE, &cells);
    }
    bw_cells_of_alert_state(&cells, state);
    return bw_store_put_cells(store, BW_ROW_ALERT_STATE, &cells);
}

bool bw_store_put_trend(struct bw_store *store, const struct bw_trend_record *trend)
{
    struct bw_cells cells = { .count = 0 };
    struct bw_buf findings;
    bw_buf_init(&findings, BW_FINDINGS_BYTES_MAX);
    bw_findings_write(&findings, trend->findings, trend->finding_count);
    bw_cells_of_trend(&cells, trend, findings.data);
    const bool taken = bw_store_put_cells(store, BW_ROW_TREND, &cells);
    bw_buf_fini(&findings);
    return taken;
}

bool bw_store_put_report(struct bw_store *store, const struct bw_report_row *report)
{
    struct bw_report_row numbered = *report;
    struct bw_cells cells = { .count = 0 };
    pthread_mutex_lock(&store->lock);
    numbered.id = ++store->last_report_id;
    bw_cells_of_report(&cells, &numbered);
    const bool taken = put_cells(store, BW_ROW_REPORT, &cells);
    pthread_mutex_unlock(&store->lock);
    return taken;
}

bool bw_store_forget_report(struct bw_store *store, int64_t id)
{
    struct bw_cells cells = { .count = 0 };
    bw_cells_int(&cells, id);
    return bw_store_put_cells(store, BW_ROW_FORGET_REPORT, &cells);
}

enum bw_rc bw_store_put_pack(struct bw_store *store, const void *body, size_t size,
                             struct bw_err *err)
{
    struct bw_cells cells = { .count = 0 };
    struct bw_pack pack;
    const enum bw_rc rc = bw_pack_open(&pack, body, size, err);
    if (rc != BW_OK)
        return rc;
    bw_cells_int(&cells, pack.group);
    bw_cells_int(&cells, pack.first_ms);
    bw_cells_int(&cells, pack.last_ms);
    bw_cells_int(&cells, pack.samples);
    bw_cells_blob(&cells, body, size);
    if (!bw_store_put_cells(store, BW_ROW_SEALED_PACK, &cells))
        return bw_fail(err, BW_EFULL, "packs come faster than the disk takes them");
    return BW_OK;
}

/* --- waiting --------------------------------------------------------------------------- */

void bw_store_when_committed(struct bw_store *store, void (*fn)(void *ctx, bool committed),
                             void *ctx)
{
    const struct bw_cells none = { .count = 0 };
    struct bw_row *row = bw_row_new(BW_ROW_CALL, &none);
    row->call = fn;
    row->call_ctx = ctx;
    /* It stands for something that was taken, so it is taken too, however full the lane. */
    row->bytes = 0;
    pthread_mutex_lock(&store->lock);
    bw_lane_put_row(&store->lane, row, bw_store_now_ns());
    rouse(store);
    pthread_mutex_unlock(&store->lock);
}

static struct timespec at_ns(int64_t ns)
{
    return (struct timespec){ .tv_sec = ns / BW_SECOND, .tv_nsec = ns % BW_SECOND };
}

/* Counts *wanted up and waits until *done has come that far. */
static enum bw_rc wait_for(struct bw_store *store, uint64_t *wanted, const uint64_t *done,
                           int64_t timeout_ns, struct bw_err *err)
{
    const struct timespec deadline = at_ns(bw_store_now_ns() + timeout_ns);
    pthread_mutex_lock(&store->lock);
    const uint64_t mine = ++*wanted;
    pthread_cond_signal(&store->wake);
    int waited = 0;
    while (*done < mine && waited == 0)
        waited = pthread_cond_timedwait(&store->done, &store->lock, &deadline);
    const bool came = *done >= mine;
    pthread_mutex_unlock(&store->lock);
    return came ? BW_OK : bw_fail(err, BW_ETIMEOUT, "the store did not commit in time");
}

enum bw_rc bw_store_flush(struct bw_store *store, int64_t timeout_ns, struct bw_err *err)
{
    return wait_for(store, &store->flush_wanted, &store->flush_done, timeout_ns, err);
}

enum bw_rc bw_store_checkpoint(struct bw_store *store, int64_t timeout_ns, struct bw_err *err)
{
    return wait_for(store, &store->packs_wanted, &store->packs_done, timeout_ns, err);
}

void bw_store_trust_clock(struct bw_store *store, bool trusted)
{
    pthread_mutex_lock(&store->lock);
    if (store->clock_trusted != trusted)
        rouse(store);
    store->clock_trusted = trusted;
    pthread_mutex_unlock(&store->lock);
}

void bw_store_stats(struct bw_store *store, struct bw_store_stats *out)
{
    pthread_mutex_lock(&store->lock);
    *out = store->stats;
    out->queued_samples = store->lane.samples.count + store->batch_samples;
    out->queued_rows = store->lane.rows + store->batch_rows;
    const int64_t oldest =
        store->batch_oldest_ns != 0 ? store->batch_oldest_ns : store->lane.oldest_ns;
    pthread_mutex_unlock(&store->lock);
    out->lag_seconds = oldest == 0 ? 0 : (double)(bw_store_now_ns() - oldest) / 1e9;
    out->bytes = bw_files_bytes(store->path);
}

const char *bw_store_path(const struct bw_store *store)
{
    return store->path;
}

enum bw_rc bw_store_listen(struct bw_store *store, int *out_fd, struct bw_err *err)
{
    const enum bw_rc rc = bw_files_listen(store->path, out_fd, err);
    pthread_mutex_lock(&store->lock);
    store->has_socket = store->has_socket || rc == BW_OK;
    pthread_mutex_unlock(&store->lock);
    return rc;
}
