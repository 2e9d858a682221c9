// SPDX-License-Identifier: GPL-3.0-or-later
/* metric/guest.h: families that no row declares, because somebody outside made them up. Each
 * gets an id behind BW_METRIC_COUNT and a row that never changes and never goes away, so that
 * whoever holds the id can read the row on any thread; there is a ceiling on how many there can
 * be in the life of the process.
 *
 * A family that comes with another type or with labels that no row of its name has all of gets a
 * new row and id; who looks a name up gets the newest row. Any thread may add. */
#ifndef METRIC_GUEST_H
#define METRIC_GUEST_H

#include "base/err.h"
#include "metric/family.h"

/* The id of the row for this family, which is made when there is none; its labels are at least
 * those of `wanted`, perhaps in another order, and its help may be an older one. BW_EEXISTS when
 * the name belongs to a declared family or to series of one, BW_EFULL at the ceiling. */
enum bw_rc bw_guest_family(const struct bw_family *wanted, enum bw_family_id *out,
                           struct bw_err *err);

/* The row behind BW_METRIC_COUNT + index, and the newest id of that name; for metric/family.c. */
const struct bw_family *bw_guest_row(unsigned index);

/* The index of the first row of the same name: on a page they are one family. */
unsigned bw_guest_first(unsigned index);
bool bw_guest_by_name(const char *name, enum bw_family_id *out);
unsigned bw_guest_count(void);

#endif
