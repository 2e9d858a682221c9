// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/tcp_labels.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "metric/guest.h"
#include "model/labels.h"
#include "probe/trail.h"

#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct bw_tcp_label_options, member)

static const struct bw_opt label_options[] = {
    { "name", BW_OPT_STRING, AT(name), .flags = BW_OPT_REQUIRED, .help = "The label's name." },
    { "value", BW_OPT_STRING, AT(value), .def = "",
      .help = "Its value; ${1} is the first group of expect, ${NAME} one that is named." },
    { 0 },
};
#undef AT

static bool is_reserved(const char *name)
{
    static const char *const names[] = { "service", "instance", "check", "module", "le" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return bw_text_starts_with(name, "__");
}

static enum bw_rc check_label(const void *opts, struct bw_err *err)
{
    const char *name = ((const struct bw_tcp_label_options *)opts)->name;
    if (!bw_label_name_is_valid(name) || strlen(name) > BW_NAME_BYTES_MAX)
        return bw_fail(err, BW_EINVAL, "'%.60s' is no name of a label", name);
    if (is_reserved(name))
        return bw_fail(err, BW_EINVAL, "the label %s is not free: series have it already", name);
    return BW_OK;
}

const struct bw_opt_group bw_tcp_label_group = {
    .name = "labels",
    .size = sizeof(struct bw_tcp_label_options),
    .opts = label_options,
    .help = "A label of `probe_expect_info`.",
    .check = check_label,
};

/* Adds a label to a family; `step` counts from 1. */
static enum bw_rc add_name(struct bw_family *family, const char *name, size_t step,
                           struct bw_err *err)
{
    for (size_t i = 0; i < family->label_count; i++) {
        if (strcmp(family->labels[i], name) == 0)
            return bw_fail(err, BW_EINVAL, "step %zu: the label %.60s is there twice", step, name);
    }
    if (family->label_count == BW_FAMILY_LABELS_MAX)
        return bw_fail(err, BW_ELIMIT, "step %zu: more than %d labels", step, BW_FAMILY_LABELS_MAX);
    family->labels[family->label_count++] = name;
    return BW_OK;
}

static enum bw_rc make_family(const struct bw_items *steps, struct bw_family *out,
                              struct bw_err *err)
{
    const struct bw_tcp_step *step = steps->items;
    enum bw_rc rc = BW_OK;
    *out = (struct bw_family){ .name = "probe_expect_info",
                               .type = BW_TYPE_INFO,
                               .unit = "",
                               .help = "What the replies of the peer say, by the labels that steps "
                                       "of the dialogue ask for." };
    for (size_t i = 0; i < steps->count && rc == BW_OK; i++) {
        const struct bw_tcp_label_options *labels = step[i].labels.items;
        for (size_t k = 0; k < step[i].labels.count && rc == BW_OK; k++)
            rc = add_name(out, labels[k].name, i + 1, err);
    }
    return rc;
}

enum bw_rc bw_tcp_labels_check(const struct bw_items *steps, struct bw_err *err)
{
    struct bw_family family;
    const enum bw_rc rc = make_family(steps, &family, err);
    return rc == BW_OK ? BW_OK : bw_wrap(err, rc, "query_response");
}

static void add_label(struct bw_tcp_plan *plan, size_t step,
                      const struct bw_tcp_label_options *from)
{
    plan->labels[plan->label_count++] = (struct bw_tcp_label){ .step = step,
                                                               .name = bw_strdup(from->name),
                                                               .value = bw_strdup(from->value) };
}

enum bw_rc bw_tcp_labels_prepare(struct bw_tcp_plan *plan, const struct bw_items *steps,
                                 struct bw_err *err)
{
    const struct bw_tcp_step *step = steps->items;
    struct bw_family family;
    enum bw_rc rc = make_family(steps, &family, err);
    if (rc != BW_OK || family.label_count == 0)
        return rc;
    plan->labels = bw_alloc_array(family.label_count, sizeof *plan->labels);
    for (size_t i = 0; i < steps->count; i++) {
        const struct bw_tcp_label_options *labels = step[i].labels.items;
        for (size_t k = 0; k < step[i].labels.count; k++)
            add_label(plan, i, &labels[k]);
    }
    return bw_guest_family(&family, &plan->expect_family, err);
}

void bw_tcp_labels_release(struct bw_tcp_plan *plan)
{
    for (size_t i = 0; i < plan->label_count; i++) {
        free(plan->labels[i].name);
        free(plan->labels[i].value);
    }
    free(plan->labels);
}

/* A template may name a long line more than once. */
enum { EXPANDED_BYTES_MAX = BW_PROBE_BODY_BYTES_MAX };

void bw_tcp_labels_find(struct bw_dialogue *dialogue, const char *line,
                        struct bw_probe_outcome *out)
{
    const struct bw_tcp_plan *plan = dialogue->plan;
    for (size_t i = 0; i < plan->label_count; i++) {
        char value[BW_LABEL_VALUE_BYTES_MAX + 1];
        struct bw_buf whole;
        if (plan->labels[i].step != dialogue->step)
            continue;
        bw_buf_init(&whole, EXPANDED_BYTES_MAX);
        bw_regex_expand(plan->steps[dialogue->step].expect, line, plan->labels[i].value, &whole);
        if (bw_buf_failed(&whole))
            bw_trail_say(out, "the label %s is left out: it is too long", plan->labels[i].name);
        bw_probe_quote(value, sizeof value, whole.data, whole.len);
        free(dialogue->found[i]);
        dialogue->found[i] = bw_strdup(value);
        bw_buf_fini(&whole);
    }
}

/* The family's row may have more labels than this plan, in another order. */
static const char *value_of(const struct bw_dialogue *dialogue, const char *name)
{
    for (size_t i = 0; i < dialogue->plan->label_count; i++) {
        if (strcmp(dialogue->plan->labels[i].name, name) == 0)
            return dialogue->found[i];
    }
    return NULL;
}

void bw_tcp_labels_measure(const struct bw_dialogue *dialogue, struct bw_measures *measures)
{
    const char *values[BW_FAMILY_LABELS_MAX];
    bool any = false;
    if (dialogue->plan->label_count == 0)
        return;
    const struct bw_family *row = bw_family_row(dialogue->plan->expect_family);
    for (size_t i = 0; i < row->label_count; i++) {
        values[i] = value_of(dialogue, row->labels[i]);
        any = any || values[i] != NULL;
    }
    if (any)
        bw_measures_add(measures, dialogue->plan->expect_family, 1, values);
}
