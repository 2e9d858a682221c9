// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/daemon.h"

#include "app/daemon_internal.h"
#include "app/log.h"
#include "app/roster_keep.h"
#include "app/validate.h"
#include "base/mem.h"
#include "base/units.h"
#include "io/memory.h"
#include "io/socket.h"
#include "probe/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define WEB_GRACE_NS (3 * BW_SECOND)
enum { FILES_MAX = 65536 };

/* The self-canary has told something: bw_canary_fn. */
static void take_sight(void *ctx, bool changed)
{
    struct bw_daemon *daemon = ctx;
    if (changed && daemon->core.sight.blind) {
        bw_roster_veil(daemon->roster);
        bw_watch_show_veils(daemon->watch);
    }
    if (changed)
        bw_pushing_sight(daemon->pushing);
    bw_watch_told(daemon->watch);
}

/* Somebody wants to know whether we can see: bw_watch_ask_fn. */
static uint64_t ask_canary(void *ctx)
{
    return bw_canary_ask(ctx);
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

static void on_child(void *ctx)
{
    struct bw_daemon *daemon = ctx;
    if (daemon->watch != NULL)
        bw_probe_engine_reap(bw_watch_engine(daemon->watch));
}

static enum bw_rc catch_signals(struct bw_daemon *daemon, struct bw_err *err)
{
    static const struct {
        int number;
        bw_loop_fn *fn;
    } caught[BW_DAEMON_SIGNALS] = {
        { SIGHUP, on_hangup }, { SIGTERM, on_stop }, { SIGINT, on_stop }, { SIGCHLD, on_child }
    };
    static const int ignored[] = { SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM };
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    for (size_t i = 0; i < BW_DAEMON_SIGNALS; i++) {
        daemon->signals[i] =
            bw_signal_new(daemon->core.loop, caught[i].number, caught[i].fn, daemon, err);
        if (daemon->signals[i] == NULL)
            return err->rc;
    }
    return BW_OK;
}

/* ---- starting -------------------------------------------------------------------------- */

static void store_came(void *ctx, struct bw_store *store)
{
    struct bw_daemon *daemon = ctx;
    struct bw_err err;
    daemon->core.store = store;
    bw_recorder_set_store(daemon->core.recorder, store);
    bw_control_set_store(daemon->control, store);
    bw_marking_set_store(daemon->marking, store);
    if (daemon->trending != NULL) /* it came late: begin() could put nothing back */
        bw_storage_restore_ledger(daemon->storage, daemon->trending);
    if (daemon->web != NULL) { /* else it is told when it starts */
        bw_web_set_store(daemon->web, bw_store_path(store));
        if (bw_daemon_add_control(daemon, &err) != BW_OK)
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
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    bw_socket_settle_limit();
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

static struct bw_discovery_places places_of(const struct bw_storage *storage)
{
    return (struct bw_discovery_places){
        .pushed = bw_storage_targets(storage),
        .kept = { bw_storage_lists(storage), bw_storage_name(storage) },
    };
}

/* The hours of checks have begun or ended. */
static void hours_turned(void *ctx)
{
    struct bw_daemon *daemon = ctx;
    bw_pushing_turn(daemon->pushing);
    bw_watch_show_veils(daemon->watch);
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
    daemon->canary = bw_canary_new(core, bw_watch_engine(daemon->watch), take_sight, daemon);
    bw_watch_set_canary(daemon->watch, ask_canary, daemon->canary);
    daemon->probing = bw_probing_new(core, daemon->watch,
                                     (int64_t)(daemon->options->timeout_offset_s * BW_SECOND));
    daemon->pushing = bw_pushing_new(core, daemon->watch);
    daemon->timetable = bw_timetable_new(core, hours_turned, daemon);
    daemon->alerting = bw_alerting_new(core);
    daemon->vigil = bw_vigil_new(core);
    bw_alerting_set_vigil(daemon->alerting, daemon->vigil);
    daemon->trending = bw_trending_new(core);
    bw_trending_set_vigil(daemon->trending, daemon->vigil);
    bw_alerting_set_foresights(daemon->alerting, bw_trending_foresights(daemon->trending));
    daemon->trend_pictures = bw_trend_pictures_new();
    daemon->reporting = bw_reporting_new(core, bw_storage_archive(daemon->storage));
    daemon->compacting = bw_compacting_new(core);
    daemon->rolling = bw_rolling_new(core);
    const struct bw_discovery_places places = places_of(daemon->storage);
    daemon->discovery = bw_discovery_new(core, bw_watch_engine(daemon->watch), &places,
                                         bw_daemon_targets_changed, daemon);
    daemon->pushed = bw_pushed_new(bw_storage_targets(daemon->storage));
    bw_daemon_join_discovery(daemon);
    bw_daemon_make_pulse(daemon);
    return BW_OK;
}

/* The built-in default watches this daemon itself, whose address is known only now. */
static enum bw_rc watch_oneself(struct bw_daemon *daemon, struct bw_err *err)
{
    struct bw_problems problems;
    bw_problems_init(&problems);
    daemon->defaults.self = bw_web_address(daemon->web, 0);
    struct bw_config *config = bw_daemon_load(daemon, &problems);
    bw_problems_fini(&problems);
    if (config == NULL)
        return bw_fail(err, BW_EINVAL, "the built-in configuration cannot be used");
    return bw_daemon_apply(daemon, config, err);
}

/* Targets that were there when the process before this one ended are there from the beginning, so
 * that their checks go on where they stood. Takes `config` and gives it back, or another. */
static struct bw_config *with_earlier_targets(struct bw_daemon *daemon, struct bw_config *config)
{
    const struct bw_discovery_places places = places_of(daemon->storage);
    struct bw_known_targets *known = bw_discovery_recall(&places, config);
    struct bw_problems problems;
    if (known == NULL)
        return config;
    bw_problems_init(&problems);
    struct bw_config *with = bw_config_with_targets_valid(config, known, &problems);
    if (with != NULL) {
        with->known = known; /* whose lists it uses */
        bw_config_free(config);
    } else {
        bw_daemon_log_problems(&problems, BW_LOG_WARN);
        bw_known_targets_free(known);
    }
    bw_problems_fini(&problems);
    return with != NULL ? with : config;
}

static enum bw_rc start(struct bw_daemon *daemon, struct bw_config *config, struct bw_err *err)
{
    enum bw_rc rc = start_core(daemon, err);
    if (rc == BW_OK) {
        daemon->reloader = bw_reloader_new(&daemon->core, daemon->options->config_file,
                                           &daemon->defaults, bw_daemon_take_config, daemon);
        rc = catch_signals(daemon, err);
    }
    if (rc == BW_OK) {
        daemon->core.config = config;
        daemon->control = bw_control_new();
        daemon->marking = bw_marking_new(&daemon->core);
        daemon->storage =
            bw_storage_new(&daemon->core, daemon->options->storage_path, store_came, daemon);
        rc = bw_storage_open(daemon->storage, err);
    }
    if (rc == BW_OK) {
        config = with_earlier_targets(daemon, config);
        daemon->core.config = config;
    }
    if (rc == BW_OK)
        rc = start_parts(daemon, err);
    if (rc != BW_OK) {
        bw_config_free(config);
        return rc;
    }
    bw_storage_restore_alerts(daemon->storage, daemon->alerting);
    rc = bw_daemon_apply(daemon, config, err);
    if (rc != BW_OK) {
        bw_config_free(config);
        return rc;
    }
    bw_daemon_publish_view(daemon);
    rc = bw_daemon_start_web(daemon, err);
    if (rc == BW_OK && daemon->options->config_file == NULL)
        rc = watch_oneself(daemon, err);
    return rc;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* When the process before this one was certainly there last; 0: nobody knows. */
static int64_t last_there_ms(const struct bw_daemon *daemon)
{
    const struct bw_event *newest = bw_core_recent_event(&daemon->core, 0);
    int64_t there_ms = newest != NULL ? newest->ts_ms : 0;
    for (const struct bw_roster_service *service = bw_roster_services(daemon->roster);
         service != NULL; service = service->next) {
        for (const struct bw_roster_instance *instance = service->instances; instance != NULL;
             instance = instance->next) {
            for (const struct bw_roster_check *check = instance->checks; check != NULL;
                 check = check->next)
                there_ms = later(there_ms, check->health.last_result_ms);
        }
    }
    return there_ms;
}

static void begin(struct bw_daemon *daemon)
{
    const struct bw_since now = bw_since_now(daemon->core.started_ms);
    daemon->self.reload_ok = true;
    daemon->self.reload_ok_ms = daemon->core.started_ms;
    bw_storage_restore(daemon->storage, daemon->roster, daemon->hostwatch, daemon->trending,
                       daemon->canary);
    if (daemon->core.sight.blind)
        bw_roster_veil(daemon->roster);
    bw_pushing_restore(daemon->pushing, last_there_ms(daemon));
    bw_pushing_sight(daemon->pushing);
    bw_daemon_log_problems(&daemon->config->warnings, BW_LOG_WARN);
    bw_core_system_event(&daemon->core, "started", "version " BW_VERSION);
    bw_since_look(&daemon->core, &now);
    bw_timetable_start(daemon->timetable, bw_core_now_ms(&daemon->core));
    bw_watch_show(daemon->watch); /* what was stored is known by now */
    bw_canary_start(daemon->canary);
    bw_watch_start(daemon->watch);
    bw_pushing_start(daemon->pushing);
    bw_hostwatch_sample(daemon->hostwatch);
    bw_daemon_start_pulse(daemon);
    __atomic_store_n(&daemon->ready, true, __ATOMIC_RELEASE);
}

/* ---- stopping: in reverse -------------------------------------------------------------- */

static void stop_measuring(struct bw_daemon *daemon)
{
    bw_daemon_stop_pulse(daemon);
    bw_discovery_stop(daemon->discovery);
    bw_compacting_stop(daemon->compacting);
    bw_rolling_stop(daemon->rolling);
    bw_reporting_stop(daemon->reporting);
    bw_trending_stop(daemon->trending);
    bw_vigil_stop(daemon->vigil);
    bw_alerting_stop(daemon->alerting);
    bw_timetable_stop(daemon->timetable);
    bw_hostwatch_stop(daemon->hostwatch);
    bw_canary_stop(daemon->canary);
    bw_probing_stop(daemon->probing);
    bw_pushing_stop(daemon->pushing);
    bw_watch_stop(daemon->watch);
}

static void free_parts(struct bw_daemon *daemon)
{
    bw_daemon_free_pulse(daemon);
    bw_discovery_free(daemon->discovery);
    bw_pushed_free(daemon->pushed);
    bw_compacting_free(daemon->compacting);
    bw_rolling_free(daemon->rolling);
    bw_reporting_free(daemon->reporting);
    bw_trend_pictures_free(daemon->trend_pictures);
    bw_trending_free(daemon->trending);
    bw_vigil_free(daemon->vigil);
    bw_alerting_free(daemon->alerting);
    bw_timetable_free(daemon->timetable);
    bw_hostwatch_free(daemon->hostwatch);
    bw_canary_free(daemon->canary);
    bw_watch_free(daemon->watch);
    bw_roster_free(daemon->roster);
}

static void stop(struct bw_daemon *daemon)
{
    struct bw_core *core = &daemon->core;
    if (daemon->watch != NULL)
        stop_measuring(daemon);
    if (daemon->reloader != NULL)
        bw_reloader_stop(daemon->reloader);
    if (daemon->marking != NULL)
        bw_marking_stop(daemon->marking);
    bw_web_stop(daemon->web, WEB_GRACE_NS);
    bw_work_pool_free(core->workers, BW_WORK_CANCEL);
    if (daemon->roster != NULL && daemon->stopping) {
        bw_roster_save(daemon->roster);
        bw_core_system_event(core, "stopped", "by signal");
    }
    free_parts(daemon);
    bw_control_free(daemon->control);
    bw_storage_free(daemon->storage);
    for (size_t i = 0; i < BW_DAEMON_SIGNALS; i++)
        bw_signal_free(daemon->signals[i]);
    bw_resolver_free(daemon->resolver);
    bw_recorder_free(core->recorder);
    bw_publisher_free(core->publisher);
    bw_core_free_events(core);
    bw_loop_free(core->loop);
    bw_probing_free(daemon->probing);
    bw_marking_free(daemon->marking);
    bw_reloader_free(daemon->reloader);
    bw_pushing_free(daemon->pushing);
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
    struct bw_config *config = bw_daemon_load(daemon, &problems);
    if (config == NULL) {
        bw_daemon_log_problems(&problems, BW_LOG_ERROR);
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
