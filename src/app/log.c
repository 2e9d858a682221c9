// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/log.h"

#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Set before any thread starts and only read after. */
static struct {
    enum bw_log_level least;
    enum bw_log_format format;
} settings = { BW_LOG_INFO, BW_LOG_LOGFMT };

void bw_log_setup(enum bw_log_level least, enum bw_log_format format)
{
    settings.least = least;
    settings.format = format;
}

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void bw_log(enum bw_log_level level, const char *component, const char *message,
            const struct bw_log_field *fields)
{
    if (level < settings.least)
        return;
    struct bw_buf line;
    bw_buf_init(&line, BW_LOG_LINE_BYTES_MAX);
    bw_log_line(&line, settings.format, wall_ms(), level, component, message, fields);
    if (bw_buf_failed(&line)) {
        bw_buf_clear(&line);
        bw_log_line(&line, settings.format, wall_ms(), level, component,
                    "(a message too long to log)", NULL);
    }
    bw_buf_char(&line, '\n');
    /* One write: lines of different threads never mix. Nobody is told when stderr is gone. */
    const ssize_t wrote = write(STDERR_FILENO, line.data, line.len);
    (void)wrote;
    bw_buf_fini(&line);
}

void bw_logf(enum bw_log_level level, const char *component, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    bw_log(level, component, message, NULL);
}
