// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/textformat.h"

#include "base/limits.h"
#include "metric/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const char *const own_prefixes[] = { "bellwether_", NULL };
static const char *const own_labels[] = { "service", NULL };
static const struct bw_text_rules rules = { .samples_max = BW_TEXTFILE_SAMPLES_MAX,
                                            .families_max = 100,
                                            .prefixes = own_prefixes,
                                            .labels = own_labels };

static void compare_page(const struct bw_measures *m, enum bw_exposition format, const char *want)
{
    struct bw_buf page;
    bw_buf_init(&page, 1 << 20);
    bw_measures_render(m, format, &page);
    assert_string_equal(page.data, want);
    bw_buf_fini(&page);
}

static const char everything[] =
    "# a comment\n"
    "#\n"
    "\n"
    "# HELP t_backup_total Runs of the \\\\ backup,\\n\"all\" of them.\n"
    "# TYPE t_backup_total counter\n"
    "t_backup_total{job=\"a\\\"b\\\\c\\nd\", } 3\n"
    "  t_backup_total {day = \"1\" ,job=\"z\"}\t+Inf  \n"
    "# TYPE t_size gauge\n"
    "t_size 1e3\n"
    "t_plain -0.5\n"
    "# TYPE t_odd counter\n"
    "t_odd 1\n"
    "# HELP t_time Seconds.\n"
    "# TYPE t_time histogram\n"
    "t_time_bucket{le=\"0.5\"} 1\n"
    "t_time_bucket{le=\"+Inf\"} 2\n"
    "t_time_sum 1.5\n"
    "t_time_count 2\n"
    "# TYPE t_lag summary\n"
    "t_lag{quantile=\"0.5\"} NaN\n"
    "t_lag_sum 0\n"
    "t_lag_count 0\n";

static const char as_text[] = "# HELP t_backup_total Runs of the \\\\ backup,\\n\"all\" of them.\n"
                              "# TYPE t_backup_total counter\n"
                              "t_backup_total{job=\"a\\\"b\\\\c\\nd\"} 3\n"
                              "t_backup_total{job=\"z\",day=\"1\"} +Inf\n"
                              "# HELP t_size Metric read from x.prom.\n"
                              "# TYPE t_size gauge\n"
                              "t_size 1000\n"
                              "# HELP t_plain Metric read from x.prom.\n"
                              "# TYPE t_plain untyped\n"
                              "t_plain -0.5\n"
                              "# HELP t_odd Metric read from x.prom.\n"
                              "# TYPE t_odd counter\n"
                              "t_odd 1\n"
                              "# HELP t_time Seconds.\n"
                              "# TYPE t_time histogram\n"
                              "t_time_bucket{le=\"0.5\"} 1\n"
                              "t_time_bucket{le=\"+Inf\"} 2\n"
                              "t_time_sum 1.5\n"
                              "t_time_count 2\n"
                              "# HELP t_lag Metric read from x.prom.\n"
                              "# TYPE t_lag summary\n"
                              "t_lag{quantile=\"0.5\"} NaN\n"
                              "t_lag_sum 0\n"
                              "t_lag_count 0\n";

static const char as_openmetrics[] =
    "# HELP t_backup Runs of the \\\\ backup,\\n\\\"all\\\" of them.\n"
    "# TYPE t_backup counter\n"
    "t_backup_total{job=\"a\\\"b\\\\c\\nd\"} 3\n"
    "t_backup_total{job=\"z\",day=\"1\"} +Inf\n"
    "# HELP t_size Metric read from x.prom.\n"
    "# TYPE t_size gauge\n"
    "t_size 1000\n"
    "# HELP t_plain Metric read from x.prom.\n"
    "# TYPE t_plain unknown\n"
    "t_plain -0.5\n"
    "# HELP t_odd Metric read from x.prom.\n"
    "# TYPE t_odd unknown\n"
    "t_odd 1\n"
    "# HELP t_time Seconds.\n"
    "# TYPE t_time histogram\n"
    "t_time_bucket{le=\"0.5\"} 1\n"
    "t_time_bucket{le=\"+Inf\"} 2\n"
    "t_time_sum 1.5\n"
    "t_time_count 2\n"
    "# HELP t_lag Metric read from x.prom.\n"
    "# TYPE t_lag summary\n"
    "t_lag{quantile=\"0.5\"} NaN\n"
    "t_lag_sum 0\n"
    "t_lag_count 0\n"
    "# EOF\n";

static void what_is_read_is_shown_again(void **state)
{
    (void)state;
    struct bw_arena arena;
    struct bw_text_doc doc;
    struct bw_measures m;
    struct bw_err err = { 0 };
    bw_arena_init(&arena);
    for (int round = 0; round < 2; round++) {
        bw_text_doc_init(&doc, &arena, &rules);
        bw_measures_init(&m, &arena);
        if (bw_text_doc_add(&doc, "x.prom", bw_span_of(everything), &err) != BW_OK
            || bw_text_doc_measure(&doc, &m, &err) != BW_OK)
            fail_msg("%s", err.text);
        compare_page(&m, BW_EXPOSITION_TEXT, as_text);
        compare_page(&m, BW_EXPOSITION_OPENMETRICS, as_openmetrics);
        bw_text_doc_fini(&doc);
    }
    bw_arena_fini(&arena);
}

