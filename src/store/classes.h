// SPDX-License-Identifier: GPL-3.0-or-later
/* store/classes.h: how long the samples of a series are kept, as `storage.classes` has it: the
 * first class that a series matches, else `storage.retention`. Not for two threads at once. */
#ifndef STORE_CLASSES_H
#define STORE_CLASSES_H

#include "base/err.h"
#include "model/labels.h"
#include "store/options.h"

#include <stdint.h>

struct bw_store_classes;

/* Copies what it needs. BW_EINVAL: a pattern is wrong. */
enum bw_rc bw_store_classes_make(const struct bw_storage_opts *opts, struct bw_store_classes **out,
                                 struct bw_err *err);
void bw_store_classes_free(struct bw_store_classes *classes);

/* Whether there are any but the one for all. */
bool bw_store_classes_any(const struct bw_store_classes *classes);

/* 0: for ever. */
int64_t bw_store_classes_keep_ns(struct bw_store_classes *classes, const char *metric,
                                 struct bw_labels labels);

/* The same from metric{a="b"}. */
int64_t bw_store_classes_keep_text_ns(struct bw_store_classes *classes, const char *series);

#endif
