// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/decode.h"

#include "base/units.h"
#include "conf/yaml.h"
#include "fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *test_env(void *user, const char *name)
{
    static const char *const variables[][2] = {
        { "HOST", "web1" }, { "PORT", "8080" },          { "TOKEN", "hush-hush" },
        { "BAD", "\xff" },  { "NESTED", "${env:HOST}" }, { "EMPTY", "" },
    };
    (void)user;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        if (strcmp(variables[i][0], name) == 0)
            return variables[i][1];
    }
    return NULL;
}

static enum bw_rc test_file(void *user, const char *path, const char *config_file,
                            struct bw_buf *out, struct bw_err *err)
{
    (void)user;
    assert_string_equal(config_file, "t.yml");
    if (strcmp(path, "good") == 0)
        bw_buf_text(out, "hush-hush\n");
    else if (strcmp(path, "windows") == 0)
        bw_buf_text(out, "hush-hush\r\n");
    else if (strcmp(path, "two-lines") == 0)
        bw_buf_text(out, "hush\nhush\n\n");
    else if (strcmp(path, "empty") == 0)
        bw_buf_text(out, "\n");
    else if (strcmp(path, "nul") == 0)
        bw_buf_bytes(out, "a\0b", 3);
    else if (strcmp(path, "short") == 0)
        bw_buf_text(out, "abc\n");
    else if (strcmp(path, "huge") == 0)
        bw_buf_fill(out, 'x', BW_CONF_SECRET_BYTES_MAX + 1);
    else
        return bw_fail(err, BW_ENOTFOUND, "%s: no such file", path);
    return BW_OK;
}

/* One text, decoded; released by done(). */
struct run {
    struct bw_arena arena;
    struct bw_problems problems;
    struct bw_buf said;
    struct rich rich;
    bool good;
};

static struct run decode(const char *text)
{
    struct run run = { 0 };
    bw_buf_init(&run.said, 1u << 20);
    struct bw_conf_ctx ctx = {
        .arena = &run.arena, .problems = &run.problems, .env = test_env, .read_file = test_file
    };
    const struct bw_node *root =
        bw_yaml_read("t.yml", text, strlen(text), &run.arena, &run.problems);
    assert_non_null(root);
    run.good = bw_conf_decode(&ctx, root, "", &rich_group, &run.rich);
    assert_int_equal(run.good, run.problems.total == 0);
    bw_problems_print(&run.problems, &run.said);
    return run;
}

static void done(struct run *run)
{
    bw_buf_fini(&run->said);
    bw_problems_fini(&run->problems);
    bw_arena_fini(&run->arena);
}

static void nothing_written_means_defaults(void **state)
{
    (void)state;
    struct run run = decode("");
    const struct rich *r = &run.rich;
    assert_true(run.good);
    assert_true(r->enabled);
    assert_int_equal(r->port, 80);
    assert_float_equal(r->factor, 1.5, 0);
    assert_int_equal(r->timeout_ns, 5 * BW_SECOND);
    assert_int_equal(r->size_bytes, 65536);
    assert_float_equal(r->goal_ratio, 0.99, 0);
    assert_null(r->title);
    assert_int_equal(r->color, GREEN);
    assert_int_equal(r->hosts.count, 2);
    assert_string_equal(r->hosts.items[1], "b");
    assert_int_equal(r->codes.count, 2);
    assert_int_equal(r->codes.items[1], 204);
    assert_int_equal(r->horizons_ns.items[1], 24 * BW_HOUR);
    assert_int_equal(r->labels.count, 1);
    assert_string_equal(r->labels.items[0].value, "here");
    assert_int_equal(r->leaf.timeout_ns, 5 * BW_SECOND);
    assert_int_equal(r->leaves.count, 0);
    assert_null(r->raw);
    assert_true(isnan(r->threshold));
    assert_null(r->maybe);

    struct rich defaults;
    bw_conf_defaults(&run.arena, &rich_group, &defaults);
    assert_int_equal(defaults.port, 80);
    assert_int_equal(defaults.leaf.timeout_ns, 5 * BW_SECOND);
    done(&run);
}

