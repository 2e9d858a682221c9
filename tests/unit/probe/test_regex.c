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
        { "(?P<word>[a-z]+)", "one two", "${word}-$word-$word_s$1x", "one-one-", BW_REGEX_YES },
        { "(a)(.)(.)", "a\xff\xe2\x82", "$2|$3", "\xff|\xe2", BW_REGEX_YES },
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

/* What RE2 and PCRE2 read in two ways is read in RE2's. The verdicts are those of Go's regexp, and
 * of blackbox_exporter with it; docs/compatibility.md lists what remains. */
static void patterns_are_read_as_re2_reads_them(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *yes, *no; /* texts; NULL: none */
    } cases[] = {
        { "^\\v$", "\v", "\n" },
        { "^[\\v]$", "\v", "\n" },
        { "^\\s$", "\f", "\v" },
        { "^\\S$", "\v", "\r" },
        { "^[\\s.]+$", " .\t", "\v" },
        { "^[^\\s]$", "\v", " " },
        { "^[x\\S]$", "\v", "\t" },
        { "^[[:space:]]$", "\v", "x" },
        { "^[\\s-z]+$", "z- ", "a" },
        { "^[\\w-.]+$", "a-b.c", "a b" },
        { "^[[:alpha:]-.]+$", "a-b.c", "1" },
        { "^[\\pL-.]+$", "\xc3\xa4-.", "1" },
        { "^[^\\W[:space:]]$", "a", "\xce\xbb" },
        { "^[[.a.]]$", "a]", "a" },
        { "^[]a]$", "]", "b" },
        { "^[[:x]$", "x", "a" },
        { "^\\12$", "\n", "12" },
        { "^(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\\12$", "abcdefghij\n", "abcdefghijb" },
        { "^\\101\\0601$", "A01", "A1" },
        { "(?m)^$", "a\n", "a" },
        { "(?m)a$", "a\nb", "a\r\nb" },
        { "a$", "a", "a\n" },
        { "^a.b$", "a\rb", "a\nb" },
        { "(?s)^a.b$", "a\nb", NULL },
        { "^+OK", "OK", "not OK" },
        { "^*OK$?", "not OK", NULL },
        { "x\\b+y|z", "z", "xy" },
        { "x(?:^){0,2}$*y", "xy", "x" },
        { "^\\p{Common}$", "\xe3\x80\x81", "a" },
        { "^\\p{Greek}$", "\xce\xbb", "\xcd\x82" },
        { "^\\p{^Latin}{1,2}\\P{Greek}$", "1\f", "a\f" },
        { "^\\p{Any}\\pN\\p{Lu}$", "a1A", "a1a" },
        { "(?i)^\\w$", "\xc5\xbf", "\xc3\xa4" },
        { "(?i)^k$", "\xe2\x84\xaa", "c" },
        { "(?i)^\\W$", "-", "\xe2\x84\xaa" },
        { "(?U)^(a+)a*$", "aaa", NULL },
        { "^\\Q^a.[\\E+$", "^a.[[", "^ab" },
        { "^Gr..e$",
          "Gr\xfc\xdf"
          "e",
          "Gr\xc3\xbc"
          "e" },
        { "^[^a]$", "\xff", "a" },
        { "<title>.*Shop",
          "<title>B\xfc"
          "cher Shop",
          "<title>B\xfc"
          "cher" },
        { "\xef\xbf\xbd", "\xff", "\xc3\xbf" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_err err = { .text = "" };
        struct bw_regex *regex = bw_regex_new(cases[i].pattern, &err);
        int64_t left_ns = 60 * BW_SECOND;
        if (regex == NULL)
            fail_msg("%s", err.text);
        if (bw_regex_test(regex, cases[i].yes, strlen(cases[i].yes), &left_ns) != BW_REGEX_YES)
            fail_msg("%s does not match", cases[i].pattern);
        if (cases[i].no != NULL
            && bw_regex_test(regex, cases[i].no, strlen(cases[i].no), &left_ns) != BW_REGEX_NO)
            fail_msg("%s matches what it should not", cases[i].pattern);
        bw_regex_free(regex);
    }
}

/* RE2 takes these and we do not, or the other way round, or we read them otherwise: what
 * docs/compatibility.md says. */
