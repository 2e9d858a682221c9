// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/discovery.h"

#include "app/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "discover/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 2, QUEUE_MAX = 1024 };

/* When too many questions wait already. */
#define SOON_NS BW_SECOND

/* One source. */
struct feed {
    struct bw_discovery *discovery;
    struct bw_arena arena; /* name and spec */
    const char *name;
    struct bw_discovery_spec spec;
    uint64_t definition;
    struct bw_http_get *get; /* of kind http; NULL: `misfit` says why not */
    struct bw_err misfit;
    struct bw_arena list_arena;
    struct bw_target_list list; /* the last good one */
    struct bw_timer *timer;
    bool getting;     /* an answer over HTTP is waited for */
    bool busy;        /* a worker asks */
    bool again;       /* asked for meanwhile */
    bool configured;  /* else it goes when the worker is done */
    bool kept;        /* the list, for the next start */
    char said[240];   /* why it failed last; "" when it did not */
    char unkept[240]; /* the same of keeping it */
    uint64_t failures;
    int64_t good_ms; /* when it answered last */
    struct feed *next;
};

struct bw_discovery {
    struct bw_core *core;
    struct bw_probe_engine *engine;
    struct bw_discovery_places places;
    bw_loop_fn *changed;
    void *ctx;
    struct bw_work_pool *pool; /* NULL while there are no sources */
    struct bw_folder_watch *watch;
    struct feed *feeds; /* in the order of configuration */
    bool stop;          /* read by workers */
};

struct bw_discovery *bw_discovery_new(struct bw_core *core, struct bw_probe_engine *engine,
                                      const struct bw_discovery_places *places, bw_loop_fn *changed,
                                      void *ctx)
{
    struct bw_discovery *discovery = bw_alloc(sizeof *discovery);
    discovery->core = core;
    discovery->engine = engine;
    discovery->places = *places;
    discovery->changed = changed;
    discovery->ctx = ctx;
    return discovery;
}

static void free_feed(struct feed *feed)
{
    bw_timer_free(feed->timer);
    bw_http_get_free(feed->get);
    bw_arena_fini(&feed->list_arena);
    bw_arena_fini(&feed->arena);
    free(feed);
}

/* ---- lists ----------------------------------------------------------------------------- */

static struct bw_target_list copy_list(struct bw_arena *arena, const struct bw_target_list *list)
{
    struct bw_target_list copy = { 0 };
    for (size_t i = 0; i < list->count; i++)
        bw_target_list_add(arena, &copy, list->items[i].items, list->items[i].count, NULL);
    return copy;
}

struct bw_known_targets *bw_discovery_known(const struct bw_discovery *discovery)
{
    struct bw_known_targets *known = bw_alloc(sizeof *known);
    size_t count = 0;
    for (const struct feed *feed = discovery->feeds; feed != NULL; feed = feed->next)
        count++;
    known->items = bw_arena_array(&known->arena, count, sizeof *known->items);
    for (const struct feed *feed = discovery->feeds; feed != NULL; feed = feed->next) {
        struct bw_known_source *out = &known->items[known->count++];
        out->name = bw_arena_strdup(&known->arena, feed->name);
        out->list = copy_list(&known->arena, &feed->list);
    }
    return known;
}

/* ---- asking ---------------------------------------------------------------------------- */

/* Goes to the worker and back; the feed is not touched there. */
struct errand {
    struct feed *feed;
    const bool *stop;
    struct bw_arena arena, list_arena;
    struct bw_discovery_spec spec;
    struct bw_target_list old, list;
    enum bw_rc rc;
    struct bw_err err;
    struct bw_kept_lists kept;
    const char *name;
    bool keep; /* written down if it is good; after that: it has been */
    struct bw_err unkept;
};

static void ask(struct feed *feed);

/* What was registered is written down already; nothing of a list that is cut short by our end. */
static void keep(struct errand *errand)
{
    const bool wanted = errand->spec.kind != BW_DISCOVERY_PUSH
                        && !__atomic_load_n(errand->stop, __ATOMIC_ACQUIRE)
                        && ((errand->rc == BW_OK && errand->keep)
                            || !bw_target_list_equals(&errand->old, &errand->list));
    errand->keep =
        wanted
        && bw_kept_list_write(&errand->kept, errand->name, &errand->list, &errand->unkept) == BW_OK;
}

