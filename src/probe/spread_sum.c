// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/spread_sum.h"

#include "base/text.h"
#include "base/units.h"
#include "model/transcript.h"
#include "probe/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef const struct bw_spread_part *part_ref;

/* ---- one part ---- */

void bw_spread_part_take(struct bw_spread_part *part, const struct bw_probe_result *result,
                         bool tell)
{
    struct bw_probe_result *kept = &part->result;
    bw_measures_init(&part->measures, &part->arena);
    bw_buf_init(&part->told, 2 * BW_TRANSCRIPT_BYTES_MAX);
    if (tell)
        bw_probe_tell(result, &part->told);
    bw_measures_append(&part->measures, result->measures);
    *kept = *result;
    kept->retried_detail = bw_arena_strdup(&part->arena, result->retried_detail);
    kept->change = bw_arena_strdup(&part->arena, result->change);
    kept->measures = &part->measures;
    kept->trail = NULL;
    kept->mask = NULL;
    kept->told = part->told.data;
}

void bw_spread_part_fini(struct bw_spread_part *part)
{
    if (part->told.data != NULL)
        bw_buf_fini(&part->told);
    bw_arena_fini(&part->arena);
}

/* What the part took itself: its result counts from when the whole run began. */
static int64_t own_ns(part_ref part)
{
    return part->result.duration_ns - part->start_ns;
}

static void name_part(part_ref part, char out[BW_ADDRESS_TEXT_MAX])
{
    out[0] = '\0';
    if (part->known)
        bw_address_format(out, &part->address);
}

/* ---- the part that speaks for all ---- */

/* What is no fault of the target's weighs less when each has to pass, and more when one is enough:
 * the one that we could not ask might have passed. */
static int weight(part_ref part, enum bw_resolve_mode mode)
{
    if (part->result.success)
        return mode == BW_RESOLVE_ANY ? 3 : 0;
    const bool ours = bw_reason_is_local(part->result.reason);
    return ours == (mode == BW_RESOLVE_ANY) ? 2 : 1;
}

/* The one that decided; of several that failed the first, of several that passed the slowest. */
static part_ref speaker(const struct bw_spread_parts *parts)
{
    part_ref best = parts->items[0];
    for (size_t i = 1; i < parts->count; i++) {
        part_ref part = parts->items[i];
        const int have = weight(best, parts->mode), new = weight(part, parts->mode);
        if (new > have || (new == have && part->result.success &&own_ns(part) > own_ns(best)))
            best = part;
    }
    return best;
}

static size_t failed(const struct bw_spread_parts *parts)
{
    size_t count = 0;
    for (size_t i = 0; i < parts->count; i++)
        count += parts->items[i]->result.success ? 0 : 1;
    return count;
}

/* ---- words ---- */

/* "192.0.2.1: connection refused" */
static void put_failure(struct bw_buf *out, part_ref part)
{
    char name[BW_ADDRESS_TEXT_MAX];
    const struct bw_probe_result *result = &part->result;
    name_part(part, name);
    bw_buf_printf(out, "%s: %s", name,
                  result->detail[0] != '\0' ? result->detail : bw_reason_text(result->reason));
}

static void put_each(struct bw_buf *out, const struct bw_spread_parts *parts, part_ref speaking)
{
    const size_t bad = failed(parts);
    if (bad > 0) {
        bw_buf_printf(out, "%zu of %zu addresses failed; ", bad, parts->count);
        put_failure(out, speaking);
    } else {
        bw_buf_printf(out, "%zu address%s passed%s%s", parts->count, parts->count == 1 ? "" : "es",
                      speaking->result.detail[0] != '\0' ? "; " : "", speaking->result.detail);
    }
    if (parts->addresses > parts->count)
        bw_buf_printf(out, "; %zu more were not asked", parts->addresses - parts->count);
}

static void put_any(struct bw_buf *out, const struct bw_spread_parts *parts, part_ref speaking)
{
    char name[BW_ADDRESS_TEXT_MAX];
    name_part(speaking, name);
    if (speaking->result.success)
        bw_buf_printf(out, "%s passed", name);
    else
        bw_buf_printf(out, "none of %zu addresses passed", parts->count);
    for (size_t i = 0; i < parts->count; i++) {
        if (parts->items[i]->result.success)
            continue;
        bw_buf_text(out, "; ");
        put_failure(out, parts->items[i]);
    }
    if (speaking->result.success && speaking->result.detail[0] != '\0')
        bw_buf_printf(out, "; %s", speaking->result.detail);
}

static void put_detail(struct bw_probe_result *out, const struct bw_spread_parts *parts,
                       part_ref speaking)
{
    struct bw_buf text;
    bw_buf_init(&text, 65536);
    (parts->mode == BW_RESOLVE_EACH ? put_each : put_any)(&text, parts, speaking);
    bw_probe_quote(out->detail, sizeof out->detail, text.data, text.len);
    bw_buf_fini(&text);
}