static void what_remains_is_as_it_is_told(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "\\C",       "a(?i)*", "\\q",   "[[:none:]]", "(?P<n>a)(?P<n>b)", "\\p{Alphabetic}",
        "\\p{None}", "[b-a]",  "a{2,1}"
    };
    static const char *const ours[] = { "(?=a)",     "(?<!a)b", "(?>a)",   "(a)\\1",   "a++",
                                        "\\h\\R\\Z", "a{2000}", "(?<n>a)", "(?#word)a" };
    static const struct {
        const char *pattern, *text;
        enum bw_regex_verdict verdict; /* RE2 says the other */
    } otherwise[] = {
        { "(?i)^\\p{Lu}$", "a", BW_REGEX_NO },
        { "(?i)^[\\W]$", "\xe2\x84\xaa", BW_REGEX_YES },
        { "(?i)^[[:^word:]]$", "\xc5\xbf", BW_REGEX_YES },
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct bw_err err = { .text = "" };
        if (bw_regex_new(refused[i], &err) != NULL || strstr(err.text, refused[i]) == NULL)
            fail_msg("%s is taken, or said to be '%s'", refused[i], err.text);
    }
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        struct bw_regex *regex = bw_regex_new(ours[i], NULL);
        if (regex == NULL)
            fail_msg("%s is not taken", ours[i]);
        bw_regex_free(regex);
    }
    for (size_t i = 0; i < sizeof otherwise / sizeof *otherwise; i++) {
        struct bw_regex *regex = bw_regex_new(otherwise[i].pattern, NULL);
        int64_t left_ns = 60 * BW_SECOND;
        assert_non_null(regex);
        assert_int_equal(
            bw_regex_test(regex, otherwise[i].text, strlen(otherwise[i].text), &left_ns),
            otherwise[i].verdict);
        bw_regex_free(regex);
    }
}

/* Whatever is broken in a text, what a pattern finds are bytes of it, from where it begins. */
static void what_is_found_are_bytes_of_the_text(void **state)
{
    (void)state;
    static const char alphabet[] = "a\xc3\xa4\xff\xe2\x82\xac\xf0\n";
    static const char *const patterns[] = { "(a)(.)?(.*)", "(?s).+", "[^a]{2}", "\xc3\xa4+", ".$" };
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct bw_regex *regex = bw_regex_new(patterns[i], NULL);
        for (unsigned round = 0; round < 500; round++) {
            char text[12];
            size_t len = 0;
            while (len < sizeof text - 1 && len <= round % sizeof text) {
                random = random * 1664525 + 1013904223;
                text[len++] = alphabet[(random >> 16) % (sizeof alphabet - 1)];
            }
            struct bw_buf found;
            bw_buf_init(&found, 100);
            int64_t left_ns = 60 * BW_SECOND;
            const enum bw_regex_verdict verdict = bw_regex_search(regex, text, len, &left_ns);
            assert_int_equal(bw_regex_test(regex, text, len, &left_ns), verdict);
            bw_regex_expand(regex, text, "$0", &found);
            assert_int_equal(verdict == BW_REGEX_YES, found.len > 0);
            assert_true(found.len <= len && memmem(text, len, found.data, found.len) != NULL);
            bw_buf_fini(&found);
        }
        bw_regex_free(regex);
    }
}

/* A text that is too long for a copy is searched as it is. */
static void long_broken_texts_are_searched_too(void **state)
{
    (void)state;
    const size_t len = BW_REGEX_BROKEN_BYTES_MAX + 10;
    char *text = malloc(len);
    memset(text, 'a', len);
    text[5] = '\xff';
    struct bw_regex *regex = bw_regex_new("^aaaaa.a", NULL);
    int64_t left_ns = 60 * BW_SECOND;
    assert_int_equal(bw_regex_test(regex, text, len, &left_ns), BW_REGEX_NO);
    assert_int_equal(bw_regex_test(regex, text, 100, &left_ns), BW_REGEX_YES);
    bw_regex_free(regex);
    free(text);
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
        cmocka_unit_test(patterns_are_read_as_re2_reads_them),
        cmocka_unit_test(what_remains_is_as_it_is_told),
        cmocka_unit_test(what_is_found_are_bytes_of_the_text),
        cmocka_unit_test(long_broken_texts_are_searched_too),
        cmocka_unit_test(broken_patterns_say_where),
        cmocka_unit_test(the_peer_cannot_hold_us_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
