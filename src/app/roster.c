// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/roster.h"

#include "app/log.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "health/sight.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Children of one roll-up; a service with more instances is judged by the first of them. */
enum { CHILDREN_MAX = 4096 };

struct bw_roster {
    struct bw_core *core;
    struct bw_roster_service *services;
    struct bw_roster_service **by_name; /* the same sorted, once all are there */
    size_t service_count;
    size_t veiled; /* checks */
    struct bw_depend *depend;
    enum bw_status *statuses; /* by service index, for depend */
};

struct bw_roster *bw_roster_new(struct bw_core *core)
{
    struct bw_roster *roster = bw_alloc(sizeof *roster);
    roster->core = core;
    return roster;
}

static void free_check(struct bw_roster_check *check)
{
    free(check->detail);
    free(check);
}

static void free_instance(struct bw_roster_instance *instance)
{
    for (struct bw_roster_check *check = instance->checks, *next; check != NULL; check = next) {
        next = check->next;
        free_check(check);
    }
    bw_publication_free(instance->publication);
    bw_source_free(instance->source);
    free(instance);
}

static void free_service(struct bw_roster_service *service)
{
    for (struct bw_roster_instance *instance = service->instances, *next; instance != NULL;
         instance = next) {
        next = instance->next;
        free_instance(instance);
    }
    bw_publication_free(service->publication);
    bw_source_free(service->source);
    free(service);
}

void bw_roster_free(struct bw_roster *roster)
{
    if (roster == NULL)
        return;
    for (struct bw_roster_service *service = roster->services, *next; service != NULL;
         service = next) {
        next = service->next;
        free_service(service);
    }
    bw_depend_free(roster->depend);
    free(roster->by_name);
    free(roster->statuses);
    free(roster);
}

/* ---- building -------------------------------------------------------------------------- */

/* The publication and the source of a service or instance share their labels. */
static void make_outlets(struct bw_roster *roster, struct bw_labels labels, const char *service,
                         const char *instance, struct bw_publication **out_publication,
                         struct bw_source **out_source)
{
    struct bw_metric_label shown[BW_LABELS_MAX + 2];
    size_t count = 0;
    shown[count++] = (struct bw_metric_label){ "service", service };
    /* A service is no instance: that of the scrape must not be put on it. */
    shown[count++] =
        (struct bw_metric_label){ "instance", instance != NULL ? instance : bw_metric_blank };
    for (size_t i = 0; i < labels.count; i++)
        shown[count++] = (struct bw_metric_label){ labels.items[i].name, labels.items[i].value };
    *out_publication = bw_publication_new(roster->core->publisher, shown, count, "exported_");
    const struct bw_label identity[] = { { "service", service }, { "instance", instance } };
    *out_source = bw_source_new(roster->core->recorder, identity, instance != NULL ? 2 : 1,
                                BW_SERIES_PER_CHECK_MAX);
}

struct bw_roster_service *bw_roster_add_service(struct bw_roster *roster,
                                                const struct bw_config_service *config)
{
    struct bw_roster_service *service = bw_alloc(sizeof *service);
    service->name = config->name;
    service->labels = config->labels;
    service->rule = config->roll_up;
    service->depends_on = config->depends_on;
    service->depends_on_count = config->depends_on_count;
    service->state.score = NAN;
    service->index = roster->service_count++;
    make_outlets(roster, config->labels, config->name, NULL, &service->publication,
                 &service->source);
    struct bw_roster_service **at = &roster->services;
    while (*at != NULL)
        at = &(*at)->next;
    *at = service;
    return service;
}

static struct bw_roster_instance *instance_of(struct bw_roster *roster,
                                              struct bw_roster_service *service, const char *name)
{
    struct bw_roster_instance **at = &service->instances;
    for (; *at != NULL; at = &(*at)->next) {
        if (strcmp((*at)->name, name) == 0)
            return *at;
    }
    struct bw_roster_instance *instance = bw_alloc(sizeof *instance);
    instance->name = name;
    instance->service = service;
    instance->state.score = NAN;
    make_outlets(roster, service->labels, service->name, name, &instance->publication,
                 &instance->source);
    *at = instance;
    return instance;
}

