// SPDX-License-Identifier: GPL-3.0-or-later
/* bench_pack [VALUES]: what the codecs of packs make of six kinds of series, in parts of VALUES
 * (480), beside libdeflate at level 6 over the raw doubles: bytes a value, millions of values a
 * CPU-second both ways. Every decode is compared. */
#include "base/mem.h"
#include "base/units.h"
#include "pack/codec.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PARTS = 2000, BYTES_MAX = 1 << 20 };

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t noise_state = 88172645463325252u;

static uint64_t noise(uint64_t below)
{
    noise_state ^= noise_state << 13;
    noise_state ^= noise_state >> 7;
    noise_state ^= noise_state << 17;
    return noise_state % below;
}

static double milliseconds(double before)
{
    (void)before;
    return (double)(20 + noise(9)) / 1e3;
}

static double microseconds(double before)
{
    (void)before;
    return (double)(20000 + noise(4000)) / 1e6;
}

static double counter(double before)
{
    return before + (double)noise(1500);
}

static double status(double before)
{
    (void)before;
    return noise(500) != 0;
}

static double pages(double before)
{
    return before + ((double)noise(9) - 4) * 4096;
}

static double full_mantissa(double before)
{
    (void)before;
    return (double)noise(UINT64_C(1) << 53) * 0x1p-53;
}

static const struct {
    const char *name;
    double (*next)(double before);
} kinds[] = {
    { "milliseconds", milliseconds }, { "microseconds", microseconds },
    { "counter", counter },           { "status", status },
    { "memory pages", pages },        { "noise", full_mantissa },
};

struct cost {
    double bytes, encode_seconds, decode_seconds;
};

static double *make(double (*next)(double), size_t count)
{
    double *values = bw_alloc_array(PARTS * count, sizeof *values);
    double before = 1e9;
    for (size_t i = 0; i < PARTS * count; i++)
        values[i] = before = next(before);
    return values;
}

static void expect_same(const double *in, const double *out, size_t count)
{
    if (memcmp(in, out, count * sizeof *in) != 0) {
        fprintf(stderr, "bench_pack: a value changed\n");
        exit(1);
    }
}

static struct cost measure_ours(const double *values, size_t count, enum bw_tier tier)
{
    struct cost cost = { 0 };
    struct bw_buf bytes;
    bw_buf_init(&bytes, BYTES_MAX);
    double *out = bw_alloc_array(count, sizeof *out);
    for (size_t p = 0; p < PARTS; p++) {
        bw_buf_clear(&bytes);
        const double began = cpu_seconds();
        const enum bw_codec codec = bw_values_encode(&bytes, values + p * count, count, tier);
        const double encoded = cpu_seconds();
        bw_values_decode(codec, bytes.data, bytes.len, out, count);
        cost.decode_seconds += cpu_seconds() - encoded;
        cost.encode_seconds += encoded - began;
        cost.bytes += (double)bytes.len;
        expect_same(values + p * count, out, count);
    }
    free(out);
    bw_buf_fini(&bytes);
    return cost;
}

static struct cost measure_deflate(const double *values, size_t count)
{
    struct cost cost = { 0 };
    struct libdeflate_compressor *deflate = libdeflate_alloc_compressor(6);
    struct libdeflate_decompressor *inflate = libdeflate_alloc_decompressor();
    const size_t size = count * sizeof *values;
    char *bytes = bw_alloc(BYTES_MAX);
    double *out = bw_alloc_array(count, sizeof *out);
    for (size_t p = 0; p < PARTS; p++) {
        const double began = cpu_seconds();
        const size_t used =
            libdeflate_deflate_compress(deflate, values + p * count, size, bytes, BYTES_MAX);
        const double encoded = cpu_seconds();
        libdeflate_deflate_decompress(inflate, bytes, used, out, size, NULL);
        cost.decode_seconds += cpu_seconds() - encoded;
        cost.encode_seconds += encoded - began;
        cost.bytes += (double)used;
        expect_same(values + p * count, out, count);
    }
    free(out);
    free(bytes);
    libdeflate_free_compressor(deflate);
    libdeflate_free_decompressor(inflate);
    return cost;
}

static void say(const char *what, const struct cost *cost, const struct cost *rival, size_t count)
{
    const double values = PARTS * (double)count;
    printf("  %-8s %6.3f bytes a value, %6.1f M encoded, %6.1f M decoded a CPU-second;"
           " %.2fx its bytes, %.1fx its decoding\n",
           what, cost->bytes / values, values / cost->encode_seconds / 1e6,
           values / cost->decode_seconds / 1e6, cost->bytes / rival->bytes,
           rival->decode_seconds / cost->decode_seconds);
}

int main(int argc, char **argv)
{
    const size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 480;
    if (count < 1 || count > BYTES_MAX / 16) {
        fprintf(stderr, "usage: bench_pack [VALUES], 1 to %d\n", BYTES_MAX / 16);
        return 1;
    }
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        double *values = make(kinds[k].next, count);
        const struct cost deflate = measure_deflate(values, count);
        const struct cost hot = measure_ours(values, count, BW_TIER_HOT);
        const struct cost cold = measure_ours(values, count, BW_TIER_COLD);
        printf("%s, parts of %zu\n", kinds[k].name, count);
        say("deflate", &deflate, &deflate, count);
        say("hot", &hot, &deflate, count);
        say("cold", &cold, &deflate, count);
        free(values);
    }
    return 0;
}
