// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/publish.h"

#include "base/mem.h"
#include "base/units.h"
#include "io/memory.h"

#include <pthread.h>
#include <stdlib.h>

#define RETRY_NS (20 * BW_MS)
/* So often in a row scrapes may be in the way; then the loop waits for the one that runs. */
enum { RETRIES_MAX = 25 };

/* A view with the number of those who hold it; the publisher itself is one of them. */
struct shown_view {
    struct bw_view *view;
    unsigned holders;
    struct shown_view *next;
};

struct bw_publication {
    struct bw_publisher *publisher;
    struct bw_block *block;
    struct bw_arena arena;
    struct bw_measures measures;
    bool waits; /* committed, but the registry was being read */
    struct bw_publication *next_waiting;
};

struct bw_publisher {
    pthread_rwlock_t registry_lock; /* guards registry */
    struct bw_registry *registry;
    uint64_t asked;                 /* atomic: pages and views */
    uint64_t acquired;              /* atomic: of them views */
    struct bw_publication *waiting; /* loop thread */
    unsigned retries;               /* in a row without success */
    struct bw_timer *retry;

    pthread_mutex_t view_lock; /* guards the list and all holders */
    struct shown_view *views;  /* newest first */
};

static void retry_waiting(void *ctx);

/* Scrapes that overlap for ever would keep out whoever waits to write: glibc lets readers pass
 * unless it is told otherwise. */
