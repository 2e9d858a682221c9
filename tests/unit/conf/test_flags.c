// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/flags.h"

#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum format { TEXT, JSON };

struct opts {
    const char *config;
    struct bw_strings listen;
    bool check;
    bool color;
    int64_t timeout_ns;
    int format;
    struct bw_pairs labels;
    struct bw_ints codes;
};

static const struct bw_opt_name formats[] = { { "text", TEXT }, { "json", JSON }, { 0 } };

#define AT(member) offsetof(struct opts, member)
static const struct bw_opt rows[] = {
    { "config.file", BW_OPT_STRING, AT(config), .help = "The configuration to read." },
    { "web.listen-address", BW_OPT_STRINGS, AT(listen), .def = "127.0.0.1:10190",
      .help = "Where to listen. May be given more than once, each time with another address "
              "and port, for one more socket." },
    { "config.check", BW_OPT_BOOL, AT(check), .help = "Only check." },
    { "color", BW_OPT_BOOL, AT(color), .def = "true", .help = "Use colors." },
    { "timeout", BW_OPT_DURATION, AT(timeout_ns), .def = "5s", .range = "1s..1m",
      .help = "Give up after this." },
    { "format", BW_OPT_ENUM, AT(format), .def = "text", .names = formats, .help = "How." },
    { "label", BW_OPT_MAP, AT(labels), .help = "More labels." },
    { "code", BW_OPT_INTS, AT(codes), .range = "100..599", .help = "Accepted codes." },
    { 0 },
};

static enum bw_rc check(const void *out, struct bw_err *err)
{
    const struct opts *opts = out;
    if (opts->check && opts->config == NULL)
        return bw_fail(err, BW_EINVAL, "--config.check needs --config.file");
    return BW_OK;
}

static const struct bw_opt_group group = { "serve", sizeof(struct opts), rows, .check = check };

enum { ARGS = 8 };

static enum bw_flags_result parse(struct bw_arena *arena, const char *const *args,
                                  struct opts *opts, struct bw_flags *flags, struct bw_err *err)
{
    char *argv[ARGS];
    int argc = 0;
    while (argc < ARGS && args[argc] != NULL) {
        argv[argc] = bw_arena_strdup(arena, args[argc]);
        argc++;
    }
    return bw_flags_parse(arena, &group, argc, argv, opts, flags, err);
}

static const struct {
    const char *args[ARGS + 1];
    const char *want;
} mistakes[] = {
    { { "--config.fiel=x" }, "unknown flag --config.fiel (did you mean --config.file?)" },
    { { "--hlep" }, "unknown flag --hlep (did you mean --help?)" },
    { { "--no-colour" }, "unknown flag --no-colour (did you mean --no-color?)" },
    { { "--no-timeout" }, "unknown flag --no-timeout (did you mean --timeout?)" },
    { { "--whatever" }, "unknown flag --whatever" },
    { { "--=x" }, "unknown flag --" },
    { { "-x" }, "unknown flag -x (flags begin with --)" },
    { { "--timeout" }, "--timeout needs a value" },
    { { "--timeout=" }, "--timeout: expected a duration such as 500ms, 15s, 1m30s or 7d, not ''" },
    { { "--timeout", "2m" }, "--timeout: must be between 1s and 1m, not '2m'" },
    { { "--timeout=1s", "--timeout=1s" }, "--timeout is given twice" },
    { { "--color", "--no-color" }, "--color is given twice" },
    { { "--no-color=true" }, "--no-color takes no value" },
    { { "--color=maybe" }, "--color: expected true or false, not 'maybe'" },
    { { "--format=jsn" },
      "--format: expected one of text, json, not 'jsn' (did you mean 'json'?)" },
    { { "--code=200", "--code=1" }, "--code[1]: must be between 100 and 599, not '1'" },
    { { "--label=a" }, "--label: expected NAME=VALUE, each NAME once" },
    { { "--label==a" }, "--label: expected NAME=VALUE, each NAME once" },
    { { "--label=a=1", "--label=a=2" }, "--label: expected NAME=VALUE, each NAME once" },
    { { "--config.check" }, "--config.check needs --config.file" },
};

static void mistakes_are_answered(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct bw_arena arena = { 0 };
        struct opts opts;
        struct bw_flags flags;
        struct bw_err err = { 0 };
        assert_int_equal(parse(&arena, mistakes[i].args, &opts, &flags, &err), BW_FLAGS_BAD);
        assert_string_equal(err.text, mistakes[i].want);
        bw_arena_fini(&arena);
    }
}

