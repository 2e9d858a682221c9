// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hostile.h"
#include "sample.h"

#include "base/mem.h"
#include "base/text.h"
#include "report/parts.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- CSV, read back as RFC 4180 says ------------------------------------------------------ */

struct fields {
    char *texts[64];
    size_t count;
};

static void free_fields(struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        free(fields->texts[i]);
    fields->count = 0;
}

/* One field from *at on, which then stands on what ended it. */
static char *read_field(const char **at)
{
    struct bw_buf field;
    bw_buf_init(&field, 1 << 20);
    if (**at == '"') {
        for ((*at)++; **at != '\0' && (**at != '"' || (*at)[1] == '"'); (*at)++) {
            *at += **at == '"';
            bw_buf_char(&field, **at);
        }
        assert_int_equal(**at, '"');
        (*at)++;
    } else {
        for (; **at != '\0' && strchr(",\r\n", **at) == NULL; (*at)++) {
            assert_int_not_equal(**at, '"');
            bw_buf_char(&field, **at);
        }
    }
    return bw_buf_detach(&field, NULL);
}

static bool read_record(const char **at, struct fields *fields)
{
    free_fields(fields);
    if (**at == '\0')
        return false;
    for (;;) {
        assert_true(fields->count < 64);
        fields->texts[fields->count++] = read_field(at);
        if (**at != ',')
            break;
        (*at)++;
    }
    assert_memory_equal(*at, "\r\n", 2);
    *at += 2;
    return true;
}

static bool is_formula(const char *text)
{
    static const char *const starts[] = { "=", "+", "@", "\t", "\r", "\xef\xbc\x9d" };
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (bw_text_starts_with(text, starts[i]))
            return true;
    }
    return text[0] == '-' && strcmp(text, "-2") != 0; /* a plain number is none */
}

static void csv_reads_back_with_no_formula(void **state)
{
    (void)state;
    struct bw_report *report = sample_report(hostile, hostile_count);
    struct bw_buf out;
    struct fields fields = { .count = 0 };
    sample_render(report, BW_REPORT_CSV, &out);
    assert_int_equal(strlen(out.data), out.len);
    assert_int_equal(bw_utf8_valid_prefix(out.data, out.len), out.len);
    const char *at = out.data;
    size_t records = 0;
    while (read_record(&at, &fields)) {
        assert_int_equal(fields.count, 18);
        for (size_t i = 0; i < fields.count; i++)
            assert_false(is_formula(fields.texts[i]));
        records++;
    }
    assert_int_equal(records, hostile_count + 1);
    bw_buf_fini(&out);
    bw_report_free(report);
}

static void csv_says_numbers_plainly(void **state)
{
    (void)state;
    const char *const texts[] = { "shop" };
    struct bw_report *report = sample_report(texts, 1);
    struct bw_buf out;
    sample_render(report, BW_REPORT_CSV, &out);
    assert_string_equal(
        out.data,
        "service,instance,check,status,available_ratio,healthy_ratio,degraded_ratio,"
        "unhealthy_ratio,unknown_ratio,maintenance_ratio,incidents,downtime_seconds,"
        "longest_seconds,runs,failures,duration_p50_seconds,duration_p95_seconds,"
        "duration_max_seconds\r\n"
        "shop,shop,shop,UNHEALTHY,0.8571428571428571,0.5,0.25,0.125,0.125,0,2,75600,75000.5,"
        "1000,125,0.0125,0.25,\r\n");
    bw_buf_fini(&out);
    bw_report_free(report);
}

/* ---- JSON --------------------------------------------------------------------------------- */

