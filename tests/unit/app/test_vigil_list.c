// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/vigil_list.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Two of the selected loads may be watched; what is named "r" a rule watches besides. */
#define CONFIG(max_watched, more)                                                                  \
    "trends: {select: [{match: {__name__: node_load1}}], max_watched: " max_watched "}\n"          \
    "alerts: {defaults: false, rules: [{name: odd, level: critical,"                               \
    " anomaly: {series: 'node_load1{service=\"r" more "\"}'}}]}\n"

#define LATER_MS (INT64_C(11) * 60 * 1000)

struct world {
    struct folder folder;
    struct bw_vigil_list list;
    int64_t now_ms;
};

static void apply(struct world *world, const char *text)
{
    struct bw_err err = { .text = "" };
    struct bw_config *config = folder_config(&world->folder, text);
    if (bw_vigil_list_apply(&world->list, config, &err) != BW_OK)
        fail_msg("%s", err.text);
    bw_config_free(config);
}

static int start(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    folder_make(&world->folder);
    world->now_ms = INT64_C(1700000000000);
    apply(world, CONFIG("2", ""));
    *state = world;
    return 0;
}

static int stop(void **state)
{
    struct world *world = *state;
    bw_vigil_list_fini(&world->list);
    folder_remove(&world->folder);
    free(world);
    return 0;
}

/* A series' number is its letter: "r" is named by a rule, "x" is of another metric. */
static bool tell_of(struct world *world, char letter)
{
    const char name[] = { letter, '\0' };
    const struct bw_label service = { "service", name };
    return bw_vigil_list_known(&world->list, (uint32_t)letter,
                               letter == 'x' ? "other" : "node_load1",
                               (struct bw_labels){ &service, 1 });
}

/* One step: a letter is told of, a capital one is gone, '.' is a sweep, '>' eleven minutes. True
 * when a sweep made room. */
static bool step(struct world *world, char what)
{
    if (what == '.')
        return bw_vigil_list_sweep(&world->list, world->now_ms);
    if (what == '>')
        world->now_ms += LATER_MS;
    else if (what >= 'A' && what <= 'Z')
        bw_vigil_list_gone(&world->list, (uint32_t)(what - 'A' + 'a'), world->now_ms);
    else
        tell_of(world, what);
    return false;
}

/* Which are watched, in their order, and how many are left out. */
static const char *seen(const struct world *world)
{
    static char text[32];
    size_t at = 0;
    for (size_t i = 0; i < world->list.count; i++) {
        const struct bw_vigil_item *item = world->list.items[i];
        assert_ptr_equal(bw_vigil_list_find(&world->list, item->series), item);
        text[at++] = (char)item->series;
    }
    text[at++] = ' ';
    text[at++] = (char)('0' + world->list.left_out);
    text[at] = '\0';
    return text;
}

static const struct {
    const char *story, *want;
    bool room; /* the last step made */
} cases[] = {
    { "", " 0", false },
    { "ax", "a 0", false },
    { "aaa", "a 0", false },
    { "abcc", "ab 1", false },      /* one too many, counted once */
    { "abr", "abr 0", false },      /* a rule needs no room among the selected */
    { "rabc", "rab 1", false },     /* nor takes it */
    { "aA.", "a 0", false },        /* it may come again */
    { "aA>a.", "a 0", false },      /* and has */
    { "aA>.", " 0", false },        /* it has not, and nobody waits for its place */
    { "abcA>.", "b 1", true },      /* c may be told of again */
    { "abcA>.c", "bc 0", false },   /* and is */
    { "abcC", "ab 0", false },      /* what is left out and gone is not left out */
    { "abrABR>.", " 0", false },    /* the first, the last, all */
    { "abcrB>.d", "ard 1", false }, /* places move */
};

static void series_come_and_go(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *own;
        bool room = false;
        start(&own);
        struct world *world = own;
        for (const char *what = cases[i].story; *what != '\0'; what++)
            room = step(world, *what);
        if (strcmp(seen(world), cases[i].want) != 0 || room != cases[i].room)
            fail_msg("\"%s\": %s", cases[i].story, seen(world));
        stop(&own);
    }
}

static void what_a_worker_has_at_hand_is_not_forgotten(void **state)
{
    struct world *world = *state;
    tell_of(world, 'a');
    bw_vigil_list_find(&world->list, 'a')->warming = true;
    for (const char *what = "A>."; *what != '\0'; what++)
        step(world, *what);
    assert_string_equal(seen(world), "a 0");
    bw_vigil_list_find(&world->list, 'a')->warming = false;
    step(world, '.');
    assert_string_equal(seen(world), " 0");
}

static void another_configuration_wants_others(void **state)
{
    struct world *world = *state;
    for (const char *what = "abr"; *what != '\0'; what++)
        step(world, *what);
    apply(world, CONFIG("1", "b"));
    assert_true(
        bw_vigil_list_find(&world->list, 'b')->unwanted); /* the second, with room for one */
    assert_true(bw_vigil_list_find(&world->list, 'r')->unwanted); /* the rule names "rb" */
    tell_of(world, 'b'); /* that it is measured changes nothing */
    step(world, '.');
    assert_string_equal(seen(world), "a 0");
    assert_int_equal(world->list.selected, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(series_come_and_go),
        cmocka_unit_test_setup_teardown(what_a_worker_has_at_hand_is_not_forgotten, start, stop),
        cmocka_unit_test_setup_teardown(another_configuration_wants_others, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
