// SPDX-License-Identifier: GPL-3.0-or-later
/* What an answer is worth. Records are read once, all of them, so that a broken one is found
 * before anything is believed; they are printed again for the patterns, if there are any. */
#include "probe/dns.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/units.h"
#include "probe/dns_names.h"
#include "probe/trail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_BYTES_MAX = 256 << 10, /* of all data: 64 KiB, each byte of it escaped */
    CHANGES_AT_ONCE = 4,
    SHOWN_RECORDS_MAX = 4, /* in words about a change */
    SHOWN_BYTES_MAX = 88,
    RECORDS_TOLD_MAX = 20, /* in a transcript */
};

#define CHANGE_EACH_NS (15 * BW_MINUTE)

struct bw_dns_memory {
    bool known; /* there was an answer */
    uint64_t digest;
    char shown[SHOWN_BYTES_MAX]; /* the same for people */
    unsigned untold;             /* changes since the last that was told */
    int64_t credit_ns;           /* monotonic: each change told moves it on */
    char change[BW_PROBE_DETAIL_BYTES_MAX];
};

struct bw_dns_memory *bw_dns_memory_new(void)
{
    return bw_alloc(sizeof(struct bw_dns_memory));
}

void bw_dns_memory_free(void *memory)
{
    free(memory);
}

/* ---- reading ---- */

static void find_serial(const struct bw_dns_message *message, const struct bw_dns_record *record,
                        struct bw_dns_findings *findings)
{
    if (record->section == BW_DNS_ANSWER && bw_dns_serial(message, record, &findings->serial))
        findings->has_serial = true;
}

/* Adds up, so that the order does not matter. Signatures are made anew all the time. */
static void add_to_digest(const struct bw_dns_record *record, const struct bw_buf *data,
                          struct bw_dns_findings *findings)
{
    if (record->section != BW_DNS_ANSWER || record->type == BW_DNS_RRSIG
        || record->type == BW_DNS_OPT)
        return;
    findings->digest += bw_hash(data->data, data->len, record->type);
}

/* Reads all records. NULL, or what is wrong. */
static const char *read_records(const struct bw_dns_message *message, struct bw_buf *text,
                                struct bw_dns_findings *findings)
{
    struct bw_dns_walk walk = { 0 };
    struct bw_dns_record record;
    size_t total = 0;
    while (bw_dns_next(message, &walk, &record)) {
        bw_buf_clear(text);
        if (record.type != BW_DNS_OPT && !bw_dns_print_data(message, &record, text))
            return "the data of a record is broken";
        total += text->len;
        if (bw_buf_failed(text) || total > TEXT_BYTES_MAX)
            return "its records are too large";
        add_to_digest(&record, text, findings);
        find_serial(message, &record, findings);
    }
    return NULL;
}

/* ---- the transcript ---- */

static void tell(const struct bw_dns_message *message, struct bw_buf *text,
                 struct bw_probe_outcome *out)
{
    static const char *const names[] = { "answer", "authority", "additional" };
    struct bw_dns_walk walk = { 0 };
    struct bw_dns_record record;
    char rcode[BW_DNS_WORD_MAX];
    const uint16_t flags = message->flags;
    bw_dns_rcode_text(rcode, message->rcode);
    bw_trail_say(out, "answer of %zu bytes: %s%s%s%s%s, records %zu, %zu, %zu", message->len, rcode,
                 flags & BW_DNS_AA ? ", authoritative" : "", flags & BW_DNS_TC ? ", truncated" : "",
                 flags & BW_DNS_RA ? ", recursion available" : "",
                 flags & BW_DNS_AD ? ", authenticated" : "", message->counts[0], message->counts[1],
                 message->counts[2]);
    int section = -1;
    for (int left = RECORDS_TOLD_MAX; left > 0 && bw_dns_next(message, &walk, &record); left--) {
        bw_buf_clear(text);
        bw_dns_print(message, &record, text);
        if ((int)record.section != section)
            bw_trail_say(out, "%s:", names[record.section]);
        section = (int)record.section;
        bw_trail_add(out, BW_TRAIL_HEARD, text->data, text->len);
    }
}

/* ---- verdicts ---- */

static bool is_valid_rcode(const struct bw_dns_plan *plan, unsigned rcode)
{
    if (plan->rcode_count == 0)
        return rcode == BW_DNS_NOERROR;
    for (size_t i = 0; i < plan->rcode_count; i++) {
        if (plan->rcodes[i] == rcode)
            return true;
    }
    return false;
}

