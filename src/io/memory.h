// SPDX-License-Identifier: GPL-3.0-or-later
/* io/memory.h: what of the process's memory is in RAM.
 *
 * Starting touches much that running does not: relocations and initialisers of forty libraries,
 * the reading of a configuration. Pages of program files that nobody has written to can be let go
 * at any time: the kernel keeps them in its cache, and what is used again is mapped again, sixteen
 * pages at a time, for about a microsecond. Freed heap in the middle of the heap is the kernel's
 * again only when somebody says so. */
#ifndef IO_MEMORY_H
#define IO_MEMORY_H

#include <stddef.h>

/* Settles how the heap grows, before the first thread is started. */
void bw_memory_settle(void);

/* Zeroed memory that goes back to the system as soon as it is released: for what is large and
 * comes again and again beside its predecessor. Never NULL; `bytes` may be 0. */
void *bw_memory_map(size_t bytes);
void bw_memory_unmap(void *memory, size_t bytes);

/* Hands back what is not in use: read-only pages of program files, and free heap. Any thread;
 * others go on meanwhile. */
void bw_memory_rest(void);

#endif
