// SPDX-License-Identifier: GPL-3.0-or-later
/* app/log.h: where log lines go. Any thread may log; one event is one line on stderr. */
#ifndef APP_LOG_H
#define APP_LOG_H

#include "base/log.h"

/* Called once, before threads start. */
void bw_log_setup(enum bw_log_level least, enum bw_log_format format);

/* Logs unless the level is below the least one. `fields` as bw_log_line takes them. */
void bw_log(enum bw_log_level level, const char *component, const char *message,
            const struct bw_log_field *fields);

/* The same with a formatted message and no fields. */
void bw_logf(enum bw_log_level level, const char *component, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
