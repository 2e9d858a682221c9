// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/websocket_frame.h"

#include <string.h>

/* What comes of bytes, as text: "m:hello " a message, "c9:x " a control frame, "f:why" a fault,
 * "l" too long. */
static void read_all(const char *bytes, size_t len, size_t step, char *out, size_t size)
{
    struct bw_websocket_reader reader;
    struct bw_buf said;
    enum bw_websocket_event event = BW_WEBSOCKET_WAITS;
    bw_websocket_reader_init(&reader);
    bw_buf_init(&said, size - 1);
    for (size_t at = 0, used; at < len && event < BW_WEBSOCKET_FAULT; at += used) {
        event = bw_websocket_feed(&reader, bytes + at, len - at < step ? len - at : step, &used);
        if (event == BW_WEBSOCKET_MESSAGE)
            bw_buf_printf(&said, "m:%.20s ", reader.message.len > 0 ? reader.message.data : "");
        else if (event == BW_WEBSOCKET_CONTROL)
            bw_buf_printf(&said, "c%u:%.*s ", reader.opcode, (int)reader.control_len,
                          (const char *)reader.control);
        else if (event == BW_WEBSOCKET_FAULT)
            bw_buf_printf(&said, "f:%s", reader.fault);
        else if (event == BW_WEBSOCKET_TOO_LONG)
            bw_buf_text(&said, "l");
    }
    memcpy(out, said.len > 0 ? said.data : "", said.len + 1);
    bw_buf_fini(&said);
    bw_websocket_reader_fini(&reader);
}

static void frames_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t len;
        const char *said;
    } cases[] = {
        { "a text", "\x81\5hello", 7, "m:hello " },
        { "an empty one", "\x81\0", 2, "m: " },
        { "two", "\x81\1a\x82\1b", 6, "m:a m:b " },
        { "three pieces", "\1\1a\0\1b\x80\1c", 9, "m:abc " },
        { "a ping within", "\1\1a\x89\1p\x80\1c", 9, "c9:p m:ac " },
        { "a message after pieces", "\1\1a\x80\1b\x81\1c", 9, "m:ab m:c " },
        { "close", "\x88\0", 2, "c8: " },
        { "half a code", "\x88\1x", 3, "f:a close frame with half a code" },
        { "a pong", "\x8a\2ok", 4, "c10:ok " },
        { "half a frame", "\x81\5hel", 5, "" },
        { "reserved bits", "\xc1\1a", 3, "f:reserved bits are set" },
        { "a mask", "\x81\x81xxxxa", 7, "f:a server's frame is masked" },
        { "opcode 3", "\x83\0", 2, "f:a frame of a type that there is not" },
        { "opcode 11", "\x8b\0", 2, "f:a frame of a type that there is not" },
        { "a ping in pieces", "\x09\1a", 3,
          "f:a control frame in pieces, or of more than 125 bytes" },
        { "a long ping", "\x89\x7e\0\x7e", 4,
          "f:a control frame in pieces, or of more than 125 bytes" },
        { "a piece of nothing", "\x80\1a", 3, "f:a piece of a message that did not begin" },
        { "one within another", "\1\1a\x81\1b", 6, "f:a message within another" },
        { "5 as two bytes", "\x81\x7e\0\5hello", 9,
          "f:a length that takes more bytes than it needs" },
        { "65535 as eight bytes", "\x81\x7f\0\0\0\0\0\0\xff\xff", 10,
          "f:a length that takes more bytes than it needs" },
        { "65537 bytes", "\x81\x7f\0\0\0\0\0\1\0\1", 10, "l" },
        { "all there are", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10, "l" },
        { "65537 in pieces", "\1\1a\x80\x7f\0\0\0\0\0\1\0\0", 13, "l" },
        { "no UTF-8", "\x81\2\xc3\x28", 4, "f:a text that is not UTF-8" },
        { "which bytes may be", "\x82\2\xc3\x28", 4, "m:\xc3\x28 " },
        { "a character in two pieces", "\1\1\xc3\x80\1\xa9", 6, "m:\xc3\xa9 " },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t step = 1; step <= 16; step++) {
            char said[256];
            read_all(cases[i].bytes, cases[i].len, step, said, sizeof said);
            if (strcmp(said, cases[i].said) != 0)
                fail_msg("%s by %zu: '%s'", cases[i].name, step, said);
        }
    }
}

static void ours_are_masked(void **state)
{
    (void)state;
    static const uint8_t mask[] = { 1, 2, 3, 4 };
    static const struct {
        size_t len;
        const char *head;
        size_t head_len;
    } cases[] = {
        { 0, "\x81\x80", 2 },
        { 5, "\x81\x85", 2 },
        { 125, "\x81\xfd", 2 },
        { 126, "\x81\xfe\0\x7e", 4 },
        { 65535, "\x81\xfe\xff\xff", 4 },
        { 65536, "\x81\xff\0\0\0\0\0\1\0\0", 10 },
    };
    static char text[65536];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_buf out;
        const size_t head = cases[i].head_len;
        bw_buf_init(&out, 1 << 20);
        bw_websocket_write(&out, BW_WEBSOCKET_TEXT, text, cases[i].len, mask);
        assert_int_equal(out.len, head + 4 + cases[i].len);
        assert_memory_equal(out.data, cases[i].head, head);
        assert_memory_equal(out.data + head, mask, 4);
        for (size_t k = 0; k < cases[i].len; k++)
            assert_int_equal(out.data[head + 4 + k], 'x' ^ mask[k % 4]);
        bw_buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_read),
        cmocka_unit_test(ours_are_masked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
