// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "probe/http_parse.h"

#include <stdio.h>
#include <string.h>

#define OK "HTTP/1.1 200 OK\r\n"

static const struct {
    const char *name, *said;
    bool head_only;
    bool closes;
    enum bw_http_parsed end;
    size_t lines; /* told, the blank one too */
    const char *body;
    bool may_stay;
} cases[] = {
    { "a length", OK "Content-Length: 5\r\n\r\nhello", false, false, BW_HTTP_END, 3, "hello",
      true },
    { "a length of 0", OK "content-length:0\r\n\r\n", false, false, BW_HTTP_END, 3, "", true },
    { "the same length twice", OK "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", false, false,
      BW_HTTP_END, 4, "ok", true },
    { "two lengths", OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!", false, false,
      BW_HTTP_BROKEN, 3, "", true },
    { "a length in words", OK "Content-Length: two\r\n\r\nok", false, false, BW_HTTP_BROKEN, 2, "",
      true },
    { "a length beyond all", OK "Content-Length: 9223372036854775808\r\n\r\nok", false, false,
      BW_HTTP_BROKEN, 2, "", true },
    { "less than its length", OK "Content-Length: 5\r\n\r\nhel", false, true, BW_HTTP_CUT, 3, "hel",
      false },
    { "more than its length", OK "Content-Length: 5\r\n\r\nhello again", false, false, BW_HTTP_END,
      3, "hello", false },
    { "until the end", OK "\r\nall of it", false, true, BW_HTTP_END, 2, "all of it", false },
    { "until an end that does not come", OK "\r\nall of it", false, false, BW_HTTP_MORE, 2,
      "all of it", false },
    { "HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", false, false, BW_HTTP_END, 3,
      "x", false },
    { "HTTP/1.0 that stays",
      "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx", false, false,
      BW_HTTP_END, 4, "x", true },
    { "it will close", OK "Connection: foo, close\r\nContent-Length: 1\r\n\r\nx", false, false,
      BW_HTTP_END, 4, "x", false },
    { "it will close, whatever else it says",
      OK "Connection: close, keep-alive\r\nContent-Length: 1\r\n\r\nx", false, false, BW_HTTP_END,
      4, "x", false },
    { "one length twice in a line", OK "Content-Length: 2, 2\r\n\r\nok", false, false, BW_HTTP_END,
      3, "ok", true },
    { "two lengths in a line", OK "Content-Length: 2, 3\r\n\r\nok!", false, false, BW_HTTP_BROKEN,
      2, "", true },
    { "an empty length", OK "Content-Length:\r\n\r\nok", false, false, BW_HTTP_BROKEN, 2, "",
      true },
    { "a folded length", OK "X: a\r\n Content-Length: 1\r\nContent-Length: 2\r\n\r\nok", false,
      false, BW_HTTP_END, 5, "ok", true },
    { "a fold before all", OK " X: a\r\n\r\n", false, false, BW_HTTP_BROKEN, 2, "", true },
    { "no colon", OK "X\r\n\r\n", false, false, BW_HTTP_BROKEN, 2, "", true },
    { "two carriage returns", "HTTP/1.1 200 OK\r\r\nContent-Length: 1\r\r\n\r\r\nx", false, false,
      BW_HTTP_END, 3, "x", true },
    { "no words after the status", "HTTP/1.1 204\r\n\r\n", false, false, BW_HTTP_END, 2, "", true },
    { "bare line ends", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", false, false, BW_HTTP_END, 3,
      "x", true },
    { "no content", "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", false, false,
      BW_HTTP_END, 3, "", true },
    { "not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", false, false,
      BW_HTTP_END, 3, "", true },
    { "an answer to HEAD", OK "Content-Length: 7\r\n\r\n", true, false, BW_HTTP_END, 3, "", true },
    { "another answer follows",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK
      "Content-Length: 1\r\n\r\nx",
      false, false, BW_HTTP_END, 8, "x", true },
    { "another protocol", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", false, false, BW_HTTP_END,
      3, "", false },
    { "chunks", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n", false,
      false, BW_HTTP_END, 4, "hello!", true },
    { "chunks in capitals", OK "Transfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
      false, false, BW_HTTP_END, 4, "0123456789", true },
    { "a list of codings", OK "Transfer-Encoding: identity, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
      false, false, BW_HTTP_END, 4, "x", true },
    { "chunks with zeros",
      OK "Transfer-Encoding: chunked\r\n\r\n00000000000000000001\r\nx\r\n00\r\n\r\n", false, false,
      BW_HTTP_END, 4, "x", true },
    { "trailers", OK "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nSum: 1\r\n\r\n", false,
      false, BW_HTTP_END, 5, "x", true },
    { "chunks and a length",
      OK "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n1\r\nx\r\n0\r\n\r\n", false, false,
      BW_HTTP_END, 5, "x", false },
    { "chunks that stop", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", false, true,
      BW_HTTP_CUT, 3, "hello", false },
    { "a chunk without a size", OK "Transfer-Encoding: chunked\r\n\r\n\r\nhello", false, false,
      BW_HTTP_BROKEN, 3, "", true },
    { "a size that is none", OK "Transfer-Encoding: chunked\r\n\r\n5x\r\nhello", false, false,
      BW_HTTP_BROKEN, 3, "", true },
    { "a size of control bytes", OK "Transfer-Encoding: chunked\r\n\r\n\x11\r\nh", false, false,
      BW_HTTP_BROKEN, 3, "", true },
    { "a size beyond all", OK "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello",
      false, false, BW_HTTP_BROKEN, 3, "", true },
    { "a chunk that is longer", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n", false,
      false, BW_HTTP_BROKEN, 3, "hello", true },
    { "a coding not asked for", OK "Transfer-Encoding: gzip\r\n\r\n", false, false, BW_HTTP_BROKEN,
      2, "", true },
    { "another protocol's words", "SSH-2.0-OpenSSH_9.2\r\n", false, false, BW_HTTP_BROKEN, 0, "",
      false },
    { "no line end needed to see it", "220", false, false, BW_HTTP_BROKEN, 0, "", false },
    { "another version", "HTTP/2 200\r\n\r\n", false, false, BW_HTTP_BROKEN, 0, "", false },
    { "a status of letters", "HTTP/1.1 2xx OK\r\n\r\n", false, false, BW_HTTP_BROKEN, 0, "",
      false },
    { "a status of four", "HTTP/1.1 2000 OK\r\n\r\n", false, false, BW_HTTP_BROKEN, 0, "", false },
    { "silence", "", false, true, BW_HTTP_CUT, 0, "", false },
    { "half a word", "HTT", false, true, BW_HTTP_CUT, 0, "", false },
    { "half a header", OK "Content-Le", false, true, BW_HTTP_CUT, 1, "", false },
};

