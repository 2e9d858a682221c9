// SPDX-License-Identifier: GPL-3.0-or-later
/* Markers as they come: what is read out of the JSON, and what is refused by which words. */
#include "web/marker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define NOW_MS INT64_C(1795000000000)
#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A256 A64 A64 A64 A64

static const struct {
    const char *body;
    const char *name, *text, *service, *instance, *check;
    int64_t ts_ms;
} taken[] = {
    { "{\"text\":\"deploy 1.4\"}", "marker", "deploy 1.4", "", "", "", NOW_MS },
    { "{\"text\":\"1.4\",\"tags\":[\"deploy\",\"eu\"],\"service\":\"shop\"}", "deploy, eu", "1.4",
      "shop", "", "", NOW_MS },
    { "{\"text\":\"x\",\"service\":\"s\",\"instance\":\"i:1\",\"check\":\"c\",\"tags\":[]}", "marker",
      "x", "s", "i:1", "c", NOW_MS },
    { "{\"text\":\"x\",\"ts\":1794999999000}", "marker", "x", "", "", "", 1794999999000 },
    { "{\"text\":\"x\",\"time\":1794999999000,\"service\":null}", "marker", "x", "", "", "",
      1794999999000 },
    { "{\"text\":\"x\",\"ts\":\"2026-11-18T07:33:20+01:00\"}", "marker", "x", "", "", "",
      1794983600000 },
    /* Somebody's clock is a little ahead. */
    { "{\"text\":\"x\",\"ts\":1795000059000}", "marker", "x", "", "", "", NOW_MS },
    { "{\"text\":\"\\u00e4 \\ud83d\\ude80\"}", "marker", "\xc3\xa4 \xf0\x9f\x9a\x80", "", "", "",
      NOW_MS },
};

static void what_is_said_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        struct bw_arena arena = { 0 };
        struct bw_event got;
        struct bw_err err = { .text = "" };
        if (bw_marker_read(&arena, taken[i].body, strlen(taken[i].body), NOW_MS, &got, &err)
            != BW_OK)
            fail_msg("%s: %s", taken[i].body, err.text);
        assert_string_equal(got.name, taken[i].name);
        assert_string_equal(got.cause, taken[i].text);
        assert_string_equal(got.subject.service, taken[i].service);
        assert_string_equal(got.subject.instance, taken[i].instance);
        assert_string_equal(got.subject.check, taken[i].check);
        assert_int_equal(got.ts_ms, taken[i].ts_ms);
        assert_int_equal(got.kind, BW_EVENT_MARKER);
        assert_int_equal(got.to, BW_MARKER_SET);
        bw_arena_fini(&arena);
    }
}

