// SPDX-License-Identifier: GPL-3.0-or-later
/* HTTP/1 is spoken by us and by libcurl: whichever it is, the same question is asked, and the same
 * is found of an answer. `compression: identity` makes it libcurl and changes one header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "probe/http.h"
#include "world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define OK "HTTP/1.1 200 OK\r\n"
#define MARK "X-Mark: yes\r\n"
#define GOOD MARK "Content-Length: 5\r\n\r\nhello"
#define CHUNKED OK MARK "Transfer-Encoding: chunked\r\n\r\n"

/* What a server says to everybody, and then: '.' it closes, '!' it resets, '-' it waits. */
static const char *said;
static size_t said_len;
static char then;

static void play(struct peer_talk *talk)
{
    if (!peer_hear(talk, "\r\n\r\n"))
        return;
    const char *others = memchr(said, '\v', said_len);
    const size_t first = others != NULL ? (size_t)(others - said) : said_len;
    if (talk->number > 0 && others != NULL)
        peer_say_bytes(talk, others + 1, said_len - first - 1);
    else
        peer_say_bytes(talk, said, first);
    if (then == '-')
        peer_wait(talk);
    const struct linger at_once = { .l_onoff = 1 };
    if (then == '!')
        setsockopt(talk->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* Everything that a run shows but times, addresses and words. */
static void sum_up(const struct world *w, char *out, size_t size)
{
    const struct bw_probe_result *r = &w->result;
    if (!world_has(w, BW_METRIC_PROBE_HTTP_CONTENT_LENGTH)) {
        snprintf(out, size, "%s at once: %s", bw_reason_name(r->reason), r->detail);
        return;
    }
    const double length = world_value(w, BW_METRIC_PROBE_HTTP_CONTENT_LENGTH, NULL);
    const double body = world_value(w, BW_METRIC_PROBE_HTTP_UNCOMPRESSED_BODY_LENGTH, NULL);
    snprintf(out, size, "%s in %s, %d, length %.0f, body %.0f, HTTP %.1f, redirects %.0f%s%s",
             bw_reason_name(r->reason), bw_probe_phase_name(r->last_phase), r->http_status, length,
             body, world_value(w, BW_METRIC_PROBE_HTTP_VERSION, NULL),
             world_value(w, BW_METRIC_PROBE_HTTP_REDIRECTS, NULL), r->warned ? ", warned: " : "",
             r->warned ? r->warning : "");
    assert_int_equal(r->success, r->reason == BW_REASON_NONE);
    for (enum bw_probe_phase phase = 0; phase < BW_PHASE_COUNT; phase++)
        assert_true(r->phase_ns[phase] >= 0 && r->phase_ns[phase] <= r->duration_ns);
}

struct twins {
    char own[640], libcurl[640];
    char own_asked[8192], libcurl_asked[8192];
};

/* `host` and `path` of the URL come before and after the peer's port. */
struct place {
    const char *host, *path;
};

static void ask(struct world *w, struct bw_probe_module *module, const struct place *place,
                bool by_libcurl, char *found, char *asked)
{
    struct peer peer;
    if (strchr(place->host, '[') != NULL)
        peer_start6(&peer, play);
    else
        peer_start(&peer, play, NULL);
    module->http.compression = by_libcurl ? "identity" : NULL;
    const struct bw_probe_request request = {
        .target = { .text = world_text(w, "%s:%u%s", place->host, peer.port, place->path) },
        .timeout_ns = then == '-' ? 300 * BW_MS : 5 * BW_SECOND,
    };
    world_run(w, module, &request);
    peer_stop(&peer);
    sum_up(w, found, sizeof((struct twins *)0)->own);
    strcpy(asked, peer.heard);
}

static struct bw_probe_module watchful(struct world *w)
{
    static const char *const hello[] = { "hello" };
    static struct bw_header_match mark = { "x-mark", "^yes$", false, BW_SEVERITY_DEGRADED };
    struct bw_probe_module module = world_module(w, BW_PROBER_HTTP);
    module.http.warn_if_body_not_matches_regexp = (struct bw_strings){ hello, 1 };
    module.http.fail_if_header_not_matches_regexp = (struct bw_items){ &mark, 1 };
    return module;
}

static void ask_both(struct world *w, struct bw_probe_module *module, const struct place *place,
                     struct twins *t)
{
    ask(w, module, place, false, t->own, t->own_asked);
    ask(w, module, place, true, t->libcurl, t->libcurl_asked);
}

/* ---- answers ------------------------------------------------------------------------------ */

#define REFUSED "http_protocol"

static const struct {
    const char *name;
    const char *said; /* what comes after a \v is for all connections but the first */
    char then;
    const char
        *own; /* when it differs from libcurl's: how it begins. docs/compatibility.md says why */
} answers[] = {
    { "good", OK GOOD, '.', NULL },
    { "good, and open", OK GOOD, '-', NULL },
    { "HTTP/1.0", "HTTP/1.0 200 OK\r\n" MARK "\r\nhello", '.', NULL },
    { "HTTP/0.9", "hello", '.', NULL },
    { "HTTP/0.9 in HTML", "<html>hello</html>\n", '.', NULL },
    { "HTTP/1.2", "HTTP/1.2 200 OK\r\n" GOOD, '.', NULL },
    { "HTTP/1.", "HTTP/1. 200 OK\r\n" GOOD, '.', NULL },
    { "HTTP/1.10", "HTTP/1.10 200 OK\r\n" GOOD, '.', NULL },
    { "HTTP/3", "HTTP/3 200 OK\r\n" GOOD, '.', NULL },
    { "http in small letters", "http/1.1 200 OK\r\n" GOOD, '.', REFUSED },
    { "ICY", "ICY 200 OK\r\n" GOOD, '.', NULL },
    { "blank line before", "\r\n" OK GOOD, '.', NULL },
    { "blank before", " " OK GOOD, '.', NULL },
    { "two blanks", "HTTP/1.1  200 OK\r\n" GOOD, '.', REFUSED },
    { "a tab", "HTTP/1.1\t200 OK\r\n" GOOD, '.', NULL },
    { "no reason", "HTTP/1.1 200\r\n" GOOD, '.', NULL },
    { "an empty reason", "HTTP/1.1 200 \r\n" GOOD, '.', NULL },
    { "a reason glued on", "HTTP/1.1 200OK\r\n" GOOD, '.', REFUSED },
    { "a reason after a tab", "HTTP/1.1 200\tOK\r\n" GOOD, '.', REFUSED },
    { "a reason of bytes", "HTTP/1.1 200 \x01\x7f\xff\r\n" GOOD, '.', NULL },
    { "status 20", "HTTP/1.1 20 OK\r\n" GOOD, '.', NULL },
    { "status 2000", "HTTP/1.1 2000 OK\r\n" GOOD, '.', NULL },
    { "status 000", "HTTP/1.1 000 OK\r\n" GOOD, '.', NULL },
    { "status 099", "HTTP/1.1 099 OK\r\n" GOOD, '.', NULL },
    { "status 600", "HTTP/1.1 600 Odd\r\n" GOOD, '.', NULL },
    { "status 999", "HTTP/1.1 999 Odd\r\n" GOOD, '.', NULL },
    { "status -20", "HTTP/1.1 -20 Odd\r\n" GOOD, '.', NULL },
    { "status +20", "HTTP/1.1 +20 Odd\r\n" GOOD, '.', NULL },
    { "status in letters", "HTTP/1.1 abc Odd\r\n" GOOD, '.', NULL },
    { "no status", "HTTP/1.1\r\n" GOOD, '.', NULL },
    { "100 before", "HTTP/1.1 100 Continue\r\n\r\n" OK GOOD, '.', NULL },
    { "102 and 103 before",
      "HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 103 Hints\r\nContent-Length: 3\r\n\r\n" OK GOOD, '.',
      NULL },
    { "100 with a mark", "HTTP/1.1 100 Continue\r\n" MARK "\r\n" OK "\r\nhello", '.', NULL },
    { "100 and no more", "HTTP/1.1 100 Continue\r\n\r\n", '.', NULL },
    { "100 and waiting", "HTTP/1.1 100 Continue\r\n\r\n", '-', NULL },
    { "101", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nhello", '.',
      "http_status in transfer, 101, length -1, body 0" },
    { "chunks", CHUNKED "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", '-', NULL },
    { "chunks with extensions", CHUNKED "5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n", '-', NULL },
    { "chunks with blanks", CHUNKED "5  \r\nhello\r\n0\r\n\r\n", '-', NULL },
    { "chunks with zeros", CHUNKED "0000000005\r\nhello\r\n000\r\n\r\n", '-', NULL },
    { "trailers", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n" MARK "\r\n", '-',
      NULL },
    { "a length in a trailer", CHUNKED "5\r\nhello\r\n0\r\nContent-Length: 77\r\n\r\n", '-', NULL },
    { "a status in a trailer", CHUNKED "5\r\nhello\r\n0\r\nHTTP/1.1 500 A: b\r\n\r\n", '-', NULL },
    { "LF chunks", CHUNKED "5\nhello\n0\n\n", '-', NULL },
    { "bad chunk size", CHUNKED "x\r\nhello\r\n", '.', NULL },
    { "negative chunk size", CHUNKED "-5\r\nhello\r\n", '.', NULL },
    { "0x chunk size", CHUNKED "0x5\r\nhello\r\n0\r\n\r\n", '.', NULL },
    { "blank before chunk size", CHUNKED " 5\r\nhello\r\n0\r\n\r\n", '.', NULL },
    { "glued chunk size", CHUNKED "5g\r\nhello\r\n0\r\n\r\n", '.', REFUSED },
    { "large chunk size", CHUNKED "7fffffffffffffff\r\nhello", '.', REFUSED },
    { "too large chunk size", CHUNKED "fffffffffffffffff\r\nhello", '.', NULL },
    { "chunk too long", CHUNKED "3\r\nhello\r\n0\r\n\r\n", '.', NULL },
    { "chunk too short", CHUNKED "6\r\nhello\r\n0\r\n\r\n", '.', NULL },
    { "chunks without end", CHUNKED "5\r\nhello\r\n", '.', NULL },
    { "chunks without last blank line", CHUNKED "5\r\nhello\r\n0\r\n", '.', NULL },
    { "chunked twice",
      OK MARK
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      '.', NULL },
    { "chunked in a list",
      OK MARK "Transfer-Encoding: identity, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", '.', NULL },
    { "an unknown coding", OK MARK "Transfer-Encoding: foo\r\n\r\nhello", '.', NULL },
    { "HTTP/1.0 in chunks",
      "HTTP/1.0 200 OK\r\n" MARK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", '.',
      NULL },
    { "chunks and a length",
      OK MARK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", '-',
      NULL },
    { "a length and chunks",
      OK MARK "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n", '-',
      NULL },
    { "two lengths", OK MARK "Content-Length: 5\r\nContent-Length: 4\r\n\r\nhello", '.', REFUSED },
    { "one length twice", OK MARK "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", '-',
      NULL },
    { "one length twice in a line", OK MARK "Content-Length: 5, 5\r\n\r\nhello", '-', NULL },
    { "two lengths in a line", OK MARK "Content-Length: 5, 6\r\n\r\nhello", '.', REFUSED },
    { "an empty length", OK MARK "Content-Length: \r\n\r\nhello", '.', NULL },
    { "a negative length", OK MARK "Content-Length: -5\r\n\r\nhello", '.', NULL },
    { "a length with a sign", OK MARK "Content-Length: +5\r\n\r\nhello", '.', REFUSED },
    { "a length with zeros", OK MARK "Content-Length: 0005\r\n\r\nhello", '-', NULL },
    { "a length with words", OK MARK "Content-Length: 5 bytes\r\n\r\nhello", '.', REFUSED },
    { "a fraction of a length", OK MARK "Content-Length: 5.5\r\n\r\nhello", '.', REFUSED },
    { "a hexadecimal length", OK MARK "Content-Length: 0x5\r\n\r\nhello", '.', REFUSED },
    { "a length beyond all", OK MARK "Content-Length: 99999999999999999999\r\n\r\nhello", '.',
      REFUSED },
    { "a length beyond what is read", OK MARK "Content-Length: 9999999999\r\n\r\nhello", '.',
      NULL },
    { "a blank before the colon", OK MARK "Content-Length : 5\r\n\r\nhello", '.', NULL },
    { "a length of 0", OK MARK "Content-Length: 0\r\n\r\n", '-', NULL },
    { "more than its length", OK MARK "Content-Length: 5\r\n\r\nhello, and more", '.', NULL },
    { "less than its length", OK MARK "Content-Length: 6\r\n\r\nhello", '.', NULL },
    { "less, and reset", OK MARK "Content-Length: 6\r\n\r\nhello", '!', NULL },
    { "until it closes", OK MARK "\r\nhello", '.', NULL },
    { "until it closes, says it", OK MARK "Connection: close\r\n\r\nhello", '.', NULL },
    { "until it resets", OK MARK "\r\nhello", '!', NULL },
    { "until it closes, which it does not", OK MARK "\r\nhello", '-', NULL },
    { "a folded header", OK "X-Mark:\r\n yes\r\nContent-Length: 5\r\n\r\nhello", '.', NULL },
    { "a header folded in the middle", OK "X-Mark: y\r\n\tes\r\nContent-Length: 5\r\n\r\nhello",
      '.', NULL },
    { "a fold that looks like a header",
      OK MARK "X: a\r\n Content-Length: 3\r\nContent-Length: 5\r\n\r\nhello", '.', NULL },
    { "a fold as the first header", OK " X: a\r\n" GOOD, '.', NULL },
    { "no colon", OK "nonsense\r\n" GOOD, '.', NULL },
    { "no name", OK ": nonsense\r\n" GOOD, '.', NULL },
    { "another status line", OK "HTTP/1.1 500 Oh\r\n" GOOD, '.', NULL },
    { "a status line that is a header", OK "HTTP/1.1 500 Oh: no\r\n" GOOD, '.', NULL },
    { "control bytes", OK "X-Odd: \x01\x02\x1b[31m\x7f\r\n" GOOD, '.', NULL },
    { "bytes that are no UTF-8", OK "X-Odd: \xff\xfe\r\n" GOOD, '.', NULL },
    { "a CR inside", OK "X-Odd: a\rb\r\n" GOOD, '.', NULL },
    { "LF only", "HTTP/1.1 200 OK\nX-Mark: yes\nContent-Length: 5\n\nhello", '.', NULL },
    { "CR only", "HTTP/1.1 200 OK\rX-Mark: yes\rContent-Length: 5\r\rhello", '.', NULL },
    { "CRCRLF", "HTTP/1.1 200 OK\r\r\nX-Mark: yes\r\r\nContent-Length: 5\r\r\n\r\r\nhello", '.',
      NULL },
    { "CRCRLF, and nothing after", OK MARK "Content-Length: 5\r\n\r\r\nhello", '.', NULL },
    { "204 with a body", "HTTP/1.1 204 No Content\r\n" GOOD, '-', NULL },
    { "304 with a body", "HTTP/1.1 304 Not Modified\r\n" GOOD, '-', NULL },
    { "205 with a body", "HTTP/1.1 205 Reset\r\n" GOOD, '-', NULL },
    { "404", "HTTP/1.1 404 No\r\n" GOOD, '-', NULL },
    { "silence", "", '.', NULL },
    { "silence, reset", "", '!', NULL },
    { "status, reset", OK, '!', NULL },
    { "headers without end", OK MARK, '.', NULL },
    { "to a path", "HTTP/1.1 302 F\r\nLocation: /a b?c d#e\r\n\r\n\v" OK GOOD, '.', NULL },
    { "to a query", "HTTP/1.1 302 F\r\nLocation: ?q\r\n\r\n\v" OK GOOD, '.', NULL },
    { "to an empty place", "HTTP/1.1 302 F\r\nLocation:\r\nContent-Length: 0\r\n\r\n\v" OK GOOD,
      '.', NULL },
    { "to nowhere", "HTTP/1.1 302 F\r\nContent-Length: 0\r\n\r\n\v" OK GOOD, '.', NULL },
    { "above the root", "HTTP/1.1 302 F\r\nLocation: ../../x\r\n\r\n\v" OK GOOD, '.', NULL },
    { "with a body first", "HTTP/1.1 301 F\r\nLocation: x\r\nContent-Length: 2\r\n\r\nok\v" OK GOOD,
      '.', NULL },
    { "with a status to follow only", "HTTP/1.1 300 F\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
      '.', NULL },
    { "to itself for ever", "HTTP/1.1 307 F\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", '.',
      NULL },
    { "to a file", "HTTP/1.1 302 F\r\nLocation: file:///etc/passwd\r\n\r\n", '.', NULL },
    { "to nobody", "HTTP/1.1 302 F\r\nLocation: http:///x\r\n\r\n", '.', NULL },
    { "to a port too far", "HTTP/1.1 302 F\r\nLocation: http://127.0.0.1:99999/\r\n\r\n", '.',
      NULL },
    { "to who does not listen", "HTTP/1.1 302 F\r\nLocation: //127.0.0.1:1/x\r\n\r\n", '.', NULL },
    { "to https that does not listen", "HTTP/1.1 302 F\r\nLocation: https://127.0.0.1:1/x\r\n\r\n",
      '.', NULL },
    { "to a user's place", "HTTP/1.1 302 F\r\nLocation: http://u:p@127.0.0.1:1/x\r\n\r\n", '.',
      NULL },
    { "to two places",
      "HTTP/1.1 302 F\r\nLocation: /x\r\nLocation: http://127.0.0.1:1/\r\n\r\n\v" OK GOOD, '.',
      NULL },
    { "to bytes", "HTTP/1.1 302 F\r\nLocation: /\xc3\xa9\xff\x01\r\n\r\n\v" OK GOOD, '.', NULL },
};

static const struct place here = { "http://127.0.0.1", "/there/x" };

static void say(const char *bytes, size_t len, char and_then)
{
    said = bytes;
    said_len = len;
    then = and_then;
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void answers_are_found_the_same(void **state)
{
    (void)state;
    struct world w;
    unsigned wrong = 0;
    size_t before = 0;
    world_open(&w, NULL);
    struct bw_probe_module module = watchful(&w);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct twins t;
        say(answers[i].said, strlen(answers[i].said), answers[i].then);
        ask_both(&w, &module, &here, &t);
        before = i == 0 ? open_descriptors() : before;
        const char *want = answers[i].own != NULL ? answers[i].own : t.libcurl;
        const bool same = strcmp(t.own, t.libcurl) == 0;
        if (strncmp(t.own, want, strlen(want)) == 0 && same == (answers[i].own == NULL))
            continue;
        wrong++;
        print_error("%s:\n    own      %s\n    libcurl  %s\n", answers[i].name, t.own, t.libcurl);
    }
    assert_int_equal(open_descriptors(), before);
    world_close(&w);
    assert_int_equal(wrong, 0);
}

static unsigned compare(struct world *w, struct bw_probe_module *module, const char *name)
{
    struct twins t;
    ask_both(w, module, &here, &t);
    if (strcmp(t.own, t.libcurl) == 0)
        return 0;
    print_error("%s:\n    own      %s\n    libcurl  %s\n", name, t.own, t.libcurl);
    return 1;
}

static void an_answer_may_end_at_any_byte(void **state)
{
    (void)state;
    static const char *const whole[] = {
        OK GOOD,
        "HTTP/1.1 100 Continue\r\n\r\n" CHUNKED "5;x\r\nhello\r\n0\r\nA: b\r\n\r\n",
    };
    struct world w;
    unsigned wrong = 0;
    world_open(&w, NULL);
    struct bw_probe_module module = watchful(&w);
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        /* All but the last: libcurl does not wait for it. */
        for (size_t len = 0; len < strlen(whole[i]) - 1; len++) {
            say(whole[i], len, '.');
            wrong += compare(&w, &module, world_text(&w, "%zu of answer %zu", len, i));
        }
    }
    world_close(&w);
    assert_int_equal(wrong, 0);
}

/* A header of so many bytes, so many times, and one of which a byte is the odd one. */
static const struct {
    const char *name;
    size_t bytes, times;
    char odd;
} heaps[] = {
    { "a header of 60 KB", 60000, 1, 'x' },   { "a header of 100 KB", 100000, 1, 'x' },
    { "a header of 300 KB", 300000, 1, 'x' }, { "99 headers", 20, 95, 'x' },
    { "120 headers", 20, 120, 'x' },          { "70 headers of 1 KB", 1000, 70, 'x' },
    { "a NUL in a header", 20, 1, '\0' },     { "a bare CR in a header", 20, 1, '\r' },
};

static void headers_may_be_many_or_long(void **state)
{
    (void)state;
    static char bytes[400000];
    struct world w;
    unsigned wrong = 0;
    world_open(&w, NULL);
    struct bw_probe_module module = watchful(&w);
    for (size_t i = 0; i < sizeof heaps / sizeof *heaps; i++) {
        size_t len = (size_t)sprintf(bytes, OK);
        for (size_t n = 0; n < heaps[i].times; n++) {
            len += (size_t)sprintf(bytes + len, "X-Heap: ");
            memset(bytes + len, 'x', heaps[i].bytes);
            bytes[len + heaps[i].bytes / 2] = heaps[i].odd;
            len += heaps[i].bytes;
            len += (size_t)sprintf(bytes + len, "\r\n");
        }
        len += (size_t)sprintf(bytes + len, GOOD);
        say(bytes, len, '-');
        wrong += compare(&w, &module, heaps[i].name);
    }
    world_close(&w);
    assert_int_equal(wrong, 0);
}

static void a_body_is_read_up_to_its_limit(void **state)
{
    (void)state;
    static const char *const bodies[] = { OK GOOD, OK MARK "\r\nhello",
                                          CHUNKED "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n" };
    struct world w;
    unsigned wrong = 0;
    world_open(&w, NULL);
    struct bw_probe_module module = watchful(&w);
    for (size_t i = 0; i < 3; i++) {
        for (size_t limit = 4; limit < 7; limit++) {
            module.http.body_size_limit_bytes = limit;
            say(bodies[i], strlen(bodies[i]), '.');
            wrong += compare(&w, &module, world_text(&w, "%zu bytes of body %zu", limit, i));
            assert_int_equal(w.result.reason == BW_REASON_RESPONSE_TOO_LARGE, limit == 4);
        }
    }
    world_close(&w);
    assert_int_equal(wrong, 0);
}

/* The reset comes when much of the answer has not been read: nobody waits for more then. */
static void a_reset_may_come_early(void **state)
{
    (void)state;
    static char bytes[150000] = OK MARK "Content-Length: 200000\r\n\r\n";
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_module module = watchful(&w);
    memset(bytes + strlen(bytes), 'x', sizeof bytes - strlen(bytes));
    say(bytes, sizeof bytes, '!');
    for (int n = 0; n < 20; n++) {
        struct twins t;
        ask_both(&w, &module, &here, &t);
        assert_non_null(strstr(t.own, "connection_closed in transfer, 200"));
        assert_non_null(strstr(t.libcurl, "connection_closed in transfer, 200"));
    }
    world_close(&w);
}

/* ---- requests ----------------------------------------------------------------------------- */

static const struct bw_pair odd_headers[] = {
    { "X-One", "1" },         { "Host", "other.test:81" }, { "Empty", "" },
    { "User-Agent", "me" },   { "aCCept", "text/*" },      { "Cookie", "a=b; c=d" },
    { "X-Blank", "  two  " }, { "X-Only-Blanks", "   " },
};

static const struct {
    const char *name;
    struct place place;
    const char *method, *body;
    bool headers, user;
} requests[] = {
    { "plain", { "http://127.0.0.1", "" }, "GET", NULL, false, false },
    { "without a scheme", { "127.0.0.1", "/x" }, "GET", NULL, false, false },
    { "a query and a fragment", { "http://127.0.0.1", "/a?b=c&d#e?f" }, "GET", NULL, false, false },
    { "a query alone", { "http://127.0.0.1", "?b=c" }, "GET", NULL, false, false },
    { "a fragment alone", { "http://127.0.0.1", "#e" }, "GET", NULL, false, false },
    { "percents", { "http://127.0.0.1", "/%7ea%2Fb%zz?%41" }, "GET", NULL, false, false },
    { "dots", { "http://127.0.0.1", "/a/./b/../c/%2e%2e/d" }, "GET", NULL, false, false },
    { "bytes", { "http://127.0.0.1", "/\xc3\xa9\xff?\xc3\xa9" }, "GET", NULL, false, false },
    { "odd characters",
      { "http://127.0.0.1", "/{a}|\"<b>^`\\?{a}|\"<b>^`\\'" },
      "GET",
      NULL,
      false,
      false },
    { "a name", { "http://LocalHost", "/" }, "GET", NULL, false, false },
    { "an address of IPv6", { "http://[0::1]", "/" }, "GET", NULL, false, false },
    { "a zone", { "http://[::1%25lo]", "/" }, "GET", NULL, false, false },
    { "a method of its own", { "http://127.0.0.1", "/" }, "PURGE", NULL, false, false },
    { "get", { "http://127.0.0.1", "/" }, "get", NULL, false, false },
    { "OPTIONS", { "http://127.0.0.1", "/" }, "OPTIONS", NULL, false, false },
    { "HEAD", { "http://127.0.0.1", "/" }, "HEAD", NULL, false, false },
    { "HEAD with a body", { "http://127.0.0.1", "/" }, "HEAD", "x", false, false },
    { "GET with a body", { "http://127.0.0.1", "/" }, "GET", "hello", false, false },
    { "POST", { "http://127.0.0.1", "/" }, "POST", "hello", false, false },
    { "POST without a body", { "http://127.0.0.1", "/" }, "POST", NULL, false, false },
    { "PUT of nothing", { "http://127.0.0.1", "/" }, "PUT", "", false, false },
    { "headers", { "http://127.0.0.1", "/" }, "GET", NULL, true, false },
    { "headers and a body", { "http://127.0.0.1", "/" }, "PATCH", "{}", true, false },
    { "a user", { "http://127.0.0.1", "/" }, "GET", NULL, false, true },
    { "a user and headers", { "http://127.0.0.1", "/" }, "DELETE", NULL, true, true },
};

/* Takes the one header out that makes it libcurl, and the port, which is another each time. Empty
 * when nobody was asked: where there is no /etc/hosts, localhost is no name. */
static void normalise(char *asked)
{
    if (asked[0] == '\0')
        return;
    char *extra = strstr(asked, "Accept-Encoding: identity\r\n");
    if (extra != NULL)
        memmove(extra, extra + 27, strlen(extra + 27) + 1);
    char *at = strcasestr(asked, "\r\nhost: ") + 8, *end = strchr(at, '\r');
    char *port = memrchr(at, ':', (size_t)(end - at));
    if (port != NULL && end[-1] != ']')
        memset(port, '*', (size_t)(end - port));
}

static void set_request(struct bw_probe_module *module, size_t i)
{
    module->http.method = requests[i].method;
    module->http.body = requests[i].body;
    if (requests[i].headers)
        module->http.headers =
            (struct bw_pairs){ odd_headers, sizeof odd_headers / sizeof *odd_headers };
    if (requests[i].user)
        module->http.basic_auth = (struct bw_basic_auth){ .username = "user", .password = "pass:word" };
}

static void the_same_words_are_sent(void **state)
{
    (void)state;
    struct world w;
    unsigned wrong = 0;
    world_open(&w, NULL);
    say(OK GOOD, strlen(OK GOOD), '.');
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct twins t;
        struct bw_probe_module module = watchful(&w);
        set_request(&module, i);
        if (strchr(requests[i].place.host, '[') != NULL && !peer_has_ip6())
            continue;
        ask_both(&w, &module, &requests[i].place, &t);
        normalise(t.own_asked);
        normalise(t.libcurl_asked);
        if (strcmp(t.own_asked, t.libcurl_asked) == 0 && strcmp(t.own, t.libcurl) == 0)
            continue;
        wrong++;
        print_error("%s:\n  own %s:\n%s\n  libcurl %s:\n%s\n", requests[i].name, t.own, t.own_asked,
                    t.libcurl, t.libcurl_asked);
    }
    world_close(&w);
    assert_int_equal(wrong, 0);
}

