// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/mask.h: keeps secrets out of what is told about a probe. Two ways, both always on: texts
 * that are known to be secret are hidden wherever they stand, and what follows a name that sounds
 * like a secret ("password=", "X-Api-Key:", "Bearer ", user:password@ in a URL) is hidden there.
 *
 * Hiding too much costs a detail of a transcript, hiding too little costs a password: in doubt it
 * is hidden. Pure. */
#ifndef PROBE_MASK_H
#define PROBE_MASK_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* All zeros is one without known secrets. */
struct bw_mask {
    struct bw_arena arena;
    struct bw_span *items;
    size_t count, cap;
    const struct bw_mask *more; /* its secrets are hidden too; borrowed, may be NULL */
};

void bw_mask_fini(struct bw_mask *mask);

/* A text to hide; copied. One of less than 3 bytes is in every text and hidden in none. NULL is
 * fine. */
void bw_mask_add(struct bw_mask *mask, const char *secret);

/* Adds what follows the names that sound like secrets in this text: a request body, a URL with its
 * query and its password. NULL is fine. */
void bw_mask_add_from(struct bw_mask *mask, const char *text);

/* Copies `len` bytes, at most BW_TRAIL_NOTE_BYTES_MAX, with "***" for what is hidden; cut to size,
 * no NUL. `is_cut`: they are the beginning of something longer, so a secret may have been cut in
 * two. Returns how many bytes came out. */
size_t bw_mask_copy(const struct bw_mask *mask, char *out, size_t size, const char *bytes,
                    size_t len, bool is_cut);

/* The same in place for a text in an array of `size` bytes. */
void bw_mask_text(const struct bw_mask *mask, char *text, size_t size);

/* A target for people to see: "***" for user name and password, and for what stands after the names
 * of secrets in its query. In the arena. */
const char *bw_mask_target(struct bw_arena *arena, const char *target);

/* "Authorization", "apiKey", "session_id": what follows such a name is for nobody to see. */
bool bw_mask_is_secret_name(const char *name, size_t len);

#endif
