// SPDX-License-Identifier: GPL-3.0-or-later
/* The power fails at a random call to the disk, again and again, while the store begins, works,
 * closes or recovers from the cut before. What was acknowledged is there, once and unchanged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "disk.h"
#include "fixture.h"
#include "power.h"
#include "ticks.h"

#include "base/units.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CUTS_DEFAULT = 40,
    CALLS_MAX = 160,
    CALLS_HEAVY = 3000,
    PACK_EVERY = 5,
    CLOSE_EVERY = 17,
    BURST = 20000
};

static unsigned draw(uint64_t *random, unsigned below)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*random >> 33) % below;
}

/* So much that the log is soon folded into the file and begun again; the same each time, so that
 * the file stays small. */
static void append_burst(struct fixture *f)
{
    static struct bw_sample samples[BURST];
    uint64_t noise = 1;
    const uint32_t series = fixture_series(f, "noise", "host0");
    for (int i = 0; i < BURST; i++) {
        noise = noise * UINT64_C(6364136223846793005) + 1;
        samples[i] = (struct bw_sample){ series, T0 + i, (double)noise };
    }
    assert_true(bw_store_append(f->store, samples, BURST));
}

static void tell_tick(struct fixture *f, const struct ticks *ticks, int64_t tick)
{
    ticks_append(ticks, f, tick);
    const enum bw_rc rc = tick % PACK_EVERY == 0 ? bw_store_checkpoint(f->store, BW_MINUTE, NULL)
                                                 : bw_store_flush(f->store, BW_MINUTE, NULL);
    assert_int_equal(rc, BW_OK);
    power_tell(tick);
}

/* Goes on with the story until the power fails; now and then the store is closed and opened. */
static void live_until_cut(struct fixture *f, int64_t tick, bool heavy)
{
    struct ticks ticks;
    fixture_open(f);
    ticks_begin(&ticks, f);
    for (; !power_is_cut(); tick++) {
        if (heavy)
            append_burst(f);
        tell_tick(f, &ticks, tick);
        if (tick % CLOSE_EVERY == CLOSE_EVERY - 1) {
            fixture_close(f);
            fixture_open(f);
        }
    }
    fixture_close(f);
}

static void check_after_cut(struct fixture *f, int64_t *last, int64_t told)
{
    fixture_open(f);
    if (strstr(f->said, "moved aside") != NULL || strstr(f->said, "damaged") != NULL)
        fail_msg("after a cut with %lld told: %s", (long long)told, f->said);
    /* What was on disk but not told yet may be there as well: the story goes on behind it. */
    *last = ticks_check(f, told > *last ? told : *last);
    fixture_close(f);
}

static void what_was_synced_is_there_once(void **state)
{
    struct fixture *f = *state;
    const char *env = getenv("BW_CUTS"), *seed = getenv("BW_SEED");
    const int cuts = env == NULL ? CUTS_DEFAULT : (int)strtol(env, NULL, 10);
    const char *full = getenv("BW_FULL"); /* other places each time; else those of the last run */
    const bool anew = full != NULL && strcmp(full, "1") == 0;
    uint64_t random = seed != NULL ? strtoul(seed, NULL, 10) : anew ? (uint64_t)getpid() : 9;
    print_message("BW_SEED=%llu\n", (unsigned long long)random);
    random = random * 2654435761u + UINT64_C(88172645463325252);
    f->opts.commit_interval_ns = 5 * BW_MS;
    int64_t last = -1;
    for (int i = 0; i < cuts; i++) {
        f->said[0] = '\0';
        const bool heavy = i % 5 == 4; /* and one in four fails early: while it recovers */
        const unsigned calls_max = i % 4 == 3 ? 12 : heavy ? CALLS_HEAVY : CALLS_MAX;
        power_watch(f->path, 1 + (int)draw(&random, calls_max));
        live_until_cut(f, last + 1, heavy);
        const int64_t told = power_told();
        power_leave(f->path, &random);
        check_after_cut(f, &last, told);
    }
    assert_true(last > cuts); /* it was no empty test */
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_OK);
}

static int install(void **state)
{
    (void)state;
    return disk_install();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_synced_is_there_once, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
