// SPDX-License-Identifier: GPL-3.0-or-later
/* app/foresights.h: what the engine answered last to the questions of predict rules. The one who
 * has series analysed fills it, the alert rules read it. Loop thread. */
#ifndef APP_FORESIGHTS_H
#define APP_FORESIGHTS_H

#include "app/trend_job.h"

struct bw_foresights;

struct bw_foresights *bw_foresights_new(void);
void bw_foresights_free(struct bw_foresights *set);

/* Takes the place of what was known for that rule and series. Copied. */
void bw_foresights_take(struct bw_foresights *set, const struct bw_trend_foresight *foresight,
                        unsigned round);

/* Before `round` begins: of series that nobody writes any more, and of rules that are gone, what
 * was known is forgotten after two rounds. */
void bw_foresights_drop(struct bw_foresights *set, unsigned round);

/* The i-th that is known, NULL beyond the last. */
const struct bw_trend_foresight *bw_foresights_get(const struct bw_foresights *set, size_t i);

/* Whether it answers the question of this rule as it is configured now. */
bool bw_foresight_is_for(const struct bw_trend_foresight *foresight,
                         const struct bw_alert_rule *rule);

#endif
