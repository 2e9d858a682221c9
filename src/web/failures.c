// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/failures.h"

#include "base/num.h"
#include "model/transcript.h"
#include "web/parts.h"
#include "web/words.h"

#include <string.h>

/* What a line of a transcript takes besides its words, and what all of a page's may take. */
enum { LINE_MARKUP_BYTES = 60, PAGE_BYTES_MAX = 48 << 10 };

/* ---- reading ---- */

struct taking {
    struct bw_arena *arena;
    struct bw_failures *out;
};

static bool take(void *ctx, const struct bw_failure *failure)
{
    const struct taking *taking = ctx;
    struct bw_failure *copy = &taking->out->items[taking->out->count++];
    *copy = *failure;
    copy->tally.subject = (struct bw_subject){ NULL, NULL, NULL }; /* the one that was asked for */
    copy->cause = bw_arena_strdup(taking->arena, failure->cause);
    copy->phases = bw_arena_strdup(taking->arena, failure->phases);
    copy->transcript = bw_arena_strdup(taking->arena, failure->transcript);
    return taking->out->count < BW_FAILURES_KEPT_MAX;
}

enum bw_rc bw_failures_read(struct bw_request *request, struct bw_reader *reader,
                            const struct bw_subject *subject, struct bw_failures *out,
                            struct bw_err *err)
{
    struct taking taking = { &request->arena, out };
    out->count = 0;
    return bw_reader_failures(reader, subject, take, &taking, NULL, err);
}

/* ---- phases ---- */

static size_t read_phases(struct bw_arena *arena, const char *text,
                          struct bw_view_phase phases[BW_VIEW_PHASES_MAX])
{
    struct bw_span rest = bw_span_of(text), phase, name;
    size_t count = 0;
    while (count < BW_VIEW_PHASES_MAX && bw_span_split(&rest, ' ', &phase)) {
        double seconds;
        if (bw_span_split(&phase, '=', &name) && phase.data != NULL
            && bw_parse_double(phase.data, phase.len, &seconds) && seconds >= 0)
            phases[count++] =
                (struct bw_view_phase){ bw_arena_strndup(arena, name.data, name.len), seconds };
    }
    return count;
}

/* ---- the page ---- */

/* How much a text may become in HTML: & < > " ' take up to six bytes. */
static size_t weight(struct bw_span text)
{
    size_t bytes = text.len;
    for (size_t i = 0; i < text.len; i++)
        bytes += memchr("&<>\"'", text.data[i], 5) != NULL ? 5 : 0;
    return bytes;
}

static size_t weight_of_transcript(const char *transcript)
{
    struct bw_span rest = bw_span_of(transcript);
    struct bw_transcript_line line;
    size_t bytes = 0;
    while (bw_transcript_next(&rest, &line))
        bytes += LINE_MARKUP_BYTES + line.at_ms.len + weight(line.words);
    return bytes;
}

static const char *copy_span(struct bw_arena *arena, struct bw_span text)
{
    return bw_arena_strndup(arena, text.data, text.len);
}

static void show_transcript(struct bw_arena *arena, struct bw_value *item, const char *transcript)
{
    struct bw_span rest = bw_span_of(transcript);
    struct bw_transcript_line line;
    struct bw_value *list = bw_value_add_list(arena, item, "lines");
    while (bw_transcript_next(&rest, &line)) {
        const char sign[] = { bw_transcript_sign(line.mark), '\0' };
        struct bw_value *one = bw_value_add_object(arena, list, NULL);
        bw_value_add_text(arena, one, "at", copy_span(arena, line.at_ms));
        bw_value_add_text(arena, one, "mark", bw_transcript_mark_name(line.mark));
        bw_value_add_text(arena, one, "sign", sign);
        bw_value_add_text(arena, one, "words", copy_span(arena, line.words));
    }
}

static void show_tally(struct bw_request *request, struct bw_value *item,
                       const struct bw_failure_tally *tally)
{
    struct bw_arena *arena = &request->arena;
    if (tally->times > 1)
        bw_value_add_printf(arena, item, "again", "%u\u00d7 until %s", tally->times,
                            bw_words_clock(arena, tally->last_ms, request->now_ms));
    if (tally->left_out > 0)
        bw_value_add_printf(arena, item, "left_out",
                            tally->left_out == 1 ? "1 failure before it was not written down."
                                                 : "%u failures before it were not written down.",
                            tally->left_out);
}

