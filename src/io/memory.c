// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/memory.h"

#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ARENAS = 2, LARGE_BYTES = 128 << 10 };

void bw_memory_settle(void)
{
    /* By default every thread gets a heap of its own, and each keeps what it freed. Ours
     * allocate little at the same time. */
    mallopt(M_ARENA_MAX, ARENAS);
    /* Fixed, so that a page or a report that was large once goes back when it is freed. */
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
}

void *bw_memory_map(size_t bytes)
{
    void *memory = mmap(NULL, bytes > 0 ? bytes : 1, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        abort(); /* out of memory: as everywhere (base/mem.h) */
    return memory;
}

void bw_memory_unmap(void *memory, size_t bytes)
{
    if (memory != NULL)
        munmap(memory, bytes > 0 ? bytes : 1);
}

/* Code and constants. A segment that can be written, or could until relocations were done, holds
 * what no file has. */
static bool is_clean(const ElfW(Phdr) * segment)
{
    return segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0;
}

static int let_go(struct dl_phdr_info *object, size_t size, void *ctx)
{
    (void)size;
    const uintptr_t page = *(const uintptr_t *)ctx;
    if (object->dlpi_addr == getauxval(AT_SYSINFO_EHDR))
        return 0; /* the kernel's own code for clocks is in no file */
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (!is_clean(segment))
            continue;
        const uintptr_t start = (object->dlpi_addr + segment->p_vaddr) / page * page;
        const uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_memsz;
        madvise((void *)start, (end - start + page - 1) / page * page, MADV_DONTNEED);
    }
    return 0;
}

void bw_memory_rest(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    dl_iterate_phdr(let_go, &page);
    malloc_trim(0);
}