static void every_type_takes_its_value(void **state)
{
    (void)state;
    struct run run = decode("enabled: false\nport: 443\nfactor: 2.5e1\ntimeout: 1m30s\n"
                            "size: 1MiB\ngoal: 0.5\ntitle: 12\ncolor: blue\nhosts: one\n"
                            "codes: 301\nhorizons: [1d]\nlabels: {z: 1, a: two}\n"
                            "leaf: {name: x, port: 1}\nleaves: [{name: p}, {name: q, port: 2}]\n"
                            "modules: {m1: {port: 7}, m2: }\nraw: {any: [thing]}\n"
                            "maybe: {name: y}\npassword: hush-hush\n");
    const struct rich *r = &run.rich;
    assert_string_equal(run.said.data, "");
    assert_false(r->enabled);
    assert_int_equal(r->port, 443);
    assert_float_equal(r->factor, 25, 0);
    assert_int_equal(r->timeout_ns, 90 * BW_SECOND);
    assert_int_equal(r->size_bytes, 1 << 20);
    assert_float_equal(r->goal_ratio, 0.5, 0);
    assert_string_equal(r->title, "12");
    assert_int_equal(r->color, BLUE);
    assert_int_equal(r->hosts.count, 1);
    assert_string_equal(r->hosts.items[0], "one");
    assert_int_equal(r->codes.items[0], 301);
    assert_int_equal(r->horizons_ns.items[0], BW_DAY);
    assert_string_equal(r->labels.items[0].name, "z");
    assert_string_equal(r->labels.items[1].value, "two");
    assert_string_equal(r->leaf.name, "x");
    const struct leaf *leaves = r->leaves.items;
    assert_int_equal(r->leaves.count, 2);
    assert_string_equal(leaves[1].name, "q");
    assert_int_equal(leaves[0].timeout_ns, 5 * BW_SECOND);
    const struct leaf *modules = r->modules.items;
    assert_string_equal(modules[0].name, "m1");
    assert_int_equal(modules[0].port, 7);
    assert_string_equal(modules[1].name, "m2");
    assert_string_equal(bw_node_find(r->raw, "any")->first->text, "thing");
    assert_string_equal(r->maybe->name, "y");
    assert_string_equal(r->password, "hush-hush");
    done(&run);
}

static void both_ends_of_a_range_are_inside(void **state)
{
    (void)state;
    struct run low = decode("port: 1\nfactor: 0\ntimeout: 100ms\ngoal: 0%\ncodes: [100]\n"
                            "leaf: {name: x}\npassword: 4444");
    assert_string_equal(low.said.data, "");
    done(&low);
    struct run high = decode("port: 65535\ntimeout: 1h\nsize: 1GiB\ngoal: 100%\ncodes: [599]\n"
                             "leaf: {name: a-name-of-16-bys}");
    assert_string_equal(high.said.data, "");
    done(&high);
}

