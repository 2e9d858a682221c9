// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/roster_internal.h"
#include "base/limits.h"

/* ---- marks ------------------------------------------------------------------------------- */

static void open_outlets(const struct bw_roster *roster, struct bw_roster_check *check)
{
    const struct bw_roster_spec *spec = &check->spec;
    const struct bw_label identity[] = { { "service", spec->service },
                                         { "instance", spec->instance },
                                         { "check", spec->name } };
    struct bw_metric_label shown[BW_LABELS_MAX + 3];
    size_t count = 0;
    for (; count < 3; count++)
        shown[count] = (struct bw_metric_label){ identity[count].name, identity[count].value };
    for (size_t i = 0; i < spec->labels.count; i++)
        shown[count++] =
            (struct bw_metric_label){ spec->labels.items[i].name, spec->labels.items[i].value };
    check->mark_publication =
        bw_publication_new(roster->core->publisher, shown, count, "exported_");
    check->mark_source = bw_source_new(roster->core->recorder, identity, 3, 1);
}

/* The mark has a source of its own: it is stored when it changes, not with results. */
static void show_mark(struct bw_roster_check *check, int64_t now_ms)
{
    struct bw_measures *measures = bw_publication_begin(check->mark_publication);
    bw_measures_add(measures, BW_METRIC_CHECK_MAINTENANCE, check->maintained ? 1 : 0, NULL);
    bw_source_put(check->mark_source, measures, now_ms);
    bw_publication_commit(check->mark_publication);
}

static bool mark(const struct bw_roster *roster, struct bw_roster_check *check, int64_t now_ms)
{
    const bool maintained = (check->windows & roster->on) != 0;
    const bool changed = maintained != check->maintained;
    check->maintained = maintained;
    if (check->mark_source != NULL)
        show_mark(check, now_ms);
    return changed;
}

void bw_roster_note_windows(struct bw_roster *roster, struct bw_roster_check *check, int64_t now_ms)
{
    const struct bw_subject subject = bw_roster_subject(check);
    check->windows = bw_config_windows_of(roster->config, &subject, check->spec.labels);
    if (check->windows == 0 && !check->maintained)
        return; /* else it was in a window until now, and that is over */
    if (check->mark_source == NULL)
        open_outlets(roster, check);
    mark(roster, check, now_ms);
}

/* ---- all checks --------------------------------------------------------------------------- */

void bw_roster_set_windows(struct bw_roster *roster, const struct bw_config *config, uint64_t on,
                           int64_t now_ms)
{
    roster->config = config;
    roster->on = on;
    struct bw_roster_check *check = bw_roster_next_check(roster, NULL);
    for (; check != NULL; check = bw_roster_next_check(roster, check))
        bw_roster_note_windows(roster, check, now_ms);
}

bool bw_roster_maintain(struct bw_roster *roster, uint64_t on, int64_t now_ms)
{
    bool changed = false;
    roster->on = on;
    struct bw_roster_check *check = bw_roster_next_check(roster, NULL);
    for (; check != NULL; check = bw_roster_next_check(roster, check))
        changed |= check->windows != 0 && mark(roster, check, now_ms);
    if (changed)
        bw_core_view_changed(roster->core);
    return changed;
}

size_t bw_roster_window_size(const struct bw_roster *roster, size_t window)
{
    size_t count = 0;
    const struct bw_roster_check *check = bw_roster_next_check(roster, NULL);
    for (; check != NULL; check = bw_roster_next_check(roster, check))
        count += check->windows >> window & 1;
    return count;
}

/* ---- what is excused ---------------------------------------------------------------------- */

const char *bw_roster_maintenance(const struct bw_roster *roster,
                                  const struct bw_roster_check *check)
{
    for (size_t i = 0; check->maintained && i < roster->config->maintenance_count; i++) {
        if ((check->windows & roster->on) >> i & 1)
            return roster->config->maintenance[i].name;
    }
    return NULL;
}

/* False when a check that is in no maintenance is not well. */
static bool find_excuse(const struct bw_roster *roster, const struct bw_roster_instance *instance,
                        const char **out)
{
    const struct bw_roster_check *check = instance->checks;
    for (; check != NULL; check = check->next) {
        const char *name = bw_roster_maintenance(roster, check);
        if (name == NULL && bw_roster_status(check) > BW_HEALTHY)
            return false;
        *out = *out != NULL ? *out : name;
    }
    return true;
}

const char *bw_roster_instance_maintenance(const struct bw_roster *roster,
                                           const struct bw_roster_instance *instance)
{
    const char *name = NULL;
    return roster->on != 0 && find_excuse(roster, instance, &name) ? name : NULL;
}

const char *bw_roster_service_maintenance(const struct bw_roster *roster,
                                          const struct bw_roster_service *service)
{
    const char *name = NULL;
    const struct bw_roster_instance *instance = roster->on != 0 ? service->instances : NULL;
    for (; instance != NULL; instance = instance->next) {
        if (!find_excuse(roster, instance, &name))
            return NULL;
    }
    return name;
}

const char *bw_roster_subject_maintenance(const struct bw_roster *roster,
                                          const struct bw_subject *subject)
{
    const struct bw_roster_service *service =
        roster->on != 0 ? bw_roster_service(roster, subject->service) : NULL;
    if (service == NULL || subject->instance[0] == '\0')
        return service != NULL ? bw_roster_service_maintenance(roster, service) : NULL;
    if (subject->check[0] != '\0') {
        const struct bw_roster_check *check = bw_roster_check(roster, subject);
        return check != NULL ? bw_roster_maintenance(roster, check) : NULL;
    }
    const struct bw_roster_instance *instance = bw_roster_instance(service, subject->instance);
    return instance != NULL ? bw_roster_instance_maintenance(roster, instance) : NULL;
}
