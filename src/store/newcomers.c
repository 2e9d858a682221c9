// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/newcomers.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void bw_newcomers_fini(struct bw_newcomers *newcomers)
{
    for (size_t i = 0; i < newcomers->count; i++)
        free(newcomers->items[i].name);
    free(newcomers->items);
    free(newcomers->places);
    *newcomers = (struct bw_newcomers){ 0 };
}

/* Where a name is, or the free place where it belongs. */
static uint32_t *place_of(const struct bw_newcomers *newcomers, const char *name)
{
    const size_t mask = newcomers->place_cap - 1;
    size_t at = bw_hash_text(name, 0) & mask;
    while (newcomers->places[at] != 0
           && strcmp(newcomers->items[newcomers->places[at] - 1].name, name) != 0)
        at = (at + 1) & mask;
    return &newcomers->places[at];
}

uint32_t bw_newcomers_find(const struct bw_newcomers *newcomers, const char *name)
{
    if (newcomers->place_cap == 0)
        return 0;
    const uint32_t place = *place_of(newcomers, name);
    return place == 0 ? 0 : newcomers->items[place - 1].number;
}

static void grow_places(struct bw_newcomers *newcomers)
{
    if (2 * (newcomers->count + 1) <= newcomers->place_cap)
        return;
    newcomers->place_cap = newcomers->place_cap == 0 ? 256 : 2 * newcomers->place_cap;
    free(newcomers->places);
    newcomers->places = bw_alloc_array(newcomers->place_cap, sizeof *newcomers->places);
    for (size_t i = 0; i < newcomers->count; i++)
        *place_of(newcomers, newcomers->items[i].name) = (uint32_t)i + 1;
}

void bw_newcomers_add(struct bw_newcomers *newcomers, const char *name, uint64_t target,
                      uint32_t number)
{
    grow_places(newcomers);
    newcomers->items =
        bw_grow(newcomers->items, &newcomers->cap, newcomers->count + 1, sizeof *newcomers->items);
    uint32_t *place = place_of(newcomers, name);
    newcomers->items[newcomers->count++] =
        (struct bw_newcomer){ .name = bw_strdup(name), .target = target, .number = number };
    *place = (uint32_t)newcomers->count;
}

static int by_target(const void *a, const void *b)
{
    const struct bw_newcomer *x = a, *y = b;
    if (x->target != y->target)
        return x->target < y->target ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static int by_first(const void *a, const void *b)
{
    const struct bw_newcomer *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

void bw_newcomers_order(struct bw_newcomers *newcomers)
{
    struct bw_newcomer *items = newcomers->items;
    if (newcomers->count == 0)
        return;
    qsort(items, newcomers->count, sizeof *items, by_target);
    for (size_t i = 0; i < newcomers->count; i++) {
        const bool begins = i == 0 || items[i].target != items[i - 1].target;
        items[i].first = begins ? items[i].number : items[i - 1].first;
    }
    qsort(items, newcomers->count, sizeof *items, by_first);
    free(newcomers->places);
    newcomers->places = NULL;
    newcomers->place_cap = 0;
}
