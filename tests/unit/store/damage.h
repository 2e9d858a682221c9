// SPDX-License-Identifier: GPL-3.0-or-later
/* What may happen to the files of a store that nobody has open: bits, pages and files that are not
 * what was written. */
#ifndef TESTS_STORE_DAMAGE_H
#define TESTS_STORE_DAMAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Good files that damage is made of. */
struct damage_images {
    char store[160];   /* and its log beside it, as "-wal" */
    char older[160];   /* the same store, earlier */
    char foreign[160]; /* another store, with its log */
};

enum damage_effect {
    DAMAGE_HARMS,      /* what it hits */
    DAMAGE_TAKES_BACK, /* a write that never came to the disk */
    DAMAGE_CUTS_LOG,  /* the end of the log is not there, as a crash leaves it: not to be noticed */
    DAMAGE_TAKES_LOG, /* all of it is not there: only a daemon notices */
    DAMAGE_NOTHING,   /* files that mean nothing */
};

struct damage_kind {
    const char *name;
    enum damage_effect effect;
    bool needs_log;
    bool keeps_file; /* it is as sound as it was */
    void (*harm)(const struct damage_images *images, const char *path, uint64_t *random);
};

extern const struct damage_kind damage_kinds[];
extern const int damage_kind_count;

uint64_t damage_draw(uint64_t *random, uint64_t below);

/* Copies a file, or removes the target when there is none; false then. */
bool damage_copy(const char *from, const char *to);

/* Turns all bits of a byte round, but in the schema's version, which is a number like any other: as
 * a greater one it is a newer store, which is refused. False there. */
bool damage_turn(const char *path, int at);

/* The good store and its log at `path`, nothing else beside them. */
void damage_lay_out(const struct damage_images *images, const char *path);

#endif
