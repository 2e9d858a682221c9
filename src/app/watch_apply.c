// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/watch_internal.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANGES_TOLD_MAX = 20 }; /* of one reload, one by one */

void bw_watch_free_check(struct bw_watched *check)
{
    if (check == NULL)
        return;
    bw_watch_cancel_run(check);
    bw_probe_memory_free(check->memory);
    bw_publication_free(check->publication);
    bw_source_free(check->source);
    free(check);
}

void bw_watch_free_plans(struct bw_watch_plans *plans)
{
    for (size_t i = 0; i < plans->count; i++)
        bw_probe_plan_free(plans->items[i]);
    free(plans->items);
    *plans = (struct bw_watch_plans){ 0 };
}

/* ---- making ---------------------------------------------------------------------------- */

static struct bw_probe_plan *plan_of(struct bw_watch *watch, const struct bw_config *config,
                                     const struct bw_config_check *check,
                                     struct bw_watch_plans *plans, struct bw_err *err)
{
    struct bw_probe_plan **plan = &plans->items[check->options_index];
    if (*plan == NULL)
        *plan = bw_probe_plan_new(watch->engine, check->options, config->folder, err);
    return *plan;
}

/* All checks and their plans, before anything is changed. */
static enum bw_rc make_checks(struct bw_watch *watch, const struct bw_config *config,
                              struct bw_watched **out, struct bw_watch_plans *plans,
                              struct bw_err *err)
{
    *plans = (struct bw_watch_plans){ bw_alloc_array(config->options_count, sizeof *plans->items),
                                      config->options_count };
    for (size_t i = 0; i < config->check_count; i++) {
        struct bw_watched *check = bw_alloc(sizeof *check);
        out[i] = check;
        check->watch = watch;
        check->config = &config->checks[i];
        check->id = (uint32_t)i;
        bw_histogram_init(&check->durations, bw_duration_bounds, bw_duration_bound_count);
        if (check->config->push != NULL)
            continue; /* nobody asks */
        check->plan = plan_of(watch, config, check->config, plans, err);
        if (check->plan == NULL)
            return bw_wrap(err, err->rc, "check '%s' of service '%s'", check->config->name,
                           check->config->service);
        check->memory = bw_probe_memory_new(check->plan);
    }
    return BW_OK;
}

static int64_t slot_for(const struct bw_config *config)
{
    double starts_per_second = 0;
    for (size_t i = 0; i < config->check_count; i++) {
        if (config->checks[i].push == NULL)
            starts_per_second += (double)BW_SECOND / (double)config->checks[i].schedule.interval_ns;
    }
    return bw_schedule_slot(config->settings.global.slot_ns, starts_per_second);
}

static enum bw_rc make_schedule(const struct bw_watch *watch, const struct bw_config *config,
                                struct bw_schedule **out, struct bw_err *err)
{
    const int64_t now_ns = bw_loop_mono_ns(), now_ms = bw_core_now_ms(watch->core);
    const struct bw_global_settings *global = &config->settings.global;
    struct bw_schedule *schedule = bw_schedule_new(slot_for(config), (uint32_t)global->concurrency);
    for (size_t i = 0; i < config->check_count; i++) {
        if (config->checks[i].push != NULL)
            continue;
        const enum bw_rc rc = bw_schedule_add(schedule, (uint32_t)i, &config->checks[i].schedule,
                                              now_ns, now_ms, err);
        if (rc != BW_OK) {
            bw_schedule_free(schedule);
            return bw_wrap(err, rc, "check '%s'", config->checks[i].name);
        }
    }
    *out = schedule;
    return BW_OK;
}

static struct bw_publication *publication_of(struct bw_core *core,
                                             const struct bw_config_check *config)
{
    struct bw_metric_label labels[BW_LABELS_MAX + 4];
    size_t n = 0;
    labels[n++] = (struct bw_metric_label){ "service", config->service };
    labels[n++] = (struct bw_metric_label){ "instance", config->instance };
    labels[n++] = (struct bw_metric_label){ "check", config->name };
    labels[n++] = (struct bw_metric_label){ "module", config->module };
    for (size_t i = 0; i < config->labels.count; i++)
        labels[n++] =
            (struct bw_metric_label){ config->labels.items[i].name, config->labels.items[i].value };
    return bw_publication_new(core->publisher, labels, n, "exported_");
}

