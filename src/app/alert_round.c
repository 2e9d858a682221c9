// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/alert_round.h"

#include "base/limits.h"

#include <string.h>

/* Of the labels of a series: there may be ten thousand to write at a time. */
enum { TEXT_BYTES_USUAL = 240 };

/* ---- labels ---------------------------------------------------------------------------- */

const char *bw_alert_labels_text(struct bw_arena *arena, struct bw_labels labels)
{
    struct bw_buf text;
    bw_buf_init(&text, (size_t)BW_LABELS_MAX * 2 * BW_LABEL_VALUE_BYTES_MAX);
    bw_buf_reserve(&text, TEXT_BYTES_USUAL);
    bw_series_text(&text, "", labels);
    const char *copied = bw_arena_strndup(arena, text.data, text.len);
    bw_buf_fini(&text);
    return copied;
}

/* The text is ours: it parses. */
size_t bw_alert_labels_read(struct bw_arena *arena, const char *text, struct bw_metric_label *out)
{
    struct bw_selector selector;
    if (text[0] == '\0' || bw_selector_parse(arena, text, &selector, NULL) != BW_OK)
        return 0;
    for (size_t i = 0; i < selector.count; i++)
        out[i] = (struct bw_metric_label){ selector.matchers[i].name, selector.matchers[i].value };
    return selector.count;
}

const char *bw_alert_label(const struct bw_metric_label *labels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(labels[i].name, name) == 0)
            return labels[i].value;
    }
    return "";
}

struct bw_subject bw_alert_subject(struct bw_arena *arena, const char *labels_text)
{
    struct bw_metric_label labels[BW_LABELS_MAX];
    const size_t count = bw_alert_labels_read(arena, labels_text, labels);
    return (struct bw_subject){ bw_alert_label(labels, count, "service"),
                                bw_alert_label(labels, count, "instance"),
                                bw_alert_label(labels, count, "check") };
}

/* ---- what cannot be seen --------------------------------------------------------------- */

void bw_alert_round_next(struct bw_alert_round *round, struct bw_arena *arena)
{
    round->arena = arena;
    round->touched = false;
}

/* Whether a check, instance or service has something that nobody can see just now. */
static bool is_veiled(const struct bw_alert_round *round, struct bw_labels labels)
{
    const char *const parts[] = { bw_labels_value(labels, "service"),
                                  bw_labels_value(labels, "instance"),
                                  bw_labels_value(labels, "check") };
    const struct bw_subject subject = { parts[0] != NULL ? parts[0] : "",
                                        parts[1] != NULL ? parts[1] : "",
                                        parts[2] != NULL ? parts[2] : "" };
    return bw_roster_is_veiled(round->roster, &subject);
}

void bw_alert_round_saw(struct bw_alert_round *round, struct bw_labels labels)
{
    if (round->any_veiled && !round->touched)
        round->touched = is_veiled(round, labels);
}

/* Whether a selector, which says what it wants of service, instance and check, could mean it. */
static bool may_mean(void *ctx, const struct bw_subject *subject)
{
    const struct bw_selector *selector = ctx;
    const struct {
        const char *name, *value;
    } parts[] = { { "service", subject->service },
                  { "instance", subject->instance },
                  { "check", subject->check } };
    for (size_t i = 0; i < selector->count; i++) {
        const struct bw_matcher *matcher = &selector->matchers[i];
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            if (matcher->op == BW_MATCH_EQUAL && strcmp(matcher->name, parts[k].name) == 0
                && strcmp(matcher->value, parts[k].value) != 0)
                return false;
        }
    }
    return true;
}

/* Perhaps because what is meant is not watched now. */
void bw_alert_round_missed(struct bw_alert_round *round, const char *text)
{
    struct bw_selector selector;
    if (round->any_veiled && !round->touched)
        round->touched = bw_selector_parse(round->arena, text, &selector, NULL) == BW_OK
                         && bw_roster_may_be_idle(round->roster, may_mean, &selector);
}

/* What a rule has made of many services stands on all that it looked at. */
bool bw_alert_round_is_held(const struct bw_alert_round *round, const char *labels)
{
    struct bw_arena arena = { 0 };
    const struct bw_subject subject = bw_alert_subject(&arena, labels);
    const bool held =
        subject.service[0] != '\0' ? bw_roster_is_veiled(round->roster, &subject) : round->touched;
    bw_arena_fini(&arena);
    return held;
}
