// SPDX-License-Identifier: GPL-3.0-or-later
/* What goes on by itself while the daemon runs: views, own metrics, memory given back. */
#include "app/daemon_internal.h"
#include "app/viewing.h"
#include "base/units.h"
#include "io/memory.h"

#include <stdio.h>

/* Own metrics: as shown while somebody looks, as stored. */
enum { SELF_SHOWN_MS = 5000, SELF_STORED_MS = 15000 };
#define REST_FIRST_NS (10 * BW_SECOND)
#define REST_EARLY_NS (20 * BW_SECOND)
#define REST_EVERY_NS (60 * BW_SECOND)
enum { RESTS_EARLY = 3 };

void bw_daemon_publish_view(struct bw_daemon *daemon)
{
    const struct bw_viewing_parts parts = {
        .alerting = daemon->alerting,
        .canary = daemon->canary,
        .trending = daemon->trending,
        .vigil = daemon->vigil,
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
        bw_daemon_publish_view(daemon);
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

void bw_daemon_refresh_self(struct bw_daemon *daemon)
{
    struct bw_core *core = &daemon->core;
    watch_clock(daemon);
    struct bw_measures *measures = bw_publication_begin(daemon->self_publication);
    bw_self_measure_build(measures);
    bw_self_measure_config(&daemon->self, measures);
    bw_self_measure_store(core, measures);
    bw_self_measure_events(core, measures);
    bw_watch_measure(daemon->watch, measures);
    bw_discovery_measure(daemon->discovery, measures);
    bw_probing_measure(daemon->probing, measures);
    bw_pushing_measure(daemon->pushing, measures);
    bw_alerting_measure(daemon->alerting, measures);
    bw_trending_measure(daemon->trending, measures);
    bw_vigil_measure(daemon->vigil, measures);
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
    bw_daemon_refresh_self(ctx);
    arm_self(ctx);
}

static void rest(void *ctx)
{
    const struct bw_daemon *daemon = ctx;
    bw_control_rest(daemon->control);
    bw_memory_rest();
}

/* Starting, a reload, trends, reports and large pages leave memory behind that nothing needs
 * until they come again. Letting it go takes a millisecond or two, which a worker has; should
 * none be free, the next time will do. */
static void on_rest_timer(void *ctx)
{
    struct bw_daemon *daemon = ctx;
    bw_web_rest(daemon->web);
    bw_work_submit(daemon->core.workers, rest, NULL, daemon);
    daemon->rests++;
    bw_timer_start(daemon->rest_timer, daemon->rests < RESTS_EARLY ? REST_EARLY_NS : REST_EVERY_NS,
                   0);
}

void bw_daemon_make_pulse(struct bw_daemon *daemon)
{
    struct bw_core *core = &daemon->core;
    const struct bw_label identity[] = { { "service", "bellwether" }, { "instance", core->node } };
    daemon->self_publication = bw_publication_new(core->publisher, NULL, 0, "exported_");
    daemon->self_source = bw_source_new(core->recorder, identity, 2, 100);
    core->view_timer = bw_timer_new(core->loop, on_view_timer, daemon);
    daemon->self_timer = bw_timer_new(core->loop, on_self_timer, daemon);
    daemon->rest_timer = bw_timer_new(core->loop, on_rest_timer, daemon);
}

void bw_daemon_start_pulse(struct bw_daemon *daemon)
{
    on_self_timer(daemon);
    bw_daemon_publish_view(daemon);
    bw_timer_start(daemon->rest_timer, REST_FIRST_NS, 0);
}

void bw_daemon_stop_pulse(struct bw_daemon *daemon)
{
    bw_timer_stop(daemon->core.view_timer);
    bw_timer_stop(daemon->self_timer);
    bw_timer_stop(daemon->rest_timer);
}

void bw_daemon_free_pulse(struct bw_daemon *daemon)
{
    bw_timer_free(daemon->core.view_timer);
    daemon->core.view_timer = NULL;
    bw_timer_free(daemon->self_timer);
    bw_timer_free(daemon->rest_timer);
    bw_source_free(daemon->self_source);
    bw_publication_free(daemon->self_publication);
}
