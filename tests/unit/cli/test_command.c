// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "conf/decode.h"

#include <stdio.h>
#include <string.h>

static const struct bw_command *const commands[] = {
    &bw_cmd_serve,   &bw_cmd_init,  &bw_cmd_check,      &bw_cmd_probe,
    &bw_cmd_query,   &bw_cmd_trend, &bw_cmd_report,     &bw_cmd_db,
    &bw_cmd_version, &bw_cmd_docs,  &bw_cmd_completion, &bw_cmd_complete,
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void tables_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < COMMANDS; i++) {
        const struct bw_command *command = commands[i];
        struct bw_err err;
        if (bw_conf_lint(command->flags, &err) != BW_OK)
            fail_msg("%s: %s", command->name, err.text);
        assert_non_null(command->run);
        assert_true(command->args_min <= command->args_max);
        assert_true(command->usage_exit == (command == &bw_cmd_probe ? 3 : BW_EXIT_USAGE));
        if (command->summary[0] == '\0' || command->summary[strlen(command->summary) - 1] == '.')
            fail_msg("%s: its summary is a line without a full stop", command->name);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(commands[k]->name, command->name);
    }
}

static void help_names_every_flag(void **state)
{
    (void)state;
    for (size_t i = 0; i < COMMANDS; i++) {
        struct bw_buf out;
        char flag[80];
        bw_buf_init(&out, 1u << 20);
        bw_command_help(&out, commands[i]);
        snprintf(flag, sizeof flag, "Usage: bellwether %s", commands[i]->name);
        assert_non_null(strstr(out.data, flag));
        assert_non_null(strstr(out.data, commands[i]->arguments));
        for (const struct bw_opt *row = commands[i]->flags->opts; row->name != NULL; row++) {
            snprintf(flag, sizeof flag, "--%s", row->name);
            if (strstr(out.data, flag) == NULL)
                fail_msg("%s --help: %s is missing", commands[i]->name, flag);
        }
        bw_buf_fini(&out);
    }
}

/* Command lines by their words; `says` NULL: it is understood. */
static const struct {
    const struct bw_command *command;
    const char *words[4];
    const char *says;
} lines[] = {
    { &bw_cmd_serve, { "--config.file=a.yml", "--config.check" }, NULL },
    { &bw_cmd_serve, { "--web.listen-address=:1", "--web.listen-address", ":2" }, NULL },
    { &bw_cmd_serve, { "--log.level=loud" }, "--log.level" },
    { &bw_cmd_serve, { "--storage.path=" }, "--storage.path" },
    { &bw_cmd_serve, { "--storage-path=x" }, "did you mean --storage.path?" },
    { &bw_cmd_probe, { "http", "x", "--timeout=2s" }, NULL },
    { &bw_cmd_probe, { "http", "x", "--timeout=fast" }, "--timeout" },
    { &bw_cmd_probe, { "http", "x", "--module=m" }, NULL }, /* a built-in one */
    { &bw_cmd_probe, { "http", "x", "--config.file=m" }, "--module" },
    { &bw_cmd_query, { "SELECT 1", "--format=csv" }, NULL },
    { &bw_cmd_query, { "SELECT 1", "--format=xml" }, "table, csv, json" },
    { &bw_cmd_trend, { "-", "--threshold=9", "--side=above" }, NULL },
    { &bw_cmd_trend, { "-", "--side=above" }, "--threshold" },
    { &bw_cmd_trend, { "-", "--season=1h" }, NULL },
    { &bw_cmd_trend, { "-", "--season=summer" }, "season" },
    { &bw_cmd_report, { "summary", "--format=xlsx", "--output=a.xlsx" }, NULL },
    { &bw_cmd_report, { "summary", "--format=pdf" }, "--format" },
    { &bw_cmd_db, { "verify", "--format=json" }, NULL },
    { &bw_cmd_db, { "verify", "--format=json", "--format=text" }, "twice" },
    { &bw_cmd_init, { "a.yml" }, NULL },
    { &bw_cmd_check, { "a.yml", "--strict" }, "--strict" },
};

static void command_lines_are_understood_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct bw_arena arena = { 0 };
        struct bw_flags flags;
        struct bw_err err = { .rc = BW_OK };
        char *argv[4];
        int argc = 0;
        for (; argc < 4 && lines[i].words[argc] != NULL; argc++)
            argv[argc] = bw_arena_strdup(&arena, lines[i].words[argc]);
        void *opts = bw_arena_alloc(&arena, lines[i].command->flags->size);
        const enum bw_flags_result result =
            bw_flags_parse(&arena, lines[i].command->flags, argc, argv, opts, &flags, &err);
        if ((result == BW_FLAGS_OK) != (lines[i].says == NULL))
            fail_msg("%s %s: %s", lines[i].command->name, lines[i].words[0], err.text);
        if (lines[i].says != NULL && strstr(err.text, lines[i].says) == NULL)
            fail_msg("%s %s: %s", lines[i].command->name, lines[i].words[0], err.text);
        bw_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_sound),
        cmocka_unit_test(help_names_every_flag),
        cmocka_unit_test(command_lines_are_understood_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