static void run(void *ctx)
{
    struct errand *errand = ctx;
    errand->rc = bw_discovery_ask(&errand->spec, &errand->old, errand->stop, &errand->list_arena,
                                  &errand->list, &errand->err);
    keep(errand);
}

/* The same failure again is not said again. */
static void note(struct feed *feed, const struct errand *errand)
{
    const struct bw_log_field fields[] = { { "source", feed->name },
                                           { "cause", errand->err.text },
                                           { NULL, NULL } };
    if (errand->rc == BW_OK) {
        feed->good_ms = bw_core_now_ms(feed->discovery->core);
        if (feed->said[0] != '\0')
            bw_log(BW_LOG_INFO, "discovery", "a source is well again", fields);
        feed->said[0] = '\0';
        return;
    }
    feed->failures++;
    if (strcmp(feed->said, errand->err.text) != 0)
        bw_log(BW_LOG_WARN, "discovery", "a source failed: its last good list stays", fields);
    bw_text_copy(feed->said, sizeof feed->said, errand->err.text);
}

static void note_keeping(struct feed *feed, const struct errand *errand)
{
    const char *why = errand->unkept.text;
    feed->kept = errand->keep || (feed->kept && why[0] == '\0');
    if (why[0] != '\0' && strcmp(feed->unkept, why) != 0) {
        const struct bw_log_field fields[] = { { "source", feed->name },
                                               { "cause", why },
                                               { NULL, NULL } };
        bw_log(BW_LOG_WARN, "discovery", "a list is not kept for the next start", fields);
    }
    if (why[0] != '\0' || errand->keep)
        bw_text_copy(feed->unkept, sizeof feed->unkept, why);
}

static void take(struct feed *feed, struct errand *errand)
{
    struct bw_discovery *discovery = feed->discovery;
    const bool changed = !bw_target_list_equals(&feed->list, &errand->list);
    note(feed, errand);
    note_keeping(feed, errand);
    if (!changed)
        return;
    bw_arena_fini(&feed->list_arena);
    feed->list_arena = errand->list_arena;
    feed->list = errand->list;
    bw_arena_init(&errand->list_arena);
    discovery->changed(discovery->ctx);
}

static void done(void *ctx, bool ran)
{
    struct errand *errand = ctx;
    struct feed *feed = errand->feed;
    const bool wanted = feed->configured && !feed->discovery->stop;
    feed->busy = false;
    if (wanted && ran) {
        take(feed, errand);
        if (feed->again)
            ask(feed);
        else
            bw_timer_start(feed->timer, feed->spec.refresh_ns, 0);
    }
    if (!feed->configured)
        free_feed(feed);
    bw_arena_fini(&errand->arena);
    bw_arena_fini(&errand->list_arena);
    free(errand);
}

static bool is_of_files(const struct feed *feed)
{
    return feed->spec.kind == BW_DISCOVERY_FILE || feed->spec.kind == BW_DISCOVERY_PUSH;
}

static void watch_folders(struct feed *feed)
{
    if (!is_of_files(feed) || feed->discovery->watch == NULL)
        return;
    for (size_t i = 0; i < feed->spec.from.count; i++)
        bw_folder_watch_add(feed->discovery->watch, feed->spec.folder, feed->spec.from.items[i]);
}

static const struct bw_discovery_answer *copy_answer(struct bw_arena *arena,
                                                     const struct bw_http_got *got)
{
    struct bw_discovery_answer *answer = bw_arena_alloc(arena, sizeof *answer);
    answer->fault = bw_arena_strdup(arena, got->fault);
    answer->status = got->status;
    answer->type = bw_arena_strdup(arena, got->type);
    answer->body = bw_arena_strndup(arena, got->body != NULL ? got->body : "", got->len);
    answer->len = got->len;
    return answer;
}

