// SPDX-License-Identifier: GPL-3.0-or-later
/* Any body is a marker or a refusal; a marker is one line of text, about a time that has passed, and
 * can be told as JSON. */
#include "base/limits.h"
#include "web/marker.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_MS INT64_C(1795300000123)

static void check(struct bw_arena *arena, const struct bw_event *marker)
{
    struct bw_buf out;
    bw_buf_init(&out, 64 << 10);
    struct bw_json json = bw_json_to(&out);
    struct bw_value *list = bw_value_list(arena);
    if (marker->ts_ms <= 0 || marker->ts_ms > NOW_MS || marker->kind != BW_EVENT_MARKER
        || marker->cause[0] == '\0' || strlen(marker->cause) > BW_MARKER_TEXT_BYTES_MAX
        || strpbrk(marker->cause, "\r\n") != NULL || marker->name[0] == '\0')
        abort();
    bw_marker_tell(arena, list, marker);
    bw_value_to_json(&json, list);
    if (bw_buf_failed(&out))
        abort();
    bw_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_arena arena = { 0 };
    struct bw_event marker;
    struct bw_err err = { .text = "" };
    if (bw_marker_read(&arena, (const char *)data, size, NOW_MS, &marker, &err) == BW_OK)
        check(&arena, &marker);
    else if (err.text[0] == '\0')
        abort();
    bw_arena_fini(&arena);
    return 0;
}