static void judge_rcode(const struct bw_dns_plan *plan, unsigned rcode,
                        struct bw_probe_outcome *out)
{
    char word[BW_DNS_WORD_MAX], wanted[BW_DNS_WORD_MAX];
    if (is_valid_rcode(plan, rcode))
        return;
    bw_dns_rcode_text(word, rcode);
    bw_dns_rcode_text(wanted, plan->rcode_count > 0 ? plan->rcodes[0] : BW_DNS_NOERROR);
    bw_probe_fail(out, rcode == BW_DNS_NXDOMAIN ? BW_REASON_DNS_NXDOMAIN : BW_REASON_DNS_RCODE,
                  "%.80s: %s, expected %s%s", plan->query_name, word, wanted,
                  plan->rcode_count > 1 ? " or others" : "");
}

/* The patterns of one section, and how they fare. */
struct section {
    const char *name;
    const struct bw_regex_list *patterns; /* by rule */
    int64_t *left_ns;
    bool any, all;
    struct bw_probe_outcome *out;
};

static void complain(struct section *s, const char *what, const struct bw_regex *regex,
                     const char *record)
{
    bw_probe_fail(s->out, BW_REASON_ASSERTION_RECORDS, "%s: %s%s%.60s%s%s%.90s", s->name, what,
                  regex != NULL ? " '" : "", regex != NULL ? bw_regex_pattern(regex) : "",
                  regex != NULL ? "'" : "", record != NULL ? ": " : "",
                  record != NULL ? record : "");
}

/* False when it cannot go on. */
static bool try_rule(struct section *s, enum bw_dns_rule rule, const struct bw_buf *text)
{
    const struct bw_regex_list *list = &s->patterns[rule];
    for (size_t i = 0; i < list->count; i++) {
        const enum bw_regex_verdict verdict =
            bw_regex_search(list->items[i], text->data, text->len, s->left_ns);
        if (verdict == BW_REGEX_GAVE_UP) {
            complain(s, "a record took too long to match with", list->items[i], NULL);
            return false;
        }
        const bool matches = verdict == BW_REGEX_YES;
        if (rule == BW_DNS_IF_MATCHES && matches) {
            complain(s, "a record matches", list->items[i], text->data);
            return false;
        }
        if (rule == BW_DNS_IF_NOT_MATCHES && !matches) {
            complain(s, "a record does not match", list->items[i], text->data);
            return false;
        }
        s->all = s->all && (matches || rule != BW_DNS_IF_ALL_MATCH);
        s->any = s->any || (matches && rule == BW_DNS_IF_NONE_MATCHES);
    }
    return true;
}

/* As blackbox_exporter 0.23 goes about it, its reading of fail_if_all_match_regexp included. */
static void judge_section(const struct bw_dns_message *message, enum bw_dns_section section,
                          struct section *s, struct bw_buf *text)
{
    struct bw_dns_walk walk = { 0 };
    struct bw_dns_record record;
    const struct bw_regex_list *none = &s->patterns[BW_DNS_IF_NONE_MATCHES];
    const struct bw_regex_list *all = &s->patterns[BW_DNS_IF_ALL_MATCH];
    if (message->counts[section] == 0
        && (none->count > 0 || s->patterns[BW_DNS_IF_NOT_MATCHES].count > 0)) {
        complain(s, "no records", NULL, NULL);
        return;
    }
    while (bw_dns_next(message, &walk, &record)) {
        if (record.section != section)
            continue;
        bw_buf_clear(text);
        bw_dns_print(message, &record, text);
        for (int rule = 0; rule < BW_DNS_RULES; rule++) {
            if (!try_rule(s, (enum bw_dns_rule)rule, text))
                return;
        }
    }
    if (all->count > 0 && !s->all)
        complain(s, "not every record matches", all->items[0], NULL);
    else if (none->count > 0 && !s->any)
        complain(s, "no record matches", none->items[0], NULL);
}

static void judge_records(const struct bw_dns_plan *plan, const struct bw_dns_message *message,
                          struct bw_buf *text, struct bw_probe_outcome *out)
{
    static const char *const names[] = { "answer", "authority", "additional" };
    int64_t left_ns = BW_REGEX_LOOP_NS;
    for (int i = 0; i < BW_DNS_SECTIONS && out->reason == BW_REASON_NONE; i++) {
        struct section section = { .name = names[i],
                                   .patterns = plan->patterns[i],
                                   .left_ns = &left_ns,
                                   .all = true,
                                   .out = out };
        size_t patterns = 0;
        for (int rule = 0; rule < BW_DNS_RULES; rule++)
            patterns += plan->patterns[i][rule].count;
        if (patterns > 0)
            judge_section(message, (enum bw_dns_section)i, &section, text);
    }
}

