// SPDX-License-Identifier: GPL-3.0-or-later
/* Every query of docs/sql.md runs over a store like the one it speaks of, gives rows, and has the
 * columns that are shown below it. BW_UPDATE_DOCS=1 writes the outputs anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../store/fixture.h"
#include "base/buf.h"
#include "base/mem.h"
#include "cli/listing.h"
#include "store/sql.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STEP_MS = 60000, DAYS = 8, QUERIES_LEAST = 10 };
#define DAY_MS INT64_C(86400000)

/* ---- a store -----------------------------------------------------------------------------------
 */

struct site {
    const char *service, *instance;
    double latency_s;
    int64_t failed_from, failed_to; /* ms ago */
    int64_t cert_days;
};

static const struct site sites[] = {
    { "shop", "shop1.example.org", 0.080, 30 * 3600000, 29 * 3600000, 21 },
    { "shop", "shop2.example.org", 0.095, 0, 0, 64 },
    { "blog", "blog.example.org", 0.210, 50 * 3600000, 49 * 3600000 + 1800000, 9 },
};

static const char *const phases[] = { "resolve", "connect", "tls", "processing", "transfer" };
static const double parts[] = { 0.05, 0.15, 0.25, 0.45, 0.1 };

struct site_series {
    uint32_t success, duration, expiry, phases[5];
};

static struct site_series name_site(struct fixture *f, const struct site *site)
{
    struct site_series series;
    const struct bw_label labels[] = { { "check", "web" },
                                       { "instance", site->instance },
                                       { "service", site->service } };
    const struct bw_labels of_check = { labels, 3 };
    series.success = bw_store_series(f->store, "probe_success", of_check);
    series.duration = bw_store_series(f->store, "probe_duration_seconds", of_check);
    series.expiry = bw_store_series(f->store, "probe_ssl_earliest_cert_expiry", of_check);
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        const struct bw_label with_phase[] = {
            labels[0], labels[1], { "phase", phases[i] }, labels[2]
        };
        series.phases[i] = bw_store_series(f->store, "probe_http_duration_seconds",
                                           (struct bw_labels){ with_phase, 4 });
    }
    return series;
}

/* The same "noise" in each run. */
static double wobble(int64_t n)
{
    return (double)((uint64_t)n * UINT64_C(2654435761) % 1000) / 1000;
}

static void measure(struct fixture *f, const struct site *site, const struct site_series *series,
                    int64_t now_ms, int64_t ts_ms)
{
    const int64_t ago = now_ms - ts_ms;
    const bool failed = ago <= site->failed_from && ago > site->failed_to;
    const double r = wobble(ts_ms / STEP_MS);
    const double day = (double)(ts_ms % DAY_MS) / (double)DAY_MS;
    const double took =
        round(site->latency_s * (1 + 0.3 * sin(6.28 * day) + r * r * r) * 1e6) / 1e6;
    fixture_append(f, series->success, ts_ms, failed ? 0 : 1);
    fixture_append(f, series->duration, ts_ms, took);
    fixture_append(f, series->expiry, ts_ms,
                   (double)((now_ms / DAY_MS + site->cert_days) * 86400 + 43200));
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        fixture_append(f, series->phases[i], ts_ms, round(took * parts[i] * 1e6) / 1e6);
}

static void tell_events(struct fixture *f, int64_t now_ms)
{
    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
        const struct bw_event down = {
            .ts_ms = now_ms - sites[i].failed_from + 3 * STEP_MS,
            .kind = BW_EVENT_STATUS,
            .subject = { sites[i].service, sites[i].instance, "web" },
            .name = "",
            .from = 1,
            .to = 3,
            .cause = "connection refused, 3 failures in a row",
        };
        if (sites[i].failed_from > 0)
            assert_true(bw_store_put_event(f->store, &down));
    }
}

static void fill(struct fixture *f)
{
    const int64_t now_ms = (int64_t)time(NULL) * 1000 / STEP_MS * STEP_MS;
    const struct bw_label root[] = { { "device", "/dev/vda1" },
                                     { "fstype", "ext4" },
                                     { "mountpoint", "/" } };
    struct site_series series[sizeof sites / sizeof *sites];
    fixture_open(f);
    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
        series[i] = name_site(f, &sites[i]);
    const uint32_t disk =
        bw_store_series(f->store, "node_filesystem_avail_bytes", (struct bw_labels){ root, 3 });
    int64_t ticks = 0;
    for (int64_t ts_ms = now_ms - DAYS * DAY_MS; ts_ms <= now_ms; ts_ms += STEP_MS) {
        const int64_t hours_ago = (now_ms - ts_ms) / 3600000;
        if (hours_ago == 100) /* nobody was there to look */
            continue;
        for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
            measure(f, &sites[i], &series[i], now_ms, ts_ms);
        fixture_append(f, disk, ts_ms, 42e9 - (double)(ts_ms / STEP_MS % 100000) * 4096 * 180);
        if (++ticks % 2000 == 0)
            fixture_flush(f);
    }
    tell_events(f, now_ms);
    fixture_pack(f);
}

