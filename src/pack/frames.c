// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/frames.h"

#include "pack/bits.h"

#include <limits.h>
#include <stdbool.h>

enum { FRAME = 128, WIDTHS = 65, BASED = 0x80 };

/* How a frame is written: each value as a `width`-bit number, counted from `base` or zigzag;
 * the higher bits of those that need more follow as patches. */
struct plan {
    bool based;
    int64_t base;
    unsigned width;
    unsigned bits; /* what all of it costs */
};

static uint64_t number_of(const struct plan *plan, int64_t value)
{
    return plan->based ? (uint64_t)value - (uint64_t)plan->base : bw_zigzag(value);
}

static unsigned varint_bits(uint64_t value)
{
    const unsigned length = bw_bit_length(value);
    return 8 * (length == 0 ? 1 : (length + 6) / 7);
}

/* The cheapest width. From the widest down, numbers become patches one length at a time. */
static void choose_width(struct plan *plan, const int64_t *values, size_t count)
{
    unsigned lengths[WIDTHS] = { 0 }, widest = 0;
    for (size_t i = 0; i < count; i++) {
        const unsigned length = bw_bit_length(number_of(plan, values[i]));
        lengths[length]++;
        widest = length > widest ? length : widest;
    }
    const unsigned fixed = plan->based ? varint_bits(bw_zigzag(plan->base)) : 0;
    plan->bits = UINT_MAX;
    unsigned patched = 0;
    /* Narrower ones only have more patches, of two bytes at least each. */
    for (unsigned width = widest + 1; width-- > 0 && 16 * patched < plan->bits;
         patched += lengths[width]) {
        unsigned bits = fixed + width * (unsigned)count + 8 * patched;
        for (unsigned longer = width + 1; longer <= widest; longer++)
            bits += lengths[longer] * 8 * ((longer - width + 6) / 7);
        if (bits < plan->bits) {
            plan->bits = bits;
            plan->width = width;
        }
    }
}

static struct plan plan_frame(const int64_t *values, size_t count)
{
    struct plan plain = { .based = false };
    struct plan based = { .based = true, .base = values[0] };
    for (size_t i = 1; i < count; i++)
        based.base = values[i] < based.base ? values[i] : based.base;
    choose_width(&plain, values, count);
    choose_width(&based, values, count);
    return based.bits < plain.bits ? based : plain;
}

static void put_patches(struct bw_buf *out, const uint64_t *numbers, size_t count, unsigned width)
{
    uint8_t at[FRAME];
    size_t patched = 0;
    for (size_t i = 0; i < count; i++) {
        if (bw_bit_length(numbers[i]) > width)
            at[patched++] = (uint8_t)i;
    }
    bw_buf_char(out, (char)(uint8_t)patched);
    bw_buf_bytes(out, at, patched);
    for (size_t p = 0; p < patched; p++)
        bw_put_varint(out, numbers[at[p]] >> width);
}

static void put_frame(struct bw_buf *out, const int64_t *values, size_t count)
{
    const struct plan plan = plan_frame(values, count);
    uint64_t numbers[FRAME];
    for (size_t i = 0; i < count; i++)
        numbers[i] = number_of(&plan, values[i]);
    bw_buf_char(out, (char)(uint8_t)(plan.width | (plan.based ? BASED : 0)));
    if (plan.based)
        bw_put_zigzag(out, plan.base);
    put_patches(out, numbers, count, plan.width);
    struct bw_bit_writer writer = { .out = out };
    for (size_t i = 0; i < count; i++)
        bw_bits_put(&writer, numbers[i], plan.width);
    bw_bits_flush(&writer);
}

void bw_frames_encode(struct bw_buf *out, const int64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i += FRAME)
        put_frame(out, values + i, count - i < FRAME ? count - i : FRAME);
}

struct patches {
    uint8_t count;
    const uint8_t *at;
    uint64_t high[FRAME];
};

static bool take_patches(struct bw_bytes *in, struct patches *patches, size_t count, unsigned width)
{
    const uint8_t *patched = bw_take_bytes(in, 1);
    if (patched == NULL || *patched > count || (width == 64 && *patched > 0))
        return false;
    patches->count = *patched;
    patches->at = bw_take_bytes(in, patches->count);
    for (size_t p = 0; p < patches->count; p++) {
        patches->high[p] = bw_take_varint(in);
        if (in->bad || patches->at[p] >= count || patches->high[p] > bw_bit_mask(64 - width))
            return false;
    }
    return true;
}

static bool take_frame(struct bw_bytes *in, int64_t *out, size_t count)
{
    const uint8_t *head = bw_take_bytes(in, 1);
    if (head == NULL)
        return false;
    const bool based = (*head & BASED) != 0;
    const unsigned width = *head & ~(unsigned)BASED;
    const int64_t base = based ? bw_take_zigzag(in) : 0;
    struct patches patches;
    if (width > 64 || !take_patches(in, &patches, count, width))
        return false;
    const size_t left = bw_bytes_left(in);
    const uint8_t *packed = bw_take_bytes(in, bw_bits_bytes(count, width));
    if (packed == NULL)
        return false;
    uint64_t numbers[FRAME];
    bw_bits_unpack(packed, left, width, numbers, count);
    for (size_t p = 0; p < patches.count; p++)
        numbers[patches.at[p]] |= patches.high[p] << width;
    for (size_t i = 0; i < count && based; i++)
        out[i] = (int64_t)((uint64_t)base + numbers[i]);
    for (size_t i = 0; i < count && !based; i++)
        out[i] = bw_unzigzag(numbers[i]);
    return true;
}

void bw_frames_decode(struct bw_bytes *in, int64_t *out, size_t count)
{
    for (size_t i = 0; i < count && !in->bad; i += FRAME) {
        if (!take_frame(in, out + i, count - i < FRAME ? count - i : FRAME))
            in->bad = true;
    }
}
