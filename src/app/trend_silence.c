// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trend_silence.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct bw_trend_silence {
    uint32_t *ids; /* rising */
    size_t count, cap;
};

struct bw_trend_silence *bw_trend_silence_new(void)
{
    return bw_alloc(sizeof(struct bw_trend_silence));
}

void bw_trend_silence_free(struct bw_trend_silence *silence)
{
    if (silence == NULL)
        return;
    free(silence->ids);
    free(silence);
}

struct bw_trend_silent bw_trend_silence_get(const struct bw_trend_silence *silence)
{
    return (struct bw_trend_silent){ silence->ids, silence->count };
}

/* The first place whose id is not below. */
static size_t place_of(const struct bw_trend_silence *silence, uint32_t id)
{
    size_t low = 0, high = silence->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (silence->ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void shift(struct bw_trend_silence *silence, size_t from, size_t to)
{
    memmove(silence->ids + to, silence->ids + from, (silence->count - from) * sizeof *silence->ids);
}

static void add(struct bw_trend_silence *silence, uint32_t id)
{
    const size_t at = place_of(silence, id);
    if (at < silence->count && silence->ids[at] == id)
        return;
    silence->ids = bw_grow(silence->ids, &silence->cap, silence->count + 1, sizeof *silence->ids);
    shift(silence, at, at + 1);
    silence->ids[at] = id;
    silence->count++;
}

static void take_out(struct bw_trend_silence *silence, uint32_t id)
{
    const size_t at = place_of(silence, id);
    if (at == silence->count || silence->ids[at] != id)
        return;
    shift(silence, at + 1, at);
    silence->count--;
}

void bw_trend_silence_update(struct bw_trend_silence *silence, const struct bw_trend_job *job)
{
    for (size_t i = 0; i < job->record_count; i++)
        take_out(silence, job->records[i].series);
    for (size_t i = 0; i < job->unheard_count; i++)
        add(silence, job->unheard[i]);
}
