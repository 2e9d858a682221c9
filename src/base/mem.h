// SPDX-License-Identifier: GPL-3.0-or-later
/* base/mem.h: heap memory. Out of memory is not an error a caller sees: these say so on
 * stderr and abort, the supervisor restarts us and the journal makes the data safe.
 * Release with free(). The only file that may call malloc and its kin. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* `size` bytes of zeros. */
void *bw_alloc(size_t size);

/* `count` zeroed items of `size` bytes; aborts when the product overflows. */
void *bw_alloc_array(size_t count, size_t size);

/* The same, not zeroed: for what is filled right away and is too much to fill twice. */
void *bw_alloc_unset(size_t count, size_t size);

/* Makes room for `need` items in an array of `*cap`, growing by half at least; new items
 * are not cleared. Returns the array, moved or not. */
void *bw_grow(void *array, size_t *cap, size_t need, size_t size);

/* A NUL-terminated copy of the text, or of its first `len` bytes; NULL for NULL. */
char *bw_strdup(const char *text);
char *bw_strndup(const char *text, size_t len);

#endif
