// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/grouping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* A service is "name[=team]" and the sign of its status: + healthy, ! degraded, - unhealthy,
 * ? unknown. */
static const struct {
    const char *name;
    const char *services[8];
    const char *by;
    const char *want; /* "group:service …" */
} cases[] = {
    { "nothing watched", { NULL }, NULL, "" },
    { "worst first, then by name", { "b+", "a+", "d-", "c!", "e?" }, NULL, ":d :c :e :a :b" },
    { "a label nobody has groups nothing", { "b+", "a-" }, "team", ":a :b" },
    { "the group with the worst service first",
      { "a=one+", "b=two-", "c=one+", "d=two+" },
      "team",
      "two:b two:d one:a one:c" },
    { "who has no such label comes last among equals",
      { "a+", "b=one+", "c=two+" },
      "team",
      "one:b two:c :a" },
    { "but bad news goes first whoever has it", { "a-", "b=one+" }, "team", ":a one:b" },
};

static enum bw_status status_of(char sign)
{
    return sign == '+'   ? BW_HEALTHY
           : sign == '!' ? BW_DEGRADED
           : sign == '-' ? BW_UNHEALTHY
                         : BW_UNKNOWN;
}

static void add_service(struct bw_arena *arena, struct bw_view_service *out, const char *text)
{
    size_t len = strlen(text);
    const char *equals = strchr(text, '=');
    size_t name_len = equals == NULL ? len - 1 : (size_t)(equals - text);
    *out = (struct bw_view_service){ .name = bw_arena_printf(arena, "%.*s", (int)name_len, text),
                                     .status = status_of(text[len - 1]) };
    if (equals == NULL)
        return;
    const char *team = bw_arena_printf(arena, "%.*s", (int)(len - name_len - 2), equals + 1);
    out->labels = bw_labels_make(arena, &(struct bw_label){ "team", team }, 1);
}

static void services_come_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_arena arena;
        bw_arena_init(&arena);
        struct bw_view_service services[8];
        struct bw_view view = { .services = services };
        for (; cases[i].services[view.service_count] != NULL; view.service_count++)
            add_service(&arena, &services[view.service_count],
                        cases[i].services[view.service_count]);
        struct bw_grouping grouping;
        bw_grouping_make(&arena, &view, cases[i].by, &grouping);
        const char *got = "";
        for (size_t k = 0; k < grouping.count; k++)
            got = bw_arena_printf(&arena, "%s%s%s:%s", got, k > 0 ? " " : "",
                                  grouping.items[k].group, grouping.items[k].service->name);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].name, got);
        bw_arena_fini(&arena);
    }
}

static void the_host_is_not_among_them(void **state)
{
    (void)state;
    struct bw_arena arena;
    bw_arena_init(&arena);
    struct bw_view_service services[2] = { { .name = "host", .resource_count = 3 },
                                           { .name = "web" } };
    struct bw_view view = { .services = services, .service_count = 2 };
    struct bw_grouping grouping;
    bw_grouping_make(&arena, &view, NULL, &grouping);
    assert_int_equal(grouping.count, 1);
    assert_string_equal(grouping.items[0].service->name, "web");
    bw_arena_fini(&arena);
}

static void labels_to_choose_from_are_few(void **state)
{
    (void)state;
    struct bw_arena arena;
    bw_arena_init(&arena);
    struct bw_view_service services[20] = { { 0 } };
    for (size_t i = 0; i < 20; i++) {
        const char *name = bw_arena_printf(&arena, "label_%zu", i % 10);
        services[i].name = "x";
        services[i].labels = bw_labels_make(&arena, &(struct bw_label){ name, "v" }, 1);
    }
    struct bw_view view = { .services = services, .service_count = 20 };
    struct bw_grouping grouping;
    bw_grouping_make(&arena, &view, "label_3", &grouping);
    assert_int_equal(grouping.name_count, BW_GROUPING_NAMES_MAX);
    assert_string_equal(grouping.by, "label_3");
    for (size_t i = 1; i < grouping.name_count; i++)
        assert_true(strcmp(grouping.names[i - 1], grouping.names[i]) < 0);
    bw_arena_fini(&arena);
}

static void pages_hold_what_fits(void **state)
{
    (void)state;
    static const struct {
        size_t count, size, page;
        struct bw_grouping_page want;
    } pages[] = {
        { 0, 50, 1, { 1, 1, 0, 0 } },   { 50, 50, 1, { 1, 1, 0, 50 } },
        { 51, 50, 1, { 1, 2, 0, 50 } }, { 51, 50, 2, { 2, 2, 50, 51 } },
        { 51, 50, 0, { 1, 2, 0, 50 } }, { 51, 50, SIZE_MAX, { 2, 2, 50, 51 } },
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct bw_grouping_page got =
            bw_grouping_page(pages[i].count, pages[i].size, pages[i].page);
        assert_int_equal(got.page, pages[i].want.page);
        assert_int_equal(got.pages, pages[i].want.pages);
        assert_int_equal(got.begin, pages[i].want.begin);
        assert_int_equal(got.end, pages[i].want.end);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_come_in_order),
        cmocka_unit_test(the_host_is_not_among_them),
        cmocka_unit_test(labels_to_choose_from_are_few),
        cmocka_unit_test(pages_hold_what_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
