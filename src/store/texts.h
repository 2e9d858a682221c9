// SPDX-License-Identifier: GPL-3.0-or-later
/* store/texts.h: texts that are kept once each, and known by a number. Not thread-safe. */
#ifndef STORE_TEXTS_H
#define STORE_TEXTS_H

#include <stddef.h>
#include <stdint.h>

/* No text has this number. */
#define BW_TEXT_NONE UINT32_MAX

/* All zeros is empty. */
struct bw_texts {
    char **chunks;
    size_t chunk_count, chunk_cap;
    size_t used; /* of the last chunk */
    size_t room;
    uint32_t *places; /* numbers; open addressing, a power of two */
    size_t place_cap;
    size_t count;
};

void bw_texts_fini(struct bw_texts *texts);

/* The number of a text, BW_TEXT_NONE when it is not there. */
uint32_t bw_texts_find(const struct bw_texts *texts, const char *text, size_t size);

/* The same, kept from now on if it was not. */
uint32_t bw_texts_keep(struct bw_texts *texts, const char *text, size_t size);

/* The text of a number; it stays where it is until fini. */
const char *bw_texts_at(const struct bw_texts *texts, uint32_t number);

#endif