/* Hands the question to a worker; `got` is what a URL has answered, else NULL. */
static void submit(struct feed *feed, const struct bw_http_got *got)
{
    struct bw_discovery *discovery = feed->discovery;
    struct errand *errand = bw_alloc(sizeof *errand);
    errand->feed = feed;
    errand->stop = &discovery->stop;
    errand->spec = bw_discovery_spec_copy(&errand->arena, &feed->spec);
    if (got != NULL)
        errand->spec.answer = copy_answer(&errand->arena, got);
    errand->old = copy_list(&errand->arena, &feed->list);
    errand->kept = discovery->places.kept;
    errand->name = bw_arena_strdup(&errand->arena, feed->name);
    errand->keep = !feed->kept;
    feed->busy = bw_work_submit(discovery->pool, run, done, errand);
    if (!feed->busy) {
        bw_arena_fini(&errand->arena);
        free(errand);
        bw_timer_start(feed->timer, SOON_NS, 0);
    }
}

static void on_got(void *ctx, const struct bw_http_got *got)
{
    struct feed *feed = ctx;
    feed->getting = false;
    submit(feed, got);
}

static void ask(struct feed *feed)
{
    struct bw_discovery *discovery = feed->discovery;
    feed->again = feed->busy;
    if (feed->busy || feed->getting || discovery->stop)
        return;
    watch_folders(feed); /* before it is read: what comes in between is not missed */
    feed->getting = feed->get != NULL;
    if (feed->getting)
        bw_http_get_start(feed->get, discovery->engine, feed->spec.timeout_ns, on_got, feed);
    else if (feed->spec.kind == BW_DISCOVERY_HTTP)
        submit(feed, &(struct bw_http_got){ .fault = feed->misfit.text });
    else
        submit(feed, NULL);
}

static void on_timer(void *ctx)
{
    ask(ctx);
}

static void on_folders(void *ctx)
{
    const struct bw_discovery *discovery = ctx;
    for (struct feed *feed = discovery->feeds; feed != NULL; feed = feed->next) {
        if (is_of_files(feed))
            ask(feed);
    }
}

/* ---- which sources there are ----------------------------------------------------------- */

static struct feed *take_out(struct feed **from, const char *name)
{
    for (struct feed **link = from; *link != NULL; link = &(*link)->next) {
        struct feed *feed = *link;
        if (strcmp(feed->name, name) != 0)
            continue;
        *link = feed->next;
        feed->next = NULL;
        return feed;
    }
    return NULL;
}

static struct bw_discovery_spec spec_of(struct bw_arena *arena,
                                        const struct bw_discovery_places *places,
                                        const struct bw_config_source *source)
{
    struct bw_discovery_spec spec = source->spec;
    if (spec.kind == BW_DISCOVERY_PUSH)
        spec.folder = places->pushed;
    return bw_discovery_spec_copy(arena, &spec);
}

struct bw_http_get *bw_discovery_client(const struct bw_config_source *source, const char *folder,
                                        struct bw_err *err)
{
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%lld", (long long)(source->spec.refresh_ns / BW_SECOND));
    const struct bw_pair headers[] = { { "Accept", "application/json" },
                                       { "X-Prometheus-Refresh-Interval-Seconds", seconds } };
    const struct bw_pairs all = { headers, sizeof headers / sizeof *headers };
    return bw_http_get_new(source->spec.from.items[0], source->client, all, BW_CONF_FILE_BYTES_MAX,
                           folder, err);
}

/* Its list stays; how it is asked may have changed. Tokens that it has go on. True when it has. */
static bool renew(struct feed *feed, const struct bw_config_source *source)
{
    struct bw_arena old = feed->arena;
    const bool same = feed->name != NULL && feed->definition == source->definition;
    bw_arena_init(&feed->arena);
    feed->name = bw_arena_strdup(&feed->arena, source->name);
    feed->spec = spec_of(&feed->arena, &feed->discovery->places, source);
    feed->definition = source->definition;
    bw_arena_fini(&old);
    if (same && (feed->get != NULL || feed->spec.kind != BW_DISCOVERY_HTTP))
        return false;
    bw_http_get_free(feed->get);
    feed->get = NULL;
    feed->getting = false;
    if (feed->spec.kind == BW_DISCOVERY_HTTP)
        feed->get = bw_discovery_client(source, feed->spec.folder, &feed->misfit);
    return true;
}