static json_t *load(const struct bw_buf *text)
{
    json_error_t error;
    json_t *root = json_loadb(text->data, text->len, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        fail_msg("line %d: %s", error.line, error.text);
    return root;
}

static bool holds_fffd(const char *text)
{
    return strstr(text, "\xef\xbf\xbd") != NULL;
}

static void json_gives_every_text_back(void **state)
{
    (void)state;
    struct bw_report *report = sample_report(hostile, hostile_count);
    struct bw_buf out;
    sample_render(report, BW_REPORT_JSON, &out);
    json_t *root = load(&out);
    static const char *const lists[] = { "checks", "incidents", "alerts" };
    for (size_t k = 0; k < 3; k++) {
        const json_t *list = json_object_get(root, lists[k]);
        assert_int_equal(json_array_size(list), hostile_count);
        for (size_t i = 0; i < hostile_count; i++) {
            const char *got =
                json_string_value(json_object_get(json_array_get(list, i), "service"));
            if (bw_utf8_valid_prefix(hostile[i], strlen(hostile[i])) == strlen(hostile[i]))
                assert_string_equal(got, hostile[i]);
            else
                assert_true(holds_fffd(got));
        }
    }
    json_decref(root);
    bw_buf_fini(&out);
    bw_report_free(report);
}

static void json_is_null_where_nothing_is_known(void **state)
{
    (void)state;
    const char *const texts[] = { "shop" };
    struct bw_report *report = sample_report(texts, 1);
    struct bw_buf out;
    sample_render(report, BW_REPORT_JSON, &out);
    json_t *root = load(&out);
    const json_t *check = json_array_get(json_object_get(root, "checks"), 0);
    const json_t *incident = json_array_get(json_object_get(root, "incidents"), 0);
    const json_t *trend = json_array_get(json_object_get(root, "trends"), 0);
    assert_true(json_is_null(json_object_get(check, "duration_max_seconds")));
    assert_true(json_number_value(json_object_get(check, "healthy_ratio")) == 0.5);
    assert_true(json_is_null(json_object_get(incident, "ended")));
    assert_string_equal(json_string_value(json_object_get(incident, "began")),
                        "2023-11-14T22:13:20Z");
    assert_true(json_is_null(json_object_get(trend, "time_to_threshold_p90_seconds")));
    assert_true(json_number_value(json_object_get(trend, "crossing_ratio")) == 0.75);
    assert_true(
        json_number_value(json_object_get(json_object_get(root, "totals"), "available_ratio"))
        == 0.75 / 0.875);
    assert_string_equal(json_string_value(json_object_get(root, "to")), "2023-11-21T22:13:20Z");
    json_decref(root);
    bw_buf_fini(&out);
    bw_report_free(report);
}

/* ---- HTML --------------------------------------------------------------------------------- */

/* The names of all elements that the built-in template has; nothing else may open a tag. */
static bool is_own_tag(const char *at)
{
    static const char *const names[] = {
        "!doctype", "html", "head", "meta",  "title", "style",  "body",    "main",  "header",
        "p",        "h1",   "h2",   "small", "dl",    "div",    "dt",      "dd",    "svg",
        "rect",     "ul",   "li",   "i",     "b",     "span",   "section", "table", "thead",
        "tr",       "th",   "td",   "tbody", "code",  "footer",
    };
    at += *at == '/';
    const size_t n = strspn(at, "!abcdefghijklmnopqrstuvwxyz0123456789");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i]) == n && memcmp(names[i], at, n) == 0)
            return strchr("> /", at[n]) != NULL;
    }
    return false;
}

static size_t count_of(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)) != NULL; text += strlen(what))
        n++;
    return n;
}

static void html_is_only_our_markup(void **state)
{
    (void)state;
    struct bw_report *report = sample_report(hostile, hostile_count);
    struct bw_buf out;
    sample_render(report, BW_REPORT_HTML, &out);
    assert_int_equal(strlen(out.data), out.len);
    assert_int_equal(bw_utf8_valid_prefix(out.data, out.len), out.len);
    size_t opened = 0;
    for (const char *at = out.data; (at = strchr(at, '<')) != NULL; at++) {
        if (!is_own_tag(at + 1))
            fail_msg("a tag that is not ours: %.60s", at);
        opened++;
    }
    assert_true(opened > hostile_count * 50);
    assert_int_equal(count_of(out.data, "<style>"), 1);
    assert_null(strstr(out.data, " onerror=alert(1)>"));
    assert_int_equal(count_of(out.data, "<tr>"), count_of(out.data, "</tr>"));
    assert_int_equal(count_of(out.data, "<td"), count_of(out.data, "</td>"));
    assert_int_equal(count_of(out.data, "<span"), count_of(out.data, "</span>"));
    assert_true(count_of(out.data, "{{title}}") > 0); /* what is data is no template */
    bw_buf_fini(&out);
    bw_report_free(report);
}