void bw_failures_show(struct bw_request *request, struct bw_value *root,
                      const struct bw_failures *failures, bool open_first)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *list = bw_value_add_list(arena, root, "failures");
    size_t used = 0;
    for (size_t i = 0; i < failures->count; i++) {
        const struct bw_failure *failure = &failures->items[i];
        struct bw_view_phase phases[BW_VIEW_PHASES_MAX];
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_value_add_printf(arena, item, "id", "failure-%lld-%u", (long long)failure->tally.ts_ms,
                            failure->tally.slot);
        bw_value_add_bool(arena, item, "open", open_first && i == 0);
        bw_words_time(arena, item, "when", failure->tally.ts_ms, request->now_ms);
        bw_value_add_text(arena, item, "reason", bw_reason_text(failure->reason));
        bw_words_text(arena, item, "cause", failure->cause);
        bw_value_add_text(arena, item, "took", bw_words_seconds(arena, failure->duration_s));
        if (failure->attempts > 1)
            bw_value_add_printf(arena, item, "attempts", "%u attempts", failure->attempts);
        show_tally(request, item, &failure->tally);
        bw_parts_phases(request, item, phases, read_phases(arena, failure->phases, phases));
        used += weight_of_transcript(failure->transcript);
        if (used <= PAGE_BYTES_MAX)
            show_transcript(arena, item, failure->transcript);
        else
            bw_value_add_bool(arena, item, "too_much", true);
    }
}

/* ---- JSON ---- */

static void tell_transcript(struct bw_arena *arena, struct bw_value *item, const char *transcript)
{
    struct bw_span rest = bw_span_of(transcript);
    struct bw_transcript_line line;
    struct bw_value *list = bw_value_add_list(arena, item, "transcript");
    while (bw_transcript_next(&rest, &line)) {
        struct bw_value *one = bw_value_add_object(arena, list, NULL);
        double ms;
        if (bw_parse_double(line.at_ms.data, line.at_ms.len, &ms))
            bw_value_add_number(arena, one, "ms", ms);
        else
            bw_value_add_null(arena, one, "ms");
        bw_value_add_text(arena, one, "kind", bw_transcript_mark_name(line.mark));
        bw_value_add_text(arena, one, "text", copy_span(arena, line.words));
    }
}

static void tell_phases(struct bw_arena *arena, struct bw_value *item, const char *text)
{
    struct bw_view_phase phases[BW_VIEW_PHASES_MAX];
    const size_t count = read_phases(arena, text, phases);
    struct bw_value *list = bw_value_add_list(arena, item, "phases");
    for (size_t i = 0; i < count; i++) {
        struct bw_value *phase = bw_value_add_object(arena, list, NULL);
        bw_value_add_text(arena, phase, "name", phases[i].name);
        bw_value_add_number(arena, phase, "seconds", phases[i].seconds);
    }
}

void bw_failures_tell(struct bw_arena *arena, struct bw_value *root,
                      const struct bw_failures *failures)
{
    struct bw_value *list = bw_value_add_list(arena, root, "last_failures");
    for (size_t i = 0; i < failures->count; i++) {
        const struct bw_failure *failure = &failures->items[i];
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_value_add_int(arena, item, "ts", failure->tally.ts_ms);
        bw_value_add_int(arena, item, "last_ts", failure->tally.last_ms);
        bw_value_add_int(arena, item, "times", failure->tally.times);
        bw_value_add_int(arena, item, "left_out_before", failure->tally.left_out);
        bw_value_add_text(arena, item, "reason", bw_reason_name(failure->reason));
        bw_words_text(arena, item, "detail", failure->cause);
        bw_value_add_number(arena, item, "duration_seconds", failure->duration_s);
        bw_value_add_int(arena, item, "attempts", failure->attempts);
        tell_phases(arena, item, failure->phases);
        tell_transcript(arena, item, failure->transcript);
    }
}
