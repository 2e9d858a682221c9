// SPDX-License-Identifier: GPL-3.0-or-later
/* Lists of targets: the first byte chooses JSON or YAML. */
#include "discover/list.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 forgets a buffer for a single-quoted text with many '' in it. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_arena arena = { 0 };
    struct bw_target_list list = { 0 };
    struct bw_err err;
    if (size == 0)
        return 0;
    const enum bw_list_format format = data[0] == 'y' ? BW_LIST_YAML : BW_LIST_JSON;
    const enum bw_rc rc =
        bw_target_list_read(&arena, format, (const char *)data + 1, size - 1,
                            (struct bw_label){ "__meta_filepath", "f" }, &list, &err);
    if (rc != BW_OK && list.count > 0)
        abort();
    for (size_t i = 0; i < list.count; i++) {
        if (bw_labels_value(list.items[i], "__address__") == NULL)
            abort();
    }
    bw_arena_fini(&arena);
    return 0;
}