static struct feed *make_feed(struct bw_discovery *discovery, const struct bw_config_source *source)
{
    struct feed *feed = bw_alloc(sizeof *feed);
    feed->discovery = discovery;
    feed->configured = true;
    renew(feed, source);
    feed->list = copy_list(&feed->list_arena, &source->list);
    feed->timer = bw_timer_new(discovery->core->loop, on_timer, feed);
    return feed;
}

static enum bw_rc make_ready(struct bw_discovery *discovery, struct bw_err *err)
{
    if (discovery->pool != NULL)
        return BW_OK;
    discovery->pool = bw_work_pool_new(discovery->core->loop, THREADS, QUEUE_MAX, err);
    if (discovery->pool == NULL)
        return err->rc;
    struct bw_err why;
    discovery->watch = bw_folder_watch_new(discovery->core->loop, on_folders, discovery, &why);
    if (discovery->watch == NULL)
        bw_logf(BW_LOG_WARN, "discovery", "%s: files are read each refresh_interval only",
                why.text);
    return BW_OK;
}

static void forget(struct feed *feeds)
{
    for (struct feed *next; feeds != NULL; feeds = next) {
        next = feeds->next;
        feeds->configured = false;
        if (!feeds->busy)
            free_feed(feeds);
    }
}

enum bw_rc bw_discovery_apply(struct bw_discovery *discovery, const struct bw_config *config,
                              struct bw_err *err)
{
    struct feed *old = discovery->feeds, **link = &discovery->feeds;
    if (config->source_count > 0 && make_ready(discovery, err) != BW_OK)
        return err->rc;
    discovery->feeds = NULL;
    for (size_t i = 0; i < config->source_count; i++) {
        const struct bw_config_source *source = &config->sources[i];
        struct feed *feed = NULL;
        for (feed = discovery->feeds; feed != NULL && strcmp(feed->name, source->name) != 0;)
            feed = feed->next;
        if (feed != NULL)
            continue; /* two that ask the same */
        feed = take_out(&old, source->name);
        bool fresh = feed == NULL;
        if (feed == NULL)
            feed = make_feed(discovery, source);
        else
            fresh = renew(feed, source);
        *link = feed;
        link = &feed->next;
        if (fresh)
            ask(feed);
    }
    forget(old);
    return BW_OK;
}

/* ---- a start --------------------------------------------------------------------------- */

static struct bw_target_list recall(const struct bw_discovery_places *places,
                                    const struct bw_config_source *source, struct bw_arena *arena)
{
    static const bool never;
    struct bw_target_list kept = { 0 }, now = { 0 };
    struct bw_err err;
    const enum bw_rc rc = bw_kept_list_read(&places->kept, source->name, arena, &kept, &err);
    if (rc != BW_OK && rc != BW_ENOTFOUND)
        bw_logf(BW_LOG_WARN, "discovery", "a kept list is damaged, and is forgotten: %s", err.text);
    if (source->spec.kind != BW_DISCOVERY_FILE && source->spec.kind != BW_DISCOVERY_PUSH)
        return kept;
    const struct bw_discovery_spec spec = spec_of(arena, places, source);
    bw_discovery_ask(&spec, &kept, &never, arena, &now, NULL); /* asked again soon, and said then */
    return now;
}

struct bw_known_targets *bw_discovery_recall(const struct bw_discovery_places *places,
                                             const struct bw_config *config)
{
    struct bw_known_targets *known = bw_alloc(sizeof *known);
    const char **names = bw_arena_array(&known->arena, config->source_count, sizeof *names);
    known->items = bw_arena_array(&known->arena, config->source_count, sizeof *known->items);
    for (size_t i = 0; i < config->source_count; i++) {
        names[i] = bw_arena_strdup(&known->arena, config->sources[i].name);
        known->items[known->count++] =
            (struct bw_known_source){ names[i],
                                      recall(places, &config->sources[i], &known->arena) };
    }
    bw_kept_lists_sweep(&places->kept, names, config->source_count);
    if (config->source_count > 0)
        return known;
    bw_known_targets_free(known);
    return NULL;
}

