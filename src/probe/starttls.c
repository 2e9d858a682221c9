// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/greeting.h"

#include <stdint.h>
#include <string.h>

/* ---- answers that are no lines ---- */

bool bw_starttls_read_postgres(const char *bytes, size_t len, struct bw_starttls_heard *out)
{
    if (len == 0)
        return true;
    out->wrong = bytes[0] == 'N' ? "the server does not offer TLS" : "no answer of PostgreSQL";
    out->taken = 1;
    return bytes[0] == 'S';
}

/* One BER element at *at: its tag must be this one. Moves *at to its contents; false: it is
 * another, or its length takes more than two bytes. SIZE_MAX: not whole yet. */
static bool enter(const unsigned char *bytes, size_t len, size_t *at, unsigned char tag,
                  size_t *out_len)
{
    *out_len = SIZE_MAX;
    if (len - *at >= 1 && bytes[*at] != tag)
        return false;
    if (len - *at < 2)
        return true;
    const unsigned char first = bytes[*at + 1];
    const size_t more = first < 0x80 ? 0 : first & 0x7fu;
    if (first >= 0x80 && (more == 0 || more > 4))
        return false;
    if (len - *at < 2 + more)
        return true;
    size_t size = first;
    for (size_t i = 0; i < more; i++)
        size = (i == 0 ? 0 : size << 8) | bytes[*at + 2 + i];
    *at += 2 + more;
    *out_len = size;
    return size <= UINT16_MAX;
}

/* LDAPMessage { id 1, ExtendedResponse { resultCode, … } }, which is whole. */
static bool is_ldap_success(const unsigned char *bytes, size_t len, size_t at)
{
    size_t size;
    if (!enter(bytes, len, &at, 0x02, &size) || size != 1 || len - at < 1 || bytes[at] != 1)
        return false;
    at++;
    if (!enter(bytes, len, &at, 0x78, &size) || size == SIZE_MAX)
        return false;
    return enter(bytes, len, &at, 0x0a, &size) && size == 1 && len - at >= 1 && bytes[at] == 0;
}

bool bw_starttls_read_ldap(const char *bytes, size_t len, struct bw_starttls_heard *out)
{
    const unsigned char *raw = (const unsigned char *)bytes;
    size_t at = 0, size;
    out->wrong = "no answer of LDAP";
    if (!enter(raw, len, &at, 0x30, &size))
        return false;
    if (size == SIZE_MAX || len - at < size)
        return true;
    out->wrong = "the server does not offer TLS";
    out->taken = at + size;
    return is_ldap_success(raw, at + size, at);
}

bool bw_starttls_read_mysql(const char *bytes, size_t len, struct bw_starttls_heard *out)
{
    enum { CLIENT_SSL = 0x0800 };
    unsigned flags = CLIENT_SSL; /* while it is not whole */
    if (!bw_mysql_read_greeting(bytes, len, out, &flags))
        return false;
    out->wrong = "the server does not offer TLS";
    return (flags & CLIENT_SSL) != 0;
}

/* ---- what is said ---- */

/* Length 8, code 80877103. */
static const unsigned char ask_postgres[] = { 0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f };

/* LDAPMessage { id 1, ExtendedRequest { requestName 1.3.6.1.4.1.1466.20037 } } */
static const unsigned char ask_ldap[] = { 0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80,
                                          0x16, '1',  '.',  '3',  '.',  '6',  '.',  '1',
                                          '.',  '4',  '.',  '1',  '.',  '1',  '4',  '6',
                                          '6',  '.',  '2',  '0',  '0',  '3',  '7' };

/* Packet 1 of 32 bytes: TLS, protocol 4.1 and its passwords; 16 MiB; utf8; 23 zeros. */
static const unsigned char ask_mysql[36] = { 32, 0, 0, 1, 0, 0x8a, 0, 0, 0, 0, 0, 1, 33 };

#define MESSAGE(array)                                                                             \
    {                                                                                              \
        array, sizeof(array)                                                                       \
    }

const struct bw_starttls_talk bw_starttls_talks[BW_STARTTLS_COUNT] = {
    [BW_STARTTLS_SMTP] = { 3,
                           { { .expect = "^220 ", .refusal = "^[45]", .send = "EHLO localhost\r" },
                             { .expect = "^250 ", .refusal = "^[45]", .send = "STARTTLS\r" },
                             { .expect = "^220", .refusal = "^[45]" } } },
    [BW_STARTTLS_IMAP] = { 2,
                           { { .expect = "^\\* OK",
                               .refusal = "^\\* BYE",
                               .send = "a1 STARTTLS\r" },
                             { .expect = "^a1 OK", .refusal = "^(a1 (NO|BAD)|\\* BYE)" } } },
    [BW_STARTTLS_POP3] = { 2,
                           { { .expect = "^\\+OK", .refusal = "^-", .send = "STLS\r" },
                             { .expect = "^\\+OK", .refusal = "^-" } } },
    [BW_STARTTLS_FTP] = { 2,
                          { { .expect = "^220 ", .refusal = "^[45]", .send = "AUTH TLS\r" },
                            { .expect = "^234", .refusal = "^[45]" } } },
    [BW_STARTTLS_LDAP] = { 2,
                           { { .message = MESSAGE(ask_ldap) },
                             { .reader = bw_starttls_read_ldap } } },
    [BW_STARTTLS_POSTGRES] = { 2,
                               { { .message = MESSAGE(ask_postgres) },
                                 { .reader = bw_starttls_read_postgres } } },
    [BW_STARTTLS_MYSQL] = { 1,
                            { { .reader = bw_starttls_read_mysql,
                                .message = MESSAGE(ask_mysql) } } },
};
