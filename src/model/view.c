// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/view.h"

#include <string.h>

const struct bw_view_service *bw_view_service(const struct bw_view *view, const char *name)
{
    for (size_t i = 0; i < view->service_count; i++) {
        if (strcmp(view->services[i].name, name) == 0)
            return &view->services[i];
    }
    return NULL;
}
