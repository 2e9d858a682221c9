// SPDX-License-Identifier: GPL-3.0-or-later
/* History that tests and the preview read. */
#include "fake.h"

#include "base/limits.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { HOUR_MS = 3600000, MINUTE_MS = 60000, SERIES_MAX = 48 };

struct series {
    uint32_t id;
    double base, wave, slope_per_hour;
    bool fails; /* becomes 0 for the last 38 minutes */
};

struct filling {
    struct bw_store *store;
    struct bw_arena arena;
    struct series series[SERIES_MAX];
    size_t count;
};

static void add(struct filling *filling, const char *metric, const struct bw_label *labels,
                size_t count, struct series shape)
{
    struct bw_labels made = bw_labels_make(&filling->arena, labels, count);
    shape.id = bw_store_series(filling->store, metric, made);
    assert_int_not_equal(shape.id, 0);
    filling->series[filling->count++] = shape;
}

static void add_checks(struct filling *filling)
{
    static const char *const instances[] = { "10.0.0.1:8080", "10.0.0.2:8080" };
    static const char *const checks[] = { "health", "port" };
    static const struct {
        const char *name;
        double base;
    } phases[] = {
        { "resolve", 0.002 },    { "connect", 0.011 },  { "tls", 0.024 },
        { "processing", 0.039 }, { "transfer", 0.008 },
    };
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 2; k++) {
            struct bw_label labels[] = { { "service", "checkout" },
                                         { "instance", instances[i] },
                                         { "check", checks[k] } };
            add(filling, "probe_duration_seconds", labels, 3,
                (struct series){ .base = k == 0 ? 0.085 : 0.004, .wave = k == 0 ? 0.03 : 0.001 });
            add(filling, "probe_success", labels, 3, (struct series){ .base = 1, .fails = i == 1 });
            for (size_t p = 0; k == 0 && p < sizeof phases / sizeof *phases; p++) {
                struct bw_label of_phase[] = {
                    labels[0], labels[1], labels[2], { "phase", phases[p].name }
                };
                add(filling, "probe_http_duration_seconds", of_phase, 4,
                    (struct series){ .base = phases[p].base, .wave = phases[p].base / 3 });
            }
        }
}

static void add_host(struct filling *filling)
{
    struct bw_label of_host[] = { { "service", "host" }, { "instance", "vie1-mon" }, { 0 } };
    const struct {
        const char *metric, *label, *value;
        struct series shape;
    } rows[] = {
        { "node_load1", NULL, NULL, { .base = 0.8, .wave = 0.4 } },
        { "node_memory_MemAvailable_bytes", NULL, NULL, { .base = 7.4e9, .wave = 4e8 } },
        { "node_memory_MemTotal_bytes", NULL, NULL, { .base = 16.6e9 } },
        { "node_filesystem_avail_bytes", "mountpoint", "/", { .base = 38e9, .wave = 1e8 } },
        { "node_filesystem_size_bytes", "mountpoint", "/", { .base = 105e9 } },
        { "node_filesystem_free_bytes", "mountpoint", "/", { .base = 43e9 } },
        { "node_filesystem_avail_bytes",
          "mountpoint",
          "/var/lib",
          { .base = 22e9, .wave = 1e8, .slope_per_hour = -4e8 } },
        { "node_filesystem_size_bytes", "mountpoint", "/var/lib", { .base = 105e9 } },
        { "node_filesystem_free_bytes",
          "mountpoint",
          "/var/lib",
          { .base = 27e9, .slope_per_hour = -4e8 } },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        of_host[2] = (struct bw_label){ rows[i].label, rows[i].value };
        add(filling, rows[i].metric, of_host, rows[i].label == NULL ? 2 : 3, rows[i].shape);
    }
    for (int cpu = 0; cpu < 2; cpu++) {
        struct bw_label labels[] = {
            of_host[0], of_host[1], { "cpu", cpu == 0 ? "0" : "1" }, { "mode", "idle" }
        };
        add(filling, "node_cpu_seconds_total", labels, 4,
            (struct series){ .base = 5000, .wave = 60, .slope_per_hour = 2700 });
    }
}

