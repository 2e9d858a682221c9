// SPDX-License-Identifier: GPL-3.0-or-later
#include "watching.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MODULES                                                                                    \
    "modules: {m: {prober: tcp, tcp: {query_response: [{expect: hello}]}},\n"                      \
    "  other: {prober: tcp, tcp: {query_response: [{expect: world}]}},\n"                          \
    "  broken: {prober: tcp, tcp: {tls: true, tls_config: {ca_file: /nowhere.pem}}}}\n"
#define CHECKS(checks) "services: [{name: a, checks: [" checks "]}]\n" MODULES
#define REFUSED(more) "{name: port, tcp: REFUSES, module: m" more "}"
#define SILENT_IN(interval, more)                                                                  \
    "{name: port, tcp: SILENT, module: m, timeout: 50s, interval: " interval more "}"
#define SILENT(more) SILENT_IN("60s", more)

static void apply(struct watching *w, const char *text)
{
    struct bw_err err = { .text = "" };
    if (watching_apply(w, text, &err) != BW_OK)
        fail_msg("%s", err.text);
}

/* Lines of the page that start so. */
static size_t lines(struct watching *w, const char *start)
{
    struct bw_buf page;
    size_t count = 0;
    bw_buf_init(&page, 1u << 20);
    bench_page(&w->bench, start, &page);
    for (const char *at = page.data; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    bw_buf_fini(&page);
    return count;
}

static uint64_t refused(const struct watching *w, size_t index)
{
    return w->watch->checks[index]->runs[BW_REASON_CONNECT_REFUSED];
}

static void a_check_as_before_keeps_what_it_counted(void **state)
{
    struct watching *w = *state;
    apply(w, CHECKS(REFUSED("")));
    watching_start(w, 0);
    watching_await(w, watching_is_idle);
    assert_int_equal(refused(w, 0), 1);
    /* Another place and interval are the same check still. */
    apply(w, CHECKS("{name: first, tcp: SILENT}, " REFUSED(", interval: 7s")));
    assert_int_equal(refused(w, 0), 0);
    assert_int_equal(refused(w, 1), 1);
    assert_int_equal(lines(w, "probe_success{"), 1); /* shown until the next result */
    watching_start(w, 1);
    watching_await(w, watching_is_idle);
    assert_int_equal(refused(w, 1), 2);
    /* Another name is another check. */
    apply(w, CHECKS("{name: door, tcp: REFUSES, module: m}"));
    assert_int_equal(refused(w, 0), 0);
    assert_int_equal(lines(w, "probe_success{"), 0);
}

static void other_labels_are_other_series(void **state)
{
    struct watching *w = *state;
    apply(w, CHECKS(REFUSED("")));
    watching_start(w, 0);
    watching_await(w, watching_is_idle);
    apply(w, CHECKS(REFUSED(", labels: {team: x}")));
    assert_int_equal(lines(w, "probe_success{"), 0);
    assert_int_equal(refused(w, 0), 1); /* counted on all the same */
    bw_watch_show(w->watch);
    watching_expect_page(w, "probe_success{", "");
    assert_true(lines(w, "bellwether_check_runs_total{") == 2);
}

/* A run under way goes on if it would have been started just so today. */
static void runs_go_on_if_nothing_of_them_changed(void **state)
{
    static const struct {
        const char *name, *next;
        bool goes_on;
    } cases[] = {
        { "nothing changed", CHECKS(SILENT("")), true },
        { "anything else in its lines", CHECKS(SILENT_IN("70s", "")), false },
        { "another check beside it", CHECKS("{name: b, tcp: REFUSES}, " SILENT("")), true },
        { "another target",
          CHECKS("{name: port, tcp: REFUSES, module: m, timeout: 50s, interval: 60s}"), false },
        { "another timeout",
          CHECKS("{name: port, tcp: SILENT, module: m, timeout: 49s, interval: 60s}"), false },
        { "retries", CHECKS(SILENT(", retries: 1")), false },
        { "another module",
          CHECKS("{name: port, tcp: SILENT, module: other, timeout: 50s, interval: 60s}"), false },
        { "it is gone", "services: []\n", false },
    };
    struct watching *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apply(w, CHECKS(SILENT("")));
        watching_start(w, 0);
        const struct bw_flight *before = w->watch->checks[0]->flight;
        assert_non_null(before);
        apply(w, cases[i].next);
        const struct bw_flight *after = NULL;
        for (size_t k = 0; k < w->watch->count; k++)
            after = after != NULL ? after : w->watch->checks[k]->flight;
        if ((after == before) != cases[i].goes_on || (after != NULL && !cases[i].goes_on))
            fail_msg("%s", cases[i].name);
        apply(w, "services: []\n");
    }
}

/* A reload that asks something else, or somebody else, is a marker. */
static void another_question_is_a_marker(void **state)
{
    struct watching *w = *state;
    apply(w, CHECKS(SILENT("")));
    watching_expect_events(w, "");
    apply(w, CHECKS("{name: b, tcp: REFUSES}, " SILENT("")));
    watching_expect_events(w, "");
    apply(w, CHECKS(SILENT_IN("60s", ", overrides: {tcp: {tls: false}}")));
    watching_expect_events(w,
                           "marker a/SILENT/port check changed UNKNOWN>UNKNOWN: it is configured "
                           "otherwise\n");
    apply(w, CHECKS("{name: port, tcp: SILENT, module: other}"));
    apply(w, "services: []\n");
    watching_expect_events(w,
                           "marker a/SILENT/port check changed UNKNOWN>UNKNOWN: it is configured "
                           "otherwise\n");
}

static void a_mistake_changes_nothing(void **state)
{
    struct watching *w = *state;
    struct bw_err err = { .text = "" };
    apply(w, CHECKS(SILENT("")));
    watching_start(w, 0);
    const struct bw_config *before = w->config;
    assert_int_equal(
        watching_apply(w, CHECKS(SILENT("") ", {name: bad, tcp: SILENT, module: broken}"), &err),
        BW_ENOTFOUND);
    assert_string_equal(err.text, "check 'bad' of service 'a': /nowhere.pem: no such file");
    assert_ptr_equal(w->config, before);
    assert_int_equal(w->watch->count, 1);
    assert_non_null(w->watch->checks[0]->flight);
}

/* What the page says of a check that has had no result yet. */
static void a_check_is_shown_before_its_first_run(void **state)
{
    struct watching *w = *state;
    apply(w, CHECKS(REFUSED("")));
    assert_int_equal(lines(w, "bellwether_check_interval_seconds{"), 0);
    bw_watch_show(w->watch);
    watching_expect_page(w, "probe_success{", "");
    assert_int_equal(lines(w, "bellwether_check_interval_seconds{"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WATCHING(a_check_as_before_keeps_what_it_counted),
        IN_WATCHING(other_labels_are_other_series),
        IN_WATCHING(runs_go_on_if_nothing_of_them_changed),
        IN_WATCHING(another_question_is_a_marker),
        IN_WATCHING(a_mistake_changes_nothing),
        IN_WATCHING(a_check_is_shown_before_its_first_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
