// SPDX-License-Identifier: GPL-3.0-or-later
/* Lines that vanish and indentation that comes back, beyond what the specification tests. */
#include "told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *story, *text, *want;
} stories[] = {
    { "a section's lines vanish", "{{#two}}\n- {{.}}\n{{/two}}\n", "- a\n- b\n" },
    { "so do a comment's, over lines", "a\n  {{! b\n c }}  \nd", "a\nd" },
    { "a tag within a line leaves it", "a {{#yes}}b{{/yes}}\nc", "a b\nc" },
    { "two sections on a line are text", "{{#yes}}{{/yes}}\nc", "\nc" },
    { "values never vanish", "  {{nothing}}\nc", "  \nc" },
    { "carriage returns go with the line", "a\r\n{{#yes}}\r\nb\r\n{{/yes}}\r\nc", "a\r\nb\r\nc" },

    { "a block alone on its line indents what replaces it",
      "{{<page}}{{$main}}\nx\n y\n{{/main}}{{/page}}", "<\n    x\n     y\n>\n" },
    { "the replacement loses its own indentation",
      "{{<page}}\n  {{$main}}\n      x\n        y\n  {{/main}}\n{{/page}}\n",
      "<\n    x\n      y\n>\n" },
    { "what is not replaced stands as it is", "{{<page}}{{/page}}", "<\n    default\n>\n" },
    { "values in a replacement are not indented inside",
      "{{<page}}{{$main}}\n{{#two}}\n{{.}};\n{{/two}}\n{{/main}}{{/page}}",
      "<\n    a;\n    b;\n>\n" },
    { "a block further left than the body it is in",
      "{{<mid}}{{$more}}\n   y\n      z\n{{/more}}{{/mid}}", "<\n    x\n    y\n    z\n>\n" },
    { "a block further right", "{{<right}}{{$more}}\n y\n  z\n{{/more}}{{/right}}",
      "<\n    x\n       y\n        z\n>\n" },
    { "carriage returns in blocks", "{{<crlf}}{{$a}}\r\n  x\r\n{{/a}}{{/crlf}}\r\n|",
      "<\r\n    x\r\n>\r\n|" },
    { "a block at the start of an indented line", "  {{>blocks}}\n", "  ab\n  c\n" },
    { "the same, replaced by nothing", "  {{<blocks}}{{$a}}{{/a}}{{/blocks}}\n", "  b\n  c\n" },
    { "the same, replaced by lines", "  {{<blocks}}{{$a}}\n1\n2{{/a}}{{/blocks}}",
      "  1\n  2b\n  c\n" },
    { "blocks within a line are text", "{{<line}}{{$a}}x{{/a}}{{$b}}y{{/b}}{{/line}}", "  x y\n" },
    { "the same, one left as it is", "{{<line}}{{$b}}y{{/b}}{{/line}}", "   y\n" },

    { "a partial in a partial adds up", " {{>outer}}\n", " o\n   i\n   j\n o\n" },
    { "an indented line may begin with a section", "  {{>rows}}\n", "  [1]\n  [2]\n" },
    { "a line's indentation comes before an empty value", "  {{>empty}}\n|", "  !\n  ?\n|" },
    { "an empty partial at the start of a line", "  {{>hole}}\n", "  x\n" },
    { "a partial within a line keeps its own lines", " {{>inline}}\n", " 1 i\nj\n\n 2\n" },
    { "a partial without a newline at its end", "  {{>open}}\nz", "  nz" },
};

static const struct told_partial partials[] = {
    { "page", "<\n{{$main}}\n    default\n{{/main}}\n>\n" },
    { "line", "  {{$a}}{{/a}} {{$b}}{{/b}}\n" },
    { "outer", "o\n  {{>inner}}\no\n" },
    { "inner", "i\nj\n" },
    { "rows", "{{#rows}}[{{id}}]\n{{/rows}}" },
    { "empty", "{{nothing}}!\n{{>no-such-partial}}?\n" },
    { "inline", "1 {{>inner}}\n2\n" },
    { "open", "n" },
    { "mid", "{{<page}}{{$main}}\n    x\n{{$more}}\n{{/more}}\n{{/main}}{{/page}}\n" },
    { "right", "{{<page}}{{$main}}\n  x\n     {{$more}}\n     {{/more}}\n{{/main}}{{/page}}\n" },
    { "crlf", "<\r\n    {{$a}}\r\n    {{/a}}\r\n>\r\n" },
    { "blocks", "{{$a}}a{{/a}}b\nc\n" },
};

static const struct told_partial hole[] = { { "hole", "{{>nil}}{{$b}}{{/b}}x\n" }, { "nil", "" } };

static void lines_come_out_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        const bool holed = strstr(stories[i].text, "hole") != NULL;
        assert_told(stories[i].story, stories[i].text, holed ? hole : partials,
                    holed ? 2 : sizeof partials / sizeof *partials, stories[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(lines_come_out_as_told) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
