// SPDX-License-Identifier: GPL-3.0-or-later
/* What it costs a process to have /bin/true run: processor time of the process itself, without the
 * commands', by itself small and with 1 GB of memory in use. Our way (an exec probe, 16 at once),
 * and in the same run the ways that others have: posix_spawn(), fork() and execve(). Rounds
 * alternate. Usage: bench_exec [RUNS [ROUNDS]] */
#include "batch.h"

#include "base/arena.h"
#include "base/units.h"
#include "conf/decode.h"
#include "probe/exec_helper.h"
#include "probe/module.h"
#include "probe/run.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AT_ONCE = 16, ROUNDS_MAX = 99, BALLAST_BYTES = 1 << 30 };

struct bench {
    struct batch batch;
    struct bw_resolver *resolver;
    struct bw_arena arena;
};

static char program[] = "/bin/true";
static char *const argv_of_program[] = { program, NULL };

/* ---- our way ---- */

static void run_probes(struct bench *b, unsigned runs)
{
    const unsigned passed = batch_run(&b->batch, runs, AT_ONCE);
    if (passed != runs) {
        fprintf(stderr, "only %u of %u runs passed\n", passed, runs);
        exit(1);
    }
}

static void open_bench(struct bench *b)
{
    static const char *const command[] = { program };
    struct bw_probe_module *module = bw_arena_alloc(&b->arena, sizeof *module);
    struct bw_err err;
    b->batch.loop = bw_loop_new();
    b->resolver = bw_resolver_new(b->batch.loop, NULL, NULL);
    b->batch.engine = bw_probe_engine_new(b->batch.loop, b->resolver, NULL);
    bw_conf_defaults(&b->arena, &bw_probe_module_group, module);
    module->prober = BW_PROBER_EXEC;
    module->exec.command = (struct bw_strings){ command, 1 };
    b->batch.request = (struct bw_probe_request){
        .plan = bw_probe_plan_new(b->batch.engine, module, NULL, &err),
        .target = { .text = program },
        .timeout_ns = 60 * BW_SECOND,
    };
    if (b->batch.request.plan == NULL) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

static void close_bench(struct bench *b)
{
    bw_probe_plan_free(b->batch.request.plan);
    bw_probe_engine_free(b->batch.engine);
    bw_resolver_free(b->resolver);
    bw_loop_free(b->batch.loop);
    bw_arena_fini(&b->arena);
}

/* ---- other ways ---- */

static void run_spawns(struct bench *b, unsigned runs)
{
    (void)b;
    for (unsigned i = 0; i < runs; i++) {
        pid_t pid;
        if (posix_spawn(&pid, program, NULL, NULL, argv_of_program, environ) != 0)
            exit(1);
        waitpid(pid, NULL, 0);
    }
}

static void run_forks(struct bench *b, unsigned runs)
{
    (void)b;
    for (unsigned i = 0; i < runs; i++) {
        const pid_t pid = fork();
        if (pid < 0)
            exit(1);
        if (pid == 0) {
            execve(program, argv_of_program, environ);
            _exit(127);
        }
        waitpid(pid, NULL, 0);
    }
}

/* ---- measuring ---- */

static double cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6
           + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static const struct {
    const char *name;
    void (*run)(struct bench *b, unsigned runs);
    unsigned less; /* runs are divided by it: of a dear way fewer do */
} ways[] = {
    { "exec probe", run_probes, 1 },
    { "posix_spawn", run_spawns, 4 },
    { "fork, execve", run_forks, 20 },
};
enum { WAYS = sizeof ways / sizeof *ways };

static void measure(struct bench *b, unsigned runs, unsigned rounds, const char *size)
{
    double took[WAYS][ROUNDS_MAX];
    for (unsigned r = 0; r < rounds; r++) {
        for (unsigned w = 0; w < WAYS; w++) {
            const unsigned count = runs / ways[w].less + 1;
            const double start_us = cpu_us();
            ways[w].run(b, count);
            took[w][r] = (cpu_us() - start_us) / count;
        }
    }
    for (unsigned w = 0; w < WAYS; w++) {
        qsort(took[w], rounds, sizeof **took, by_value);
        printf("%-12s %-9s %8.1f us CPU each (%.1f..%.1f)\n", ways[w].name, size,
               took[w][rounds / 2], took[w][0], took[w][rounds - 1]);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], BW_EXEC_HELPER_NAME) == 0)
        _exit(bw_exec_helper_run());
    const unsigned runs = argc > 1 ? (unsigned)atoi(argv[1]) : 1000;
    const unsigned asked = argc > 2 ? (unsigned)atoi(argv[2]) : 5;
    const unsigned rounds = asked > 0 && asked <= ROUNDS_MAX ? asked : 5;
    struct bench b = { .resolver = NULL };
    open_bench(&b);
    run_probes(&b, AT_ONCE); /* starts the helper */
    measure(&b, runs, rounds, "small");
    /* In small pages, as what many allocations have left. */
    char *ballast =
        mmap(NULL, BALLAST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ballast == MAP_FAILED)
        return 1;
    madvise(ballast, BALLAST_BYTES, MADV_NOHUGEPAGE);
    memset(ballast, 1, BALLAST_BYTES);
    measure(&b, runs, rounds, "1 GB RSS");
    munmap(ballast, BALLAST_BYTES);
    close_bench(&b);
    return 0;
}
