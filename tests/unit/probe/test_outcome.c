// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "probe/probe.h"

#include <errno.h>
#include <string.h>

static void what_a_peer_says_is_one_safe_line(void **state)
{
    (void)state;
    static const struct {
        const char *said;
        size_t len;
        const char *quoted;
    } cases[] = {
        { "220 ok", 6, "220 ok" },
        { "a\r\nb\tc", 6, "a\\r\\nb\\tc" },
        { "\x1b[31mred\x7f", 9, "\\x1b[31mred\\x7f" },
        { "\0x", 2, "\\x00x" },
        { "gr\xc3\xbc\xc3\x9f", 6, "gr\xc3\xbc\xc3\x9f" },
        { "\xc3", 1, "\\xc3" },
        { "\xc2\x85", 2, "\\xc2\\x85" }, /* a C1 control */
        { "\xff\xfe", 2, "\\xff\\xfe" },
        { "", 0, "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[64];
        bw_probe_quote(out, sizeof out, cases[i].said, cases[i].len);
        assert_string_equal(out, cases[i].quoted);
    }
}

static void a_cut_never_halves_a_sequence(void **state)
{
    (void)state;
    for (size_t size = 1; size < 20; size++) {
        char out[20];
        bw_probe_quote(out, size, "a\xe2\x82\xac\n\xf0\x9f\x98\x80z", 10);
        assert_true(strlen(out) < size);
        assert_int_equal(bw_utf8_valid_prefix(out, strlen(out)), strlen(out));
    }
}

static void the_first_failure_stays(void **state)
{
    (void)state;
    struct bw_probe_outcome out = { 0 };
    bw_probe_fail(&out, BW_REASON_TIMEOUT, "first %d", 1);
    bw_probe_fail(&out, BW_REASON_INTERNAL, "second");
    bw_probe_warn(&out, "w1\n");
    bw_probe_warn(&out, "w2");
    assert_int_equal(out.reason, BW_REASON_TIMEOUT);
    assert_string_equal(out.detail, "first 1");
    assert_string_equal(out.warning, "w1\\n");
}

static void phases_add_up(void **state)
{
    (void)state;
    struct bw_probe_outcome out = { 0 };
    int64_t start_ns = bw_loop_mono_ns();
    bw_probe_enter(&out, BW_PHASE_RESOLVE);
    bw_probe_enter(&out, BW_PHASE_CONNECT);
    bw_probe_enter(&out, BW_PHASE_RESOLVE);
    bw_probe_leave(&out);
    bw_probe_leave(&out);
    int64_t took_ns = bw_loop_mono_ns() - start_ns;
    assert_true(out.phase_seen[BW_PHASE_RESOLVE] && out.phase_seen[BW_PHASE_CONNECT]);
    assert_false(out.phase_seen[BW_PHASE_TLS]);
    int64_t sum_ns = out.phase_ns[BW_PHASE_RESOLVE] + out.phase_ns[BW_PHASE_CONNECT];
    assert_true(sum_ns > 0 && sum_ns <= took_ns);
    assert_string_equal(bw_probe_phase_name(BW_PHASE_PROCESSING), "processing");
}

static void errnos_have_reasons(void **state)
{
    (void)state;
    assert_int_equal(bw_probe_errno_reason(ECONNREFUSED), BW_REASON_CONNECT_REFUSED);
    assert_int_equal(bw_probe_errno_reason(ETIMEDOUT), BW_REASON_CONNECT_TIMEOUT);
    assert_int_equal(bw_probe_errno_reason(EMFILE), BW_REASON_LOCAL_LIMIT);
    assert_int_equal(bw_probe_errno_reason(EHOSTUNREACH), BW_REASON_CONNECT_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_peer_says_is_one_safe_line),
        cmocka_unit_test(a_cut_never_halves_a_sequence),
        cmocka_unit_test(the_first_failure_stays),
        cmocka_unit_test(phases_add_up),
        cmocka_unit_test(errnos_have_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
