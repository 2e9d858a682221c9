// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/daemon.h"
#include "app/log.h"
#include "cli/commands.h"
#include "cli/config_check.h"
#include "web/security.h"

#include <stdio.h>

struct serve_opts {
    struct bw_daemon_options daemon;
    bool check;
    int log_level;
    int log_format;
};

static const struct bw_opt_name level_names[] = {
    { "debug", BW_LOG_DEBUG },
    { "info", BW_LOG_INFO },
    { "warn", BW_LOG_WARN },
    { "error", BW_LOG_ERROR },
    { 0 },
};

static const struct bw_opt_name format_names[] = {
    { "logfmt", BW_LOG_LOGFMT },
    { "json", BW_LOG_JSON },
    { 0 },
};

#define AT(member) offsetof(struct serve_opts, member)

static const struct bw_opt rows[] = {
    { "config.file", BW_OPT_STRING, AT(daemon.config_file), .flags = BW_OPT_FILE,
      .help = "Configuration; without one this host and the daemon itself are watched." },
    { "config.check", BW_OPT_BOOL, AT(check),
      .help = "Only validate the configuration and the file of --web.config.file: list every "
              "mistake, start nothing." },
    { "storage.path", BW_OPT_STRING, AT(daemon.storage_path), .range = "1..4096",
      .flags = BW_OPT_FILE,
      .help = "The store's file; default: the configuration's, else bellwether.db in "
              "$STATE_DIRECTORY, else ./data/bellwether.db." },
    { "web.listen-address", BW_OPT_STRINGS, AT(daemon.listen), .def = "127.0.0.1:10190",
      .help = "HOST:PORT to serve pages, API and metrics on; may be repeated." },
    { "web.config.file", BW_OPT_STRING, AT(daemon.web_config_file), .flags = BW_OPT_FILE,
      .help = "Security of the web side: certificates, users, tokens." },
    { "web.external-url", BW_OPT_STRING, AT(daemon.external_url),
      .help = "The URL under which people reach this daemon, for links." },
    { "web.route-prefix", BW_OPT_STRING, AT(daemon.route_prefix),
      .help = "Path before every route, for a proxy that keeps it." },
    { "template.folder", BW_OPT_STRING, AT(daemon.template_folder), .flags = BW_OPT_FOLDER,
      .help = "Templates here replace the built-in ones of the same name." },
    { "timeout-offset", BW_OPT_NUMBER, AT(daemon.timeout_offset_s), .def = "0.5", .range = "0..60",
      .help = "So many seconds before its scrape times out a probe of /probe ends." },
    { "log.level", BW_OPT_ENUM, AT(log_level), .def = "info", .names = level_names,
      .help = "The least important lines that are logged." },
    { "log.format", BW_OPT_ENUM, AT(log_format), .def = "logfmt", .names = format_names,
      .help = "How a line is written to stderr." },
    { 0 },
};

static const struct bw_opt_group group = { .name = "serve",
                                           .size = sizeof(struct serve_opts),
                                           .opts = rows };

static int check_security(const char *file)
{
    struct bw_arena arena;
    struct bw_security security;
    struct bw_err err;
    bw_arena_init(&arena);
    const enum bw_rc rc = bw_security_read(&arena, file, &security, &err);
    if (rc != BW_OK)
        fprintf(stderr, "%s\n", err.text);
    bw_arena_fini(&arena);
    return rc == BW_OK ? BW_EXIT_OK : BW_EXIT_FAILED;
}

static int run(const struct bw_command *command, const struct bw_call *call)
{
    (void)command;
    const struct serve_opts *opts = call->opts;
    if (opts->check) {
        const char *security = opts->daemon.web_config_file;
        const int refused = security != NULL ? check_security(security) : BW_EXIT_OK;
        const int exit_code = bw_config_check(opts->daemon.config_file);
        return refused != BW_EXIT_OK ? refused : exit_code;
    }
    bw_log_setup((enum bw_log_level)opts->log_level, (enum bw_log_format)opts->log_format);
    return bw_daemon_run(&opts->daemon);
}

const struct bw_command bw_cmd_serve = {
    .name = "serve",
    .arguments = "",
    .summary = "Run the daemon: watch, remember, foresee, say",
    .text = "SIGHUP reads the configuration again, SIGTERM ends the daemon within 10 seconds.\n",
    .flags = &group,
    .usage_exit = BW_EXIT_USAGE,
    .run = run,
};
