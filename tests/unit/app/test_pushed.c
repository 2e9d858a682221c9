// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/pushed.h"

#include "base/units.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1000000)
#define LIST(targets) "[{\"targets\":[" targets "]}]"

static const char two_sources[] =
    "discovery:\n"
    "  push:\n"
    "    - {name: short, ttl: 1m, checks: [{name: p, tcp: '${instance}'}]}\n"
    "    - {name: long, ttl: 1h, checks: [{name: p, tcp: '${instance}'}]}\n"
    "  http: [{url: 'http://h/short'}]\n";

struct registry {
    struct folder folder;
    struct bw_config *config;
    struct bw_pushed *pushed;
    struct bw_buf answer;
    struct bw_err err;
};

static void open_registry(struct registry *r)
{
    *r = (struct registry){ 0 };
    folder_make(&r->folder);
    bw_buf_init(&r->answer, 4096);
    r->config = folder_config(&r->folder, two_sources);
    r->pushed = bw_pushed_new(r->folder.path);
    bw_pushed_apply(r->pushed, r->config);
}

static void close_registry(struct registry *r)
{
    bw_pushed_free(r->pushed);
    bw_config_free(r->config);
    bw_buf_fini(&r->answer);
    folder_remove(&r->folder);
}

static enum bw_rc order(struct registry *r, struct bw_target_order order)
{
    order.now_ms = NOW_MS;
    order.size = order.text != NULL ? strlen(order.text) : 0;
    bw_buf_clear(&r->answer);
    return bw_pushed_change(r->pushed, &order, &r->answer, &r->err);
}

static void an_order_is_answered_with_what_there_is(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct bw_target_order order;
        const char *answer;
    } steps[] = {
        { "two come, for as long as the source says",
          { .source = "short", .text = LIST("\"a:1\",\"b:2\"") },
          "{\"targets\":2,\"expires\":\"1970-01-01T00:17:40Z\"}" },
        { "one comes again, and another, for as long as they say",
          { .source = "short", .text = LIST("\"b:2\",\"c:3\""), .ttl_ns = 2 * BW_MINUTE },
          "{\"targets\":3,\"expires\":\"1970-01-01T00:18:40Z\"}" },
        { "another source knows nothing of them",
          { .source = "long", .text = LIST("\"z:9\"") },
          "{\"targets\":1,\"expires\":\"1970-01-01T01:16:40Z\"}" },
        { "one goes", { .source = "short", .target = "b:2" }, "{\"targets\":2,\"expires\":null}" },
        { "all go", { .source = "short" }, "{\"targets\":0,\"expires\":null}" },
        { "none of the other's",
          { .source = "long", .target = "y:8" },
          "{\"targets\":1,\"expires\":null}" },
    };
    struct registry r;
    open_registry(&r);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (order(&r, steps[i].order) != BW_OK)
            fail_msg("%s: %s", steps[i].name, r.err.text);
        if (strcmp(r.answer.data, steps[i].answer) != 0)
            fail_msg("%s: %s", steps[i].name, r.answer.data);
    }
    close_registry(&r);
}

static void what_cannot_be_changes_nothing(void **state)
{
    (void)state;
    struct registry r;
    open_registry(&r);
    assert_int_equal(
        order(&r, (struct bw_target_order){ .source = "short", .text = LIST("\"a:1\"") }), BW_OK);
    assert_int_equal(
        order(&r, (struct bw_target_order){ .source = "none", .text = LIST("\"a:1\"") }),
        BW_ENOTFOUND);
    assert_string_equal(r.err.text, "There is no push source 'none'.");
    assert_int_equal(order(&r, (struct bw_target_order){ .source = "short", .text = "{}" }),
                     BW_EINVAL);
    assert_int_equal(order(&r, (struct bw_target_order){ .source = "short", .text = LIST("1") }),
                     BW_EINVAL);
    assert_int_equal(order(&r, (struct bw_target_order){ .source = "short", .target = "x:1" }),
                     BW_OK);
    assert_string_equal(r.answer.data, "{\"targets\":1,\"expires\":null}");
    close_registry(&r);
}

/* They are in a file: who comes after us has them, and who has another configuration only those of
 * its sources. */
static void targets_outlive_us_and_a_reload(void **state)
{
    (void)state;
    struct registry r;
    open_registry(&r);
    assert_int_equal(
        order(&r, (struct bw_target_order){ .source = "long", .text = LIST("\"z:9\"") }), BW_OK);
    bw_pushed_free(r.pushed);
    r.pushed = bw_pushed_new(r.folder.path);
    assert_int_equal(order(&r, (struct bw_target_order){ .source = "long" }), BW_ENOTFOUND);
    bw_pushed_apply(r.pushed, r.config);
    assert_int_equal(
        order(&r, (struct bw_target_order){ .source = "long", .text = LIST("\"y:8\"") }), BW_OK);
    assert_non_null(strstr(r.answer.data, "{\"targets\":2,"));
    struct bw_config *other = folder_config(&r.folder, "services: []\n");
    bw_pushed_apply(r.pushed, other);
    assert_int_equal(order(&r, (struct bw_target_order){ .source = "long" }), BW_ENOTFOUND);
    bw_config_free(other);
    close_registry(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_is_answered_with_what_there_is),
        cmocka_unit_test(what_cannot_be_changes_nothing),
        cmocka_unit_test(targets_outlive_us_and_a_reload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
