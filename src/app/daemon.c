// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/daemon.h"

#include "app/alerting.h"
#include "app/canary.h"
#include "app/compacting.h"
#include "app/core.h"
#include "app/hostwatch.h"
#include "app/log.h"
#include "app/reloader.h"
#include "app/reporting.h"
#include "app/rolling.h"
#include "app/roster.h"
#include "app/roster_keep.h"
#include "app/selfmetrics.h"
#include "app/storage.h"
#include "app/trending.h"
#include "app/validate.h"
#include "app/viewing.h"
#include "app/watch.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "io/memory.h"
#include "probe/run.h"
#include "web/web.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Own metrics: as shown while somebody looks, as stored. */
enum { SELF_SHOWN_MS = 5000, SELF_STORED_MS = 15000 };
#define WEB_GRACE_NS (3 * BW_SECOND)
#define REST_FIRST_NS (10 * BW_SECOND)
#define REST_EARLY_NS (20 * BW_SECOND)
#define REST_EVERY_NS (60 * BW_SECOND)
enum { RESTS_EARLY = 3 };
/* Reloads wished for within this time, by hangup or over HTTP, are one: a storm of them must not
 * keep checks from running. */

enum { SIGNALS = 3, FILES_MAX = 65536 };

struct bw_daemon {
    const struct bw_daemon_options *options;
    struct bw_core core;
    struct bw_config *config;
    struct bw_resolver *resolver;
    struct bw_roster *roster;
    struct bw_watch *watch;
    struct bw_canary *canary;
    struct bw_hostwatch *hostwatch;
    struct bw_alerting *alerting;
    struct bw_trending *trending;
    struct bw_reporting *reporting;
    struct bw_compacting *compacting;
    struct bw_rolling *rolling;
    struct bw_storage *storage;
    struct bw_web *web;
    struct bw_timer *self_timer, *rest_timer;
    unsigned rests; /* so often memory was given back */
    uint64_t asked; /* bw_publisher_asked() when own metrics were refreshed last */
    struct bw_reloader *reloader;
    struct bw_config_default defaults;
    struct bw_signal *signals[SIGNALS];
    struct bw_publication *self_publication;
    struct bw_source *self_source;
    struct bw_self self;
    char *config_message;
    char node[256];
    bool stopping;
    bool ready; /* written once before the front end may say so; read by its threads */
};

/* ---- views and own metrics ------------------------------------------------------------- */

static void publish_view(struct bw_daemon *daemon)
{
    const struct bw_viewing_parts parts = {
        .alerting = daemon->alerting,
        .canary = daemon->canary,
        .trending = daemon->trending,
        .external_url = daemon->options->external_url,
        .config_ok = daemon->self.reload_ok,
        .config_message = daemon->config_message,
        .store_message = bw_storage_message(daemon->storage),
    };
    bw_viewing_publish(&daemon->core, daemon->roster, &parts);
}

static void on_view_timer(void *ctx)
{
    struct bw_daemon *daemon = ctx;
    if (daemon->core.view_is_stale)
        publish_view(daemon);
}

static void watch_clock(struct bw_daemon *daemon)
{
    struct bw_core *core = &daemon->core;
    bw_core_now_ms(core);
    if (core->wall.steps == daemon->self.clock_steps)
        return;
    daemon->self.clock_steps = core->wall.steps;
    char cause[96];
    snprintf(cause, sizeof cause, "by %lld ms", (long long)core->wall.last_step_ms);
    bw_core_system_event(core, "clock stepped", cause);
}

static void refresh_self(struct bw_daemon *daemon)
{
    struct bw_core *core = &daemon->core;
    watch_clock(daemon);
    struct bw_measures *measures = bw_publication_begin(daemon->self_publication);
    bw_self_measure_build(measures);
    bw_self_measure_config(&daemon->self, measures);
    bw_self_measure_store(core, measures);
    bw_self_measure_events(core, measures);
    bw_watch_measure(daemon->watch, measures);
    bw_alerting_measure(daemon->alerting, measures);
    bw_trending_measure(daemon->trending, measures);
    bw_web_measure(daemon->web, measures);
    const int64_t now_ms = bw_core_now_ms(core);
    bw_source_put_tick(daemon->self_source, measures, now_ms - now_ms % SELF_STORED_MS);
    bw_publication_commit(daemon->self_publication);
    bw_core_view_aged(core); /* ages on a page go on even when nothing happens */
}

