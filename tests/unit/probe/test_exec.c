// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "commands.h"
#include "probe/exec_helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- verdicts ---- */

static void verdicts_are_a_plugins(void **state)
{
    (void)state;
    static const struct {
        const char *name, *script;
        enum bw_reason reason;
        bool warned;
        const char *text;
    } cases[] = {
        { "ok", "echo 'OK - fine | a=1'", BW_REASON_NONE, false, "OK - fine" },
        { "silent", "exit 0", BW_REASON_NONE, false, "it said nothing" },
        { "warning", "echo hm; exit 1", BW_REASON_NONE, true, "hm" },
        { "critical", "echo bad; exit 2", BW_REASON_COMMAND_CRITICAL, false, "bad" },
        { "unknown", "echo what; exit 3", BW_REASON_COMMAND_UNKNOWN, false, "what" },
        { "another code", "echo x; exit 42", BW_REASON_COMMAND_BROKEN, false,
          "exit code 42, which is no plugin's: x" },
        { "words on standard error", "echo no such option >&2; exit 3", BW_REASON_COMMAND_UNKNOWN,
          false, "no such option" },
        { "killed", "kill -9 $$", BW_REASON_COMMAND_BROKEN, false,
          "it was ended by signal 9 (SIGKILL)" },
        { "only the first line", "echo; echo 1; echo 2", BW_REASON_NONE, false, "it said nothing" },
        { "bytes for a terminal", "printf 'a\\033[31mb\\377\\n'", BW_REASON_NONE, false,
          "a\\x1b[31mb\\xff" },
        { "NUL", "printf 'a\\000b\\n'", BW_REASON_NONE, false, "a\\x00b" },
        { "kills its guard", "kill -9 $PPID; sleep 9", BW_REASON_COMMAND_BROKEN, false,
          "/bin/sh: its helper was ended" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        commands_run(&w, COMMANDS_SHELL(cases[i].script), 20 * BW_SECOND);
        const char *text = w.result.warned ? w.result.warning : w.result.detail;
        if (w.result.reason != cases[i].reason || w.result.warned != cases[i].warned
            || strcmp(text, cases[i].text) != 0)
            fail_msg("%s: %s, '%s'", cases[i].name, bw_reason_name(w.result.reason), text);
    }
    world_close(&w);
}

static void what_cannot_run_is_named(void **state)
{
    (void)state;
    char folder[] = "/tmp/bw-exec-XXXXXX";
    assert_non_null(mkdtemp(folder));
    static const struct {
        const char *file, *content;
        mode_t mode;
        const char *text;
    } cases[] = {
        { "missing", NULL, 0, "no such file" },
        { "plain", "echo", 0644, "it is not executable for us" },
        { "garbage", "\x01\x02\x03", 0755, "it is no program: neither ELF nor a script with #!" },
        { "lost", "#!/no/such/shell\n", 0755, "the interpreter that it needs is missing" },
        { "", NULL, 0, "it is a directory" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = world_text(&w, "%s/%s", folder, cases[i].file);
        if (cases[i].content != NULL) {
            FILE *file = fopen(path, "w");
            assert_non_null(file);
            fputs(cases[i].content, file);
            fclose(file);
            chmod(path, cases[i].mode);
        }
        commands_run(&w, WORLD_STRINGS(path, "x"), 20 * BW_SECOND);
        assert_int_equal(w.result.reason, BW_REASON_COMMAND_BROKEN);
        assert_true(bw_reason_is_local(w.result.reason));
        assert_string_equal(w.result.detail, world_text(&w, "%s: %s", path, cases[i].text));
        assert_false(world_has(&w, BW_METRIC_PROBE_EXEC_EXIT_CODE));
        if (cases[i].content != NULL)
            unlink(path);
    }
    rmdir(folder);
    world_close(&w);
}

/* ---- what a command finds ---- */

static void a_command_finds_a_clean_place(void **state)
{
    (void)state;
    static const struct {
        const char *script, *text;
    } cases[] = {
        { "tr '\\0' ' ' </proc/$$/environ",
          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LANG=C "
          "LC_ALL=C TZ=UTC" },
        { "exec ls -m /proc/self/fd", "0, 1, 2, 3" }, /* 3 is the folder that it reads */
        { "echo $(pwd) $(umask)", "/ 0077" },
        { "read x; echo $?", "1" },
        { "grep -h -E 'SigBlk|SigIgn|NoNewPrivs' /proc/$$/status | tr -d '\\n\\t'",
          "SigBlk:0000000000000000SigIgn:0000000000000000NoNewPrivs:1" },
        { "echo $(ulimit -t; ulimit -v; ulimit -n; ulimit -c; ulimit -f)",
          "30 1048576 256 0 32768" },
        { "test $(ps -o pgid= -p $$) = $$ && echo own group", "own group" },
    };
    struct world w;
    world_open(&w, NULL);
    setenv("TZ", "UTC", 1);
    setenv("SECRET", "hush", 1);
    const int extra = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        commands_run(&w, COMMANDS_SHELL(cases[i].script), 20 * BW_SECOND);
        if (strcmp(w.result.detail, cases[i].text) != 0)
            fail_msg("%s: '%s'", cases[i].script, w.result.detail);
    }
    commands_run(&w, WORLD_STRINGS("/bin/echo", "$(id)", ";", "*", "a  b", "--", "-n"),
                 20 * BW_SECOND);
    assert_string_equal(w.result.detail, "$(id) ; * a  b -- -n");
    close(extra);
    world_close(&w);
}

static void limits_hold(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_EXEC);
    module.exec.limits.output_bytes = 2000;
    module.exec.command = COMMANDS_SHELL("yes; echo never");
    world_probe(&w, &module, "/unused", 20 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_RESPONSE_TOO_LARGE);
    assert_string_equal(w.result.detail, "more than 2000 bytes of output");
    module.exec.command = COMMANDS_SHELL("yes | head -c 1000; yes | head -c 999 >&2; printf x");
    world_probe(&w, &module, "/unused", 20 * BW_SECOND);
    assert_true(w.result.success);
    module.exec.limits.cpu_ns = BW_SECOND;
    module.exec.command = COMMANDS_SHELL("while :; do :; done");
    world_probe(&w, &module, "/unused", 20 * BW_SECOND);
    assert_string_equal(w.result.detail, "it used up its processor time, limits.cpu");
    module.exec.limits.memory_bytes = 64 << 20;
    module.exec.command = WORLD_STRINGS("/usr/bin/tail", "-n1", "/dev/zero");
    world_probe(&w, &module, "/unused", 20 * BW_SECOND);
    assert_true(w.result.warned); /* exit code 1 */
    assert_non_null(strstr(w.result.warning, "memory exhausted"));
    char path[] = "/tmp/bw-exec-file-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    module.exec.limits.file_bytes = 8192;
    module.exec.command =
        COMMANDS_SHELL(world_text(&w, "head -c 8192 /dev/zero >%s && echo fits", path));
    world_probe(&w, &module, "/unused", 20 * BW_SECOND);
    assert_string_equal(w.result.detail, "fits");
    module.exec.command = COMMANDS_SHELL(world_text(&w, "exec head -c 8193 /dev/zero >%s", path));
    world_probe(&w, &module, "/unused", 20 * BW_SECOND);
    assert_string_equal(w.result.detail, "it wrote more into a file than limits.file_size");
    unlink(path);
    world_close(&w);
}

