// SPDX-License-Identifier: GPL-3.0-or-later
/* model/relabel.h: rules that rewrite or drop what was discovered, by its labels, in the semantics
 * of Prometheus's relabel_configs ("Configuration", section relabel_config). Not for two threads
 * at once. */
#ifndef MODEL_RELABEL_H
#define MODEL_RELABEL_H

#include "base/arena.h"
#include "base/err.h"
#include "model/labels.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_relabel_action {
    BW_RELABEL_REPLACE,
    BW_RELABEL_KEEP,
    BW_RELABEL_DROP,
    BW_RELABEL_KEEPEQUAL,
    BW_RELABEL_DROPEQUAL,
    BW_RELABEL_HASHMOD,
    BW_RELABEL_LABELMAP,
    BW_RELABEL_LABELDROP,
    BW_RELABEL_LABELKEEP,
    BW_RELABEL_LOWERCASE,
    BW_RELABEL_UPPERCASE,
};

/* One rule as written; a text that is NULL was not, and stands for its default. */
struct bw_relabel_rule {
    const char *const *source_labels;
    size_t source_count;
    const char *separator; /* between the values of source_labels: ";" */
    const char *regex;     /* "(.*)" */
    const char *target_label;
    const char *replacement; /* "$1" */
    uint64_t modulus;
    enum bw_relabel_action action;
};

struct bw_relabel;

/* Copies the rules. BW_EINVAL for a rule that cannot work; *out_at is its number then. */
enum bw_rc bw_relabel_new(const struct bw_relabel_rule *rules, size_t count,
                          struct bw_relabel **out, size_t *out_at, struct bw_err *err);

/* NULL is fine. */
void bw_relabel_free(struct bw_relabel *relabel);

/* Applies all rules in turn. False when one of them drops what has these labels; else *labels are
 * the new ones, in the arena's memory. */
bool bw_relabel_apply(struct bw_relabel *relabel, struct bw_arena *arena, struct bw_labels *labels);

#endif
