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
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char mark[32];

void commands_main(int argc, char **argv)
{
    snprintf(mark, sizeof mark, "98431.%010d", (int)getpid());
#if defined(__SANITIZE_THREAD__)
    /* The program is its own helper here, and that limits the address space, of which
     * ThreadSanitizer wants terabytes. */
    (void)argc, (void)argv;
    puts("skipped under ThreadSanitizer");
    exit(77);
#else
    /* Not by exit(): a leak checker would look at the helper, too. */
    if (argc > 1 && strcmp(argv[1], BW_EXEC_HELPER_NAME) == 0)
        _exit(bw_exec_helper_run());
#endif
}

const char *commands_marked(struct world *w, const char *script)
{
    static const char word[] = "MARK";
    const char *text = "";
    for (const char *at; (at = strstr(script, word)) != NULL; script = at + sizeof word - 1)
        text = world_text(w, "%s%.*s%s", text, (int)(at - script), script, mark);
    return world_text(w, "%s%s", text, script);
}

void commands_run(struct world *w, struct bw_strings command, int64_t timeout_ns)
{
    struct bw_probe_module module = world_module(w, BW_PROBER_EXEC);
    module.exec.command = command;
    world_probe(w, &module, "/unused", timeout_ns);
}

unsigned commands_left(void)
{
    unsigned count = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
        char path[300], line[4096];
        snprintf(path, sizeof path, "/proc/%.20s/cmdline", entry->d_name);
        const int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        const ssize_t len = read(fd, line, sizeof line);
        close(fd);
        count +=
            len > 0 && memmem(line, (size_t)len, mark, strlen(mark)) != NULL
            && memmem(line, (size_t)len, BW_EXEC_HELPER_NAME, strlen(BW_EXEC_HELPER_NAME)) == NULL;
    }
    closedir(proc);
    return count;
}

/* Of a process, -1 without one; of the one child that we have: the helper's guards. */
static int count_children(pid_t pid, pid_t *out_first)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *file = fopen(path, "re");
    int count = 0, child;
    while (file != NULL && fscanf(file, "%d", &child) == 1) {
        *out_first = count++ == 0 ? child : *out_first;
    }
    if (file != NULL)
        fclose(file);
    return file != NULL ? count : -1;
}

pid_t commands_helper(void)
{
    pid_t helper = 0;
    assert_int_equal(count_children(getpid(), &helper), 1);
    return helper;
}

static int guards(void)
{
    pid_t helper = 0, unused;
    const int helpers = count_children(getpid(), &helper);
    return helpers == 1 ? count_children(helper, &unused) : -helpers;
}

static void on_tick(void *ctx)
{
    bw_loop_stop(ctx);
}

/* Runs the loop for a moment. */
static void turn(struct world *w)
{
    struct bw_timer *timer = bw_timer_new(w->loop, on_tick, w->loop);
    bw_timer_start(timer, 20 * BW_MS, 0);
    bw_loop_run(w->loop);
    bw_timer_free(timer);
}

void commands_await(struct world *w, unsigned count)
{
    const int64_t end_ns = bw_loop_mono_ns() + 60 * BW_SECOND;
    while (commands_left() < count) {
        if (bw_loop_mono_ns() > end_ns)
            fail_msg("only %u of %u processes are there", commands_left(), count);
        turn(w);
    }
}

void commands_expect_gone(struct world *w, const char *name)
{
    const int64_t end_ns = bw_loop_mono_ns() + 60 * BW_SECOND;
    while (commands_left() > 0 || guards() != 0) {
        if (bw_loop_mono_ns() > end_ns)
            fail_msg("%s: %u processes and %d guards are left", name, commands_left(), guards());
        turn(w);
    }
}
