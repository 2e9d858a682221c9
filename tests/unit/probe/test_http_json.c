// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "probe/http_json.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char sample[] =
    "{\"status\":\"ok\",\"code\":200,\"ratio\":0.25,\"on\":true,\"none\":null,\"text\":\"7.5\","
    "\"a/b\":{\"c~d\":1},\"a.b\":\"dotted\",\"it's\":\"quoted\",\"\":\"empty\","
    "\"items\":[{\"name\":\"one\",\"up\":true},{\"name\":\"two\",\"up\":false}],\"7\":\"seven\"}";

static enum bw_json_verdict try_it(const char *body, const struct bw_json_match *match)
{
    const struct bw_items items = { (void *)(uintptr_t)match, 1 };
    struct bw_json_tests tests;
    struct bw_err err;
    int64_t left_ns = BW_SECOND;
    if (bw_json_tests_make(&tests, &items, &err) != BW_OK)
        fail_msg("%s: %s", match->path, err.text);
    struct bw_json_document *document = bw_json_read(body, strlen(body), &err);
    if (document == NULL)
        fail_msg("%s", err.text);
    const enum bw_json_verdict verdict = bw_json_test(&tests, 0, document, &left_ns);
    bw_json_document_free(document);
    bw_json_tests_fini(&tests);
    return verdict;
}

static void values_are_found_and_judged(void **state)
{
    (void)state;
    static const struct {
        struct bw_json_match match;
        bool holds;
    } stories[] = {
        { { .path = "$.status", .equals = "ok" }, true },
        { { .path = "/status", .equals = "ok" }, true },
        { { .path = "$['status']", .equals = "ok" }, true },
        { { .path = "$.status", .equals = "OK" }, false },
        { { .path = "$.status", .regexp = "^o" }, true },
        { { .path = "$.status", .regexp = "x" }, false },
        { { .path = "$.code", .equals = "200" }, true },
        { { .path = "$.code", .condition = ">= 200" }, true },
        { { .path = "$.code", .condition = "> 200" }, false },
        { { .path = "$.ratio", .equals = "0.25" }, true },
        { { .path = "$.ratio", .condition = "< 0.3" }, true },
        { { .path = "$.on", .equals = "true" }, true },
        { { .path = "$.none", .equals = "null" }, true },
        { { .path = "$.none" }, true },
        { { .path = "$.nowhere" }, false },
        { { .path = "$.status.deeper" }, false },
        { { .path = "$.text", .condition = "> 7" }, true },
        { { .path = "$.status", .condition = "!= 7" }, false }, /* it is no number */
        { { .path = "/a~1b/c~0d", .condition = "== 1" }, true },
        { { .path = "$['a.b']", .equals = "dotted" }, true },
        { { .path = "$['it\\'s']", .equals = "quoted" }, true },
        { { .path = "/", .equals = "empty" }, true },
        { { .path = "", .regexp = "^\\{" }, true },
        { { .path = "$.items[0].name", .equals = "one" }, true },
        { { .path = "/items/1/name", .equals = "two" }, true },
        { { .path = "/7", .equals = "seven" }, true },
        { { .path = "$.items[-1].name", .equals = "two" }, true },
        { { .path = "$.items[2]" }, false },
        { { .path = "$.items[-3]" }, false },
        { { .path = "$.items[9223372036854775807]" }, false },
        { { .path = "$.items[-9223372036854775808]" }, false },
        { { .path = "$.items[*].up", .equals = "false" }, true },
        { { .path = "$.items[*].name", .equals = "three" }, false },
        { { .path = "$.*", .equals = "ok" }, true },
        { { .path = "$.items.length()", .condition = "== 2" }, true },
        { { .path = "$.status.length()", .condition = "== 2" }, true },
        { { .path = "$.code.length()" }, false },
        { { .path = "$.items[0]", .equals = "{\"name\":\"one\",\"up\":true}" }, true },
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        const enum bw_json_verdict wanted = stories[i].holds ? BW_JSON_YES : BW_JSON_NO;
        if (try_it(sample, &stories[i].match) != wanted)
            fail_msg("%zu: %s", i, stories[i].match.path);
    }
    const struct bw_json_match whole = { .path = "$", .equals = "ok" };
    assert_int_equal(try_it("\"ok\"", &whole), BW_JSON_YES);
}

static void a_text_may_hold_a_nul(void **state)
{
    (void)state;
    const struct bw_json_match match = { .path = "$.a", .equals = "b" };
    assert_int_equal(try_it("{\"a\":\"b\\u0000\"}", &match), BW_JSON_NO);
}

static void bad_paths_are_refused(void **state)
{
    (void)state;
    static const char *const stories[] = {
        "status",    "$status", "$.",    "$..a", "$[",           "$[a]", "$['a]",  "$['a'",
        "$[?(@.a)]", "$[1:2]",  "$.a b", "$[]",  "$.length().a", ".a",   "$.a\"b", "$[*",
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct bw_err err;
        struct bw_json_path *path = bw_json_path_new(stories[i], &err);
        if (path != NULL)
            fail_msg("%s", stories[i]);
        assert_non_null(strstr(err.text, "expected a JSON pointer"));
    }
    char long_one[200];
    for (size_t i = 0; i < sizeof long_one - 2; i += 2)
        memcpy(long_one + i, "/a", 3);
    assert_null(bw_json_path_new(long_one, NULL));
}

