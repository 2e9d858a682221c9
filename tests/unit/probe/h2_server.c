// SPDX-License-Identifier: GPL-3.0-or-later
#include "h2_server.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { HEAD_BYTES = 9, PREFACE_BYTES = 24 };

static bool hear(struct peer_talk *talk, void *out, size_t len)
{
    char *at = out;
    while (len > 0) {
        const ssize_t got =
            talk->ssl != NULL ? SSL_read(talk->ssl, at, (int)len) : recv(talk->fd, at, len, 0);
        if (got <= 0)
            return false;
        at += got;
        len -= (size_t)got;
    }
    return true;
}

bool h2_frame(struct peer_talk *talk, unsigned type, unsigned flags, unsigned stream,
              const void *bytes, size_t len)
{
    uint8_t *frame = malloc(HEAD_BYTES + len);
    const uint8_t head[HEAD_BYTES] = {
        (uint8_t)(len >> 16),    (uint8_t)(len >> 8),    (uint8_t)len,
        (uint8_t)type,           (uint8_t)flags,         (uint8_t)(stream >> 24),
        (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream
    };
    memcpy(frame, head, sizeof head);
    if (len > 0)
        memcpy(frame + sizeof head, bytes, len);
    const bool said = peer_say_bytes(talk, frame, sizeof head + len);
    free(frame);
    return said;
}

bool h2_begin(struct peer_talk *talk)
{
    char preface[PREFACE_BYTES], payload[16384];
    uint8_t head[HEAD_BYTES];
    if (!h2_frame(talk, H2_SETTINGS, 0, 0, NULL, 0) || !hear(talk, preface, sizeof preface)
        || memcmp(preface, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", sizeof preface) != 0)
        return false;
    while (hear(talk, head, sizeof head)) {
        const size_t len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        if (len > sizeof payload || !hear(talk, payload, len))
            return false;
        if (head[3] == H2_DATA && (head[4] & H2_END_STREAM) != 0) {
            memcpy(talk->peer->heard, payload, len < 4096 ? len : 4096);
            return true;
        }
    }
    return false;
}

static size_t put_text(char *out, const char *text)
{
    const size_t len = strlen(text);
    if (len > 126)
        abort();
    out[0] = (char)len;
    memcpy(out + 1, text, len);
    return len + 1;
}

/* Literal fields without indexing and with new names (RFC 7541, section 6.2.2). */
size_t h2_block(char *out, size_t size, const char *const *fields)
{
    size_t len = 0;
    for (; *fields != NULL; fields += 2) {
        if (len + strlen(fields[0]) + strlen(fields[1]) + 3 > size)
            abort();
        out[len++] = 0;
        len += put_text(out + len, fields[0]);
        len += put_text(out + len, fields[1]);
    }
    return len;
}

bool h2_headers(struct peer_talk *talk, bool last, const char *const *fields)
{
    char block[4096];
    const size_t len = h2_block(block, sizeof block, fields);
    return h2_frame(talk, H2_HEADERS, H2_END_HEADERS | (last ? H2_END_STREAM : 0), 1, block, len);
}