/* What one text is answered with. */
static const struct {
    const char *text, *want;
} mistakes[] = {
    { "enabled: yeah", "t.yml:1:10: enabled: expected true or false, not 'yeah'\n" },
    { "enabled: [true]", "t.yml:1:10: enabled: expected true or false, found a list\n" },
    { "enabled:", "t.yml:1:1: enabled: expected true or false, found nothing\n" },
    { "port: 1.5", "t.yml:1:7: port: expected a whole number, not '1.5'\n" },
    { "port: 0", "t.yml:1:7: port: must be between 1 and 65535, not '0'\n" },
    { "port: 65536", "t.yml:1:7: port: must be between 1 and 65535, not '65536'\n" },
    { "port: 99999999999999999999",
      "t.yml:1:7: port: expected a whole number, not '99999999999999999999'\n" },
    { "factor: -0.1", "t.yml:1:9: factor: must be at least 0, not '-0.1'\n" },
    { "factor: NaN", "t.yml:1:9: factor: expected a number, not 'NaN'\n" },
    { "factor: 1e999", "t.yml:1:9: factor: expected a number, not '1e999'\n" },
    { "threshold: NaN", "t.yml:1:12: threshold: expected a number, not 'NaN'\n" },
    { "timeout: 2 minutes", "t.yml:1:10: timeout: expected a duration such as 500ms, 15s, 1m30s "
                            "or 7d, not '2 minutes'\n" },
    { "timeout: 99ms", "t.yml:1:10: timeout: must be between 100ms and 1h, not '99ms'\n" },
    { "timeout: 3601s", "t.yml:1:10: timeout: must be between 100ms and 1h, not '3601s'\n" },
    { "size: 2GiB", "t.yml:1:7: size: must be at most 1GiB, not '2GiB'\n" },
    { "size: -1", "t.yml:1:7: size: expected a size such as 64KiB, 10MB or 4GiB, not '-1'\n" },
    { "goal: 101%", "t.yml:1:7: goal: must be between 0 and 100%, not '101%'\n" },
    { "goal: most", "t.yml:1:7: goal: expected a ratio such as 0.95 or 95%, not 'most'\n" },
    { "title: ''", "t.yml:1:8: title: must not be empty, not ''\n" },
    { "title: {a: b}", "t.yml:1:8: title: expected text, found a mapping\n" },
    { "color: gren",
      "t.yml:1:8: color: expected one of red, green, blue, not 'gren' (did you mean 'green'?)\n" },
    { "color: mauve", "t.yml:1:8: color: expected one of red, green, blue, not 'mauve'\n" },
    { "hosts: [a, [b]]", "t.yml:1:12: hosts[1]: expected text, found a list\n" },
    { "hosts: {a: b}", "t.yml:1:8: hosts: expected a list, found a mapping\n" },
    { "codes: [200, 99, x]", "t.yml:1:14: codes[1]: must be between 100 and 599, not '99'\n"
                             "t.yml:1:18: codes[2]: expected a whole number, not 'x'\n" },
    { "horizons: soon", "t.yml:1:11: horizons: expected a duration such as 500ms, 15s, 1m30s or "
                        "7d, not 'soon'\n" },
    { "labels: [a]", "t.yml:1:9: labels: expected a mapping, found a list\n" },
    { "labels: {a: [b]}", "t.yml:1:13: labels.a: expected text, found a list\n" },
    { "leaf: [x]", "t.yml:1:7: leaf: expected a mapping, found a list\n" },
    { "leaf: {}", "t.yml:1:7: leaf: required key 'name' is missing\n" },
    { "leaf:", "t.yml:1:1: leaf: required key 'name' is missing\n" },
    { "leaf: {name: a-name-of-17-char}",
      "t.yml:1:14: leaf.name: must be between 1 and 16 bytes long, not 'a-name-of-17-char'\n" },
    { "maybe:", "t.yml:1:1: maybe: required key 'name' is missing\n" },
    { "leaf: {name: x, port: 23}", "t.yml:1:7: leaf: port 23 of 'x' is telnet's\n" },
    { "leaves: {name: x}", "t.yml:1:9: leaves: expected a list, found a mapping\n" },
    { "leaves: [x]", "t.yml:1:10: leaves[0]: expected a mapping, found text\n" },
    { "modules: [x]", "t.yml:1:10: modules: expected a mapping, found a list\n" },
    { "modules: {m: {name: x}}", "t.yml:1:15: modules.m: unknown key 'name'\n" },
    { "modules: {'': {}}", "t.yml:1:11: modules.: must be between 1 and 16 bytes long, not ''\n" },
    { "- a", "t.yml:1:1: expected a mapping, found a list\n" },
    { "prot: 1", "t.yml:1:1: unknown key 'prot' (did you mean 'port'?)\n" },
    { "leaf: {name: x, tiemout: 5s}",
      "t.yml:1:17: leaf: unknown key 'tiemout' (did you mean 'timeout'?)\n" },
    { "pasword_file: x",
      "t.yml:1:1: unknown key 'pasword_file' (did you mean 'password_file'?)\n" },
    { "something-else: 1", "t.yml:1:1: unknown key 'something-else'\n" },
};

static void mistakes_are_answered_at_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct run run = decode(mistakes[i].text);
        if (strcmp(run.said.data, mistakes[i].want) != 0)
            fail_msg("%s\ngot:  %swant: %s", mistakes[i].text, run.said.data, mistakes[i].want);
        done(&run);
    }
}

static void words_for_true_and_false(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool enabled;
    } words[] = { { "enabled: TRUE", true }, { "enabled: yes", true },   { "enabled: on", true },
                  { "enabled: y", true },    { "enabled: no", false },   { "enabled: off", false },
                  { "enabled: N", false },   { "enabled: False", false } };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct run run = decode(words[i].text);
        if (!run.good || run.rich.enabled != words[i].enabled)
            fail_msg("%s: %s", words[i].text, run.said.data);
        done(&run);
    }
}