/* ---- the end --------------------------------------------------------------------------- */

void bw_discovery_stop(struct bw_discovery *discovery)
{
    __atomic_store_n(&discovery->stop, true, __ATOMIC_RELEASE);
    for (struct feed *feed = discovery->feeds; feed != NULL; feed = feed->next) {
        bw_timer_stop(feed->timer);
        bw_http_get_free(feed->get);
        feed->get = NULL;
        feed->getting = false;
    }
    bw_folder_watch_free(discovery->watch);
    discovery->watch = NULL;
    bw_work_pool_free(discovery->pool, BW_WORK_CANCEL);
    discovery->pool = NULL;
}

void bw_discovery_free(struct bw_discovery *discovery)
{
    if (discovery == NULL)
        return;
    bw_discovery_stop(discovery);
    forget(discovery->feeds);
    free(discovery);
}

/* ---- what is told ---------------------------------------------------------------------- */

/* So many targets are told one by one. */
enum { TOLD_MAX = 50 };

static void tell_one(struct bw_core *core, const struct bw_config_target *target, const char *name)
{
    struct bw_buf cause;
    bw_buf_init(&cause, 4096);
    bw_buf_printf(&cause, "%s, from ", target->address);
    bw_buf_text(&cause, target->source);
    if (target->labels.count > 0) {
        bw_buf_text(&cause, ": ");
        bw_series_text(&cause, "", target->labels);
    }
    bw_core_event(core, &(struct bw_event){ .ts_ms = bw_core_now_ms(core),
                                            .kind = BW_EVENT_MARKER,
                                            .subject = { target->service, target->instance, "" },
                                            .name = name,
                                            .cause = cause.data });
    bw_buf_fini(&cause);
}

static int compare(const struct bw_config_target *a, const struct bw_config_target *b)
{
    const int order = strcmp(a->service, b->service);
    return order != 0 ? order : strcmp(a->instance, b->instance);
}

/* Those of `a` that `b` has not; both are sorted. */
static void tell_missing(struct bw_core *core, const struct bw_config *a, const struct bw_config *b,
                         const char *name)
{
    size_t k = 0, told = 0;
    for (size_t i = 0; i < a->target_count; i++) {
        const struct bw_config_target *target = &a->targets[i];
        while (k < b->target_count && compare(&b->targets[k], target) < 0)
            k++;
        const bool there = k < b->target_count && compare(&b->targets[k], target) == 0;
        if (!there && ++told <= TOLD_MAX)
            tell_one(core, target, name);
    }
    if (told > TOLD_MAX) {
        char more[64];
        snprintf(more, sizeof more, "%zu more: %s", told - TOLD_MAX, name);
        bw_core_system_event(core, "targets changed", more);
    }
}

void bw_discovery_tell(struct bw_core *core, const struct bw_config *old,
                       const struct bw_config *now)
{
    tell_missing(core, old, now, BW_EVENT_TARGET_GONE);
    tell_missing(core, now, old, BW_EVENT_TARGET_FOUND);
}

/* ---- metrics --------------------------------------------------------------------------- */

void bw_discovery_measure(const struct bw_discovery *discovery, struct bw_measures *out)
{
    for (const struct feed *feed = discovery->feeds; feed != NULL; feed = feed->next) {
        bw_measures_add(out, BW_METRIC_DISCOVERY_TARGETS, (double)feed->list.count,
                        BW_LABEL_VALUES(feed->name));
        bw_measures_add(out, BW_METRIC_DISCOVERY_FAILURES_TOTAL, (double)feed->failures,
                        BW_LABEL_VALUES(feed->name));
        bw_measures_add(out, BW_METRIC_DISCOVERY_LAST_SUCCESS_TIMESTAMP_SECONDS,
                        (double)feed->good_ms / 1000, BW_LABEL_VALUES(feed->name));
    }
}
