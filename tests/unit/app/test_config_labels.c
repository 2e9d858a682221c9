// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config.h"

#include "base/limits.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void expect_labels(struct bw_labels labels, const char *want)
{
    struct bw_buf out;
    bw_buf_init(&out, 4096);
    bw_series_text(&out, "", labels);
    assert_string_equal(out.data != NULL ? out.data : "", want);
    bw_buf_fini(&out);
}

/* A check's own word counts most, then its service's, then that of all. */
static void the_nearest_label_counts(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config = folder_config(
        &folder, "global: {labels: {z: global, y: global, x: global}}\n"
                 "services:\n"
                 "  - name: a\n"
                 "    labels: {y: service, x: service}\n"
                 "    checks: [{name: own, tcp: 'b:1', labels: {x: check, w: check}},\n"
                 "      {name: none, tcp: 'b:1'}]\n"
                 "  - {name: bare, checks: [{name: c, tcp: 'b:1'}]}\n");
    expect_labels(config->checks[0].labels, "{w=\"check\",x=\"check\",y=\"service\",z=\"global\"}");
    expect_labels(config->checks[1].labels, "{x=\"service\",y=\"service\",z=\"global\"}");
    expect_labels(config->checks[2].labels, "{x=\"global\",y=\"global\",z=\"global\"}");
    expect_labels(config->services[0].labels, "{x=\"service\",y=\"service\",z=\"global\"}");
    bw_config_free(config);
    folder_remove(&folder);
}

static void names_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *why;
    } cases[] = {
        { "service", "label 'service' is ours" },     { "instance", "label 'instance' is ours" },
        { "check", "label 'check' is ours" },         { "module", "label 'module' is ours" },
        { "__x", "'__x' is not a label name" },       { "a-b", "'a-b' is not a label name" },
        { "1a", "'1a' is not a label name" },         { "a b", "'a b' is not a label name" },
        { "\u00e4", "'\u00e4' is not a label name" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char yaml[128], want[128];
        snprintf(yaml, sizeof yaml, "global: {labels: {'%s': x}}\n", cases[i].name);
        snprintf(want, sizeof want, "c.yml:1:19: global.labels: %s\n", cases[i].why);
        assert_true(folder_refuses(yaml, want));
    }
}

/* A check with `own` labels under global ones, all but one of those that a series may have. */
static void put_config(struct bw_buf *out, const char *own)
{
    bw_buf_text(out, "global: {labels: {");
    for (unsigned i = 1; i < BW_LABELS_MAX; i++)
        bw_buf_printf(out, "g%u: x,", i);
    bw_buf_printf(out, "}}\nservices: [{name: a, checks: [{name: c, tcp: 'b:1', labels: {%s}}]}]\n",
                  own);
}

static void there_are_only_so_many(void **state)
{
    (void)state;
    struct folder folder;
    struct bw_buf yaml;
    folder_make(&folder);
    bw_buf_init(&yaml, 4096);
    put_config(&yaml, "k: x");
    struct bw_config *config = folder_config(&folder, yaml.data);
    assert_int_equal(config->checks[0].labels.count, BW_LABELS_MAX);
    bw_config_free(config);
    bw_buf_clear(&yaml);
    put_config(&yaml, "k: x, j: x");
    assert_true(folder_refuses(yaml.data, "c.yml:2:31: services[0].checks[0]: more than 32 labels, "
                                          "global ones included\n"));
    bw_buf_fini(&yaml);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_label_counts),
        cmocka_unit_test(names_that_cannot_be_are_refused),
        cmocka_unit_test(there_are_only_so_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
