// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/decode.h"
#include "probe/module.h"
#include "probe/table.h"

#include <string.h>

static void the_tables_are_sound(void **state)
{
    (void)state;
    struct bw_err err;
    if (bw_conf_lint(&bw_probe_module_group, &err) != BW_OK)
        fail_msg("%s", err.text);
}

static void kinds_are_listed_once(void **state)
{
    (void)state;
    size_t count = 0;
    for (; bw_probe_table[count] != NULL; count++) {
        const struct bw_probe_ops *ops = bw_probe_table[count];
        assert_ptr_equal(bw_probe_find(ops->name), ops);
        assert_true(strlen(ops->summary) > 10 && strlen(ops->target_help) > 2);
        assert_non_null(ops->options);
    }
    assert_int_equal(count, BW_PROBER_COUNT);
    assert_null(bw_probe_find("gopher"));
}

static void defaults_are_blackbox_s(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_probe_module module;
    bw_conf_defaults(&arena, &bw_probe_module_group, &module);
    assert_string_equal(module.http.method, "GET");
    assert_true(module.http.follow_redirects && module.http.enable_http2);
    assert_int_equal(module.http.preferred_ip_protocol, BW_IP_6);
    assert_true(module.http.ip_protocol_fallback);
    assert_int_equal(module.http.body_size_limit_bytes, 1 << 20);
    assert_false(module.tcp.tls || module.http.tls_config.insecure_skip_verify);
    assert_int_equal(module.timeout_ns, 0);
    bw_arena_fini(&arena);
}

static void options_that_clash_are_refused(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_probe_module module;
    struct bw_err err;
    bw_conf_defaults(&arena, &bw_probe_module_group, &module);
    assert_int_equal(bw_probe_http_group.check(&module.http, &err), BW_OK);
    module.http.fail_if_ssl = module.http.fail_if_not_ssl = true;
    assert_int_equal(bw_probe_http_group.check(&module.http, &err), BW_EINVAL);
    module.http.fail_if_ssl = false;
    const struct bw_pair split = { "X-A", "b\r\nX-C: d" };
    module.http.headers = (struct bw_pairs){ &split, 1 };
    assert_int_equal(bw_probe_http_group.check(&module.http, &err), BW_EINVAL);
    module.http.headers.count = 0;
    module.http.method = "GET /x HTTP/1.1\r\n";
    assert_int_equal(bw_probe_http_group.check(&module.http, &err), BW_EINVAL);
    module.http.method = "GET";
    const char *const patterns[] = { "fine", "(" };
    module.http.warn_if_body_not_matches_regexp = (struct bw_strings){ patterns, 2 };
    assert_int_equal(bw_probe_http_group.check(&module.http, &err), BW_EINVAL);
    assert_non_null(strstr(err.text, "warn_if_body_not_matches_regexp[1]: pattern '('"));
    module.http.tls_config.cert_file = "a.pem";
    assert_int_equal(bw_probe_tls_group.check(&module.http.tls_config, &err), BW_EINVAL);
    bw_arena_fini(&arena);
}

static void targets_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *target;
        bool good;
    } cases[] = {
        { "http", "https://example.com/x", true },
        { "http", "example.com", true },
        { "http", "example.com:8080/?u=http://b", true },
        { "http", "http://[::1]:80/", true },
        { "http", "file:///etc/passwd", false },
        { "http", "gopher://x/", false },
        { "http", "", false },
        { "http", "http://", false },
        { "http", "http://a:99999/", false },
        { "http", "http://a b/", false },
        { "tcp", "example.com:22", true },
        { "tcp", "[::1]:22", true },
        { "tcp", "example.com", false },
        { "tcp", "::1:22", false },
        { "tcp", ":22", false },
        { "tcp", "a:0", false },
        { "tcp", "a:65536", false },
        { "tcp", "tcp://a:1", false },
        { "icmp", "example.com", true },
        { "icmp", "::1", true },
        { "icmp", "[fe80::1%lo]", true },
        { "icmp", "db:5432", true },
        { "icmp", "[::1]:80", true },
        { "icmp", "", false },
        { "icmp", ":80", false },
        { "icmp", "a:b", false },
        { "icmp", "http://a/", false },
        { "icmp", "a b", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_err err;
        bool good = bw_probe_find(cases[i].kind)->check_target(cases[i].target, &err) == BW_OK;
        if (good != cases[i].good)
            fail_msg("%s '%s'", cases[i].kind, cases[i].target);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_are_sound),    cmocka_unit_test(kinds_are_listed_once),
        cmocka_unit_test(defaults_are_blackbox_s), cmocka_unit_test(options_that_clash_are_refused),
        cmocka_unit_test(targets_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
