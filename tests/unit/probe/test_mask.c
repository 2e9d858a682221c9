// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "probe/mask.h"

#include <string.h>

/* The known secrets are "hunter2" and "p4ss w0rd". */
static const struct {
    const char *name, *in, *want;
} places[] = {
    { "nothing to hide", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK" },
    { "a known one", "you said hunter2, twice: hunter2", "you said ***, twice: ***" },
    { "one with a blank", "<p4ss w0rd>", "<***>" },
    { "a header that is a key", "Authorization: Bearer abc def", "Authorization: ***" },
    { "a header with a scheme", "X-Api-Key: abc; rest", "X-Api-Key: ***; rest" },
    { "all of a cookie", "Set-Cookie: a=b; Path=/; HttpOnly\r\n", "Set-Cookie: ***\r\n" },
    { "in the middle", "GET /x?token=abc&page=2 HTTP/1.1", "GET /x?token=***&page=2 HTTP/1.1" },
    { "JSON", "{\"password\": \"a\\\"b c\", \"page\": 2}", "{\"password\": \"***\", \"page\": 2}" },
    { "YAML", "api_key: abc\nname: x", "api_key: ***\nname: x" },
    { "a URL", "see https://me:pw@example.com/@x", "see https://***@example.com/@x" },
    { "a URL without", "see https://example.com/a@b", "see https://example.com/a@b" },
    { "a bearer in a sentence", "sent Bearer eyJhbGciOi and waited", "sent Bearer *** and waited" },
    { "not every bearer", "the bearer is here", "the bearer is here" },
    { "camel case", "accessKey=abc userName=bob", "accessKey=*** userName=bob" },
    { "words that only sound so", "monkey=1 keyboard=2 Keep-Alive: 5",
      "monkey=1 keyboard=2 "
      "Keep-Alive: 5" },
    { "an empty value", "password=&x=1", "password=&x=1" },
    { "a time is no secret", "started: 10:20:30", "started: 10:20:30" },
};

static void secrets_do_not_come_through(void **state)
{
    (void)state;
    struct bw_mask mask = { .count = 0 };
    bw_mask_add(&mask, "hunter2");
    struct bw_mask own = { .more = &mask };
    bw_mask_add(&own, "p4ss w0rd");
    bw_mask_add(&own, NULL);
    bw_mask_add(&own, "1"); /* would hide half of everything */
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char out[256];
        const size_t len = strlen(places[i].in);
        out[bw_mask_copy(&own, out, sizeof out - 1, places[i].in, len, false)] = '\0';
        if (strcmp(out, places[i].want) != 0)
            fail_msg("%s: '%s', not '%s'", places[i].name, out, places[i].want);
    }
    bw_mask_fini(&own);
    bw_mask_fini(&mask);
}

static void half_a_secret_is_one_too(void **state)
{
    (void)state;
    struct bw_mask mask = { .count = 0 };
    char out[64];
    bw_mask_add(&mask, "hunter2");
    out[bw_mask_copy(&mask, out, sizeof out - 1, "it is hunt", 10, true)] = '\0';
    assert_string_equal(out, "it is ***");
    out[bw_mask_copy(&mask, out, sizeof out - 1, "it is hunt", 10, false)] = '\0';
    assert_string_equal(out, "it is hunt");
    bw_mask_fini(&mask);
}

static void secrets_are_learned_from_a_text(void **state)
{
    (void)state;
    struct bw_mask mask = { .count = 0 };
    char text[64] = "neither abcd nor efgh nor ijkl, but page";
    bw_mask_add_from(&mask, "https://me:abcd@example.com/?token=efgh&page=2");
    bw_mask_add_from(&mask, "{\"login\":\"me\",\"secret\":\"ijkl\"}");
    bw_mask_add_from(&mask, NULL);
    bw_mask_text(&mask, text, sizeof text);
    assert_string_equal(text, "neither *** nor *** nor ***, but page");
    bw_mask_fini(&mask);
}

static void a_target_is_shown_without_its_secrets(void **state)
{
    (void)state;
    static const char *const targets[][2] = {
        { "https://me:pw@a.example/x?token=abc&page=2#sid=3",
          "https://***@a.example/x?token=***&page=2#sid=***" },
        { "http://a/?key=1", "http://a/?key=***" },
        { "10.0.0.1:22", "10.0.0.1:22" },
        { "", "" },
    };
    struct bw_arena arena = { 0 };
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        assert_string_equal(bw_mask_target(&arena, targets[i][0]), targets[i][1]);
    bw_arena_fini(&arena);
}

static void nothing_is_written_beyond_the_end(void **state)
{
    (void)state;
    struct bw_mask mask = { .count = 0 };
    static char bytes[BW_TRAIL_NOTE_BYTES_MAX + 100];
    char out[8];
    bw_mask_add(&mask, "xyz");
    memset(bytes, 'a', sizeof bytes);
    assert_int_equal(bw_mask_copy(&mask, out, sizeof out, bytes, sizeof bytes, false), sizeof out);
    assert_int_equal(bw_mask_copy(&mask, out, sizeof out, "xyzxyzxyz", 9, false), 3);
    assert_int_equal(bw_mask_copy(&mask, out, 2, "xyz", 3, false), 2);
    assert_int_equal(bw_mask_copy(NULL, out, sizeof out, "abc", 3, true), 3);
    bw_mask_fini(&mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_do_not_come_through),
        cmocka_unit_test(half_a_secret_is_one_too),
        cmocka_unit_test(secrets_are_learned_from_a_text),
        cmocka_unit_test(a_target_is_shown_without_its_secrets),
        cmocka_unit_test(nothing_is_written_beyond_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
