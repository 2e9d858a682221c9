// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/groups.h"

#include <string.h>

static const char pattern[] = "(?<first>a+)(b)?(?<c_1>c)?";
static const char text[] = "xxaac";

/* As Go's regexp.Expand has them. */
static const struct {
    const char *form, *want;
} cases[] = {
    { "", "" },
    { "plain", "plain" },
    { "$0", "aac" },
    { "$1-${1}", "aa-aa" },
    { "$first-${first}", "aa-aa" },
    { "[$2]", "[]" }, /* took no part in the match */
    { "$1x", "" },    /* the group "1x", which there is not */
    { "${1}x", "aax" },
    { "$c_1$01", "c" }, /* "01" is a name, which there is not */
    { "$4$99999999999", "" },
    { "$$1", "$1" },
    { "${1", "${1" }, /* not well-formed: stands for itself */
    { "${}$-$", "${}$-$" },
    { "$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.", "." },
};

static void forms_are_expanded(void **state)
{
    (void)state;
    int problem;
    PCRE2_SIZE at;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, 0, &problem, &at, NULL);
    if (code == NULL)
        fail_msg("does not compile: %d at %zu", problem, at);
    pcre2_match_data *match = pcre2_match_data_create_from_pattern(code, NULL);
    const struct bw_groups groups = {
        .code = code,
        .match = match,
        .count = pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, match, NULL),
        .searched = text,
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_buf out;
        bw_buf_init(&out, 1000);
        bw_groups_expand(&groups, cases[i].form, &out);
        bw_buf_text(&out, "");
        if (out.len != strlen(cases[i].want) || memcmp(out.data, cases[i].want, out.len) != 0)
            fail_msg("%s: %.*s, not %s", cases[i].form, (int)out.len, out.data, cases[i].want);
        bw_buf_fini(&out);
    }
    pcre2_match_data_free(match);
    pcre2_code_free(code);
}

static void without_a_match_groups_are_empty(void **state)
{
    (void)state;
    struct bw_buf out;
    bw_buf_init(&out, 100);
    bw_groups_expand(&(struct bw_groups){ .count = 0 }, "<$0$1$$>", &out);
    assert_string_equal(out.data, "<$>");
    bw_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_expanded),
        cmocka_unit_test(without_a_match_groups_are_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
