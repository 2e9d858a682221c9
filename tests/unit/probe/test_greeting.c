// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "probe/greeting.h"
#include "probe/tcp.h"
#include "world.h"

#include <string.h>
#include <sys/socket.h>

#define BYTES(literal) literal, sizeof(literal) - 1
#define MYSQL_GREETING                                                                             \
    "\x2c\x00\x00\x00\x0a"                                                                         \
    "8.0.36\x00\x08\x00\x00\x00"                                                                   \
    "12345678\x00\xff\xff\xff\x02\x00\xff\xdf\x15"                                                 \
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"                                                     \
    "1234\x00"
#define MYSQL_DENIED "\x16\x00\x00\x02\xff\x15\x04#28000Access denied"
#define POSTGRES_ASKS "R\x00\x00\x00\x0c\x00\x00\x00\x05salt"
#define POSTGRES_NOBODY "E\x00\x00\x00\x21SFATAL\0C28000\0Mno such user\0\0"
#define POSTGRES_STARTS "E\x00\x00\x00\x20SFATAL\0C57P03\0Mstarting up\0\0"

/* `wrong` NULL: taken, all but `rest` bytes of it. */
static const struct {
    const char *name;
    bw_starttls_reader_fn *reader;
    const char *bytes;
    size_t len, rest;
    const char *wrong;
} messages[] = {
    { "mysql", bw_greeting_read_mysql, BYTES(MYSQL_GREETING), 0, NULL },
    { "mysql and more", bw_greeting_read_mysql, BYTES(MYSQL_GREETING "abc"), 3, NULL },
    { "mysql is full", bw_greeting_read_mysql, BYTES("\x17\0\0\0\xff\x10\x04Too many connections"),
      0, "the server refuses us" },
    { "mysql of old", bw_greeting_read_mysql, BYTES("\x04\0\0\0\x09\x33\x2e\x00"), 0,
      "no greeting of MySQL" },
    { "mysql without flags", bw_greeting_read_mysql,
      BYTES("\x04\0\0\0\x0a"
            "8.\0"),
      0, "no greeting of MySQL" },
    { "mysql says nothing", bw_greeting_read_mysql, BYTES("\0\0\0\0x"), 0, "no greeting of MySQL" },
    { "mysql for TLS says nothing", bw_starttls_read_mysql, BYTES("\0\0\0\0"), 0,
      "no greeting of MySQL" },
    { "mail instead of mysql", bw_greeting_read_mysql, BYTES("220 mail ESMTP\r\n"), 0,
      "no greeting of MySQL" },
    { "mysql lets anybody in", bw_greeting_read_mysql_answer, BYTES("\x07\0\0\2\0\0\0\2\0\0\0"), 0,
      NULL },
    { "mysql does not know us", bw_greeting_read_mysql_answer, BYTES(MYSQL_DENIED), 0, NULL },
    { "mysql asks otherwise", bw_greeting_read_mysql_answer,
      BYTES("\x03\0\0\2\xfe"
            "a\0"),
      0, NULL },
    { "mysql is full now", bw_greeting_read_mysql_answer, BYTES("\x03\0\0\2\xff\x10\x04"), 0,
      "the server has too many connections" },
    { "mysql has blocked us", bw_greeting_read_mysql_answer, BYTES("\x03\0\0\2\xff\x69\x04"), 0,
      "the server has blocked us for too many errors" },
    { "mysql says half an error", bw_greeting_read_mysql_answer, BYTES("\x02\0\0\2\xff\x10"), 0,
      "no answer of MySQL" },
    { "mysql says what it should not", bw_greeting_read_mysql_answer, BYTES("\x01\0\0\2\x0a"), 0,
      "no answer of MySQL" },
    { "mysql announces a megabyte", bw_greeting_read_mysql_answer, BYTES("\0\0\x10\2\0"), 0,
      "no answer of MySQL" },
    { "postgres", bw_greeting_read_postgres, BYTES(POSTGRES_ASKS), 0, NULL },
    { "postgres does not know us", bw_greeting_read_postgres, BYTES(POSTGRES_NOBODY), 0, NULL },
    { "postgres starts", bw_greeting_read_postgres, BYTES(POSTGRES_STARTS), 0,
      "the server is starting, recovering or shutting down" },
    { "postgres is full", bw_greeting_read_postgres,
      BYTES("E\0\0\0\x0c"
            "C53300\0\0"),
      0, "the server has too many connections" },
    { "postgres without a code", bw_greeting_read_postgres, BYTES("E\0\0\0\x08Mno\0"), 0,
      "no answer of PostgreSQL" },
    { "postgres breaks off", bw_greeting_read_postgres,
      BYTES("E\0\0\0\x06"
            "C5"),
      0, "no answer of PostgreSQL" },
    { "postgres announces nothing", bw_greeting_read_postgres, BYTES("R\0\0\0\3"), 0,
      "no answer of PostgreSQL" },
    { "mail instead of postgres", bw_greeting_read_postgres, BYTES("220 mail ESMTP\r\n"), 0,
      "no answer of PostgreSQL" },
    { "an error of redis", bw_greeting_read_postgres, BYTES("ERR unknown command\r\n"), 0,
      "no answer of PostgreSQL" },
};

