// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define FFFD "\xef\xbf\xbd"

typedef void escape_fn(struct bw_buf *out, const char *text, size_t len);

static const struct {
    escape_fn *escape;
    const char *name, *text, *want;
} cases[] = {
    { bw_escape_html, "html", "<a href=\"x\" id='y'>&amp;",
      "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;" },
    { bw_escape_html, "html", "a\tb\nc\x01\x7f", "a\tb\nc" FFFD FFFD },
    { bw_escape_html, "html", "\xc3\xa4\xff\xe2\x82", "\xc3\xa4" FFFD FFFD FFFD },
    { bw_escape_csv, "csv", "plain", "plain" },
    { bw_escape_csv, "csv", "", "" },
    { bw_escape_csv, "csv", "a,b", "\"a,b\"" },
    { bw_escape_csv, "csv", "say \"hi\"", "\"say \"\"hi\"\"\"" },
    { bw_escape_csv, "csv", "two\nlines", "\"two\nlines\"" },
    { bw_escape_csv, "csv", "=1+1", "\"'=1+1\"" },
    { bw_escape_csv, "csv", "@x", "\"'@x\"" },
    { bw_escape_csv, "csv", "-x", "\"'-x\"" },
    { bw_escape_csv, "csv", "\tx", "\"'\tx\"" },
    { bw_escape_csv, "csv", "-1.5", "-1.5" },
    { bw_escape_csv, "csv", "+3", "+3" },
    { bw_escape_csv, "csv",
      "\xef\xbc\x9d"
      "1",
      "\"'\xef\xbc\x9d"
      "1\"" },
    { bw_escape_md, "md", "a|b*c_d`e[f](g)\\", "a\\|b\\*c\\_d\\`e\\[f\\](g)\\\\" },
    { bw_escape_md, "md", "<b>\n&", "&lt;b&gt; &amp;" },
    { bw_escape_label, "label", "a\"b\\c\nd\r", "a\\\"b\\\\c\\nd" FFFD },
    { bw_escape_json, "json", "a\"\\/\b\t\n\x1f\x7f", "a\\\"\\\\/\\b\\t\\n\\u001f\\u007f" },
    { bw_escape_json, "json", "</script>&\xe2\x82\xac",
      "\\u003c/script\\u003e\\u0026\xe2\x82\xac" },
    { bw_escape_logfmt, "logfmt", "bare-1.5/x", "bare-1.5/x" },
    { bw_escape_logfmt, "logfmt", "", "\"\"" },
    { bw_escape_logfmt, "logfmt", "two words", "\"two words\"" },
    { bw_escape_logfmt, "logfmt", "a=b", "\"a=b\"" },
    { bw_escape_logfmt, "logfmt", "a\nb<c>", "\"a\\nb<c>\"" },
    { bw_escape_logfmt, "logfmt", "\xff", "\"" FFFD "\"" },
    { bw_escape_url, "url", "AZaz09-._~", "AZaz09-._~" },
    { bw_escape_url, "url", "a b/c?d=e&f%\xc3\xa4", "a%20b%2Fc%3Fd%3De%26f%25%C3%A4" },
};

static void every_place_has_its_escapes(void **state)
{
    (void)state;
    struct bw_buf out;
    bw_buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bw_buf_clear(&out);
        cases[i].escape(&out, cases[i].text, strlen(cases[i].text));
        if (strcmp(out.data, cases[i].want) != 0)
            fail_msg("%s: %s became %s", cases[i].name, cases[i].text, out.data);
    }
    bw_buf_fini(&out);
}

static void a_nul_never_passes(void **state)
{
    (void)state;
    static escape_fn *const all[] = { bw_escape_html,  bw_escape_csv,  bw_escape_md,
                                      bw_escape_label, bw_escape_json, bw_escape_logfmt,
                                      bw_escape_url };
    struct bw_buf out;
    bw_buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        bw_buf_clear(&out);
        all[i](&out, "a\0b", 3);
        assert_int_equal(strlen(out.data), out.len);
    }
    bw_buf_fini(&out);
}

static void urls_are_undone(void **state)
{
    (void)state;
    static const char *const refused[] = { "%", "%4", "%zz", "a%0", "%00", "%ff", "%C3x" };
    struct bw_buf out, escaped;
    bw_buf_init(&out, 1000);
    bw_buf_init(&escaped, 1000);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        bw_buf_clear(&out);
        assert_false(bw_unescape_url(&out, refused[i], strlen(refused[i])));
    }
    static const char text[] = "caf\xc3\xa9 & 100% /?";
    bw_escape_url(&escaped, text, strlen(text));
    bw_buf_clear(&out);
    assert_true(bw_unescape_url(&out, escaped.data, escaped.len));
    assert_string_equal(out.data, text);
    bw_buf_fini(&escaped);
    bw_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place_has_its_escapes),
        cmocka_unit_test(a_nul_never_passes),
        cmocka_unit_test(urls_are_undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
