// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/show_probe.h"

#include "base/civil.h"
#include "base/json.h"
#include "base/num.h"
#include "base/text.h"
#include "base/units.h"
#include "model/reason.h"
#include "model/transcript.h"

#include <string.h>

enum { SHOWN_BYTES_MAX = 1024 };
enum { NAME_COLUMNS = 12, TIME_COLUMNS = 9, BAR_COLUMNS_MIN = 10 };

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

/* "CRITICAL: http https://example.com/: connection refused (…) after 3ms, 2 attempts" */
static void put_verdict(struct bw_buf *out, const struct bw_terminal *terminal,
                        const struct bw_probe_subject *subject,
                        const struct bw_probe_result *result)
{
    static const enum bw_tone tones[] = { BW_TONE_GOOD, BW_TONE_WARNING, BW_TONE_BAD, BW_TONE_DIM };
    const enum bw_verdict verdict = bw_probe_verdict(result);
    char text[BW_DURATION_TEXT_MAX];
    bw_terminal_tone(out, terminal, tones[verdict], bw_verdict_name(verdict));
    bw_buf_printf(out, ": %s ", subject->kind);
    char shown[SHOWN_BYTES_MAX];
    bw_text_hide_userinfo(shown, sizeof shown, subject->target);
    put_safe(out, terminal, shown);
    if (!result->success)
        bw_buf_printf(out, ": %s", bw_reason_text(result->reason));
    const char *words = result->success ? result->warning : result->detail;
    if (words[0] != '\0') {
        bw_buf_text(out, result->success ? ": " : " (");
        put_safe(out, terminal, words);
        bw_buf_text(out, result->success ? "" : ")");
    } else if (result->success && result->http_status != 0) {
        bw_buf_printf(out, ": status %d", result->http_status);
    }
    bw_buf_printf(out, " %s %s", result->success ? "in" : "after",
                  time_text(text, result->duration_ns));
    if (result->attempts > 1)
        bw_buf_printf(out, ", %u attempts", result->attempts);
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

static size_t cells(int64_t part_ns, int64_t whole_ns, size_t columns)
{
    return whole_ns > 0 ? (size_t)((double)part_ns / (double)whole_ns * (double)columns + 0.5) : 0;
}

static void put_bar(struct bw_buf *out, const struct bw_terminal *terminal, size_t from,
                    size_t length)
{
    bw_buf_fill(out, ' ', from);
    for (size_t i = 0; i < length; i++)
        bw_buf_text(out, terminal->utf8 ? "█" : "#");
    if (length == 0)
        bw_buf_text(out, terminal->utf8 ? "▏" : "|");
}

static void put_phases(struct bw_buf *out, const struct bw_terminal *terminal,
                       const struct bw_probe_result *result)
{
    const size_t taken = 2 + NAME_COLUMNS + TIME_COLUMNS + 3;
    const size_t columns =
        terminal->columns > taken + BAR_COLUMNS_MIN ? terminal->columns - taken : BAR_COLUMNS_MIN;
    int64_t whole_ns = 0, before_ns = 0;
    for (enum bw_probe_phase i = 0; i < BW_PHASE_COUNT; i++)
        whole_ns += result->phase_seen[i] ? result->phase_ns[i] : 0;
    for (enum bw_probe_phase i = 0; i < BW_PHASE_COUNT; i++) {
        char text[BW_DURATION_TEXT_MAX];
        if (!result->phase_seen[i])
            continue;
        const size_t from = cells(before_ns, whole_ns, columns);
        bw_buf_printf(out, "  %-*s%*s  ", NAME_COLUMNS, bw_probe_phase_name(i), TIME_COLUMNS,
                      time_text(text, result->phase_ns[i]));
        before_ns += result->phase_ns[i];
        put_bar(out, terminal, from, cells(before_ns, whole_ns, columns) - from);
        if (!result->success && i == result->last_phase)
            bw_buf_text(out, " <");
        bw_buf_char(out, '\n');
    }
}

static void put_certificate(struct bw_buf *out, const struct bw_probe_result *result,
                            int64_t now_ms)
{
    char ends[BW_RFC3339_MAX], left[BW_DURATION_TEXT_MAX];
    const int64_t ends_ms = result->certificate_expiry_s * 1000;
    bw_format_rfc3339(ends, ends_ms);
    bw_buf_printf(out, "  %-*s ends %s", NAME_COLUMNS, "certificate", ends);
    if (ends_ms > now_ms && ends_ms - now_ms < INT64_MAX / BW_MS)
        bw_buf_printf(out, ", in %s\n", time_text(left, (ends_ms - now_ms) * BW_MS));
    else
        bw_buf_text(out, ends_ms > now_ms ? "\n" : ", it has ended\n");
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

void bw_show_probe_text(struct bw_buf *out, const struct bw_terminal *terminal,
                        const struct bw_probe_subject *subject,
                        const struct bw_probe_result *result, int64_t now_ms)
{
    put_verdict(out, terminal, subject, result);
    if (!terminal->interactive)
        put_performance(out, result);
    bw_buf_char(out, '\n');
    put_phases(out, terminal, result);
    if (result->has_certificate)
        put_certificate(out, result, now_ms);
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

void bw_show_probe_json(struct bw_buf *out, const struct bw_probe_subject *subject,
                        const struct bw_probe_result *result)
{
    struct bw_json json = bw_json_to(out);
    char shown[SHOWN_BYTES_MAX];
    bw_text_hide_userinfo(shown, sizeof shown, subject->target);
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
    if (subject->transcript.data != NULL)
        json_transcript(&json, subject->transcript);
    bw_json_close(&json, '}');
    bw_buf_char(out, '\n');
}