/* ---- the page
 * ------------------------------------------------------------------------------------ */

static char *read_page(void)
{
    struct bw_buf page;
    bw_buf_init(&page, 1u << 20);
    FILE *file = fopen(BW_SQL_PAGE, "r");
    assert_non_null(file);
    for (int c; (c = getc(file)) != EOF;)
        bw_buf_char(&page, (char)c);
    fclose(file);
    return bw_buf_detach(&page, NULL);
}

static void write_page(const struct bw_buf *page)
{
    FILE *file = fopen(BW_SQL_PAGE, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(page->data, 1, page->len, file), page->len);
    assert_int_equal(fclose(file), 0);
}

/* ---- a query
 * -------------------------------------------------------------------------------------- */

struct shown {
    struct bw_listing listing;
    struct bw_buf text;
    size_t rows;
};

static bool take_text(void *ctx, struct bw_buf *text)
{
    bw_buf_bytes(ctx, text->data, text->len);
    return true;
}

static bool take_columns(void *ctx, const char *const *names, size_t count)
{
    struct shown *shown = ctx;
    bw_listing_begin(&shown->listing, BW_LISTING_TABLE, true, names, count, take_text,
                     &shown->text);
    return true;
}

static bool take_row(void *ctx, const struct bw_sql_value *values, size_t count)
{
    struct shown *shown = ctx;
    shown->rows++;
    for (size_t i = 0; i < count; i++) {
        if (values[i].kind == BW_SQL_INT)
            bw_listing_int(&shown->listing, values[i].integer);
        else if (values[i].kind == BW_SQL_NUMBER)
            bw_listing_number(&shown->listing, values[i].number);
        else if (values[i].kind == BW_SQL_TEXT)
            bw_listing_add_text(&shown->listing, values[i].text, values[i].len);
        else
            bw_listing_null(&shown->listing);
    }
    return bw_listing_row(&shown->listing);
}

static void show(struct fixture *f, const char *sql, struct shown *shown)
{
    const struct bw_sql_sink sink = { shown, take_columns, take_row };
    struct bw_err err;
    *shown = (struct shown){ .rows = 0 };
    bw_buf_init(&shown->text, 1u << 20);
    if (bw_sql_run(f->path, sql, NULL, &sink, NULL, &err) != BW_OK)
        fail_msg("%s\n%s", sql, err.text);
    bw_listing_end(&shown->listing);
    if (shown->rows == 0)
        fail_msg("%s\ngives no rows", sql);
}

/* The words of the first line of both are the same. */
static bool columns_agree(const char *a, const char *b)
{
    for (;;) {
        a += strspn(a, " ");
        b += strspn(b, " ");
        const size_t n = strcspn(a, " \n");
        if (n != strcspn(b, " \n") || memcmp(a, b, n) != 0)
            return false;
        if (n == 0)
            return true;
        a += n;
        b += n;
    }
}

/* Blocks of sql, each with the block of its output behind it. */
static void queries_of_the_page_run(void **state)
{
    static const char sql_begins[] = "```sql\n", output_begins[] = "```\n\n```\n", ends[] = "```\n";
    struct fixture *f = *state;
    const char *update = getenv("BW_UPDATE_DOCS");
    char *page = read_page();
    struct bw_buf anew;
    size_t queries = 0;
    bw_buf_init(&anew, 1u << 20);
    fill(f);
    const char *at = page;
    for (const char *sql; (sql = strstr(at, sql_begins)) != NULL; queries++) {
        sql += strlen(sql_begins);
        const char *end = strstr(sql, output_begins);
        assert_non_null(end);
        const char *output = end + strlen(output_begins), *rest = strstr(output, ends);
        assert_non_null(rest);
        char *text = bw_strndup(sql, (size_t)(end - sql));
        struct shown shown;
        show(f, text, &shown);
        if (update == NULL && !columns_agree(output, shown.text.data))
            fail_msg("%s\nhas the columns\n%s", text, shown.text.data);
        bw_buf_bytes(&anew, at, (size_t)(output - at));
        bw_buf_bytes(&anew, shown.text.data, shown.text.len);
        bw_buf_fini(&shown.text);
        free(text);
        at = rest;
    }
    bw_buf_text(&anew, at);
    assert_true(queries >= QUERIES_LEAST);
    if (update != NULL)
        write_page(&anew);
    bw_buf_fini(&anew);
    free(page);
    fixture_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(queries_of_the_page_run, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
