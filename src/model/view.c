// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/view.h"

#include <math.h>
#include <string.h>

/* From the top: 42 bits of time, 2 of status, 3 of a power of ten, 17 that it multiplies; these
 * full of ones: no duration. */
enum { STATUS_BITS = 2, POWER_BITS = 3, FACTOR_BITS = 17, POWERS = 1 << POWER_BITS };
#define TIME_MAX ((INT64_C(1) << 42) - 1)
#define FACTOR_NONE ((UINT64_C(1) << FACTOR_BITS) - 1)

static uint64_t pack_duration(double seconds)
{
    if (!(seconds >= 0) || seconds > 1e9)
        return FACTOR_NONE;
    uint64_t factor = (uint64_t)llround(seconds * 1e6), power = 0;
    for (; factor >= FACTOR_NONE && power < POWERS - 1; power++)
        factor = (factor + 5) / 10;
    return factor >= FACTOR_NONE ? FACTOR_NONE : power << FACTOR_BITS | factor;
}

static double unpack_duration(uint64_t packed)
{
    uint64_t microseconds = packed & FACTOR_NONE;
    if (microseconds == FACTOR_NONE)
        return NAN;
    for (uint64_t power = packed >> FACTOR_BITS; power > 0; power--)
        microseconds *= 10;
    return (double)microseconds / 1e6;
}

struct bw_view_past bw_view_past_make(struct bw_view_result result)
{
    _Static_assert(BW_STATUS_COUNT <= 1 << STATUS_BITS, "a status has two bits");
    int64_t ts_ms = result.ts_ms > 0 ? result.ts_ms : 0;
    ts_ms = ts_ms < TIME_MAX ? ts_ms : TIME_MAX;
    const uint64_t status =
        (unsigned)result.status < BW_STATUS_COUNT ? (uint64_t)result.status : (uint64_t)BW_UNKNOWN;
    return (struct bw_view_past){ ((uint64_t)ts_ms << STATUS_BITS | status)
                                      << (POWER_BITS + FACTOR_BITS)
                                  | pack_duration(result.duration_s) };
}

struct bw_view_result bw_view_past_read(struct bw_view_past past)
{
    const uint64_t head = past.bits >> (POWER_BITS + FACTOR_BITS);
    return (struct bw_view_result){
        .ts_ms = (int64_t)(head >> STATUS_BITS),
        .duration_s =
            unpack_duration(past.bits & ((UINT64_C(1) << (POWER_BITS + FACTOR_BITS)) - 1)),
        .status = (enum bw_status)(head & ((1u << STATUS_BITS) - 1)),
    };
}

bool bw_view_is_maintained(const struct bw_view_service *service)
{
    return service->maintenance != NULL && service->maintenance[0] != '\0';
}

const struct bw_view_service *bw_view_service(const struct bw_view *view, const char *name)
{
    for (size_t i = 0; i < view->service_count; i++) {
        if (strcmp(view->services[i].name, name) == 0)
            return &view->services[i];
    }
    return NULL;
}

const struct bw_view_oddity *bw_view_oddity(const struct bw_view *view, uint32_t series)
{
    size_t low = 0, high = view->oddity_count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (view->oddities[middle].series < series)
            low = middle + 1;
        else
            high = middle;
    }
    return low < view->oddity_count && view->oddities[low].series == series ? &view->oddities[low]
                                                                            : NULL;
}
