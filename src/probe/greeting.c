// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/greeting.h"

#include <stdint.h>
#include <string.h>

/* ---- MySQL ---- */

/* Length and number of a packet. */
enum { MYSQL_HEAD = 4, MYSQL_ERROR = 0xff };

/* Bytes behind the head of the packet; false: not whole yet. */
static bool measure_packet(const unsigned char *raw, size_t len, size_t *out_size)
{
    if (len < MYSQL_HEAD)
        return false;
    *out_size = (size_t)raw[0] | (size_t)raw[1] << 8 | (size_t)raw[2] << 16;
    return len - MYSQL_HEAD >= *out_size;
}

/* Protocol 10, the version with its 0, 4 bytes of a thread's id, 8 of salt, a 0, and then what the
 * server can do. */
bool bw_mysql_read_greeting(const char *bytes, size_t len, struct bw_starttls_heard *out,
                            unsigned *out_flags)
{
    enum { PROTOCOL = 10, BEFORE_FLAGS = 4 + 8 + 1 };
    const unsigned char *raw = (const unsigned char *)bytes;
    size_t size = 0;
    const bool whole = measure_packet(raw, len, &size);
    out->wrong = "no greeting of MySQL";
    if (len < MYSQL_HEAD + 1)
        return !whole; /* an empty packet is none */
    if (raw[MYSQL_HEAD] == MYSQL_ERROR)
        out->wrong = "the server refuses us";
    if (raw[MYSQL_HEAD] != PROTOCOL || size > UINT16_MAX)
        return false;
    if (!whole)
        return true;
    const unsigned char *end = memchr(raw + MYSQL_HEAD, 0, size);
    const size_t flags = end != NULL ? (size_t)(end - raw) + 1 + BEFORE_FLAGS : SIZE_MAX;
    if (flags == SIZE_MAX || flags + 2 > MYSQL_HEAD + size)
        return false;
    out->taken = MYSQL_HEAD + size;
    *out_flags = (unsigned)raw[flags] | (unsigned)raw[flags + 1] << 8;
    return true;
}

bool bw_greeting_read_mysql(const char *bytes, size_t len, struct bw_starttls_heard *out)
{
    unsigned flags;
    return bw_mysql_read_greeting(bytes, len, out, &flags);
}

/* Errors of a server that takes no connections now. Others are about the user. */
static const char *mysql_trouble(unsigned code)
{
    static const struct {
        unsigned code;
        const char *text;
    } troubles[] = {
        { 1040, "the server has too many connections" },
        { 1053, "the server is shutting down" },
        { 1129, "the server has blocked us for too many errors" },
        { 1130, "the server does not take connections from here" },
    };
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
        if (troubles[i].code == code)
            return troubles[i].text;
    }
    return NULL;
}

bool bw_greeting_read_mysql_answer(const char *bytes, size_t len, struct bw_starttls_heard *out)
{
    enum { FINE = 0, MORE = 1, OTHER_METHOD = 0xfe };
    const unsigned char *raw = (const unsigned char *)bytes;
    size_t size = 0;
    out->wrong = "no answer of MySQL";
    if (!measure_packet(raw, len, &size))
        return len < MYSQL_HEAD || size <= UINT16_MAX;
    const unsigned kind = size > 0 ? raw[MYSQL_HEAD] : MYSQL_ERROR;
    out->taken = MYSQL_HEAD + size;
    if (kind != MYSQL_ERROR)
        return kind == FINE || kind == MORE || kind == OTHER_METHOD;
    if (size < 3)
        return false;
    const char *trouble =
        mysql_trouble((unsigned)raw[MYSQL_HEAD + 1] | (unsigned)raw[MYSQL_HEAD + 2] << 8);
    if (trouble != NULL)
        out->wrong = trouble;
    return trouble == NULL;
}

/* Packet 1 of 44 bytes: protocol 4.1 and its passwords; 16 MiB; utf8; 23 zeros; the user; an empty
 * password. */
static const unsigned char greet_mysql[48] = { 44,  0,   0,   1,   0x01, 0x82, 0,   0,   0,   0,
                                               0,   1,   33,  0,   0,    0,    0,   0,   0,   0,
                                               0,   0,   0,   0,   0,    0,    0,   0,   0,   0,
                                               0,   0,   0,   0,   0,    0,    'b', 'e', 'l', 'l',
                                               'w', 'e', 't', 'h', 'e',  'r',  0,   0 };

/* ---- PostgreSQL ---- */

/* The SQLSTATE among the fields of an ErrorResponse: each a letter and a text with its 0. */
static const char *state_of(const char *fields, size_t len)
{
    for (size_t at = 0; at < len && fields[at] != '\0';) {
        const char *text = fields + at + 1;
        const char *end = memchr(text, 0, len - at - 1);
        if (end == NULL)
            return NULL;
        if (fields[at] == 'C')
            return text;
        at = (size_t)(end - fields) + 1;
    }
    return NULL;
}

bool bw_greeting_read_postgres(const char *bytes, size_t len, struct bw_starttls_heard *out)
{
    enum { HEAD = 5, KIND = 1 };
    const unsigned char *raw = (const unsigned char *)bytes;
    out->wrong = "no answer of PostgreSQL";
    if (len > 0 && bytes[0] != 'R' && bytes[0] != 'E')
        return false;
    if (len < HEAD)
        return true;
    const size_t size =
        (size_t)raw[1] << 24 | (size_t)raw[2] << 16 | (size_t)raw[3] << 8 | (size_t)raw[4];
    if (size < HEAD - KIND || size > UINT16_MAX)
        return false;
    if (len - KIND < size)
        return true;
    out->taken = KIND + size;
    if (bytes[0] == 'R')
        return true;
    const char *state = state_of(bytes + HEAD, KIND + size - HEAD);
    if (state != NULL && strcmp(state, "57P03") == 0)
        out->wrong = "the server is starting, recovering or shutting down";
    else if (state != NULL && strcmp(state, "53300") == 0)
        out->wrong = "the server has too many connections";
    else
        return state != NULL;
    return false;
}

/* StartupMessage of 25 bytes: protocol 3.0, the user. */
static const unsigned char greet_postgres[25] = { 0,   0,   0,   25,  0,   3,   0,   0,   'u',
                                                  's', 'e', 'r', 0,   'b', 'e', 'l', 'l', 'w',
                                                  'e', 't', 'h', 'e', 'r', 0,   0 };

const struct bw_starttls_talk bw_greetings[BW_GREETING_COUNT] = {
    [BW_GREETING_MYSQL] = { 2,
                            { { .reader = bw_greeting_read_mysql,
                                .message = { greet_mysql, sizeof greet_mysql } },
                              { .reader = bw_greeting_read_mysql_answer } } },
    [BW_GREETING_POSTGRES] = { 2,
                               { { .message = { greet_postgres, sizeof greet_postgres } },
                                 { .reader = bw_greeting_read_postgres } } },
};
