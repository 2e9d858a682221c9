// SPDX-License-Identifier: GPL-3.0-or-later
/* Accept and Accept-Encoding as anybody may send them. */
#include "metric/negotiate.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *header = malloc(size + 1);
    memcpy(header, data, size);
    header[size] = '\0';
    const char *type = NULL;
    const enum bw_exposition format = bw_negotiate_exposition(header, &type);
    const bool open = type != NULL && strstr(type, "openmetrics") != NULL;
    if (type == NULL || open != (format == BW_EXPOSITION_OPENMETRICS))
        abort();
    (void)bw_negotiate_gzip(header);
    free(header);
    return 0;
}
