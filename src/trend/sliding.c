// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/sliding.h"

#include <math.h>
#include <string.h>

struct bw_sliding bw_sliding_make(struct bw_arena *arena, size_t most)
{
    return (struct bw_sliding){ .ring = bw_arena_array(arena, most, sizeof(double)),
                                .sorted = bw_arena_array(arena, most, sizeof(double)),
                                .most = most };
}

/* Where value stands, or would. */
static size_t place_of(const struct bw_sliding *s, double value)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (s->sorted[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void drop_oldest(struct bw_sliding *s)
{
    const double value = s->ring[s->oldest];
    const size_t at = place_of(s, value);
    s->n--;
    memmove(s->sorted + at, s->sorted + at + 1, (s->n - at) * sizeof *s->sorted);
}

void bw_sliding_put(struct bw_sliding *s, double value)
{
    size_t slot = s->n;
    if (s->n == s->most) {
        drop_oldest(s);
        slot = s->oldest;
        s->oldest = s->oldest + 1 == s->most ? 0 : s->oldest + 1;
    }
    const size_t at = place_of(s, value);
    memmove(s->sorted + at + 1, s->sorted + at, (s->n - at) * sizeof *s->sorted);
    s->sorted[at] = value;
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
    return s->sorted[low] + (at - (double)low) * (s->sorted[high] - s->sorted[low]);
}
