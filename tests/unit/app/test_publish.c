// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/publish.h"

#include "base/mem.h"
#include "base/units.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct stage {
    struct bw_loop *loop;
    struct bw_publisher *publisher;
};

static int raise_stage(void **state)
{
    struct stage *stage = bw_alloc(sizeof *stage);
    stage->loop = bw_loop_new();
    stage->publisher = bw_publisher_new(stage->loop);
    *state = stage;
    return 0;
}

static int strike_stage(void **state)
{
    struct stage *stage = *state;
    bw_publisher_free(stage->publisher);
    bw_loop_free(stage->loop);
    free(stage);
    return 0;
}

/* The page without its comments. */
static char *page(struct bw_publisher *publisher)
{
    struct bw_buf out;
    bw_buf_init(&out, 1u << 20);
    bw_publisher_render(publisher, BW_EXPOSITION_TEXT, NULL, &out);
    char *write = out.data;
    for (char *line = out.data, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        const size_t len = (size_t)(end + 1 - line);
        if (*line != '#')
            write = (char *)memmove(write, line, len) + len;
    }
    if (out.len > 0) /* the empty text is everybody's */
        *write = '\0';
    return bw_buf_detach(&out, NULL);
}

static void expect_page(struct bw_publisher *publisher, const char *want)
{
    char *got = page(publisher);
    assert_string_equal(got, want);
    free(got);
}

static struct bw_publication *publication(struct bw_publisher *publisher, const char *service)
{
    const struct bw_metric_label common[] = { { "service", service } };
    return bw_publication_new(publisher, common, 1, "exported_");
}

static void put(struct bw_publication *publication, double value)
{
    struct bw_measures *measures = bw_publication_begin(publication);
    bw_measures_add(measures, BW_METRIC_PROBE_SUCCESS, value, NULL);
    bw_publication_commit(publication);
}

static void values_are_shown_replaced_and_gone(void **state)
{
    struct bw_publisher *publisher = ((struct stage *)*state)->publisher;
    struct bw_publication *a = publication(publisher, "a"), *b = publication(publisher, "b");
    expect_page(publisher, "");
    put(a, 1);
    put(b, 0);
    expect_page(publisher, "probe_success{service=\"a\"} 1\nprobe_success{service=\"b\"} 0\n");
    assert_int_equal(bw_publisher_series(publisher), 2);
    put(a, 0.5);
    expect_page(publisher, "probe_success{service=\"a\"} 0.5\nprobe_success{service=\"b\"} 0\n");
    struct bw_measures *measures = bw_publication_begin(b);
    bw_measures_add(measures, BW_METRIC_PROBE_FAILURE_INFO, 1, BW_LABEL_VALUES("timeout"));
    expect_page(publisher, "probe_success{service=\"a\"} 0.5\nprobe_success{service=\"b\"} 0\n");
    bw_publication_commit(b);
    expect_page(publisher, "probe_success{service=\"a\"} 0.5\n"
                           "probe_failure_info{service=\"b\",reason=\"timeout\"} 1\n");
    bw_publication_free(a);
    expect_page(publisher, "probe_failure_info{service=\"b\",reason=\"timeout\"} 1\n");
    bw_publication_free(b);
    bw_publication_free(NULL);
    expect_page(publisher, "");
    assert_int_equal(bw_publisher_series(publisher), 0);
}

static void measures_of_another_are_shown_without_being_kept(void **state)
{
    struct bw_publisher *publisher = ((struct stage *)*state)->publisher;
    struct bw_publication *a = publication(publisher, "a");
    const uint64_t asked = bw_publisher_asked(publisher);
    for (int round = 0; round < 3; round++) {
        struct bw_arena arena;
        struct bw_measures measures;
        bw_arena_init(&arena);
        bw_measures_init(&measures, &arena);
        bw_measures_add(&measures, BW_METRIC_PROBE_SUCCESS, round == 1, NULL);
        if (round == 2)
            bw_measures_add(&measures, BW_METRIC_PROBE_FAILURE_INFO, 1, BW_LABEL_VALUES("timeout"));
        bw_publication_show(a, &measures, NULL);
        memset(measures.items, 0x5a, measures.count * sizeof *measures.items);
        bw_arena_fini(&arena);
        expect_page(publisher, round == 0   ? "probe_success{service=\"a\"} 0\n"
                               : round == 1 ? "probe_success{service=\"a\"} 1\n"
                                            : "probe_success{service=\"a\"} 0\n"
                                              "probe_failure_info{service=\"a\",reason="
                                              "\"timeout\"} 1\n");
    }
    assert_true(bw_publisher_asked(publisher) == asked + 3);
    bw_publication_free(a);
}

