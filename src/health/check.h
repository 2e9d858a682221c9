// SPDX-License-Identifier: GPL-3.0-or-later
/* health/check.h: turns the stream of outcomes of one check on one instance into one steady
 * status.
 *
 *     UNKNOWN ---- first pass ------------------------------------> HEALTHY
 *        |---- first warning ----> DEGRADED
 *        `---- fall failures in a row ----> UNHEALTHY
 *
 *               degraded_fall non-passes            fall failures
 *               in a row                            in a row
 *     HEALTHY ------------------------> DEGRADED -----------------> UNHEALTHY
 *        | ^ <------------------------     ^                          |  |  ^
 *        | |    degraded_rise passes       `--- rise answers in a ----'  |  |
 *        | |    in a row                        row, a warning among     |  |
 *        | |                                    the last `rise`          |  |
 *        | `------------------- rise passes in a row --------------------'  |
 *        `--------------------- fall failures in a row ---------------------'
 *
 *     any status ---- unknown_after lost runs in a row ----> UNKNOWN
 *
 * A pass and a warning are answers; a warning and a failure are non-passes. A lost run (our
 * own fault, or a run that never took place) says nothing about the target: it neither ends
 * nor lengthens a run of outcomes, and can lead to UNKNOWN only, never to UNHEALTHY.
 *
 * Pure: no clock, no I/O, no allocation. The caller passes the time, so a year of flapping
 * replays in a millisecond (tests/replay/).
 *
 * Invariants:
 *   (1) fail_run <= bad_run, pass_run <= ok_run; fail_run == 0 or ok_run == 0;
 *       pass_run == 0 or bad_run == 0.
 *   (2) A status becomes UNHEALTHY only with fail_run >= fall.
 *   (3) UNHEALTHY becomes anything but UNKNOWN only with ok_run >= rise.
 *   (4) UNHEALTHY becomes HEALTHY only with pass_run >= rise.
 *   (5) A transition's from and to differ, and from is the last transition's to. */
#ifndef HEALTH_CHECK_H
#define HEALTH_CHECK_H

#include "conf/option.h"
#include "model/reason.h"
#include "model/records.h"
#include "model/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_CAUSE_BYTES_MAX = 384, /* of a cause in words, its NUL included; longer ones are cut */
    BW_HEALTH_RUN_MAX = 65535 /* runs stop counting here */
};

enum bw_outcome_kind {
    BW_OUTCOME_PASS,
    BW_OUTCOME_WARN, /* it answered, but slowly, or its certificate ends soon, … */
    BW_OUTCOME_FAIL,
    BW_OUTCOME_LOST, /* we could not find out */
    BW_OUTCOME_COUNT
};

/* "pass", "warn", "fail", "lost" */
const char *bw_outcome_name(enum bw_outcome_kind kind);

/* What one run of a check showed. */
struct bw_outcome {
    enum bw_outcome_kind kind;
    enum bw_reason reason; /* of a failure, warning or loss; else BW_REASON_NONE */
    const char *detail;    /* for people: "503 is not in 200-299"; NULL or "" when there is none */
};

/* FAIL, or LOST when the reason is one of ours (bw_reason_is_local), or PASS for
 * BW_REASON_NONE. `detail` is borrowed. */
struct bw_outcome bw_outcome_of(enum bw_reason reason, const char *detail);

/* The settings of a check as read from a configuration. 0: not set. */
struct bw_health_opts {
    int64_t fall, rise;
    int64_t degraded_fall, degraded_rise;
    double weight; /* of the check in its instance; 0: shown, but counts for nothing */
};

/* The rows of bw_health_opts as `member` of the struct `type`, for the option table of
 * whatever contains them. */