struct bw_roster_check *bw_roster_add_check(struct bw_roster *roster,
                                            struct bw_roster_service *service,
                                            const struct bw_roster_spec *spec)
{
    struct bw_roster_check *check = bw_alloc(sizeof *check);
    check->spec = *spec;
    check->last.certificate_expires_ms = NAN;
    check->last.duration_s = NAN;
    check->instance = instance_of(roster, service, spec->instance);
    struct bw_roster_check **at = &check->instance->checks;
    while (*at != NULL)
        at = &(*at)->next;
    *at = check;
    return check;
}

void bw_roster_remove_check(struct bw_roster *roster, struct bw_roster_check *check)
{
    struct bw_roster_instance *instance = check->instance;
    struct bw_roster_check **at = &instance->checks;
    while (*at != check)
        at = &(*at)->next;
    *at = check->next;
    roster->veiled -= check->veiled ? 1 : 0;
    free_check(check);
    bw_core_view_changed(roster->core);
    if (instance->checks != NULL)
        return;
    struct bw_roster_instance **link = &instance->service->instances;
    while (*link != instance)
        link = &(*link)->next;
    *link = instance->next;
    free_instance(instance);
}

/* ---- finding --------------------------------------------------------------------------- */

struct bw_roster_service *bw_roster_services(const struct bw_roster *roster)
{
    return roster->services;
}

static int compare_service(const void *name, const void *service)
{
    return strcmp(name, (*(struct bw_roster_service *const *)service)->name);
}

struct bw_roster_service *bw_roster_service(const struct bw_roster *roster, const char *name)
{
    if (roster->by_name != NULL) {
        struct bw_roster_service *const *found =
            bsearch(name, roster->by_name, roster->service_count,
                    sizeof(struct bw_roster_service *), compare_service);
        return found != NULL ? *found : NULL;
    }
    struct bw_roster_service *service = roster->services;
    while (service != NULL && strcmp(service->name, name) != 0)
        service = service->next;
    return service;
}

static struct bw_roster_instance *find_instance(const struct bw_roster_service *service,
                                                const char *name)
{
    struct bw_roster_instance *instance = service != NULL ? service->instances : NULL;
    while (instance != NULL && strcmp(instance->name, name) != 0)
        instance = instance->next;
    return instance;
}

struct bw_roster_check *bw_roster_check(const struct bw_roster *roster,
                                        const struct bw_subject *subject)
{
    const struct bw_roster_instance *instance =
        find_instance(bw_roster_service(roster, subject->service), subject->instance);
    struct bw_roster_check *check = instance != NULL ? instance->checks : NULL;
    while (check != NULL && strcmp(check->spec.name, subject->check) != 0)
        check = check->next;
    return check;
}

/* ---- roll-ups -------------------------------------------------------------------------- */

static void measure_state(const struct bw_rollup *state, int64_t since_ms, struct bw_measures *out)
{
    for (int i = 0; i < BW_STATUS_COUNT; i++)
        bw_measures_add(out, BW_METRIC_HEALTH_STATUS, state->status == (enum bw_status)i ? 1 : 0,
                        BW_LABEL_VALUES(bw_status_name((enum bw_status)i)));
    if (!isnan(state->score))
        bw_measures_add(out, BW_METRIC_HEALTH_SCORE, state->score, NULL);
    if (since_ms > 0)
        bw_measures_add(out, BW_METRIC_HEALTH_STATUS_CHANGED_TIMESTAMP_SECONDS,
                        (double)since_ms / 1000, NULL);
}

