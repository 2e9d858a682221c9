// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/trail.h: what a run did, in order, so that a failure can be told as a transcript.
 *
 *     kinds note bytes as they are ----> notes (one reused buffer a run)
 *                                          |  only when somebody wants to know
 *                                          +--> secrets hidden --> escaped --> text
 *
 * Noting is a copy of bytes and happens in every run, so it must cost next to nothing; all that
 * makes text of them waits until a run has failed. The notes hold secrets and a peer's bytes: they
 * never leave the run. Loop thread; an outcome without a trail (on a worker) takes notes nowhere.
 */
#ifndef PROBE_TRAIL_H
#define PROBE_TRAIL_H

#include "base/buf.h"
#include "probe/mask.h"
#include "probe/probe.h"

enum bw_trail_kind {
    BW_TRAIL_PHASE,     /* by bw_probe_enter: enum bw_probe_phase as one byte */
    BW_TRAIL_WORDS,     /* our own */
    BW_TRAIL_LOOKUP,    /* the name that is looked up */
    BW_TRAIL_ADDRESSES, /* what came of it: struct bw_address, one after the other */
    BW_TRAIL_CONNECT,   /* struct bw_trail_peer */
    BW_TRAIL_SENT,      /* a line that we said */
    BW_TRAIL_HEARD,     /* a line of the peer */
    BW_TRAIL_BODY,      /* the beginning of a longer text of the peer; told after a failure of ours
                           to find it right only */
    BW_TRAIL_OUTPUT,    /* a command's standard output */
    BW_TRAIL_ERRORS,    /* and standard error */
    BW_TRAIL_KINDS
};

struct bw_trail_peer {
    struct bw_address address;
    uint16_t port; /* 0: it has none */
};

struct bw_trail {
    char *notes; /* one after the other, each a head and its bytes */
    size_t len, cap;
    int64_t start_ns; /* of the run, monotonic: what times count from */
    int64_t last_ns;  /* of the latest note */
    unsigned left_out;
    bool wanted; /* it will be told whatever becomes of the run */
};

/* Takes a note, at this moment. What is longer than BW_TRAIL_NOTE_BYTES_MAX is cut, what is beyond
 * BW_TRAIL_BYTES_MAX is counted. Lines of either side leave room for what comes after them. */
void bw_trail_note(struct bw_probe_outcome *out, enum bw_trail_kind kind, const void *bytes,
                   size_t len);

/* The same at the time of the note before it, which saves a look at the clock. */
void bw_trail_add(struct bw_probe_outcome *out, enum bw_trail_kind kind, const void *bytes,
                  size_t len);

/* Words with a time of their own; printf. For what is rare, or after a failure. */
void bw_trail_say_at(struct bw_probe_outcome *out, int64_t mono_ns, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void bw_trail_say(struct bw_probe_outcome *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Another try or hop begins: makes room for it when much of the notes is used up. */
void bw_trail_chapter(struct bw_probe_outcome *out);

/* Whether it is worth while to note what takes work to find out: the try has failed, or the trail
 * is told anyway. */
bool bw_trail_is_wanted(const struct bw_probe_outcome *out);

/* Writes the transcript (model/transcript.h) of a run that ended so: at most
 * BW_TRANSCRIPT_BYTES_MAX bytes of valid UTF-8, without control bytes but for the ends of lines. */
void bw_trail_tell(const struct bw_trail *trail, const struct bw_mask *mask,
                   const struct bw_probe_result *result, struct bw_buf *out);

#endif