static void html_of_nothing_says_so(void **state)
{
    (void)state;
    struct bw_report *report = sample_report(NULL, 0);
    struct bw_buf out;
    sample_render(report, BW_REPORT_HTML, &out);
    assert_non_null(strstr(out.data, "Nothing was watched in this time"));
    assert_non_null(strstr(out.data, "No check ran in this time."));
    assert_null(strstr(out.data, ">nan"));
    assert_null(strstr(out.data, "\"-nan"));
    bw_buf_fini(&out);
    bw_report_free(report);
}

static void headlines_name_the_worst(void **state)
{
    (void)state;
    static const struct {
        enum bw_status statuses[3];
        size_t count;
        const char *want;
    } cases[] = {
        { { BW_HEALTHY, BW_HEALTHY, BW_HEALTHY }, 3, "All 3 checks are healthy" },
        { { BW_HEALTHY, BW_UNHEALTHY, BW_DEGRADED }, 3, "1 of 3 checks is unhealthy" },
        { { BW_DEGRADED, BW_HEALTHY, BW_DEGRADED }, 3, "2 of 3 checks are degraded" },
        { { BW_UNKNOWN, BW_HEALTHY, BW_HEALTHY }, 3, "1 of 3 checks is in an unknown state" },
        { { BW_HEALTHY }, 1, "The one check is healthy" },
    };
    const char *const texts[] = { "a", "b", "c" };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_report *report = sample_report(texts, cases[i].count);
        struct bw_report_check checks[3];
        memcpy(checks, report->checks, cases[i].count * sizeof *checks);
        for (size_t k = 0; k < cases[i].count; k++)
            checks[k].status = cases[i].statuses[k];
        report->checks = checks;
        bw_report_total(report);
        struct bw_buf out;
        sample_render(report, BW_REPORT_MD, &out);
        assert_true(bw_text_starts_with(out.data, "# a: "));
        assert_true(bw_text_starts_with(out.data + 5, cases[i].want));
        bw_buf_fini(&out);
        bw_report_free(report);
    }
}

/* ---- Markdown ----------------------------------------------------------------------------- */

/* Pipes that part cells: those without a backslash before them. */
static size_t cells_of(const char *line, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (line[i] == '\\')
            i++;
        else
            n += line[i] == '|';
    }
    return n;
}

static void markdown_keeps_to_its_tables(void **state)
{
    (void)state;
    struct bw_report *report = sample_report(hostile, hostile_count);
    struct bw_buf out;
    sample_render(report, BW_REPORT_MD, &out);
    assert_int_equal(bw_utf8_valid_prefix(out.data, out.len), out.len);
    size_t rows = 0, columns = 0;
    struct bw_span rest = { out.data, out.len }, line;
    while (bw_span_split(&rest, '\n', &line)) {
        assert_null(memchr(line.data, '<', line.len));
        assert_null(memchr(line.data, '\r', line.len));
        if (line.len == 0 || line.data[0] != '|') {
            columns = 0;
            continue;
        }
        const size_t cells = cells_of(line.data, line.len);
        if (columns != 0)
            assert_int_equal(cells, columns);
        columns = cells;
        rows++;
    }
    assert_true(rows > 3 * hostile_count);
    assert_null(strstr(out.data, "link]("));
    bw_buf_fini(&out);
    bw_report_free(report);
}

static void what_changed_is_told_newest_first(void **state)
{
    (void)state;
    static const char *const texts[] = { "sda", "sdb", "sdc" };
    struct bw_report *report = sample_report(texts, 3);
    struct bw_trend_record *trends = (struct bw_trend_record *)(uintptr_t)report->trends;
    struct bw_buf out;
    trends[1].finding_count = 0;
    bw_report_total(report);
    sample_render(report, BW_REPORT_MD, &out);
    const char *part = strstr(out.data, "## What changed its course");
    assert_non_null(part);
    assert_null(strstr(part, "device=\\\"sdb"));
    const char *newer = strstr(part, "level shift at 22:16 UTC: 1.4 GiB since, 2.8 GiB before "
                                     "(-1.4 GiB, 0 % of it in sdc); 2 spikes");
    const char *older = strstr(part, "level shift at 22:14 UTC");
    assert_true(newer != NULL && older != NULL && newer < older);
    bw_buf_fini(&out);
    sample_render(report, BW_REPORT_HTML, &out);
    assert_non_null(strstr(out.data, "<h2>What changed its course</h2>"));
    bw_buf_fini(&out);
    trends[0].finding_count = trends[2].finding_count = 0;
    bw_report_total(report);
    sample_render(report, BW_REPORT_HTML, &out);
    assert_null(strstr(out.data, "What changed its course"));
    bw_buf_fini(&out);
    bw_report_free(report);
}