/* ---- changes ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "A 192.0.2.1, A 192.0.2.2 and 3 more" */
static void show(const struct bw_dns_message *message, struct bw_buf *text,
                 char out[SHOWN_BYTES_MAX])
{
    struct bw_dns_walk walk = { 0 };
    struct bw_dns_record record;
    char **lines = bw_alloc_array(message->counts[BW_DNS_ANSWER] + 1, sizeof *lines);
    size_t count = 0, used = 0;
    while (bw_dns_next(message, &walk, &record) && record.section == BW_DNS_ANSWER) {
        char type[BW_DNS_WORD_MAX];
        if (record.type == BW_DNS_RRSIG)
            continue;
        bw_dns_type_text(type, record.type);
        bw_buf_clear(text);
        bw_buf_printf(text, "%s ", type);
        bw_dns_print_data(message, &record, text);
        lines[count++] = bw_strdup(text->data);
    }
    qsort(lines, count, sizeof *lines, by_text);
    snprintf(out, SHOWN_BYTES_MAX, "no records");
    size_t shown = 0;
    while (shown < count && shown < SHOWN_RECORDS_MAX && used + 24 < SHOWN_BYTES_MAX) {
        const int put = snprintf(out + used, SHOWN_BYTES_MAX - 16 - used, "%s%s",
                                 shown > 0 ? ", " : "", lines[shown]);
        used +=
            (size_t)put < SHOWN_BYTES_MAX - 16 - used ? (size_t)put : SHOWN_BYTES_MAX - 17 - used;
        shown++;
    }
    if (shown < count)
        snprintf(out + used, SHOWN_BYTES_MAX - used, " and %zu more", count - shown);
    for (size_t i = 0; i < count; i++)
        free(lines[i]);
    free(lines);
}

/* Names that are served from a pool change all the time: that is worth a few words, not a book. */
static bool may_tell(struct bw_dns_memory *memory, int64_t now_ns)
{
    const int64_t earliest_ns = now_ns - CHANGES_AT_ONCE * CHANGE_EACH_NS;
    if (memory->credit_ns == 0 || memory->credit_ns < earliest_ns)
        memory->credit_ns = earliest_ns;
    if (memory->credit_ns + CHANGE_EACH_NS > now_ns) {
        memory->untold++;
        return false;
    }
    memory->credit_ns += CHANGE_EACH_NS;
    return true;
}

static void tell_change(struct bw_dns_memory *memory, const char *now, struct bw_probe_outcome *out)
{
    char more[40] = "";
    if (memory->untold > 0)
        snprintf(more, sizeof more, ", after %u changes more", memory->untold);
    snprintf(memory->change, sizeof memory->change, "the answer changed from %s to %s%s",
             memory->shown, now, more);
    memory->untold = 0;
    out->change = memory->change;
}

static void remember(struct bw_dns_memory *memory, const struct bw_dns_message *message,
                     const struct bw_dns_findings *findings, struct bw_buf *text,
                     struct bw_probe_outcome *out)
{
    char now[SHOWN_BYTES_MAX];
    if (memory->known && memory->digest == findings->digest)
        return;
    show(message, text, now);
    if (memory->known && may_tell(memory, bw_loop_mono_ns()))
        tell_change(memory, now, out);
    memory->known = true;
    memory->digest = findings->digest;
    memcpy(memory->shown, now, sizeof memory->shown);
}

/* ---- all of it ---- */

static void judge(const struct bw_dns_plan *plan, const struct bw_dns_message *message,
                  struct bw_dns_memory *memory, struct bw_dns_findings *findings,
                  struct bw_buf *text, struct bw_probe_outcome *out)
{
    findings->answered = true;
    findings->rcode = message->rcode;
    findings->flags = message->flags;
    memcpy(findings->counts, message->counts, sizeof findings->counts);
    judge_rcode(plan, message->rcode, out);
    const bool is_answer = out->reason == BW_REASON_NONE && (message->flags & BW_DNS_TC) == 0;
    findings->has_digest = is_answer;
    if (out->reason == BW_REASON_NONE)
        judge_records(plan, message, text, out);
    if (is_answer && memory != NULL && plan->answer_changes)
        remember(memory, message, findings, text, out);
    if (bw_trail_is_wanted(out))
        tell(message, text, out);
}

void bw_dns_judge(const struct bw_dns_plan *plan, const uint8_t *bytes, size_t len,
                  struct bw_dns_memory *memory, struct bw_dns_findings *out_findings,
                  struct bw_probe_outcome *out)
{
    struct bw_dns_message message;
    struct bw_buf text;
    const char *wrong = bw_dns_read(&message, bytes, len);
    bw_buf_init(&text, TEXT_BYTES_MAX);
    if (wrong == NULL)
        wrong = read_records(&message, &text, out_findings);
    if (wrong == NULL)
        judge(plan, &message, memory, out_findings, &text, out);
    else
        bw_probe_fail(out, BW_REASON_DNS_PROTOCOL, "an answer of %zu bytes: %s", len, wrong);
    bw_buf_fini(&text);
}
