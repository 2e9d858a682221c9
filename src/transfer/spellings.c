// SPDX-License-Identifier: GPL-3.0-or-later
#include "transfer/spellings.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 32 << 20, PLACES_FIRST = 1024 };

static bool is_it(const struct bw_spelling *place, struct bw_span name, uint64_t hash)
{
    return place->hash == hash && place->len == name.len
           && memcmp(place->text, name.data, name.len) == 0;
}

/* Where the name is or would be. */
static struct bw_spelling *place_of(const struct bw_spellings *s, struct bw_span name,
                                    uint64_t hash)
{
    size_t at = hash & (s->cap - 1);
    while (s->places[at].text != NULL && !is_it(&s->places[at], name, hash))
        at = (at + 1) & (s->cap - 1);
    return &s->places[at];
}

uint32_t bw_spellings_find(struct bw_spellings *s, struct bw_span name)
{
    if (s->last != NULL && s->last->len == name.len
        && memcmp(s->last->text, name.data, name.len) == 0)
        return s->last->series;
    if (s->count == 0)
        return 0;
    const struct bw_spelling *place = place_of(s, name, bw_hash(name.data, name.len, 0));
    if (place->text == NULL)
        return 0;
    s->last = place;
    return place->series;
}

static void grow(struct bw_spellings *s)
{
    struct bw_spellings more = { .cap = s->cap == 0 ? PLACES_FIRST : 2 * s->cap };
    more.places = bw_alloc_array(more.cap, sizeof *more.places);
    for (size_t i = 0; i < s->cap; i++) {
        const struct bw_spelling *old = &s->places[i];
        if (old->text != NULL)
            *place_of(&more, (struct bw_span){ old->text, old->len }, old->hash) = *old;
    }
    free(s->places);
    s->places = more.places;
    s->cap = more.cap;
    s->last = NULL;
}

void bw_spellings_add(struct bw_spellings *s, struct bw_span name, uint32_t series)
{
    if (s->texts.used + name.len + s->cap * sizeof *s->places > BYTES_MAX)
        bw_spellings_fini(s);
    if (2 * (s->count + 1) > s->cap)
        grow(s);
    const uint64_t hash = bw_hash(name.data, name.len, 0);
    struct bw_spelling *place = place_of(s, name, hash);
    *place = (struct bw_spelling){ bw_arena_strndup(&s->texts, name.data, name.len),
                                   (uint32_t)name.len, series, hash };
    s->count++;
    s->last = place;
}

void bw_spellings_fini(struct bw_spellings *s)
{
    bw_arena_fini(&s->texts);
    free(s->places);
    *s = (struct bw_spellings){ 0 };
}
