// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/marking.h"

#include "base/civil.h"
#include "base/mem.h"
#include "base/units.h"
#include "io/clock.h"
#include "store/marks.h"

#include <pthread.h>
#include <stdlib.h>

struct bw_marking {
    struct bw_core *core;
    bool stopped;         /* the loop's */
    int64_t kept_ms;      /* how long anything is kept; atomic, the loop must not wait for a disk */
    pthread_mutex_t lock; /* guards the store; held while something is written */
    struct bw_store *store;
};

struct bw_marking *bw_marking_new(struct bw_core *core)
{
    struct bw_marking *marking = bw_alloc(sizeof *marking);
    marking->core = core;
    pthread_mutex_init(&marking->lock, NULL);
    return marking;
}

void bw_marking_free(struct bw_marking *marking)
{
    if (marking == NULL)
        return;
    pthread_mutex_destroy(&marking->lock);
    free(marking);
}

void bw_marking_stop(struct bw_marking *marking)
{
    marking->stopped = true;
}

void bw_marking_set_store(struct bw_marking *marking, struct bw_store *store)
{
    pthread_mutex_lock(&marking->lock);
    marking->store = store;
    pthread_mutex_unlock(&marking->lock);
}

void bw_marking_apply(struct bw_marking *marking, const struct bw_config *config)
{
    const struct bw_retention_opts *kept = &config->settings.storage.retention;
    const int64_t tiers[] = { kept->raw_ns, kept->minute_ns, kept->hour_ns, kept->day_ns };
    int64_t longest_ns = 0;
    for (size_t i = 0; i < sizeof tiers / sizeof *tiers; i++)
        longest_ns = tiers[i] > longest_ns ? tiers[i] : longest_ns;
    __atomic_store_n(&marking->kept_ms, longest_ns / BW_MS, __ATOMIC_RELAXED);
}

/* ---- told on the loop --------------------------------------------------------------------- */

struct news {
    struct bw_marking *marking;
    struct bw_arena arena; /* of the texts */
    struct bw_event event; /* its kind 0: it is gone */
};

static void tell(void *ctx)
{
    struct news *news = ctx;
    struct bw_marking *marking = news->marking;
    if (!marking->stopped && news->event.kind != 0)
        bw_core_stored_event(marking->core, &news->event);
    else if (!marking->stopped)
        bw_core_forget_event(marking->core, news->event.id);
    bw_arena_fini(&news->arena);
    free(news);
}

static void post_news(struct bw_marking *marking, const struct bw_event *event)
{
    struct news *news = bw_alloc(sizeof *news);
    struct bw_arena *arena = &news->arena;
    news->marking = marking;
    news->event = *event;
    if (event->kind != 0) {
        news->event.subject.service = bw_arena_strdup(arena, event->subject.service);
        news->event.subject.instance = bw_arena_strdup(arena, event->subject.instance);
        news->event.subject.check = bw_arena_strdup(arena, event->subject.check);
        news->event.name = bw_arena_strdup(arena, event->name);
        news->event.cause = bw_arena_strdup(arena, event->cause);
    }
    bw_loop_post(marking->core->loop, tell, news);
}

/* ---- set and taken back ------------------------------------------------------------------- */

static enum bw_rc check_age(const struct bw_marking *marking, int64_t ts_ms, struct bw_err *err)
{
    char oldest[BW_RFC3339_MAX];
    const int64_t oldest_ms =
        bw_wall_system_ms() - __atomic_load_n(&marking->kept_ms, __ATOMIC_RELAXED);
    if (ts_ms >= oldest_ms)
        return BW_OK;
    bw_format_rfc3339(oldest, oldest_ms);
    return bw_fail(err, BW_EINVAL, "ts: nothing is kept from before %s.", oldest);
}

/* With the lock held. */
static enum bw_rc need_store(const struct bw_marking *marking, struct bw_err *err)
{
    if (marking->store != NULL)
        return BW_OK;
    return bw_fail(err, BW_EBUSY, "There is no store just now.");
}

enum bw_rc bw_marking_set(struct bw_marking *marking, const struct bw_event *marker,
                          int64_t *out_id, struct bw_err *err)
{
    pthread_mutex_lock(&marking->lock);
    enum bw_rc rc = need_store(marking, err);
    if (rc == BW_OK)
        rc = check_age(marking, marker->ts_ms, err);
    if (rc == BW_OK)
        rc = bw_store_set_marker(marking->store, marker, out_id, err);
    pthread_mutex_unlock(&marking->lock);
    if (rc != BW_OK)
        return rc;
    struct bw_event event = *marker;
    event.id = *out_id;
    post_news(marking, &event);
    return BW_OK;
}

enum bw_rc bw_marking_drop(struct bw_marking *marking, int64_t id, struct bw_err *err)
{
    pthread_mutex_lock(&marking->lock);
    enum bw_rc rc = need_store(marking, err);
    if (rc == BW_OK)
        rc = bw_store_drop_marker(marking->store, id, err);
    pthread_mutex_unlock(&marking->lock);
    if (rc == BW_OK)
        post_news(marking, &(struct bw_event){ .id = id });
    return rc;
}
