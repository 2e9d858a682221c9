// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "commands.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- whom, where and with what it runs ---- */

static void its_environment_is_what_is_given(void **state)
{
    (void)state;
    static const struct bw_pair given[] = { { "HOME", "/var/empty" },
                                            { "API_TOKEN", "fr0marg" },
                                            { "EMPTY", "" },
                                            { "PASSED_TOO", "mine" } };
    struct world w;
    world_open(&w, NULL);
    setenv("TZ", "UTC", 1);
    setenv("SECRET", "hush", 1);
    setenv("PASSED", "a=b c", 1);
    setenv("PASSED_TOO", "ours", 1);
    unsetenv("NOT_SET");
    struct bw_probe_module module = world_module(&w, BW_PROBER_EXEC);
    module.exec.env = (struct bw_pairs){ given, 4 };
    module.exec.pass_env = WORLD_STRINGS("PASSED", "NOT_SET", "PASSED_TOO", "LANG");
    setenv("LANG", "de_DE.UTF-8", 1);
    module.exec.command = COMMANDS_SHELL("tr '\\0' ' ' </proc/$$/environ; exit 2");
    world_probe(&w, &module, "/unused", 20 * BW_SECOND);
    assert_string_equal(w.result.detail,
                        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "
                        "HOME=/var/empty LANG=de_DE.UTF-8 LC_ALL=C TZ=UTC PASSED=a=b c "
                        "PASSED_TOO=mine API_TOKEN=*** EMPTY=");
    assert_null(strstr(w.told, "fr0marg"));
    module.exec.folder = "/usr/lib";
    module.exec.command = COMMANDS_SHELL("pwd");
    world_probe(&w, &module, "/unused", 20 * BW_SECOND);
    assert_string_equal(w.result.detail, "/usr/lib");
    module.exec.folder = "/no/such";
    world_probe(&w, &module, "/unused", 20 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_COMMAND_BROKEN);
    assert_string_equal(w.result.detail, "cannot enter /no/such: No such file or directory");
    world_close(&w);
}

static void expect_refused(struct world *w, const struct bw_probe_module *module, const char *text)
{
    struct bw_err err = { 0 };
    struct bw_probe_plan *plan = bw_probe_plan_new(w->engine, module, NULL, &err);
    assert_null(plan);
    if (strstr(err.text, text) == NULL)
        fail_msg("'%s' is not in '%s'", text, err.text);
}

static void users_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *user, *text;
        int64_t processes;
    } cases[] = {
        { "no-such-user", "there is no user 'no-such-user'", 0 },
        { "root:no-such-group", "there is no group 'no-such-group'", 0 },
        { "3999999999", "say 3999999999:GROUP", 0 },
        { "4294967295:1", "there is no user '4294967295'", 0 }, /* to setuid() it is "as is" */
        { "-1:1", "there is no user '-1'", 0 },
        { NULL, "it needs `user`", 10 },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_probe_module module = world_module(&w, BW_PROBER_EXEC);
        module.exec.command = WORLD_STRINGS("/bin/true");
        module.exec.user = cases[i].user;
        module.exec.limits.processes = cases[i].processes;
        expect_refused(&w, &module, cases[i].text);
    }
    struct bw_probe_module module = world_module(&w, BW_PROBER_EXEC);
    module.exec.command = WORLD_STRINGS("/bin/true");
    module.exec.user = "root";
    if (geteuid() == 0) {
        module.exec.limits.processes = 10;
        expect_refused(&w, &module, "one that is not root");
    } else {
        expect_refused(&w, &module, "only a daemon that runs as root can become 'root'");
    }
    world_close(&w);
}

/* A user that nobody else is, and no passwd knows: so it has no processes but ours. */
#define STRANGER "3913131:3913132"

static void a_user_of_its_own_has_nothing_of_ours(void **state)
{
    (void)state;
    static const struct {
        const char *script, *text;
    } cases[] = {
        { "echo $(id -u) $(id -g) $(id -G)", "3913131 3913132 3913132" },
        { "grep -h -E 'Uid|Gid|Groups|Cap(Prm|Eff|Amb)' /proc/$$/status | tr -d '\\n\\t '",
          "Uid:3913131391313139131313913131Gid:3913132391313239131323913132"
          "Groups:CapPrm:0000000000000000CapEff:0000000000000000CapAmb:0000000000000000" },
        { "echo via >/dev/stdout", "via" },
        { "kill -9 $PPID 2>&1 || true; kill -STOP $PPID 2>/dev/null || echo its guard is safe",
          NULL },
        { "trap '' TERM; setsid sleep MARK & echo left", "left" },
    };
    if (geteuid() != 0) {
        print_message("not root: skipped\n");
        skip();
    }
    struct world w;
    gid_t before[100], extra = 3913133;
    const int count = getgroups(100, before);
    assert_int_equal(setgroups(1, &extra), 0);
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_probe_module module = world_module(&w, BW_PROBER_EXEC);
        module.exec.user = STRANGER;
        module.exec.command = COMMANDS_MARKED(&w, cases[i].script);
        world_probe(&w, &module, "/unused", 20 * BW_SECOND);
        assert_int_equal(w.result.reason, BW_REASON_NONE);
        if (cases[i].text != NULL && strcmp(w.result.detail, cases[i].text) != 0)
            fail_msg("%s: '%s'", cases[i].script, w.result.detail);
        assert_int_equal(commands_left(), 0);
    }
    assert_int_equal(setgroups(count > 0 ? (size_t)count : 0, before), 0);
    world_close(&w);
}

