// SPDX-License-Identifier: GPL-3.0-or-later
/* Files of metrics with any bytes: refused, or shown in a way that is read again as the same. */
#include "base/limits.h"
#include "metric/registry.h"
#include "metric/textformat.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct bw_text_rules rules = { .samples_max = BW_TEXTFILE_SAMPLES_MAX,
                                            .families_max = BW_GUEST_FAMILIES_MAX };

static size_t read_text(struct bw_arena *arena, struct bw_span text, struct bw_buf *page)
{
    struct bw_text_doc doc;
    struct bw_measures m;
    bw_text_doc_init(&doc, arena, &rules);
    bw_measures_init(&m, arena);
    const enum bw_rc rc = bw_text_doc_add(&doc, "fuzz", text, NULL);
    if (rc != BW_OK && doc.sample_count != 0)
        abort();
    /* The ceiling of families is reached soon in a long run; then nothing is shown. */
    if (bw_text_doc_measure(&doc, &m, NULL) == BW_OK)
        bw_measures_render(&m, BW_EXPOSITION_TEXT, page);
    bw_text_doc_fini(&doc);
    return m.count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_arena arena;
    struct bw_buf page, again;
    bw_arena_init(&arena);
    bw_buf_init(&page, 1 << 24);
    bw_buf_init(&again, 1 << 24);
    const size_t count = read_text(&arena, (struct bw_span){ (const char *)data, size }, &page);
    if (page.len > 0
        && read_text(&arena, (struct bw_span){ page.data, page.len }, &again) != count) {
        fprintf(stderr, "not read again:\n%s", page.data);
        abort();
    }
    bw_buf_fini(&page);
    bw_buf_fini(&again);
    bw_arena_fini(&arena);
    return 0;
}
