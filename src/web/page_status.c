// SPDX-License-Identifier: GPL-3.0-or-later
/* The first page: how everything is. */
#include "web/endpoint.h"
#include "web/page.h"

void bw_page_status(struct bw_request *request)
{
    struct bw_value *root = bw_page_begin(request, "Status", "status");
    bw_page_render(request, "page-status", root);
}
