// SPDX-License-Identifier: GPL-3.0-or-later
/* base/embedded.h: files that the build put into the program. */
#ifndef BASE_EMBEDDED_H
#define BASE_EMBEDDED_H

#include <stddef.h>

struct bw_embedded {
    const char *name; /* file name without folders; NULL ends a list */
    const char *data; /* NUL-terminated; the NUL is not counted */
    size_t size;
};

/* The file of that name, or NULL. */
const struct bw_embedded *bw_embedded_find(const struct bw_embedded *list, const char *name);

#endif