static void what_is_not_json_is_not_read(void **state)
{
    (void)state;
    static char deep[400], big[(4u << 20) + 2];
    memset(deep, '[', sizeof deep - 1);
    memset(big, ' ', sizeof big - 1);
    big[0] = '1';
    const struct {
        const char *text, *says;
    } stories[] = {
        { "", "line 1" },
        { "<html>", "line 1" },
        { "{\"a\":1} x", "end of file" },
        { "{\"a\":", "line 1" },
        { deep, "deeper than 100" },
        { big, "longer than" },
        { "{\"a\":1e999}", "line 1" },
        { "\"\xff\"", "line 1" },
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct bw_err err;
        struct bw_json_document *document =
            bw_json_read(stories[i].text, strlen(stories[i].text), &err);
        if (document != NULL || strstr(err.text, stories[i].says) == NULL)
            fail_msg("%zu: %s", i, document != NULL ? "read" : err.text);
    }
    /* Brackets in a text are none. */
    char text[402] = "\"\\\"";
    memset(text + 3, '[', 300);
    text[303] = '"';
    struct bw_json_document *document = bw_json_read(text, strlen(text), NULL);
    assert_non_null(document);
    bw_json_document_free(document);
}

/* ---- in a probe ---- */

static void good(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\n\r\n{\"status\":\"ok\",\"lag\":7}");
}

static void big(struct peer_talk *talk)
{
    static char pad[60000];
    memset(pad, 'x', sizeof pad - 1);
    peer_answer(talk, "HTTP/1.1 200 OK\r\n\r\n{\"pad\":\"");
    peer_say(talk, pad);
    peer_say(talk, "\",\"status\":\"ok\",\"lag\":7}");
}

static void page(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\n\r\n<html>down for maintenance</html>");
}

static void probes_say_what_did_not_hold(void **state)
{
    (void)state;
    static const struct {
        peer_fn *server;
        const char *options;
        enum bw_reason reason;
        bool warned;
        const char *says;
    } stories[] = {
        { good, "fail_if_body_json_not_matches: [{path: $.status, equals: ok}]", BW_REASON_NONE,
          false, "" },
        { good, "fail_if_body_json_matches: [{path: $.lag, condition: '> 5'}]",
          BW_REASON_ASSERTION_BODY, false, "JSON: $.lag > 5" },
        { good, "fail_if_body_json_matches: [{path: /lag, condition: '> 5', severity: degraded}]",
          BW_REASON_NONE, true, "JSON: /lag > 5" },
        { good, "warn_if_body_json_matches: [{path: $.lag, condition: '> 5'}]", BW_REASON_NONE,
          true, "JSON: $.lag > 5" },
        { good, "warn_if_body_json_not_matches: [{path: $.gone}]", BW_REASON_NONE, true,
          "it is not so that $.gone is there" },
        { big, "fail_if_body_json_not_matches: [{path: $.status, equals: bad}]",
          BW_REASON_ASSERTION_BODY, false, "it is not so that $.status equals 'bad'" },
        { page, "fail_if_body_json_matches: [{path: $.status, equals: bad}]",
          BW_REASON_ASSERTION_BODY, false, "the body is not JSON: line 1" },
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct world w;
        struct peer peer;
        struct bw_probe_module module;
        world_open(&w, NULL);
        peer_start(&peer, stories[i].server, NULL);
        assert_string_equal(
            world_config(&w, world_text(&w, "prober: http\nhttp: {%s}\n", stories[i].options),
                         &module),
            "");
        world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", peer.port), 5 * BW_SECOND);
        peer_stop(&peer);
        const char *said = stories[i].warned ? w.result.warning : w.result.detail;
        if (w.result.reason != stories[i].reason || w.result.warned != stories[i].warned
            || strstr(said, stories[i].says) == NULL)
            fail_msg("%zu: %s, %s, %s", i, bw_reason_name(w.result.reason), w.result.detail,
                     w.result.warning);
        assert_true(world_value(&w, BW_METRIC_PROBE_FAILED_DUE_TO_REGEX, NULL) == 0);
        world_close(&w);
    }
}

static void one_test_at_a_time(void **state)
{
    (void)state;
    static const char *const stories[] = {
        "{path: $.a, equals: b, regexp: c}",
        "{path: $.a, condition: b}",
        "{path: a}",
        "{path: $.a, regexp: '('}",
        "{equals: b}",
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct world w;
        struct bw_probe_module module;
        world_open(&w, NULL);
        const char *said = world_config(
            &w,
            world_text(&w, "prober: http\nhttp: {fail_if_body_json_matches: [%s]}\n", stories[i]),
            &module);
        assert_non_null(strstr(said, "t.yml:2:"));
        world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_and_judged),
        cmocka_unit_test(a_text_may_hold_a_nul),
        cmocka_unit_test(bad_paths_are_refused),
        cmocka_unit_test(what_is_not_json_is_not_read),
        cmocka_unit_test(probes_say_what_did_not_hold),
        cmocka_unit_test(one_test_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