static void publish_state(struct bw_core *core, struct bw_publication *publication,
                          struct bw_source *source, const struct bw_rollup *state, int64_t since_ms)
{
    struct bw_measures *measures = bw_publication_begin(publication);
    measure_state(state, since_ms, measures);
    bw_source_put(source, measures, bw_core_now_ms(core));
    bw_publication_commit(publication);
}

static void roll_up_instance(struct bw_roster *roster, struct bw_roster_instance *instance,
                             int64_t now_ms)
{
    static const struct bw_rollup_rule worst = { .kind = BW_ROLLUP_WORST };
    struct bw_rollup_child *children = bw_alloc_array(CHILDREN_MAX, sizeof *children);
    size_t count = 0;
    for (const struct bw_roster_check *check = instance->checks;
         check != NULL && count < CHILDREN_MAX; check = check->next)
        children[count++] = (struct bw_rollup_child){ .name = check->spec.name,
                                                      .cause = bw_roster_cause(roster, check),
                                                      .status = bw_roster_status(check),
                                                      .score = NAN,
                                                      .weight = check->spec.weight };
    const enum bw_status before = instance->state.status;
    bw_rollup_make(children, count, &worst, &instance->state);
    free(children);
    if (instance->state.status != before || instance->since_ms == 0)
        instance->since_ms = now_ms;
    publish_state(roster->core, instance->publication, instance->source, &instance->state,
                  instance->since_ms);
}

static bool has_veiled(const struct bw_roster_instance *instance)
{
    const struct bw_roster_check *check = instance->checks;
    while (check != NULL && !check->veiled)
        check = check->next;
    return check != NULL;
}

static bool service_has_veiled(const struct bw_roster_service *service)
{
    const struct bw_roster_instance *instance = service->instances;
    while (instance != NULL && !has_veiled(instance))
        instance = instance->next;
    return instance != NULL;
}

/* Events tell what happens to a service, not to our sight: while some of it is veiled, only what
 * is worse than what was told last. */
static bool is_worth_telling(const struct bw_roster_service *service)
{
    const enum bw_status now = service->state.status;
    if (!service_has_veiled(service))
        return now != service->told;
    return now > BW_HEALTHY && bw_status_rank(now) > bw_status_rank(service->told);
}

static void announce_service(struct bw_roster *roster, struct bw_roster_service *service,
                             int64_t now_ms)
{
    const enum bw_status before = service->told;
    service->told = service->state.status;
    bw_core_event(roster->core, &(struct bw_event){ .ts_ms = now_ms,
                                                    .kind = BW_EVENT_STATUS,
                                                    .subject = { service->name, "", "" },
                                                    .name = "",
                                                    .from = (int)before,
                                                    .to = (int)service->state.status,
                                                    .cause = service->state.cause });
}

static void roll_up_service(struct bw_roster *roster, struct bw_roster_service *service,
                            int64_t now_ms, bool tell)
{
    struct bw_rollup_child *children = bw_alloc_array(CHILDREN_MAX, sizeof *children);
    size_t count = 0;
    for (const struct bw_roster_instance *instance = service->instances;
         instance != NULL && count < CHILDREN_MAX; instance = instance->next)
        children[count++] = (struct bw_rollup_child){ .name = instance->name,
                                                      .cause = instance->state.cause,
                                                      .status = instance->state.status,
                                                      .score = instance->state.score,
                                                      .weight = 1 };
    const enum bw_status before = service->state.status;
    bw_rollup_make(children, count, &service->rule, &service->state);
    free(children);
    if (service->state.status != before || service->since_ms == 0)
        service->since_ms = now_ms;
    if (roster->statuses != NULL)
        roster->statuses[service->index] = service->state.status;
    publish_state(roster->core, service->publication, service->source, &service->state,
                  service->since_ms);
    if (!tell)
        service->told = service_has_veiled(service) ? service->told : service->state.status;
    else if (is_worth_telling(service))
        announce_service(roster, service, now_ms);
}