/* ---- facts of several ---- */

/* "192.0.2.1: …", of the first that warns. */
static void take_warning(struct bw_probe_result *out, part_ref part)
{
    char name[BW_ADDRESS_TEXT_MAX], line[BW_PROBE_DETAIL_BYTES_MAX + BW_ADDRESS_TEXT_MAX + 2];
    if (!part->result.warned || out->warned)
        return;
    name_part(part, name);
    snprintf(line, sizeof line, "%s: %s", name, part->result.warning);
    out->warned = true;
    out->reason = part->result.reason;
    bw_probe_quote(out->warning, sizeof out->warning, line, strlen(line));
}

static void take_retry(struct bw_arena *arena, struct bw_probe_result *out, part_ref part)
{
    char name[BW_ADDRESS_TEXT_MAX];
    if (part->result.attempts > out->attempts)
        out->attempts = part->result.attempts;
    if (part->result.retried_reason == BW_REASON_NONE || out->retried_reason != BW_REASON_NONE)
        return;
    name_part(part, name);
    out->retried_reason = part->result.retried_reason;
    out->retried_detail =
        bw_arena_printf(arena, "%s: %s", name,
                        part->result.retried_detail != NULL ? part->result.retried_detail : "");
}

static void take_change(struct bw_arena *arena, struct bw_probe_result *out, part_ref part)
{
    char name[BW_ADDRESS_TEXT_MAX];
    if (out->change != NULL || part->result.change == NULL)
        return;
    name_part(part, name);
    out->change = bw_arena_printf(arena, "%s: %s", name, part->result.change);
}

static void take_certificate(struct bw_probe_result *out, part_ref part)
{
    const struct bw_probe_result *result = &part->result;
    if (!result->has_certificate
        || (out->has_certificate && out->certificate_expiry_s <= result->certificate_expiry_s))
        return;
    out->has_certificate = true;
    out->certificate_expiry_s = result->certificate_expiry_s;
}

/* With `each` all of them count, with `any` the one that passed. */
static void take_facts(struct bw_arena *arena, struct bw_probe_result *out,
                       const struct bw_spread_parts *parts, part_ref speaking)
{
    for (size_t i = 0; i < parts->count; i++) {
        part_ref part = parts->items[i];
        take_retry(arena, out, part);
        take_change(arena, out, part);
        if (parts->mode == BW_RESOLVE_ANY && part != speaking)
            continue;
        take_certificate(out, part);
        if (out->success)
            take_warning(out, part);
    }
}

/* ---- measures ---- */

static int by_address(const void *a, const void *b)
{
    part_ref const *x = a, *y = b;
    const struct bw_address *p = &(*x)->address, *q = &(*y)->address;
    if (p->family != q->family)
        return p->family == AF_INET ? -1 : 1;
    return memcmp(&p->ip6, &q->ip6, p->family == AF_INET ? 4 : 16);
}

/* In the order of addresses: name servers turn theirs round, and the same series should come in the
 * same order. */
static void measure_addresses(struct bw_measures *out, const struct bw_spread_parts *parts)
{
    part_ref sorted[BW_SPREAD_ADDRESSES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < parts->count; i++) {
        if (parts->items[i]->known)
            sorted[count++] = parts->items[i];
    }
    qsort(sorted, count, sizeof *sorted, by_address);
    bw_measures_add(out, BW_METRIC_PROBE_ADDRESSES, (double)parts->addresses, NULL);
    for (size_t i = 0; i < count; i++) {
        char name[BW_ADDRESS_TEXT_MAX];
        name_part(sorted[i], name);
        bw_measures_add(out, BW_METRIC_PROBE_ADDRESS_SUCCESS, sorted[i]->result.success,
                        BW_LABEL_VALUES(name));
        bw_measures_add(out, BW_METRIC_PROBE_ADDRESS_DURATION_SECONDS,
                        (double)own_ns(sorted[i]) / BW_SECOND, BW_LABEL_VALUES(name));
    }
}

static bool is_histogram(enum bw_family_id family)
{
    return family < BW_METRIC_COUNT && bw_family_row(family)->type == BW_TYPE_HISTOGRAM;
}

/* Those of the part that speaks, with the whole run's in their places. */
static void take_measures(struct bw_measures *out, const struct bw_probe_result *whole,
                          part_ref speaking)
{
    const struct bw_measures *from = &speaking->measures;
    for (size_t i = 0; i < from->count; i++) {
        const struct bw_measure *m = &from->items[i];
        if (is_histogram(m->family))
            continue; /* it counts one address since the start, and another may speak next time */
        double value = m->value;
        if (m->family == BW_METRIC_PROBE_DURATION_SECONDS)
            value = (double)whole->duration_ns / BW_SECOND;
        else if (m->family == BW_METRIC_PROBE_SSL_EARLIEST_CERT_EXPIRY && whole->has_certificate)
            value = (double)whole->certificate_expiry_s;
        bw_measures_add_part(out, m->family, m->part, m->bound, value, m->labels);
    }
}

