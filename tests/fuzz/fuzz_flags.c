// SPDX-License-Identifier: GPL-3.0-or-later
/* Any bytes as a command line, one argument a line. */
#include "../unit/conf/fixture.h"

#include "conf/flags.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARGS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_arena arena = { 0 };
    struct bw_flags flags;
    struct bw_err err = { 0 };
    struct rich rich;
    char *argv[ARGS_MAX];
    int argc = 0;
    char *text = bw_arena_strndup(&arena, (const char *)data, size);
    for (char *p = text; argc < ARGS_MAX && *p != '\0';) {
        argv[argc++] = p;
        p += strcspn(p, "\n");
        if (*p == '\n')
            *p++ = '\0';
    }
    const enum bw_flags_result result =
        bw_flags_parse(&arena, &rich_group, argc, argv, &rich, &flags, &err);
    if ((result == BW_FLAGS_BAD) != (err.text[0] != '\0'))
        abort();
    if (result == BW_FLAGS_OK && (rich.port < 1 || rich.port > 65535))
        abort();
    bw_arena_fini(&arena);
    return 0;
}
