// SPDX-License-Identifier: GPL-3.0-or-later
#include "discover/push.h"

#include "discover/discover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s", "/tmp/bw_push_XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/in/fleet.json", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/in", folder);
    rmdir(path);
    return rmdir(folder);
}

static int64_t now_ms(void)
{
    return (int64_t)time(NULL) * 1000;
}

static enum bw_rc change(const char *text, const char *drop, int64_t ttl_ms, size_t *count)
{
    char inner[80];
    struct bw_err err;
    snprintf(inner, sizeof inner, "%s/in", folder);
    const struct bw_push_change what = { .folder = inner,
                                         .name = "fleet",
                                         .text = text,
                                         .size = text != NULL ? strlen(text) : 0,
                                         .drop = drop,
                                         .now_ms = now_ms(),
                                         .expires_ms = now_ms() + ttl_ms };
    return bw_push_change(&what, count, &err);
}

static void expect_targets(const char *want)
{
    static const char *const names[] = { "fleet" };
    static const bool never;
    char inner[80];
    struct bw_arena arena = { 0 };
    struct bw_target_list list;
    struct bw_err err;
    struct bw_buf out;
    snprintf(inner, sizeof inner, "%s/in", folder);
    const struct bw_discovery_spec spec = { .kind = BW_DISCOVERY_PUSH,
                                            .from = { names, 1 },
                                            .folder = inner };
    assert_int_equal(bw_discovery_ask(&spec, NULL, &never, &arena, &list, &err), BW_OK);
    bw_buf_init(&out, 4096);
    for (size_t i = 0; i < list.count; i++)
        bw_series_text(&out, "", list.items[i]);
    assert_string_equal(out.data, want);
    bw_buf_fini(&out);
    bw_arena_fini(&arena);
}

#define META "__meta_push_source=\"fleet\""

static void targets_come_are_renewed_and_go(void **state)
{
    (void)state;
    size_t count = 9;
    expect_targets("");
    assert_int_equal(
        change("[{\"targets\":[\"a\",\"b\"],\"labels\":{\"l\":\"1\"}}]", NULL, 60000, &count),
        BW_OK);
    assert_int_equal(count, 2);
    expect_targets("{__address__=\"a\"," META ",l=\"1\"}{__address__=\"b\"," META ",l=\"1\"}");
    /* Of one address the later, also within a list. */
    assert_int_equal(
        change("[{\"targets\":[\"b\"]},{\"targets\":[\"b\"],\"labels\":{\"l\":\"2\"}}]", NULL,
               60000, &count),
        BW_OK);
    assert_int_equal(count, 2);
    expect_targets("{__address__=\"a\"," META ",l=\"1\"}{__address__=\"b\"," META ",l=\"2\"}");
    /* What is over is not there, and is forgotten with the next change. */
    assert_int_equal(change("[{\"targets\":[\"a\"]}]", NULL, -1, &count), BW_OK);
    expect_targets("{__address__=\"b\"," META ",l=\"2\"}");
    assert_int_equal(change(NULL, "absent", 0, &count), BW_OK);
    assert_int_equal(count, 1);
    assert_int_equal(change(NULL, "b", 0, &count), BW_OK);
    assert_int_equal(count, 0);
    expect_targets("");
}

static void what_is_wrong_changes_nothing(void **state)
{
    (void)state;
    size_t count = 0;
    struct bw_buf many;
    assert_int_equal(change("[{\"targets\":[\"a\"]}]", NULL, 60000, &count), BW_OK);
    assert_int_equal(change("[{\"targets\":", NULL, 60000, &count), BW_EINVAL);
    bw_buf_init(&many, 1u << 20);
    bw_buf_text(&many, "[{\"targets\":[\"x\"");
    for (unsigned i = 0; i < 2000; i++)
        bw_buf_printf(&many, ",\"t%u\"", i);
    bw_buf_text(&many, "]}]");
    assert_int_equal(change(many.data, NULL, 60000, &count), BW_ELIMIT);
    bw_buf_clear(&many);
    bw_buf_text(&many, "[{\"targets\":[\"x\"],\"labels\":{\"l\":\"\"");
    for (unsigned i = 0; i < 63; i++)
        bw_buf_printf(&many, ",\"l%u\":\"v\"", i);
    bw_buf_text(&many, "}}]");
    assert_int_equal(change(many.data, NULL, 60000, &count), BW_ELIMIT);
    bw_buf_fini(&many);
    expect_targets("{__address__=\"a\"," META "}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(targets_come_are_renewed_and_go, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_is_wrong_changes_nothing, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