/* ---- the transcript ---- */

/* The lines that fit, and the last one whatever else has to go; it may be cut. */
static void put_lines(struct bw_buf *out, const char *text, size_t room)
{
    const size_t len = strlen(text);
    size_t last = len > 0 ? len - 1 : 0; /* where the last line begins */
    while (last > 0 && text[last - 1] != '\n')
        last--;
    if (len - last > room) {
        bw_buf_bytes(out, text + last, bw_utf8_valid_prefix(text + last, room - 1));
        bw_buf_char(out, '\n');
        return;
    }
    const size_t before = room > len - last ? room - (len - last) : 0;
    size_t end = last;
    while (end > before) { /* to the end of the line before */
        end--;
        while (end > 0 && text[end - 1] != '\n')
            end--;
    }
    bw_buf_bytes(out, text, end);
    bw_buf_text(out, text + last);
}

static size_t count_told(const struct bw_spread_parts *parts)
{
    size_t told = 0;
    for (size_t i = 0; i < parts->count; i++)
        told += parts->items[i]->told.len > 0 ? 1 : 0;
    return told;
}

static void put_end(struct bw_buf *out, const struct bw_probe_result *whole)
{
    bw_buf_printf(out, "%.1f %c %s: %s\n", (double)whole->duration_ns / BW_MS,
                  bw_transcript_sign(BW_TRANSCRIPT_VERDICT),
                  whole->success ? "passed" : bw_reason_text(whole->reason), whole->detail);
}

/* Each part has an equal share of the room that is left. */
static const char *tell(struct bw_arena *arena, const struct bw_spread_parts *parts,
                        const struct bw_probe_result *whole)
{
    enum { HEAD_BYTES = 100, END_BYTES = BW_PROBE_DETAIL_BYTES_MAX + 100 };
    const size_t room = BW_TRANSCRIPT_BYTES_MAX - END_BYTES;
    struct bw_buf out;
    size_t left = count_told(parts);
    bw_buf_init(&out, 2 * BW_TRANSCRIPT_BYTES_MAX);
    for (size_t i = 0; i < parts->count; i++) {
        char name[BW_ADDRESS_TEXT_MAX];
        part_ref part = parts->items[i];
        if (part->told.len == 0 || out.len + left * HEAD_BYTES > room)
            continue;
        name_part(part, name);
        const size_t share = (room - out.len) / left - HEAD_BYTES;
        bw_buf_printf(&out, "%.1f %c address %zu of %zu: %s\n", (double)part->start_ns / BW_MS,
                      bw_transcript_sign(BW_TRANSCRIPT_NOTE), i + 1, parts->addresses, name);
        put_lines(&out, part->told.data, share);
        left--;
    }
    put_end(&out, whole);
    const char *text = bw_arena_strndup(arena, out.data, out.len);
    bw_buf_fini(&out);
    return text;
}

/* ---- all of it ---- */

static void list_parts(struct bw_arena *arena, const struct bw_spread_parts *parts,
                       struct bw_probe_result *out)
{
    struct bw_probe_part *list = bw_arena_array(arena, parts->count, sizeof *list);
    out->parts = list;
    out->part_count = 0;
    for (size_t i = 0; i < parts->count; i++) {
        if (!parts->items[i]->known)
            continue;
        name_part(parts->items[i], list[out->part_count].address);
        list[out->part_count++].result = &parts->items[i]->result;
    }
}

struct bw_probe_result *bw_spread_sum(struct bw_arena *arena, const struct bw_spread_parts *parts)
{
    part_ref speaking = speaker(parts);
    struct bw_measures *measures = bw_arena_alloc(arena, sizeof *measures);
    struct bw_probe_result *out = bw_arena_alloc(arena, sizeof *out);
    *out = speaking->result;
    out->warned = false;
    out->warning[0] = '\0';
    out->reason = out->success ? BW_REASON_NONE : out->reason;
    out->retried_reason = BW_REASON_NONE;
    out->retried_detail = NULL;
    out->has_certificate = false;
    out->change = NULL;
    out->duration_ns = parts->duration_ns;
    out->timeout_ns = parts->timeout_ns;
    take_facts(arena, out, parts, speaking);
    if (parts->addresses > 0) /* else the name has told all there is */
        put_detail(out, parts, speaking);
    bw_measures_init(measures, arena);
    take_measures(measures, out, speaking);
    if (parts->addresses > 0)
        measure_addresses(measures, parts);
    out->measures = measures;
    list_parts(arena, parts, out);
    out->told = tell(arena, parts, out);
    return out;
}