static void a_taken_name_is_hidden_until_it_is_free(void **state)
{
    struct bw_publisher *publisher = ((struct stage *)*state)->publisher;
    struct bw_publication *first = publication(publisher, "a"),
                          *second = publication(publisher, "a");
    put(first, 1);
    put(second, 2);
    expect_page(publisher, "probe_success{service=\"a\"} 1\n");
    assert_int_equal(bw_publisher_hidden(publisher), 1);
    bw_publication_free(first);
    put(second, 2);
    expect_page(publisher, "probe_success{service=\"a\"} 2\n");
    assert_int_equal(bw_publisher_hidden(publisher), 0);
    bw_publication_free(second);
}

/* A page that takes a while to render. */
static struct bw_publication *large_publication(struct bw_publisher *publisher)
{
    struct bw_publication *large = publication(publisher, "large");
    struct bw_measures *measures = bw_publication_begin(large);
    for (unsigned i = 0; i < 5000; i++) {
        char cpu[16];
        snprintf(cpu, sizeof cpu, "%u", i);
        bw_measures_add(measures, BW_METRIC_NODE_CPU_SECONDS_TOTAL, i,
                        BW_LABEL_VALUES(cpu, "user"));
    }
    bw_publication_commit(large);
    return large;
}

/* ---- a scrape in the way --------------------------------------------------------------- */

/* Readers that never leave off, and a loop that commits in between. */
struct contest {
    struct stage *stage;
    struct bw_publication *publications[4];
    struct bw_timer *timer;
    unsigned rounds;
    atomic_bool over;
    atomic_uint renders;
};

enum { ROUNDS = 200 };

static void *render_all_the_time(void *ctx)
{
    struct contest *contest = ctx;
    do {
        char *text = page(contest->stage->publisher);
        free(text);
        atomic_fetch_add(&contest->renders, 1);
    } while (!atomic_load(&contest->over));
    return NULL;
}

static void commit_a_round(void *ctx)
{
    struct contest *contest = ctx;
    contest->rounds++;
    for (size_t i = 0; i < 4; i++)
        put(contest->publications[i], contest->rounds + (double)i / 10);
    if (contest->rounds == ROUNDS) {
        bw_timer_stop(contest->timer);
        atomic_store(&contest->over, true);
    }
}

static void stop(void *ctx)
{
    bw_loop_stop(ctx);
}

/* Whatever the readers do, the last values are on the page in the end: within the time that a
 * commit which had to wait takes to try again. */
static void nothing_is_lost_to_a_scrape(void **state)
{
    struct contest contest = { .stage = *state };
    struct bw_publisher *publisher = contest.stage->publisher;
    pthread_t readers[2];
    static const char *const names[] = { "a", "b", "c", "d" };
    for (size_t i = 0; i < 4; i++)
        contest.publications[i] = publication(publisher, names[i]);
    contest.timer = bw_timer_new(contest.stage->loop, commit_a_round, &contest);
    bw_timer_start(contest.timer, 0, BW_MS);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, render_all_the_time, &contest), 0);
    struct bw_timer *end = bw_timer_new(contest.stage->loop, stop, contest.stage->loop);
    while (contest.rounds < ROUNDS) {
        bw_timer_start(end, 20 * BW_MS, 0);
        bw_loop_run(contest.stage->loop);
    }
    for (size_t i = 0; i < 2; i++)
        pthread_join(readers[i], NULL);
    bw_timer_start(end, 100 * BW_MS, 0);
    bw_loop_run(contest.stage->loop);
    assert_true(atomic_load(&contest.renders) >= 2);
    expect_page(publisher,
                "probe_success{service=\"a\"} 200\nprobe_success{service=\"b\"} 200.1\n"
                "probe_success{service=\"c\"} 200.2\nprobe_success{service=\"d\"} 200.3\n");
    for (size_t i = 0; i < 4; i++)
        bw_publication_free(contest.publications[i]);
    bw_timer_free(contest.timer);
    bw_timer_free(end);
}

