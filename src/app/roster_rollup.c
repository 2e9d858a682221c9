// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/roster_internal.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

static void measure_state(const struct bw_rollup *state, int64_t since_ms, struct bw_measures *out)
{
    for (int i = 0; i < BW_STATUS_COUNT; i++)
        bw_measures_lend(out, BW_METRIC_HEALTH_STATUS, state->status == (enum bw_status)i ? 1 : 0,
                         bw_status_label((enum bw_status)i));
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

/* What is not watched counts for nothing while something else is. */
static bool is_left_out(const struct bw_roster_check *check)
{
    return check->idle && !bw_roster_instance_is_idle(check->instance);
}

void bw_roster_roll_up_instance(struct bw_roster *roster, struct bw_roster_instance *instance,
                                int64_t now_ms)
{
    static const struct bw_rollup_rule worst = { .kind = BW_ROLLUP_WORST };
    struct bw_rollup_child *children = bw_alloc_array(instance->check_count + 1, sizeof *children);
    size_t count = 0;
    for (const struct bw_roster_check *check = instance->checks; check != NULL;
         check = check->next) {
        if (is_left_out(check))
            continue;
        children[count++] = (struct bw_rollup_child){ .name = check->spec.name,
                                                      .cause = bw_roster_cause(roster, check),
                                                      .status = bw_roster_status(check),
                                                      .score = NAN,
                                                      .weight = check->spec.weight };
    }
    const enum bw_status before = instance->state.status;
    bw_rollup_make(children, count, &worst, &instance->state);
    free(children);
    if (instance->state.status != before || instance->since_ms == 0)
        instance->since_ms = now_ms;
    publish_state(roster->core, instance->publication, instance->source, &instance->state,
                  instance->since_ms);
}

/* Events tell what happens to a service, not to our sight: while some of it is veiled, only what
 * is worse than what was told last. */
static bool is_worth_telling(const struct bw_roster_service *service)
{
    const enum bw_status now = service->state.status;
    if (!bw_roster_service_is_veiled(service))
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

void bw_roster_roll_up_service(struct bw_roster *roster, struct bw_roster_service *service,
                               int64_t now_ms, bool tell)
{
    struct bw_rollup_child *children =
        bw_alloc_array(service->instance_count + 1, sizeof *children);
    size_t count = 0;
    const bool all_idle = bw_roster_service_is_idle(service);
    for (const struct bw_roster_instance *instance = service->instances; instance != NULL;
         instance = instance->next) {
        if (bw_roster_instance_is_idle(instance) && !all_idle)
            continue;
        children[count++] = (struct bw_rollup_child){ .name = instance->name,
                                                      .cause = instance->state.cause,
                                                      .status = instance->state.status,
                                                      .score = instance->state.score,
                                                      .weight = 1 };
    }
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
        service->told =
            bw_roster_service_is_veiled(service) ? service->told : service->state.status;
    else if (is_worth_telling(service))
        announce_service(roster, service, now_ms);
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
            bw_roster_roll_up_instance(roster, instance, instance_ms);
            since_ms = instance_ms > since_ms ? instance_ms : since_ms;
        }
        bw_roster_roll_up_service(roster, service, since_ms > 0 ? since_ms : now_ms, false);
    }
    bw_core_view_changed(roster->core);
}

/* ---- dependencies ---------------------------------------------------------------------- */

void bw_roster_settle(struct bw_roster *roster)
{
    bw_roster_sort(roster);
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
