// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/records.h"

const char *bw_direction_name(enum bw_direction direction)
{
    static const char *const names[BW_DIRECTION_COUNT] = {
        [BW_UNDETERMINED] = "undetermined",
        [BW_FALLING] = "falling",
        [BW_FLAT] = "flat",
        [BW_RISING] = "rising",
    };
    return names[direction < BW_DIRECTION_COUNT ? direction : BW_UNDETERMINED];
}

void bw_trend_say_finding(struct bw_buf *out, const struct bw_trend_record *record, size_t index)
{
    bw_finding_say(out, &record->findings[index], record->metric != NULL ? record->metric : "",
                   record->computed_ms != 0 ? record->computed_ms : record->last_ms);
}
