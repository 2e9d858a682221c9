// SPDX-License-Identifier: GPL-3.0-or-later
/* health/depend.h: which service needs which, as a graph without cycles.
 *
 * While something that a service needs is UNHEALTHY, directly or through others, no alert
 * begins for the service: the one about the cause is enough. What has begun may still end, and
 * measuring never stops. Services are numbered 0..count-1 as the caller does. */
#ifndef HEALTH_DEPEND_H
#define HEALTH_DEPEND_H

#include "base/err.h"
#include "model/status.h"

#include <stdbool.h>
#include <stddef.h>

struct bw_depend;

#define BW_DEPEND_NONE ((size_t)-1)

/* A graph without edges; the names are copied. The caller frees it. */
struct bw_depend *bw_depend_new(const char *const *names, size_t count);
void bw_depend_free(struct bw_depend *depend);

/* `service` needs `parent`. Saying it twice is fine. BW_EINVAL names the whole cycle that the
 * edge would close: "checkout -> database -> checkout". */
enum bw_rc bw_depend_add(struct bw_depend *depend, size_t service, size_t parent,
                         struct bw_err *err);

/* The same by name. BW_ENOTFOUND for a name that nobody has, with the nearest that exists. */
enum bw_rc bw_depend_add_named(struct bw_depend *depend, size_t service, const char *parent,
                               struct bw_err *err);

/* Writes all services, every one after those it needs, otherwise by number. */
void bw_depend_order(const struct bw_depend *depend, size_t *out);

/* The nearest service among those that `service` needs, directly or through others, whose
 * status is UNHEALTHY; BW_DEPEND_NONE when there is none. `statuses` has one per service: its
 * measured one. Not for two threads at once. */
size_t bw_depend_unhealthy_parent(struct bw_depend *depend, const enum bw_status *statuses,
                                  size_t service);

#endif