static const struct {
    const char *body, *want;
} refused[] = {
    { "", "JSON object" },
    { "{", "JSON object" },
    { "[]", "JSON object" },
    { "\"text\"", "JSON object" },
    { "{\"text\":\"a\",\"text\":\"b\"}", "JSON object" },
    { "{\"text\":\"\xff\"}", "JSON object" },
    { "{}", "text: " },
    { "{\"text\":null}", "text: " },
    { "{\"text\":\"\"}", "text: " },
    { "{\"text\":17}", "text: " },
    { "{\"text\":[\"a\"]}", "text: " },
    { "{\"text\":\"a\\nb\"}", "text: " },
    { "{\"text\":\"a\\u0000b\"}", "JSON object" },
    { "{\"text\":\"" A256 A256 A256 A256 "a\"}", "text: " },
    { "{\"text\":\"a\",\"service\":\"" A256 "a\"}", "service: " },
    { "{\"text\":\"a\",\"service\":{}}", "service: " },
    { "{\"text\":\"a\",\"instance\":\"i\"}", "service: " },
    { "{\"text\":\"a\",\"check\":\"c\"}", "service: " },
    { "{\"text\":\"a\",\"ts\":1795000061000}", "ts: " },
    { "{\"text\":\"a\",\"ts\":9223372036854775807}", "ts: " },
    { "{\"text\":\"a\",\"ts\":0}", "ts: " },
    { "{\"text\":\"a\",\"ts\":-5}", "ts: " },
    { "{\"text\":\"a\",\"ts\":1e3}", "ts: " },
    { "{\"text\":\"a\",\"ts\":\"yesterday\"}", "ts: " },
    { "{\"text\":\"a\",\"ts\":\"2226-11-18T07:33:20Z\"}", "ts: " },
    { "{\"text\":\"a\",\"tags\":\"deploy\"}", "tags: " },
    { "{\"text\":\"a\",\"tags\":[1]}", "tags: " },
    { "{\"text\":\"a\",\"tags\":[\"a,b\"]}", "tags: " },
    { "{\"text\":\"a\",\"tags\":[\"" A64 "a\"]}", "tags: " },
    { "{\"text\":\"a\",\"tags\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}", "tags: " },
    { "{\"text\":\"a\",\"panelId\":3}", "panelId: " },
    { "{\"text\":\"a\",\"\\n\":3}", "?: " },
};

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct bw_arena arena = { 0 };
        struct bw_event got;
        struct bw_err err = { .text = "" };
        const char *body = refused[i].body;
        if (bw_marker_read(&arena, body, strlen(body), NOW_MS, &got, &err) != BW_EINVAL
            || strstr(err.text, refused[i].want) == NULL)
            fail_msg("%s: %s", body, err.text);
        bw_arena_fini(&arena);
    }
}

static void as_many_tags_as_there_may_be_have_room(void **state)
{
    (void)state;
    static const char body[] = "{\"text\":\"a\",\"tags\":[\"" A64 "\",\"" A64 "\",\"" A64 "\",\"" A64
                               "\",\"" A64 "\",\"" A64 "\",\"" A64 "\",\"" A64 "\"]}";
    struct bw_arena arena = { 0 };
    struct bw_event got;
    assert_int_equal(bw_marker_read(&arena, body, sizeof body - 1, NOW_MS, &got, NULL), BW_OK);
    assert_int_equal(strlen(got.name), 8 * 64 + 7 * 2);
    bw_arena_fini(&arena);
}

static const struct {
    struct bw_event event;
    const char *want;
} told[] = {
    { { .id = 7, .ts_ms = 5, .subject = { "s", "", "" }, .name = "deploy, eu", .cause = "1.4", .to = 1 },
      "{\"id\":7,\"ts\":5,\"tags\":[\"deploy\",\"eu\"],\"text\":\"1.4\",\"service\":\"s\","
      "\"instance\":null,\"check\":null,\"found\":false}" },
    { { .id = 8, .ts_ms = 5, .subject = { "", "", "" }, .name = "marker", .cause = "x", .to = 1 },
      "{\"id\":8,\"ts\":5,\"tags\":[],\"text\":\"x\",\"service\":null,\"instance\":null,"
      "\"check\":null,\"found\":false}" },
    { { .id = 9, .ts_ms = 5, .subject = { "s", "i", "c" }, .name = "answer changed", .cause = "y" },
      "{\"id\":9,\"ts\":5,\"tags\":[\"answer changed\"],\"text\":\"y\",\"service\":\"s\","
      "\"instance\":\"i\",\"check\":\"c\",\"found\":true}" },
};

static void markers_are_told_as_they_were_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        struct bw_arena arena = { 0 };
        struct bw_value *list = bw_value_list(&arena);
        struct bw_buf out;
        bw_buf_init(&out, 4096);
        bw_marker_tell(&arena, list, &told[i].event);
        struct bw_json json = bw_json_to(&out);
        bw_value_to_json(&json, list);
        assert_memory_equal(out.data, "[", 1);
        assert_memory_equal(out.data + 1, told[i].want, strlen(told[i].want));
        assert_string_equal(out.data + 1 + strlen(told[i].want), "]");
        bw_buf_fini(&out);
        bw_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_is_taken),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(as_many_tags_as_there_may_be_have_room),
        cmocka_unit_test(markers_are_told_as_they_were_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