static int by_service_name(const void *a, const void *b)
{
    return strcmp((*(struct bw_roster_service *const *)a)->name,
                  (*(struct bw_roster_service *const *)b)->name);
}

static void sort_services(struct bw_roster *roster)
{
    roster->by_name = bw_alloc_array(roster->service_count + 1, sizeof(struct bw_roster_service *));
    for (struct bw_roster_service *service = roster->services; service != NULL;
         service = service->next)
        roster->by_name[service->index] = service;
    qsort(roster->by_name, roster->service_count, sizeof(struct bw_roster_service *),
          by_service_name);
}

void bw_roster_settle(struct bw_roster *roster)
{
    sort_services(roster);
    const char **names = bw_alloc_array(roster->service_count + 1, sizeof *names);
    for (struct bw_roster_service *service = roster->services; service != NULL;
         service = service->next)
        names[service->index] = service->name;
    roster->depend = bw_depend_new(names, roster->service_count);
    roster->statuses = bw_alloc_array(roster->service_count + 1, sizeof *roster->statuses);
    free(names);
    for (struct bw_roster_service *service = roster->services; service != NULL;
         service = service->next) {
        for (size_t i = 0; i < service->depends_on_count; i++)
            bw_depend_add_named(roster->depend, service->index, service->depends_on[i], NULL);
    }
    bw_roster_refresh(roster);
}

/* The latest time at which a check of the instance entered its status. */
static int64_t latest_since(const struct bw_roster_instance *instance, int64_t fallback_ms)
{
    int64_t latest = 0;
    for (const struct bw_roster_check *check = instance->checks; check != NULL; check = check->next)
        latest = bw_roster_since_ms(check) > latest ? bw_roster_since_ms(check) : latest;
    return latest > 0 ? latest : fallback_ms;
}

void bw_roster_refresh(struct bw_roster *roster)
{
    const int64_t now_ms = bw_core_now_ms(roster->core);
    for (struct bw_roster_service *service = roster->services; service != NULL;
         service = service->next) {
        int64_t since_ms = 0;
        for (struct bw_roster_instance *instance = service->instances; instance != NULL;
             instance = instance->next) {
            const int64_t instance_ms = latest_since(instance, now_ms);
            roll_up_instance(roster, instance, instance_ms);
            since_ms = instance_ms > since_ms ? instance_ms : since_ms;
        }
        roll_up_service(roster, service, since_ms > 0 ? since_ms : now_ms, false);
    }
    bw_core_view_changed(roster->core);
}

const char *bw_roster_parent_down(struct bw_roster *roster, const char *name)
{
    const struct bw_roster_service *service = bw_roster_service(roster, name);
    if (service == NULL || service->depends_on_count == 0)
        return NULL;
    const size_t parent =
        bw_depend_unhealthy_parent(roster->depend, roster->statuses, service->index);
    for (const struct bw_roster_service *other = roster->services; other != NULL;
         other = other->next) {
        if (other->index == parent)
            return other->name;
    }
    return NULL;
}

/* ---- sight ----------------------------------------------------------------------------- */

enum bw_status bw_roster_status(const struct bw_roster_check *check)
{
    return check->veiled ? BW_UNKNOWN : check->health.status;
}

int64_t bw_roster_since_ms(const struct bw_roster_check *check)
{
    return check->veiled ? check->veiled_ms : check->health.since_ms;
}

const char *bw_roster_cause(const struct bw_roster *roster, const struct bw_roster_check *check)
{
    if (!check->veiled)
        return check->health.cause;
    return roster->core->sight.blind ? roster->core->sight.cause
                                     : "we see again, but this check has not told yet";
}

static void set_veiled(struct bw_roster *roster, struct bw_roster_check *check, bool veiled)
{
    roster->veiled += veiled && !check->veiled ? 1 : 0;
    roster->veiled -= !veiled && check->veiled ? 1 : 0;
    check->veiled = veiled;
}