static void defaults_stand_where_nothing_is_given(void **state)
{
    (void)state;
    static const char *const args[] = { NULL };
    struct bw_arena arena = { 0 };
    struct opts opts;
    struct bw_flags flags;
    assert_int_equal(parse(&arena, args, &opts, &flags, NULL), BW_FLAGS_OK);
    assert_null(opts.config);
    assert_int_equal(opts.listen.count, 1);
    assert_string_equal(opts.listen.items[0], "127.0.0.1:10190");
    assert_false(opts.check);
    assert_true(opts.color);
    assert_int_equal(opts.timeout_ns, 5 * BW_SECOND);
    assert_int_equal(flags.rest.count, 0);
    assert_false(bw_flags_was_given(&flags, "timeout"));
    bw_arena_fini(&arena);
}

static void both_forms_and_every_kind_are_read(void **state)
{
    (void)state;
    static const char *const first[] = { "--config.file",
                                         "a=b.yml",
                                         "one",
                                         "--config.check",
                                         "--web.listen-address=:1",
                                         "--web.listen-address",
                                         ":2",
                                         "-",
                                         NULL };
    static const char *const second[] = { "--no-color",
                                          "--config.check=false",
                                          "--label=x=1=2",
                                          "--label",
                                          "y=",
                                          "--format=json",
                                          "--",
                                          "--timeout",
                                          NULL };
    struct bw_arena arena = { 0 };
    struct opts opts;
    struct bw_flags flags;
    assert_int_equal(parse(&arena, first, &opts, &flags, NULL), BW_FLAGS_OK);
    assert_string_equal(opts.config, "a=b.yml");
    assert_true(opts.check);
    assert_int_equal(opts.listen.count, 2);
    assert_string_equal(opts.listen.items[1], ":2");
    assert_int_equal(flags.rest.count, 2);
    assert_string_equal(flags.rest.items[0], "one");
    assert_string_equal(flags.rest.items[1], "-");
    assert_true(bw_flags_was_given(&flags, "config.file"));

    assert_int_equal(parse(&arena, second, &opts, &flags, NULL), BW_FLAGS_OK);
    assert_false(opts.color);
    assert_false(opts.check);
    assert_int_equal(opts.labels.count, 2);
    assert_string_equal(opts.labels.items[0].value, "1=2");
    assert_string_equal(opts.labels.items[1].value, "");
    assert_int_equal(opts.format, JSON);
    assert_string_equal(flags.rest.items[0], "--timeout");
    bw_arena_fini(&arena);
}

static void flags_do_not_read_variables(void **state)
{
    (void)state;
    static const char *const args[] = { "--config.file=${env:HOME}", NULL };
    struct bw_arena arena = { 0 };
    struct opts opts;
    struct bw_flags flags;
    assert_int_equal(parse(&arena, args, &opts, &flags, NULL), BW_FLAGS_OK);
    assert_string_equal(opts.config, "${env:HOME}");
    bw_arena_fini(&arena);
}

static void help_is_recognised(void **state)
{
    (void)state;
    static const char *const asked[][3] = { { "--help" }, { "-h" }, { "x", "--help" } };
    static const char *const not_asked[] = { "--", "--help", NULL };
    struct bw_arena arena = { 0 };
    struct opts opts;
    struct bw_flags flags;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        assert_int_equal(parse(&arena, asked[i], &opts, &flags, NULL), BW_FLAGS_HELP);
    assert_int_equal(parse(&arena, not_asked, &opts, &flags, NULL), BW_FLAGS_OK);
    bw_arena_fini(&arena);
}

static void help_is_aligned_and_wrapped(void **state)
{
    (void)state;
    struct bw_buf out;
    bw_buf_init(&out, 1u << 16);
    bw_flags_help(&out, "bellwether serve [FLAGS]", rows);
    assert_string_equal(
        out.data,
        "Usage: bellwether serve [FLAGS]\n"
        "\n"
        "Flags:\n"
        "  --config.file=TEXT            The configuration to read.\n"
        "  --web.listen-address=TEXT...  Where to listen. May be given more than once, each time\n"
        "                                with another address and port, for one more socket.\n"
        "                                (default 127.0.0.1:10190)\n"
        "  --config.check                Only check.\n"
        "  --[no-]color                  Use colors.\n"
        "  --timeout=DURATION            Give up after this. (default 5s)\n"
        "  --format=text|json            How. (default text)\n"
        "  --label=NAME=VALUE...         More labels.\n"
        "  --code=N...                   Accepted codes.\n"
        "  --help                        Show this and exit.\n");
    bw_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_answered),
        cmocka_unit_test(defaults_stand_where_nothing_is_given),
        cmocka_unit_test(both_forms_and_every_kind_are_read),
        cmocka_unit_test(flags_do_not_read_variables),
        cmocka_unit_test(help_is_recognised),
        cmocka_unit_test(help_is_aligned_and_wrapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
