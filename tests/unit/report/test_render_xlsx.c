// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hostile.h"
#include "sample.h"
#include "unzip.h"

#include "base/mem.h"
#include "base/text.h"
#include "report/parts.h"

#include <stdlib.h>
#include <string.h>

static size_t count_of(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)) != NULL; text += strlen(what))
        n++;
    return n;
}

/* ---- what must never be in any part ------------------------------------------------------- */

static void look_for_evil(void *ctx, const char *name, const char *text, size_t len)
{
    static const char *const evil[] = {
        "<f>",       "<f ",        "<!DOCTYPE",    "<!ENTITY",
        "hyperlink", "TargetMode", "externalLink", "vbaProject",
    };
    *(size_t *)ctx += count_of(text, "<c r=");
    assert_int_equal(strlen(text), len);
    assert_int_equal(bw_utf8_valid_prefix(text, len), len);
    assert_false(bw_text_starts_with(name, "xl/externalLinks"));
    for (size_t i = 0; i < sizeof evil / sizeof *evil; i++) {
        if (strstr(text, evil[i]) != NULL)
            fail_msg("%s holds %s", name, evil[i]);
    }
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        assert_true(c >= 0x20 || c == '\n' || c == '\t' || c == '\r');
    }
    assert_null(strstr(text, "\xef\xbf\xbe"));
    assert_null(strstr(text, "\xef\xbf\xbf"));
}

static void nothing_in_it_can_act(void **state)
{
    (void)state;
    struct bw_report *report = sample_report(hostile, hostile_count);
    struct bw_buf out;
    size_t cells = 0;
    sample_render(report, BW_REPORT_XLSX, &out);
    assert_true(unzip_each(out.data, out.len, look_for_evil, &cells) >= 10);
    assert_true(cells > hostile_count * 30);
    bw_buf_fini(&out);
    bw_report_free(report);
}

/* ---- sheets ------------------------------------------------------------------------------- */

struct part {
    const char *name;
    char *text;
};

static void keep_part(void *ctx, const char *name, const char *text, size_t len)
{
    struct part *part = ctx;
    if (strcmp(part->name, name) == 0)
        part->text = bw_strndup(text, len);
}

static char *part_named(const struct bw_buf *zip, const char *name)
{
    struct part part = { name, NULL };
    assert_true(unzip_each(zip->data, zip->len, keep_part, &part) > 0);
    if (part.text == NULL)
        fail_msg("no %s", name);
    return part.text;
}

static void sheets_have_their_names_and_looks(void **state)
{
    (void)state;
    const char *const texts[] = { "shop", "mail" };
    struct bw_report *report = sample_report(texts, 2);
    struct bw_buf out;
    sample_render(report, BW_REPORT_XLSX, &out);
    char *book = part_named(&out, "xl/workbook.xml");
    const char *at = book;
    for (size_t i = 0; i < BW_REPORT_SECTION_COUNT; i++) {
        at = strstr(at, bw_report_sections[i].title);
        assert_non_null(at);
    }
    char *summary = part_named(&out, "xl/worksheets/sheet1.xml");
    assert_non_null(strstr(summary, "<autoFilter ref=\"A5:R7\"/>"));
    assert_non_null(strstr(summary, "state=\"frozen\""));
    assert_non_null(strstr(summary, "customWidth=\"1\""));
    assert_non_null(strstr(summary, "<is><t>shop</t></is>"));
    /* 75600 s are 0.875 days, to be shown as 21:00:00. */
    assert_non_null(strstr(summary, "<v>0.875</v>"));
    char *incidents = part_named(&out, "xl/worksheets/sheet2.xml");
    assert_non_null(strstr(incidents, "<v>45244.925925925"));
    char *styles = part_named(&out, "xl/styles.xml");
    assert_non_null(strstr(styles, "0.000%"));
    assert_non_null(strstr(styles, "[h]:mm:ss"));
    assert_non_null(strstr(styles, "yyyy-mm-dd hh:mm:ss"));
    free(book);
    free(summary);
    free(incidents);
    free(styles);
    bw_buf_fini(&out);
    bw_report_free(report);
}

static void what_is_unknown_is_an_empty_cell(void **state)
{
    (void)state;
    const char *const texts[] = { "shop" };
    struct bw_report *report = sample_report(texts, 1);
    struct bw_buf out;
    sample_render(report, BW_REPORT_XLSX, &out);
    char *summary = part_named(&out, "xl/worksheets/sheet1.xml");
    char *incidents = part_named(&out, "xl/worksheets/sheet2.xml");
    assert_non_null(strstr(summary, "r=\"Q6\"")); /* the 95th percentile */
    assert_null(strstr(summary, "r=\"R6\""));     /* the slowest: not known */
    assert_non_null(strstr(incidents, "r=\"D2\""));
    assert_null(strstr(incidents, "r=\"E2\"")); /* it goes on */
    assert_null(strstr(summary, "<v>nan"));
    assert_null(strstr(summary, "<v>inf"));
    free(summary);
    free(incidents);
    bw_buf_fini(&out);
    bw_report_free(report);
}

static void note_chart(void *ctx, const char *name, const char *text, size_t len)
{
    (void)len;
    if (strcmp(name, "xl/charts/chart1.xml") == 0 && strstr(text, "Summary!$S$6:$S$45") != NULL)
        *(bool *)ctx = true;
}

static void a_chart_is_drawn_of_what_it_can_show(void **state)
{
    (void)state;
    for (size_t checks = 40; checks <= 41; checks++) {
        struct bw_report *report = sample_report(hostile, checks);
        struct bw_buf out;
        bool drawn = false;
        sample_render(report, BW_REPORT_XLSX, &out);
        assert_true(unzip_each(out.data, out.len, note_chart, &drawn) > 0);
        assert_int_equal(drawn, checks == 40);
        bw_buf_fini(&out);
        bw_report_free(report);
    }
}

static void a_very_long_text_is_cut(void **state)
{
    (void)state;
    char *text = bw_alloc(100001);
    memset(text, 'x', 100000);
    const char *const texts[] = { text };
    struct bw_report *report = sample_report(texts, 1);
    struct bw_buf out;
    sample_render(report, BW_REPORT_XLSX, &out);
    char *summary = part_named(&out, "xl/worksheets/sheet1.xml");
    const char *cell = strstr(summary, "<is><t>xxxx");
    assert_non_null(cell);
    assert_int_equal(strspn(cell + strlen("<is><t>"), "x"), 32766);
    free(summary);
    bw_buf_fini(&out);
    bw_report_free(report);
    free(text);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct bw_report *report = sample_report(NULL, 0);
    struct bw_buf out;
    struct bw_err err = { .text = "" };
    bw_buf_init(&out, 1 << 20);
    setenv("TMPDIR", "/nowhere/at/all", 1);
    assert_int_equal(bw_report_render(report, BW_REPORT_XLSX, NULL, &out, &err), BW_EIO);
    unsetenv("TMPDIR");
    assert_non_null(strstr(err.text, "/nowhere/at/all"));
    assert_int_equal(bw_report_render(report, BW_REPORT_XLSX, NULL, &out, &err), BW_OK);
    bw_buf_fini(&out);
    bw_report_free(report);
}

int main(void)
{
    unsetenv("TMPDIR");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_in_it_can_act),
        cmocka_unit_test(sheets_have_their_names_and_looks),
        cmocka_unit_test(what_is_unknown_is_an_empty_cell),
        cmocka_unit_test(a_chart_is_drawn_of_what_it_can_show),
        cmocka_unit_test(a_very_long_text_is_cut),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
