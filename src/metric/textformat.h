// SPDX-License-Identifier: GPL-3.0-or-later
/* metric/textformat.h: reads the text format of Prometheus (version 0.0.4) strictly: what a
 * scraper would not take is refused with its line, and nothing of that text is kept. Pure. */
#ifndef METRIC_TEXTFORMAT_H
#define METRIC_TEXTFORMAT_H

#include "base/err.h"
#include "base/text.h"
#include "metric/block.h"
#include "metric/names.h"

/* What texts may hold. */
struct bw_text_rules {
    size_t samples_max; /* in all */
    size_t families_max;
    const char *const *prefixes; /* that no name may begin with; NULL: any may. NULL at the end */
    const char *const *labels;   /* that no series may have, likewise */
};

struct bw_text_family {
    const char *name;
    size_t name_len;
    const char *help; /* unescaped; NULL: not said */
    enum bw_metric_type type;
    bool typed;
    bool sampled;
};

struct bw_text_sample {
    size_t family;
    enum bw_measure_part part;
    double bound;
    double value;
    const struct bw_metric_label *labels; /* by name; without le of a bucket */
    size_t label_count;
    struct bw_span key; /* what makes the series one: for finding repetitions */
};

/* Several texts, read one after the other. Lives as long as its arena; needs fini. */
struct bw_text_doc {
    struct bw_arena *arena;
    const struct bw_text_rules *rules;
    struct bw_text_family *families;
    size_t family_count, family_cap;
    struct bw_text_sample *samples;
    size_t sample_count, sample_cap;
    struct bw_names keys;
};

/* `rules` are borrowed. */
void bw_text_doc_init(struct bw_text_doc *doc, struct bw_arena *arena,
                      const struct bw_text_rules *rules);
void bw_text_doc_fini(struct bw_text_doc *doc);

/* Adds a text. Timestamps are refused: these values are those of now. Also refused: a family of
 * another text with another type, a series that is there already, what is against the rules.
 * After a failure the doc is as it was before.
 * `origin` is told in the help of families that have none. */
enum bw_rc bw_text_doc_add(struct bw_text_doc *doc, const char *origin, struct bw_span text,
                           struct bw_err *err);

/* Adds all samples as measures of guest families (metric/guest.h). A family whose name is taken
 * is left out; the first such failure is told, after the others are added. */
enum bw_rc bw_text_doc_measure(const struct bw_text_doc *doc, struct bw_measures *out,
                               struct bw_err *err);

#endif
