// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void samples_survive_a_restart(void **state)
{
    struct fixture *f = *state;
    char text[200];
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a"), b = fixture_series(f, "up", "b");
    assert_int_not_equal(a, 0);
    assert_int_not_equal(a, b);
    assert_int_equal(fixture_series(f, "up", "a"), a);
    fixture_append(f, a, T0, 1);
    fixture_append(f, a, T0 + 1000, 0.25);
    fixture_append(f, b, T0, NAN);
    fixture_flush(f);
    fixture_points(f, a, 0, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "0:1 1000:0.25 ");
    fixture_close(f);
    fixture_points(f, a, 0, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "0:1 1000:0.25 ");
    fixture_open(f);
    assert_int_equal(fixture_series(f, "up", "a"), a);
    assert_int_equal(fixture_series(f, "up", "b"), b);
    assert_int_not_equal(fixture_series(f, "up", "c"), b);
    fixture_append(f, a, T0 + 2000, 2);
    fixture_flush(f);
    fixture_points(f, a, 0, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "0:1 1000:0.25 2000:2 ");
    fixture_points(f, b, 0, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "0:nan ");
    assert_string_equal(f->said, "");
}

static void packs_take_over_from_the_journal(void **state)
{
    struct fixture *f = *state;
    char text[200];
    struct bw_store_stats stats;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    fixture_append(f, a, T0, 1);
    fixture_pack(f);
    bw_store_stats(f->store, &stats);
    assert_int_equal(stats.packs, 1);
    fixture_append(f, a, T0 + 1, 2); /* in the journal above the open pack */
    fixture_flush(f);
    fixture_points(f, a, 0, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "0:1 1:2 ");
    fixture_append(f, a, T0, 9);
    fixture_pack(f);
    fixture_flush(f);
    bw_store_stats(f->store, &stats);
    assert_int_equal(stats.packs, 1); /* the open pack is replaced */
    assert_int_equal(stats.packs_written_total, 2);
    assert_int_equal(stats.samples_total, 3);
    fixture_points(f, a, 0, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "0:9 1:2 ");
    fixture_close(f);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM journal"), 0);
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0007, 0); /* not for everybody */
    assert_int_equal(fixture_sql(f, "PRAGMA auto_vacuum"), 2);
    assert_int_equal(fixture_sql(f, "PRAGMA application_id"), 0x42574c52);
}

static void a_full_pack_is_sealed(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a"), b = fixture_series(f, "up", "b");
    for (int i = 0; i < 479; i++)
        fixture_append(f, a, T0 + i * 1000, i);
    fixture_pack(f);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM pack WHERE state=0"), 1);
    fixture_append(f, a, T0 + 479000, 1);
    fixture_pack(f);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM pack WHERE state=1"), 1);
    fixture_append(f, b, T0, 1);
    fixture_pack(f);
    fixture_append(f, b, T0 + 24 * 3600 * 1000, 1); /* a day is a reason as well */
    fixture_pack(f);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM pack WHERE state=1"), 2);
    assert_int_equal(fixture_sql(f, "SELECT sum(samples) FROM pack"), 482);
}

static void the_ceiling_on_series_holds(void **state)
{
    struct fixture *f = *state;
    f->opts.max_series = 2;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    assert_int_not_equal(fixture_series(f, "up", "b"), 0);
    assert_int_equal(fixture_series(f, "up", "c"), 0);
    assert_int_equal(fixture_series(f, "up", "d"), 0);
    assert_int_equal(fixture_series(f, "up", "a"), a);
    assert_int_equal(fixture_series(f, "not a name", "a"), 0);
    struct bw_store_stats stats;
    bw_store_stats(f->store, &stats);
    assert_int_equal(stats.series, 2);
    assert_int_equal(stats.refused_series_total, 3);
    const struct bw_sample none = { 0, T0, 1 };
    assert_true(bw_store_append(f->store, &none, 1)); /* a refused series' sample: left out */
    fixture_flush(f);
    bw_store_stats(f->store, &stats);
    assert_int_equal(stats.samples_total, 0);
    assert_int_equal(
        fixture_sql(f, "SELECT count(*) FROM event WHERE kind=3 AND name='series_limit'"), 1);
}

static void old_packs_go_when_the_clock_is_trusted(void **state)
{
    struct fixture *f = *state;
    char text[200];
    f->opts.retention.raw_ns = BW_DAY;
    f->wall_ms = T0 + 1000;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    fixture_append(f, a, T0 - 25 * 3600 * 1000, 1);
    fixture_pack(f);
    fixture_append(f, a, T0, 2); /* the span of a day seals the first */
    fixture_pack(f);
    fixture_append(f, a, T0 + 1, 3);
    fixture_pack(f);
    fixture_close(f);
    f->wall_ms = T0 + 26 * 3600 * 1000;
    fixture_open(f);
    fixture_append(f, a, f->wall_ms, 4);
    fixture_flush(f);
    fixture_points(f, a, INT64_MIN, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "-90000000:1 0:2 1:3 93600000:4 "); /* not trusted: all there */
    fixture_close(f);
    f->opts.retention.raw_ns = BW_DAY;
    fixture_open(f);
    bw_store_trust_clock(f->store, true);
    struct bw_store_stats stats = { 0 };
    for (int i = 0; i < 1000 && stats.expired_packs_total < 1; i++) {
        fixture_flush(f);
        bw_store_stats(f->store, &stats);
        usleep(20000);
    }
    assert_true(stats.expired_packs_total >= 1);
    fixture_points(f, a, INT64_MIN, INT64_MAX, text, sizeof text);
    /* The open pack ends with the newest sample, so it stays as a whole. */
    assert_string_equal(text, "1:3 93600000:4 ");
}

