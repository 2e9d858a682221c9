// SPDX-License-Identifier: GPL-3.0-or-later
#include "health/check.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <strings.h>

static const char *const outcome_names[BW_OUTCOME_COUNT] = {
    [BW_OUTCOME_PASS] = "pass",
    [BW_OUTCOME_WARN] = "warn",
    [BW_OUTCOME_FAIL] = "fail",
    [BW_OUTCOME_LOST] = "lost",
};

const char *bw_outcome_name(enum bw_outcome_kind kind)
{
    return outcome_names[kind < BW_OUTCOME_COUNT ? kind : BW_OUTCOME_LOST];
}

struct bw_outcome bw_outcome_of(enum bw_reason reason, const char *detail)
{
    const enum bw_outcome_kind kind = reason == BW_REASON_NONE     ? BW_OUTCOME_PASS
                                      : bw_reason_is_local(reason) ? BW_OUTCOME_LOST
                                                                   : BW_OUTCOME_FAIL;
    return (struct bw_outcome){ .kind = kind, .reason = reason, .detail = detail };
}

/* The runs an outcome lengthens and those it ends; those not named stay as they are. */
enum run { RUN_FAIL, RUN_BAD, RUN_PASS, RUN_OK, RUN_LOST, RUN_COUNT };
#define IN(run) (1u << (run))

static const struct {
    unsigned lengthens, ends;
} moves[BW_OUTCOME_COUNT] = {
    [BW_OUTCOME_PASS] = { IN(RUN_PASS) | IN(RUN_OK), IN(RUN_FAIL) | IN(RUN_BAD) | IN(RUN_LOST) },
    [BW_OUTCOME_WARN] = { IN(RUN_BAD) | IN(RUN_OK), IN(RUN_FAIL) | IN(RUN_PASS) | IN(RUN_LOST) },
    [BW_OUTCOME_FAIL] = { IN(RUN_FAIL) | IN(RUN_BAD), IN(RUN_PASS) | IN(RUN_OK) | IN(RUN_LOST) },
    [BW_OUTCOME_LOST] = { IN(RUN_LOST), 0 },
};

static void count_runs(struct bw_health *h, enum bw_outcome_kind kind)
{
    uint16_t *const runs[RUN_COUNT] = {
        [RUN_FAIL] = &h->fail_run, [RUN_BAD] = &h->bad_run,   [RUN_PASS] = &h->pass_run,
        [RUN_OK] = &h->ok_run,     [RUN_LOST] = &h->lost_run,
    };
    for (unsigned i = 0; i < RUN_COUNT; i++) {
        if ((moves[kind].ends & IN(i)) != 0)
            *runs[i] = 0;
        if ((moves[kind].lengthens & IN(i)) != 0 && *runs[i] < BW_HEALTH_RUN_MAX)
            ++*runs[i];
    }
}

/* The picture in the header, as data: in this status, this run of at least that length leads
 * there. The first row that applies wins, so worse news stands before better. */
enum need { NEED_ONE, NEED_FALL, NEED_RISE, NEED_DEGRADED_FALL, NEED_DEGRADED_RISE };

static const struct step {
    enum bw_status from;
    enum run run;
    enum need need;
    enum bw_status to;
} steps[] = {
    { BW_UNKNOWN, RUN_FAIL, NEED_FALL, BW_UNHEALTHY },
    { BW_UNKNOWN, RUN_PASS, NEED_ONE, BW_HEALTHY },
    { BW_UNKNOWN, RUN_OK, NEED_ONE, BW_DEGRADED },
    { BW_HEALTHY, RUN_FAIL, NEED_FALL, BW_UNHEALTHY },
    { BW_HEALTHY, RUN_BAD, NEED_DEGRADED_FALL, BW_DEGRADED },
    { BW_DEGRADED, RUN_FAIL, NEED_FALL, BW_UNHEALTHY },
    { BW_DEGRADED, RUN_PASS, NEED_DEGRADED_RISE, BW_HEALTHY },
    { BW_UNHEALTHY, RUN_PASS, NEED_RISE, BW_HEALTHY },
    { BW_UNHEALTHY, RUN_OK, NEED_RISE, BW_DEGRADED },
};

static uint16_t needed(const struct bw_health_rule *rule, enum need need)
{
    switch (need) {
    case NEED_FALL:
        return rule->fall;
    case NEED_RISE:
        return rule->rise;
    case NEED_DEGRADED_FALL:
        return rule->degraded_fall;
    case NEED_DEGRADED_RISE:
        return rule->degraded_rise;
    case NEED_ONE:
        break;
    }
    return 1;
}

