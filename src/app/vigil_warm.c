// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/vigil_warm.h"

#include "base/mem.h"
#include "store/reader.h"

#include <stdlib.h>

#define HOUR_MS (INT64_C(3600) * 1000)

/* More than 1,500 values make no difference; of fewer than the second the tails are guesses. */
enum { VALUES_MOST = 2000, VALUES_FEW = 500 };

struct warming {
    struct bw_vigil_warm *warm;
    uint32_t *few; /* series that had few values */
    size_t few_count;
    bool last; /* fewer than few will do */
};

static struct bw_vigil_eye *eye_of(const struct bw_vigil_warm *warm, uint32_t series)
{
    for (size_t i = 0; i < warm->count; i++) {
        if (warm->series[i] == series)
            return warm->eyes[i];
    }
    return NULL;
}

static bool feed(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct warming *warming = ctx;
    struct bw_vigil_eye *eye = eye_of(warming->warm, series);
    if (eye == NULL || (count < VALUES_FEW && !warming->last))
        return true;
    for (size_t i = count > VALUES_MOST ? count - VALUES_MOST : 0; i < count; i++)
        bw_vigil_eye_put(eye, points[i].ts_ms, points[i].value);
    return true;
}

static void find_few(struct warming *warming)
{
    const struct bw_vigil_warm *warm = warming->warm;
    for (size_t i = 0; i < warm->count; i++) {
        if (warm->eyes[i]->last_ms == 0)
            warming->few[warming->few_count++] = warm->series[i];
    }
    warming->last = true;
}

static enum bw_rc read_all(struct warming *warming, struct bw_reader *reader, struct bw_err *err)
{
    const struct bw_vigil_warm *warm = warming->warm;
    const int64_t now_ms = warm->now_ms;
    const enum bw_rc rc = bw_reader_scan(reader, warm->series, warm->count, now_ms - 8 * HOUR_MS,
                                         now_ms, feed, warming, NULL, err);
    if (rc != BW_OK)
        return rc;
    find_few(warming);
    if (warming->few_count == 0)
        return BW_OK;
    return bw_reader_scan(reader, warming->few, warming->few_count, now_ms - 7 * 24 * HOUR_MS,
                          now_ms, feed, warming, NULL, err);
}

void bw_vigil_warm_run(struct bw_vigil_warm *warm)
{
    struct warming warming = { .warm = warm, .few = bw_alloc_array(warm->count, sizeof(uint32_t)) };
    struct bw_reader *reader;
    struct bw_err err = { .rc = BW_OK };
    err.rc = bw_reader_open(warm->store, &reader, &err);
    if (err.rc == BW_OK) {
        err.rc = read_all(&warming, reader, &err);
        bw_reader_close(reader);
    }
    warm->err = err;
    free(warming.few);
}
