// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "io/pacer.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>

struct world {
    struct bw_loop *loop;
    struct bw_pacer *pacer;
    pthread_t loop_thread;
    unsigned runs, done, wanted;
    int64_t ran_ns[8];
    sem_t ran; /* once for each run */
};

static void run(void *ctx)
{
    struct world *w = ctx;
    assert_false(pthread_equal(pthread_self(), w->loop_thread));
    if (w->runs < sizeof w->ran_ns / sizeof *w->ran_ns)
        w->ran_ns[w->runs] = bw_loop_mono_ns();
    w->runs++;
    sem_post(&w->ran);
}

static void done(void *ctx)
{
    struct world *w = ctx;
    assert_true(pthread_equal(pthread_self(), w->loop_thread));
    assert_int_equal(w->runs, w->done + 1); /* never a second run before the first was taken */
    if (++w->done == w->wanted)
        bw_loop_stop(w->loop);
}

static void begin(struct world *w, unsigned wanted)
{
    memset(w, 0, sizeof *w);
    w->loop = bw_loop_new();
    w->loop_thread = pthread_self();
    w->wanted = wanted;
    sem_init(&w->ran, 0, 0);
    w->pacer = bw_pacer_new(w->loop, run, done, w, NULL);
    assert_non_null(w->pacer);
}

static void end(struct world *w)
{
    bw_pacer_free(w->pacer);
    bw_loop_free(w->loop);
    sem_destroy(&w->ran);
}

static void it_runs_on_its_beat_and_never_early(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 3);
    const int64_t due_ns = bw_loop_mono_ns() + 10 * BW_MS;
    bw_pacer_set(w.pacer, due_ns, 20 * BW_MS);
    bw_loop_run(w.loop);
    assert_int_equal(w.done, 3);
    for (int i = 0; i < 3; i++)
        assert_true(w.ran_ns[i] >= due_ns + i * 20 * BW_MS);
    assert_int_equal((bw_pacer_due_ns(w.pacer) - due_ns) % (20 * BW_MS), 0);
    end(&w);
}

static void an_earlier_time_wakes_it(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 1);
    bw_pacer_set(w.pacer, bw_loop_mono_ns() + 3600 * BW_SECOND, 3600 * BW_SECOND);
    bw_pacer_set(w.pacer, 0, 3600 * BW_SECOND);
    bw_loop_run(w.loop);
    assert_int_equal(w.done, 1);
    assert_true(bw_pacer_due_ns(w.pacer) > bw_loop_mono_ns());
    end(&w);
}

static void a_loop_that_is_held_up_misses_beats(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 2);
    const int64_t due_ns = bw_loop_mono_ns();
    bw_pacer_set(w.pacer, due_ns, BW_MS);
    sem_wait(&w.ran);
    while (bw_pacer_due_ns(w.pacer) < due_ns + 5 * BW_MS)
        continue; /* the beat goes on */
    assert_int_equal(w.runs, 1);
    bw_loop_run(w.loop);
    assert_true(w.done >= 2);
    end(&w);
}

static void freed_it_calls_nobody(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 1);
    bw_pacer_set(w.pacer, 0, 3600 * BW_SECOND);
    sem_wait(&w.ran);
    end(&w); /* the loop runs what was posted before it goes */
    assert_int_equal(w.done, 0);
}

static void one_that_was_never_set_ends_at_once(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 1);
    end(&w);
    assert_int_equal(w.runs, 0);
    bw_pacer_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_runs_on_its_beat_and_never_early),
        cmocka_unit_test(an_earlier_time_wakes_it),
        cmocka_unit_test(a_loop_that_is_held_up_misses_beats),
        cmocka_unit_test(freed_it_calls_nobody),
        cmocka_unit_test(one_that_was_never_set_ends_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