static void open_outlets(struct bw_watch *watch, struct bw_watched *check)
{
    const struct bw_config_check *config = check->config;
    const struct bw_label identity[] = { { "service", config->service },
                                         { "instance", config->instance },
                                         { "check", config->name } };
    if (check->publication == NULL)
        check->publication = publication_of(watch->core, config);
    if (check->source == NULL)
        check->source = bw_source_new(watch->core->recorder, identity, 3, BW_SERIES_PER_CHECK_MAX);
    const int64_t grace_ms = config->push != NULL ? config->push->rule.grace_ms : 0;
    bw_source_set_pace(check->source, config->schedule.interval_ns / BW_MS + grace_ms);
}

static void take_seat(struct bw_watched *check, struct bw_roster *roster)
{
    const struct bw_config_check *config = check->config;
    const struct bw_roster_spec spec = { .service = config->service,
                                         .instance = config->instance,
                                         .name = config->name,
                                         .kind = config->kind,
                                         .target = config->shown_target,
                                         .module = config->module,
                                         .weight = config->weight,
                                         .rule = config->health,
                                         .interval_ms = config->schedule.interval_ns / 1000000,
                                         .covered = config->covered,
                                         .hours = config->hours,
                                         .labels = config->labels };
    check->seat = bw_roster_add_check(roster, bw_roster_service(roster, config->service), &spec);
}

/* ---- carrying on ----------------------------------------------------------------------- */

static bool is_same_check(const struct bw_config_check *a, const struct bw_config_check *b)
{
    return strcmp(a->service, b->service) == 0 && strcmp(a->instance, b->instance) == 0
           && strcmp(a->name, b->name) == 0;
}

static int by_identity(const void *a, const void *b)
{
    const uint64_t x = (*(struct bw_watched *const *)a)->config->schedule.hash;
    const uint64_t y = (*(struct bw_watched *const *)b)->config->schedule.hash;
    return (x > y) - (x < y);
}

/* The check of the same identity among those sorted by it. */
static struct bw_watched *find_old(struct bw_watched *const *sorted, size_t count,
                                   const struct bw_watched *check)
{
    struct bw_watched *const *found = bsearch(&check, sorted, count, sizeof *sorted, by_identity);
    return found != NULL && is_same_check((*found)->config, check->config) ? *found : NULL;
}

static void carry_counters(struct bw_watched *check, const struct bw_watched *old)
{
    check->durations = old->durations;
    check->warned = old->warned;
    check->retried = old->retried;
    check->nominal_ms = old->nominal_ms;
    memcpy(check->runs, old->runs, sizeof check->runs);
}

static bool has_same_labels(const struct bw_config_check *a, const struct bw_config_check *b)
{
    bool same = strcmp(a->module, b->module) == 0 && a->labels.count == b->labels.count;
    for (size_t i = 0; same && i < a->labels.count; i++)
        same = strcmp(a->labels.items[i].name, b->labels.items[i].name) == 0
               && strcmp(a->labels.items[i].value, b->labels.items[i].value) == 0;
    return same;
}

/* What was shown and stored last stays so until the next result: a reload leaves no gap. */
static void carry_outlets(struct bw_watched *check, struct bw_watched *old)
{
    check->source = old->source;
    old->source = NULL;
    if (!has_same_labels(check->config, old->config))
        return;
    check->publication = old->publication;
    check->shown = old->shown;
    check->shown_ms = old->shown_ms;
    old->publication = NULL;
}

/* Whether something else is asked, or of somebody else. */
static bool is_another(const struct bw_config_check *a, const struct bw_config_check *b)
{
    return a->definition != b->definition || strcmp(a->target, b->target) != 0;
}

/* What runs leave for each other holds as long as the same is asked of the same; one under way
 * goes on, and uses it, when it would have been started just so today. */
