// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/roster_internal.h"
#include "base/limits.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct bw_roster *bw_roster_new(struct bw_core *core)
{
    struct bw_roster *roster = bw_alloc(sizeof *roster);
    roster->core = core;
    return roster;
}

static void free_check(struct bw_roster_check *check)
{
    bw_publication_free(check->mark_publication);
    bw_source_free(check->mark_source);
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

static struct bw_roster_instance *add_instance(struct bw_roster *roster,
                                               struct bw_roster_service *service, const char *name)
{
    struct bw_roster_instance *instance = bw_alloc(sizeof *instance);
    instance->name = name;
    instance->service = service;
    instance->state.score = NAN;
    make_outlets(roster, service->labels, service->name, name, &instance->publication,
                 &instance->source);
    if (service->last_instance != NULL)
        service->last_instance->next = instance;
    else
        service->instances = instance;
    service->last_instance = instance;
    service->instance_count++;
    return instance;
}

/* Checks come instance by instance, as a rule: so the last one is looked at first. */
static struct bw_roster_instance *instance_of(struct bw_roster *roster,
                                              struct bw_roster_service *service, const char *name)
{
    struct bw_roster_instance *instance = service->last_instance;
    if (instance == NULL || strcmp(instance->name, name) != 0)
        instance = bw_roster_instance(service, name);
    return instance != NULL ? instance : add_instance(roster, service, name);
}

struct bw_roster_check *bw_roster_add_check(struct bw_roster *roster,
                                            struct bw_roster_service *service,
                                            const struct bw_roster_spec *spec)
{
    struct bw_roster_check *check = bw_alloc(sizeof *check);
    struct bw_roster_instance *instance = instance_of(roster, service, spec->instance);
    check->spec = *spec;
    check->last.certificate_expires_ms = NAN;
    check->last.duration_s = NAN;
    check->instance = instance;
    if (instance->last_check != NULL)
        instance->last_check->next = check;
    else
        instance->checks = check;
    instance->last_check = check;
    instance->check_count++;
    service->check_count++;
    if (roster->config != NULL)
        bw_roster_note_windows(roster, check, bw_core_now_ms(roster->core));
    return check;
}

static void remove_instance(struct bw_roster_instance *instance)
{
    struct bw_roster_service *service = instance->service;
    struct bw_roster_instance *before = NULL;
    for (struct bw_roster_instance *at = service->instances; at != instance; at = at->next)
        before = at;
    if (before != NULL)
        before->next = instance->next;
    else
        service->instances = instance->next;
    service->last_instance = service->last_instance == instance ? before : service->last_instance;
    service->instance_count--;
    free_instance(instance);
}

void bw_roster_remove_check(struct bw_roster *roster, struct bw_roster_check *check)
{
    struct bw_roster_instance *instance = check->instance;
    struct bw_roster_check *before = NULL;
    for (struct bw_roster_check *at = instance->checks; at != check; at = at->next)
        before = at;
    if (before != NULL)
        before->next = check->next;
    else
        instance->checks = check->next;
    instance->last_check = instance->last_check == check ? before : instance->last_check;
    bw_roster_set_veiled(roster, check, false);
    instance->check_count--;
    instance->service->check_count--;
    free_check(check);
    bw_core_view_changed(roster->core);
    if (instance->checks == NULL)
        remove_instance(instance);
}

/* Most results have nothing to say. */
void bw_roster_keep_last(struct bw_roster_check *check, const struct bw_roster_result *result)
{
    const bool said = result->detail != NULL && result->detail[0] != '\0';
    char *detail = said ? bw_strdup(result->detail) : NULL;
    free(check->detail);
    check->detail = detail;
    check->last = *result;
    check->last.detail = detail != NULL ? detail : "";
}

/* ---- finding --------------------------------------------------------------------------- */

static int by_service_name(const void *a, const void *b)
{
    return strcmp((*(struct bw_roster_service *const *)a)->name,
                  (*(struct bw_roster_service *const *)b)->name);
}

void bw_roster_sort(struct bw_roster *roster)
{
    roster->by_name = bw_alloc_array(roster->service_count + 1, sizeof(struct bw_roster_service *));
    for (struct bw_roster_service *service = roster->services; service != NULL;
         service = service->next)
        roster->by_name[service->index] = service;
    qsort(roster->by_name, roster->service_count, sizeof(struct bw_roster_service *),
          by_service_name);
}

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

struct bw_roster_instance *bw_roster_instance(const struct bw_roster_service *service,
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
        bw_roster_instance(bw_roster_service(roster, subject->service), subject->instance);
    struct bw_roster_check *check = instance != NULL ? instance->checks : NULL;
    while (check != NULL && strcmp(check->spec.name, subject->check) != 0)
        check = check->next;
    return check;
}

struct bw_roster_check *bw_roster_next_check(const struct bw_roster *roster,
                                             const struct bw_roster_check *check)
{
    const struct bw_roster_service *service = roster->services;
    const struct bw_roster_instance *instance = service != NULL ? service->instances : NULL;
    if (check != NULL) {
        if (check->next != NULL)
            return check->next;
        service = check->instance->service;
        instance = check->instance->next;
    }
    while (instance == NULL && service != NULL) {
        service = service->next;
        instance = service != NULL ? service->instances : NULL;
    }
    return instance != NULL ? instance->checks : NULL;
}

struct bw_subject bw_roster_subject(const struct bw_roster_check *check)
{
    return (struct bw_subject){ check->spec.service, check->spec.instance, check->spec.name };
}
