// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/failures.h"

#include "base/hash.h"
#include "base/limits.h"
#include "probe/run.h"

#include <stdio.h>
#include <string.h>

/* Of one check, and of all together: a storm of ten thousand checks is told within the minute, and
 * the disk has other things to write meanwhile. */
enum { PER_CHECK_A_MINUTE = 3, OF_ALL_A_SECOND = 200, MINUTE_MS = 60000, SECOND_MS = 1000 };

/* While so much waits for the disk, transcripts are not what it should be kept busy with. */
enum { QUEUED_ROWS_MAX = 20000 };

/* What failed: the run, or a try of one that passed in the end. */
struct failing {
    enum bw_reason reason;
    char cause[BW_PROBE_DETAIL_BYTES_MAX + 40];
};

static struct failing failing_of(const struct bw_probe_result *result)
{
    struct failing out = { .reason = result->reason };
    if (result->success) {
        const char *detail = result->retried_detail != NULL ? result->retried_detail : "";
        out.reason = result->retried_reason;
        snprintf(out.cause, sizeof out.cause, "%s%spassed at try %u%s", detail,
                 detail[0] != '\0' ? " (" : "", result->attempts, detail[0] != '\0' ? ")" : "");
    } else {
        snprintf(out.cause, sizeof out.cause, "%s", result->detail);
    }
    return out;
}

/* Digits are left out: "93.1 % used" and "93.4 % used" are the same failure. */
static uint64_t hash_of(const struct failing *failing)
{
    char words[sizeof failing->cause];
    size_t len = 0;
    for (const char *c = failing->cause; *c != '\0'; c++) {
        if (*c < '0' || *c > '9')
            words[len++] = *c;
    }
    return bw_hash(words, len, (uint64_t)failing->reason) | 1;
}

static struct bw_failure_tally tally_of(const struct bw_failure_memory *memory,
                                        const struct bw_subject *subject)
{
    return (struct bw_failure_tally){ .subject = *subject,
                                      .slot = memory->slot,
                                      .ts_ms = memory->ts_ms,
                                      .last_ms = memory->last_ms,
                                      .times = memory->times,
                                      .left_out = memory->left_out };
}

void bw_failures_save(struct bw_core *core, struct bw_failure_memory *memory,
                      const struct bw_subject *subject)
{
    const struct bw_failure_tally tally = tally_of(memory, subject);
    if (!memory->unsaved || core->store == NULL || !bw_store_put_failure_tally(core->store, &tally))
        return;
    memory->unsaved = false;
    memory->saved_ms = bw_core_now_ms(core);
}

/* ---- room ---- */

/* True once a minute for each of so many; a clock that went back begins anew. */
static bool take_room(int64_t *since_ms, unsigned *count, int64_t now_ms, int64_t span_ms,
                      unsigned max)
{
    if (now_ms - *since_ms >= span_ms || now_ms < *since_ms) {
        *since_ms = now_ms;
        *count = 0;
    }
    if (*count >= max)
        return false;
    ++*count;
    return true;
}

static bool has_room(struct bw_core *core, struct bw_failure_memory *memory)
{
    const int64_t now_ms = bw_core_now_ms(core);
    struct bw_core_failures *all = &core->failures;
    if (core->store == NULL
        || !take_room(&memory->minute_ms, &memory->in_minute, now_ms, MINUTE_MS, PER_CHECK_A_MINUTE)
        || !take_room(&all->second_ms, &all->in_second, now_ms, SECOND_MS, OF_ALL_A_SECOND))
        return false;
    struct bw_store_stats stats;
    bw_store_stats(core->store, &stats);
    return stats.queued_rows < QUEUED_ROWS_MAX;
}

/* ---- one failure ---- */

/* "resolve=0.002 connect=0.01" */
static void put_phases(struct bw_buf *out, const struct bw_probe_result *result)
{
    for (enum bw_probe_phase i = 0; i < BW_PHASE_COUNT; i++) {
        if (!result->phase_seen[i])
            continue;
        bw_buf_text(out, out->len > 0 ? " " : "");
        bw_buf_text(out, bw_probe_phase_name(i));
        bw_buf_char(out, '=');
        const int64_t whole_us = result->phase_ns[i] / 1000;
        bw_buf_double(out, (double)whole_us / 1e6);
    }
}