static void ten_mistakes_are_found_in_one_run(void **state)
{
    (void)state;
    char text[4096];
    FILE *file = fopen(BW_FIXTURES "/conf/ten-mistakes.yml", "rb");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    struct run run = decode(text);
    assert_string_equal(
        run.said.data,
        "t.yml:2:10: enabled: expected true or false, not 'yeah'\n"
        "t.yml:3:7: port: must be between 1 and 65535, not '99999'\n"
        "t.yml:4:9: factor: expected a number, not 'fast'\n"
        "t.yml:5:1: unknown key 'timeuot' (did you mean 'timeout'?)\n"
        "t.yml:6:10: timeout: expected a duration such as 500ms, 15s, 1m30s or 7d, not "
        "'2 minutes'\n"
        "t.yml:7:8: color: expected one of red, green, blue, not 'gren' (did you mean 'green'?)\n"
        "t.yml:8:8: hosts: expected a list, found a mapping\n"
        "t.yml:9:7: leaf: required key 'name' is missing\n"
        "t.yml:11:5: leaves[0]: port 23 of 'a' is telnet's\n"
        "t.yml:12:5: leaves[1]: expected a mapping, found text\n"
        "t.yml:14:14: leaves[2].timeout: must be between 1ms and 1h, not '0s'\n"
        "t.yml:15:14: codes[1]: must be between 100 and 599, not '20'\n");
    done(&run);
}

static const struct {
    const char *title, *want; /* the text, or the message */
} variables[] = {
    { "${env:HOST}", "web1" },
    { "http://${env:HOST}:${env:PORT}/", "http://web1:8080/" },
    { "${instance}/${x}$ $$ ${", "${instance}/${x}$ $$ ${" },
    { "$${env:HOST}", "${env:HOST}" },
    { "$${instance}", "$${instance}" },
    { "${env:NESTED}", "${env:HOST}" },
    { "${env:NOPE}", "t.yml:1:8: title: environment variable NOPE is not set\n" },
    { "${env:EMPTY}", "t.yml:1:8: title: must not be empty, not '${env:EMPTY}'\n" },
    { "${env:BAD}", "t.yml:1:8: title: environment variable BAD is not UTF-8\n" },
    { "${env:}", "t.yml:1:8: title: expected ${env:NAME} with letters, digits and _ in NAME\n" },
    { "${env:HOST", "t.yml:1:8: title: expected ${env:NAME} with letters, digits and _ in NAME\n" },
    { "${env:1A}", "t.yml:1:8: title: expected ${env:NAME} with letters, digits and _ in NAME\n" },
};

static void variables_are_replaced(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        char text[200];
        snprintf(text, sizeof text, "title: '%s'", variables[i].title);
        struct run run = decode(text);
        assert_string_equal(run.good ? run.rich.title : run.said.data, variables[i].want);
        done(&run);
    }
    struct run run =
        decode("port: ${env:PORT}\nlabels: {a: '${env:HOST}'}\nhosts: ['${env:HOST}']");
    assert_true(run.good);
    assert_int_equal(run.rich.port, 8080);
    assert_string_equal(run.rich.labels.items[0].value, "web1");
    assert_string_equal(run.rich.hosts.items[0], "web1");
    done(&run);
}

static const struct {
    const char *text, *want; /* the message; NULL: the password is hush-hush */
} secrets[] = {
    { "password: hush-hush", NULL },
    { "password: ${env:TOKEN}", NULL },
    { "password_file: good", NULL },
    { "password_file: windows", NULL },
    { "password: hush-hush\npassword_file: good",
      "t.yml:2:1: give either 'password' or 'password_file', not both\n" },
    { "password_file: empty", "t.yml:1:16: password_file: the file is empty\n" },
    { "password_file: nul", "t.yml:1:16: password_file: the file holds a NUL byte\n" },
    { "password_file: huge", "t.yml:1:16: password_file: the file is too large for a secret\n" },
    { "password_file: gone", "t.yml:1:16: password_file: gone: no such file\n" },
    { "password_file: [good]",
      "t.yml:1:16: password_file: expected the name of a file, found a list\n" },
    { "password_file: short", "t.yml:1:16: password_file: must be at least 4 bytes long\n" },
    { "password: abc", "t.yml:1:11: password: must be at least 4 bytes long\n" },
    { "title_file: good", "t.yml:1:1: unknown key 'title_file'\n" },
};