static uint16_t run_length(const struct bw_health *h, enum run run)
{
    const uint16_t lengths[RUN_COUNT] = {
        [RUN_FAIL] = h->fail_run, [RUN_BAD] = h->bad_run,   [RUN_PASS] = h->pass_run,
        [RUN_OK] = h->ok_run,     [RUN_LOST] = h->lost_run,
    };
    return lengths[run];
}

/* Where the runs lead from here, and which of them; the status itself when nowhere. */
static enum bw_status next_status(const struct bw_health *h, const struct bw_health_rule *rule,
                                  enum run *out_run)
{
    if (h->lost_run >= rule->unknown_after) {
        *out_run = RUN_LOST;
        return BW_UNKNOWN;
    }
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const struct step *s = &steps[i];
        if (s->from == h->status && run_length(h, s->run) >= needed(rule, s->need)) {
            *out_run = s->run;
            return s->to;
        }
    }
    return h->status;
}

/* "connection refused: 10.0.0.1 said no"; the detail alone where there is no reason, the reason
 * alone where the detail is only the system's word for it. */
static void describe(char out[BW_CAUSE_BYTES_MAX], const struct bw_outcome *outcome)
{
    const char *detail = outcome->detail != NULL ? outcome->detail : "";
    if (strcasecmp(detail, bw_reason_text(outcome->reason)) == 0)
        detail = "";
    char text[2 * BW_CAUSE_BYTES_MAX];
    if (outcome->reason == BW_REASON_NONE)
        snprintf(text, sizeof text, "%.*s", BW_CAUSE_BYTES_MAX, detail);
    else
        snprintf(text, sizeof text, "%s%s%.*s", bw_reason_text(outcome->reason),
                 detail[0] != '\0' ? ": " : "", BW_CAUSE_BYTES_MAX, detail);
    bw_text_copy(out, BW_CAUSE_BYTES_MAX, text);
}

/* What one outcome on its own says, to find those that speak for a status. */
static const enum bw_status says[BW_OUTCOME_COUNT] = {
    [BW_OUTCOME_PASS] = BW_HEALTHY,
    [BW_OUTCOME_WARN] = BW_DEGRADED,
    [BW_OUTCOME_FAIL] = BW_UNHEALTHY,
    [BW_OUTCOME_LOST] = BW_UNKNOWN,
};

bool bw_outcome_agrees(const struct bw_outcome *outcome, enum bw_status status)
{
    return says[outcome->kind] == status
           || (status == BW_DEGRADED && outcome->kind == BW_OUTCOME_FAIL);
}

static const char *const run_words[RUN_COUNT][2] = {
    [RUN_FAIL] = { "failure", "failures" },   [RUN_BAD] = { "bad result", "bad results" },
    [RUN_PASS] = { "pass", "passes" },        [RUN_OK] = { "answer", "answers" },
    [RUN_LOST] = { "lost run", "lost runs" },
};

/* "connection refused, 3 failures in a row"; "first result: pass". */
static void explain(char out[BW_CAUSE_BYTES_MAX], enum bw_status from, enum bw_status to,
                    const char *why, enum run run, unsigned length)
{
    char tail[48];
    if (from == BW_UNKNOWN && length == 1 && to != BW_UNHEALTHY)
        snprintf(tail, sizeof tail, "first answer");
    else
        snprintf(tail, sizeof tail, "%u %s in a row", length, run_words[run][length != 1]);
    char head[BW_CAUSE_BYTES_MAX];
    bw_text_copy(head, sizeof head - sizeof tail - 2, why);
    char text[2 * BW_CAUSE_BYTES_MAX];
    snprintf(text, sizeof text, "%s%s%s", head, head[0] != '\0' ? ", " : "", tail);
    bw_text_copy(out, BW_CAUSE_BYTES_MAX, text);
}

/* What was before a time without evidence is no evidence for what comes after it. Otherwise
 * runs go on across a change: two failures that made a check DEGRADED count on to UNHEALTHY. */
static void forget_runs(struct bw_health *h)
{
    h->fail_run = h->bad_run = h->pass_run = h->ok_run = 0;
}