static void veil(struct bw_roster *roster, struct bw_roster_check *check, int64_t now_ms)
{
    if (!check->spec.covered)
        return;
    bw_veil_fall(&check->health);
    check->veiled_ms = check->veiled ? check->veiled_ms : now_ms;
    set_veiled(roster, check, true);
}

void bw_roster_veil(struct bw_roster *roster)
{
    const int64_t now_ms = roster->core->sight.since_ms;
    for (struct bw_roster_service *service = roster->services; service != NULL;
         service = service->next) {
        for (struct bw_roster_instance *instance = service->instances; instance != NULL;
             instance = instance->next) {
            for (struct bw_roster_check *check = instance->checks; check != NULL;
                 check = check->next)
                veil(roster, check, now_ms);
            if (has_veiled(instance))
                roll_up_instance(roster, instance, now_ms);
        }
        if (service_has_veiled(service))
            roll_up_service(roster, service, now_ms, true);
    }
    bw_core_view_changed(roster->core);
}

bool bw_roster_has_veiled(const struct bw_roster *roster)
{
    return roster->veiled > 0;
}

bool bw_roster_is_veiled(const struct bw_roster *roster, const struct bw_subject *subject)
{
    const struct bw_roster_service *service = bw_roster_service(roster, subject->service);
    if (service == NULL || subject->instance[0] == '\0')
        return service != NULL && service_has_veiled(service);
    if (subject->check[0] != '\0') {
        const struct bw_roster_check *check = bw_roster_check(roster, subject);
        return check != NULL && check->veiled;
    }
    const struct bw_roster_instance *instance = find_instance(service, subject->instance);
    return instance != NULL && has_veiled(instance);
}

/* ---- results --------------------------------------------------------------------------- */

struct bw_subject bw_roster_subject(const struct bw_roster_check *check)
{
    return (struct bw_subject){ check->spec.service, check->spec.instance, check->spec.name };
}

/* Most results have nothing to say. */
static void keep_last(struct bw_roster_check *check, const struct bw_roster_result *result)
{
    const bool said = result->detail != NULL && result->detail[0] != '\0';
    char *detail = said ? bw_strdup(result->detail) : NULL;
    free(check->detail);
    check->detail = detail;
    check->last = *result;
    check->last.detail = detail != NULL ? detail : "";
}

static void remember_result(struct bw_roster_check *check, const struct bw_outcome *outcome,
                            const struct bw_roster_result *result)
{
    static const enum bw_status shown_as[BW_OUTCOME_COUNT] = {
        [BW_OUTCOME_PASS] = BW_HEALTHY,
        [BW_OUTCOME_WARN] = BW_DEGRADED,
        [BW_OUTCOME_FAIL] = BW_UNHEALTHY,
        [BW_OUTCOME_LOST] = BW_UNKNOWN,
    };
    keep_last(check, result);
    const enum bw_status shown = result->unseen ? BW_UNKNOWN : shown_as[outcome->kind];
    check->recent[check->recent_next] =
        bw_view_past_make((struct bw_view_result){ result->ts_ms, result->duration_s, shown });
    check->recent_next = (check->recent_next + 1) % BW_VIEW_RECENT_MAX;
    if (check->recent_count < BW_VIEW_RECENT_MAX)
        check->recent_count++;
}

/* A steady check need not write a row with every result. */
enum { SAVE_EVERY_MS = 5000 };

static uint64_t hash_of_cause(enum bw_reason reason, const char *cause)
{
    return bw_hash_text(cause, (uint64_t)reason) | 1;
}

/* What is well has nothing to say, and most checks are, most of the time. */
static void save_cause(struct bw_core *core, struct bw_roster_check *check)
{
    const struct bw_health *health = &check->health;
    const uint64_t words = hash_of_cause(health->reason, health->cause);
    const struct bw_check_cause cause = { bw_roster_subject(check), health->reason, health->cause };
    if (health->status == BW_HEALTHY || words == check->saved_cause || core->store == NULL)
        return;
    if (bw_store_put_check_cause(core->store, &cause))
        check->saved_cause = words;
}