/* ---- templates and ceilings --------------------------------------------------------------- */

static void own_templates_replace_the_built_in(void **state)
{
    (void)state;
    const char *const texts[] = { "a<b" };
    struct bw_report *report = sample_report(texts, 1);
    struct bw_buf out;
    struct bw_err err = { .text = "" };
    bw_buf_init(&out, 1000);
    assert_int_equal(bw_report_render(report, BW_REPORT_HTML,
                                      "{{#checks}}{{service}}:{{status}};{{/checks}}", &out, &err),
                     BW_OK);
    assert_string_equal(out.data, "a&lt;b:UNHEALTHY;");
    bw_buf_clear(&out);
    assert_int_equal(bw_report_render(report, BW_REPORT_MD, "{{#oops}}", &out, &err), BW_EINVAL);
    assert_non_null(strstr(err.text, ":1:"));
    assert_int_equal(bw_report_render(report, BW_REPORT_CSV, "x", &out, &err), BW_EINVAL);
    bw_buf_fini(&out);
    bw_report_free(report);
}

static void beyond_the_ceiling_is_an_error(void **state)
{
    (void)state;
    struct bw_report *report = sample_report(hostile, hostile_count);
    for (int format = 0; format < BW_REPORT_FORMAT_COUNT; format++) {
        struct bw_buf out;
        struct bw_err err = { .text = "" };
        bw_buf_init(&out, 1000);
        assert_int_equal(bw_report_render(report, (enum bw_report_format)format, NULL, &out, &err),
                         BW_ELIMIT);
        assert_true(strlen(err.text) > 0);
        bw_buf_fini(&out);
    }
    bw_report_free(report);
}

static void the_same_report_gives_the_same_bytes(void **state)
{
    (void)state;
    struct bw_report *report = sample_report(hostile, hostile_count);
    for (int format = 0; format < BW_REPORT_FORMAT_COUNT; format++) {
        struct bw_buf a, b;
        sample_render(report, (enum bw_report_format)format, &a);
        sample_render(report, (enum bw_report_format)format, &b);
        assert_int_equal(a.len, b.len);
        assert_memory_equal(a.data, b.data, a.len);
        bw_buf_fini(&a);
        bw_buf_fini(&b);
    }
    bw_report_free(report);
}

static void every_format_is_in_the_words(void **state)
{
    (void)state;
    for (int format = 0; format < BW_REPORT_FORMAT_COUNT; format++) {
        const struct bw_report_renderer *renderer = bw_report_renderers[format];
        assert_string_equal(renderer->name, bw_report_formats[format].name);
        assert_int_equal(bw_report_formats[format].value, format);
        assert_true(strlen(renderer->summary) > 0);
        assert_non_null(strchr(bw_report_media_type((enum bw_report_format)format), '/'));
    }
    assert_null(bw_report_formats[BW_REPORT_FORMAT_COUNT].name);
    assert_string_equal(bw_report_types[BW_REPORT_SUMMARY].name, "summary");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_reads_back_with_no_formula),
        cmocka_unit_test(csv_says_numbers_plainly),
        cmocka_unit_test(json_gives_every_text_back),
        cmocka_unit_test(json_is_null_where_nothing_is_known),
        cmocka_unit_test(html_is_only_our_markup),
        cmocka_unit_test(html_of_nothing_says_so),
        cmocka_unit_test(headlines_name_the_worst),
        cmocka_unit_test(markdown_keeps_to_its_tables),
        cmocka_unit_test(what_changed_is_told_newest_first),
        cmocka_unit_test(own_templates_replace_the_built_in),
        cmocka_unit_test(beyond_the_ceiling_is_an_error),
        cmocka_unit_test(the_same_report_gives_the_same_bytes),
        cmocka_unit_test(every_format_is_in_the_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
