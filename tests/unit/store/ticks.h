// SPDX-License-Identifier: GPL-3.0-or-later
/* A story that is told tick by tick, so that what a store has of it can be judged: at each tick a
 * batch of one sample of every series, and an event. */
#ifndef TESTS_STORE_TICKS_H
#define TESTS_STORE_TICKS_H

#include "fixture.h"

enum { TICK_SERIES = 30 };

struct ticks {
    uint32_t ids[TICK_SERIES];
};

/* The series in the store that is open. */
void ticks_begin(struct ticks *ticks, struct fixture *f);
void ticks_append(const struct ticks *ticks, struct fixture *f, int64_t tick);

/* Fails unless each tick from 0 to `told` is there once, with its values, and after it at most
 * what was begun; the last tick that is there. */
int64_t ticks_check(struct fixture *f, int64_t told);

#endif