static void init_registry_lock(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

struct bw_publisher *bw_publisher_new(struct bw_loop *loop)
{
    struct bw_publisher *publisher = bw_alloc(sizeof *publisher);
    init_registry_lock(&publisher->registry_lock);
    pthread_mutex_init(&publisher->view_lock, NULL);
    publisher->registry = bw_registry_new();
    publisher->retry = bw_timer_new(loop, retry_waiting, publisher);
    return publisher;
}

static void free_view(struct bw_view *view)
{
    struct bw_arena arena = view->arena;
    bw_arena_fini(&arena);
    bw_memory_unmap(view->memory, view->memory_bytes);
    free(view);
}

void bw_publisher_free(struct bw_publisher *publisher)
{
    if (publisher == NULL)
        return;
    for (struct shown_view *shown = publisher->views, *next; shown != NULL; shown = next) {
        next = shown->next;
        free_view(shown->view);
        free(shown);
    }
    bw_timer_free(publisher->retry);
    bw_registry_free(publisher->registry);
    pthread_rwlock_destroy(&publisher->registry_lock);
    pthread_mutex_destroy(&publisher->view_lock);
    free(publisher);
}

/* ---- metrics --------------------------------------------------------------------------- */

struct bw_shapes *bw_publisher_shapes(struct bw_publisher *publisher)
{
    return bw_registry_shapes(publisher->registry);
}

struct bw_publication *bw_publication_new(struct bw_publisher *publisher,
                                          const struct bw_metric_label *common, size_t count,
                                          const char *collision_prefix)
{
    struct bw_publication *publication = bw_alloc(sizeof *publication);
    publication->publisher = publisher;
    bw_arena_init(&publication->arena);
    bw_measures_init(&publication->measures, &publication->arena);
    /* New sources are rare: a moment's wait for a scrape is fine here. */
    pthread_rwlock_wrlock(&publisher->registry_lock);
    publication->block = bw_registry_add(publisher->registry, common, count, collision_prefix);
    pthread_rwlock_unlock(&publisher->registry_lock);
    return publication;
}

static void forget_waiting(struct bw_publication *publication)
{
    struct bw_publication **at = &publication->publisher->waiting;
    while (*at != NULL && *at != publication)
        at = &(*at)->next_waiting;
    if (*at != NULL)
        *at = publication->next_waiting;
    publication->waits = false;
}

void bw_publication_free(struct bw_publication *publication)
{
    if (publication == NULL)
        return;
    struct bw_publisher *publisher = publication->publisher;
    forget_waiting(publication);
    pthread_rwlock_wrlock(&publisher->registry_lock);
    bw_registry_remove(publisher->registry, publication->block);
    pthread_rwlock_unlock(&publisher->registry_lock);
    bw_arena_fini(&publication->arena);
    free(publication);
}

/* What the registry has taken is its own copy; there are thousands of publications. */
static void drop_measures(struct bw_publication *publication)
{
    bw_arena_fini(&publication->arena);
    bw_measures_init(&publication->measures, &publication->arena);
}

struct bw_measures *bw_publication_begin(struct bw_publication *publication)
{
    if (publication->waits)
        forget_waiting(publication); /* older values need not be shown any more */
    drop_measures(publication);
    return &publication->measures;
}

struct bw_measures *bw_publication_reopen(struct bw_publication *publication)
{
    const struct bw_block *block = publication->block;
    if (publication->waits) { /* it is still here */
        forget_waiting(publication);
        return &publication->measures;
    }
    drop_measures(publication);
    for (uint32_t i = 0; block->shape != NULL && i < block->shape->count; i++) {
        const uint32_t at = block->shape->item_of[i];
        const struct bw_shape_item *item = &block->shape->items[at];
        bw_measures_add_part(&publication->measures, (enum bw_family_id)item->family,
                             (enum bw_measure_part)item->part, item->bound, block->values[at],
                             item->labels);
    }
    return &publication->measures;
}

static bool try_show(struct bw_publication *publication, const struct bw_measures *measures,
                     const struct bw_shape *shape)
{
    struct bw_publisher *publisher = publication->publisher;
    if (pthread_rwlock_trywrlock(&publisher->registry_lock) != 0)
        return false;
    bw_registry_set_shaped(publisher->registry, publication->block, measures, shape);
    pthread_rwlock_unlock(&publisher->registry_lock);
    return true;
}

static bool try_set(struct bw_publication *publication)
{
    if (!try_show(publication, &publication->measures, NULL))
        return false;
    drop_measures(publication);
    return true;
}

void bw_publication_commit(struct bw_publication *publication)
{
    struct bw_publisher *publisher = publication->publisher;
    if (try_set(publication))
        return;
    if (publisher->waiting == NULL)
        bw_timer_start(publisher->retry, RETRY_NS, 0);
    publication->waits = true;
    publication->next_waiting = publisher->waiting;
    publisher->waiting = publication;
}

void bw_publication_show(struct bw_publication *publication, const struct bw_measures *measures,
                         const struct bw_shape *shape)
{
    struct bw_measures *own = bw_publication_begin(publication);
    if (try_show(publication, measures, shape))
        return;
    bw_measures_append(own, measures);
    bw_publication_commit(publication);
}

/* Old values must not stay for as long as somebody scrapes without a pause: the wait is for one
 * page, as nobody new comes in meanwhile. */
static void set_all_waiting(struct bw_publisher *publisher)
{
    pthread_rwlock_wrlock(&publisher->registry_lock);
    while (publisher->waiting != NULL) {
        struct bw_publication *publication = publisher->waiting;
        bw_registry_set(publisher->registry, publication->block, &publication->measures);
        forget_waiting(publication);
        drop_measures(publication);
    }
    pthread_rwlock_unlock(&publisher->registry_lock);
}

static void retry_waiting(void *ctx)
{
    struct bw_publisher *publisher = ctx;
    while (publisher->waiting != NULL && try_set(publisher->waiting))
        forget_waiting(publisher->waiting);
    if (publisher->waiting != NULL && ++publisher->retries == RETRIES_MAX)
        set_all_waiting(publisher);
    if (publisher->waiting != NULL)
        bw_timer_start(publisher->retry, RETRY_NS, 0);
    else
        publisher->retries = 0;
}

void bw_publisher_render(struct bw_publisher *publisher, enum bw_exposition format,
                         const struct bw_family_filter *filter, struct bw_buf *out)
{
    __atomic_add_fetch(&publisher->asked, 1, __ATOMIC_RELAXED);
    pthread_rwlock_rdlock(&publisher->registry_lock);
    bw_registry_render(publisher->registry, format, filter, out);
    pthread_rwlock_unlock(&publisher->registry_lock);
}

uint64_t bw_publisher_asked(const struct bw_publisher *publisher)
{
    return __atomic_load_n(&publisher->asked, __ATOMIC_RELAXED);
}

uint64_t bw_publisher_acquired(const struct bw_publisher *publisher)
{
    return __atomic_load_n(&publisher->acquired, __ATOMIC_RELAXED);
}

/* The loop is the only one that changes the registry, so it may look without the lock. */
size_t bw_publisher_series(struct bw_publisher *publisher)
{
    return bw_registry_series(publisher->registry);
}

size_t bw_publisher_hidden(struct bw_publisher *publisher)
{
    return bw_registry_hidden(publisher->registry);
}

/* ---- views ----------------------------------------------------------------------------- */

/* Takes one holder away; unlinks and returns the view when it was the last. */
static struct shown_view *let_go(struct shown_view **at)
{
    struct shown_view *shown = *at;
    if (--shown->holders > 0)
        return NULL;
    *at = shown->next;
    return shown;
}

static void free_shown(struct shown_view *shown)
{
    if (shown == NULL)
        return;
    free_view(shown->view);
    free(shown);
}

void bw_publisher_show(struct bw_publisher *publisher, struct bw_view *view)
{
    struct shown_view *shown = bw_alloc(sizeof *shown);
    shown->view = view;
    shown->holders = 1;
    pthread_mutex_lock(&publisher->view_lock);
    shown->next = publisher->views;
    publisher->views = shown;
    struct shown_view *old = shown->next != NULL ? let_go(&shown->next) : NULL;
    pthread_mutex_unlock(&publisher->view_lock);
    free_shown(old);
}

const struct bw_view *bw_publisher_acquire(struct bw_publisher *publisher)
{
    const struct bw_view *view = NULL;
    __atomic_add_fetch(&publisher->asked, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&publisher->acquired, 1, __ATOMIC_RELAXED);
    pthread_mutex_lock(&publisher->view_lock);
    if (publisher->views != NULL) {
        publisher->views->holders++;
        view = publisher->views->view;
    }
    pthread_mutex_unlock(&publisher->view_lock);
    return view;
}

void bw_publisher_release(struct bw_publisher *publisher, const struct bw_view *view)
{
    if (view == NULL)
        return;
    pthread_mutex_lock(&publisher->view_lock);
    struct shown_view **at = &publisher->views;
    while ((*at)->view != view)
        at = &(*at)->next;
    struct shown_view *last = let_go(at);
    pthread_mutex_unlock(&publisher->view_lock);
    free_shown(last);
}
