// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/family.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void names_are_unique_and_found(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BW_METRIC_COUNT; i++) {
        enum bw_family_id found;
        assert_true(bw_family_by_name(bw_family_row((enum bw_family_id)i)->name, &found));
        assert_int_equal(found, i);
    }
    enum bw_family_id untouched = BW_METRIC_PROBE_SUCCESS;
    assert_false(bw_family_by_name("probe_succes", &untouched));
    assert_int_equal(untouched, BW_METRIC_PROBE_SUCCESS);
}

/* The rules of both formats and of `promtool check metrics`. */
static const char *fault_of(const struct bw_family *f)
{
    const bool total = bw_text_ends_with(f->name, "_total");
    const bool info = bw_text_ends_with(f->name, "_info");
    if (total != (f->type == BW_TYPE_COUNTER))
        return "_total is for counters, and for all of them";
    if (info != (f->type == BW_TYPE_INFO))
        return "_info is for infos, and for all of them";
    char base[128];
    bw_text_copy(base, sizeof base, f->name);
    if (total)
        base[strlen(base) - strlen("_total")] = '\0';
    char suffix[32];
    snprintf(suffix, sizeof suffix, "_%s", f->unit);
    if (*f->unit != '\0' && !bw_text_ends_with(base, suffix))
        return "the name does not end with its unit";
    if (strpbrk(f->help, "\\\n\"|") != NULL)
        return "the help has bytes that need an escape";
    if (strlen(f->help) < 10 || !bw_text_ends_with(f->help, ".") || f->help[0] < 'A'
        || f->help[0] > 'Z')
        return "the help is no sentence";
    for (size_t i = 0; i < f->label_count; i++) {
        if (f->labels[i] == NULL || strcmp(f->labels[i], "le") == 0)
            return "a label that cannot be";
        if (strcmp(f->labels[i], "quantile") == 0 && f->type != BW_TYPE_UNTYPED)
            return "the label quantile is for summaries";
    }
    return NULL;
}

static void every_row_keeps_the_rules(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BW_METRIC_COUNT; i++) {
        const struct bw_family *family = bw_family_row((enum bw_family_id)i);
        const char *fault = fault_of(family);
        if (fault != NULL)
            fail_msg("%s: %s", family->name, fault);
    }
}

static void nothing_heavy_is_stored(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BW_METRIC_COUNT; i++) {
        const struct bw_family *family = bw_family_row((enum bw_family_id)i);
        if (family->type == BW_TYPE_HISTOGRAM || family->type == BW_TYPE_INFO)
            assert_false(family->stored);
    }
    assert_true(bw_family_row(BW_METRIC_PROBE_SUCCESS)->stored);
    assert_true(bw_family_row(BW_METRIC_NODE_FILESYSTEM_AVAIL_BYTES)->stored);
}

static void the_document_lists_every_family(void **state)
{
    (void)state;
    struct bw_buf out;
    bw_buf_init(&out, 1 << 20);
    bw_metric_document(&out);
    assert_false(bw_buf_failed(&out));
    for (unsigned i = 0; i < BW_METRIC_COUNT; i++) {
        char row[160];
        snprintf(row, sizeof row, "\n| `%s` | ", bw_family_row((enum bw_family_id)i)->name);
        if (strstr(out.data, row) == NULL)
            fail_msg("no row for%s", row);
    }
    bw_buf_fini(&out);
}

/* BW_UPDATE_DOCS=1 in the environment writes the file instead. */
static void docs_metrics_md_is_up_to_date(void **state)
{
    (void)state;
    struct bw_buf want;
    bw_buf_init(&want, 1 << 20);
    bw_metric_document(&want);
    const bool update = getenv("BW_UPDATE_DOCS") != NULL;
    FILE *file = fopen(BW_DOCS "/metrics.md", update ? "w" : "r");
    if (file == NULL)
        fail_msg("docs/metrics.md cannot be opened");
    if (update) {
        fwrite(want.data, 1, want.len, file);
    } else {
        char *got = calloc(1, want.len + 2);
        const size_t len = fread(got, 1, want.len + 1, file);
        if (len != want.len || memcmp(got, want.data, len) != 0)
            fail_msg("docs/metrics.md differs from the table; run with BW_UPDATE_DOCS=1");
        free(got);
    }
    fclose(file);
    bw_buf_fini(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_unique_and_found),
        cmocka_unit_test(every_row_keeps_the_rules),
        cmocka_unit_test(nothing_heavy_is_stored),
        cmocka_unit_test(the_document_lists_every_family),
        cmocka_unit_test(docs_metrics_md_is_up_to_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