/* Together with what else is due at whole intervals, and as seldom as nobody can tell. */
static void arm_self(struct bw_daemon *daemon)
{
    const uint64_t asked = bw_publisher_asked(daemon->core.publisher);
    const int64_t every_ms = asked != daemon->asked ? SELF_SHOWN_MS : SELF_STORED_MS;
    daemon->asked = asked;
    bw_timer_start(daemon->self_timer,
                   (every_ms - bw_core_now_ms(&daemon->core) % every_ms) * BW_MS, 0);
}

static void on_self_timer(void *ctx)
{
    refresh_self(ctx);
    arm_self(ctx);
}

static void rest(void *ctx)
{
    (void)ctx;
    bw_memory_rest();
}

/* Starting, a reload, trends, reports and large pages leave memory behind that nothing needs
 * until they come again. Letting it go takes a millisecond or two, which a worker has; should
 * none be free, the next time will do. */
static void on_rest_timer(void *ctx)
{
    struct bw_daemon *daemon = ctx;
    bw_web_rest(daemon->web);
    bw_work_submit(daemon->core.workers, rest, NULL, NULL);
    daemon->rests++;
    bw_timer_start(daemon->rest_timer, daemon->rests < RESTS_EARLY ? REST_EARLY_NS : REST_EVERY_NS,
                   0);
}

/* ---- configuration --------------------------------------------------------------------- */

static struct bw_roster *make_roster(struct bw_daemon *daemon, const struct bw_config *config)
{
    struct bw_roster *roster = bw_roster_new(&daemon->core);
    for (size_t i = 0; i < config->service_count; i++)
        bw_roster_add_service(roster, &config->services[i]);
    return roster;
}

/* The self-canary has told something: bw_canary_fn. */
static void take_sight(void *ctx, bool changed)
{
    struct bw_daemon *daemon = ctx;
    if (changed && daemon->core.sight.blind) {
        bw_roster_veil(daemon->roster);
        bw_watch_show_veils(daemon->watch);
    }
    bw_watch_told(daemon->watch);
}

/* Somebody wants to know whether we can see: bw_watch_ask_fn. */
static uint64_t ask_canary(void *ctx)
{
    return bw_canary_ask(ctx);
}

/* Makes a validated configuration the one in force; what the old one knew carries on. */
static enum bw_rc apply(struct bw_daemon *daemon, struct bw_config *config, struct bw_err *err)
{
    struct bw_roster *roster = make_roster(daemon, config), *old = daemon->roster;
    const enum bw_rc rc = bw_watch_apply(daemon->watch, config, roster, err);
    if (rc != BW_OK) {
        bw_roster_free(roster);
        return rc;
    }
    daemon->core.config = config;
    bw_hostwatch_apply(daemon->hostwatch, config, roster);
    if (old != NULL)
        bw_roster_adopt(roster, old);
    daemon->roster = roster;
    /* Before the new one shows anything: two blocks of one identity would hide each other. */
    bw_roster_free(old);
    bw_roster_settle(roster);
    bw_canary_apply(daemon->canary, config, err);
    if (daemon->core.sight.blind)
        bw_roster_veil(roster); /* what is new, too */
    bw_watch_told(daemon->watch);
    if (daemon->ready)
        bw_watch_show(daemon->watch);
    bw_alerting_apply(daemon->alerting, config, roster, err);
    bw_trending_apply(daemon->trending, config, err);
    bw_reporting_apply(daemon->reporting, config);
    bw_config_free(daemon->config);
    daemon->config = config;
    return BW_OK;
}

static void log_problems(struct bw_problems *problems, enum bw_log_level level)
{
    bw_problems_sort(problems);
    for (size_t i = 0; i < problems->count; i++) {
        struct bw_buf line;
        bw_buf_init(&line, 4096);
        bw_problem_print(&problems->items[i], &line);
        bw_log(level, "config", line.data, NULL);
        bw_buf_fini(&line);
    }
    if (problems->total > problems->count)
        bw_logf(level, "config", "and %zu more", problems->total - problems->count);
}

static struct bw_config *load(const struct bw_daemon *daemon, struct bw_problems *problems)
{
    return bw_config_load_valid(daemon->options->config_file, &daemon->defaults, problems);
}

