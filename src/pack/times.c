// SPDX-License-Identifier: GPL-3.0-or-later
/* Times as ticks of a grid and how far each is off its tick: jitter does not add up, and a
 * missed tick is one integer. */
#include "pack/codec.h"

#include "base/mem.h"
#include "pack/bits.h"

#include <stdlib.h>

enum { SAMPLES = 63 };

static uint64_t between(const int64_t *times, size_t from, size_t to)
{
    return (uint64_t)times[to] - (uint64_t)times[from];
}

/* How many steps away the nearest tick is. */
static uint64_t tick_of(uint64_t distance, uint64_t step)
{
    return distance / step + (distance % step >= step - step / 2);
}

static int64_t off_tick(uint64_t distance, uint64_t step)
{
    return (int64_t)(distance - tick_of(distance, step) * step);
}

static int ascending(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static uint64_t median_step(const int64_t *times, size_t count)
{
    uint64_t steps[SAMPLES];
    const size_t samples = count - 1 < SAMPLES ? count - 1 : SAMPLES;
    for (size_t i = 0; i < samples; i++) {
        const size_t at = i * (count - 1) / samples;
        steps[i] = between(times, at, at + 1);
    }
    // cppcheck-suppress uninitvar ; filled up to there
    qsort(steps, samples, sizeof *steps, ascending);
    return steps[samples / 2] == 0 ? 1 : steps[samples / 2];
}

static uint64_t weigh_step(const int64_t *times, size_t count, uint64_t step)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i++)
        bits += bw_bit_length(bw_zigzag(off_tick(between(times, 0, i), step)));
    return bits;
}

/* The median step, or a rounder one that it jitters around. */
static uint64_t find_step(const int64_t *times, size_t count)
{
    if (count < 2)
        return 1;
    static const uint64_t rounds[] = { 10, 100, 1000 };
    const uint64_t median = median_step(times, count);
    uint64_t best = median, least = weigh_step(times, count, median);
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds && least > 0; i++) {
        const uint64_t step = tick_of(median, rounds[i]) * rounds[i];
        const uint64_t bits = step == 0 ? UINT64_MAX : weigh_step(times, count, step);
        if (bits < least) {
            least = bits;
            best = step;
        }
    }
    return best;
}

void bw_times_encode(struct bw_buf *out, const int64_t *times_ms, size_t count, enum bw_tier tier)
{
    int64_t *ticks = bw_alloc_unset(count, sizeof *ticks);
    int64_t *offs = bw_alloc_unset(count, sizeof *offs);
    const uint64_t step = find_step(times_ms, count);
    for (size_t i = 0; i < count; i++) {
        const uint64_t distance = between(times_ms, 0, i);
        ticks[i] = (int64_t)tick_of(distance, step);
        offs[i] = off_tick(distance, step);
    }
    bw_put_varint(out, step);
    bw_put_zigzag(out, times_ms[0]);
    bw_ints_encode(out, ticks, count, tier);
    bw_ints_encode(out, offs, count, tier);
    free(ticks);
    free(offs);
}

static bool are_rising(const int64_t *times, size_t count)
{
    bool rising = true;
    for (size_t i = 1; i < count; i++)
        rising &= times[i - 1] < times[i];
    return rising;
}

bool bw_times_decode(const void *bytes, size_t size, int64_t *out_ms, size_t count)
{
    if (count == 0)
        return false;
    struct bw_bytes in = bw_bytes_of(bytes, size);
    const uint64_t step = bw_take_varint(&in);
    const int64_t first = bw_take_zigzag(&in);
    int64_t *offs = bw_alloc_unset(count, sizeof *offs);
    bw_ints_decode(&in, out_ms, count);
    bw_ints_decode(&in, offs, count);
    const bool sound = !in.bad && bw_bytes_left(&in) == 0;
    for (size_t i = 0; i < count && sound; i++)
        out_ms[i] = (int64_t)((uint64_t)first + (uint64_t)out_ms[i] * step + (uint64_t)offs[i]);
    free(offs);
    return sound && are_rising(out_ms, count);
}