static void secrets_come_from_files_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        struct run run = decode(secrets[i].text);
        if (secrets[i].want == NULL)
            assert_string_equal(run.rich.password, "hush-hush");
        assert_string_equal(run.said.data, secrets[i].want != NULL ? secrets[i].want : "");
        done(&run);
    }
    struct run run = decode("password_file: two-lines");
    assert_string_equal(run.rich.password, "hush\nhush\n");
    done(&run);
}

/* Wherever a variable or a secret ends up, its value stays out of what is said. */
static void secrets_are_never_said(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "enabled: ${env:TOKEN}", "port: ${env:TOKEN}",      "color: ${env:TOKEN}",
        "size: ${env:TOKEN}",    "horizons: ${env:TOKEN}",  "password: hush-hush\npassword_file: x",
        "goal: ${env:TOKEN}",    "codes: ['${env:TOKEN}']", "password: [hush-hush]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct run run = decode(texts[i]);
        assert_false(run.good);
        if (strstr(run.said.data, "hush-hush") != NULL)
            fail_msg("%s", run.said.data);
        done(&run);
    }
}

static void long_values_are_cut_in_messages(void **state)
{
    (void)state;
    char text[400];
    memset(text, 'x', sizeof text);
    memcpy(text, "port: ", 6);
    text[sizeof text - 1] = '\0';
    struct run run = decode(text);
    assert_true(run.said.len < 140);
    assert_non_null(strstr(run.said.data, "xxx...'\n"));
    done(&run);
}

static void lint_finds_flaws(void **state)
{
    (void)state;
    struct holder {
        int64_t a;
        int word;
    };
    static const struct {
        struct bw_opt rows[3];
        const char *key, *want;
    } cases[] = {
        { { { "a", BW_OPT_INT, 0, .help = "h", .def = "1" } }, NULL, NULL },
        { { { "a", BW_OPT_INT, 0, .help = "h", .def = "x" } },
          NULL,
          "g: default of 'a': expected a whole number, not 'x'" },
        { { { "a", BW_OPT_INT, 0, .help = "h", .def = "7", .range = "1..5" } },
          NULL,
          "g: default of 'a': must be between 1 and 5, not '7'" },
        { { { "a", BW_OPT_INT, .offset = 0 } }, NULL, "g: 'a' has no help" },
        { { { "a", BW_OPT_INT, 0, .help = "h", .range = "5..1" } },
          NULL,
          "g: 'a' has a range that cannot be read" },
        { { { "a", BW_OPT_INT, 0, .help = "h", .range = ".." } },
          NULL,
          "g: 'a' has a range that cannot be read" },
        { { { "a", BW_OPT_BOOL, 0, .help = "h", .range = "1.." } },
          NULL,
          "g: 'a' has a range that cannot be read" },
        { { { "a", BW_OPT_ENUM, 8, .help = "h" } }, NULL, "g: 'a' has no words" },
        { { { "a", BW_OPT_GROUP, 0, .help = "h" } }, NULL, "g: 'a' has no group" },
        { { { "a", BW_OPT_INT, 16, .help = "h" } }, NULL, "g: 'a' lies outside of the struct" },
        { { { "a", BW_OPT_INT, 0, .help = "h" }, { "a", BW_OPT_INT, 0, .help = "h" } },
          NULL,
          "g: 'a' stands twice" },
        { { { "a", BW_OPT_INT, 0, .help = "h" } }, "name", "g: no text row 'name' for its key" },
        { { { "a", (enum bw_opt_type)99, .help = "h" } }, NULL, "g: 'a' no such type" },
    };
    struct bw_err err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_opt_group group = { "g", sizeof(struct holder), cases[i].rows,
                                            .key = cases[i].key };
        const enum bw_rc rc = bw_conf_lint(&group, &err);
        assert_int_equal(rc, cases[i].want == NULL ? BW_OK : BW_EINVAL);
        if (cases[i].want != NULL)
            assert_string_equal(err.text, cases[i].want);
    }
    assert_int_equal(bw_conf_lint(&rich_group, &err), BW_OK);
}