static void append(struct filling *filling, int64_t from_ms, int64_t ts_ms, int64_t now_ms)
{
    struct bw_sample samples[SERIES_MAX];
    double hours = (double)(ts_ms - from_ms) / HOUR_MS;
    for (size_t i = 0; i < filling->count; i++) {
        const struct series *s = &filling->series[i];
        double noise = sin((double)(ts_ms / 1000) * 12.9898 + (double)i) * 0.3;
        double wave = sin(hours * 1.3 + (double)i) + noise;
        double value = s->base + s->wave * wave + s->slope_per_hour * hours;
        bool failed = s->fails && ts_ms > now_ms - 38 * MINUTE_MS;
        samples[i] = (struct bw_sample){ s->id, ts_ms, failed ? 0 : value };
    }
    assert_true(bw_store_append(filling->store, samples, filling->count));
}

static void add_rows(struct filling *filling, int64_t now_ms)
{
    const struct bw_event events[] = {
        { .ts_ms = now_ms - 20 * HOUR_MS,
          .kind = BW_EVENT_SYSTEM,
          .subject = { "", "", "" },
          .name = "started",
          .cause = "version 0.1.0" },
        { .ts_ms = now_ms - 38 * 60000,
          .kind = BW_EVENT_STATUS,
          .subject = { "checkout", "10.0.0.2:8080", "health" },
          .name = "",
          .from = BW_HEALTHY,
          .to = BW_UNHEALTHY,
          .cause = "connection refused, 3 failures in a row" },
        { .ts_ms = now_ms - 37 * 60000,
          .kind = BW_EVENT_STATUS,
          .subject = { "checkout", "", "" },
          .name = "",
          .from = BW_HEALTHY,
          .to = BW_UNHEALTHY,
          .cause = "10.0.0.2:8080 health: connection refused" },
        { .ts_ms = now_ms - 36 * 60000,
          .kind = BW_EVENT_ALERT,
          .subject = { "checkout", "", "" },
          .name = "service-unhealthy",
          .from = BW_LEVEL_NONE,
          .to = BW_LEVEL_CRITICAL,
          .cause = "connection refused" },
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        assert_true(bw_store_put_event(filling->store, &events[i]));
    struct bw_report_row rows[] = {
        { .name = "weekly",
          .type = "summary",
          .format = "csv",
          .file = "weekly-1.csv",
          .created_ms = now_ms - 3 * HOUR_MS,
          .from_ms = now_ms - 171 * HOUR_MS,
          .to_ms = now_ms - 3 * HOUR_MS,
          .bytes = 8 },
        { .name = "weekly",
          .type = "summary",
          .format = "csv",
          .file = "../secret",
          .created_ms = now_ms - 2 * HOUR_MS,
          .from_ms = 0,
          .to_ms = now_ms,
          .bytes = 9 },
        { .name = "daily \"x\"\r\n",
          .type = "summary",
          .format = "csv",
          .file = "weekly-1.csv",
          .created_ms = now_ms - HOUR_MS,
          .from_ms = 0,
          .to_ms = now_ms,
          .bytes = 8 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_true(bw_store_put_report(filling->store, &rows[i]));
}

/* Of the health check that has been down for 38 minutes; the last one is an attack. */
static void add_failures(struct filling *filling, int64_t now_ms)
{
    static const struct bw_subject subject = { "checkout", "10.0.0.2:8080", "health" };
    const struct bw_failure failures[] = {
        { .tally = { subject, 0, now_ms - 38 * MINUTE_MS, now_ms - MINUTE_MS, 37, 0 },
          .reason = BW_REASON_CONNECT_REFUSED,
          .cause = "Connection refused",
          .duration_s = 0.0031,
          .attempts = 2,
          .phases = "resolve=0.0004 connect=0.0021",
          .transcript = "0.0 * looking up checkout.example.com\n"
                        "0.4 * resolved to 10.0.0.2, 10.0.0.3\n"
                        "0.4 * connecting to 10.0.0.2 port 8080\n"
                        "1.2 * failed: connection refused: Connection refused\n"
                        "101.3 * try 2 of 2\n"
                        "101.4 * connecting to 10.0.0.2 port 8080\n"
                        "103.1 ! connection refused: Connection refused\n" },
        { .tally = { subject, 9, now_ms - 9 * HOUR_MS, now_ms - 9 * HOUR_MS, 1, 3 },
          .reason = BW_REASON_HTTP_STATUS,
          .cause = "status 503, expected 2xx",
          .duration_s = 0.0842,
          .attempts = 1,
          .phases = "resolve=0.0022 connect=0.0118 tls=0.0241 processing=0.0391 transfer=0.007",
          .transcript =
              "0.0 * looking up checkout.example.com\n"
              "2.2 * resolved to 10.0.0.2\n"
              "2.2 * connecting to 10.0.0.2 port 8080\n"
              "14.0 * connected, TLS handshake\n"
              "38.1 * TLS 1.3, TLS_AES_256_GCM_SHA384\n"
              "38.1 * certificate: names checkout.example.com\n"
              "38.1 * certificate: verified\n"
              "38.1 > GET /health?token=*** HTTP/1.1\n"
              "38.1 > Host: checkout.example.com:8080\n"
              "38.1 > User-Agent: Bellwether/0.1.0\n"
              "38.1 > Authorization: ***\n"
              "77.2 < HTTP/1.1 503 Service Unavailable\n"
              "77.2 < Content-Type: application/json; charset=utf-8\n"
              "77.2 < Set-Cookie: ***\n"
              "84.0 * the body:\n"
              "84.0 | {\n"
              "84.0 |   \"status\": \"degraded\", \"database\": \"no connection left in the "
              "pool: 50 of 50 are in use, and 212 requests wait for one\"\n"
              "84.0 | }\n"
              "84.2 ! unexpected status code: status 503, expected 2xx\n" },
        { .tally = { subject, 8, now_ms - 20 * HOUR_MS, now_ms - 20 * HOUR_MS, 1, 0 },
          .reason = BW_REASON_HTTP_STATUS,
          .cause = "<script>alert(1)</script>",
          .duration_s = 0.02,
          .attempts = 1,
          .phases = "<b>=1 \"=x =2 tls=-1",
          .transcript = "0.1 < <script>alert(1)</script> \"'&\nno line of ours <img>\n" },
    };
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        assert_true(bw_store_put_failure(filling->store, &failures[i]));
}

/* As much as there can be, of what takes the most room in HTML. */
static void add_heavy_failures(struct filling *filling, int64_t now_ms)
{
    char transcript[BW_TRANSCRIPT_BYTES_MAX + 1] = "";
    for (size_t used = 0; used + 40 < sizeof transcript; used = strlen(transcript))
        snprintf(transcript + used, sizeof transcript - used, "1.0 < \"'<&>\"'<&>\"'<&>\n");
    for (unsigned i = 0; i < BW_FAILURES_KEPT_MAX; i++) {
        const struct bw_failure failure = {
            .tally = { .subject = { "checkout", "10.0.0.2:8080", "port" },
                       .slot = i,
                       .ts_ms = now_ms - i * HOUR_MS,
                       .last_ms = now_ms - i * HOUR_MS,
                       .times = 1 },
            .reason = BW_REASON_ASSERTION_REPLY,
            .cause = "\"'<&>",
            .attempts = 1,
            .phases = "",
            .transcript = transcript,
        };
        assert_true(bw_store_put_failure(filling->store, &failure));
    }
}

void fake_store_make(const char *path, int64_t now_ms, int hours, int64_t step_ms)
{
    struct filling filling = { 0 };
    struct bw_err err = { 0 };
    struct bw_storage_opts opts = bw_storage_defaults();
    struct bw_store_hooks hooks = { 0 };
    opts.path = path;
    bw_arena_init(&filling.arena);
    if (bw_store_open(&opts, &hooks, &filling.store, &err) != BW_OK)
        fail_msg("store: %s", err.text);
    add_checks(&filling);
    add_host(&filling);
    int64_t span_ms = (int64_t)hours * HOUR_MS;
    int64_t from_ms = now_ms - span_ms;
    for (int64_t ts = from_ms; ts < now_ms; ts += step_ms)
        if (ts < from_ms + span_ms * 45 / 100 || ts > from_ms + span_ms * 55 / 100)
            append(&filling, from_ms, ts, now_ms);
    add_rows(&filling, now_ms);
    add_failures(&filling, now_ms);
    add_heavy_failures(&filling, now_ms);
    assert_int_equal(bw_store_flush(filling.store, INT64_C(30000000000), &err), BW_OK);
    bw_store_close(filling.store);
    bw_arena_fini(&filling.arena);
}
