// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *pattern, *text;
    bool fits;
} cases[] = {
    { "a", "a", true },
    { "a", "ab", false }, /* both ends */
    { "a", "ba", false },
    { "", "", true },
    { "", "a", false },
    { "a|b", "b", true },
    { "a|b", "ab", false },
    { ".*", "x\ny", true },
    { "(?i)web", "WEB", true },
    { "[äö]", "ö", true },
    { "\\d+", "12", true },
    { "\\d+", "12a", false },
    { "[\\w-.]+", "a-b.c", true }, /* RE2's grammar */
    { "\\s", "\v", false },
};

static void whole_texts_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_pattern *pattern;
        assert_int_equal(bw_pattern_new(cases[i].pattern, &pattern, NULL), BW_OK);
        if (bw_pattern_fits(pattern, cases[i].text) != cases[i].fits)
            fail_msg("'%s' on '%s'", cases[i].pattern, cases[i].text);
        assert_false(bw_pattern_gave_up(pattern));
        bw_pattern_free(pattern);
    }
}

static const struct {
    const char *pattern, *text, *form, *expanded;
} forms[] = {
    { "(.*):(\\d+)", "db:5432", "$1", "db" },
    { "(.*):(\\d+)", "db:5432", "${2}/$1", "5432/db" },
    { "(.*):(\\d+)", "db:5432", "$1x", "" }, /* the group named "1x" */
    { "(.*):(\\d+)", "db:5432", "${1}x", "dbx" },
    { "(.*):(\\d+)", "db:5432", "$0", "db:5432" },
    { "(.*):(\\d+)", "db:5432", "$3$99999", "" },
    { "(.*)", "db", "$$1 costs $", "$1 costs $" },
    { "(.*)", "db", "${1", "${1" },
    { "(.*)", "db", "$-", "$-" },
    { "(?P<host>.*):.*", "db:1", "$host.${host}", "db.db" },
    { "(a)?b", "b", "[$1]", "[]" },
    { ".*", "x", "", "" },
};

static void groups_are_put_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct bw_pattern *pattern;
        struct bw_buf out;
        bw_buf_init(&out, 1000);
        assert_int_equal(bw_pattern_new(forms[i].pattern, &pattern, NULL), BW_OK);
        assert_true(bw_pattern_fits(pattern, forms[i].text));
        bw_pattern_expand(pattern, forms[i].text, forms[i].form, &out);
        assert_string_equal(out.data, forms[i].expanded);
        bw_buf_fini(&out);
        bw_pattern_free(pattern);
    }
}

static void what_does_not_compile_is_told_with_its_place(void **state)
{
    (void)state;
    struct bw_pattern *pattern;
    struct bw_err err;
    assert_int_equal(bw_pattern_new("a(b", &pattern, &err), BW_EINVAL);
    assert_non_null(strstr(err.text, "at byte 3"));
    char *long_one = calloc(1, 5001);
    memset(long_one, 'a', 5000);
    assert_int_equal(bw_pattern_new(long_one, &pattern, &err), BW_ELIMIT);
    free(long_one);
    bw_pattern_free(NULL);
}

static void a_costly_search_is_given_up(void **state)
{
    (void)state;
    struct bw_pattern *pattern;
    assert_int_equal(bw_pattern_new("(a+)+", &pattern, NULL), BW_OK);
    assert_false(bw_pattern_fits(pattern, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
    assert_true(bw_pattern_gave_up(pattern));
    bw_pattern_free(pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_texts_fit),
        cmocka_unit_test(groups_are_put_in),
        cmocka_unit_test(what_does_not_compile_is_told_with_its_place),
        cmocka_unit_test(a_costly_search_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