static const struct {
    const char *name, *text, *error;
} mistakes[] = {
    { "half a file", "t_a 1\nt_b 2", "line 2: the text ends within a line" },
    { "no value", "t_a\n", "line 1: expected a number" },
    { "no blank", "t_a1.5\n", "expected a number" },
    { "a word", "t_a one\n", "expected a number" },
    { "hexadecimal", "t_a 0x10\n", "expected a number" },
    { "a timestamp", "t_a 1 1700000000000\n", "timestamps are refused" },
    { "no name", "{a=\"b\"} 1\n", "expected the name of a metric" },
    { "a name with a dash", "t-a 1\n", "expected a number" },
    { "a digit first", "1a 1\n", "expected the name of a metric" },
    { "no equals", "t_a{b} 1\n", "expected '='" },
    { "no quotes", "t_a{b=c} 1\n", "expected '\"'" },
    { "an open value", "t_a{b=\"c} 1\n", "does not end" },
    { "an open value behind a backslash", "t_a{b=\"c\\", "ends within a line" },
    { "an open list", "t_a{b=\"c\" 1\n", "expected ',' or '}'" },
    { "a bad escape", "t_a{b=\"\\t\"} 1\n", "an escape that is none" },
    { "the name as a label", "t_a{__name__=\"x\"} 1\n", "expected a label's name" },
    { "a label twice", "t_a{b=\"1\",b=\"2\"} 1\n", "the label b stands there twice" },
    { "a series twice", "t_a{b=\"1\",c=\"\"} 1\nt_a{b=\"1\"} 1\n", "line 2: the series t_a" },
    { "a type that is none", "# TYPE t_a meter\n", "a type that there is not" },
    { "a type and more", "# TYPE t_a gauge gauge\n", "a type that there is not" },
    { "two types", "# TYPE t_a gauge\n# TYPE t_a counter\n", "line 2: t_a has another type" },
    { "a type too late", "t_a 1\n# TYPE t_a gauge\n", "has another type already" },
    { "a type of nothing", "# TYPE\n", "without the name of a metric" },
    { "a help of nothing", "# HELP -\n", "without the name of a metric" },
    { "a bad escape in a help", "# HELP t_a \\x\n", "an escape that is none in a help" },
    { "a bucket without a bound", "# TYPE t_a histogram\nt_a_bucket 1\n", "le is the label" },
    { "a sum with a bound", "# TYPE t_a histogram\nt_a_sum{le=\"1\"} 1\n", "le is the label" },
    { "a bound that is none", "# TYPE t_a histogram\nt_a_bucket{le=\"x\"} 1\n", "le is no number" },
    { "a bound that is NaN", "# TYPE t_a histogram\nt_a_bucket{le=\"NaN\"} 1\n",
      "le is no number" },
    { "a plain histogram", "# TYPE t_a histogram\nt_a 1\n", "a histogram has _bucket" },
    { "a plain summary", "# TYPE t_a summary\nt_a 1\n", "a summary has quantiles" },
    { "names that collide", "# TYPE t_a_total counter\nt_a_total 1\nt_a 1\n", "each other's way" },
    { "a name of ours", "t_a 1\nbellwether_up 1\n",
      "line 2: names that begin with bellwether_ are our own" },
    { "a type of ours", "# TYPE bellwether_up gauge\n", "line 1: names that begin with" },
    { "a label of ours", "t_a{service=\"x\"} 1\n", "line 1: the label service is our own" },
    { "broken UTF-8", "t_a{b=\"\xc3\"} 1\n", "not UTF-8" },
    { "too many labels",
      "t_a{a=\"\",b=\"\",c=\"\",d=\"\",e=\"\",f=\"\",g=\"\",h=\"\",i=\"\",j=\"\",k=\"\",l=\"\","
      "m=\"\",n=\"\",o=\"\",p=\"\",q=\"\"} 1\n",
      "more than 16 labels" },
};

