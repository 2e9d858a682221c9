// SPDX-License-Identifier: GPL-3.0-or-later
/* Notes to text: put in order, secrets hidden, escaped, bounded. */
#include "probe/trail.h"

#include "model/transcript.h"
#include "probe/trail_note.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line is cut here: one huge header must not push all others out. */
enum { LINE_BYTES_MAX = 360, LINES_OF_A_TEXT_MAX = 24, ORDER_MAX = 700 };

/* Kept for how it ended, which is the last thing that is told. */
enum { ROOM_FOR_THE_END = BW_PROBE_DETAIL_BYTES_MAX + 200 };

struct note {
    struct bw_trail_head head;
    const char *bytes;
};

struct telling {
    const struct bw_mask *mask;
    const struct bw_probe_result *result;
    struct bw_buf *out;
    size_t begin;      /* where the transcript begins in `out` */
    unsigned left_out; /* lines without room */
    bool in_connect;   /* the last phase was connecting */
    bool is_address;   /* what was to be looked up: no news that it resolved to itself */
};

/* ---- lines ---- */

static void put_line(struct telling *t, uint32_t at_us, enum bw_transcript_mark mark,
                     const char *words, size_t room)
{
    const size_t used = t->out->len - t->begin;
    if (used + strlen(words) + 24 + room > BW_TRANSCRIPT_BYTES_MAX) {
        t->left_out++;
        return;
    }
    bw_buf_printf(t->out, "%u.%u %c %s\n", at_us / 1000, at_us % 1000 / 100,
                  bw_transcript_sign(mark), words);
}

/* Escapes what was masked already. `whole`: its bytes before anything was cut off. */
static void put_bytes(struct telling *t, uint32_t at_us, enum bw_transcript_mark mark,
                      const char *bytes, size_t len, size_t whole)
{
    char line[LINE_BYTES_MAX];
    const size_t room = sizeof line - 40;
    bw_probe_quote(line, room, bytes, len);
    /* An escape has at most 4 bytes: whatever did not fit would have come this far. */
    if (whole > len || strlen(line) + 5 > room)
        snprintf(line + strlen(line), 40, " ... (%zu bytes in all)", whole);
    put_line(t, at_us, mark, line, ROOM_FOR_THE_END);
}

static size_t trimmed(const char *bytes, size_t len)
{
    // cppcheck-suppress uninitvar ; `len` is what was written
    while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
        len--;
    return len;
}

static size_t masked(const struct telling *t, const struct note *note, char *out, size_t size)
{
    return bw_mask_copy(t->mask, out, size, note->bytes, note->head.len,
                        note->head.whole > note->head.len);
}

/* ---- one kind of note each ---- */

typedef void tell_fn(struct telling *t, const struct note *note);

enum { COPY_BYTES_MAX = BW_TRAIL_NOTE_BYTES_MAX * 2 };

static void tell_marked(struct telling *t, const struct note *note, enum bw_transcript_mark mark)
{
    char copy[COPY_BYTES_MAX];
    const bool cut = note->head.whole > note->head.len;
    const size_t len = trimmed(copy, masked(t, note, copy, sizeof copy));
    put_bytes(t, note->head.at_us, mark, copy, len, cut ? note->head.whole : len);
}

static void tell_words(struct telling *t, const struct note *note)
{
    tell_marked(t, note, BW_TRANSCRIPT_NOTE);
}

static void tell_sent(struct telling *t, const struct note *note)
{
    tell_marked(t, note, BW_TRANSCRIPT_SENT);
}

/* The empty line that ends the headers is left out. */
static void tell_heard(struct telling *t, const struct note *note)
{
    if (trimmed(note->bytes, note->head.len) > 0)
        tell_marked(t, note, BW_TRANSCRIPT_HEARD);
}

static void tell_phase(struct telling *t, const struct note *note)
{
    const unsigned phase = (unsigned char)note->bytes[0];
    const char *said = NULL;
    if (phase == BW_PHASE_TLS)
        said = t->in_connect ? "connected, TLS handshake" : "TLS handshake";
    else if (phase == BW_PHASE_PROCESSING && t->in_connect)
        said = "connected";
    t->in_connect = phase == BW_PHASE_CONNECT;
    if (said != NULL)
        put_line(t, note->head.at_us, BW_TRANSCRIPT_NOTE, said, ROOM_FOR_THE_END);
}

/* An address needs no looking up: the line is not worth its room. */
static void tell_lookup(struct telling *t, const struct note *note)
{
    static const char said[] = "looking up ";
    const size_t before = sizeof said - 1;
    char copy[sizeof said + COPY_BYTES_MAX];
    struct bw_address address;
    memcpy(copy, said, before);
    const size_t len = masked(t, note, copy + before, COPY_BYTES_MAX);
    copy[before + len] = '\0';
    t->is_address = bw_address_parse(copy + before, &address);
    if (!t->is_address)
        put_bytes(t, note->head.at_us, BW_TRANSCRIPT_NOTE, copy, before + len, before + len);
}

static void tell_addresses(struct telling *t, const struct note *note)
{
    char line[LINE_BYTES_MAX] = "";
    size_t count = note->head.whole / sizeof(struct bw_address), shown = 0;
    for (size_t at = 0; at + sizeof(struct bw_address) <= note->head.len && shown < 6; shown++) {
        struct bw_address address;
        char text[BW_ADDRESS_TEXT_MAX];
        memcpy(&address, note->bytes + at, sizeof address);
        at += sizeof address;
        bw_address_format(text, &address);
        snprintf(line + strlen(line), sizeof line - strlen(line), "%s%s",
                 shown == 0 ? "resolved to " : ", ", text);
    }
    if (count > shown)
        snprintf(line + strlen(line), sizeof line - strlen(line), " and %zu more", count - shown);
    if (line[0] != '\0' && !t->is_address)
        put_line(t, note->head.at_us, BW_TRANSCRIPT_NOTE, line, ROOM_FOR_THE_END);
}

