// SPDX-License-Identifier: GPL-3.0-or-later
/* model/transcript.h: what was tried in one run, line by line, as text that can be stored:
 *
 *     0.0 * looking up example.com
 *     0.4 > GET / HTTP/1.1
 *     12.7 < HTTP/1.1 503 Service Unavailable
 *
 * Milliseconds since the run began, who says it, a blank, the words. */
#ifndef MODEL_TRANSCRIPT_H
#define MODEL_TRANSCRIPT_H

#include "base/text.h"

#include <stdbool.h>

enum bw_transcript_mark {
    BW_TRANSCRIPT_NOTE,    /* '*': what we did or found out */
    BW_TRANSCRIPT_SENT,    /* '>': what we said */
    BW_TRANSCRIPT_HEARD,   /* '<': what the peer said */
    BW_TRANSCRIPT_CONTENT, /* '|': a body, a command's output */
    BW_TRANSCRIPT_VERDICT, /* '!': what came of it */
    BW_TRANSCRIPT_MARKS
};

/* '*', '>', … */
char bw_transcript_sign(enum bw_transcript_mark mark);

/* "note", "sent", "heard", "content", "verdict": in answers and classes of styles. */
const char *bw_transcript_mark_name(enum bw_transcript_mark mark);

struct bw_transcript_line {
    struct bw_span at_ms; /* "12.7" */
    enum bw_transcript_mark mark;
    struct bw_span words; /* still a peer's: escape them for the place where they are shown */
};

/* Takes the first line out of *rest; false at the end. What is no line of a transcript is all
 * words, of no time. */
bool bw_transcript_next(struct bw_span *rest, struct bw_transcript_line *out);

#endif