static void a_user_has_so_many_processes(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("not root: skipped\n");
        skip();
    }
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_EXEC);
    module.exec.user = STRANGER;
    module.exec.limits.processes = 5;
    /* dash ends when it cannot fork. */
    module.exec.command =
        COMMANDS_MARKED(&w, "for i in 1 2 3 4 5 6 7 8; do sleep MARK & done; wait");
    world_probe(&w, &module, "/unused", 20 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_COMMAND_CRITICAL);
    assert_non_null(strstr(w.result.detail, "ork")); /* "Cannot fork" */
    assert_int_equal(commands_left(), 0);
    /* A bomb reaches its ceiling and goes with the timeout. */
    module.exec.command = COMMANDS_MARKED(
        &w, "trap '' TERM; f() { f MARK & f MARK & wait; }; f 2>/dev/null; sleep MARK");
    world_probe(&w, &module, "/unused", 400 * BW_MS);
    commands_expect_gone(&w, "bomb");
    world_close(&w);
}

static void commands_are_checked(void **state)
{
    (void)state;
    struct bw_err err;
    struct bw_exec_options options = { .command = WORLD_STRINGS("relative/path") };
    assert_int_equal(bw_probe_exec_group.check(&options, &err), BW_EINVAL);
    const char *words[BW_EXEC_ARGUMENTS_MAX + 1];
    for (size_t i = 0; i <= BW_EXEC_ARGUMENTS_MAX; i++)
        words[i] = "/x";
    options.command = (struct bw_strings){ words, BW_EXEC_ARGUMENTS_MAX + 1 };
    assert_int_equal(bw_probe_exec_group.check(&options, &err), BW_ELIMIT);
    options.command.count--;
    assert_int_equal(bw_probe_exec_group.check(&options, &err), BW_OK);
    static char words_of_bytes[BW_EXEC_COMMAND_BYTES_MAX];
    memset(words_of_bytes, 'x', sizeof words_of_bytes - 1);
    options.command = WORLD_STRINGS("/", words_of_bytes);
    assert_int_equal(bw_probe_exec_group.check(&options, &err), BW_ELIMIT);
    assert_string_equal(err.text, "a command of more than 65536 bytes");
    static const char *const bad_names[] = { "", "1A", "A-B", "A=B", "A B" };
    for (size_t i = 0; i < sizeof bad_names / sizeof *bad_names; i++) {
        const struct bw_pair pair = { bad_names[i], "x" };
        options = (struct bw_exec_options){ .env = { &pair, 1 } };
        assert_int_equal(bw_probe_exec_group.check(&options, &err), BW_EINVAL);
        options = (struct bw_exec_options){ .pass_env = WORLD_STRINGS(bad_names[i]) };
        assert_int_equal(bw_probe_exec_group.check(&options, &err), BW_EINVAL);
    }
    struct bw_pair pairs[BW_EXEC_VARIABLES_MAX + 1];
    for (size_t i = 0; i <= BW_EXEC_VARIABLES_MAX; i++)
        pairs[i] = (struct bw_pair){ "A", "x" };
    options = (struct bw_exec_options){ .env = { pairs, BW_EXEC_VARIABLES_MAX + 1 } };
    assert_int_equal(bw_probe_exec_group.check(&options, &err), BW_ELIMIT);
    options = (struct bw_exec_options){ .folder = "var" };
    assert_int_equal(bw_probe_exec_group.check(&options, &err), BW_EINVAL);
}

static void never(void *ctx, const struct bw_probe_result *result)
{
    (void)ctx, (void)result;
    fail_msg("a cancelled run called back");
}

/* The system counts what others run as the same user. */
static void a_user_that_has_its_processes_gets_no_more(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("not root: skipped\n");
        skip();
    }
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_EXEC);
    module.exec.user = STRANGER;
    module.exec.command = COMMANDS_MARKED(&w, "sleep MARK & sleep MARK; wait");
    struct bw_probe_plan *plan = bw_probe_plan_new(w.engine, &module, NULL, NULL);
    const struct bw_probe_request request = { .plan = plan,
                                              .target = { .text = "/unused" },
                                              .timeout_ns = 600 * BW_SECOND };
    struct bw_probe_run *run = bw_probe_start(w.engine, &request, never, NULL);
    commands_await(&w, 3);
    module.exec.limits.processes = 1;
    module.exec.command = WORLD_STRINGS("/bin/true");
    world_probe(&w, &module, "/unused", 20 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_LOCAL_LIMIT);
    assert_string_equal(w.result.detail, "its user has more processes than limits.processes");
    bw_probe_cancel(run);
    bw_probe_plan_free(plan);
    commands_expect_gone(&w, "cancelled");
    world_probe(&w, &module, "/unused", 20 * BW_SECOND);
    assert_true(w.result.success);
    world_close(&w);
}

int main(int argc, char **argv)
{
    commands_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_checked),
        cmocka_unit_test(its_environment_is_what_is_given),
        cmocka_unit_test(users_that_cannot_be_are_refused),
        cmocka_unit_test(a_user_of_its_own_has_nothing_of_ours),
        cmocka_unit_test(a_user_has_so_many_processes),
        cmocka_unit_test(a_user_that_has_its_processes_gets_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
