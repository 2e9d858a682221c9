// SPDX-License-Identifier: GPL-3.0-or-later
/* Stored findings: whatever a cell holds is read without harm, can be said, and is the same when it
 * is written and read again. */
#include "base/limits.h"
#include "model/finding.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say_all(const struct bw_finding *findings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bw_buf words;
        bw_buf_init(&words, BW_FINDINGS_BYTES_MAX);
        bw_finding_say(&words, &findings[i], "probe_duration_seconds", INT64_C(1795269720000));
        if (words.len == 0)
            abort();
        bw_buf_fini(&words);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_finding first[BW_FINDINGS_MAX], again[BW_FINDINGS_MAX];
    struct bw_buf text;
    bw_buf_init(&text, size + 1);
    bw_buf_bytes(&text, data, size);
    const size_t count = bw_findings_read(text.data, first);
    bw_buf_fini(&text);
    say_all(first, count);
    bw_buf_init(&text, BW_FINDINGS_BYTES_MAX);
    bw_findings_write(&text, first, count);
    if (bw_findings_read(text.data, again) != count
        || memcmp(first, again, count * sizeof *first) != 0)
        abort();
    bw_buf_fini(&text);
    return 0;
}
