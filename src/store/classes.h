// SPDX-License-Identifier: GPL-3.0-or-later
/* store/classes.h: how long a series is kept, tier by tier, as `storage.classes` has it: by the
 * first class that it matches, else by `storage.retention`. Series that are kept alike in every
 * tier are of one class, whichever entries say so. Not for two threads at once. */
#ifndef STORE_CLASSES_H
#define STORE_CLASSES_H

#include "base/err.h"
#include "model/labels.h"
#include "store/options.h"

struct bw_store_classes;

/* Copies what it needs. BW_EINVAL: a pattern is wrong. */
enum bw_rc bw_store_classes_make(const struct bw_storage_opts *opts, struct bw_store_classes **out,
                                 struct bw_err *err);
void bw_store_classes_free(struct bw_store_classes *classes);

/* Whether there are any but the one for all. */
bool bw_store_classes_any(const struct bw_store_classes *classes);

/* The class of a series: the same pointer for all that are of it, valid as long as `classes`. A
 * time of 0 is for ever. */
const struct bw_retention_opts *bw_store_classes_of(struct bw_store_classes *classes,
                                                    const char *metric, struct bw_labels labels);

/* The same from metric{a="b"}. */
const struct bw_retention_opts *bw_store_classes_of_text(struct bw_store_classes *classes,
                                                         const char *series);

#endif