/* Scrapes that follow each other without a gap: what was committed is shown within a second. */
static void a_crowd_cannot_keep_old_values(void **state)
{
    struct contest contest = { .stage = *state };
    struct bw_publisher *publisher = contest.stage->publisher;
    struct bw_publication *large = large_publication(publisher),
                          *small = publication(publisher, "a");
    pthread_t readers[6];
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, render_all_the_time, &contest), 0);
    struct bw_timer *end = bw_timer_new(contest.stage->loop, stop, contest.stage->loop);
    for (unsigned round = 1; round <= 2; round++) {
        put(small, round);
        bw_timer_start(end, 1500 * BW_MS, 0);
        bw_loop_run(contest.stage->loop);
        char *text = page(publisher);
        const char *line = strstr(text, "probe_success{service=\"a\"} ");
        assert_non_null(line);
        assert_true(strtod(strchr(line, ' '), NULL) == round);
        free(text);
    }
    atomic_store(&contest.over, true);
    for (size_t i = 0; i < 6; i++)
        pthread_join(readers[i], NULL);
    bw_timer_free(end);
    bw_publication_free(small);
    bw_publication_free(large);
}

/* Puts rising values until one is not shown at once, as somebody reads the page. */
static void put_until_it_waits(struct bw_publisher *publisher, struct bw_publication *publication)
{
    for (unsigned value = 1; value < 10000; value++) {
        char want[64];
        snprintf(want, sizeof want, "probe_success{service=\"gone\"} %u\n", value);
        put(publication, value);
        char *text = page(publisher);
        const bool shown = strstr(text, want) != NULL;
        free(text);
        if (!shown)
            return;
    }
    fail_msg("no reader was ever in the way");
}

static void what_waits_may_be_freed(void **state)
{
    struct contest contest = { .stage = *state };
    struct bw_publisher *publisher = contest.stage->publisher;
    struct bw_publication *large = large_publication(publisher);
    pthread_t readers[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, render_all_the_time, &contest), 0);
    struct bw_timer *end = bw_timer_new(contest.stage->loop, stop, contest.stage->loop);
    for (unsigned round = 0; round < 5; round++) {
        struct bw_publication *gone = publication(publisher, "gone");
        put_until_it_waits(publisher, gone);
        bw_publication_free(gone);
        bw_timer_start(end, 50 * BW_MS, 0);
        bw_loop_run(contest.stage->loop);
    }
    atomic_store(&contest.over, true);
    for (size_t i = 0; i < 4; i++)
        pthread_join(readers[i], NULL);
    bw_publication_free(large);
    expect_page(publisher, "");
    bw_timer_free(end);
}

/* ---- views ----------------------------------------------------------------------------- */

static struct bw_view *view(unsigned number)
{
    struct bw_view *made = bw_alloc(sizeof *made);
    made->title = bw_arena_printf(&made->arena, "view %u", number);
    made->now_ms = number;
    return made;
}

/* The leak checker tells when one stays, the address checker when one is read after its end. */
static void a_view_lives_until_its_last_reader_leaves(void **state)
{
    struct bw_publisher *publisher = ((struct stage *)*state)->publisher;
    assert_null(bw_publisher_acquire(publisher));
    bw_publisher_release(publisher, NULL);
    bw_publisher_show(publisher, view(1));
    const struct bw_view *first = bw_publisher_acquire(publisher);
    const struct bw_view *again = bw_publisher_acquire(publisher);
    assert_ptr_equal(first, again);
    bw_publisher_show(publisher, view(2));
    const struct bw_view *second = bw_publisher_acquire(publisher);
    bw_publisher_show(publisher, view(3));
    assert_string_equal(first->title, "view 1");
    assert_string_equal(second->title, "view 2");
    bw_publisher_release(publisher, first);
    assert_string_equal(again->title, "view 1");
    bw_publisher_release(publisher, again);
    bw_publisher_release(publisher, second);
    const struct bw_view *third = bw_publisher_acquire(publisher);
    assert_string_equal(third->title, "view 3");
    bw_publisher_release(publisher, third);
}