static void set_config_message(struct bw_daemon *daemon, const char *message)
{
    free(daemon->config_message);
    daemon->config_message = bw_strdup(message);
    bw_core_view_changed(&daemon->core);
}

static void reload_succeeded(struct bw_daemon *daemon)
{
    daemon->self.reload_ok = true;
    daemon->self.reload_ok_ms = bw_core_now_ms(&daemon->core);
    daemon->self.reloads_ok++;
    set_config_message(daemon, "");
    log_problems(&daemon->config->warnings, BW_LOG_WARN);
    bw_core_system_event(&daemon->core, "reloaded", "");
}

static void reload_failed(struct bw_daemon *daemon, const char *message)
{
    daemon->self.reload_ok = false;
    daemon->self.reloads_failed++;
    set_config_message(daemon, message);
    bw_core_system_event(&daemon->core, "reload refused",
                         "the configuration has mistakes; the old one runs on");
}

static bool is_same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool are_same_classes(const struct bw_items *a, const struct bw_items *b)
{
    const struct bw_retention_class *x = a->items, *y = b->items;
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        same = memcmp(&x[i].retention, &y[i].retention, sizeof x[i].retention) == 0
               && x[i].match.count == y[i].match.count;
        for (size_t k = 0; same && k < x[i].match.count; k++)
            same = is_same_text(x[i].match.items[k].name, y[i].match.items[k].name)
                   && is_same_text(x[i].match.items[k].value, y[i].match.items[k].value);
    }
    return same;
}

/* The section in which something changed that only a start reads; NULL when there is none. */
static const char *waits_for_restart(const struct bw_config *old, const struct bw_config *now)
{
    const struct bw_storage_opts *a = &old->settings.storage, *b = &now->settings.storage;
    if (!is_same_text(a->path, b->path) || a->commit_interval_ns != b->commit_interval_ns
        || a->max_bytes != b->max_bytes || a->max_series != b->max_series
        || memcmp(&a->retention, &b->retention, sizeof a->retention) != 0
        || !are_same_classes(&a->classes, &b->classes))
        return "storage";
    return old->settings.web.page_size != now->settings.web.page_size ? "web" : NULL;
}

static void say_refusal(struct bw_problems *problems, const struct bw_err *err, char *message,
                        size_t size)
{
    struct bw_buf first;
    bw_buf_init(&first, 4096);
    if (problems->count > 0) {
        bw_problems_sort(problems);
        bw_problem_print(&problems->items[0], &first);
    }
    bw_text_copy(message, size, problems->count > 0 ? first.data : err->text);
    bw_buf_fini(&first);
    log_problems(problems, BW_LOG_ERROR);
}

/* A reload has loaded something, or found mistakes: bw_reloader_take_fn. */
static bool take_config(void *ctx, struct bw_config *config, struct bw_problems *problems,
                        char *message, size_t size)
{
    struct bw_daemon *daemon = ctx;
    struct bw_err err = { .rc = BW_OK };
    const char *waits = config != NULL ? waits_for_restart(daemon->config, config) : NULL;
    bool ok = config != NULL;
    if (ok && (bw_web_reload(daemon->web, &err) != BW_OK || apply(daemon, config, &err) != BW_OK)) {
        bw_config_free(config);
        ok = false;
    }
    if (ok) {
        bw_text_copy(message, size, "reloaded");
        reload_succeeded(daemon);
        if (waits != NULL)
            bw_logf(BW_LOG_WARN, "config", "what changed in '%s' holds from the next start on",
                    waits);
    } else {
        say_refusal(problems, &err, message, size);
        reload_failed(daemon, message);
    }
    refresh_self(daemon);
    publish_view(daemon);
    return ok;
}

/* ---- hooks of the front end: any thread ------------------------------------------------ */

static const struct bw_view *hook_acquire(void *ctx)
{
    return bw_publisher_acquire(((struct bw_daemon *)ctx)->core.publisher);
}

static void hook_release(void *ctx, const struct bw_view *view)
{
    bw_publisher_release(((struct bw_daemon *)ctx)->core.publisher, view);
}

static void hook_metrics(void *ctx, enum bw_exposition format,
                         const struct bw_family_filter *filter, struct bw_buf *out)
{
    bw_publisher_render(((struct bw_daemon *)ctx)->core.publisher, format, filter, out);
}

