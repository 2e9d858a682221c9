// SPDX-License-Identifier: GPL-3.0-or-later
/* Taking notes. */
#include "probe/trail.h"

#include "base/mem.h"
#include "probe/trail_note.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Lines may fill so much; the rest is for what happens after them. */
#define LINES_BYTES_MAX (BW_TRAIL_BYTES_MAX * 5 / 8)
/* Notes of an ordinary run fit into this. */
#define BYTES_FIRST 2048u

static size_t ceiling(enum bw_trail_kind kind)
{
    return kind == BW_TRAIL_SENT || kind == BW_TRAIL_HEARD ? LINES_BYTES_MAX : BW_TRAIL_BYTES_MAX;
}

static void make_room(struct bw_trail *trail, size_t need)
{
    if (need <= trail->cap)
        return;
    trail->notes = bw_grow(trail->notes, &trail->cap, need > BYTES_FIRST ? need : BYTES_FIRST, 1);
}

static void put(struct bw_trail *trail, enum bw_trail_kind kind, int64_t at_ns, const void *bytes,
                size_t len)
{
    const size_t kept = len < BW_TRAIL_NOTE_BYTES_MAX ? len : BW_TRAIL_NOTE_BYTES_MAX;
    if (trail->len + sizeof(struct bw_trail_head) + kept > ceiling(kind)) {
        trail->left_out++;
        return;
    }
    make_room(trail, trail->len + sizeof(struct bw_trail_head) + kept);
    const struct bw_trail_head head = { .at_us = (uint32_t)((at_ns - trail->start_ns) / 1000),
                                        .whole = len < UINT32_MAX ? (uint32_t)len : UINT32_MAX,
                                        .len = (uint16_t)kept,
                                        .kind = (uint16_t)kind };
    memcpy(trail->notes + trail->len, &head, sizeof head);
    if (kept > 0)
        memcpy(trail->notes + trail->len + sizeof head, bytes, kept);
    trail->len += sizeof head + kept;
}

void bw_trail_add(struct bw_probe_outcome *out, enum bw_trail_kind kind, const void *bytes,
                  size_t len)
{
    if (out->trail != NULL)
        put(out->trail, kind, out->trail->last_ns, bytes, len);
}

void bw_trail_note(struct bw_probe_outcome *out, enum bw_trail_kind kind, const void *bytes,
                   size_t len)
{
    if (out->trail == NULL)
        return;
    out->trail->last_ns = bw_loop_mono_ns();
    put(out->trail, kind, out->trail->last_ns, bytes, len);
}

static void say(struct bw_trail *trail, int64_t at_ns, const char *format, va_list args)
{
    char text[BW_TRAIL_NOTE_BYTES_MAX];
    const int len = vsnprintf(text, sizeof text, format, args);
    const size_t have = len < 0 ? 0 : (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    put(trail, BW_TRAIL_WORDS, at_ns, text, have);
}

void bw_trail_say_at(struct bw_probe_outcome *out, int64_t mono_ns, const char *format, ...)
{
    if (out->trail == NULL)
        return;
    va_list args;
    va_start(args, format);
    say(out->trail, mono_ns, format, args);
    va_end(args);
}

void bw_trail_say(struct bw_probe_outcome *out, const char *format, ...)
{
    if (out->trail == NULL)
        return;
    out->trail->last_ns = bw_loop_mono_ns();
    va_list args;
    va_start(args, format);
    say(out->trail, out->trail->last_ns, format, args);
    va_end(args);
}

void bw_trail_chapter(struct bw_probe_outcome *out)
{
    struct bw_trail *trail = out->trail;
    if (trail == NULL || (trail->left_out == 0 && trail->len < LINES_BYTES_MAX / 2))
        return;
    trail->len = 0;
    trail->left_out = 0;
    bw_trail_say(out, "what was before this is left out");
}

bool bw_trail_is_wanted(const struct bw_probe_outcome *out)
{
    return out->trail != NULL && (out->reason != BW_REASON_NONE || out->trail->wanted);
}