static void carry_run(struct bw_watched *check, struct bw_watched *old)
{
    const struct bw_config_check *a = check->config, *b = old->config;
    const bool same_run = a->timeout_ns == b->timeout_ns && a->retries == b->retries;
    if (is_another(a, b) || (old->flight != NULL && !same_run))
        return;
    if (old->flight != NULL)
        bw_watch_hand_over(old, check);
    bw_probe_memory_free(check->memory);
    check->memory = old->memory;
    old->memory = NULL;
}

static void tell_marker(struct bw_watch *watch, const struct bw_subject *subject, const char *cause)
{
    bw_core_event(watch->core, &(struct bw_event){ .ts_ms = bw_core_now_ms(watch->core),
                                                   .kind = BW_EVENT_MARKER,
                                                   .subject = *subject,
                                                   .name = BW_EVENT_CHECK_CHANGED,
                                                   .cause = cause });
}

/* The same name, but another question: what comes is not to be held against what was. */
static void tell_change(struct bw_watch *watch, const struct bw_config_check *now,
                        const struct bw_config_check *old)
{
    const struct bw_subject subject = { now->service, now->instance, now->name };
    struct bw_arena arena = { 0 };
    const char *cause = "it is configured otherwise";
    if (strcmp(now->shown_target, old->shown_target) != 0)
        cause =
            bw_arena_printf(&arena, "it asks %s, before %s", now->shown_target, old->shown_target);
    tell_marker(watch, &subject, cause);
    bw_arena_fini(&arena);
}

/* Of a change of everything each check need not be told. */
static void tell_more_changes(struct bw_watch *watch, size_t changed)
{
    char cause[64];
    if (changed <= CHANGES_TOLD_MAX)
        return;
    snprintf(cause, sizeof cause, "%zu more are configured otherwise", changed - CHANGES_TOLD_MAX);
    tell_marker(watch, &(struct bw_subject){ "", "", "" }, cause);
}

static void carry_over(struct bw_watch *watch, struct bw_watched **checks, size_t count)
{
    if (watch->count == 0)
        return;
    size_t changed = 0;
    qsort(watch->checks, watch->count, sizeof *watch->checks, by_identity);
    for (size_t i = 0; i < count; i++) {
        struct bw_watched *old = find_old(watch->checks, watch->count, checks[i]);
        if (old == NULL)
            continue;
        carry_counters(checks[i], old);
        carry_outlets(checks[i], old);
        carry_run(checks[i], old);
        if (is_another(checks[i]->config, old->config) && changed++ < CHANGES_TOLD_MAX)
            tell_change(watch, checks[i]->config, old->config);
    }
    tell_more_changes(watch, changed);
}

/* ---- applying -------------------------------------------------------------------------- */

static void replace(struct bw_watch *watch, struct bw_schedule *schedule,
                    struct bw_watched **checks, size_t count, struct bw_watch_plans plans)
{
    bw_watch_set_schedule(watch, schedule);
    carry_over(watch, checks, count);
    for (size_t i = 0; i < watch->count; i++)
        bw_watch_free_check(watch->checks[i]);
    free(watch->checks);
    bw_watch_free_plans(&watch->plans); /* what still runs keeps its own until it ends */
    watch->plans = plans;
    watch->checks = checks;
    watch->count = count;
    for (size_t i = 0; i < count; i++)
        open_outlets(watch, checks[i]);
}

enum bw_rc bw_watch_apply(struct bw_watch *watch, const struct bw_config *config,
                          struct bw_roster *roster, struct bw_err *err)
{
    struct bw_watched **checks = bw_alloc_array(config->check_count + 1, sizeof *checks);
    struct bw_schedule *schedule = NULL;
    struct bw_watch_plans plans;
    enum bw_rc rc = make_checks(watch, config, checks, &plans, err);
    if (rc == BW_OK)
        rc = make_schedule(watch, config, &schedule, err);
    if (rc != BW_OK) {
        for (size_t i = 0; i < config->check_count; i++)
            bw_watch_free_check(checks[i]);
        free(checks);
        bw_watch_free_plans(&plans);
        return rc;
    }
    replace(watch, schedule, checks, config->check_count, plans);
    for (size_t i = 0; i < config->check_count; i++)
        take_seat(checks[i], roster);
    watch->roster = roster;
    bw_watch_arm(watch);
    return BW_OK;
}
