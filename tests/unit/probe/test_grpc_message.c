// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/grpc_message.h"

#include <string.h>

static void requests_are_frames(void **state)
{
    (void)state;
    static char many[200];
    memset(many, 'x', sizeof many - 1);
    const struct {
        const char *service;
        const char *head;
        size_t len; /* of head */
    } cases[] = {
        { "", "\0\0\0\0\0", 5 },
        { "a.b", "\0\0\0\0\5\x0a\3a.b", 10 },
        { many, "\0\0\0\0\xca\x0a\xc7\1xxx", 11 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_buf out;
        bw_buf_init(&out, 4096);
        bw_grpc_write_request(&out, cases[i].service);
        assert_memory_equal(out.data, cases[i].head, cases[i].len);
        const size_t name = strlen(cases[i].service);
        assert_int_equal(out.len, name == 0 ? 5 : name + (name < 128 ? 7 : 8));
        bw_buf_fini(&out);
    }
}

static void messages_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t len;
        bool good;
        int32_t serving;
    } cases[] = {
        { "nothing", "", 0, true, 0 },
        { "SERVING", "\x08\1", 2, true, 1 },
        { "SERVICE_UNKNOWN", "\x08\3", 2, true, 3 },
        { "the last counts", "\x08\1\x08\2", 4, true, 2 },
        { "a number without a name", "\x08\x80\1", 3, true, 128 },
        { "one below zero", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 11, true, -1 },
        { "other fields",
          "\x10\7\x1a\2xy\x21"
          "12345678\x2d"
          "1234\x08\1",
          22, true, 1 },
        { "field 1 of another type", "\x0a\1z\x08\2", 5, true, 2 },
        { "a cut tag", "\x88", 1, false, 0 },
        { "no value", "\x08", 1, false, 0 },
        { "a cut value", "\x08\x80", 2, false, 0 },
        { "a value of 65 bits", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\2", 11, false, 0 },
        { "a value of 11 bytes", "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\1", 12, false, 0 },
        { "field 0", "\0\1", 2, false, 0 },
        { "a group", "\x0b\x0c", 2, false, 0 },
        { "a type that is none", "\x0f", 1, false, 0 },
        { "text beyond the end", "\x1a\5xy", 4, false, 0 },
        { "text of 2^64 - 1", "\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\1xy", 13, false, 0 },
        { "eight bytes cut",
          "\x21"
          "1234567",
          8, false, 0 },
        { "four bytes cut",
          "\x2d"
          "123",
          4, false, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t serving = 77;
        const bool good =
            bw_grpc_read_serving((const uint8_t *)cases[i].bytes, cases[i].len, &serving);
        if (good != cases[i].good || (good && serving != cases[i].serving))
            fail_msg("%s: %d, %d", cases[i].name, good, serving);
    }
}

static void frames_come_in_pieces(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t len;
        enum bw_grpc_fed fed;
        bool whole;
    } cases[] = {
        { "nothing", "", 0, BW_GRPC_FED, false },
        { "half a head", "\0\0", 2, BW_GRPC_FED, false },
        { "an empty message", "\0\0\0\0\0", 5, BW_GRPC_FED, true },
        { "a message", "\0\0\0\0\2\x08\1", 7, BW_GRPC_FED, true },
        { "half of it", "\0\0\0\0\2\x08", 6, BW_GRPC_FED, false },
        { "the longest", "\0\0\0\x10\0", 5, BW_GRPC_FED, false },
        { "one byte longer", "\0\0\0\x10\1", 5, BW_GRPC_TOO_LONG, false },
        { "4 GiB", "\0\xff\xff\xff\xff", 5, BW_GRPC_TOO_LONG, false },
        { "compressed", "\1\0\0\0\2\x08\1", 7, BW_GRPC_COMPRESSED, false },
        { "an odd flag", "\x80\0\0\0\2\x08\1", 7, BW_GRPC_COMPRESSED, false },
        { "two messages", "\0\0\0\0\2\x08\1\0\0\0\0\2\x08\1", 14, BW_GRPC_SURPLUS, true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t step = 1; step <= 16; step++) {
            struct bw_grpc_reader reader = { .got = 0 };
            enum bw_grpc_fed fed = BW_GRPC_FED;
            for (size_t at = 0; at < cases[i].len && fed == BW_GRPC_FED; at += step) {
                const size_t rest = cases[i].len - at;
                fed = bw_grpc_feed(&reader, cases[i].bytes + at, rest < step ? rest : step);
            }
            if (fed != cases[i].fed
                || (fed == BW_GRPC_FED && bw_grpc_is_whole(&reader) != cases[i].whole))
                fail_msg("%s by %zu: %d", cases[i].name, step, (int)fed);
        }
    }
}

static void texts_are_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "", "" },
        { "plain", "plain" },
        { "50%25 %c3%A9", "50% \xc3\xa9" },
        { "%", "%" },
        { "%4", "%4" },
        { "%4g%zz", "%4g%zz" },
        { "%0a%1b", "\n\x1b" },
        { "%%41", "%A" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[32];
        const size_t len = bw_grpc_decode_text(out, sizeof out, cases[i].in, strlen(cases[i].in));
        assert_int_equal(len, strlen(cases[i].out));
        assert_memory_equal(out, cases[i].out, len);
    }
    char small[3];
    assert_int_equal(bw_grpc_decode_text(small, sizeof small, "%41%42%43%44", 12), 3);
    assert_memory_equal(small, "ABC", 3);
}

static void codes_have_names(void **state)
{
    (void)state;
    assert_string_equal(bw_grpc_code_name(BW_GRPC_OK), "OK");
    assert_string_equal(bw_grpc_code_name(BW_GRPC_UNAUTHENTICATED), "UNAUTHENTICATED");
    assert_string_equal(bw_grpc_code_name(BW_GRPC_UNIMPLEMENTED), "UNIMPLEMENTED");
    assert_null(bw_grpc_code_name(17));
    assert_int_equal(bw_grpc_code_of_http(404), BW_GRPC_UNIMPLEMENTED);
    assert_int_equal(bw_grpc_code_of_http(503), BW_GRPC_UNAVAILABLE);
    assert_int_equal(bw_grpc_code_of_http(418), BW_GRPC_UNKNOWN);
    assert_string_equal(bw_grpc_serving_name(BW_GRPC_NOT_SERVING), "NOT_SERVING");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_frames),   cmocka_unit_test(messages_are_read),
        cmocka_unit_test(frames_come_in_pieces), cmocka_unit_test(texts_are_decoded),
        cmocka_unit_test(codes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
