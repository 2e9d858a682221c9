// SPDX-License-Identifier: GPL-3.0-or-later
/* What a scrape costs: rendering 10,000 and 100,000 series in 20-series blocks, updating them,
 * copying as many bytes, and compressing the page. Prints one line for each size. */
#include "metric/registry.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SERIES_PER_BLOCK = 20, ROUNDS = 15 };

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* What an HTTP check over TLS says, with values of microseconds. */
static void add_run(struct bw_measures *m, unsigned seed)
{
    static const char *const phases[] = { "resolve", "connect", "tls", "processing", "transfer" };
    static const enum bw_family_id families[] = {
        BW_METRIC_PROBE_SUCCESS,          BW_METRIC_PROBE_TIMEOUT_SECONDS,
        BW_METRIC_PROBE_IP_PROTOCOL,      BW_METRIC_PROBE_IP_ADDR_HASH,
        BW_METRIC_PROBE_HTTP_STATUS_CODE, BW_METRIC_PROBE_HTTP_VERSION,
        BW_METRIC_PROBE_HTTP_REDIRECTS,   BW_METRIC_PROBE_HTTP_SSL,
        BW_METRIC_HEALTH_SCORE,           BW_METRIC_PROBE_HTTP_CONTENT_LENGTH,
    };
    bw_measures_add(m, BW_METRIC_PROBE_DURATION_SECONDS, (seed * 7919u % 1000000u) / 1e6, NULL);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        bw_measures_add(m, families[i], (double)(seed % 3 + i), NULL);
    for (unsigned i = 0; i < 5; i++)
        bw_measures_add(m, BW_METRIC_PROBE_HTTP_DURATION_SECONDS,
                        ((seed + i) * 104729u % 100000u) / 1e6, BW_LABEL_VALUES(phases[i]));
    for (unsigned i = 0; i < 4; i++)
        bw_measures_add(m, BW_METRIC_HEALTH_STATUS, i == seed % 4, BW_LABEL_VALUES(phases[i]));
}

struct bench {
    struct bw_registry *registry;
    struct bw_block **blocks;
    size_t block_count;
};

static void set_up(struct bench *b, size_t series)
{
    b->registry = bw_registry_new();
    b->block_count = series / SERIES_PER_BLOCK;
    b->blocks = calloc(b->block_count, sizeof(struct bw_block *));
    for (size_t i = 0; i < b->block_count; i++) {
        char service[32];
        snprintf(service, sizeof service, "service-%zu", i);
        const struct bw_metric_label labels[] = { { "service", service },
                                                  { "instance", "10.0.0.1:8080" },
                                                  { "check", "page" },
                                                  { "module", "http_2xx" } };
        b->blocks[i] = bw_registry_add(b->registry, labels, 4, "exported_");
    }
}

/* All blocks once; returns the nanoseconds that the registry itself took. */
static double update(struct bench *b, unsigned seed)
{
    double took = 0;
    for (size_t i = 0; i < b->block_count; i++) {
        struct bw_arena arena;
        struct bw_measures m;
        bw_arena_init(&arena);
        bw_measures_init(&m, &arena);
        add_run(&m, seed + (unsigned)i);
        const double start = now_ns();
        bw_registry_set(b->registry, b->blocks[i], &m);
        took += now_ns() - start;
        bw_arena_fini(&arena);
    }
    return took;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

static void run(size_t series)
{
    struct bench b;
    struct bw_buf page, copy;
    bw_buf_init(&page, 1u << 30);
    bw_buf_init(&copy, 1u << 30);
    set_up(&b, series);
    update(&b, 0);
    double render = 1e18, copying = 1e18, compress = 1e18, change = 1e18;
    size_t packed_len = 0;
    for (unsigned round = 1; round <= ROUNDS; round++) {
        change = least(change, update(&b, round));
        bw_buf_clear(&page);
        double start = now_ns();
        bw_registry_render(b.registry, BW_EXPOSITION_OPENMETRICS, NULL, &page);
        render = least(render, now_ns() - start);
        bw_buf_clear(&copy);
        start = now_ns();
        bw_buf_bytes(&copy, page.data, page.len);
        copying = least(copying, now_ns() - start);
        struct libdeflate_compressor *gzip = libdeflate_alloc_compressor(1);
        const size_t bound = libdeflate_gzip_compress_bound(gzip, page.len);
        char *packed = malloc(bound);
        start = now_ns();
        packed_len = libdeflate_gzip_compress(gzip, page.data, page.len, packed, bound);
        compress = least(compress, now_ns() - start);
        free(packed);
        libdeflate_free_compressor(gzip);
    }
    const double n = (double)series;
    printf("%zu series, %zu bytes: render %.1f ns/series (%.1f times copying), update %.1f "
           "ns/series, libdeflate-1 %.2f ms to %zu bytes\n",
           series, page.len, render / n, render / copying, change / n, compress / 1e6, packed_len);
    bw_registry_free(b.registry);
    bw_buf_fini(&page);
    bw_buf_fini(&copy);
    free(b.blocks);
}

int main(void)
{
    run(10000);
    run(100000);
    return 0;
}
