// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/guest.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Rows are added and never freed: a page that is being rendered may still name them. The count
 * is stored after its row. */
static struct bw_family *guests[BW_GUEST_FAMILIES_MAX];
static unsigned older[BW_GUEST_FAMILIES_MAX]; /* the row of that name before it, from 1; 0: none */
static unsigned guest_count;

/* Held by who adds, which is rare and short: no lock to sleep on is worth it. */
static bool adding;

unsigned bw_guest_count(void)
{
    return __atomic_load_n(&guest_count, __ATOMIC_ACQUIRE);
}

const struct bw_family *bw_guest_row(unsigned index)
{
    assert(index < bw_guest_count());
    return guests[index];
}

bool bw_guest_by_name(const char *name, enum bw_family_id *out)
{
    for (unsigned i = bw_guest_count(); i > 0; i--) {
        if (strcmp(guests[i - 1]->name, name) == 0) {
            *out = (enum bw_family_id)(BW_METRIC_COUNT + i - 1);
            return true;
        }
    }
    return false;
}

bool bw_guest_older(enum bw_family_id id, enum bw_family_id *out)
{
    if ((unsigned)id < BW_METRIC_COUNT || older[(unsigned)id - BW_METRIC_COUNT] == 0)
        return false;
    *out = (enum bw_family_id)(BW_METRIC_COUNT + older[(unsigned)id - BW_METRIC_COUNT] - 1);
    return true;
}

static bool has_label(const struct bw_family *family, const char *name)
{
    for (size_t i = 0; i < family->label_count; i++) {
        if (strcmp(family->labels[i], name) == 0)
            return true;
    }
    return false;
}

static bool covers(const struct bw_family *row, const struct bw_family *wanted)
{
    for (size_t i = 0; i < wanted->label_count; i++) {
        if (!has_label(row, wanted->labels[i]))
            return false;
    }
    return row->type == wanted->type;
}

/* Is `name` `base` with one of the endings that the lines of the family can have? */
static bool is_line_of(const struct bw_family *family, const char *name)
{
    const size_t len = strlen(family->name);
    const bool parts = family->type == BW_TYPE_HISTOGRAM || family->type == BW_TYPE_SUMMARY;
    if (strncmp(name, family->name, len) == 0) {
        const char *rest = name + len;
        return *rest == '\0'
               || (parts
                   && (strcmp(rest, "_bucket") == 0 || strcmp(rest, "_sum") == 0
                       || strcmp(rest, "_count") == 0));
    }
    /* OpenMetrics drops these endings from the family's name. */
    const size_t base = bw_family_base_len(family);
    return base != len && strlen(name) == base && memcmp(name, family->name, base) == 0;
}

static bool is_taken(const struct bw_family *wanted)
{
    for (unsigned i = 0; i < BW_METRIC_COUNT; i++) {
        const struct bw_family *row = bw_family_row((enum bw_family_id)i);
        if (is_line_of(row, wanted->name) || is_line_of(wanted, row->name))
            return true;
    }
    return false;
}

/* Labels that come and go are gathered in one row while there is room for them. */
static void gather_labels(struct bw_family *row, const struct bw_family *newest)
{
    size_t more = 0;
    for (size_t i = 0; i < newest->label_count; i++)
        more += !has_label(row, newest->labels[i]);
    if (newest->type != row->type || row->label_count + more > BW_FAMILY_LABELS_MAX)
        return;
    for (size_t i = 0; i < newest->label_count; i++) {
        if (!has_label(row, newest->labels[i]))
            row->labels[row->label_count++] = bw_strdup(newest->labels[i]);
    }
}

static enum bw_family_id add_row(const struct bw_family *wanted, const enum bw_family_id *newest)
{
    struct bw_family *row = bw_alloc(sizeof *row);
    row->name = bw_strdup(wanted->name);
    row->help = bw_strdup(wanted->help);
    row->unit = "";
    row->type = wanted->type;
    row->stored = wanted->stored;
    row->label_count = wanted->label_count;
    for (size_t i = 0; i < wanted->label_count; i++)
        row->labels[i] = bw_strdup(wanted->labels[i]);
    if (newest != NULL)
        gather_labels(row, bw_family_row(*newest));
    const unsigned index = guest_count;
    guests[index] = row;
    older[index] = newest != NULL ? (unsigned)*newest - BW_METRIC_COUNT + 1 : 0;
    __atomic_store_n(&guest_count, index + 1, __ATOMIC_RELEASE);
    return (enum bw_family_id)(BW_METRIC_COUNT + index);
}

/* The newest row that will do. One that is not the newest of its name still will if all since have
 * its type: else two who want labels that have no room in one row would add for ever. */
static bool find_row(const struct bw_family *wanted, const enum bw_family_id *newest,
                     enum bw_family_id *out)
{
    if (newest == NULL)
        return false;
    *out = *newest;
    while (bw_family_row(*out)->type == wanted->type) {
        if (covers(bw_family_row(*out), wanted))
            return true;
        if (!bw_guest_older(*out, out))
            return false;
    }
    return false;
}

static enum bw_rc find_or_add(const struct bw_family *wanted, enum bw_family_id *out,
                              struct bw_err *err)
{
    enum bw_family_id newest, found;
    const bool known = bw_guest_by_name(wanted->name, &newest);
    if (find_row(wanted, known ? &newest : NULL, &found)) {
        *out = found;
        return BW_OK;
    }
    if (is_taken(wanted))
        return bw_fail(err, BW_EEXISTS, "the name %.100s is taken by a metric of our own",
                       wanted->name);
    if (guest_count == BW_GUEST_FAMILIES_MAX)
        return bw_fail(err, BW_EFULL,
                       "%.100s: more than %u metrics, or ever new types and labels of them",
                       wanted->name, BW_GUEST_FAMILIES_MAX);
    *out = add_row(wanted, known ? &newest : NULL);
    return BW_OK;
}

enum bw_rc bw_guest_family(const struct bw_family *wanted, enum bw_family_id *out,
                           struct bw_err *err)
{
    while (__atomic_test_and_set(&adding, __ATOMIC_ACQUIRE)) {
    }
    const enum bw_rc rc = find_or_add(wanted, out, err);
    __atomic_clear(&adding, __ATOMIC_RELEASE);
    return rc;
}
