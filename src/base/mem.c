// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_die(void *memory, size_t size)
{
    if (memory == NULL) {
        fprintf(stderr, "bellwether: out of memory (%zu bytes)\n", size);
        abort();
    }
    return memory;
}

/* What glibc keeps by thread for the next to ask: its calloc() passes that by, and takes several
 * times as long. */
enum { QUICK_BYTES_MAX = 1024 };

/* Volatile: compilers make calloc() of malloc() and memset(). */
static void *(*volatile const take)(size_t) = malloc;

void *bw_alloc(size_t size)
{
    const size_t bytes = size > 0 ? size : 1;
    if (bytes > QUICK_BYTES_MAX)
        return or_die(calloc(1, bytes), size);
    return memset(or_die(take(bytes), size), 0, bytes);
}

void *bw_alloc_array(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        or_die(NULL, SIZE_MAX);
    return bw_alloc(count * size);
}

void *bw_alloc_unset(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        or_die(NULL, SIZE_MAX);
    const size_t bytes = count * size;
    return or_die(realloc(NULL, bytes > 0 ? bytes : 1), bytes);
}

void *bw_grow(void *array, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return array;
    size_t room = *cap + *cap / 2;
    if (room < need)
        room = need;
    if (room < 8)
        room = 8;
    if (size != 0 && room > SIZE_MAX / size)
        or_die(NULL, SIZE_MAX);
    void *moved = or_die(realloc(array, room * size), room * size);
    *cap = room;
    return moved;
}

char *bw_strdup(const char *text)
{
    return text == NULL ? NULL : bw_strndup(text, strlen(text));
}

char *bw_strndup(const char *text, size_t len)
{
    if (text == NULL)
        return NULL;
    char *copy = bw_alloc(len + 1);
    memcpy(copy, text, len);
    return copy;
}
