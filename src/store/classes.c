// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/classes.h"

#include "base/arena.h"
#include "base/mem.h"
#include "model/picker.h"

#include <stdlib.h>
#include <string.h>

struct class
{
    struct bw_picker *picker; /* NULL: of what matches no other */
    struct bw_retention_opts kept;
    size_t same; /* the first that is kept alike: itself, as a rule */
};

struct bw_store_classes {
    size_t count;
    struct class items[]; /* the last is that of what matches none */
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

static int64_t either(int64_t own_ns, int64_t common_ns)
{
    return own_ns != 0 ? own_ns : common_ns;
}

static struct bw_retention_opts complete(const struct bw_retention_opts *own,
                                         const struct bw_retention_opts *common)
{
    return (struct bw_retention_opts){ either(own->raw_ns, common->raw_ns),
                                       either(own->minute_ns, common->minute_ns),
                                       either(own->hour_ns, common->hour_ns),
                                       either(own->day_ns, common->day_ns) };
}

static void add_class(struct bw_store_classes *classes, struct bw_picker *picker,
                      struct bw_retention_opts kept)
{
    struct class *class = &classes->items[classes->count];
    *class = (struct class){ picker, kept, 0 };
    while (memcmp(&classes->items[class->same].kept, &kept, sizeof kept) != 0)
        class->same++;
    classes->count++;
}

enum bw_rc bw_store_classes_make(const struct bw_storage_opts *opts, struct bw_store_classes **out,
                                 struct bw_err *err)
{
    const struct bw_retention_class *in = opts->classes.items;
    struct bw_store_classes *classes =
        bw_alloc(sizeof *classes + (opts->classes.count + 1) * sizeof *classes->items);
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; rc == BW_OK && i < opts->classes.count; i++) {
        struct bw_picker *picker = NULL;
        rc = bw_retention_class_picker(&in[i], &picker, err);
        if (rc == BW_OK)
            add_class(classes, picker, complete(&in[i].retention, &opts->retention));
    }
    if (rc != BW_OK) {
        bw_store_classes_free(classes);
        return bw_wrap(err, rc, "storage.classes");
    }
    add_class(classes, NULL, opts->retention);
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
    return classes->count > 1;
}

static const struct bw_retention_opts *kept_of(const struct bw_store_classes *classes, size_t i)
{
    return &classes->items[classes->items[i].same].kept;
}

const struct bw_retention_opts *bw_store_classes_of(struct bw_store_classes *classes,
                                                    const char *metric, struct bw_labels labels)
{
    size_t i = 0;
    while (i + 1 < classes->count && !bw_picker_matches(classes->items[i].picker, metric, labels))
        i++;
    return kept_of(classes, i);
}

const struct bw_retention_opts *bw_store_classes_of_text(struct bw_store_classes *classes,
                                                         const char *series)
{
    struct bw_arena arena = { 0 };
    struct bw_labels labels;
    const char *metric = NULL;
    const struct bw_retention_opts *kept = kept_of(classes, classes->count - 1);
    if (bw_store_classes_any(classes) && bw_series_parse(&arena, series, &metric, &labels) == BW_OK)
        kept = bw_store_classes_of(classes, metric, labels);
    bw_arena_fini(&arena);
    return kept;
}