static bool store_failure(struct bw_core *core, const struct bw_failure_tally *tally,
                          const struct failing *failing, const struct bw_probe_result *result)
{
    struct bw_buf phases, transcript;
    bw_buf_init(&phases, 512);
    bw_buf_init(&transcript, 2 * BW_TRANSCRIPT_BYTES_MAX);
    put_phases(&phases, result);
    bw_probe_tell(result, &transcript);
    const struct bw_failure failure = { .tally = *tally,
                                        .reason = failing->reason,
                                        .cause = failing->cause,
                                        .duration_s = (double)result->duration_ns / 1e9,
                                        .attempts = result->attempts,
                                        .phases = phases.data,
                                        .transcript = transcript.data };
    const bool stored = bw_store_put_failure(core->store, &failure);
    bw_buf_fini(&phases);
    bw_buf_fini(&transcript);
    return stored;
}

static void write_down(struct bw_core *core, struct bw_failure_memory *memory,
                       const struct bw_subject *subject, const struct bw_probe_result *result,
                       int64_t ts_ms)
{
    bw_failures_save(core, memory, subject); /* of the one before it */
    const struct failing failing = failing_of(result);
    struct bw_failure_memory next = *memory;
    next.what = hash_of(&failing);
    next.slot = memory->what != 0 ? (memory->slot + 1) % BW_FAILURES_KEPT_MAX : 0;
    next.ts_ms = next.last_ms = ts_ms;
    next.times = 1;
    next.left_out = memory->skipped;
    next.skipped = 0;
    next.open = !result->success;
    next.unsaved = false;
    next.saved_ms = bw_core_now_ms(core);
    const struct bw_failure_tally tally = tally_of(&next, subject);
    if (store_failure(core, &tally, &failing, result))
        *memory = next;
    else
        memory->skipped++;
}

static void count_again(struct bw_core *core, struct bw_failure_memory *memory,
                        const struct bw_subject *subject, int64_t ts_ms)
{
    const int64_t now_ms = bw_core_now_ms(core);
    memory->times++;
    memory->last_ms = ts_ms;
    memory->unsaved = true;
    if (now_ms - memory->saved_ms >= MINUTE_MS || now_ms < memory->saved_ms)
        bw_failures_save(core, memory, subject);
}

/* A run that passed at last is the same failure again also after others that passed at once: or
 * the blips of a day would push out the outage of the day before. */
static bool is_again(const struct bw_failure_memory *memory, const struct bw_probe_result *result)
{
    const struct failing failing = failing_of(result);
    return (memory->open || result->success) && memory->what == hash_of(&failing);
}

static void note_pass(struct bw_core *core, struct bw_failure_memory *memory,
                      const struct bw_subject *subject)
{
    if (memory->open)
        bw_failures_save(core, memory, subject);
    memory->open = false;
}

void bw_failures_note(struct bw_core *core, struct bw_failure_memory *memory,
                      const struct bw_subject *subject, const struct bw_probe_result *result,
                      int64_t ts_ms)
{
    if (result->success)
        note_pass(core, memory, subject);
    if (result->success && result->retried_reason == BW_REASON_NONE)
        return;
    if (is_again(memory, result))
        count_again(core, memory, subject, ts_ms);
    else if (has_room(core, memory))
        write_down(core, memory, subject, result, ts_ms);
    else
        memory->skipped++;
}

void bw_failures_restore(struct bw_failure_memory *memory, const struct bw_failure_tally *tally)
{
    if (memory->what != 0 && tally->ts_ms < memory->ts_ms)
        return;
    *memory = (struct bw_failure_memory){ .what = 1, /* like no other */
                                          .slot = tally->slot % BW_FAILURES_KEPT_MAX,
                                          .ts_ms = tally->ts_ms,
                                          .last_ms = tally->last_ms,
                                          .times = tally->times,
                                          .left_out = tally->left_out };
}