static bool hook_is_ready(void *ctx, const char **out_why)
{
    struct bw_daemon *daemon = ctx;
    const bool ready = __atomic_load_n(&daemon->ready, __ATOMIC_ACQUIRE);
    if (!ready)
        *out_why = "it has not started yet, or it is about to stop";
    return ready;
}

static void hook_reload(void *ctx, void (*done)(void *reply, bool ok, const char *message),
                        void *reply)
{
    struct bw_daemon *daemon = ctx;
    bw_reloader_wish(daemon->reloader, done, reply);
}

static void hook_say(void *ctx, enum bw_log_level level, const char *message)
{
    (void)ctx;
    bw_log(level, "web", message, NULL);
}

/* ---- signals --------------------------------------------------------------------------- */

static void on_hangup(void *ctx)
{
    struct bw_daemon *daemon = ctx;
    bw_reloader_ask(daemon->reloader);
}

static void on_stop(void *ctx)
{
    struct bw_daemon *daemon = ctx;
    if (daemon->stopping)
        return;
    daemon->stopping = true;
    __atomic_store_n(&daemon->ready, false, __ATOMIC_RELEASE);
    bw_loop_stop(daemon->core.loop);
}

static enum bw_rc catch_signals(struct bw_daemon *daemon, struct bw_err *err)
{
    static const struct {
        int number;
        bw_loop_fn *fn;
    } caught[SIGNALS] = { { SIGHUP, on_hangup }, { SIGTERM, on_stop }, { SIGINT, on_stop } };
    static const int ignored[] = { SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM };
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    for (size_t i = 0; i < SIGNALS; i++) {
        daemon->signals[i] =
            bw_signal_new(daemon->core.loop, caught[i].number, caught[i].fn, daemon, err);
        if (daemon->signals[i] == NULL)
            return err->rc;
    }
    return BW_OK;
}

/* ---- starting -------------------------------------------------------------------------- */

static enum bw_rc add_control(struct bw_daemon *daemon, struct bw_err *err)
{
    const int control = bw_storage_control(daemon->storage);
    return control >= 0 ? bw_web_add_control(daemon->web, control, err) : BW_OK;
}

static void store_came(void *ctx, struct bw_store *store)
{
    struct bw_daemon *daemon = ctx;
    struct bw_err err;
    daemon->core.store = store;
    bw_recorder_set_store(daemon->core.recorder, store);
    if (daemon->web != NULL) { /* else it is told when it starts */
        bw_web_set_store(daemon->web, bw_store_path(store));
        if (add_control(daemon, &err) != BW_OK)
            bw_log(BW_LOG_WARN, "web", err.text, NULL);
    }
    bw_core_view_changed(&daemon->core);
}

