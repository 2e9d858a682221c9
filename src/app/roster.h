// SPDX-License-Identifier: GPL-3.0-or-later
/* app/roster.h: who is watched, and how each stands: services of instances of checks, with
 * their status, their last results and their roll-ups. Probes and the host report here;
 * pages, metrics and alerts read from here. Loop thread.
 *
 *   outcome -> check (health) --changed?--> instance -> service (roll-up) --> event
 *
 * A reload makes a new roster, which adopts from the old one what carries on. */
#ifndef APP_ROSTER_H
#define APP_ROSTER_H

#include "app/core.h"
#include "app/failures.h"
#include "health/check.h"
#include "health/depend.h"
#include "health/rollup.h"
#include "model/view.h"

struct bw_roster;

/* What a check is about. Texts are borrowed for as long as the roster lives. */
struct bw_roster_spec {
    const char *service, *instance, *name;
    const char *kind, *target, *module;
    double weight;
    struct bw_health_rule rule;
    int64_t interval_ms;
    bool covered;                        /* UNKNOWN while we cannot see */
    const struct bw_config_hours *hours; /* NULL: it is always watched */
    struct bw_labels labels;             /* the user's, those of its service included */
};

/* The last result of a check, as people want to see it. */
struct bw_roster_result {
    int64_t ts_ms; /* nominal */
    double duration_s;
    enum bw_reason reason;
    const char *detail; /* borrowed; NULL or "" for none */
    unsigned attempts;
    struct bw_view_phase phases[BW_VIEW_PHASES_MAX];
    size_t phase_count;
    double certificate_expires_ms; /* NaN: none */
    bool unseen;                   /* the run began or ended while we could not see */
};

struct bw_roster_check {
    struct bw_roster_spec spec;
    struct bw_roster_instance *instance;
    struct bw_health health;
    bool veiled;            /* UNKNOWN to all, whatever `health` says: health/sight.h */
    int64_t veiled_ms;      /* since when */
    bool idle;              /* veiled because it is not watched now */
    int64_t idle_ms;        /* since when, until the veil is lifted; 0: never */
    const char *idle_words; /* "not watched now, but again from …"; borrowed */
    int64_t saved_ms;       /* when its state last went to the store */
    uint64_t saved_cause;   /* hash of the words that went there last; 0: none did */
    uint64_t windows;       /* of maintenance that mean it: bit i is the configuration's i-th */
    bool maintained;        /* one of them is on */
    struct bw_publication *mark_publication; /* of the mark that it is; NULL: no window means it */
    struct bw_source *mark_source;
    struct bw_failure_memory failures;
    struct bw_roster_result last;
    char *detail;                      /* of `last`; NULL: it has none */
    uint64_t entered[BW_STATUS_COUNT]; /* how often each status was entered */
    struct bw_view_past recent[BW_VIEW_RECENT_MAX];
    size_t recent_count, recent_next;
    struct bw_roster_check *next; /* in the instance */
};

struct bw_roster_instance {
    const char *name;
    struct bw_roster_service *service;
    struct bw_roster_check *checks, *last_check;
    size_t check_count;
    size_t veiled; /* of its checks, idle ones left out */
    size_t idle;   /* of its checks */
    struct bw_rollup state;
    int64_t since_ms;
    struct bw_publication *publication;
    struct bw_source *source;
    struct bw_roster_instance *next;
};

struct bw_roster_service {
    const char *name;
    struct bw_labels labels;
    struct bw_rollup_rule rule;
    const char *const *depends_on;
    size_t depends_on_count;
    struct bw_roster_instance *instances, *last_instance;
    size_t instance_count;
    size_t check_count, veiled, idle; /* of its instances */
    struct bw_rollup state;
    enum bw_status told; /* the status that an event told last: what veils make of it is not told */
    int64_t since_ms;
    struct bw_publication *publication;
    struct bw_source *source;
    size_t index;
    const struct bw_view_resource *resources; /* of the host, else NULL */
    size_t resource_count;
    struct bw_roster_service *next; /* in the order of configuration */
};

struct bw_roster *bw_roster_new(struct bw_core *core);
void bw_roster_free(struct bw_roster *roster);

/* Adding: services first, then checks; the instance is made with its first check. */
struct bw_roster_service *bw_roster_add_service(struct bw_roster *roster,
                                                const struct bw_config_service *config);
struct bw_roster_check *bw_roster_add_check(struct bw_roster *roster,
                                            struct bw_roster_service *service,
                                            const struct bw_roster_spec *spec);