static atomic_size_t heard;

static void count(struct peer_talk *talk)
{
    char bytes[65536];
    ssize_t got;
    size_t all = 0;
    while (all < atomic_load(&heard) && (got = recv(talk->fd, bytes, sizeof bytes, 0)) > 0)
        all += (size_t)got;
    peer_say(talk, all >= atomic_load(&heard) ? OK GOOD : "");
}

/* Whatever a file of configuration can hold is sent, with nothing left out. */
static void a_request_may_be_long(void **state)
{
    (void)state;
    enum { LONG = 3000000, HEADER = 300000 }; /* libcurl has 1 MiB for all headers */
    struct world w;
    world_open(&w, NULL);
    char *text = memset(bw_arena_alloc(&w.arena, LONG + 1), 'x', LONG);
    text[LONG] = '\0';
    const char *value = text + LONG - HEADER;
    const struct bw_pair header = { "X-Long", value };
    for (int i = 0; i < 2; i++) {
        struct peer peer;
        struct bw_probe_module module = watchful(&w);
        module.http.method = "POST";
        module.http.compression = i == 0 ? NULL : "identity";
        module.http.headers = (struct bw_pairs){ &header, 1 };
        module.http.authorization = (struct bw_authorization){ .type = "Bearer", .credentials = value };
        module.http.body = text;
        atomic_store(&heard, LONG + 2 * HEADER);
        peer_start(&peer, count, NULL);
        world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", peer.port), 20 * BW_SECOND);
        peer_stop(&peer);
        if (!w.result.success)
            fail_msg("%d: %s", i, w.result.detail);
    }
    world_close(&w);
}

