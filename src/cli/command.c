// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/command.h"

#include "base/mem.h"
#include "cli/output.h"
#include "conf/guess.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_BYTES_MAX = 256 << 10, SUMMARY_COLUMN = 16 };

static const struct bw_opt no_rows[] = { { 0 } };
const struct bw_opt_group bw_no_flags = { .name = "flags", .size = 1, .opts = no_rows };

/* ---- saying what is wrong ---------------------------------------------------------------- */

static void complain(const struct bw_command *command, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void complain(const struct bw_command *command, const char *format, va_list args)
{
    fprintf(stderr, "bellwether %s: ", command->name);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

int bw_command_usage(const struct bw_command *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(command, format, args);
    va_end(args);
    fprintf(stderr, "'bellwether %s --help' shows what it takes.\n", command->name);
    return command->usage_exit;
}

int bw_command_failed(const struct bw_command *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(command, format, args);
    va_end(args);
    return BW_EXIT_FAILED;
}

/* ---- help -------------------------------------------------------------------------------- */

void bw_command_help(struct bw_buf *out, const struct bw_command *command)
{
    char usage[160];
    snprintf(usage, sizeof usage, "bellwether %s%s%s%s", command->name,
             command->flags == &bw_no_flags ? "" : " [FLAGS]",
             command->arguments[0] != '\0' ? " " : "", command->arguments);
    bw_buf_printf(out, "%s.\n\n", command->summary);
    bw_flags_help(out, usage, command->flags->opts);
    if (command->text != NULL)
        bw_buf_printf(out, "\n%s", command->text);
    if (command->more != NULL)
        command->more(out);
}

static int show_command_help(const struct bw_command *command)
{
    struct bw_buf out;
    bw_buf_init(&out, HELP_BYTES_MAX);
    bw_command_help(&out, command);
    bw_out_buf(&out);
    bw_buf_fini(&out);
    return BW_EXIT_OK;
}

static void list_commands(struct bw_buf *out, const struct bw_command *const *table)
{
    bw_buf_text(out,
                "Bellwether watches services and hosts, remembers what it saw, and says where\n"
                "every series is heading.\n\n"
                "Usage: bellwether COMMAND [FLAGS] [ARGUMENTS]\n\nCommands:\n");
    for (size_t i = 0; table[i] != NULL; i++) {
        if (!table[i]->hidden)
            bw_buf_printf(out, "  %-*s%s.\n", SUMMARY_COLUMN, table[i]->name, table[i]->summary);
    }
    bw_buf_printf(out, "  %-*sShow this, or the help of a command.\n", SUMMARY_COLUMN,
                  "help [COMMAND]");
    bw_buf_text(
        out, "\n'bellwether COMMAND --help' shows a command's flags.\n"
             "Exit codes: 0 done, 1 failed or invalid, 2 not understood; probe: 0 OK, 1 warning,\n"
             "2 critical, 3 unknown.\n");
}

/* ---- finding and running ----------------------------------------------------------------- */

static const struct bw_command *find(const struct bw_command *const *table, const char *name)
{
    for (size_t i = 0; table[i] != NULL; i++) {
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    }
    return NULL;
}

static int unknown_command(const struct bw_command *const *table, const char *name)
{
    struct bw_guess guess = bw_guess_of(name);
    bw_guess_try(&guess, "help");
    for (size_t i = 0; table[i] != NULL; i++)
        bw_guess_try(&guess, table[i]->name);
    fprintf(stderr, "bellwether: there is no command '%s'", name);
    if (guess.best != NULL)
        fprintf(stderr, ", did you mean '%s'?\n", guess.best);
    else
        fprintf(stderr, "; 'bellwether help' lists those there are.\n");
    return BW_EXIT_USAGE;
}

static int run_parsed(const struct bw_command *command, struct bw_call *call)
{
    call->args = call->flags.rest.items;
    call->arg_count = call->flags.rest.count;
    if (call->arg_count < command->args_min)
        return bw_command_usage(command, "%s is missing", command->arguments);
    if (call->arg_count > command->args_max)
        return bw_command_usage(command, "'%s' is one argument too many",
                                call->args[command->args_max]);
    return command->run(command, call);
}

static int run_command(const struct bw_command *const *table, const struct bw_command *command,
                       int argc, char *const *argv)
{
    struct bw_arena arena;
    bw_arena_init(&arena);
    struct bw_call call = { .arena = &arena, .table = table };
    struct bw_err err;
    void *opts = bw_arena_alloc(&arena, command->flags->size);
    call.opts = opts;
    int code = BW_EXIT_OK;
    switch (bw_flags_parse(&arena, command->flags, argc, argv, opts, &call.flags, &err)) {
    case BW_FLAGS_OK:
        code = run_parsed(command, &call);
        break;
    case BW_FLAGS_HELP:
        code = show_command_help(command);
        break;
    case BW_FLAGS_BAD:
        code = bw_command_usage(command, "%s", err.text);
        break;
    }
    bw_arena_fini(&arena);
    return code;
}

static int run_help(const struct bw_command *const *table, const char *topic)
{
    if (topic != NULL) {
        const struct bw_command *command = find(table, topic);
        return command != NULL ? show_command_help(command) : unknown_command(table, topic);
    }
    struct bw_buf out;
    bw_buf_init(&out, HELP_BYTES_MAX);
    list_commands(&out, table);
    bw_out_buf(&out);
    bw_buf_fini(&out);
    return BW_EXIT_OK;
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

static int dispatch(const struct bw_command *const *table, int argc, char *const *argv)
{
    if (argc < 2) {
        fprintf(stderr, "bellwether: a command is missing; 'bellwether help' lists them.\n");
        return BW_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (is_one_of(name, "help", "--help", "-h"))
        return run_help(table, argc > 2 ? argv[2] : NULL);
    if (is_one_of(name, "--version", "-V", "-v"))
        name = "version";
    const struct bw_command *command = find(table, name);
    return command != NULL ? run_command(table, command, argc - 2, argv + 2)
                           : unknown_command(table, name);
}

int bw_commands_run(const struct bw_command *const *table, int argc, char *const *argv)
{
    /* A peer or a reader that hangs up is told by an error, not by a signal that ends us. */
    signal(SIGPIPE, SIG_IGN);
    return bw_out_finish(dispatch(table, argc, argv));
}
