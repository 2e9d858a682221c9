// SPDX-License-Identifier: GPL-3.0-or-later
/* Any text is a schedule or an error; a schedule fires later than asked, on a minute. */
#include "calendar/cron.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct bw_cron cron;
    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    if (bw_cron_parse(text, &cron, NULL) == BW_OK) {
        int64_t ms = 1795300000123;
        for (int i = 0; i < 3; i++) {
            const int64_t after_ms = ms;
            if (!bw_cron_next(&cron, bw_zone_utc(), after_ms, &ms))
                break;
            if (ms <= after_ms || ms % 60000 != 0)
                abort();
        }
    }
    free(text);
    return 0;
}
