// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/guest.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Rows are added and never freed: a page that is being rendered may still name them. The count
 * is stored after its row. */
struct guest {
    struct bw_family row;
    uint32_t hash; /* of the name */
    unsigned first;
};

static struct guest *guests[BW_GUEST_FAMILIES_MAX];
static unsigned guest_count;

/* Who adds a row. That is rare, and done in no time: who comes meanwhile turns round and round. */
static bool is_adding;

unsigned bw_guest_count(void)
{
    return __atomic_load_n(&guest_count, __ATOMIC_ACQUIRE);
}

static const struct guest *guest_at(unsigned index)
{
    assert(index < bw_guest_count());
    return guests[index];
}

const struct bw_family *bw_guest_row(unsigned index)
{
    return &guest_at(index)->row;
}

unsigned bw_guest_first(unsigned index)
{
    return guest_at(index)->first;
}

static uint32_t hash_name(const char *name)
{
    return (uint32_t)bw_hash_text(name, 0);
}

static bool has_name(unsigned index, const char *name, uint32_t hash)
{
    const struct guest *guest = guest_at(index);
    return guest->hash == hash && strcmp(guest->row.name, name) == 0;
}

bool bw_guest_by_name(const char *name, enum bw_family_id *out)
{
    const uint32_t hash = hash_name(name);
    for (unsigned i = bw_guest_count(); i > 0; i--) {
        if (has_name(i - 1, name, hash)) {
            *out = (enum bw_family_id)(BW_METRIC_COUNT + i - 1);
            return true;
        }
    }
    return false;
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
static void gather_labels(struct bw_family *row, const struct bw_family *older)
{
    size_t more = 0;
    for (size_t i = 0; i < older->label_count; i++)
        more += !has_label(row, older->labels[i]);
    if (row->label_count + more > BW_FAMILY_LABELS_MAX)
        return;
    for (size_t i = 0; i < older->label_count; i++) {
        if (!has_label(row, older->labels[i]))
            row->labels[row->label_count++] = bw_strdup(older->labels[i]);
    }
}

/* The rows of one name, newest first. Sources that differ in a type keep a row each. */
static bool find_row(const struct bw_family *wanted, unsigned *out_index,
                     const struct bw_family **out_older)
{
    const uint32_t hash = hash_name(wanted->name);
    *out_older = NULL;
    for (unsigned i = bw_guest_count(); i > 0; i--) {
        if (!has_name(i - 1, wanted->name, hash))
            continue;
        const struct bw_family *row = bw_guest_row(i - 1);
        *out_index = i - 1;
        if (covers(row, wanted))
            return true;
        if (*out_older == NULL && row->type == wanted->type)
            *out_older = row;
    }
    return false;
}

static unsigned add_row(const struct bw_family *wanted, const struct bw_family *older)
{
    struct guest *guest = bw_alloc(sizeof *guest);
    enum bw_family_id newest;
    struct bw_family *row = &guest->row;
    row->name = bw_strdup(wanted->name);
    row->help = bw_strdup(wanted->help);
    row->unit = "";
    row->type = wanted->type;
    row->stored = wanted->stored;
    row->label_count = wanted->label_count;
    for (size_t i = 0; i < wanted->label_count; i++)
        row->labels[i] = bw_strdup(wanted->labels[i]);
    if (older != NULL)
        gather_labels(row, older);
    guest->hash = hash_name(wanted->name);
    guest->first = bw_guest_by_name(wanted->name, &newest)
                       ? bw_guest_first((unsigned)newest - BW_METRIC_COUNT)
                       : guest_count;
    guests[guest_count] = guest;
    __atomic_store_n(&guest_count, guest_count + 1, __ATOMIC_RELEASE);
    return guest_count - 1;
}

/* Nobody else adds meanwhile. */
static enum bw_rc find_or_add(const struct bw_family *wanted, unsigned *out_index,
                              struct bw_err *err)
{
    const struct bw_family *older;
    if (find_row(wanted, out_index, &older))
        return BW_OK;
    if (is_taken(wanted))
        return bw_fail(err, BW_EEXISTS, "the name %.100s is taken by a metric of our own",
                       wanted->name);
    if (guest_count == BW_GUEST_FAMILIES_MAX)
        return bw_fail(err, BW_EFULL,
                       "%.100s: more than %u metrics, or ever new types and labels of them",
                       wanted->name, BW_GUEST_FAMILIES_MAX);
    *out_index = add_row(wanted, older);
    return BW_OK;
}

enum bw_rc bw_guest_family(const struct bw_family *wanted, enum bw_family_id *out,
                           struct bw_err *err)
{
    unsigned index = 0;
    const struct bw_family *older;
    enum bw_rc rc = BW_OK;
    if (!find_row(wanted, &index, &older)) {
        while (__atomic_test_and_set(&is_adding, __ATOMIC_ACQUIRE)) {
        }
        rc = find_or_add(wanted, &index, err);
        __atomic_clear(&is_adding, __ATOMIC_RELEASE);
    }
    if (rc == BW_OK)
        *out = (enum bw_family_id)(BW_METRIC_COUNT + index);
    return rc;
}