/* Takes a check out again, and its instance when it was the last. */
void bw_roster_remove_check(struct bw_roster *roster, struct bw_roster_check *check);

/* After all services are there: dependencies are known from here on (the configuration has
 * been checked for cycles), roll-ups are made. */
void bw_roster_settle(struct bw_roster *roster);

/* Whom the check's rows in the store are about. */
struct bw_subject bw_roster_subject(const struct bw_roster_check *check);

/* Makes all roll-ups anew, after states were put back; no events. */
void bw_roster_refresh(struct bw_roster *roster);

/* One outcome with its result. Makes what follows from it known; returns the transition's
 * fact: whether the check's status changed. */
bool bw_roster_feed(struct bw_roster *roster, struct bw_roster_check *check,
                    const struct bw_outcome *outcome, const struct bw_roster_result *result);

/* We have gone blind (core->sight): all covered checks are veiled. */
void bw_roster_veil(struct bw_roster *roster);

/* Nothing was to be heard of the check while we were blind: what it was it is. */
void bw_roster_unveil(struct bw_roster *roster, struct bw_roster_check *check);

/* How the hours of checks stand (app/timetable.h), by their index in the configuration. */
struct bw_roster_hours {
    bool open;
    const char *words; /* of what is not watched; borrowed for as long as the roster lives */
};

/* Checks whose hours are over are idle: veiled, and left out of roll-ups while there are others;
 * those whose hours have begun are veiled until they tell something, as after blindness. With
 * `tell` roll-ups are made anew, and it is told what is left of a service: else somebody settles
 * or refreshes the roster next. True when there is any such check. */
bool bw_roster_turn(struct bw_roster *roster, const struct bw_roster_hours *hours, int64_t now_ms,
                    bool tell);

/* Whether there is an idle check for which `fits` is true. */
typedef bool bw_roster_fits_fn(void *ctx, const struct bw_subject *subject);
bool bw_roster_may_be_idle(const struct bw_roster *roster, bw_roster_fits_fn *fits, void *ctx);

/* The windows of maintenance of `config`, which lives as long as the roster, mean its checks from
 * now on, those too that are added later; those of `on` (bit i: the i-th) are on. */
void bw_roster_set_windows(struct bw_roster *roster, const struct bw_config *config, uint64_t on,
                           int64_t now_ms);

/* These windows are on now: checks are marked, and that is shown and stored. Also for marks that
 * are to be stored again. True when it is another check than before that is marked. */
bool bw_roster_maintain(struct bw_roster *roster, uint64_t on, int64_t now_ms);

/* How many checks a window means. */
size_t bw_roster_window_size(const struct bw_roster *roster, size_t window);

/* The name of a window that is on and excuses what is wrong with it; NULL when there is none. Of a
 * check: one that means it. Of an instance or a service: one that means some of it, while none of
 * the others is DEGRADED or UNHEALTHY. */
const char *bw_roster_maintenance(const struct bw_roster *roster,
                                  const struct bw_roster_check *check);
const char *bw_roster_instance_maintenance(const struct bw_roster *roster,
                                           const struct bw_roster_instance *instance);
const char *bw_roster_service_maintenance(const struct bw_roster *roster,
                                          const struct bw_roster_service *service);

/* The same of a subject, as its parts say; NULL for what is not there. */
const char *bw_roster_subject_maintenance(const struct bw_roster *roster,
                                          const struct bw_subject *subject);

/* The status that others see, since when, and why it is not HEALTHY. */
enum bw_status bw_roster_status(const struct bw_roster_check *check);
int64_t bw_roster_since_ms(const struct bw_roster_check *check);
const char *bw_roster_cause(const struct bw_roster *roster, const struct bw_roster_check *check);

/* Whether anything at all is veiled. */
bool bw_roster_has_veiled(const struct bw_roster *roster);

/* Whether something of it is veiled: a check; all of an instance without `check`, all of a
 * service without `instance`. Of these, idle checks do not count unless all are. */
bool bw_roster_is_veiled(const struct bw_roster *roster, const struct bw_subject *subject);

/* Adds the check's health metrics. */
void bw_roster_measure_check(const struct bw_roster_check *check, struct bw_measures *out);

/* The name of the nearest UNHEALTHY service that this one needs, or NULL. */
const char *bw_roster_parent_down(struct bw_roster *roster, const char *service);

struct bw_roster_service *bw_roster_services(const struct bw_roster *roster);
struct bw_roster_service *bw_roster_service(const struct bw_roster *roster, const char *name);
struct bw_roster_check *bw_roster_check(const struct bw_roster *roster,
                                        const struct bw_subject *subject);

#endif