struct heard {
    size_t lines, lines_max;
    char body[64];
    size_t len;
};

static bool on_line(void *ctx, const char *line, size_t len)
{
    struct heard *heard = ctx;
    assert_int_equal(line[len - 1], '\n');
    return ++heard->lines < heard->lines_max;
}

static bool on_body(void *ctx, const char *bytes, size_t len)
{
    struct heard *heard = ctx;
    if (heard->len + len >= sizeof heard->body)
        return false;
    memcpy(heard->body + heard->len, bytes, len);
    heard->len += len;
    return true;
}

static void stories_end_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t size = strlen(cases[i].said);
        for (size_t step = 1; step <= size + 1; step++) {
            struct heard heard = { .lines_max = 100 };
            struct bw_http_parser parser;
            enum bw_http_parsed end = BW_HTTP_MORE;
            bw_http_parser_init(&parser, cases[i].head_only, on_line, on_body, &heard);
            size_t at = 0;
            for (; at < size && end == BW_HTTP_MORE; at += step)
                end =
                    bw_http_parse(&parser, cases[i].said + at, size - at < step ? size - at : step);
            if (end == BW_HTTP_MORE && cases[i].closes)
                end = bw_http_parse_close(&parser);
            /* What comes later than the end is somebody else's to notice. */
            const bool stays = at >= size ? parser.may_stay : cases[i].may_stay;
            if (end != cases[i].end || heard.lines != cases[i].lines
                || strcmp(heard.body, cases[i].body) != 0
                || (end == BW_HTTP_END && stays != cases[i].may_stay))
                fail_msg("%s, %zu at a time: %d, %zu lines, '%s', stays %d", cases[i].name, step,
                         (int)end, heard.lines, heard.body, stays);
            if ((end == BW_HTTP_BROKEN || end == BW_HTTP_CUT) && parser.fault == NULL)
                fail_msg("%s: no words for it", cases[i].name);
            bw_http_parser_fini(&parser);
        }
    }
}

static void a_nul_byte_is_no_header(void **state)
{
    (void)state;
    static const char said[] = OK "X: a\0b\r\n\r\n";
    struct heard heard = { .lines_max = 100 };
    struct bw_http_parser parser;
    bw_http_parser_init(&parser, false, on_line, on_body, &heard);
    assert_int_equal(bw_http_parse(&parser, said, sizeof said - 1), BW_HTTP_BROKEN);
    bw_http_parser_fini(&parser);
}

static void a_line_has_a_ceiling(void **state)
{
    (void)state;
    char block[1000];
    struct heard heard = { .lines_max = 100 };
    struct bw_http_parser parser;
    bw_http_parser_init(&parser, false, on_line, on_body, &heard);
    memset(block, 'x', sizeof block);
    assert_int_equal(bw_http_parse(&parser, OK, strlen(OK)), BW_HTTP_MORE);
    size_t sent = 0;
    while (bw_http_parse(&parser, block, sizeof block) == BW_HTTP_MORE)
        sent += sizeof block;
    assert_in_range(sent, BW_PROBE_HEADER_BYTES_MAX - 1000, BW_PROBE_HEADER_BYTES_MAX);
    bw_http_parser_fini(&parser);
}

static void whoever_listens_may_refuse(void **state)
{
    (void)state;
    struct heard heard = { .lines_max = 2 };
    struct bw_http_parser parser;
    bw_http_parser_init(&parser, false, on_line, on_body, &heard);
    assert_int_equal(bw_http_parse(&parser, OK "X: 1\r\nY: 2\r\n", strlen(OK) + 12),
                     BW_HTTP_REFUSED);
    assert_int_equal(heard.lines, 2);
    bw_http_parser_fini(&parser);
    char body[200];
    const int len = snprintf(body, sizeof body, OK "\r\n%0100d", 0);
    heard = (struct heard){ .lines_max = 100 };
    bw_http_parser_init(&parser, false, on_line, on_body, &heard);
    assert_int_equal(bw_http_parse(&parser, body, (size_t)len), BW_HTTP_REFUSED);
    bw_http_parser_fini(&parser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories_end_as_told),
        cmocka_unit_test(a_nul_byte_is_no_header),
        cmocka_unit_test(a_line_has_a_ceiling),
        cmocka_unit_test(whoever_listens_may_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
