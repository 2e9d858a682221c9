// SPDX-License-Identifier: GPL-3.0-or-later
/* A watch over checks of two ports of this machine: one refuses, the other takes connections and
 * never says a word. */
#ifndef TESTS_APP_WATCHING_H
#define TESTS_APP_WATCHING_H

#include "fixture.h"

#include "app/watch_internal.h"

struct watching {
    struct bench bench; /* its configuration has nothing in it */
    struct bw_resolver *resolver;
    struct bw_watch *watch;
    struct bw_config *config; /* in force */
    struct bw_roster *roster;
    int refuses, silent; /* sockets */
    char refusing_at[32], silent_at[32];
};

/* Setup and teardown: *state is the scene. */
int watching_raise(void **state);
int watching_strike(void **state);

#define IN_WATCHING(test) cmocka_unit_test_setup_teardown(test, watching_raise, watching_strike)

/* Applies a configuration, in which REFUSES and SILENT stand for the ports' addresses, as a reload
 * does. */
enum bw_rc watching_apply(struct watching *w, const char *text, struct bw_err *err);

/* Starts a run of the check at this place, as if it were due now. */
void watching_start(struct watching *w, uint32_t index);

/* Runs the loop until `fn` says that it has come to be; 60 s are too long. */
typedef bool watching_fn(const struct watching *w);
void watching_await(struct watching *w, watching_fn *fn);

/* Whether no run is under way. */
bool watching_is_idle(const struct watching *w);

/* Fails the test unless these are the lines of the metrics page that start so, or the events since
 * it was asked last. Addresses as above. */
void watching_expect_page(struct watching *w, const char *start, const char *want);
void watching_expect_events(struct watching *w, const char *want);

#endif
