// SPDX-License-Identifier: GPL-3.0-or-later
/* A series as text: whatever the bytes are, it is read or refused with a reason. */
#include "cli/read_points.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_read_points read;
    struct bw_err err = { .rc = BW_OK };
    if (bw_read_points((const char *)data, size, NULL, &read, &err) == BW_OK)
        bw_read_points_fini(&read);
    else if (err.text[0] == '\0')
        abort();
    if (bw_read_points((const char *)data, size, "a{x=~\"1|2\"}", &read, NULL) == BW_OK)
        bw_read_points_fini(&read);
    return 0;
}