/* Of whatever locale: that of a service is "C". */
static void a_name_may_have_other_letters(void **state)
{
    (void)state;
    struct bw_http_url url;
    assert_int_equal(bw_http_url_parse("http://B\xc3\x9c\x63her.test:81/\xc3\xa9", &url, NULL),
                     BW_OK);
    assert_string_equal(url.host, "xn--bcher-kva.test");
    assert_string_equal(url.authority, "xn--bcher-kva.test:81");
    assert_string_equal(url.path, "/%c3%a9");
    assert_string_equal(url.text, "http://xn--bcher-kva.test:81/\xc3\xa9");
    bw_http_url_fini(&url);
    assert_int_not_equal(bw_http_url_parse("http://\xff\xfe.test/", &url, NULL), BW_OK);
}

int main(void)
{
    /* The environment's proxy, at which nobody listens, is nobody's. */
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_found_the_same),
        cmocka_unit_test(an_answer_may_end_at_any_byte),
        cmocka_unit_test(headers_may_be_many_or_long),
        cmocka_unit_test(a_body_is_read_up_to_its_limit),
        cmocka_unit_test(a_reset_may_come_early),
        cmocka_unit_test(the_same_words_are_sent),
        cmocka_unit_test(a_request_may_be_long),
        cmocka_unit_test(a_name_may_have_other_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