/* As it comes in pieces: nothing is decided too early. */
static void messages_are_read_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct bw_starttls_heard heard = { .taken = 0 };
        bool fine = true;
        for (size_t len = 0; len <= messages[i].len && fine && heard.taken == 0; len++)
            fine = messages[i].reader(messages[i].bytes, len, &heard);
        const bool as_told = messages[i].wrong != NULL
                                 ? !fine && strcmp(heard.wrong, messages[i].wrong) == 0
                                 : fine && heard.taken == messages[i].len - messages[i].rest;
        if (!as_told)
            fail_msg("%s: %s, %zu taken, %s", messages[i].name, fine ? "taken" : "refused",
                     heard.taken, heard.wrong);
    }
}

/* ---- the whole dialogue ---- */

static void mysql(struct peer_talk *talk)
{
    char packet[48];
    peer_say_bytes(talk, BYTES(MYSQL_GREETING));
    if (recv(talk->fd, packet, sizeof packet, MSG_WAITALL) == (ssize_t)sizeof packet
        && memcmp(packet, "\x2c\0\0\1", 4) == 0 && strcmp(packet + 36, "bellwether") == 0)
        peer_say_bytes(talk, BYTES(MYSQL_DENIED));
    peer_wait(talk);
}

static void postgres(struct peer_talk *talk)
{
    char packet[25];
    if (recv(talk->fd, packet, sizeof packet, MSG_WAITALL) == (ssize_t)sizeof packet
        && memcmp(packet, "\0\0\0\x19\0\3\0\0user\0bellwether\0\0", 25) == 0)
        peer_say_bytes(talk, BYTES(POSTGRES_ASKS));
    peer_wait(talk);
}

static void starting(struct peer_talk *talk)
{
    peer_say_bytes(talk, BYTES(POSTGRES_STARTS));
    peer_wait(talk);
}

static void closing(struct peer_talk *talk)
{
    (void)talk;
}

static void servers_introduce_themselves(void **state)
{
    (void)state;
    static const struct {
        enum bw_greeting protocol;
        peer_fn *server;
        enum bw_reason reason;
        const char *detail;
    } cases[] = {
        { BW_GREETING_MYSQL, mysql, BW_REASON_NONE, "" },
        { BW_GREETING_MYSQL, starting, BW_REASON_ASSERTION_REPLY, "no greeting of MySQL" },
        { BW_GREETING_POSTGRES, postgres, BW_REASON_NONE, "" },
        { BW_GREETING_POSTGRES, mysql, BW_REASON_ASSERTION_REPLY, "no answer of PostgreSQL" },
        { BW_GREETING_POSTGRES, starting, BW_REASON_ASSERTION_REPLY, "the server is starting" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer peer;
        struct bw_probe_module module = world_module(&w, BW_PROBER_TCP);
        module.tcp.protocol = cases[i].protocol;
        peer_start(&peer, cases[i].server, NULL);
        world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), 60 * BW_SECOND);
        peer_stop(&peer);
        if (w.result.reason != cases[i].reason || strstr(w.result.detail, cases[i].detail) == NULL)
            fail_msg("case %zu: %s, %s", i, bw_reason_name(w.result.reason), w.result.detail);
    }
    world_close(&w);
}

/* Whether it still hears what we say before it closes decides between two reasons. */
static void who_hangs_up_has_not_introduced_itself(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_TCP);
    module.tcp.protocol = BW_GREETING_MYSQL;
    peer_start(&peer, closing, NULL);
    world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), 60 * BW_SECOND);
    peer_stop(&peer);
    assert_int_equal(w.result.reason, BW_REASON_CONNECTION_CLOSED);
    assert_string_equal(w.result.detail, "closed before it had introduced itself");
    world_close(&w);
}

static void a_protocol_has_its_own_dialogue(void **state)
{
    (void)state;
    struct bw_err err;
    struct bw_tcp_step step = { .expect = "x" };
    struct bw_tcp_options options = { .protocol = BW_GREETING_MYSQL,
                                      .query_response = { &step, 1 } };
    assert_int_equal(bw_probe_tcp_group.check(&options, &err), BW_EINVAL);
    assert_string_equal(err.text, "protocol and query_response exclude each other");
    options.query_response.count = 0;
    assert_int_equal(bw_probe_tcp_group.check(&options, &err), BW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_read_as_told),
        cmocka_unit_test(servers_introduce_themselves),
        cmocka_unit_test(who_hangs_up_has_not_introduced_itself),
        cmocka_unit_test(a_protocol_has_its_own_dialogue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
