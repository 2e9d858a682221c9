// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "probe/tcp_labels.h"
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
    { "says nothing when nothing is left",
      irc,
      { { .expect = "^PING (.*)$", .send = "${9}" },
        { .send = "PONG :cookie" },
        { .expect = "^001" } },
      BW_REASON_NONE,
      "" },
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

/* ---- labels ---- */

static void mail_in_two_steps(struct peer_talk *talk)
{
    peer_say(talk, "220 mail.test ESMTP Post\tfix \"3.7\"\r\n");
    if (peer_hear(talk, "EHLO mail.test\n"))
        peer_say(talk, "250-SIZE 1000\r\n250 HELP\r\n");
}

/* The value of a label of probe_expect_info; NULL without one. */
static const char *found(const struct world *w, const char *label)
{
    const char *value = NULL;
    unsigned rows = 0;
    for (size_t i = 0; i < w->measures.count; i++) {
        const struct bw_measure *item = &w->measures.items[i];
        const struct bw_family *row = bw_family_row(item->family);
        if (strcmp(row->name, "probe_expect_info") != 0)
            continue;
        rows++;
        assert_true(item->value == 1);
        for (size_t k = 0; k < row->label_count; k++) {
            if (strcmp(row->labels[k], label) == 0 && item->labels[k][0] != '\0')
                value = item->labels[k];
        }
    }
    assert_true(rows <= 1);
    return value;
}

static void talk_with_labels(struct world *w, const char *second, peer_fn *server)
{
    static const struct bw_tcp_label_options first[] = { { "host", "${1}" },
                                                         { "software", "${soft} of $1" },
                                                         { "kind", "mail" },
                                                         { "nothing", "${7}" } };
    static const struct bw_tcp_label_options sizes[] = { { "size", "$1" } };
    const struct bw_tcp_step steps[] = {
        { .expect = "^220 (\\S+) ESMTP (?P<soft>.+)$",
          .send = "EHLO ${1}",
          .labels = { (void *)(uintptr_t)first, 4 } },
        { .expect = second, .labels = { (void *)(uintptr_t)sizes, 1 } },
    };
    struct peer peer;
    struct bw_probe_module module = world_module(w, BW_PROBER_TCP);
    module.tcp.query_response = (struct bw_items){ (void *)(uintptr_t)steps, 2 };
    peer_start(&peer, server, NULL);
    world_probe(w, &module, world_text(w, "127.0.0.1:%u", peer.port), 60 * BW_SECOND);
    peer_stop(&peer);
}

static void replies_become_labels(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    talk_with_labels(&w, "^250-SIZE (\\d+)", mail_in_two_steps);
    assert_true(w.result.success);
    assert_string_equal(found(&w, "host"), "mail.test");
    assert_string_equal(found(&w, "software"), "Post\\tfix \"3.7\" of mail.test");
    assert_string_equal(found(&w, "kind"), "mail");
    assert_string_equal(found(&w, "size"), "1000");
    assert_null(found(&w, "nothing"));
    talk_with_labels(&w, "^250-AUTH (\\S+)", mail_in_two_steps); /* what was found stays */
    assert_false(w.result.success);
    assert_string_equal(found(&w, "host"), "mail.test");
    assert_null(found(&w, "size"));
    talk_with_labels(&w, "x", closing);
    assert_null(found(&w, "kind"));
    world_close(&w);
}

static void a_long_label(struct peer_talk *talk)
{
    static char line[8000];
    memset(line, 'y', sizeof line);
    memcpy(line, "220 x ESMTP ", 12);
    line[sizeof line - 1] = '\n';
    peer_say_bytes(talk, line, sizeof line);
    peer_wait(talk);
}

static void long_labels_are_cut(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    const struct bw_tcp_label_options label = { "software", "$1$1$1" };
    const struct bw_tcp_step step = { .expect = "^220 (.*)$",
                                      .labels = { (void *)(uintptr_t)&label, 1 } };
    struct peer peer;
    struct bw_probe_module module = world_module(&w, BW_PROBER_TCP);
    module.tcp.query_response = (struct bw_items){ (void *)(uintptr_t)&step, 1 };
    peer_start(&peer, a_long_label, NULL);
    world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), 60 * BW_SECOND);
    peer_stop(&peer);
    assert_true(w.result.success);
    assert_int_equal(strlen(found(&w, "software")), BW_LABEL_VALUE_BYTES_MAX);
    world_close(&w);
}

static void labels_that_cannot_be(void **state)
{
    (void)state;
    static const struct {
        struct bw_tcp_label_options label;
        const char *error; /* part of it; NULL: none */
    } names[] = {
        { { "a_b", "" }, NULL },
        { { "a-b", "" }, "'a-b' is no name of a label" },
        { { "1a", "" }, "is no name" },
        { { "", "" }, "is no name" },
        { { "__name__", "" }, "is not free" },
        { { "instance", "" }, "is not free" },
    };
    struct bw_err err;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const enum bw_rc rc = bw_tcp_label_group.check(&names[i].label, &err);
        if ((rc == BW_OK) != (names[i].error == NULL)
            || (rc != BW_OK && strstr(err.text, names[i].error) == NULL))
            fail_msg("'%s': %s", names[i].label.name, rc == BW_OK ? "taken" : err.text);
    }
    struct bw_tcp_label_options many[BW_FAMILY_LABELS_MAX];
    char text[BW_FAMILY_LABELS_MAX][8];
    for (size_t i = 0; i < BW_FAMILY_LABELS_MAX; i++) {
        snprintf(text[i], sizeof text[i], "l%zu", i);
        many[i] = (struct bw_tcp_label_options){ text[i], "" };
    }
    struct bw_tcp_step steps[] = { { .expect = "x", .labels = { many, BW_FAMILY_LABELS_MAX } },
                                   { .expect = "y", .labels = { many, 1 } } };
    assert_int_equal(bw_tcp_labels_check(&(struct bw_items){ steps, 1 }, &err), BW_OK);
    assert_int_equal(bw_tcp_labels_check(&(struct bw_items){ steps, 2 }, &err), BW_EINVAL);
    assert_string_equal(err.text, "query_response: step 2: the label l0 is there twice");
    struct bw_tcp_label_options other = { "other", "" };
    steps[1].labels.items = &other;
    assert_int_equal(bw_tcp_labels_check(&(struct bw_items){ steps, 2 }, &err), BW_ELIMIT);
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
        cmocka_unit_test(dialogues_end_as_told),   cmocka_unit_test(replies_become_labels),
        cmocka_unit_test(long_labels_are_cut),     cmocka_unit_test(labels_that_cannot_be),
        cmocka_unit_test(tls_from_the_first_byte), cmocka_unit_test(nobody_listens),
    };
    return cmocka_run_group_tests(tests, secure_setup, secure_teardown);
}
