// SPDX-License-Identifier: GPL-3.0-or-later
/* conf/guess.h: finds the known word that somebody may have meant. Used inside conf/. */
#ifndef CONF_GUESS_H
#define CONF_GUESS_H

#include "base/text.h"

#include <string.h>

struct bw_guess {
    const char *word; /* what was written */
    const char *best; /* the nearest known word, NULL when none is near */
    unsigned distance;
};

static inline struct bw_guess bw_guess_of(const char *word)
{
    /* One slip in a short word, two or three in a long one. */
    const size_t len = strlen(word);
    return (struct bw_guess){ .word = word, .distance = len <= 3 ? 2 : len <= 8 ? 3 : 4 };
}

static inline void bw_guess_try(struct bw_guess *guess, const char *known)
{
    const unsigned distance = bw_text_distance(guess->word, known);
    if (distance < guess->distance) {
        guess->distance = distance;
        guess->best = known;
    }
}

#endif