static void tell_connect(struct telling *t, const struct note *note)
{
    struct bw_trail_peer peer;
    char text[BW_ADDRESS_TEXT_MAX], line[BW_ADDRESS_TEXT_MAX + 48];
    if (note->head.len != sizeof peer)
        return;
    memcpy(&peer, note->bytes, sizeof peer);
    bw_address_format(text, &peer.address);
    if (peer.port != 0)
        snprintf(line, sizeof line, "connecting to %s port %u", text, peer.port);
    else
        snprintf(line, sizeof line, "sending to %s", text);
    put_line(t, note->head.at_us, BW_TRANSCRIPT_NOTE, line, ROOM_FOR_THE_END);
}

/* A text of several lines under a title. */
static void tell_text(struct telling *t, const struct note *note, const char *title)
{
    char copy[COPY_BYTES_MAX], head[120];
    const size_t len = trimmed(copy, masked(t, note, copy, sizeof copy));
    const size_t more = note->head.whole - note->head.len;
    size_t lines = 0;
    snprintf(head, sizeof head, more > 0 ? "%s, its first %u bytes:" : "%s:", title,
             (unsigned)note->head.len);
    put_line(t, note->head.at_us, BW_TRANSCRIPT_NOTE, head, ROOM_FOR_THE_END);
    for (size_t at = 0, end; at < len; at = end + 1) {
        const char *stop = memchr(copy + at, '\n', len - at);
        end = stop != NULL ? (size_t)(stop - copy) : len;
        const size_t shown = trimmed(copy + at, end - at);
        if (++lines > LINES_OF_A_TEXT_MAX)
            t->left_out++;
        else
            put_bytes(t, note->head.at_us, BW_TRANSCRIPT_CONTENT, copy + at, shown, shown);
    }
}

static void tell_body(struct telling *t, const struct note *note)
{
    switch (t->result->reason) {
    case BW_REASON_HTTP_STATUS:
    case BW_REASON_ASSERTION_BODY:
    case BW_REASON_ASSERTION_HEADER:
    case BW_REASON_UNEXPECTED_SUCCESS:
        tell_text(t, note, "the body");
        break;
    default:
        break;
    }
}

static void tell_output(struct telling *t, const struct note *note)
{
    tell_text(t, note, "standard output");
}

static void tell_errors(struct telling *t, const struct note *note)
{
    tell_text(t, note, "standard error");
}

static tell_fn *const tellers[BW_TRAIL_KINDS] = {
    [BW_TRAIL_PHASE] = tell_phase,     [BW_TRAIL_WORDS] = tell_words,
    [BW_TRAIL_LOOKUP] = tell_lookup,   [BW_TRAIL_ADDRESSES] = tell_addresses,
    [BW_TRAIL_CONNECT] = tell_connect, [BW_TRAIL_SENT] = tell_sent,
    [BW_TRAIL_HEARD] = tell_heard,     [BW_TRAIL_BODY] = tell_body,
    [BW_TRAIL_OUTPUT] = tell_output,   [BW_TRAIL_ERRORS] = tell_errors,
};

/* ---- all of them ---- */

static int by_time(const void *a, const void *b)
{
    const struct note *x = a, *y = b;
    if (x->head.at_us != y->head.at_us)
        return x->head.at_us < y->head.at_us ? -1 : 1;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

static size_t read_notes(const struct bw_trail *trail, struct note notes[ORDER_MAX])
{
    size_t count = 0;
    for (size_t at = 0; at + sizeof notes->head <= trail->len && count < ORDER_MAX;) {
        struct note *note = &notes[count++];
        memcpy(&note->head, trail->notes + at, sizeof note->head);
        note->bytes = trail->notes + at + sizeof note->head;
        at += sizeof note->head + note->head.len;
    }
    // cppcheck-suppress uninitvar ; filled up to there
    qsort(notes, count, sizeof *notes, by_time);
    return count;
}

static void tell_end(struct telling *t, unsigned not_noted)
{
    const struct bw_probe_result *result = t->result;
    const uint32_t at_us = (uint32_t)(result->duration_ns / 1000);
    char line[BW_PROBE_DETAIL_BYTES_MAX + 100];
    const unsigned left_out = t->left_out + not_noted;
    if (left_out > 0) {
        snprintf(line, sizeof line, "%u more line%s without room here", left_out,
                 left_out == 1 ? "" : "s");
        put_line(t, at_us, BW_TRANSCRIPT_NOTE, line, 0);
    }
    if (result->success)
        snprintf(line, sizeof line, "passed%s%s", result->warned ? ", but " : "", result->warning);
    else
        snprintf(line, sizeof line, "%s%s%s", bw_reason_text(result->reason),
                 result->detail[0] != '\0' ? ": " : "", result->detail);
    put_line(t, at_us, BW_TRANSCRIPT_VERDICT, line, 0);
}

void bw_trail_tell(const struct bw_trail *trail, const struct bw_mask *mask,
                   const struct bw_probe_result *result, struct bw_buf *out)
{
    struct note notes[ORDER_MAX];
    struct telling t = { .mask = mask, .result = result, .out = out, .begin = out->len };
    const size_t count = read_notes(trail, notes);
    for (size_t i = 0; i < count; i++) {
        if (notes[i].head.kind < BW_TRAIL_KINDS && notes[i].head.len > 0)
            tellers[notes[i].head.kind](&t, &notes[i]);
    }
    tell_end(&t, trail->left_out);
}
