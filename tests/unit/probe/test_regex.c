// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "io/loop.h"
#include "probe/regex.h"

#include <stdlib.h>
#include <string.h>

static void patterns_match_as_told(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text, *send, *sent;
        enum bw_regex_verdict verdict;
    } cases[] = {
        { "^220 ", "220 mail", "EHLO", "EHLO", BW_REGEX_YES },
        { "^PING :(.*)$", "PING :abc", "PONG :${1}", "PONG :abc", BW_REGEX_YES },
        { "(a)(b)?(c)", "ac", "$1-$2-$3-$4-$0", "a--c--ac", BW_REGEX_YES },
        { "a", "a", "$$5 $x ${1 $ ${} ${a-b}", "$5  ${1 $ ${} ${a-b}", BW_REGEX_YES },
        { "(a)(?P<two>b)", "ab", "$two ${two}s $twos $1x ${1}x", "b bs   ax", BW_REGEX_YES },
        { "(a)", "a", "$01 $0 $99999999999999999999", " a ", BW_REGEX_YES },
        { "x", "abc", "", "", BW_REGEX_NO },
        { "^+OK", "OK ready", "", "", BW_REGEX_YES },
        { "^+OK", "not OK", "", "", BW_REGEX_NO },
        { "^*OK", "not OK", "", "", BW_REGEX_YES },
        { "a$", "a\n", "", "", BW_REGEX_NO },
        { "(?i)^gr\xc3\x9c.$", "gr\xc3\xbc\xc3\x9f", "", "", BW_REGEX_YES },
        { "b", "\xff\xc3 b", "", "", BW_REGEX_YES },
        { "^$", "", "", "", BW_REGEX_YES },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_regex *regex = bw_regex_new(cases[i].pattern, NULL);
        struct bw_buf out;
        bw_buf_init(&out, 1000);
        assert_non_null(regex);
        int64_t left_ns = BW_SECOND;
        assert_int_equal(bw_regex_test(regex, cases[i].text, strlen(cases[i].text), &left_ns),
                         cases[i].verdict);
        assert_int_equal(bw_regex_search(regex, cases[i].text, strlen(cases[i].text), &left_ns),
                         cases[i].verdict);
        assert_true(left_ns < BW_SECOND);
        bw_regex_expand(regex, cases[i].text, cases[i].send, &out);
        assert_string_equal(out.data, cases[i].sent);
        bw_buf_fini(&out);
        bw_regex_free(regex);
    }
}

static void broken_patterns_say_where(void **state)
{
    (void)state;
    struct bw_err err;
    assert_null(bw_regex_new("ab(c", &err));
    assert_int_equal(err.rc, BW_EINVAL);
    assert_non_null(strstr(err.text, "at byte 4"));
}

/* Patterns that take for ever on what a peer may send: steps per start, and many starts. */
static void the_peer_cannot_hold_us_up(void **state)
{
    (void)state;
    static const char *const patterns[] = { "(a+)+b", "(a|aa)+$", "a.*b.*c", "(?s)(.*)(.*)(.*)x" };
    size_t len = 1u << 20;
    char *text = malloc(len);
    memset(text, 'a', len);
    for (size_t i = 0; i < 4; i++) {
        struct bw_regex *regex = bw_regex_new(patterns[i], NULL);
        int64_t start_ns = bw_loop_mono_ns(), left_ns = BW_REGEX_LOOP_NS;
        assert_int_not_equal(bw_regex_search(regex, text, len - 1, &left_ns), BW_REGEX_YES);
        if (bw_loop_mono_ns() - start_ns > BW_SECOND)
            fail_msg("%s took too long", patterns[i]);
        /* The patience is for all searches together. */
        left_ns = 0;
        assert_int_equal(bw_regex_search(regex, "a", 1, &left_ns), BW_REGEX_GAVE_UP);
        assert_int_equal(bw_regex_test(regex, "a", 1, &left_ns), BW_REGEX_GAVE_UP);
        bw_regex_free(regex);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_as_told),
        cmocka_unit_test(broken_patterns_say_where),
        cmocka_unit_test(the_peer_cannot_hold_us_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
