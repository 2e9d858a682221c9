// SPDX-License-Identifier: GPL-3.0-or-later
/* What it costs the daemon to analyse 10,000 stored series once: whole jobs of app/trend_job, the
 * reading of the store included. The goal is 20 s of CPU time. In a store of its own in the folder
 * given (or /tmp): every 5 minutes a value, as many as the second argument says (1000). */
#include "app/trend_job.h"
#include "base/mem.h"
#include "base/units.h"
#include "store/store.h"
#include "trend/robust.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP_MS INT64_C(300000)
#define START_MS INT64_C(1700006400000)

enum { SERIES = 10000, PER_METRIC = 100, PER_JOB = 50, DAY_STEPS = 288 };

static size_t steps = 1000;

static int64_t wall_ms(void *ctx)
{
    (void)ctx;
    return START_MS + (int64_t)steps * STEP_MS;
}

/* ---- the store --------------------------------------------------------------------------- */

/* Disks that fill, loads with a day in them, latencies, percents that stand still. */
static double value_of(struct bw_trend_random *random, size_t series, size_t i, double *noise)
{
    *noise = 0.7 * *noise + bw_trend_random_normal(random);
    const double day = sin(6.283185307179586 * (double)i / DAY_STEPS);
    switch (series % 4) {
    case 0:
        return round(4e10 - 1e6 * (double)(series % 7) * (double)i + 1e6 * *noise);
    case 1:
        return round(100 * (5 + 2 * day + 0.4 * *noise)) / 100;
    case 2:
        return round(1e6 * (0.1 + 0.01 * fabs(*noise))) / 1e6;
    default:
        return series % 8 == 3 ? 1 : round(50 + *noise);
    }
}

static void fill(struct bw_store *store)
{
    struct bw_trend_random random = bw_trend_random_seed(1);
    struct bw_sample *samples = bw_alloc_array(SERIES, sizeof *samples);
    double *noise = bw_alloc_array(SERIES, sizeof *noise);
    for (size_t s = 0; s < SERIES; s++) {
        char metric[40], instance[40];
        snprintf(metric, sizeof metric, "bench_%zu", s / PER_METRIC);
        snprintf(instance, sizeof instance, "host%zu:9100", s % PER_METRIC);
        const struct bw_label label = { "instance", instance };
        samples[s].series = bw_store_series(store, metric, (struct bw_labels){ &label, 1 });
    }
    for (size_t i = 0; i < steps; i++) {
        for (size_t s = 0; s < SERIES; s++) {
            samples[s].ts_ms = START_MS + (int64_t)i * STEP_MS;
            samples[s].value = value_of(&random, s, i, &noise[s]);
        }
        bw_store_append(store, samples, SERIES);
        if (i % 96 == 95)
            bw_store_checkpoint(store, BW_MINUTE, NULL);
        else
            bw_store_flush(store, BW_MINUTE, NULL);
    }
    bw_store_checkpoint(store, BW_MINUTE, NULL);
    free(samples);
    free(noise);
}

static void make_store(const char *path)
{
    struct bw_store *store = NULL;
    struct bw_err err = { .text = "" };
    struct bw_storage_opts opts = bw_storage_defaults();
    const struct bw_store_hooks hooks = { .wall_ms = wall_ms };
    opts.path = path;
    opts.retention = (struct bw_retention_opts){ 0 };
    if (bw_store_open(&opts, &hooks, &store, &err) != BW_OK) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    fill(store);
    bw_store_close(store);
}

/* ---- the round --------------------------------------------------------------------------- */

static struct bw_config *make_config(const char *folder)
{
    char path[300];
    struct bw_problems problems = { 0 };
    snprintf(path, sizeof path, "%s/bench_trends.yml", folder);
    FILE *file = fopen(path, "we");
    if (file == NULL)
        exit(1);
    fputs("trends: {max_series: 100000, horizons: [1h, 24h],"
          " select: [{match: {__name__: 'bench_.*'}, threshold: 0, side: below}]}\n",
          file);
    fclose(file);
    struct bw_config *config = bw_config_load(path, &(struct bw_config_default){ 0 }, &problems);
    unlink(path);
    bw_problems_fini(&problems);
    return config;
}

struct sums {
    double cpu_s;
    size_t records, known;
};

static void add(struct sums *sums, const struct bw_trend_job *job)
{
    sums->cpu_s += (double)job->cpu_ns / BW_SECOND;
    sums->records += job->record_count;
    for (size_t i = 0; i < job->record_count; i++)
        sums->known += job->records[i].direction != BW_UNDETERMINED;
}

static struct sums run_round(const struct bw_trend_plan *plan, const char *path)
{
    struct sums sums = { 0 };
    struct bw_trend_roll *roll = NULL;
    for (size_t first = 0; first < SERIES; first += PER_JOB) {
        struct bw_trend_job job = { .plan = plan,
                                    .store = bw_strdup(path),
                                    .now_ms = wall_ms(NULL),
                                    .roll = roll,
                                    .first = first,
                                    .count = PER_JOB };
        bw_trend_job_run(&job);
        if (job.err.rc != BW_OK) {
            fprintf(stderr, "%s\n", job.err.text);
            exit(1);
        }
        add(&sums, &job);
        if (roll == NULL) {
            roll = job.drawn; /* of the first job, for all that follow */
            job.drawn = NULL;
        }
        bw_trend_job_fini(&job);
    }
    bw_trend_roll_free(roll);
    return sums;
}

static void remove_store(const char *path)
{
    static const char *const ends[] = { "", "-wal", "-shm", ".lock", ".reserve" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char file[320];
        snprintf(file, sizeof file, "%s%s", path, ends[i]);
        unlink(file);
    }
}

int main(int argc, char **argv)
{
    char path[300];
    const char *folder = argc > 1 ? argv[1] : "/tmp";
    struct bw_trend_plan *plan;
    gsl_set_error_handler_off();
    if (argc > 2)
        steps = (size_t)strtoul(argv[2], NULL, 10);
    snprintf(path, sizeof path, "%s/bench_trends_%ld.db", folder, (long)getpid());
    make_store(path);
    struct bw_config *config = make_config(folder);
    if (config == NULL || bw_trend_plan_make(config, &plan, NULL) != BW_OK)
        return 1;
    const struct sums sums = run_round(plan, path);
    printf("%zu series of %zu values: %.1f s of CPU, %.2f ms each; %zu directions known\n",
           sums.records, steps, sums.cpu_s, sums.cpu_s * 1000 / (double)sums.records, sums.known);
    bw_trend_plan_free(plan);
    bw_config_free(config);
    remove_store(path);
    return 0;
}