static void *read_views(void *ctx)
{
    struct contest *contest = ctx;
    int64_t last = 0;
    do {
        const struct bw_view *seen = bw_publisher_acquire(contest->stage->publisher);
        if (seen == NULL)
            continue;
        char want[32];
        snprintf(want, sizeof want, "view %d", (int)seen->now_ms);
        if (strcmp(seen->title, want) != 0 || seen->now_ms < last)
            abort();
        last = seen->now_ms;
        bw_publisher_release(contest->stage->publisher, seen);
    } while (!atomic_load(&contest->over));
    return NULL;
}

static void readers_see_whole_views_that_only_get_newer(void **state)
{
    struct contest contest = { .stage = *state };
    pthread_t readers[3];
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_views, &contest), 0);
    for (unsigned i = 1; i <= 2000; i++)
        bw_publisher_show(contest.stage->publisher, view(i));
    atomic_store(&contest.over, true);
    for (size_t i = 0; i < 3; i++)
        pthread_join(readers[i], NULL);
    const struct bw_view *last = bw_publisher_acquire(contest.stage->publisher);
    assert_int_equal(last->now_ms, 2000);
    bw_publisher_release(contest.stage->publisher, last);
}

#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, raise_stage, strike_stage)

/* What was committed comes back in its order, to be changed in part. */
static void a_list_can_be_opened_again(void **state)
{
    (void)state;
    struct bw_loop *loop = bw_loop_new();
    struct bw_publisher *publisher = bw_publisher_new(loop);
    const struct bw_metric_label common[] = { { "check", "c" } };
    struct bw_publication *publication = bw_publication_new(publisher, common, 1, "exported_");
    assert_int_equal(bw_publication_reopen(publication)->count, 0);
    struct bw_measures *list = bw_publication_begin(publication);
    bw_measures_add(list, BW_METRIC_HEALTH_STATUS, 1, BW_LABEL_VALUES("HEALTHY"));
    bw_measures_add(list, BW_METRIC_PROBE_SUCCESS, 1, NULL);
    bw_measures_add(list, BW_METRIC_HEALTH_STATUS, 0, BW_LABEL_VALUES("UNKNOWN"));
    bw_publication_commit(publication);
    list = bw_publication_reopen(publication);
    assert_int_equal(list->count, 3);
    assert_int_equal(list->items[1].family, BW_METRIC_PROBE_SUCCESS);
    assert_true(list->items[1].value == 1);
    assert_string_equal(list->items[2].labels[0], "UNKNOWN");
    list->items[0].value = 0;
    list->items[2].value = 1;
    bw_publication_commit(publication);
    struct bw_buf page;
    bw_buf_init(&page, 1u << 16);
    bw_publisher_render(publisher, BW_EXPOSITION_TEXT, NULL, &page);
    assert_non_null(
        strstr(page.data, "bellwether_health_status{check=\"c\",state=\"UNKNOWN\"} 1\n"));
    assert_non_null(strstr(page.data, "probe_success{check=\"c\"} 1\n"));
    bw_buf_fini(&page);
    bw_publication_free(publication);
    bw_publisher_free(publisher);
    bw_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_can_be_opened_again),
        ON_STAGE(values_are_shown_replaced_and_gone),
        ON_STAGE(measures_of_another_are_shown_without_being_kept),
        ON_STAGE(a_taken_name_is_hidden_until_it_is_free),
        ON_STAGE(nothing_is_lost_to_a_scrape),
        ON_STAGE(a_crowd_cannot_keep_old_values),
        ON_STAGE(what_waits_may_be_freed),
        ON_STAGE(a_view_lives_until_its_last_reader_leaves),
        ON_STAGE(readers_see_whole_views_that_only_get_newer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
