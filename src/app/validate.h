// SPDX-License-Identifier: GPL-3.0-or-later
/* app/validate.h: the rest of what can be wrong with a configuration: what only shows when
 * its parts are made ready, such as a pattern that does not compile or a certificate that is
 * not there. After it, nothing of the configuration can be refused any more. */
#ifndef APP_VALIDATE_H
#define APP_VALIDATE_H

#include "app/config.h"

/* Adds each mistake to `problems`; false when there was one. A module that nothing but /probe could
 * use, and cannot, is a warning of the configuration. */
bool bw_config_validate(struct bw_config *config, struct bw_problems *problems);

/* Loads and validates; NULL with the mistakes in `problems`. */
struct bw_config *bw_config_load_valid(const char *file, const struct bw_config_default *defaults,
                                       struct bw_problems *problems);

/* The same for bw_config_with_targets(). */
struct bw_config *bw_config_with_targets_valid(const struct bw_config *config,
                                               const struct bw_known_targets *known,
                                               struct bw_problems *problems);

#endif
