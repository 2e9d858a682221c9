// SPDX-License-Identifier: GPL-3.0-or-later
/* Labels and values of any bytes, in any number of blocks: the page is right in both formats.
 * The input is a list of texts, each ended by a NUL; the first byte of each says what it is. */
#include "../unit/metric/exposition_check.h"
#include "metric/registry.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXTS_MAX = 64 };

static void add_measure(struct bw_measures *m, const char *text)
{
    const enum bw_family_id family = (uint8_t)text[0] * 7919u % BW_METRIC_COUNT;
    const struct bw_family *row = bw_family_row(family);
    const char *labels[BW_FAMILY_LABELS_MAX];
    for (size_t i = 0; i < BW_FAMILY_LABELS_MAX; i++)
        labels[i] = i % 2 == 0 ? text + 1 : "x";
    double value = 0;
    memcpy(&value, text, strlen(text) < sizeof value ? strlen(text) : sizeof value);
    if (row->type != BW_TYPE_HISTOGRAM) {
        bw_measures_add(m, family, value, labels);
        return;
    }
    struct bw_histogram histogram;
    bw_histogram_init(&histogram, bw_duration_bounds, bw_duration_bound_count);
    bw_histogram_observe(&histogram, value);
    bw_measures_add_histogram(m, family, &histogram, labels);
}

static void build(struct bw_registry *registry, const char *const *texts, size_t count)
{
    struct bw_arena arena;
    bw_arena_init(&arena);
    for (size_t i = 0; i + 2 < count; i += 3) {
        const struct bw_metric_label labels[] = { { texts[i], texts[i + 1] },
                                                  { texts[i + 1], texts[i] },
                                                  { "service", texts[i + 2] } };
        struct bw_block *block = bw_registry_add(registry, labels, 3, "exported_");
        struct bw_measures m;
        bw_measures_init(&m, &arena);
        for (size_t k = i; k < count && k < i + 8; k++)
            add_measure(&m, texts[k]);
        bw_registry_set(registry, block, &m);
        bw_registry_set(registry, block, &m);
        if (i % 4 == 3)
            bw_registry_remove(registry, block);
    }
    bw_arena_fini(&arena);
}

static void check(const struct bw_registry *registry, enum bw_exposition format)
{
    struct bw_buf page;
    bw_buf_init(&page, 1 << 24);
    bw_registry_render(registry, format, NULL, &page);
    const char *fault = bw_buf_failed(&page) ? "too long" : check_page(format, page.data, page.len);
    if (fault != NULL) {
        fprintf(stderr, "%s in\n%s", fault, page.data);
        abort();
    }
    bw_buf_fini(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);
    memcpy(copy, data, size);
    copy[size] = '\0';
    const char *texts[TEXTS_MAX];
    size_t count = 0;
    for (size_t at = 0; at <= size && count < TEXTS_MAX; at += strlen(copy + at) + 1)
        texts[count++] = copy + at;
    struct bw_registry *registry = bw_registry_new();
    build(registry, texts, count);
    check(registry, BW_EXPOSITION_TEXT);
    check(registry, BW_EXPOSITION_OPENMETRICS);
    bw_registry_free(registry);
    free(copy);
    return 0;
}
