// SPDX-License-Identifier: GPL-3.0-or-later
/* The configuration in force: the first one, and every one that a reload brings. */
#include "app/config_change.h"
#include "app/daemon_internal.h"
#include "app/log.h"
#include "app/roster_keep.h"
#include "app/validate.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static struct bw_roster *make_roster(struct bw_daemon *daemon, const struct bw_config *config)
{
    struct bw_roster *roster = bw_roster_new(&daemon->core);
    for (size_t i = 0; i < config->service_count; i++)
        bw_roster_add_service(roster, &config->services[i]);
    return roster;
}

enum bw_rc bw_daemon_apply(struct bw_daemon *daemon, struct bw_config *config, struct bw_err *err)
{
    struct bw_roster *roster = make_roster(daemon, config), *old = daemon->roster;
    const enum bw_rc rc = bw_watch_apply(daemon->watch, config, roster, err);
    if (rc != BW_OK) {
        bw_roster_free(roster);
        return rc;
    }
    daemon->core.config = config;
    bw_pushing_apply(daemon->pushing, config);
    bw_hostwatch_apply(daemon->hostwatch, config, roster);
    if (old != NULL)
        bw_roster_adopt(roster, old);
    daemon->roster = roster;
    bw_vigil_set_roster(daemon->vigil, roster);
    /* Before the new one shows anything: two blocks of one identity would hide each other. */
    bw_roster_free(old);
    bw_timetable_apply(daemon->timetable, config, roster, bw_core_now_ms(&daemon->core));
    bw_roster_settle(roster);
    bw_pushing_turn(daemon->pushing);
    bw_canary_apply(daemon->canary, config, err);
    bw_probing_apply(daemon->probing, config);
    if (daemon->core.sight.blind)
        bw_roster_veil(roster); /* what is new, too */
    bw_watch_told(daemon->watch);
    if (daemon->ready)
        bw_watch_show(daemon->watch);
    bw_alerting_apply(daemon->alerting, config, roster, err);
    bw_trending_apply(daemon->trending, config, err);
    bw_vigil_apply(daemon->vigil, config, err);
    bw_trend_pictures_apply(daemon->trend_pictures, config, err);
    bw_reporting_apply(daemon->reporting, config);
    bw_discovery_apply(daemon->discovery, config, err);
    bw_pushed_apply(daemon->pushed, config);
    bw_marking_apply(daemon->marking, config);
    if (daemon->config != NULL)
        bw_discovery_tell(&daemon->core, daemon->config, config);
    bw_config_free(daemon->config);
    daemon->config = config;
    return BW_OK;
}

void bw_daemon_log_problems(struct bw_problems *problems, enum bw_log_level level)
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

struct bw_config *bw_daemon_load(const struct bw_daemon *daemon, struct bw_problems *problems)
{
    return bw_config_load_valid(daemon->options->config_file, &daemon->defaults, problems);
}

/* ---- reloads --------------------------------------------------------------------------- */

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
    bw_daemon_log_problems(&daemon->config->warnings, BW_LOG_WARN);
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
    bw_daemon_log_problems(problems, BW_LOG_ERROR);
}

bool bw_daemon_take_config(void *ctx, struct bw_config *config, struct bw_problems *problems,
                           char *message, size_t size)
{
    struct bw_daemon *daemon = ctx;
    struct bw_err err = { .rc = BW_OK };
    const char *waits = config != NULL ? bw_config_waits_for_restart(daemon->config, config) : NULL;
    bool ok = config != NULL;
    if (ok
        && (bw_web_reload(daemon->web, &err) != BW_OK
            || bw_daemon_apply(daemon, config, &err) != BW_OK)) {
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
    bw_daemon_refresh_self(daemon);
    bw_daemon_publish_view(daemon);
    return ok;
}

/* ---- targets that are found ------------------------------------------------------------ */

static struct bw_known_targets *known_targets(void *ctx)
{
    return bw_discovery_known(((struct bw_daemon *)ctx)->discovery);
}

static const struct bw_config *config_in_force(void *ctx)
{
    return ((struct bw_daemon *)ctx)->config;
}

static bool was_said(const struct bw_problems *before, const struct bw_problem *problem)
{
    for (size_t i = 0; i < before->count; i++) {
        if (strcmp(before->items[i].path, problem->path) == 0
            && strcmp(before->items[i].message, problem->message) == 0)
            return true;
    }
    return false;
}

/* Warnings that the configuration did not have before. */
static void log_new_warnings(const struct bw_problems *before, const struct bw_problems *now)
{
    for (size_t i = 0; i < now->count; i++) {
        struct bw_buf line;
        if (was_said(before, &now->items[i]))
            continue;
        bw_buf_init(&line, 4096);
        bw_problem_print(&now->items[i], &line);
        bw_log(BW_LOG_WARN, "discovery", line.data, NULL);
        bw_buf_fini(&line);
    }
}

/* The configuration in force with other targets: bw_reloader_take_fn. */
static bool take_targets(void *ctx, struct bw_config *config, struct bw_problems *problems,
                         char *message, size_t size)
{
    struct bw_daemon *daemon = ctx;
    struct bw_err err = { .rc = BW_OK };
    if (config != NULL)
        log_new_warnings(&daemon->config->warnings, &config->warnings);
    if (config == NULL || bw_daemon_apply(daemon, config, &err) != BW_OK) {
        bw_config_free(config);
        say_refusal(problems, &err, message, size);
        bw_logf(BW_LOG_ERROR, "discovery", "targets stay as they were: %s", message);
        return false;
    }
    bw_daemon_refresh_self(daemon);
    bw_daemon_publish_view(daemon);
    return true;
}

void bw_daemon_targets_changed(void *ctx)
{
    struct bw_daemon *daemon = ctx;
    bw_reloader_refresh(daemon->reloader);
}

void bw_daemon_join_discovery(struct bw_daemon *daemon)
{
    const struct bw_reloader_targets targets = { .known = known_targets,
                                                 .in_force = config_in_force,
                                                 .take = take_targets };
    bw_reloader_set_targets(daemon->reloader, &targets);
}
