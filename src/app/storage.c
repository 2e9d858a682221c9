// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/storage.h"

#include "app/defaults.h"
#include "app/ledger.h"
#include "app/log.h"
#include "app/roster_keep.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "io/file.h"
#include "store/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRY_NS (10 * BW_SECOND)
/* Age is believed only after the clock has been steady for so long. */
#define STEADY_MS (10 * 60 * INT64_C(1000))
/* 2026-01-01: a clock before this program was written is wrong. */
#define BUILT_AFTER_MS INT64_C(1767225600000)

struct bw_storage {
    struct bw_core *core;
    char *path, *archive, *targets, *lists;
    bw_storage_came_fn *came;
    void *ctx;
    struct bw_timer *timer;
    struct bw_store *store;
    int control;
    bool ledger_loaded;
    char message[240];
};

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return bw_strdup(".");
    return slash == path ? bw_strdup("/") : bw_strndup(path, (size_t)(slash - path));
}

static void on_timer(void *ctx);

struct bw_storage *bw_storage_new(struct bw_core *core, const char *path, bw_storage_came_fn *came,
                                  void *ctx)
{
    struct bw_storage *storage = bw_alloc(sizeof *storage);
    struct bw_arena arena = { 0 };
    const char *configured = core->config->settings.storage.path;
    if (path == NULL)
        path = configured != NULL ? configured : bw_default_store(&arena);
    storage->core = core;
    storage->path = bw_strdup(path);
    char *folder = folder_of(path);
    storage->archive = bw_strdup(bw_arena_printf(&arena, "%s/reports", folder));
    storage->targets = bw_strdup(bw_arena_printf(&arena, "%s/targets", folder));
    storage->lists = bw_strdup(bw_arena_printf(&arena, "%s/lists", folder));
    free(folder);
    storage->came = came;
    storage->ctx = ctx;
    storage->control = -1;
    storage->timer = bw_timer_new(core->loop, on_timer, storage);
    bw_arena_fini(&arena);
    return storage;
}

/* From the writer's thread. */
static void say(void *ctx, enum bw_log_level level, const char *message)
{
    (void)ctx;
    bw_log(level, "store", message, NULL);
}

static enum bw_rc open_now(struct bw_storage *storage, struct bw_err *err)
{
    struct bw_storage_opts opts = storage->core->config->settings.storage;
    const struct bw_store_hooks hooks = { .say = say };
    opts.path = storage->path;
    char *folder = folder_of(storage->path);
    enum bw_rc rc = bw_file_make_folder(folder, err);
    free(folder);
    if (rc == BW_OK)
        rc = bw_store_open(&opts, &hooks, &storage->store, err);
    if (rc != BW_OK)
        return rc;
    if (bw_store_listen(storage->store, &storage->control, err) != BW_OK) {
        bw_log(BW_LOG_WARN, "store", err->text, NULL); /* we can do without a control socket */
        storage->control = -1;
    }
    storage->message[0] = '\0';
    storage->came(storage->ctx, storage->store);
    return BW_OK;
}

enum bw_rc bw_storage_open(struct bw_storage *storage, struct bw_err *err)
{
    enum bw_rc rc = open_now(storage, err);
    if (rc == BW_EFULL) {
        bw_text_copy(storage->message, sizeof storage->message, err->text);
        bw_logf(BW_LOG_ERROR, "store", "%s; running without, trying again every 10 s", err->text);
        rc = BW_OK;
    }
    if (rc == BW_OK)
        bw_timer_start(storage->timer, RETRY_NS, RETRY_NS);
    return rc;
}

static bool clock_is_steady(const struct bw_storage *storage)
{
    const struct bw_wall *wall = &storage->core->wall;
    const int64_t now_ms = bw_core_now_ms(storage->core);
    const int64_t since_ms =
        wall->stepped_ms > storage->core->started_ms ? wall->stepped_ms : storage->core->started_ms;
    return now_ms > BUILT_AFTER_MS && now_ms - since_ms >= STEADY_MS;
}

