// SPDX-License-Identifier: GPL-3.0-or-later
/* app/parameters.h: options that whoever asks at /probe may set for this one probe, because the
 * module lists them:
 *
 *     modules: {dns: {prober: dns, dns: {query_name: example.com}, parameters: [dns.query_name]}}
 *     /probe?module=dns&target=9.9.9.9&dns.query_name=example.org
 *
 * A label of Prometheus has no dots, so `dns_query_name` says the same. Pure. */
#ifndef APP_PARAMETERS_H
#define APP_PARAMETERS_H

#include "conf/problems.h"
#include "probe/module.h"
#include "web/url.h"

/* Mistakes in the module's list, which `node` is in the document at `path`. */
void bw_parameters_check(const struct bw_probe_module *module, const struct bw_node *node,
                         const char *path, struct bw_problems *problems);

/* Whether the name is that of an option by its form: a kind, then a dot or an underscore. */
bool bw_parameters_is_option(const char *name);

/* A copy of the module in which these stand instead, in the arena; it borrows from both. Those that
 * are no option by their form are passed over; *out is `module` itself when there is no other.
 * BW_EINVAL for one that is not listed, and for a value that is none; BW_ELIMIT for too many and
 * for one that is too long. */
enum bw_rc bw_parameters_apply(struct bw_arena *arena, const struct bw_probe_module *module,
                               const struct bw_url_param *params, size_t count,
                               const struct bw_probe_module **out, struct bw_err *err);

#endif
