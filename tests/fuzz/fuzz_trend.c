// SPDX-License-Identifier: GPL-3.0-or-later
/* Bytes become points: no crash, and no number where none is promised.
 *
 * Byte 0: flags (counter, side, season, threshold); then 10 bytes a point: 2 of time step,
 * 8 of value. */
#include "trend/analyse.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINT_BYTES = 10, POINTS_MAX = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_findings(const struct bw_trend_record *r)
{
    struct bw_buf text;
    require(r->finding_count <= BW_FINDINGS_MAX);
    for (size_t i = 0; i < r->finding_count; i++) {
        const struct bw_finding *f = &r->findings[i];
        require(isfinite(f->before) && isfinite(f->after) && isfinite(f->size));
        require(isfinite(f->size_sd) && isfinite(f->period_s) && isfinite(f->score));
        require(f->share >= 0 && f->share <= 1);
        bw_buf_init(&text, 4096);
        bw_trend_say_finding(&text, r, i);
        require(text.len > 0);
        bw_buf_fini(&text);
    }
}

static void check_record(const struct bw_trend_record *r)
{
    require(r->note != NULL);
    check_findings(r);
    require(!isinf(r->slope_per_second) && !isinf(r->slope_low) && !isinf(r->slope_high));
    require(r->direction == BW_UNDETERMINED
            || (r->confidence_ratio >= 0 && r->confidence_ratio <= 1));
    require(isnan(r->time_to_p50_s) || r->time_to_p50_s >= 0);
    for (size_t i = 0; i < r->horizon_count; i++) {
        const struct bw_trend_horizon *h = &r->horizons[i];
        require(isnan(h->p50) == isnan(h->p10) && isnan(h->p50) == isnan(h->p90));
        require(isnan(h->p50) || (h->p10 <= h->p50 && h->p50 <= h->p90));
        require(isnan(h->crossing_ratio) || (h->crossing_ratio >= 0 && h->crossing_ratio <= 1));
    }
}

static size_t read_points(const uint8_t *data, size_t size, struct bw_point *out)
{
    size_t count = 0;
    int64_t now_ms = 0;
    for (; size >= POINT_BYTES && count < POINTS_MAX; data += POINT_BYTES, size -= POINT_BYTES) {
        int16_t step;
        memcpy(&step, data, sizeof step);
        now_ms += step;
        out[count].ts_ms = step == INT16_MIN ? INT64_MIN : now_ms * 1000;
        memcpy(&out[count].value, data + 2, sizeof out[count].value);
        count++;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bw_point points[POINTS_MAX];
    if (size == 0)
        return 0;
    gsl_set_error_handler_off();
    const unsigned flags = data[0];
    struct bw_trend_request request = {
        .points = points,
        .count = read_points(data + 1, size - 1, points),
        .counter = (flags & 1) != 0,
        .side = (flags & 2) != 0 ? 1 : -1,
        .season = (enum bw_trend_season_policy)((flags >> 2 & 3) % 3),
        .season_ms = 24000,
        .horizons_ms = { 1000, 60000, INT64_C(1) << 40 },
        .horizon_count = 3,
        .threshold = (flags & 16) != 0   ? 10
                     : (flags & 32) != 0 ? 1e308
                                         : NAN,
    };
    struct bw_trend_scratch *scratch = bw_trend_scratch_new();
    struct bw_trend_record first = { 0 }, again = { 0 };
    require(bw_trend_analyse(&request, scratch, &first, NULL) == BW_OK);
    check_record(&first);
    require(bw_trend_analyse(&request, scratch, &again, NULL) == BW_OK);
    require(memcmp(&first.slope_per_second, &again.slope_per_second, sizeof(double)) == 0);
    require(memcmp(&first.time_to_p10_s, &again.time_to_p10_s, sizeof(double)) == 0);
    bw_trend_scratch_free(scratch);
    return 0;
}