static void save_state(struct bw_core *core, struct bw_roster_check *check)
{
    save_cause(core, check);
    struct bw_check_state state = { .subject = bw_roster_subject(check) };
    bw_health_save(&check->health, &state);
    if (core->store != NULL && bw_store_put_check_state(core->store, &state))
        check->saved_ms = bw_core_now_ms(core);
}

static void tell_change(struct bw_core *core, struct bw_roster_check *check,
                        const struct bw_transition *transition)
{
    check->entered[transition->to]++;
    bw_core_event(core, &(struct bw_event){ .ts_ms = transition->since_ms,
                                            .kind = BW_EVENT_STATUS,
                                            .subject = bw_roster_subject(check),
                                            .name = "",
                                            .from = (int)transition->from,
                                            .to = (int)transition->to,
                                            .cause = transition->cause });
}

/* What the outcome does to the check; true when others see another status from now on. */
static bool judge(struct bw_roster *roster, struct bw_roster_check *check,
                  const struct bw_outcome *outcome, bool unseen, int64_t now_ms)
{
    struct bw_transition transition;
    if (check->spec.covered && unseen) {
        bw_veil_pass(&check->health, now_ms);
        return false;
    }
    const bool changed =
        bw_health_feed(&check->health, &check->spec.rule, outcome, now_ms, &transition);
    const bool lifted = check->veiled && bw_veil_is_lifted(&check->health, outcome, changed);
    if (changed)
        tell_change(roster->core, check, &transition);
    if (lifted)
        set_veiled(roster, check, false);
    return changed || lifted;
}

bool bw_roster_feed(struct bw_roster *roster, struct bw_roster_check *check,
                    const struct bw_outcome *outcome, const struct bw_roster_result *result)
{
    struct bw_core *core = roster->core;
    const int64_t now_ms = bw_core_now_ms(core);
    remember_result(check, outcome, result);
    const bool changed = judge(roster, check, outcome, result->unseen, now_ms);
    bw_core_view_changed(core);
    if (changed || now_ms - check->saved_ms >= SAVE_EVERY_MS || now_ms < check->saved_ms)
        save_state(core, check);
    if (!changed)
        return false;
    roll_up_instance(roster, check->instance, now_ms);
    roll_up_service(roster, check->instance->service, now_ms, true);
    return true;
}

void bw_roster_save(struct bw_roster *roster)
{
    for (struct bw_roster_service *service = roster->services; service != NULL;
         service = service->next) {
        for (struct bw_roster_instance *instance = service->instances; instance != NULL;
             instance = instance->next) {
            for (struct bw_roster_check *check = instance->checks; check != NULL;
                 check = check->next) {
                const struct bw_subject subject = bw_roster_subject(check);
                save_state(roster->core, check);
                bw_failures_save(roster->core, &check->failures, &subject);
            }
        }
    }
}

void bw_roster_measure_check(const struct bw_roster_check *check, struct bw_measures *out)
{
    for (int i = 0; i < BW_STATUS_COUNT; i++) {
        const char *name = bw_status_name((enum bw_status)i);
        bw_measures_add(out, BW_METRIC_HEALTH_STATUS,
                        bw_roster_status(check) == (enum bw_status)i ? 1 : 0,
                        BW_LABEL_VALUES(name));
        bw_measures_add(out, BW_METRIC_HEALTH_TRANSITIONS_TOTAL, (double)check->entered[i],
                        BW_LABEL_VALUES(name));
    }
    static const double scores[BW_STATUS_COUNT] = {
        [BW_HEALTHY] = 1, [BW_DEGRADED] = 0.5, [BW_UNHEALTHY] = 0
    };
    if (bw_roster_status(check) != BW_UNKNOWN)
        bw_measures_add(out, BW_METRIC_HEALTH_SCORE, scores[check->health.status], NULL);
    if (bw_roster_since_ms(check) > 0)
        bw_measures_add(out, BW_METRIC_HEALTH_STATUS_CHANGED_TIMESTAMP_SECONDS,
                        (double)bw_roster_since_ms(check) / 1000, NULL);
}

