// SPDX-License-Identifier: GPL-3.0-or-later
/* Request targets, and which route they mean. */
#include "base/mem.h"
#include "base/text.h"
#include "web/route.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_arena arena;
    struct bw_url url;
    struct bw_err err;
    const char *captures[BW_CAPTURES_MAX] = { NULL };
    char allow[BW_ALLOW_BYTES];
    bw_arena_init(&arena);
    char *target = bw_strndup((const char *)data, size);
    if (bw_url_parse(&arena, target, &url, &err) == BW_OK) {
        assert(url.segment_count <= BW_URL_SEGMENTS_MAX && url.param_count <= BW_URL_PARAMS_MAX);
        for (size_t i = 0; i < url.segment_count; i++)
            assert(bw_utf8_valid_prefix(url.segments[i], strlen(url.segments[i]))
                   == strlen(url.segments[i]));
        const struct bw_route *route = bw_route_find("GET", &url, captures, allow);
        assert(route == NULL || allow[0] == '\0');
    }
    free(target);
    bw_arena_fini(&arena);
    return 0;
}
