// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/trail_note.h: one note of a trail as it lies in memory; for trail.c and trail_tell.c. */
#ifndef PROBE_TRAIL_NOTE_H
#define PROBE_TRAIL_NOTE_H

#include <stdint.h>

/* Its bytes follow; copied in and out, because nothing aligns it. */
struct bw_trail_head {
    uint32_t at_us; /* since the run began */
    uint32_t whole; /* bytes before it was cut */
    uint16_t len;   /* bytes here */
    uint16_t kind;  /* enum bw_trail_kind */
};

#endif
