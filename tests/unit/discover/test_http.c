// SPDX-License-Identifier: GPL-3.0-or-later
#include "discover/discover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LIST "[{\"targets\":[\"a:1\"]}]"

/* What comes of an answer when "old:1" was known before. */
static const struct {
    struct bw_discovery_answer answer;
    const char *addresses, *why;
} stories[] = {
    { { NULL, 200, "application/json", LIST, sizeof LIST - 1 }, "a:1 ", NULL },
    { { NULL, 200, "Application/JSON; charset=utf-8", LIST, sizeof LIST - 1 }, "a:1 ", NULL },
    { { NULL, 200, "application/json", "[]", 2 }, "", NULL },
    { { NULL, 200, "application/jsonx", LIST, sizeof LIST - 1 }, "old:1 ", "content type" },
    { { NULL, 200, "text/html", LIST, sizeof LIST - 1 }, "old:1 ", "content type 'text/html'" },
    { { NULL, 200, NULL, LIST, sizeof LIST - 1 }, "old:1 ", "content type ''" },
    { { NULL, 204, "application/json", "", 0 }, "old:1 ", "status 204, expected 200" },
    { { NULL, 200, "application/json", "[{", 2 }, "old:1 ", "line 1" },
    { { NULL, 200, "application/json", "", 0 }, "old:1 ", "line 1" },
    { { "no answer within 10s", 0, NULL, NULL, 0 }, "old:1 ", "no answer within 10s" },
};

static void answers_become_lists(void **state)
{
    (void)state;
    static const char *const urls[] = { "http://me:secret@sd/list" };
    static const bool never;
    const struct bw_label known[] = { { "__address__", "old:1" },
                                      { "__meta_url", "http://***@sd/list" } };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct bw_arena arena = { 0 };
        struct bw_target_list old = { 0 }, list;
        struct bw_err err = { .text = "" };
        char addresses[100] = "";
        bw_target_list_add(&arena, &old, known, 2, NULL);
        const struct bw_discovery_spec spec = { .kind = BW_DISCOVERY_HTTP,
                                                .from = { urls, 1 },
                                                .answer = &stories[i].answer };
        const enum bw_rc rc = bw_discovery_ask(&spec, &old, &never, &arena, &list, &err);
        for (size_t k = 0; k < list.count; k++) {
            const size_t len = strlen(addresses);
            snprintf(addresses + len, sizeof addresses - len, "%s ",
                     bw_labels_value(list.items[k], "__address__"));
            assert_string_equal(bw_labels_value(list.items[k], "__meta_url"),
                                "http://***@sd/list");
        }
        if (strcmp(addresses, stories[i].addresses) != 0)
            fail_msg("%zu: %s", i, addresses);
        assert_true((rc == BW_OK) == (stories[i].why == NULL));
        if (stories[i].why != NULL && strstr(err.text, stories[i].why) == NULL)
            fail_msg("%zu: %s", i, err.text);
        assert_null(strstr(err.text, "secret"));
        bw_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(answers_become_lists) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
