// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/ints.h"

#include "pack/bits.h"
#include "pack/frames.h"
#include "pack/huffman.h"

#include <stdbool.h>
#include <string.h>

enum { ORDER_MAX = 2, SAMPLES = 31 };

/* Stored in the head byte, above the order: never renumber. */
enum method { METHOD_ZERO, METHOD_FRAMES, METHOD_HUFFMAN, METHOD_END };

/* What stands before the residuals. The first `order` integers are seeds: x0, then x1 - x0. */
struct head {
    unsigned order;
    int64_t seeds[ORDER_MAX];
    int64_t centre;
    uint64_t unit; /* >= 1 */
};

static int64_t minus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t plus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* --- writing --------------------------------------------------------------------------- */

/* What is left of values[i] in that order; i >= order. */
static int64_t difference_at(const int64_t *values, size_t i, unsigned order)
{
    int64_t difference = values[i];
    if (order >= 1)
        difference = minus(difference, values[i - 1]);
    if (order == 2)
        difference = minus(difference, minus(values[i - 1], values[i - 2]));
    return difference;
}

/* The median of some, spread evenly: outliers such as a counter's reset do not move it. */
static int64_t find_centre(const int64_t *values, size_t count, unsigned order)
{
    int64_t some[SAMPLES];
    const size_t all = count - order;
    const size_t samples = all < SAMPLES ? all : SAMPLES;
    for (size_t i = 0; i < samples; i++) {
        const int64_t next = difference_at(values, order + i * all / samples, order);
        size_t at = i;
        for (; at > 0 && some[at - 1] > next; at--)
            some[at] = some[at - 1];
        some[at] = next;
    }
    // cppcheck-suppress uninitvar ; filled up to there
    return some[samples / 2];
}

/* The bits that differences around their centres would need in each order, roughly: lengths of the
 * numbers. In one pass, each difference made of that of the order below. */
static void weigh_orders(const int64_t *values, size_t count, const int64_t *centres,
                         uint64_t *out_bits)
{
    uint64_t bits[ORDER_MAX + 1] = { 0 };
    int64_t before = 0, slope = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t first = minus(values[i], before), second = minus(first, slope);
        bits[0] += bw_bit_length(bw_zigzag(minus(values[i], centres[0])));
        bits[1] += i < 1 ? 0 : bw_bit_length(bw_zigzag(minus(first, centres[1])));
        bits[2] += i < 2 ? 0 : bw_bit_length(bw_zigzag(minus(second, centres[2])));
        before = values[i];
        slope = first;
    }
    memcpy(out_bits, bits, sizeof bits);
}

/* A higher order has to earn its seed. */
static void choose_order(const int64_t *values, size_t count, struct head *head)
{
    int64_t centres[ORDER_MAX + 1] = { 0 };
    uint64_t bits[ORDER_MAX + 1];
    for (unsigned order = 0; order <= ORDER_MAX && order < count; order++)
        centres[order] = find_centre(values, count, order);
    weigh_orders(values, count, centres, bits);
    uint64_t least = UINT64_MAX;
    for (unsigned order = 0; order <= ORDER_MAX && order < count; order++) {
        if (order > 0 && bits[order] + bits[order] / 32 >= least)
            continue;
        least = bits[order];
        head->order = order;
        head->centre = centres[order];
    }
}

/* Replaces the values behind the first by their differences. */
static void take_differences(int64_t *values, size_t count)
{
    for (size_t i = count; i-- > 1;)
        values[i] = minus(values[i], values[i - 1]);
}

