// SPDX-License-Identifier: GPL-3.0-or-later
/* What changed between one process and the next: told once, by markers. */
#include "app/since.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NODE "a"

static const struct {
    const char *boot_id, *version, *want;
} starts[] = {
    { "one", "0.1", "" }, /* nobody knows what was before */
    { "one", "0.1", "" },
    { "two", "0.1", "marker host/" NODE "/ rebooted UNKNOWN>UNKNOWN: this machine was booted\n" },
    { "two", "0.1", "" },
    { "", "0.1", "" }, /* a kernel that does not say: no boot */
    { "two", "0.2", "marker // version changed UNKNOWN>UNKNOWN: Bellwether 0.2, before 0.1\n" },
    { "three", "0.1",
      "marker host/" NODE "/ rebooted UNKNOWN>UNKNOWN: this machine was booted\n"
      "marker // version changed UNKNOWN>UNKNOWN: Bellwether 0.1, before 0.2\n" },
};

static void each_change_is_told_once(void **state)
{
    (void)state;
    struct bench bench;
    bench_make(&bench, "", true);
    bench.core.node = NODE;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        struct bw_since now = { .version = starts[i].version, .booted_ms = 1700000000000 };
        struct bw_buf said;
        strcpy(now.boot_id, starts[i].boot_id);
        bw_buf_init(&said, 1u << 16);
        bench.core.workers = bw_work_pool_new(bench.core.loop, 1, 4, NULL);
        bw_since_look(&bench.core, &now);
        bw_work_pool_free(bench.core.workers, BW_WORK_DRAIN);
        bench_events(&bench, &said);
        if (strcmp(said.data, starts[i].want) != 0)
            fail_msg("start %zu: '%s', expected '%s'", i, said.data, starts[i].want);
        bw_buf_fini(&said);
    }
    bench_remove(&bench);
}

static void this_machine_was_booted_before_now(void **state)
{
    (void)state;
    const int64_t now_ms = INT64_C(4000000000000);
    const struct bw_since now = bw_since_now(now_ms);
    assert_true(now.booted_ms < now_ms && now.booted_ms > 0);
    assert_true(strlen(now.version) > 0);
    if (access("/proc/sys/kernel/random/boot_id", R_OK) == 0)
        assert_int_equal(strlen(now.boot_id), 36);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_is_told_once),
        cmocka_unit_test(this_machine_was_booted_before_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
