// SPDX-License-Identifier: GPL-3.0-or-later
/* CPU time of one complete analysis by length: grid, seasons, regimes, slope, direction, three
 * forecast horizons and a threshold. The goal is 1.5 ms at 1000 points and growth in line
 * with n. */
#include "trend/analyse.h"
#include "trend/robust.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { STEP_MS = 300000, ROUNDS = 40, POINTS_MAX = 1000000 };

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* A daily season, a slow rise and correlated noise, like a disk or a busy service. */
static void make(struct bw_point *points, size_t n, uint64_t seed)
{
    struct bw_trend_random r = bw_trend_random_seed(seed);
    double e = 0;
    for (size_t i = 0; i < n; i++) {
        e = 0.7 * e + bw_trend_random_normal(&r);
        points[i].ts_ms = (int64_t)i * STEP_MS;
        points[i].value = 100 + 0.01 * (double)i + 8 * sin(6.283185307179586 * (double)i / 288) + e;
    }
}

static double measure(struct bw_trend_scratch *scratch, struct bw_point *points, size_t n)
{
    const int rounds = n > 10000 ? 3 : ROUNDS;
    double spent = 0;
    for (int round = 0; round < rounds; round++) {
        make(points, n, (uint64_t)round + 1);
        const struct bw_trend_request request = {
            .points = points,
            .count = n,
            .horizons_ms = { 3600000, 24 * INT64_C(3600000), 7 * 24 * INT64_C(3600000) },
            .horizon_count = 3,
            .threshold = 150,
            .side = 1,
        };
        struct bw_trend_record record = { 0 };
        const double start = cpu_ms();
        if (bw_trend_analyse(&request, scratch, &record, NULL) != BW_OK)
            abort();
        spent += cpu_ms() - start;
    }
    return spent / rounds;
}

int main(void)
{
    static const size_t lengths[] = { 250, 500, 1000, 2000, 4000, 20000, POINTS_MAX };
    gsl_set_error_handler_off();
    struct bw_trend_scratch *scratch = bw_trend_scratch_new();
    struct bw_point *points = calloc(POINTS_MAX, sizeof *points);
    printf("%10s %12s %14s\n", "points", "cpu ms", "us per point");
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const double ms = measure(scratch, points, lengths[i]);
        printf("%10zu %12.3f %14.3f\n", lengths[i], ms, ms * 1000 / (double)lengths[i]);
    }
    free(points);
    bw_trend_scratch_free(scratch);
    return 0;
}