static void the_ceiling_on_bytes_holds(void **state)
{
    struct fixture *f = *state;
    f->opts.max_bytes = 8 << 20;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    uint64_t noise = 88172645463325252u;
    for (int pack = 0; pack < 100; pack++) {
        for (int i = 0; i < 10000; i++) {
            noise ^= noise << 13, noise ^= noise >> 7, noise ^= noise << 17;
            double value;
            memcpy(&value, &noise, sizeof value);
            fixture_append(f, a, T0 + pack * 10000 + i, value);
        }
        fixture_pack(f);
    }
    struct bw_store_stats stats = { 0 };
    for (int i = 0; i < 1000 && stats.expired_packs_total < 8; i++) {
        fixture_flush(f);
        bw_store_stats(f->store, &stats);
        usleep(20000);
    }
    assert_true(stats.expired_packs_total >= 8);
    assert_true(stats.bytes <= f->opts.max_bytes);
    char text[64];
    fixture_points(f, a, T0, T0 + 10, text, sizeof text);
    assert_string_equal(text, ""); /* the oldest went */
}

/* With nothing to write the writer sleeps for minutes; what is put wakes it. */
static void a_writer_at_rest_is_roused(void **state)
{
    struct fixture *f = *state;
    fixture_open(f); /* commits every 20 ms */
    const uint32_t a = fixture_series(f, "up", "a");
    for (int round = 0; round < 3; round++) {
        struct bw_store_stats stats = { 0 };
        usleep(200000); /* to rest, several commits have to find nothing */
        bw_store_stats(f->store, &stats);
        const uint64_t before = stats.commits_total;
        fixture_append(f, a, T0 + round, round);
        for (int i = 0; i < 1000 && stats.commits_total == before; i++) {
            usleep(5000);
            bw_store_stats(f->store, &stats);
        }
        assert_true(stats.commits_total == before + 1);
        assert_true(stats.queued_samples == 0);
    }
}

static void note_commit(void *ctx, bool committed)
{
    *(int *)ctx = committed ? 1 : -1;
}

static void who_waits_for_a_commit_is_told(void **state)
{
    struct fixture *f = *state;
    int told = 0, told_late = 0;
    fixture_open(f);
    bw_store_when_committed(f->store, note_commit, &told);
    fixture_flush(f);
    assert_int_equal(told, 1);
    bw_store_when_committed(f->store, note_commit, &told_late);
    fixture_close(f);
    assert_int_equal(told_late, 1);
}

static void a_second_daemon_is_refused(void **state)
{
    struct fixture *f = *state;
    struct bw_store *second = NULL;
    struct bw_err err;
    fixture_open(f);
    assert_int_equal(bw_store_open(&f->opts, NULL, &second, &err), BW_EBUSY);
    assert_non_null(strstr(err.text, "in use by another daemon"));
    fixture_close(f);
    fixture_open(f);
}

static void the_socket_is_private_and_goes_with_the_store(void **state)
{
    struct fixture *f = *state;
    char name[128];
    struct stat st;
    int fd = -1, again = -1;
    fixture_open(f);
    snprintf(name, sizeof name, "%s.sock", f->path);
    assert_int_equal(bw_store_listen(f->store, &fd, NULL), BW_OK);
    assert_int_equal(stat(name, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(bw_store_listen(f->store, &again, NULL), BW_OK); /* a stale name is no bar */
    close(fd);
    close(again);
    fixture_close(f);
    assert_int_not_equal(stat(name, &st), 0);
}

static void the_defaults_are_the_tables(void **state)
{
    (void)state;
    const struct bw_storage_opts opts = bw_storage_defaults();
    const int64_t durations[] = { opts.retention.raw_ns, opts.retention.minute_ns,
                                  opts.retention.hour_ns, opts.retention.day_ns };
    for (const struct bw_opt *row = bw_storage_group.opts; row->name != NULL; row++) {
        int64_t ns = 0;
        uint64_t bytes = 0;
        if (row->type == BW_OPT_DURATION) {
            assert_int_equal(bw_parse_duration(row->def, &ns, NULL), BW_OK);
            assert_true(ns
                        == (strcmp(row->name, "max_late") == 0 ? BW_DAY : opts.commit_interval_ns));
        } else if (row->type == BW_OPT_BYTES) {
            assert_int_equal(bw_parse_bytes(row->def, &bytes, NULL), BW_OK);
            assert_true(bytes == opts.max_bytes);
        }
        if (row->type != BW_OPT_GROUP)
            continue;
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(bw_parse_duration(row->group->opts[i].def, &ns, NULL), BW_OK);
            assert_true(ns == durations[i]);
        }
    }
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(samples_survive_a_restart),
        IN_FIXTURE(packs_take_over_from_the_journal),
        IN_FIXTURE(a_full_pack_is_sealed),
        IN_FIXTURE(the_ceiling_on_series_holds),
        IN_FIXTURE(old_packs_go_when_the_clock_is_trusted),
        IN_FIXTURE(the_ceiling_on_bytes_holds),
        IN_FIXTURE(a_writer_at_rest_is_roused),
        IN_FIXTURE(who_waits_for_a_commit_is_told),
        IN_FIXTURE(a_second_daemon_is_refused),
        IN_FIXTURE(the_socket_is_private_and_goes_with_the_store),
        cmocka_unit_test(the_defaults_are_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
