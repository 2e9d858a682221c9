// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/sliding.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

size_t bw_sliding_bytes(size_t most)
{
    const size_t bytes = most * (sizeof(float) + sizeof(uint16_t));
    return (bytes + sizeof(float) - 1) / sizeof(float) * sizeof(float);
}

struct bw_sliding bw_sliding_make(void *memory, size_t most)
{
    float *ring = memory;
    void *behind = ring + most;
    return (struct bw_sliding){ .ring = ring, .order = behind, .most = (uint16_t)most };
}

/* How many values are smaller, or, with `or_equal`, not larger. */
static size_t count_below(const struct bw_sliding *s, float value, bool or_equal)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const float at = s->ring[s->order[middle]];
        if (at < value || (or_equal && at <= value))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void drop_oldest(struct bw_sliding *s)
{
    /* Of equal ones the last is the oldest. */
    const size_t at = count_below(s, s->ring[s->oldest], true) - 1;
    s->n--;
    memmove(s->order + at, s->order + at + 1, (s->n - at) * sizeof *s->order);
}

void bw_sliding_put(struct bw_sliding *s, double exact)
{
    const float value = (float)exact;
    uint16_t slot = s->n;
    if (s->n == s->most) {
        drop_oldest(s);
        slot = s->oldest;
        s->oldest = (uint16_t)(s->oldest + 1 == s->most ? 0 : s->oldest + 1);
    }
    const size_t at = count_below(s, value, false);
    memmove(s->order + at + 1, s->order + at, (s->n - at) * sizeof *s->order);
    s->order[at] = slot;
    s->ring[slot] = value;
    s->n++;
}

double bw_sliding_quantile(const struct bw_sliding *s, double q)
{
    if (s->n == 0)
        return NAN;
    const double at = q * (double)(s->n - 1);
    const size_t low = (size_t)at;
    const size_t high = low + 1 < s->n ? low + 1 : low;
    const double lower = s->ring[s->order[low]];
    return lower + (at - (double)low) * ((double)s->ring[s->order[high]] - lower);
}
