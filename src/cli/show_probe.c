// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/show_probe.h"

#include "base/civil.h"
#include "base/json.h"
#include "base/num.h"
#include "base/text.h"
#include "base/units.h"
#include "model/reason.h"
#include "model/transcript.h"
#include "probe/mask.h"

#include <string.h>

enum { SHOWN_BYTES_MAX = 1024, TEXT_BYTES_MAX = 16 << 10 };
enum { NAME_COLUMNS = 12, TIME_COLUMNS = 9, BAR_COLUMNS_MIN = 10, CERTIFICATE_COLUMNS = 60 };

enum bw_verdict bw_probe_verdict(const struct bw_probe_result *result)
{
    if (!result->success)
        return bw_reason_is_local(result->reason) ? BW_VERDICT_UNKNOWN : BW_VERDICT_CRITICAL;
    return result->warned ? BW_VERDICT_WARNING : BW_VERDICT_OK;
}

const char *bw_verdict_name(enum bw_verdict verdict)
{
    static const char *const names[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
    return names[verdict];
}

static void put_safe(struct bw_buf *out, const struct bw_terminal *terminal, const char *text)
{
    bw_terminal_text(out, terminal->utf8, text, strlen(text));
}

static const char *time_text(char out[BW_DURATION_TEXT_MAX], int64_t ns)
{
    bw_format_duration_short(out, ns);
    return out;
}

/* ---- for people -------------------------------------------------------------------------- */

/* Between brackets what the peer or a library said, unless it says what we say already. */
static void put_detail(struct bw_buf *out, const struct bw_terminal *terminal,
                       const struct bw_probe_result *result)
{
    if (result->detail[0] == '\0'
        || strcasecmp(result->detail, bw_reason_text(result->reason)) == 0)
        return;
    bw_buf_text(out, " (");
    put_safe(out, terminal, result->detail);
    bw_buf_char(out, ')');
}

/* "connection refused (…) after 3ms, 2 attempts" */
static void put_outcome(struct bw_buf *out, const struct bw_terminal *terminal,
                        const struct bw_probe_result *result)
{
    char text[BW_DURATION_TEXT_MAX];
    const char *before = " in ";
    if (!result->success) {
        bw_buf_text(out, bw_reason_text(result->reason));
        put_detail(out, terminal, result);
        before = " after ";
    } else if (result->warning[0] != '\0') {
        put_safe(out, terminal, result->warning);
    } else if (result->http_status != 0) {
        bw_buf_printf(out, "status %d", result->http_status);
    } else {
        bw_buf_text(out, "passed");
    }
    bw_buf_printf(out, "%s%s", before, time_text(text, result->duration_ns));
    if (result->attempts > 1)
        bw_buf_printf(out, ", %u attempts", result->attempts);
}

/* On lines of its own, broken between words. */
static void put_wrapped(struct bw_buf *out, const char *text, size_t columns)
{
    struct bw_span rest = bw_span_of(text), word;
    size_t at = columns;
    while (bw_span_split(&rest, ' ', &word)) {
        const size_t width = bw_terminal_width(word.data, word.len);
        const bool fits = at + 1 + width <= columns;
        bw_buf_text(out, fits ? " " : "\n  ");
        bw_buf_bytes(out, word.data, word.len);
        at = fits ? at + 1 + width : 2 + width;
    }
}

/* "CRITICAL: http https://example.com/: connection refused (…) after 3ms, 2 attempts", in one line
 * for programs, for people too where it fits. */
static void put_verdict(struct bw_buf *out, const struct bw_terminal *terminal,
                        const struct bw_probe_subject *subject,
                        const struct bw_probe_result *result)
{
    static const enum bw_tone tones[] = { BW_TONE_GOOD, BW_TONE_WARNING, BW_TONE_BAD, BW_TONE_DIM };
    const enum bw_verdict verdict = bw_probe_verdict(result);
    const char *name = bw_verdict_name(verdict);
    struct bw_buf about, outcome;
    char shown[SHOWN_BYTES_MAX];
    bw_buf_init(&about, TEXT_BYTES_MAX);
    bw_buf_init(&outcome, TEXT_BYTES_MAX);
    bw_text_hide_userinfo(shown, sizeof shown, subject->target);
    bw_mask_text(NULL, shown, sizeof shown);
    bw_buf_printf(&about, ": %s ", subject->kind);
    put_safe(&about, terminal, shown);
    put_outcome(&outcome, terminal, result);
    bw_terminal_tone(out, terminal, tones[verdict], name);
    bw_buf_text(out, about.data);
    if (terminal->interactive
        && strlen(name) + bw_terminal_width(about.data, about.len) + 2
                   + bw_terminal_width(outcome.data, outcome.len)
               > terminal->columns)
        put_wrapped(out, outcome.data, terminal->columns);
    else
        bw_buf_printf(out, ": %s", outcome.data);
    bw_buf_fini(&about);
    bw_buf_fini(&outcome);
}

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

/* 'label'=value[UOM];[warn];[crit];[min];[max] */
static void put_performance(struct bw_buf *out, const struct bw_probe_result *result)
{
    bw_buf_printf(out, " | duration=%.6fs;;;0;%.6f", seconds(result->duration_ns),
                  seconds(result->timeout_ns));
    for (enum bw_probe_phase i = 0; i < BW_PHASE_COUNT; i++) {
        if (result->phase_seen[i])
            bw_buf_printf(out, " %s=%.6fs;;;0", bw_probe_phase_name(i),
                          seconds(result->phase_ns[i]));
    }
}

static double share(int64_t part_ns, int64_t whole_ns)
{
    return whole_ns > 0 ? (double)part_ns / (double)whole_ns : 0;
}

/* From one place to another, 0..1 of the columns. A bar begins at a whole column; its end is as
 * fine as the characters are: an eighth of a column, or a whole one. */
static void put_bar(struct bw_buf *out, const struct bw_terminal *terminal, enum bw_tone tone,
                    double from, double to, size_t columns)
{
    static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
    const size_t parts = terminal->utf8 ? 8 : 1;
    size_t begin = (size_t)(from * (double)columns + 0.5);
    begin = begin < columns ? begin : columns - 1;
    const size_t end = (size_t)(to * (double)(columns * parts) + 0.5);
    const size_t length = end > begin * parts ? end - begin * parts : 0;
    struct bw_buf bar;
    bw_buf_init(&bar, TEXT_BYTES_MAX);
    for (size_t i = 0; i < length / parts; i++)
        bw_buf_text(&bar, terminal->utf8 ? "█" : "#");
    if (length % parts > 0)
        bw_buf_text(&bar, eighths[length % parts]);
    if (length == 0)
        bw_buf_text(&bar, terminal->utf8 ? "▏" : "|");
    bw_buf_fill(out, ' ', begin);
    bw_terminal_tone(out, terminal, tone, bar.data);
    bw_buf_fini(&bar);
}

static size_t bar_columns(const struct bw_terminal *terminal)
{
    const size_t taken = 2 + NAME_COLUMNS + TIME_COLUMNS + 2 + sizeof " <" - 1;
    return terminal->columns > taken + BAR_COLUMNS_MIN ? terminal->columns - taken
                                                       : BAR_COLUMNS_MIN;
}

/* The phases one below the other, each bar where its time was. */
static void put_phases(struct bw_buf *out, const struct bw_terminal *terminal,
                       const struct bw_probe_result *result)
{
    const size_t columns = bar_columns(terminal);
    int64_t whole_ns = 0, before_ns = 0;
    for (enum bw_probe_phase i = 0; i < BW_PHASE_COUNT; i++)
        whole_ns += result->phase_seen[i] ? result->phase_ns[i] : 0;
    for (enum bw_probe_phase i = 0; i < BW_PHASE_COUNT; i++) {
        char text[BW_DURATION_TEXT_MAX];
        const bool ended_here = !result->success && i == result->last_phase;
        if (!result->phase_seen[i])
            continue;
        const int64_t after_ns = before_ns + result->phase_ns[i];
        bw_buf_printf(out, "  %-*s%*s  ", NAME_COLUMNS, bw_probe_phase_name(i), TIME_COLUMNS,
                      time_text(text, result->phase_ns[i]));
        put_bar(out, terminal, ended_here ? BW_TONE_BAD : BW_TONE_DRAWN, share(before_ns, whole_ns),
                share(after_ns, whole_ns), columns);
        if (ended_here)
            bw_buf_text(out, terminal->utf8 ? " ✗" : " <");
        bw_buf_char(out, '\n');
        before_ns = after_ns;
    }
}

static void put_certificate(struct bw_buf *out, const struct bw_terminal *terminal,
                            const struct bw_probe_result *result, int64_t now_ms)
{
    char ends[BW_RFC3339_MAX], left[BW_DURATION_TEXT_MAX];
    const int64_t ends_ms = result->certificate_expiry_s * 1000;
    const bool is_near = ends_ms > now_ms && ends_ms - now_ms < INT64_MAX / BW_MS;
    bw_format_rfc3339(ends, ends_ms);
    if (is_near)
        bw_format_duration_short(left, (ends_ms - now_ms) * BW_MS);
    bw_buf_printf(out, "  %-*s ", NAME_COLUMNS, "certificate");
    if (is_near && terminal->columns < CERTIFICATE_COLUMNS)
        bw_buf_printf(out, "ends in %s\n", left);
    else if (is_near)
        bw_buf_printf(out, "ends %s, in %s\n", ends, left);
    else
        bw_buf_printf(out, "ends %s%s\n", ends, ends_ms > now_ms ? "" : ", it has ended");
}

static void put_transcript(struct bw_buf *out, const struct bw_terminal *terminal,
                           struct bw_span transcript)
{
    static const enum bw_tone tones[BW_TRANSCRIPT_MARKS] = {
        [BW_TRANSCRIPT_NOTE] = BW_TONE_DIM,
        [BW_TRANSCRIPT_VERDICT] = BW_TONE_BOLD,
    };
    struct bw_transcript_line line;
    if (transcript.len > 0)
        bw_buf_char(out, '\n');
    while (bw_transcript_next(&transcript, &line)) {
        const char sign[] = { bw_transcript_sign(line.mark), '\0' };
        bw_buf_printf(out, "%*.*s ms ", TIME_COLUMNS, (int)line.at_ms.len, line.at_ms.data);
        bw_terminal_tone(out, terminal, tones[line.mark], sign);
        bw_buf_char(out, ' ');
        bw_terminal_text(out, terminal->utf8, line.words.data, line.words.len);
        bw_buf_char(out, '\n');
    }
}

/* "  192.0.2.1  passed in 12ms", a line an address. */
static void put_parts(struct bw_buf *out, const struct bw_terminal *terminal,
                      const struct bw_probe_result *result)
{
    for (size_t i = 0; i < result->part_count; i++) {
        const struct bw_probe_part *part = &result->parts[i];
        bw_buf_printf(out, "  %s: ", part->address);
        put_outcome(out, terminal, part->result);
        bw_buf_char(out, '\n');
    }
}

void bw_show_probe_text(struct bw_buf *out, const struct bw_terminal *terminal,
                        const struct bw_probe_subject *subject,
                        const struct bw_probe_result *result, int64_t now_ms)
{
    put_verdict(out, terminal, subject, result);
    if (!terminal->interactive)
        put_performance(out, result);
    bw_buf_char(out, '\n');
    put_phases(out, terminal, result);
    if (result->part_count > 1)
        put_parts(out, terminal, result);
    if (result->has_certificate)
        put_certificate(out, terminal, result, now_ms);
    put_transcript(out, terminal, subject->transcript);
}

/* ---- for programs ------------------------------------------------------------------------ */

static void json_phases(struct bw_json *json, const struct bw_probe_result *result)
{
    bw_json_key(json, "phases");
    bw_json_open(json, '{');
    for (enum bw_probe_phase i = 0; i < BW_PHASE_COUNT; i++) {
        if (result->phase_seen[i])
            bw_json_member_double(json, bw_probe_phase_name(i), seconds(result->phase_ns[i]));
    }
    bw_json_close(json, '}');
}

static void json_transcript(struct bw_json *json, struct bw_span transcript)
{
    struct bw_transcript_line line;
    double ms;
    bw_json_key(json, "transcript");
    bw_json_open(json, '[');
    while (bw_transcript_next(&transcript, &line)) {
        bw_json_open(json, '{');
        if (bw_parse_double(line.at_ms.data, line.at_ms.len, &ms))
            bw_json_member_double(json, "ms", ms);
        bw_json_member_text(json, "kind", bw_transcript_mark_name(line.mark));
        bw_json_key(json, "text");
        bw_json_text_n(json, line.words.data, line.words.len);
        bw_json_close(json, '}');
    }
    bw_json_close(json, ']');
}

static void json_parts(struct bw_json *json, const struct bw_probe_result *result)
{
    bw_json_key(json, "addresses");
    bw_json_open(json, '[');
    for (size_t i = 0; i < result->part_count; i++) {
        const struct bw_probe_result *part = result->parts[i].result;
        bw_json_open(json, '{');
        bw_json_member_text(json, "address", result->parts[i].address);
        bw_json_member_bool(json, "success", part->success);
        bw_json_member_text(json, "reason", bw_reason_name(part->reason));
        bw_json_member_text(json, "detail", part->detail);
        bw_json_close(json, '}');
    }
    bw_json_close(json, ']');
}

void bw_show_probe_json(struct bw_buf *out, const struct bw_probe_subject *subject,
                        const struct bw_probe_result *result)
{
    struct bw_json json = bw_json_to(out);
    char shown[SHOWN_BYTES_MAX];
    bw_text_hide_userinfo(shown, sizeof shown, subject->target);
    bw_mask_text(NULL, shown, sizeof shown);
    bw_json_open(&json, '{');
    bw_json_member_text(&json, "kind", subject->kind);
    bw_json_member_text(&json, "target", shown);
    bw_json_member_text(&json, "module", subject->module);
    bw_json_member_text(&json, "verdict", bw_verdict_name(bw_probe_verdict(result)));
    bw_json_member_bool(&json, "success", result->success);
    bw_json_member_bool(&json, "warned", result->warned);
    bw_json_member_text(&json, "reason", bw_reason_name(result->reason));
    bw_json_member_text(&json, "detail", result->detail);
    bw_json_member_text(&json, "warning", result->warning);
    bw_json_member_int(&json, "attempts", result->attempts);
    bw_json_member_double(&json, "duration_seconds", seconds(result->duration_ns));
    bw_json_member_double(&json, "timeout_seconds", seconds(result->timeout_ns));
    json_phases(&json, result);
    bw_json_key(&json, "http_status");
    if (result->http_status != 0)
        bw_json_int(&json, result->http_status);
    else
        bw_json_null(&json);
    bw_json_member_time(&json, "certificate_expires",
                        result->has_certificate ? result->certificate_expiry_s * 1000 : 0);
    if (result->part_count > 0)
        json_parts(&json, result);
    if (subject->transcript.data != NULL)
        json_transcript(&json, subject->transcript);
    bw_json_close(&json, '}');
    bw_buf_char(out, '\n');
}
