// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/classes.h"

#include "base/arena.h"
#include "base/mem.h"
#include "model/picker.h"

#include <stdlib.h>

struct class
{
    struct bw_picker *picker;
    int64_t keep_ns;
};

struct bw_store_classes {
    int64_t keep_ns; /* of what matches none */
    size_t count;
    struct class items[];
};

enum bw_rc bw_retention_class_picker(const struct bw_retention_class *class, struct bw_picker **out,
                                     struct bw_err *err)
{
    struct bw_arena arena = { 0 };
    const struct bw_pairs match = class->match;
    struct bw_matcher *matchers = bw_arena_array(&arena, match.count + 1, sizeof *matchers);
    for (size_t i = 0; i < match.count; i++)
        matchers[i] =
            (struct bw_matcher){ match.items[i].name, BW_MATCH_REGEX, match.items[i].value };
    const struct bw_selector selector = { matchers, match.count };
    const enum bw_rc rc = bw_picker_make(&selector, out, err);
    bw_arena_fini(&arena);
    return rc;
}

enum bw_rc bw_store_classes_make(const struct bw_storage_opts *opts, struct bw_store_classes **out,
                                 struct bw_err *err)
{
    const struct bw_retention_class *in = opts->classes.items;
    struct bw_store_classes *classes =
        bw_alloc(sizeof *classes + opts->classes.count * sizeof *classes->items);
    enum bw_rc rc = BW_OK;
    classes->keep_ns = opts->retention.raw_ns;
    for (size_t i = 0; rc == BW_OK && i < opts->classes.count; i++) {
        rc = bw_retention_class_picker(&in[i], &classes->items[i].picker, err);
        classes->items[i].keep_ns = in[i].retention.raw_ns;
        classes->count += rc == BW_OK;
    }
    if (rc != BW_OK) {
        bw_store_classes_free(classes);
        return bw_wrap(err, rc, "storage.classes");
    }
    *out = classes;
    return BW_OK;
}

void bw_store_classes_free(struct bw_store_classes *classes)
{
    for (size_t i = 0; classes != NULL && i < classes->count; i++)
        bw_picker_free(classes->items[i].picker);
    free(classes);
}

bool bw_store_classes_any(const struct bw_store_classes *classes)
{
    return classes->count > 0;
}

int64_t bw_store_classes_keep_ns(struct bw_store_classes *classes, const char *metric,
                                 struct bw_labels labels)
{
    for (size_t i = 0; i < classes->count; i++) {
        if (bw_picker_matches(classes->items[i].picker, metric, labels))
            return classes->items[i].keep_ns;
    }
    return classes->keep_ns;
}

int64_t bw_store_classes_keep_text_ns(struct bw_store_classes *classes, const char *series)
{
    struct bw_arena arena = { 0 };
    struct bw_labels labels;
    const char *metric = NULL;
    int64_t keep_ns = classes->keep_ns;
    if (classes->count > 0 && bw_series_parse(&arena, series, &metric, &labels) == BW_OK)
        keep_ns = bw_store_classes_keep_ns(classes, metric, labels);
    bw_arena_fini(&arena);
    return keep_ns;
}
