// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/embedded.h"

#include <string.h>

const struct bw_embedded *bw_embedded_find(const struct bw_embedded *list, const char *name)
{
    for (; list->name != NULL; list++) {
        if (strcmp(list->name, name) == 0)
            return list;
    }
    return NULL;
}