/* Every connection and every run of a check needs a descriptor. The soft limit is low for the
 * sake of programs that use select(), which we do not. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    const rlim_t wanted = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
    if (limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static enum bw_rc start_core(struct bw_daemon *daemon, struct bw_err *err)
{
    struct bw_core *core = &daemon->core;
    raise_file_limit();
    if (gethostname(daemon->node, sizeof daemon->node - 1) != 0 || daemon->node[0] == '\0')
        snprintf(daemon->node, sizeof daemon->node, "localhost");
    core->node = daemon->node;
    core->loop = bw_loop_new();
    core->started_ms = bw_core_now_ms(core);
    core->publisher = bw_publisher_new(core->loop);
    core->recorder = bw_recorder_new(core->started_ms, bw_publisher_shapes(core->publisher));
    core->workers =
        bw_work_pool_new(core->loop, BW_WORK_THREADS_DEFAULT, BW_WORK_QUEUE_DEFAULT, err);
    daemon->resolver = bw_resolver_new(core->loop, NULL, err);
    return core->workers != NULL && daemon->resolver != NULL ? BW_OK : err->rc;
}

static enum bw_rc start_parts(struct bw_daemon *daemon, struct bw_err *err)
{
    struct bw_core *core = &daemon->core;
    daemon->hostwatch = bw_hostwatch_new(core, err);
    if (daemon->hostwatch == NULL)
        return err->rc;
    daemon->watch = bw_watch_new(core, daemon->resolver, err);
    if (daemon->watch == NULL)
        return err->rc;
    const struct bw_label identity[] = { { "service", "bellwether" }, { "instance", core->node } };
    daemon->canary = bw_canary_new(core, bw_watch_engine(daemon->watch), take_sight, daemon);
    bw_watch_set_canary(daemon->watch, ask_canary, daemon->canary);
    daemon->alerting = bw_alerting_new(core);
    daemon->trending = bw_trending_new(core);
    daemon->reporting = bw_reporting_new(core, bw_storage_archive(daemon->storage));
    daemon->compacting = bw_compacting_new(core);
    daemon->rolling = bw_rolling_new(core);
    daemon->self_publication = bw_publication_new(core->publisher, NULL, 0, "exported_");
    daemon->self_source = bw_source_new(core->recorder, identity, 2, 100);
    core->view_timer = bw_timer_new(core->loop, on_view_timer, daemon);
    daemon->self_timer = bw_timer_new(core->loop, on_self_timer, daemon);
    daemon->rest_timer = bw_timer_new(core->loop, on_rest_timer, daemon);
    return BW_OK;
}

static enum bw_rc start_web(struct bw_daemon *daemon, struct bw_err *err)
{
    static const char *const by_default[] = { "127.0.0.1:10190" };
    const struct bw_daemon_options *in = daemon->options;
    const struct bw_web_options options = {
        .listen = in->listen.count > 0 ? in->listen : (struct bw_strings){ by_default, 1 },
        .external_url = in->external_url,
        .route_prefix = in->route_prefix,
        .security_file = in->web_config_file,
        .store = daemon->core.store != NULL ? bw_store_path(daemon->core.store) : NULL,
        .archive = bw_reporting_folder(daemon->reporting),
        .template_folder = in->template_folder,
        .page_size = daemon->core.config->settings.web.page_size,
    };
    const struct bw_web_hooks hooks = { .ctx = daemon,
                                        .view_acquire = hook_acquire,
                                        .view_release = hook_release,
                                        .metrics = hook_metrics,
                                        .is_ready = hook_is_ready,
                                        .reload = hook_reload,
                                        .say = hook_say };
    const enum bw_rc rc = bw_web_start(&options, &hooks, daemon->core.workers, &daemon->web, err);
    if (rc != BW_OK)
        return rc;
    for (size_t i = 0; bw_web_address(daemon->web, i) != NULL; i++)
        bw_logf(BW_LOG_INFO, "web", "listening on http://%s/", bw_web_address(daemon->web, i));
    return add_control(daemon, err);
}

/* The built-in default watches this daemon itself, whose address is known only now. */
static enum bw_rc watch_oneself(struct bw_daemon *daemon, struct bw_err *err)
{
    struct bw_problems problems;
    bw_problems_init(&problems);
    daemon->defaults.self = bw_web_address(daemon->web, 0);
    struct bw_config *config = load(daemon, &problems);
    bw_problems_fini(&problems);
    if (config == NULL)
        return bw_fail(err, BW_EINVAL, "the built-in configuration cannot be used");
    return apply(daemon, config, err);
}

static enum bw_rc start(struct bw_daemon *daemon, struct bw_config *config, struct bw_err *err)
{
    enum bw_rc rc = start_core(daemon, err);
    if (rc == BW_OK) {
        daemon->reloader = bw_reloader_new(&daemon->core, daemon->options->config_file,
                                           &daemon->defaults, take_config, daemon);
        rc = catch_signals(daemon, err);
    }
    if (rc == BW_OK) {
        daemon->core.config = config;
        daemon->storage =
            bw_storage_new(&daemon->core, daemon->options->storage_path, store_came, daemon);
        rc = bw_storage_open(daemon->storage, err);
    }
    if (rc == BW_OK)
        rc = start_parts(daemon, err);
    if (rc != BW_OK) {
        bw_config_free(config);
        return rc;
    }
    bw_storage_restore_alerts(daemon->storage, daemon->alerting);
    rc = apply(daemon, config, err);
    if (rc != BW_OK) {
        bw_config_free(config);
        return rc;
    }
    publish_view(daemon);
    rc = start_web(daemon, err);
    if (rc == BW_OK && daemon->options->config_file == NULL)
        rc = watch_oneself(daemon, err);
    return rc;
}

