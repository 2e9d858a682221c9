// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/command.h: what a command is, and how one is found and run.
 *
 *     argv -> command's row -> flags by its option table -> run() -> exit code
 *
 * A command is one file cmd_<name>.c that exports one row; main.c lists the rows. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/arena.h"
#include "conf/flags.h"
#include "conf/option.h"

#include <stdbool.h>
#include <stddef.h>

/* docs/cli.md promises these. `probe` answers with a Nagios plugin's codes instead. */
enum bw_exit {
    BW_EXIT_OK = 0,
    BW_EXIT_FAILED = 1, /* it was tried and failed, or what was checked is wrong */
    BW_EXIT_USAGE = 2,  /* the command line cannot be understood */
};

/* One command line, read. */
struct bw_call {
    struct bw_arena *arena; /* lives until the command has returned */
    const void *opts;       /* the struct of the command's flags */
    struct bw_flags flags;
    const char *const *args; /* what is no flag, as many as the row allows */
    size_t arg_count;
    const struct bw_command *const *table; /* every command, ended by NULL */
};

struct bw_completion;

struct bw_command {
    const char *name;
    const char *arguments;            /* for the usage line: "KIND TARGET"; "" for none */
    const char *summary;              /* one line, without a full stop */
    const char *text;                 /* below the flags in --help: more help, examples; or NULL */
    void (*more)(struct bw_buf *out); /* appends what only a table knows to that; or NULL */
    /* Offers what the tables do not know (cli/complete.h): values of a flag, or with NULL the next
     * argument. NULL: nothing. */
    void (*complete)(struct bw_completion *completion, const struct bw_opt *flag);
    const struct bw_opt_group *flags;
    size_t args_min, args_max;
    int usage_exit; /* exit code for a command line that cannot be understood */
    bool hidden;    /* not in the list of commands */
    int (*run)(const struct bw_command *command, const struct bw_call *call);
};

/* For commands without flags. */
extern const struct bw_opt_group bw_no_flags;

/* Runs the command that argv[1] names; `table` ends with NULL. Returns the exit code. */
int bw_commands_run(const struct bw_command *const *table, int argc, char *const *argv);

/* The help of one command, as `--help` shows it. */
void bw_command_help(struct bw_buf *out, const struct bw_command *command);

/* Says on stderr what is wrong with the command line and where help is; returns the command's
 * usage_exit. */
int bw_command_usage(const struct bw_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says on stderr what went wrong; returns BW_EXIT_FAILED. */
int bw_command_failed(const struct bw_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
