// SPDX-License-Identifier: GPL-3.0-or-later
/* How kind tls gets from a protocol's greeting to TLS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "probe/starttls.h"
#include "secure.h"
#include "world.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* What MySQL 8 says first, here without a salt; the bit of TLS is in the byte that is 0xff. */
#define MYSQL_GREETING(flags)                                                                      \
    "\x2c\x00\x00\x00\x0a"                                                                         \
    "8.0.36\x00\x08\x00\x00\x00"                                                                   \
    "12345678\x00\xff" flags "\xff\x02\x00\xff\xdf\x15"                                            \
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"                                                     \
    "1234\x00"

#define LDAP_ANSWER(code) "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01" code "\x04\x00\x04\x00"
#define LDAP_QUESTION                                                                              \
    "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"                                                         \
    "1.3.6.1.4.1.1466.20037"
#define MYSQL_REQUEST                                                                              \
    "\x20\x00\x00\x01\x00\x8a\x00\x00\x00\x00\x00\x01\x21"                                         \
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
#define BYTES(literal) literal, sizeof(literal) - 1

/* First what is said by the server, then what it wants to hear before the next. */
static const struct story {
    const char *name;
    enum bw_starttls how;
    struct {
        const char *say;
        size_t say_len;
        const char *hear;
        size_t hear_len;
    } steps[4];
    enum bw_reason reason;
    const char *detail;
} stories[] = {
    { "smtp",
      BW_STARTTLS_SMTP,
      { { BYTES("220-mail.test\r\n220 ESMTP\r\n"), BYTES("EHLO localhost\r\n") },
        { BYTES("250-mail.test\r\n250-STARTTLS\r\n250 HELP\r\n"), BYTES("STARTTLS\r\n") },
        { BYTES("220 go ahead\r\n"), NULL, 0 } },
      BW_REASON_NONE,
      "" },
    { "smtp without TLS",
      BW_STARTTLS_SMTP,
      { { BYTES("220 ESMTP\r\n"), BYTES("EHLO localhost\r\n") },
        { BYTES("250 HELP\r\n"), BYTES("STARTTLS\r\n") },
        { BYTES("502 not here\r\n"), NULL, 0 } },
      BW_REASON_ASSERTION_REPLY,
      "refused: '502 not here'" },
    { "smtp with a line put in",
      BW_STARTTLS_SMTP,
      { { BYTES("220 ESMTP\r\n"), BYTES("EHLO localhost\r\n") },
        { BYTES("250 STARTTLS\r\n"), BYTES("STARTTLS\r\n") },
        { BYTES("220 go\r\n250 injected\r\n"), NULL, 0 } },
      BW_REASON_ASSERTION_REPLY,
      "in the clear before TLS" },
    { "imap",
      BW_STARTTLS_IMAP,
      { { BYTES("* OK ready\r\n"), BYTES("a1 STARTTLS\r\n") },
        { BYTES("* CAPABILITY X\r\na1 OK go\r\n"), NULL, 0 } },
      BW_REASON_NONE,
      "" },
    { "imap without TLS",
      BW_STARTTLS_IMAP,
      { { BYTES("* OK ready\r\n"), BYTES("a1 STARTTLS\r\n") },
        { BYTES("a1 BAD what\r\n"), NULL, 0 } },
      BW_REASON_ASSERTION_REPLY,
      "a1 BAD what" },
    { "pop3",
      BW_STARTTLS_POP3,
      { { BYTES("+OK ready\r\n"), BYTES("STLS\r\n") }, { BYTES("+OK go\r\n"), NULL, 0 } },
      BW_REASON_NONE,
      "" },
    { "ftp",
      BW_STARTTLS_FTP,
      { { BYTES("220 ready\r\n"), BYTES("AUTH TLS\r\n") }, { BYTES("234 go\r\n"), NULL, 0 } },
      BW_REASON_NONE,
      "" },
    { "ldap",
      BW_STARTTLS_LDAP,
      { { NULL, 0, BYTES(LDAP_QUESTION) }, { BYTES(LDAP_ANSWER("\x00")), NULL, 0 } },
      BW_REASON_NONE,
      "" },
    { "ldap without TLS",
      BW_STARTTLS_LDAP,
      { { NULL, 0, BYTES(LDAP_QUESTION) }, { BYTES(LDAP_ANSWER("\x02")), NULL, 0 } },
      BW_REASON_ASSERTION_REPLY,
      "does not offer TLS" },
    { "postgres",
      BW_STARTTLS_POSTGRES,
      { { NULL, 0, BYTES("\x00\x00\x00\x08\x04\xd2\x16\x2f") }, { BYTES("S"), NULL, 0 } },
      BW_REASON_NONE,
      "" },
    { "postgres without TLS",
      BW_STARTTLS_POSTGRES,
      { { NULL, 0, BYTES("\x00\x00\x00\x08\x04\xd2\x16\x2f") }, { BYTES("N"), NULL, 0 } },
      BW_REASON_ASSERTION_REPLY,
      "does not offer TLS" },
    { "mysql",
      BW_STARTTLS_MYSQL,
      { { BYTES(MYSQL_GREETING("\xff")), BYTES(MYSQL_REQUEST) } },
      BW_REASON_NONE,
      "" },
    { "mysql without TLS",
      BW_STARTTLS_MYSQL,
      { { BYTES(MYSQL_GREETING("\xf7")), NULL, 0 } },
      BW_REASON_ASSERTION_REPLY,
      "does not offer TLS" },
    { "mysql that refuses us",
      BW_STARTTLS_MYSQL,
      { { BYTES("\x05\x00\x00\x00\xff\x6a\x04no"), NULL, 0 } },
      BW_REASON_ASSERTION_REPLY,
      "refuses us" },
    { "no protocol at all",
      BW_STARTTLS_LDAP,
      { { BYTES("HTTP/1.1 400 what\r\n\r\n"), NULL, 0 } },
      BW_REASON_ASSERTION_REPLY,
      "no answer of LDAP" },
    { "hung up",
      BW_STARTTLS_POSTGRES,
      { { NULL, 0, BYTES("\x00\x00\x00\x08\x04\xd2\x16\x2f") } },
      BW_REASON_CONNECTION_CLOSED,
      "" },
};