static void a_missing_document_is_an_empty_one(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_problems problems = { 0 };
    struct bw_conf_ctx ctx = { .arena = &arena, .problems = &problems };
    struct rich rich;
    struct leaf leaf;
    assert_true(bw_conf_decode(&ctx, NULL, "", &rich_group, &rich));
    assert_int_equal(rich.port, 80);
    assert_false(bw_conf_decode(&ctx, NULL, "leaf", &leaf_group, &leaf));
    assert_string_equal(problems.items[0].message, "required key 'name' is missing");
    bw_problems_fini(&problems);
    bw_arena_fini(&arena);
}

/* As files are read that were written for programs in Go. */
static void nothing_is_as_good_as_absent_where_asked(void **state)
{
    (void)state;
    static const char text[] = "port:\nlabels: {a: , b: ''}\nhosts: \n";
    struct bw_arena arena = { 0 };
    struct bw_problems problems = { 0 };
    struct rich rich, plain;
    struct bw_conf_ctx ctx = { .arena = &arena, .problems = &problems, .as_go = true };
    const struct bw_node *root = bw_yaml_read("t.yml", text, strlen(text), &arena, &problems);
    bw_conf_decode(&ctx, root, "", &rich_group, &rich);
    bw_conf_defaults(&arena, &rich_group, &plain);
    assert_true(rich.port == plain.port);
    assert_int_equal(rich.labels.count, 2);
    assert_string_equal(rich.labels.items[0].value, "");
    assert_string_equal(rich.labels.items[1].value, "");
    const size_t before = problems.total;
    ctx.as_go = false;
    bw_conf_decode(&ctx, root, "", &rich_group, &rich);
    assert_true(problems.total > before);
    bw_problems_fini(&problems);
    bw_arena_fini(&arena);
}

struct many {
    struct bw_pairs headers;
};

static void a_name_may_have_several_values(void **state)
{
    (void)state;
    static const struct bw_opt rows[] = {
        { "headers", BW_OPT_MULTIMAP, offsetof(struct many, headers), .help = "Headers." },
        { 0 },
    };
    static const struct bw_opt_group group = { .name = "many",
                                               .size = sizeof(struct many),
                                               .opts = rows };
    static const struct {
        const char *text, *want; /* pairs, or what is said */
    } stories[] = {
        { "headers: {a: [b, c], d: e, f: [], g: ['']}", "a=b a=c d=e g= " },
        { "headers: {}", "" },
        { "headers:", "" },
        { "headers: [a]", "t.yml:1:10: headers: expected a mapping, found a list\n" },
        { "headers: {a: {b: c}}", "t.yml:1:14: headers.a: expected text, found a mapping\n" },
        { "headers: {a: [b, [c]]}", "t.yml:1:18: headers.a[1]: expected text, found a list\n" },
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct bw_arena arena = { 0 };
        struct bw_problems problems = { 0 };
        struct many many;
        struct bw_buf out;
        struct bw_conf_ctx ctx = { .arena = &arena, .problems = &problems };
        bw_buf_init(&out, 4096);
        const char *text = stories[i].text;
        const struct bw_node *root = bw_yaml_read("t.yml", text, strlen(text), &arena, &problems);
        const bool good = bw_conf_decode(&ctx, root, "", &group, &many);
        for (size_t k = 0; good && k < many.headers.count; k++)
            bw_buf_printf(&out, "%s=%s ", many.headers.items[k].name, many.headers.items[k].value);
        bw_problems_print(&problems, &out);
        assert_string_equal(out.data, stories[i].want);
        bw_buf_fini(&out);
        bw_problems_fini(&problems);
        bw_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_may_have_several_values),
        cmocka_unit_test(nothing_is_as_good_as_absent_where_asked),
        cmocka_unit_test(nothing_written_means_defaults),
        cmocka_unit_test(every_type_takes_its_value),
        cmocka_unit_test(both_ends_of_a_range_are_inside),
        cmocka_unit_test(mistakes_are_answered_at_their_place),
        cmocka_unit_test(words_for_true_and_false),
        cmocka_unit_test(ten_mistakes_are_found_in_one_run),
        cmocka_unit_test(variables_are_replaced),
        cmocka_unit_test(secrets_come_from_files_too),
        cmocka_unit_test(secrets_are_never_said),
        cmocka_unit_test(long_values_are_cut_in_messages),
        cmocka_unit_test(lint_finds_flaws),
        cmocka_unit_test(a_missing_document_is_an_empty_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
