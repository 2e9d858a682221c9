// SPDX-License-Identifier: GPL-3.0-or-later
/* Any bytes are a zone or an error; a zone answers every question without harm. */
#include "calendar/cron.h"
#include "calendar/zone.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t times_ms[] = { INT64_MIN, -1, 0, 1795300000000, 4102444800000, INT64_MAX };
    struct bw_zone *zone = NULL;
    struct bw_cron cron;
    if (bw_zone_parse("Fuzz", data, size, &zone, NULL) != BW_OK)
        return 0;
    if (bw_cron_parse("30 2 * * *", &cron, NULL) != BW_OK)
        abort();
    for (size_t i = 0; i < sizeof times_ms / sizeof *times_ms; i++) {
        char text[BW_ZONE_TIME_TEXT_MAX];
        bw_zone_format(text, zone, times_ms[i]);
        if (i == 0 || i == 5)
            continue;
        int64_t next_ms;
        bw_zone_day_start_ms(zone, times_ms[i], 1);
        if (bw_cron_next(&cron, zone, times_ms[i], &next_ms) && next_ms <= times_ms[i])
            abort();
    }
    bw_zone_free(zone);
    return 0;
}
