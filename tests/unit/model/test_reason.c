// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The numbers that stores hold; a new reason is added at the end, here too. */
static const char *const names[] = {
    "",
    "dns_nxdomain",
    "dns_failure",
    "dns_timeout",
    "connect_refused",
    "connect_timeout",
    "connect_failed",
    "tls_handshake",
    "tls_timeout",
    "tls_expired",
    "tls_not_yet_valid",
    "tls_wrong_host",
    "tls_untrusted",
    "tls_verify",
    "http_status",
    "http_protocol",
    "http_redirects",
    "assertion_body",
    "assertion_header",
    "assertion_tls",
    "assertion_reply",
    "response_too_large",
    "connection_closed",
    "timeout",
    "threshold",
    "unexpected_success",
    "local_limit",
    "internal",
    "unreachable",
    "not_permitted",
    "command_critical",
    "command_unknown",
    "command_broken",
    "dns_rcode",
    "dns_protocol",
    "assertion_records",
    "not_serving",
    "service_unknown",
    "grpc_status",
    "grpc_protocol",
    "websocket_protocol",
    "proxy",
    "token",
    "push_failed",
    "push_late",
    "push_missed",
};

static void reasons_keep_their_names_and_numbers(void **state)
{
    (void)state;
    assert_int_equal(sizeof names / sizeof *names, BW_REASON_COUNT);
    for (int i = 0; i < BW_REASON_COUNT; i++)
        assert_string_equal(bw_reason_name((enum bw_reason)i), names[i]);
}

static void every_reason_can_be_told(void **state)
{
    (void)state;
    for (int i = 0; i < BW_REASON_COUNT; i++) {
        const char *text = bw_reason_text((enum bw_reason)i);
        assert_non_null(text);
        assert_true(strlen(text) > 0);
        for (int other = 0; other < i; other++)
            assert_string_not_equal(text, bw_reason_text((enum bw_reason)other));
    }
}

static void a_number_that_is_no_reason_is_ours(void **state)
{
    (void)state;
    const enum bw_reason reason = (enum bw_reason)BW_REASON_COUNT;
    assert_string_equal(bw_reason_name(reason), "internal");
    assert_string_equal(bw_reason_text(reason), "internal error");
}

static void only_our_own_faults_are_local(void **state)
{
    (void)state;
    for (int i = 0; i < BW_REASON_COUNT; i++) {
        const bool local = i == BW_REASON_LOCAL_LIMIT || i == BW_REASON_INTERNAL
                           || i == BW_REASON_NOT_PERMITTED || i == BW_REASON_COMMAND_UNKNOWN
                           || i == BW_REASON_COMMAND_BROKEN || i == BW_REASON_SERVICE_UNKNOWN;
        assert_int_equal(bw_reason_is_local((enum bw_reason)i), local);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_keep_their_names_and_numbers),
        cmocka_unit_test(every_reason_can_be_told),
        cmocka_unit_test(a_number_that_is_no_reason_is_ours),
        cmocka_unit_test(only_our_own_faults_are_local),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
