// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/texts.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A number is a chunk and where in it the text begins. */
enum { CHUNK_BITS = 16, CHUNK_BYTES = 1 << CHUNK_BITS, PLACES_MIN = 64 };

void bw_texts_fini(struct bw_texts *texts)
{
    for (size_t i = 0; i < texts->chunk_count; i++)
        free(texts->chunks[i]);
    free(texts->chunks);
    free(texts->places);
    *texts = (struct bw_texts){ 0 };
}

const char *bw_texts_at(const struct bw_texts *texts, uint32_t number)
{
    return texts->chunks[number >> CHUNK_BITS] + (number & (CHUNK_BYTES - 1));
}

static bool is_text(const char *kept, const char *text, size_t size)
{
    return strncmp(kept, text, size) == 0 && kept[size] == '\0';
}

/* Where a text is, or the free place where it belongs. */
static uint32_t *place_of(const struct bw_texts *texts, uint32_t *places, size_t cap,
                          const char *text, size_t size)
{
    size_t at = bw_hash(text, size, 0) & (cap - 1);
    while (places[at] != BW_TEXT_NONE && !is_text(bw_texts_at(texts, places[at]), text, size))
        at = (at + 1) & (cap - 1);
    return &places[at];
}

uint32_t bw_texts_find(const struct bw_texts *texts, const char *text, size_t size)
{
    return texts->place_cap == 0 ? BW_TEXT_NONE
                                 : *place_of(texts, texts->places, texts->place_cap, text, size);
}

static void grow_places(struct bw_texts *texts)
{
    if (4 * (texts->count + 1) <= 3 * texts->place_cap)
        return;
    const size_t cap = texts->place_cap == 0 ? PLACES_MIN : 2 * texts->place_cap;
    uint32_t *places = bw_alloc_unset(cap, sizeof *places);
    memset(places, 0xff, cap * sizeof *places);
    for (size_t i = 0; i < texts->place_cap; i++) {
        if (texts->places[i] == BW_TEXT_NONE)
            continue;
        const char *text = bw_texts_at(texts, texts->places[i]);
        *place_of(texts, places, cap, text, strlen(text)) = texts->places[i];
    }
    free(texts->places);
    texts->places = places;
    texts->place_cap = cap;
}

/* Room in the last chunk; a text that is longer than chunks are gets one of its own length. */
static char *room_for(struct bw_texts *texts, size_t size)
{
    if (texts->chunk_count == 0 || texts->room - texts->used < size) {
        texts->chunks = bw_grow(texts->chunks, &texts->chunk_cap, texts->chunk_count + 1,
                                sizeof *texts->chunks);
        texts->room = size < CHUNK_BYTES ? CHUNK_BYTES : size;
        texts->used = 0;
        texts->chunks[texts->chunk_count++] = bw_alloc_unset(texts->room, 1);
    }
    return texts->chunks[texts->chunk_count - 1] + texts->used;
}

uint32_t bw_texts_keep(struct bw_texts *texts, const char *text, size_t size)
{
    grow_places(texts);
    uint32_t *place = place_of(texts, texts->places, texts->place_cap, text, size);
    if (*place != BW_TEXT_NONE)
        return *place;
    char *room = room_for(texts, size + 1);
    memcpy(room, text, size);
    room[size] = '\0';
    *place = (uint32_t)(texts->chunk_count - 1) << CHUNK_BITS | (uint32_t)texts->used;
    texts->used += size + 1;
    texts->count++;
    return *place;
}
