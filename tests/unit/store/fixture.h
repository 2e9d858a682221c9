// SPDX-License-Identifier: GPL-3.0-or-later
/* A store in a folder of its own, for tests. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "store/reader.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

#define T0 INT64_C(1700000000000)

struct fixture {
    char folder[64];
    char path[96];
    struct bw_storage_opts opts;
    struct bw_store_hooks hooks;
    _Atomic int64_t wall_ms;
    pthread_mutex_t lock; /* of what is said while the store is at work: fixture_has_said() */
    char said[4096];      /* everything that was said, a line each */
    struct bw_store *store;
};

/* cmocka's setup and teardown: a fixture in *state, its store not open, its folder removed. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);
void fixture_flush(struct fixture *f);

/* Whether this is in what was said so far, while more may be said. */
bool fixture_has_said(struct fixture *f, const char *text);

/* As flush, and everything into packs. */
void fixture_pack(struct fixture *f);

/* Makes all roll-ups that are due. */
void fixture_roll_up(struct fixture *f);

/* The series metric{instance="a"}. */
uint32_t fixture_series(struct fixture *f, const char *metric, const char *instance);
void fixture_append(struct fixture *f, uint32_t series, int64_t ts_ms, double value);

/* The points of a series as "time-T0:value " each, and the damage met. */
struct bw_damage fixture_points(struct fixture *f, uint32_t series, int64_t from_ms, int64_t to_ms,
                                char *out, size_t size);

/* Runs SQL on the file with a connection of its own; the integer it gives first, or 0. */
int64_t fixture_sql(struct fixture *f, const char *sql);

#endif