static void on_timer(void *ctx)
{
    struct bw_storage *storage = ctx;
    struct bw_err err;
    if (storage->store != NULL) {
        bw_store_trust_clock(storage->store, clock_is_steady(storage));
        return;
    }
    if (open_now(storage, &err) == BW_OK)
        bw_log(BW_LOG_INFO, "store", "opened: results are stored again", NULL);
    else
        bw_text_copy(storage->message, sizeof storage->message, err.text);
}

void bw_storage_free(struct bw_storage *storage)
{
    if (storage == NULL)
        return;
    bw_timer_free(storage->timer);
    bw_store_close(storage->store);
    if (storage->control >= 0)
        close(storage->control);
    free(storage->path);
    free(storage->archive);
    free(storage->targets);
    free(storage->lists);
    free(storage);
}

const char *bw_storage_message(const struct bw_storage *storage)
{
    return storage->message;
}

const char *bw_storage_targets(const struct bw_storage *storage)
{
    return storage->targets;
}

const char *bw_storage_lists(const struct bw_storage *storage)
{
    return storage->lists;
}

const char *bw_storage_name(const struct bw_storage *storage)
{
    const char *slash = strrchr(storage->path, '/');
    return slash != NULL ? slash + 1 : storage->path;
}

const char *bw_storage_archive(const struct bw_storage *storage)
{
    return storage->archive;
}

int bw_storage_control(const struct bw_storage *storage)
{
    return storage->control;
}

/* ---- what a start takes back ----------------------------------------------------------- */

static struct bw_reader *open_reader(const struct bw_storage *storage)
{
    struct bw_reader *reader = NULL;
    struct bw_err err;
    if (storage->store == NULL)
        return NULL;
    if (bw_reader_open(storage->path, &reader, &err) != BW_OK)
        bw_logf(BW_LOG_WARN, "store", "earlier states cannot be read: %s", err.text);
    return reader;
}

static bool take_alert(void *ctx, const struct bw_alert_state *state)
{
    bw_alerting_restore(ctx, state);
    return true;
}

void bw_storage_restore_alerts(struct bw_storage *storage, struct bw_alerting *alerting)
{
    struct bw_reader *reader = open_reader(storage);
    if (reader == NULL)
        return;
    bw_reader_alert_states(reader, take_alert, alerting, NULL, NULL);
    bw_reader_close(reader);
}

struct restoring {
    struct bw_core *core;
    struct bw_roster *roster;
    struct bw_hostwatch *hostwatch;
    struct bw_event *events; /* newest first, as read */
    struct bw_arena arena;
    size_t event_count;
};

static bool take_state(void *ctx, const struct bw_check_state *state)
{
    const struct restoring *restoring = ctx;
    bw_hostwatch_restore(restoring->hostwatch, state); /* its checks come as they are found */
    bw_roster_restore(restoring->roster, state, bw_core_now_ms(restoring->core));
    return true;
}

static bool take_cause(void *ctx, const struct bw_check_cause *cause)
{
    const struct restoring *restoring = ctx;
    bw_roster_restore_cause(restoring->roster, cause);
    return true;
}

static bool take_failure(void *ctx, const struct bw_failure_tally *tally)
{
    const struct restoring *restoring = ctx;
    bw_roster_restore_failure(restoring->roster, tally);
    return true;
}

static bool take_trend(void *ctx, const struct bw_trend_record *record)
{
    bw_trending_restore(ctx, record);
    return true;
}

static bool take_event(void *ctx, const struct bw_event *event)
{
    struct restoring *restoring = ctx;
    struct bw_arena *arena = &restoring->arena;
    struct bw_event *copy = &restoring->events[restoring->event_count++];
    *copy = *event;
    copy->subject = (struct bw_subject){ bw_arena_strdup(arena, event->subject.service),
                                         bw_arena_strdup(arena, event->subject.instance),
                                         bw_arena_strdup(arena, event->subject.check) };
    copy->name = bw_arena_strdup(arena, event->name);
    copy->cause = bw_arena_strdup(arena, event->cause);
    return restoring->event_count < BW_CORE_EVENTS_MAX;
}

