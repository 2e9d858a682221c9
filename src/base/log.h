// SPDX-License-Identifier: GPL-3.0-or-later
/* base/log.h: turns an event into one log line. Who writes the line, and when, is decided
 * above: only app/ and cli/ log, so that nothing is said twice. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/buf.h"

enum bw_log_level { BW_LOG_DEBUG, BW_LOG_INFO, BW_LOG_WARN, BW_LOG_ERROR };
enum bw_log_format { BW_LOG_LOGFMT, BW_LOG_JSON };

/* A name with a text value; a list of them ends with a NULL name. */
struct bw_log_field {
    const char *name;
    const char *value;
};

const char *bw_log_level_name(enum bw_log_level level);

/* ts=… level=… component=… msg=… name=value …, without a newline. Control bytes are
 * escaped: one event is one line. `fields` may be NULL. */
void bw_log_line(struct bw_buf *out, enum bw_log_format format, int64_t unix_ms,
                 enum bw_log_level level, const char *component, const char *message,
                 const struct bw_log_field *fields);

#endif