/* Whatever is wrong with the second text, the first stays as it is and all of it. */
static void mistakes_have_a_line_and_leave_nothing_behind(void **state)
{
    (void)state;
    static const char first[] = "# HELP t_first First.\nt_first{a=\"1\"} 1\n";
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct bw_arena arena;
        struct bw_text_doc doc;
        struct bw_measures m;
        struct bw_err err = { 0 };
        struct bw_buf bad;
        bw_arena_init(&arena);
        bw_text_doc_init(&doc, &arena, &rules);
        assert_int_equal(bw_text_doc_add(&doc, "a", bw_span_of(first), NULL), BW_OK);
        if (bw_text_doc_add(&doc, "b", bw_span_of(mistakes[i].text), &err) == BW_OK
            || strstr(err.text, mistakes[i].error) == NULL)
            fail_msg("%s: '%s'", mistakes[i].name, err.text);
        bw_buf_init(&bad, 1 << 16);
        bw_buf_printf(&bad, "t_first{a=\"2\"} 1\n# TYPE t_first untyped\nt_new 1\n%s",
                      mistakes[i].text);
        assert_int_not_equal(
            bw_text_doc_add(&doc, "b", (struct bw_span){ bad.data, bad.len }, NULL), BW_OK);
        bw_buf_fini(&bad);
        assert_int_equal(bw_text_doc_add(&doc, "c", bw_span_of("t_first{a=\"2\"} 7\n"), NULL),
                         BW_OK);
        bw_measures_init(&m, &arena);
        assert_int_equal(bw_text_doc_measure(&doc, &m, NULL), BW_OK);
        compare_page(&m, BW_EXPOSITION_TEXT,
                     "# HELP t_first First.\n# TYPE t_first untyped\nt_first{a=\"1\"} 1\n"
                     "t_first{a=\"2\"} 7\n");
        bw_text_doc_fini(&doc);
        bw_arena_fini(&arena);
    }
}

static void our_own_metrics_are_left_out_and_told(void **state)
{
    (void)state;
    struct bw_arena arena;
    struct bw_text_doc doc;
    struct bw_measures m;
    struct bw_err err = { 0 };
    bw_arena_init(&arena);
    bw_text_doc_init(&doc, &arena, &rules);
    bw_measures_init(&m, &arena);
    assert_int_equal(bw_text_doc_add(&doc, "x", bw_span_of("node_load1 99\nt_mine 1\n"), &err),
                     BW_OK);
    assert_int_equal(bw_text_doc_measure(&doc, &m, &err), BW_EEXISTS);
    assert_string_equal(err.text, "the name node_load1 is taken by a metric of our own");
    assert_int_equal(m.count, 1);
    compare_page(&m, BW_EXPOSITION_TEXT,
                 "# HELP t_mine Metric read from x.\n# TYPE t_mine untyped\nt_mine 1\n");
    bw_text_doc_fini(&doc);
    bw_arena_fini(&arena);
}

static void there_is_a_ceiling_on_samples(void **state)
{
    (void)state;
    struct bw_arena arena;
    struct bw_text_doc doc;
    struct bw_err err = { 0 };
    struct bw_buf text;
    bw_arena_init(&arena);
    bw_text_doc_init(&doc, &arena, &rules);
    bw_buf_init(&text, 1 << 20);
    for (unsigned i = 0; i < BW_TEXTFILE_SAMPLES_MAX; i++)
        bw_buf_printf(&text, "t_many{i=\"%u\"} %u\n", i, i);
    const struct bw_span span = { text.data, text.len };
    assert_int_equal(bw_text_doc_add(&doc, "x", span, &err), BW_OK);
    assert_int_equal(doc.sample_count, BW_TEXTFILE_SAMPLES_MAX);
    assert_int_equal(bw_text_doc_add(&doc, "y", bw_span_of("t_more 1\n"), &err), BW_ELIMIT);
    assert_string_equal(err.text, "line 1: more than 5000 samples in all");
    assert_int_equal(doc.sample_count, BW_TEXTFILE_SAMPLES_MAX);
    bw_buf_fini(&text);
    bw_text_doc_fini(&doc);
    bw_arena_fini(&arena);
}

static void there_is_a_ceiling_on_metrics(void **state)
{
    (void)state;
    struct bw_arena arena;
    struct bw_text_doc doc;
    struct bw_err err = { 0 };
    struct bw_buf text;
    bw_arena_init(&arena);
    bw_text_doc_init(&doc, &arena, &rules);
    bw_buf_init(&text, 1 << 20);
    for (unsigned i = 0; i < 100; i++)
        bw_buf_printf(&text, "# HELP t_kind%u Of many.\n", i);
    assert_int_equal(bw_text_doc_add(&doc, "x", (struct bw_span){ text.data, text.len }, &err),
                     BW_OK);
    assert_int_equal(bw_text_doc_add(&doc, "x", bw_span_of("t_kind7 1\n"), &err), BW_OK);
    assert_int_equal(bw_text_doc_add(&doc, "x", bw_span_of("t_more 1\n"), &err), BW_ELIMIT);
    assert_string_equal(err.text, "line 1: more than 100 metrics");
    bw_buf_fini(&text);
    bw_text_doc_fini(&doc);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_shown_again),
        cmocka_unit_test(mistakes_have_a_line_and_leave_nothing_behind),
        cmocka_unit_test(our_own_metrics_are_left_out_and_told),
        cmocka_unit_test(there_is_a_ceiling_on_samples),
        cmocka_unit_test(there_is_a_ceiling_on_metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
