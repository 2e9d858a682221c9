// SPDX-License-Identifier: GPL-3.0-or-later
/* app/hostwatch.h: this machine as the service "host": samples it at its interval, shows
 * what was read under node_exporter's names, stores it under the node's name, and judges its
 * resources: each file system, the memory, the processors is a check of the service. */
#ifndef APP_HOSTWATCH_H
#define APP_HOSTWATCH_H

#include "app/roster.h"

struct bw_hostwatch;

/* NULL with *err set when the system refuses the thread that reads. */
struct bw_hostwatch *bw_hostwatch_new(struct bw_core *core, struct bw_err *err);
void bw_hostwatch_free(struct bw_hostwatch *hostwatch);

/* Puts the service "host" into the roster and samples at the configured interval from now on. */
void bw_hostwatch_apply(struct bw_hostwatch *hostwatch, const struct bw_config *config,
                        struct bw_roster *roster);

/* Gives a resource that a stored state tells of its check in the roster, ahead of the first sample:
 * what that does not find loses it again. States of anything else are left alone. After apply. */
void bw_hostwatch_restore(struct bw_hostwatch *hostwatch, const struct bw_check_state *state);

/* Samples once, now, on the thread that reads; what it read is known soon. */
void bw_hostwatch_sample(struct bw_hostwatch *hostwatch);

/* Waits for a reading that is under way; nothing is sampled any more. */
void bw_hostwatch_stop(struct bw_hostwatch *hostwatch);

#endif
