// SPDX-License-Identifier: GPL-3.0-or-later
/* app/daemon.h: `bellwether serve`: builds every part, connects them, runs until a signal and
 * tears down in reverse. */
#ifndef APP_DAEMON_H
#define APP_DAEMON_H

#include "base/err.h"
#include "conf/option.h"

struct bw_daemon_options {
    const char *config_file;     /* NULL: the built-in default */
    const char *storage_path;    /* NULL: the file's, else $STATE_DIRECTORY or ./data */
    struct bw_strings listen;    /* empty: 127.0.0.1:10190 */
    const char *web_config_file; /* NULL: no authentication */
    const char *external_url;
    const char *route_prefix;
    const char *template_folder;
    double timeout_offset_s; /* how much sooner than its scrape a probe of /probe ends */
};

/* Returns the program's exit code: 0 after SIGTERM or SIGINT, 1 when something needed could
 * not be had (said on stderr: mistakes in the configuration line by line). */
int bw_daemon_run(const struct bw_daemon_options *options);

#endif