static const struct story *played;

static bool hear(struct peer_talk *talk, const char *bytes, size_t len)
{
    char heard[256];
    size_t got = 0;
    while (got < len) {
        const ssize_t more = recv(talk->fd, heard + got, len - got, 0);
        if (more <= 0)
            return false;
        got += (size_t)more;
    }
    return memcmp(heard, bytes, len) == 0;
}

static void play(struct peer_talk *talk)
{
    for (size_t i = 0; i < 4; i++) {
        if (played->steps[i].say != NULL
            && !peer_say_bytes(talk, played->steps[i].say, played->steps[i].say_len))
            return;
        if (played->steps[i].hear != NULL
            && !hear(talk, played->steps[i].hear, played->steps[i].hear_len))
            return;
    }
    if (played->reason == BW_REASON_CONNECTION_CLOSED)
        return;
    if (played->reason != BW_REASON_NONE) {
        peer_wait(talk);
        return;
    }
    talk->ssl = SSL_new(secure.server);
    SSL_set_fd(talk->ssl, talk->fd);
    if (SSL_accept(talk->ssl) == 1)
        peer_wait(talk);
}

static void protocols_change_to_tls(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct peer peer;
        struct bw_probe_module module = world_module(&w, BW_PROBER_TLS);
        played = &stories[i];
        module.tls.starttls = (int)played->how;
        module.tls.tls_config.ca_file = secure.ca_file;
        peer_start(&peer, play, NULL);
        world_probe(&w, &module, world_text(&w, "127.0.0.1:%u", peer.port), 3 * BW_SECOND);
        peer_stop(&peer);
        world_expect(&w, played->name, played->reason, played->detail);
        assert_int_equal(w.result.has_certificate, w.result.success);
    }
    world_close(&w);
}

/* However little comes at a time, the answer is the same. */
static void answers_may_come_byte_by_byte(void **state)
{
    (void)state;
    static const struct {
        bw_starttls_reader_fn *reader;
        const char *bytes;
        size_t len;
    } cases[] = {
        { bw_starttls_read_ldap, BYTES(LDAP_ANSWER("\x00")) },
        { bw_starttls_read_ldap,
          BYTES("\x30\x81\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00") },
        { bw_starttls_read_postgres, BYTES("S") },
        { bw_starttls_read_mysql, BYTES(MYSQL_GREETING("\xff")) },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t len = 0; len <= cases[i].len; len++) {
            struct bw_starttls_heard heard = { .taken = 0 };
            assert_true(cases[i].reader(cases[i].bytes, len, &heard));
            assert_int_equal(heard.taken, len == cases[i].len ? len : 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protocols_change_to_tls),
        cmocka_unit_test(answers_may_come_byte_by_byte),
    };
    return cmocka_run_group_tests(tests, secure_setup, secure_teardown);
}
