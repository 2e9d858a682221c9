// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/manual.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void tell_more(struct bw_buf *out)
{
    bw_buf_text(out, "'quoted' and `so`");
}

static const struct bw_command plain = {
    .name = "plain", .arguments = "", .summary = "Do it", .flags = &bw_no_flags
};
static const struct bw_command tricky = { .name = "two-words",
                                          .arguments = "FILE",
                                          .summary = "Say 1\\2",
                                          .text = ".so /etc/passwd\nnext\n.de x\n",
                                          .more = tell_more,
                                          .flags = &bw_no_flags };
static const struct bw_command secret = { .name = "secret",
                                          .arguments = "",
                                          .summary = "Not for people",
                                          .flags = &bw_no_flags,
                                          .hidden = true };

/* What is between the commands' title and the next. */
static void commands_of(const struct bw_command *const *table, struct bw_buf *out)
{
    static const char begin[] = ".SH COMMANDS\n", end[] = ".SH EXIT STATUS\n";
    struct bw_buf page;
    bw_buf_init(&page, 1u << 20);
    bw_buf_init(out, 1u << 20);
    bw_manual(&page, table);
    assert_false(bw_buf_failed(&page));
    const char *from = strstr(page.data, begin), *to = strstr(page.data, end);
    assert_non_null(from);
    assert_non_null(to);
    from += sizeof begin - 1;
    bw_buf_bytes(out, from, (size_t)(to - from));
    bw_buf_fini(&page);
}

static void text_cannot_be_a_request(void **state)
{
    (void)state;
    static const struct bw_command *const table[] = { &plain, &tricky, NULL };
    struct bw_buf said;
    commands_of(table, &said);
    assert_string_equal(said.data, ".SS \"bellwether plain\"\nDo it.\n"
                                   ".SS \"bellwether two\\-words FILE\"\nSay 1\\e2.\n"
                                   ".PP\n.nf\n\\&.so /etc/passwd\nnext\n\\&.de x\n.fi\n"
                                   ".PP\n.nf\n\\&\\(aqquoted\\(aq and \\(gaso\\(ga\n.fi\n");
    bw_buf_fini(&said);
}

static void hidden_commands_are_not_told_of(void **state)
{
    (void)state;
    static const struct bw_command *const table[] = { &secret, &plain, NULL };
    struct bw_buf said;
    commands_of(table, &said);
    assert_string_equal(said.data, ".SS \"bellwether plain\"\nDo it.\n");
    bw_buf_fini(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_cannot_be_a_request),
        cmocka_unit_test(hidden_commands_are_not_told_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