static void restore_events(struct bw_reader *reader, struct restoring *restoring)
{
    const struct bw_event_filter filter = { .limit = BW_CORE_EVENTS_MAX };
    restoring->events =
        bw_arena_array(&restoring->arena, BW_CORE_EVENTS_MAX, sizeof *restoring->events);
    bw_reader_events(reader, &filter, take_event, restoring, NULL, NULL);
    for (size_t i = restoring->event_count; i-- > 0;)
        bw_core_remember_event(restoring->core, &restoring->events[i]);
}

struct last_sight {
    struct bw_canary *canary;
    int64_t id; /* of the newest event about it */
    bool blind;
    int64_t since_ms;
    char words[sizeof(((struct bw_core_sight *)NULL)->words)];
};

static bool take_sight(void *ctx, const struct bw_event *event)
{
    struct last_sight *last = ctx;
    if (event->id < last->id)
        return false;
    last->id = event->id;
    last->blind = strcmp(event->name, BW_EVENT_BLIND) == 0;
    last->since_ms = event->ts_ms;
    const char *end = strstr(event->cause, ": "); /* what each target said is of then */
    bw_text_copy(last->words, sizeof last->words, event->cause);
    if (end != NULL && (size_t)(end - event->cause) < sizeof last->words)
        last->words[end - event->cause] = '\0';
    return false;
}

/* Whether we were blind when we stopped: the newest of the events that say so. */
static void restore_sight(struct bw_reader *reader, struct bw_canary *canary)
{
    static const char *const names[] = { BW_EVENT_BLIND, BW_EVENT_SEES_AGAIN };
    struct last_sight last = { .canary = canary };
    for (size_t i = 0; i < 2; i++) {
        const struct bw_event_filter filter = { .kind = BW_EVENT_SYSTEM,
                                                .name = names[i],
                                                .limit = 1 };
        bw_reader_events(reader, &filter, take_sight, &last, NULL, NULL);
    }
    if (last.blind)
        bw_canary_restore(canary, last.since_ms, last.words);
}

static void load_ledger(struct bw_storage *storage, struct bw_trending *trending,
                        struct bw_reader *reader)
{
    if (!storage->ledger_loaded)
        bw_ledger_load(bw_trending_ledger(trending), reader);
    storage->ledger_loaded = true;
}

void bw_storage_restore_ledger(struct bw_storage *storage, struct bw_trending *trending)
{
    struct bw_reader *reader = storage->ledger_loaded ? NULL : open_reader(storage);
    if (reader == NULL)
        return;
    load_ledger(storage, trending, reader);
    bw_reader_close(reader);
}

void bw_storage_restore(struct bw_storage *storage, struct bw_roster *roster,
                        struct bw_hostwatch *hostwatch, struct bw_trending *trending,
                        struct bw_canary *canary)
{
    struct bw_reader *reader = open_reader(storage);
    struct restoring restoring = { .core = storage->core,
                                   .roster = roster,
                                   .hostwatch = hostwatch };
    if (reader == NULL)
        return;
    bw_reader_check_states(reader, take_state, &restoring, NULL, NULL);
    bw_reader_check_causes(reader, take_cause, &restoring, NULL, NULL);
    bw_reader_failure_tallies(reader, take_failure, &restoring, NULL, NULL);
    load_ledger(storage, trending, reader);
    bw_reader_trends(reader, take_trend, trending, NULL, NULL);
    restore_events(reader, &restoring);
    bw_roster_refresh(roster);
    restore_sight(reader, canary);
    bw_reader_close(reader);
    bw_arena_fini(&restoring.arena);
}
