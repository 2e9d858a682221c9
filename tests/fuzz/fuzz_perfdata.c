// SPDX-License-Identifier: GPL-3.0-or-later
/* The output of a monitoring plugin. */
#include "probe/perfdata.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
    if (!good)
        abort();
}

static void need_safe(const char *text)
{
    need(bw_utf8_valid_prefix(text, strlen(text)) == strlen(text));
    for (; *text != '\0'; text++)
        need((unsigned char)*text >= 0x20 && *text != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *exact = malloc(size + 1); /* one byte too many is seen, and malloc(0) is not asked for */
    char *output = exact + 1;
    if (size > 0)
        memcpy(output, data, size);
    const struct bw_span text = bw_plugin_text((struct bw_span){ output, size });
    need(memchr(text.data, '\n', text.len) == NULL && memchr(text.data, '|', text.len) == NULL);
    struct bw_perfdata_reader reader = bw_perfdata_begin((struct bw_span){ output, size });
    struct bw_perfdata item;
    size_t count = 0;
    while (bw_perfdata_next(&reader, &item)) {
        char label[50];
        bw_perfdata_label(label, sizeof label, &item);
        need_safe(label);
        need(item.label.len > 0 && isfinite(item.value) && !isinf(item.min) && !isinf(item.max)
             && !isinf(item.warning.min) && !isinf(item.critical.max)
             && strlen(item.unit) < sizeof item.own_unit);
        count++;
    }
    need(count <= size / 3 + 1); /* "a=1" is the shortest */
    free(exact);
    return 0;
}
