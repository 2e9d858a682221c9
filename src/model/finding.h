// SPDX-License-Identifier: GPL-3.0-or-later
/* model/finding.h: what the analyser found in a series besides its direction, as numbers, and the
 * sentence that says it. */
#ifndef MODEL_FINDING_H
#define MODEL_FINDING_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* In the order in which they are told. Not stored by number. */
enum bw_finding_kind {
    BW_FINDING_STANDSTILL,     /* stands at its ceiling or floor, or moves no more */
    BW_FINDING_LEVEL_SHIFT,    /* another level from a moment on */
    BW_FINDING_RECOVERY,       /* another level for a while, now the old one */
    BW_FINDING_SLOPE_CHANGE,   /* a bend */
    BW_FINDING_SAWTOOTH,       /* climbs and falls back, again and again; or the other way round */
    BW_FINDING_RESETS,         /* of a counter */
    BW_FINDING_SCATTER_CHANGE, /* as before, but with more or less noise */
    BW_FINDING_SEASON,
    BW_FINDING_SPIKES, /* single values far away */
    BW_FINDING_GAP,    /* no values for a while */
    BW_FINDING_KIND_COUNT,
};

enum { BW_FINDINGS_MAX = 3, BW_FINDING_DRIVER_MAX = 24 };

/* Values are in the metric's unit. What does not apply to a kind is 0. */
struct bw_finding {
    enum bw_finding_kind kind;
    int side;       /* +1 up, -1 down; standstill: +1 ceiling, -1 floor, 0 neither */
    unsigned times; /* spikes, sawtooth, resets: how often */
    int64_t at_ms;  /* since when; season: the last peak; spikes: the largest; sawtooth: the last */
    int64_t until_ms; /* recovery, gap: its end; season: the last trough */
    double before;    /* level; slope_change: slope per second; scatter_change: standard deviation;
                         spikes: the usual value; recovery: the old level, which is the new one */
    double after;     /* the same since; spikes: the largest; recovery: the level in between */
    double size;      /* after - before; season: from trough to peak */
    double size_sd;   /* standard deviation of `size` where it is estimated */
    double share;     /* season: of the variance; level_shift: the driver's part of it, 0..1 */
    double period_s;  /* season; sawtooth and spikes that come at regular times */
    double score;     /* normal score of the evidence, at most 99 */
    char driver[BW_FINDING_DRIVER_MAX]; /* level_shift: the part that moved; "": none did alone */
    char measure[8]; /* level_shift whose phases were looked at: "p95" or "median" */
};

/* "level_shift", as in answers. */
const char *bw_finding_kind_name(enum bw_finding_kind kind);

/* Appends the finding about a series of `metric` as one sentence without a full stop: "level shift
 * at 14:02 UTC: 300 ms since, 120 ms before (+180 ms)", "p95 +180 ms, 92 % of it in the tls phase
 * since 14:02 UTC". The date is said where it is not that of now_ms. */
void bw_finding_say(struct bw_buf *out, const struct bw_finding *finding, const char *metric,
                    int64_t now_ms);

/* As text to be stored: "level_shift at=1763805720000 before=0.12 ...; season at=...". Only what is
 * not 0. */
void bw_findings_write(struct bw_buf *out, const struct bw_finding *findings, size_t count);

/* Reads that back into out[BW_FINDINGS_MAX]; findings and members that are not known are passed
 * over, so that a newer writer does no harm. Returns how many were read. */
size_t bw_findings_read(const char *text, struct bw_finding *out);

#endif