bool bw_health_feed(struct bw_health *h, const struct bw_health_rule *rule,
                    const struct bw_outcome *outcome, int64_t now_ms, struct bw_transition *out)
{
    assert(outcome->kind < BW_OUTCOME_COUNT);
    assert(rule->fall > 0 && rule->rise > 0 && rule->unknown_after > 0);
    count_runs(h, outcome->kind);
    if (outcome->kind != BW_OUTCOME_LOST)
        h->last_result_ms = now_ms;

    enum run run = RUN_LOST;
    const enum bw_status from = h->status, to = next_status(h, rule, &run);
    const unsigned length = run_length(h, run);
    if (bw_outcome_agrees(outcome, to)) {
        h->reason = outcome->reason;
        describe(h->cause, outcome);
    } else if (to != from) {
        h->reason = BW_REASON_NONE; /* an old cause explains nothing here */
        h->cause[0] = '\0';
    }
    if (h->lost_run >= rule->unknown_after)
        forget_runs(h);
    if (to == from)
        return false;
    h->status = to;
    h->since_ms = now_ms;
    if (out != NULL) {
        *out = (struct bw_transition){ .from = from, .to = to, .since_ms = now_ms };
        out->reason = h->reason;
        explain(out->cause, from, to, h->cause, run, length);
    }
    return true;
}

bool bw_health_would_change(const struct bw_health *h, const struct bw_health_rule *rule,
                            const struct bw_outcome *outcome)
{
    struct bw_health trial = *h;
    enum run run;
    count_runs(&trial, outcome->kind);
    return next_status(&trial, rule, &run) != h->status;
}

void bw_health_forget(struct bw_health *h)
{
    forget_runs(h);
    h->lost_run = 0;
}

enum bw_pace bw_health_pace(const struct bw_health *h)
{
    const bool contrary[BW_STATUS_COUNT] = {
        [BW_UNKNOWN] = h->fail_run > 0,
        [BW_HEALTHY] = h->bad_run > 0,
        [BW_DEGRADED] = h->fail_run > 0 || h->pass_run > 0,
        [BW_UNHEALTHY] = h->ok_run > 0,
    };
    if (contrary[h->status])
        return BW_PACE_FAST;
    return h->status == BW_UNHEALTHY ? BW_PACE_DOWN : BW_PACE_NORMAL;
}

void bw_health_save(const struct bw_health *h, struct bw_check_state *out)
{
    out->status = h->status;
    out->since_ms = h->since_ms;
    out->last_result_ms = h->last_result_ms;
    out->fail_run = h->fail_run | (uint32_t)(h->bad_run - h->fail_run) << 16;
    out->pass_run = h->pass_run | (uint32_t)(h->ok_run - h->pass_run) << 16;
}

/* Takes one stored pair apart; what cannot be is cut to what can. */
static void unpack_run(uint32_t stored, uint16_t *out_strict, uint16_t *out_wide)
{
    const uint32_t strict = stored & UINT16_MAX, wide = strict + (stored >> 16);
    *out_strict = (uint16_t)strict;
    *out_wide = (uint16_t)(wide < BW_HEALTH_RUN_MAX ? wide : BW_HEALTH_RUN_MAX);
}

void bw_health_restore(struct bw_health *h, const struct bw_health_rule *rule,
                       const struct bw_check_state *state, int64_t interval_ms, int64_t now_ms)
{
    assert(interval_ms > 0);
    *h = (struct bw_health){ .last_result_ms = state->last_result_ms };
    if (state->status >= BW_STATUS_COUNT)
        return;
    h->status = state->status;
    h->since_ms = state->since_ms;
    unpack_run(state->fail_run, &h->fail_run, &h->bad_run);
    unpack_run(state->pass_run, &h->pass_run, &h->ok_run);
    if (h->bad_run > 0)
        h->pass_run = 0;
    if (h->fail_run > 0)
        h->ok_run = h->pass_run = 0;

    const int64_t age_ms = now_ms - state->last_result_ms;
    const int64_t missed = age_ms > 0 ? age_ms / interval_ms : 0;
    h->lost_run = (uint16_t)(missed < BW_HEALTH_RUN_MAX ? missed : BW_HEALTH_RUN_MAX);
    if (missed < rule->unknown_after)
        return;
    forget_runs(h);
    if (h->status != BW_UNKNOWN) {
        h->status = BW_UNKNOWN;
        h->since_ms = state->last_result_ms + rule->unknown_after * interval_ms;
        bw_text_copy(h->cause, sizeof h->cause, "not watched");
    }
}
