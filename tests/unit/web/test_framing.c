// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define HOST "Host", "localhost"

enum { PAIRS_MAX = 4 };

static const struct {
    const char *what;
    const char *version;
    const char *headers[2 * PAIRS_MAX]; /* name, value, … */
    unsigned status;
    bool has_body;
} cases[] = {
    { "plain", "HTTP/1.1", { HOST }, 0, false },
    { "a length", "HTTP/1.1", { HOST, "content-length", "5" }, 0, true },
    { "a length of nothing", "HTTP/1.1", { HOST, "Content-Length", "0" }, 0, false },
    { "chunked", "HTTP/1.1", { HOST, "transfer-encoding", "Chunked" }, 0, true },
    { "no host", "HTTP/1.1", { "Accept", "*/*" }, 400, false },
    { "no host, as was fine once", "HTTP/1.0", { "Accept", "*/*" }, 0, false },
    { "two hosts", "HTTP/1.1", { HOST, HOST }, 400, false },
    { "two lengths",
      "HTTP/1.1",
      { HOST, "Content-Length", "5", "Content-Length", "5" },
      400,
      true },
    { "both",
      "HTTP/1.1",
      { HOST, "Content-Length", "5", "Transfer-Encoding", "chunked" },
      400,
      true },
    { "two codings",
      "HTTP/1.1",
      { HOST, "Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked" },
      400,
      true },
    { "another coding", "HTTP/1.1", { HOST, "Transfer-Encoding", "gzip" }, 501, true },
    { "a list of codings", "HTTP/1.1", { HOST, "Transfer-Encoding", "gzip, chunked" }, 501, true },
    { "no coding at all", "HTTP/1.1", { HOST, "Transfer-Encoding", "identity" }, 501, true },
    { "chunked too early", "HTTP/1.0", { HOST, "Transfer-Encoding", "chunked" }, 400, true },
    { "a blank before the colon", "HTTP/1.1", { HOST, "Content-Length ", "5" }, 400, false },
    { "no name", "HTTP/1.1", { HOST, "", "x" }, 400, false },
    { "a name in brackets", "HTTP/1.1", { HOST, "(x)", "x" }, 400, false },
    { "a carriage return in a value", "HTTP/1.1", { HOST, "X", "a\rb" }, 400, false },
    { "a tab in a value", "HTTP/1.1", { HOST, "X", "a\tb" }, 0, false },
    { "beyond ASCII", "HTTP/1.1", { HOST, "X", "\xc3\xa4" }, 0, false },
};

static void what_is_ambiguous_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_framing framing = { 0 };
        for (size_t k = 0; k < 2 * PAIRS_MAX && cases[i].headers[k] != NULL; k += 2)
            bw_framing_add(&framing, cases[i].headers[k], cases[i].headers[k + 1]);
        struct bw_framing_verdict verdict = bw_framing_check(&framing, cases[i].version);
        if (verdict.status != cases[i].status)
            fail_msg("%s: expected %u, got %u", cases[i].what, cases[i].status, verdict.status);
        if (bw_framing_has_body(&framing) != cases[i].has_body)
            fail_msg("%s: a body is %sexpected", cases[i].what, cases[i].has_body ? "" : "not ");
    }
}

static void headers_are_counted(void **state)
{
    (void)state;
    struct bw_framing framing = { 0 };
    bw_framing_add(&framing, HOST);
    for (int i = 1; i < 100; i++)
        bw_framing_add(&framing, "X", NULL);
    assert_int_equal(bw_framing_check(&framing, "HTTP/1.1").status, 0);
    bw_framing_add(&framing, "X", NULL);
    assert_int_equal(bw_framing_check(&framing, "HTTP/1.1").status, 431);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_ambiguous_is_refused),
        cmocka_unit_test(headers_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