static void begin(struct bw_daemon *daemon)
{
    daemon->self.reload_ok = true;
    daemon->self.reload_ok_ms = daemon->core.started_ms;
    bw_storage_restore(daemon->storage, daemon->roster, daemon->trending, daemon->canary);
    if (daemon->core.sight.blind)
        bw_roster_veil(daemon->roster);
    log_problems(&daemon->config->warnings, BW_LOG_WARN);
    bw_core_system_event(&daemon->core, "started", "version " BW_VERSION);
    bw_watch_show(daemon->watch); /* what was stored is known by now */
    bw_canary_start(daemon->canary);
    bw_watch_start(daemon->watch);
    bw_hostwatch_sample(daemon->hostwatch);
    on_self_timer(daemon);
    publish_view(daemon);
    bw_timer_start(daemon->rest_timer, REST_FIRST_NS, 0);
    __atomic_store_n(&daemon->ready, true, __ATOMIC_RELEASE);
}

/* ---- stopping: in reverse -------------------------------------------------------------- */

static void stop_measuring(struct bw_daemon *daemon)
{
    bw_timer_stop(daemon->core.view_timer);
    bw_timer_stop(daemon->self_timer);
    bw_timer_stop(daemon->rest_timer);
    bw_compacting_stop(daemon->compacting);
    bw_rolling_stop(daemon->rolling);
    bw_reporting_stop(daemon->reporting);
    bw_trending_stop(daemon->trending);
    bw_alerting_stop(daemon->alerting);
    bw_hostwatch_stop(daemon->hostwatch);
    bw_canary_stop(daemon->canary);
    bw_watch_stop(daemon->watch);
}

static void free_parts(struct bw_daemon *daemon)
{
    bw_timer_free(daemon->core.view_timer);
    daemon->core.view_timer = NULL;
    bw_timer_free(daemon->self_timer);
    bw_timer_free(daemon->rest_timer);
    bw_compacting_free(daemon->compacting);
    bw_rolling_free(daemon->rolling);
    bw_reporting_free(daemon->reporting);
    bw_trending_free(daemon->trending);
    bw_alerting_free(daemon->alerting);
    bw_hostwatch_free(daemon->hostwatch);
    bw_canary_free(daemon->canary);
    bw_watch_free(daemon->watch);
    bw_roster_free(daemon->roster);
    bw_source_free(daemon->self_source);
    bw_publication_free(daemon->self_publication);
}

static void stop(struct bw_daemon *daemon)
{
    struct bw_core *core = &daemon->core;
    if (daemon->watch != NULL)
        stop_measuring(daemon);
    if (daemon->reloader != NULL)
        bw_reloader_stop(daemon->reloader);
    bw_web_stop(daemon->web, WEB_GRACE_NS);
    bw_work_pool_free(core->workers, BW_WORK_CANCEL);
    if (daemon->roster != NULL && daemon->stopping) {
        bw_roster_save(daemon->roster);
        bw_core_system_event(core, "stopped", "by signal");
    }
    free_parts(daemon);
    bw_storage_free(daemon->storage);
    for (size_t i = 0; i < SIGNALS; i++)
        bw_signal_free(daemon->signals[i]);
    bw_resolver_free(daemon->resolver);
    bw_recorder_free(core->recorder);
    bw_publisher_free(core->publisher);
    bw_core_free_events(core);
    bw_loop_free(core->loop);
    bw_reloader_free(daemon->reloader);
    bw_config_free(daemon->config);
    free(daemon->config_message);
}

int bw_daemon_run(const struct bw_daemon_options *options)
{
    bw_memory_settle();
    struct bw_daemon *daemon = bw_alloc(sizeof *daemon);
    struct bw_problems problems;
    struct bw_err err = { .rc = BW_OK };
    int code = 1;
    daemon->options = options;
    daemon->defaults.icmp = bw_probe_icmp_works();
    bw_problems_init(&problems);
    struct bw_config *config = load(daemon, &problems);
    if (config == NULL) {
        log_problems(&problems, BW_LOG_ERROR);
        bw_log(BW_LOG_ERROR, "daemon", "nothing was started: mend the configuration first", NULL);
        bw_problems_fini(&problems);
        free(daemon);
        return code;
    }
    bw_problems_fini(&problems);
    if (start(daemon, config, &err) == BW_OK) {
        begin(daemon);
        bw_loop_run(daemon->core.loop);
        code = 0;
    } else {
        bw_log(BW_LOG_ERROR, "daemon", err.text, NULL);
    }
    stop(daemon);
    free(daemon);
    return code;
}
