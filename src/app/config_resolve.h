// SPDX-License-Identifier: GPL-3.0-or-later
/* app/config_resolve.h: what the resolving of services and their checks is made of, for files of
 * this folder. Problems go to loading->problems.
 *
 *   config_services.c  ---> config_checks.c -> config_options.c, config_degraded.c
 *   config_discovery.c -/-> config_labels.c <-/
 *                          \-> config_push.c */
#ifndef APP_CONFIG_RESOLVE_H
#define APP_CONFIG_RESOLVE_H

#include "app/config_internal.h"

/* One service while its checks are resolved. */
struct bw_config_resolving {
    struct bw_config_loading *loading;
    const struct bw_service_settings *service;
    const struct bw_node *node; /* of the service in the document */
    const char *path;           /* "services[1]" */
    struct bw_config_service *out;
    struct bw_config_check *checks; /* room for all */
    size_t *check_count;
};

/* What a check asks, before `${instance}` is filled in. */
struct bw_config_asked {
    const char *target;        /* NULL: a command is run */
    struct bw_strings command; /* with NULL */
    const struct bw_node *node;
    const char *path;
};

/* `at` may be NULL. */
void bw_config_problem(struct bw_config_resolving *r, const struct bw_node *at, const char *path,
                       const char *message);

/* Adds what the check at `node` runs: one check for each instance, or one for its target. */
void bw_config_resolve_check(struct bw_config_resolving *r, const struct bw_check_settings *check,
                             const struct bw_node *node, const char *path);

/* The same without targets and instances: what all of them have in common, and what is asked. */
bool bw_config_make_check(struct bw_config_resolving *r, const struct bw_check_settings *check,
                          const struct bw_node *node, const char *path, struct bw_config_check *out,
                          struct bw_config_asked *asked);

/* Whether it names the instance, so that there is a check for each. */
bool bw_config_asks_each(const struct bw_config_asked *asked);

/* The check's target with the instance in it; of a command, which becomes part of the check's
 * options, its program. BW_EINVAL when it cannot be asked so. */
enum bw_rc bw_config_fill_in(struct bw_config_loading *loading, const struct bw_config_asked *asked,
                             const char *instance, struct bw_config_check *check,
                             const char **out_target, struct bw_err *err);

/* Adds the check with its instance and target to r->checks. */
void bw_config_add_check(struct bw_config_resolving *r,
                         const struct bw_config_check *template_check, const char *instance,
                         const char *target);

/* The same as bw_config_resolve_check for a job that reports by itself, which `out` has the
 * beginning of. */
void bw_config_resolve_push(struct bw_config_resolving *r, const struct bw_check_settings *check,
                            const struct bw_node *node, const char *path,
                            struct bw_config_check *out);

/* Fills in the conditions of degraded_when of the check, whose kind is known, and whose options if
 * there are any. */
void bw_config_resolve_degraded(struct bw_config_resolving *r,
                                const struct bw_check_settings *check, const struct bw_node *node,
                                const char *path, struct bw_config_check *out);

/* Fills in the options of the check, whose kind is known. A thousand checks of one module have
 * them once, not a thousand times. False when there was a problem. */
bool bw_config_resolve_options(struct bw_config_resolving *r, const struct bw_check_settings *check,
                               const struct bw_node *check_node, const char *path,
                               struct bw_config_check *out);

/* A name that only we give: "service", "instance", "check", "module". */
bool bw_config_label_is_ours(const char *name);

/* Whether labels may have these names; `owner` is the mapping that has the key `labels`. */
void bw_config_check_label_names(struct bw_config_loading *loading, const struct bw_node *owner,
                                 const char *path, struct bw_pairs labels);

/* The labels of a check, or of its service when `check` is NULL: global ones first. */
struct bw_labels bw_config_labels(struct bw_config_resolving *r,
                                  const struct bw_check_settings *check, const struct bw_node *at,
                                  const char *path);

#endif