/* ---- carrying on ----------------------------------------------------------------------- */

static void adopt_check(struct bw_roster *roster, struct bw_roster_check *check,
                        const struct bw_roster_check *old)
{
    check->health = old->health;
    set_veiled(roster, check, old->veiled && check->spec.covered);
    check->veiled_ms = old->veiled_ms;
    keep_last(check, &old->last);
    check->failures = old->failures;
    check->saved_cause = old->saved_cause;
    memcpy(check->entered, old->entered, sizeof check->entered);
    memcpy(check->recent, old->recent, sizeof check->recent);
    check->recent_count = old->recent_count;
    check->recent_next = old->recent_next;
}

static void adopt_instance(struct bw_roster *roster, struct bw_roster_instance *instance,
                           const struct bw_roster *old)
{
    const struct bw_roster_instance *old_instance =
        find_instance(bw_roster_service(old, instance->service->name), instance->name);
    if (old_instance != NULL) {
        instance->since_ms = old_instance->since_ms;
        instance->state = old_instance->state;
    }
    for (struct bw_roster_check *check = instance->checks; check != NULL; check = check->next) {
        const struct bw_subject subject = bw_roster_subject(check);
        const struct bw_roster_check *old_check = bw_roster_check(old, &subject);
        if (old_check != NULL)
            adopt_check(roster, check, old_check);
    }
}

void bw_roster_adopt(struct bw_roster *roster, const struct bw_roster *old)
{
    for (struct bw_roster_service *service = roster->services; service != NULL;
         service = service->next) {
        const struct bw_roster_service *old_service = bw_roster_service(old, service->name);
        if (old_service != NULL) {
            service->since_ms = old_service->since_ms;
            service->state = old_service->state;
            service->told = old_service->told;
        }
        for (struct bw_roster_instance *instance = service->instances; instance != NULL;
             instance = instance->next)
            adopt_instance(roster, instance, old);
    }
}

void bw_roster_restore(struct bw_roster *roster, const struct bw_check_state *state, int64_t now_ms)
{
    struct bw_roster_check *check = bw_roster_check(roster, &state->subject);
    if (check == NULL)
        return;
    const int64_t interval_ms = check->spec.interval_ms > 0 ? check->spec.interval_ms : 1;
    /* Of a quick check not every result is saved: its last may be as much younger. */
    const int64_t behind_ms = interval_ms < SAVE_EVERY_MS ? SAVE_EVERY_MS : 0;
    bw_health_restore(&check->health, &check->spec.rule, state, interval_ms, now_ms - behind_ms);
}

/* A status that is older than its words may have been given up meanwhile: then they mean nothing.
 */
void bw_roster_restore_cause(struct bw_roster *roster, const struct bw_check_cause *cause)
{
    struct bw_roster_check *check = bw_roster_check(roster, &cause->subject);
    if (check == NULL || check->health.status == BW_HEALTHY || check->health.status == BW_UNKNOWN)
        return;
    check->health.reason = cause->reason;
    bw_text_copy(check->health.cause, sizeof check->health.cause, cause->cause);
    check->saved_cause = hash_of_cause(cause->reason, check->health.cause);
}

void bw_roster_restore_failure(struct bw_roster *roster, const struct bw_failure_tally *tally)
{
    struct bw_roster_check *check = bw_roster_check(roster, &tally->subject);
    if (check != NULL)
        bw_failures_restore(&check->failures, tally);
}
