// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/transcript.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *text, *want; /* "ms/mark/words" a line */
} cases[] = {
    { "", "" },
    { "0.0 * looking up x\n12.7 < HTTP/1.1 200 OK\n",
      "0.0/note/looking up x;12.7/heard/HTTP/1.1 200 OK;" },
    { "1.0 > \n1.1 | a | b\n2.0 ! over", "1.0/sent/;1.1/content/a | b;2.0/verdict/over;" },
    { "1.0 <\n", "1.0/heard/;" },
    { "no line of ours\n\n1.0 ? x\n", "/note/no line of ours;/note/;/note/1.0 ? x;" },
};

static void lines_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[200] = "";
        struct bw_span rest = bw_span_of(cases[i].text);
        struct bw_transcript_line line;
        while (bw_transcript_next(&rest, &line))
            snprintf(got + strlen(got), sizeof got - strlen(got), "%.*s/%s/%.*s;",
                     (int)line.at_ms.len, line.at_ms.data, bw_transcript_mark_name(line.mark),
                     (int)line.words.len, line.words.data);
        assert_string_equal(got, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(lines_are_taken_apart) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
