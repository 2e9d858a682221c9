// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/fading.h"

#include <math.h>
#include <string.h>

enum { PER_OCTAVE = 8, COUNT_MAX = 60000, KEY_ZERO = INT16_MIN };

struct bw_fading bw_fading_make(size_t half)
{
    /* All puts of two halvings may fall into one bucket. */
    return (struct bw_fading){ .half = (uint16_t)half,
                               .worth = (uint16_t)(COUNT_MAX / (2 * half)) };
}

static int16_t key_of(double size)
{
    int exponent;
    const double mantissa = frexp(size, &exponent); /* 0.5 .. 1 */
    if (!(size > 0))
        return KEY_ZERO;
    return (int16_t)(exponent * PER_OCTAVE + (int)((mantissa - 0.5) * (2 * PER_OCTAVE)));
}

/* The smallest size of a bucket; that of the next is where it ends. */
static double start_of(int key)
{
    if (key == KEY_ZERO)
        return 0;
    const int exponent = (key >= 0 ? key : key - PER_OCTAVE + 1) / PER_OCTAVE;
    const int part = key - exponent * PER_OCTAVE;
    return ldexp(0.5 + (double)part / (2 * PER_OCTAVE), exponent);
}

static void halve(struct bw_fading *f)
{
    size_t kept = 0;
    f->total = 0;
    for (size_t i = 0; i < f->used; i++) {
        const uint16_t count = f->count[i] / 2;
        if (count == 0)
            continue;
        f->key[kept] = f->key[i];
        f->count[kept++] = count;
        f->total += count;
    }
    f->used = (uint16_t)kept;
    f->puts = 0;
}

/* Of the small ones it matters least how small they are. */
static void make_room(struct bw_fading *f)
{
    f->count[1] = (uint16_t)(f->count[0] + f->count[1]);
    f->used--;
    memmove(f->key, f->key + 1, f->used * sizeof *f->key);
    memmove(f->count, f->count + 1, f->used * sizeof *f->count);
}

static size_t place_of(const struct bw_fading *f, int16_t key)
{
    size_t low = 0, high = f->used;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (f->key[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void bw_fading_put(struct bw_fading *f, double size)
{
    const int16_t key = key_of(size);
    if (f->puts == f->half)
        halve(f);
    size_t at = place_of(f, key);
    if (at == f->used || f->key[at] != key) {
        if (f->used == BW_FADING_BUCKETS) {
            make_room(f);
            at = at > 0 ? at - 1 : 0;
        }
        memmove(f->key + at + 1, f->key + at, (f->used - at) * sizeof *f->key);
        memmove(f->count + at + 1, f->count + at, (f->used - at) * sizeof *f->count);
        f->key[at] = key;
        f->count[at] = 0;
        f->used++;
    }
    f->count[at] = (uint16_t)(f->count[at] + f->worth);
    f->total += f->worth;
    f->puts++;
}

double bw_fading_weight(const struct bw_fading *f)
{
    return (double)f->total / f->worth;
}

double bw_fading_quantile(const struct bw_fading *f, double q)
{
    if (f->used == 0)
        return NAN;
    double left = q * (double)f->total;
    size_t i = 0;
    while (i + 1u < f->used && left > f->count[i])
        left -= f->count[i++];
    if (f->key[i] == KEY_ZERO)
        return 0;
    const double start = start_of(f->key[i]), end = start_of(f->key[i] + 1);
    return start + (end - start) * fmin(left / f->count[i], 1);
}