// clang-format off
#define BW_HEALTH_OPT_ROWS(type, member) \
    { "fall", BW_OPT_INT, offsetof(type, member.fall), .range = "1..1000", \
      .help = "Failures in a row that make a check UNHEALTHY." }, \
    { "rise", BW_OPT_INT, offsetof(type, member.rise), .range = "1..1000", \
      .help = "Passes in a row that make an UNHEALTHY check HEALTHY." }, \
    { "degraded_fall", BW_OPT_INT, offsetof(type, member.degraded_fall), .range = "1..1000", \
      .help = "Warnings or failures in a row that make a HEALTHY check DEGRADED; " \
              "as fall when absent." }, \
    { "degraded_rise", BW_OPT_INT, offsetof(type, member.degraded_rise), .range = "1..1000", \
      .help = "Passes in a row that make a DEGRADED check HEALTHY; as rise when absent." }, \
    { "weight", BW_OPT_NUMBER, offsetof(type, member.weight), .def = "1", .range = "0..1000", \
      .help = "How much the check counts in the score; 0: shown, but counts for nothing." }
// clang-format on

extern const struct bw_opt_group bw_health_group;

/* How long a run must be. All at least 1. */
struct bw_health_rule {
    uint16_t fall, rise;
    uint16_t degraded_fall, degraded_rise;
    uint16_t unknown_after; /* lost runs in a row before UNKNOWN */
};

/* fall 3, rise 2, unknown_after 3. */
extern const struct bw_health_rule bw_health_rule_default;

/* What `opts` sets, the rest from `global`, the rest from the defaults. Either may be NULL.
 * degraded_fall and degraded_rise that nobody sets are as fall and rise. */
struct bw_health_rule bw_health_rule_make(const struct bw_health_opts *opts,
                                          const struct bw_health_opts *global);

/* Where a check stands. All zeros is a check that never ran. */
struct bw_health {
    enum bw_status status;
    uint16_t fail_run;              /* failures in a row */
    uint16_t bad_run;               /* warnings and failures in a row */
    uint16_t pass_run;              /* passes in a row */
    uint16_t ok_run;                /* passes and warnings in a row */
    uint16_t lost_run;              /* lost runs since the last result */
    int64_t since_ms;               /* when `status` was entered; 0: never */
    int64_t last_result_ms;         /* of the last outcome that was not lost; 0: none */
    enum bw_reason reason;          /* of the latest outcome that speaks for the status */
    char cause[BW_CAUSE_BYTES_MAX]; /* the same in words: "connection refused"; may be "" */
};

/* "X became Y at T because R". */
struct bw_transition {
    enum bw_status from, to;
    int64_t since_ms;
    enum bw_reason reason;
    char cause[BW_CAUSE_BYTES_MAX]; /* "connection refused, 3 failures in a row" */
};

/* Feeds one outcome. Returns true when the status changed; *out (may be NULL) is filled in
 * then only. `now_ms` should not go back, but nothing breaks when it does. */
bool bw_health_feed(struct bw_health *health, const struct bw_health_rule *rule,
                    const struct bw_outcome *outcome, int64_t now_ms, struct bw_transition *out);

/* Whether that outcome would change the status. */
bool bw_health_would_change(const struct bw_health *health, const struct bw_health_rule *rule,
                            const struct bw_outcome *outcome);

/* Ends all runs of outcomes; the status stands. */
void bw_health_forget(struct bw_health *health);

/* True when the outcome explains the status: a failure explains DEGRADED too, being what made
 * a HEALTHY check so. */
bool bw_outcome_agrees(const struct bw_outcome *outcome, enum bw_status status);

/* How soon the check wants to run again. */
enum bw_pace {
    BW_PACE_NORMAL,
    BW_PACE_FAST, /* outcomes speak against the status: find out soon */
    BW_PACE_DOWN  /* steadily UNHEALTHY: no need to insist */
};
enum bw_pace bw_health_pace(const struct bw_health *health);

/* Fills in everything of *out but its subject.
 * Failures and passes stand in the lower 16 bits of fail_run and pass_run; warnings that belong
 * to the same run, if there are any, in the upper 16. */
void bw_health_save(const struct bw_health *health, struct bw_check_state *out);

/* Goes on from a stored state: every interval since its last result counts as a lost run, so
 * after unknown_after of them the status is UNKNOWN since the time at which they were full.
 * `interval_ms` > 0 is the interval of the check. */
void bw_health_restore(struct bw_health *health, const struct bw_health_rule *rule,
                       const struct bw_check_state *state, int64_t interval_ms, int64_t now_ms);

#endif