/* ---- hostile commands ---- */

static void nothing_survives_a_verdict(void **state)
{
    (void)state;
    static const struct {
        const char *name, *script;
    } cases[] = {
        { "hangs", "exec sleep MARK" },
        { "ignores TERM", "trap '' TERM; while :; do sleep MARK; done" },
        { "is in the background", "sleep MARK & sleep MARK & wait" },
        { "leaves the session", "setsid sh -c 'trap \"\" TERM; sleep MARK & sleep MARK' & "
                                "sleep MARK" },
        { "forks many that ignore TERM",
          "trap '' TERM; for i in $(seq 150); do sleep MARK & done; wait" },
        { "closes its output", "exec >&- 2>&-; echo x; sleep MARK" },
        { "stops itself", "kill -STOP $$; sleep MARK" },
        { "stops its guard", "kill -STOP $PPID; exec sleep MARK" },
        { "stops the helper", "kill -STOP $(ps -o ppid= -p $PPID); exec sleep MARK" },
        { "floods, ignores TERM and PIPE", "trap '' TERM PIPE; sleep MARK & yes MARK; wait" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        commands_run(&w, COMMANDS_MARKED(&w, cases[i].script), 400 * BW_MS);
        assert_int_equal(w.result.reason, strstr(cases[i].script, "yes ") != NULL
                                              ? BW_REASON_RESPONSE_TOO_LARGE
                                              : BW_REASON_TIMEOUT);
        assert_true(w.result.duration_ns < 20 * BW_SECOND);
        commands_expect_gone(&w, cases[i].name);
    }
    world_close(&w);
}

static void nothing_survives_the_end(void **state)
{
    (void)state;
    static const struct {
        const char *name, *script;
    } cases[] = {
        { "leaves a child", "sleep MARK & echo OK" },
        { "daemonises", "setsid sh -c 'sleep MARK & sleep MARK & wait' & sleep 0.2; "
                        "echo OK" },
        { "daemonises twice, ignores TERM",
          "setsid sh -c 'trap \"\" TERM; setsid sleep MARK & exit' & wait; echo OK" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        commands_run(&w, COMMANDS_MARKED(&w, cases[i].script), 20 * BW_SECOND);
        assert_string_equal(w.result.detail, "OK");
        if (commands_left() != 0)
            fail_msg("%s: %u processes are left", cases[i].name, commands_left());
        commands_expect_gone(&w, cases[i].name);
    }
    world_close(&w);
}

/* The other commands are lost with it; the next one gets a new helper. */
static void a_killed_helper_is_replaced(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    for (int i = 0; i < 3; i++) {
        commands_run(&w,
                     COMMANDS_MARKED(&w, "trap '' TERM; setsid sleep MARK & "
                                         "kill -9 $(ps -o ppid= -p $PPID); sleep MARK"),
                     20 * BW_SECOND);
        assert_int_equal(w.result.reason, BW_REASON_COMMAND_BROKEN);
        assert_string_equal(w.result.detail, "/bin/sh: its helper was ended");
        commands_run(&w, COMMANDS_SHELL("echo again"), 20 * BW_SECOND);
        assert_string_equal(w.result.detail, "again");
        commands_expect_gone(&w, "killed helper");
    }
    world_close(&w);
}

/* A process whose parent ends before it, so that it becomes our child; it has ended, too. */
static void make_orphan(void)
{
    siginfo_t info;
    const pid_t parent = fork();
    if (parent == 0) {
        if (fork() == 0) {
            while (getppid() != getpgrp()) /* ours, which leads the group */
                usleep(1000);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
}

static void orphans_that_become_ours_are_reaped(void **state)
{
    (void)state;
    struct world w;
    siginfo_t info;
    world_open(&w, NULL);
    setpgid(0, 0);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    commands_run(&w, COMMANDS_SHELL("echo one"), 20 * BW_SECOND);
    const pid_t helper = commands_helper();
    for (int i = 0; i < 3; i++) {
        make_orphan();
        bw_probe_engine_reap(w.engine);
        assert_int_equal(commands_helper(), helper);
    }
    commands_run(&w, COMMANDS_SHELL("echo two"), 20 * BW_SECOND);
    assert_string_equal(w.result.detail, "two");
    /* A helper that has ended is no stranger: it is missed. */
    make_orphan();
    kill(helper, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)helper, &info, WEXITED | WNOWAIT), 0);
    bw_probe_engine_reap(w.engine);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    commands_run(&w, COMMANDS_SHELL("echo three"), 20 * BW_SECOND);
    assert_string_equal(w.result.detail, "three");
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
    world_close(&w);
}

static void never(void *ctx, const struct bw_probe_result *result)
{
    (void)ctx, (void)result;
    fail_msg("a cancelled run called back");
}

static void nothing_survives_us(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_EXEC);
    module.exec.command = COMMANDS_MARKED(&w, "trap '' TERM; setsid sleep MARK & sleep MARK");
    struct bw_probe_plan *plan = bw_probe_plan_new(w.engine, &module, NULL, NULL);
    const struct bw_probe_request request = { .plan = plan,
                                              .target = { .text = "/unused" },
                                              .timeout_ns = 20 * BW_SECOND };
    struct bw_probe_run *runs[5];
    for (int i = 0; i < 5; i++)
        runs[i] = bw_probe_start(w.engine, &request, never, NULL);
    commands_await(&w, 5);
    for (int i = 0; i < 5; i++)
        bw_probe_cancel(runs[i]);
    bw_probe_plan_free(plan);
    world_close(&w);
    assert_int_equal(commands_left(), 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* ---- the rest ---- */

static unsigned descriptors(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

/* The longest command that is allowed, and output in many reports. */
static void much_goes_in_and_comes_out(void **state)
{
    (void)state;
    static char word[BW_EXEC_COMMAND_BYTES_MAX - 256];
    struct world w;
    world_open(&w, NULL);
    memset(word, 'x', sizeof word - 1);
    struct bw_probe_module module = world_module(&w, BW_PROBER_EXEC);
    module.exec.limits.output_bytes = 1 << 20;
    module.exec.command = WORLD_STRINGS(
        "/bin/sh", "-c", "echo ${#1}; yes | head -c 1000000; yes | head -c 40000 >&2", "sh", word);
    world_probe(&w, &module, "/unused", 20 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_NONE);
    assert_string_equal(w.result.detail, world_text(&w, "%zu", sizeof word - 1));
    module.exec.command = COMMANDS_SHELL("yes | head -c 1048577");
    world_probe(&w, &module, "/unused", 20 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_RESPONSE_TOO_LARGE);
    /* What it said before it hung, in two pieces. */
    commands_run(&w, COMMANDS_SHELL("printf a; sleep 0.3; echo b; sleep 9"), 800 * BW_MS);
    assert_string_equal(w.result.detail, "still running, said: ab");
    world_close(&w);
}

struct crowd {
    struct world *w;
    unsigned left, passed;
};

static void on_one_done(void *ctx, const struct bw_probe_result *result)
{
    struct crowd *crowd = ctx;
    crowd->passed += result->success;
    if (--crowd->left == 0)
        bw_loop_stop(crowd->w->loop);
}

/* More orders than the socket holds, before the helper has taken one; and no descriptors. */
static void a_crowd_needs_no_descriptors(void **state)
{
    (void)state;
    static char word[4000];
    struct world w;
    struct rlimit before, few;
    world_open(&w, NULL);
    memset(word, 'x', sizeof word - 1);
    struct bw_probe_module module = world_module(&w, BW_PROBER_EXEC);
    module.exec.command = WORLD_STRINGS("/bin/true", word);
    struct bw_probe_plan *plan = bw_probe_plan_new(w.engine, &module, NULL, NULL);
    const struct bw_probe_request request = { .plan = plan,
                                              .target = { .text = "/unused" },
                                              .timeout_ns = 60 * BW_SECOND };
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = descriptors() + 8;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    struct crowd crowd = { .w = &w, .left = 300 };
    for (unsigned i = 0; i < 300; i++)
        bw_probe_start(w.engine, &request, on_one_done, &crowd);
    bw_loop_run(w.loop);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(crowd.passed, 300);
    bw_probe_plan_free(plan);
    world_close(&w);
}

static void without_descriptors_there_is_no_helper(void **state)
{
    (void)state;
    struct world w;
    struct rlimit before, none;
    world_open(&w, NULL);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    commands_run(&w, WORLD_STRINGS("/bin/true"), 20 * BW_SECOND);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(w.result.reason, BW_REASON_LOCAL_LIMIT);
    assert_string_equal(w.result.detail, "no socket to commands: Too many open files");
    commands_run(&w, WORLD_STRINGS("/bin/true"), 20 * BW_SECOND);
    assert_true(w.result.success);
    world_close(&w);
}

static void many_runs_leave_no_descriptor(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    commands_run(&w, WORLD_STRINGS("/bin/true"), 20 * BW_SECOND);
    const unsigned before = descriptors();
    for (int i = 0; i < 10; i++) {
        commands_run(&w, WORLD_STRINGS("/bin/true"), 20 * BW_SECOND);
        assert_true(w.result.success);
    }
    assert_int_equal(descriptors(), before);
    world_close(&w);
}

/* A request chooses neither the command nor its arguments. */
static void a_target_is_never_run(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_EXEC);
    world_probe(&w, &module, "/bin/true", BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_INTERNAL);
    assert_string_equal(w.result.detail, "the module has no command");
    world_close(&w);
}

/* In a changed root the root directory is no mount of its own, and check_disk does not find it. */
static bool root_is_mounted(void)
{
    char line[4096];
    bool found = false;
    FILE *mounts = fopen("/proc/self/mounts", "re");
    while (mounts != NULL && !found && fgets(line, sizeof line, mounts) != NULL)
        found = strstr(line, " / ") != NULL;
    if (mounts != NULL)
        fclose(mounts);
    return found;
}

/* Debian's package monitoring-plugins-basic. */
static void real_plugins_run(void **state)
{
    (void)state;
    static const char *const plugins = "/usr/lib/nagios/plugins";
    struct world w;
    world_open(&w, NULL);
    const char *load = world_text(&w, "%s/check_load", plugins);
    const char *disk = world_text(&w, "%s/check_disk", plugins);
    const char *dummy = world_text(&w, "%s/check_dummy", plugins);
    if (access(load, X_OK) != 0) {
        print_message("monitoring-plugins are not installed: skipped\n");
    } else {
        commands_run(&w, WORLD_STRINGS(load, "-w", "9999,9999,9999", "-c", "9999,9999,9999"),
                     20 * BW_SECOND);
        assert_true(w.result.success && !w.result.warned);
        assert_true(strncmp(w.result.detail, "OK", 2) == 0
                    || strncmp(w.result.detail, "LOAD OK", 7) == 0);
        double value;
        assert_true(bw_measures_value(&w.measures, BW_METRIC_PROBE_EXEC_PERFDATA,
                                      BW_LABEL_VALUES("load1", ""), &value));
        if (root_is_mounted()) {
            commands_run(&w, WORLD_STRINGS(disk, "-w", "0%", "-c", "0%", "-p", "/"),
                         20 * BW_SECOND);
            assert_true(bw_measures_value(&w.measures, BW_METRIC_PROBE_EXEC_PERFDATA,
                                          BW_LABEL_VALUES("/", "bytes"), &value));
            assert_true(value > 1 << 20);
        }
        commands_run(&w, WORLD_STRINGS(dummy, "2", "broken"), 20 * BW_SECOND);
        assert_int_equal(w.result.reason, BW_REASON_COMMAND_CRITICAL);
        assert_string_equal(w.result.detail, "CRITICAL: broken");
    }
    world_close(&w);
}

/* ---- transcripts ---- */

static void a_failure_is_told_without_secrets(void **state)
{
    (void)state;
    static const char *const lines[] = { " * running /bin/sh with 5 arguments\n",
                                         " | bad \\x1b[31m <b>\n", " | had ***\n", " | oh\n",
                                         " * exit code 2\n" };
    struct world w;
    world_open(&w, NULL);
    commands_run(
        &w,
        WORLD_STRINGS("/bin/sh", "-c",
                      "printf 'bad \\033[31m <b>\\nhad '; echo fr0marg; echo oh >&2; exit 2", "sh",
                      "--password", "fr0marg"),
        5 * BW_SECOND);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (strstr(w.told, lines[i]) == NULL)
            fail_msg("'%s' is not in:\n%s", lines[i], w.told);
    }
    assert_null(strstr(w.told, "fr0marg"));
    world_close(&w);
}

int main(int argc, char **argv)
{
    commands_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_are_a_plugins),
        cmocka_unit_test(what_cannot_run_is_named),
        cmocka_unit_test(a_command_finds_a_clean_place),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(nothing_survives_a_verdict),
        cmocka_unit_test(nothing_survives_the_end),
        cmocka_unit_test(a_killed_helper_is_replaced),
        cmocka_unit_test(orphans_that_become_ours_are_reaped),
        cmocka_unit_test(nothing_survives_us),
        cmocka_unit_test(many_runs_leave_no_descriptor),
        cmocka_unit_test(much_goes_in_and_comes_out),
        cmocka_unit_test(a_crowd_needs_no_descriptors),
        cmocka_unit_test(without_descriptors_there_is_no_helper),
        cmocka_unit_test(a_target_is_never_run),
        cmocka_unit_test(real_plugins_run),
        cmocka_unit_test(a_failure_is_told_without_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