static uint64_t divisor_of(uint64_t a, uint64_t b)
{
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* What divides all distances from the centre; 1 when they wrap, where division is not exact. */
static uint64_t find_unit(const int64_t *values, size_t count, int64_t centre)
{
    uint64_t unit = 0;
    for (size_t i = 0; i < count && unit != 1; i++) {
        int64_t distance;
        if (__builtin_sub_overflow(values[i], centre, &distance))
            return 1;
        const uint64_t size = distance < 0 ? 0 - (uint64_t)distance : (uint64_t)distance;
        if (unit == 0 || size % unit != 0)
            unit = divisor_of(size, unit);
    }
    return unit == 0 || unit > INT64_MAX ? 1 : unit;
}

static bool centre_and_scale(int64_t *values, size_t count, struct head *head)
{
    head->unit = find_unit(values, count, head->centre);
    int64_t any = 0;
    for (size_t i = 0; i < count; i++) {
        values[i] = minus(values[i], head->centre);
        if (head->unit != 1)
            values[i] /= (int64_t)head->unit;
        any |= values[i];
    }
    return any != 0;
}

static void put_head(struct bw_buf *out, const struct head *head, enum method method)
{
    bw_buf_char(out, (char)(uint8_t)(head->order | (unsigned)method << 4));
    for (unsigned i = 0; i < head->order; i++)
        bw_put_zigzag(out, head->seeds[i]);
    bw_put_zigzag(out, head->centre);
    bw_put_varint(out, head->unit);
}

static void put_smaller(struct bw_buf *out, const struct head *head, const int64_t *residuals,
                        size_t count)
{
    const size_t start = out->len;
    put_head(out, head, METHOD_HUFFMAN);
    bw_huffman_encode(out, residuals, count);
    struct bw_buf frames;
    bw_buf_init(&frames, out->max);
    put_head(&frames, head, METHOD_FRAMES);
    bw_frames_encode(&frames, residuals, count);
    if (!bw_buf_failed(out) && frames.len <= out->len - start) {
        out->len = start;
        bw_buf_bytes(out, frames.data, frames.len);
    }
    bw_buf_fini(&frames);
}

void bw_ints_encode(struct bw_buf *out, int64_t *values, size_t count, enum bw_tier tier)
{
    struct head head = { 0 };
    choose_order(values, count, &head);
    int64_t *rest = values;
    for (unsigned i = 0; i < head.order; i++, rest++, count--) {
        take_differences(rest, count);
        head.seeds[i] = rest[0];
    }
    if (!centre_and_scale(rest, count, &head)) {
        put_head(out, &head, METHOD_ZERO);
    } else if (tier == BW_TIER_COLD) {
        put_smaller(out, &head, rest, count);
    } else {
        put_head(out, &head, METHOD_FRAMES);
        bw_frames_encode(out, rest, count);
    }
}

/* --- reading --------------------------------------------------------------------------- */

static void take_zero(struct bw_bytes *in, int64_t *out, size_t count)
{
    (void)in;
    for (size_t i = 0; i < count; i++)
        out[i] = 0;
}

static void (*const takers[METHOD_END])(struct bw_bytes *, int64_t *, size_t) = {
    [METHOD_ZERO] = take_zero,
    [METHOD_FRAMES] = bw_frames_decode,
    [METHOD_HUFFMAN] = bw_huffman_decode,
};

static bool take_head(struct bw_bytes *in, struct head *head, unsigned *out_method)
{
    const uint8_t *byte = bw_take_bytes(in, 1);
    if (byte == NULL)
        return false;
    head->order = *byte & 0xf;
    *out_method = *byte >> 4;
    for (unsigned i = 0; i < head->order && head->order <= ORDER_MAX; i++)
        head->seeds[i] = bw_take_zigzag(in);
    head->centre = bw_take_zigzag(in);
    head->unit = bw_take_varint(in);
    return !in->bad && head->order <= ORDER_MAX && *out_method < METHOD_END && head->unit >= 1;
}

/* Residuals of order 0, 1 and 2 back to integers; behind the seeds, in place. */
static void undo_order_0(int64_t *rest, size_t count, const struct head *head)
{
    for (size_t i = 0; i < count; i++)
        rest[i] = plus((int64_t)((uint64_t)rest[i] * head->unit), head->centre);
}

static void undo_order_1(int64_t *rest, size_t count, const struct head *head)
{
    int64_t value = rest[-1] = head->seeds[0];
    for (size_t i = 0; i < count; i++) {
        value = plus(value, plus((int64_t)((uint64_t)rest[i] * head->unit), head->centre));
        rest[i] = value;
    }
}

static void undo_order_2(int64_t *rest, size_t count, const struct head *head)
{
    int64_t step = head->seeds[1];
    rest[-2] = head->seeds[0];
    int64_t value = rest[-1] = plus(head->seeds[0], step);
    for (size_t i = 0; i < count; i++) {
        step = plus(step, plus((int64_t)((uint64_t)rest[i] * head->unit), head->centre));
        value = plus(value, step);
        rest[i] = value;
    }
}

void bw_ints_decode(struct bw_bytes *in, int64_t *out, size_t count)
{
    struct head head;
    unsigned method;
    if (!take_head(in, &head, &method) || head.order >= count) {
        in->bad = true;
        return;
    }
    static void (*const undo[])(int64_t *, size_t,
                                const struct head *) = { undo_order_0, undo_order_1, undo_order_2 };
    takers[method](in, out + head.order, count - head.order);
    if (!in->bad)
        undo[head.order](out + head.order, count - head.order, &head);
}
