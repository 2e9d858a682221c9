// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/trend_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

static const struct bw_label shop[] = { { "instance", "b" }, { "service", "shop" } };
static const struct bw_label mail[] = { { "instance", "a" }, { "service", "mail" } };

/* As a view has them: soonest to its limit first. */
static const struct bw_trend_record trends[] = {
    { .series = 1,
      .metric = "disk",
      .labels = { shop, 2 },
      .direction = BW_FALLING,
      .confidence_ratio = 0.8,
      .threshold = 0,
      .time_to_p50_s = 5 },
    { .series = 2,
      .metric = "disk",
      .labels = { mail, 2 },
      .direction = BW_FLAT,
      .confidence_ratio = 0.9,
      .threshold = 0,
      .time_to_p50_s = INFINITY },
    { .series = 3,
      .metric = "load",
      .labels = { shop, 2 },
      .direction = BW_UNDETERMINED,
      .confidence_ratio = 0.99,
      .threshold = NAN },
    { .series = 4,
      .metric = "answer",
      .direction = BW_RISING,
      .confidence_ratio = 0.7,
      .threshold = NAN },
};
static const struct bw_view view = { .trends = trends, .trend_count = 4 };

static const struct {
    const char *query, *want; /* ids in order */
    const char *wrong;
} cases[] = {
    { "", "1 2 3 4 ", NULL },
    { "?service=shop", "1 3 ", NULL },
    { "?service=&metric=&direction=&limited=&sort=", "1 2 3 4 ", NULL },
    { "?metric=disk", "1 2 ", NULL },
    { "?metric=dis", "", NULL },
    { "?direction=undetermined", "3 ", NULL },
    { "?direction=up", "1 2 3 4 ", "direction" },
    { "?limited=true", "1 2 ", NULL },
    { "?limited=false", "1 2 3 4 ", NULL },
    { "?limited=maybe&sort=x", "1 2 3 4 ", "limited" },
    { "?sort=surest", "2 1 4 3 ", NULL },
    { "?sort=name", "4 2 1 3 ", NULL },
    { "?sort=name&service=shop&limited=true", "1 ", NULL },
};

static void filters_and_orders_do_what_they_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_arena arena;
        struct bw_url url;
        const char *wrong;
        const struct bw_trend_record *const *list;
        bw_arena_init(&arena);
        const char *path = bw_arena_printf(&arena, "/trends%s", cases[i].query);
        assert_int_equal(bw_url_parse(&arena, path, &url, NULL), BW_OK);
        const struct bw_trend_filter filter = bw_trend_filter_read(&url, &wrong);
        const size_t count = bw_trend_list_make(&arena, &view, &filter, &list);
        const char *got = "";
        for (size_t k = 0; k < count; k++)
            got = bw_arena_printf(&arena, "%s%u ", got, (unsigned)list[k]->series);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].query, got);
        if ((wrong == NULL) != (cases[i].wrong == NULL)
            || (wrong != NULL && strcmp(wrong, cases[i].wrong) != 0))
            fail_msg("%s: wrong is %s", cases[i].query, wrong == NULL ? "nothing" : wrong);
        bw_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(filters_and_orders_do_what_they_say) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
