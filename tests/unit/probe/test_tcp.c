// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "secure.h"
#include "world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- servers ---- */

static void smtp(struct peer_talk *talk)
{
    peer_say(talk, "220 mail.test ESMTP\r\n");
    if (peer_hear(talk, "EHLO bellwether\n"))
        peer_say(talk, "250-mail.test\r\n250-STARTTLS\r\n250 HELP\r\n");
    if (!peer_hear(talk, "STARTTLS\n"))
        return;
    peer_say(talk, "220 go ahead\r\n");
    talk->ssl = SSL_new(secure.server);
    SSL_set_fd(talk->ssl, talk->fd);
    if (SSL_accept(talk->ssl) == 1 && peer_hear(talk, "QUIT\n"))
        peer_say(talk, "221 bye\r\n");
}

static void smtp_injected(struct peer_talk *talk)
{
    peer_say(talk, "220 mail.test ESMTP\r\n");
    if (peer_hear(talk, "EHLO bellwether\n"))
        peer_say(talk, "250-STARTTLS\r\n");
    if (peer_hear(talk, "STARTTLS\n"))
        peer_say(talk, "220 go ahead\r\n250 injected\r\n");
    peer_wait(talk);
}

static void irc(struct peer_talk *talk)
{
    peer_say(talk, "NOTICE * :hello\r\nPING :cookie\r\n");
    if (peer_hear(talk, "PONG :cookie\n"))
        peer_say(talk, "001 welcome");
}

static void mute(struct peer_talk *talk)
{
    peer_wait(talk);
}

static void closing(struct peer_talk *talk)
{
    (void)talk;
}

static void hostile_banner(struct peer_talk *talk)
{
    peer_say(talk, "\x1b[2J<script>alert(1)</script>\r\n");
}

static void flood(struct peer_talk *talk)
{
    static char block[8192];
    memset(block, 'x', sizeof block);
    while (peer_say_bytes(talk, block, sizeof block)) {
    }
}

/* Long lines: the ceiling on bytes is to end it, not the patience for searching. */
static void flood_of_lines(struct peer_talk *talk)
{
    static char line[4096];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    while (peer_say_bytes(talk, line, sizeof line)) {
    }
}

/* ---- stories ---- */

enum { STEPS_MAX = 4 };

static const struct {
    const char *name;
    peer_fn *server;
    struct bw_tcp_step steps[STEPS_MAX + 1];
    enum bw_reason reason;
    const char *detail; /* part of it */
} cases[] = {
    { "only connects", mute, { { 0 } }, BW_REASON_NONE, "" },
    { "connects and is closed", closing, { { 0 } }, BW_REASON_NONE, "" },
    { "speaks SMTP and TLS",
      smtp,
      { { .expect = "^220 (\\S+) ESMTP", .send = "EHLO bellwether" },
        { .expect = "^250-STARTTLS", .send = "STARTTLS" },
        { .expect = "^220", .starttls = true },
        { .send = "QUIT" } },
      BW_REASON_NONE,
      "" },
    { "refuses injected lines",
      smtp_injected,
      { { .expect = "^220", .send = "EHLO bellwether" },
        { .expect = "^250-STARTTLS", .send = "STARTTLS" },
        { .expect = "^220", .starttls = true } },
      BW_REASON_ASSERTION_REPLY,
      "step 3: data in the clear" },
    { "answers with what it heard",
      irc,
      { { .expect = "^PING (.*)$", .send = "PONG ${1}" }, { .expect = "^001" } },
      BW_REASON_NONE,
      "" },
    { "hears something else",
      irc,
      { { .expect = "^PING (.*)$", .send = "PONG ${1}" }, { .expect = "^002" } },
      BW_REASON_ASSERTION_REPLY,
      "step 2: no line matched '^002' until the end; the last was '001 welcome'" },
    { "hears exact bytes", irc, { { .expect_bytes = "NOTICE *" } }, BW_REASON_NONE, "" },
    { "hears other bytes",
      irc,
      { { .expect_bytes = "NOTHING" } },
      BW_REASON_ASSERTION_REPLY,
      "step 1: other bytes came: 'NOTICE '" },
    { "hears nothing", mute, { { .expect = "x" } }, BW_REASON_TIMEOUT, "processing" },
    { "is hung up on",
      closing,
      { { .expect = "x" } },
      BW_REASON_CONNECTION_CLOSED,
      "step 1: closed before" },
    { "escapes what it heard",
      hostile_banner,
      { { .expect = "^220" } },
      BW_REASON_ASSERTION_REPLY,
      "'\\x1b[2J<script>" },
    { "is flooded", flood, { { .expect = "^220" } }, BW_REASON_RESPONSE_TOO_LARGE, "65536" },
    { "is flooded with lines",
      flood_of_lines,
      { { .expect = "^220" } },
      BW_REASON_RESPONSE_TOO_LARGE,
      "1048576" },
};

static void dialogues_end_as_told(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer peer;
        size_t count = 0;
        while (cases[i].steps[count].expect != NULL || cases[i].steps[count].send != NULL
               || cases[i].steps[count].expect_bytes != NULL)
            count++;
        struct bw_probe_module module = world_module(&w, BW_PROBER_TCP);
        module.tcp.tls_config.ca_file = secure.ca_file;
        module.tcp.query_response = (struct bw_items){ (void *)(uintptr_t)cases[i].steps, count };
        peer_start(&peer, cases[i].server, NULL);
        world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port),
                    cases[i].reason == BW_REASON_TIMEOUT ? 200 * BW_MS : 5 * BW_SECOND);
        peer_stop(&peer);
        world_expect(&w, cases[i].name, cases[i].reason, cases[i].detail);
    }
    world_close(&w);
}

static void tls_from_the_first_byte(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, irc, secure.server);
    const struct bw_tcp_step step = { .expect = "^PING (.*)$", .send = "PONG ${1}" };
    struct bw_probe_module module = world_module(&w, BW_PROBER_TCP);
    module.tcp.tls = true;
    module.tcp.tls_config.ca_file = secure.ca_file;
    module.tcp.query_response = (struct bw_items){ (void *)(uintptr_t)&step, 1 };
    const char *target = world_text(&w, "127.0.0.1:%u", peer.port);
    world_probe(&w, &module, target, 5 * BW_SECOND);
    if (!w.result.success)
        fail_msg("%s", w.result.detail);
    assert_true(w.result.has_certificate && w.result.phase_ns[BW_PHASE_TLS] > 0);
    assert_true(world_value(&w, BW_METRIC_PROBE_FAILED_DUE_TO_REGEX, NULL) == 0);
    module.tcp.tls_config.ca_file = NULL; /* the system does not know our authority */
    world_probe(&w, &module, target, 5 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_TLS_UNTRUSTED);
    assert_true(w.result.has_certificate);
    peer_stop(&peer);
    world_close(&w);
}

static void nobody_listens(void **state)
{
    (void)state;
    struct world w;
    world_refused(&w, BW_PROBER_TCP, "");
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dialogues_end_as_told),
        cmocka_unit_test(tls_from_the_first_byte),
        cmocka_unit_test(nobody_listens),
    };
    return cmocka_run_group_tests(tests, secure_setup, secure_teardown);
}
