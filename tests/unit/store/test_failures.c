// SPDX-License-Identifier: GPL-3.0-or-later
/* The last failures of checks, written and read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/limits.h"
#include "store/retention.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_BYTES = 2000 };

static const struct bw_subject shop = { "shop", "a:80", "page" };

static void put(struct fixture *f, unsigned slot, int64_t ts_ms, const char *cause)
{
    const struct bw_failure failure = {
        .tally = { .subject = shop, .slot = slot, .ts_ms = ts_ms, .last_ms = ts_ms, .times = 1 },
        .reason = BW_REASON_HTTP_STATUS,
        .cause = cause,
        .duration_s = 0.25,
        .attempts = 2,
        .phases = "resolve=0.001 connect=0.002",
        .transcript = "0.0 * connected\n0.1 < HTTP/1.1 500 No\n",
    };
    assert_true(bw_store_put_failure(f->store, &failure));
}

static bool show(void *ctx, const struct bw_failure *failure)
{
    char *text = ctx;
    const size_t used = strlen(text);
    snprintf(text + used, TEXT_BYTES - used, "%u@%d-%d %ux+%u %s;", failure->tally.slot,
             (int)(failure->tally.ts_ms - T0), (int)(failure->tally.last_ms - T0),
             failure->tally.times, failure->tally.left_out, failure->cause);
    return true;
}

/* The failures of the shop's page, and what was left out as damaged. */
static const char *read_all(struct fixture *f, struct bw_damage *damage)
{
    static char text[TEXT_BYTES];
    struct bw_reader *reader = NULL;
    text[0] = '\0';
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    assert_int_equal(bw_reader_failures(reader, &shop, show, text, damage, NULL), BW_OK);
    bw_reader_close(reader);
    return text;
}

static void a_slot_holds_the_latest(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    put(f, 0, T0, "first");
    put(f, 1, T0 + 10, "second");
    fixture_flush(f);
    assert_string_equal(read_all(f, NULL), "1@10-10 1x+0 second;0@0-0 1x+0 first;");
    put(f, 0, T0 + 20, "third");
    const struct bw_failure_tally again = { shop, 0, T0 + 20, T0 + 50, 4, 7 };
    assert_true(bw_store_put_failure_tally(f->store, &again));
    const struct bw_failure_tally stale = { shop, 1, T0 + 3, T0 + 50, 9, 9 }; /* of another */
    assert_true(bw_store_put_failure_tally(f->store, &stale));
    fixture_flush(f);
    assert_string_equal(read_all(f, NULL), "0@20-50 4x+7 third;1@10-10 1x+0 second;");
    fixture_close(f);
    fixture_open(f);
    assert_string_equal(read_all(f, NULL), "0@20-50 4x+7 third;1@10-10 1x+0 second;");
    fixture_close(f);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM check_failure"), 2);
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_OK);
}

static bool take_whole(void *ctx, const struct bw_failure *failure)
{
    assert_int_equal(failure->reason, BW_REASON_HTTP_STATUS);
    assert_true(failure->duration_s == 0.25 && failure->attempts == 2);
    assert_string_equal(failure->phases, "resolve=0.001 connect=0.002");
    assert_string_equal(failure->transcript, "0.0 * connected\n0.1 < HTTP/1.1 500 No\n");
    assert_string_equal(failure->tally.subject.instance, "a:80");
    *(int *)ctx += 1;
    return true;
}

static bool take_tally(void *ctx, const struct bw_failure_tally *tally)
{
    assert_string_equal(tally->subject.check, "page");
    *(int *)ctx += 10;
    return true;
}

static bool take_cause(void *ctx, const struct bw_check_cause *cause)
{
    assert_int_equal(cause->reason, BW_REASON_TIMEOUT);
    assert_string_equal(cause->cause, "no answer");
    *(int *)ctx += 100;
    return true;
}

static void a_failure_comes_back_whole(void **state)
{
    struct fixture *f = *state;
    struct bw_reader *reader = NULL;
    int seen = 0;
    fixture_open(f);
    put(f, 3, T0, "it's \"quoted\"");
    const struct bw_check_cause cause = { shop, BW_REASON_TIMEOUT, "no answer" };
    assert_true(bw_store_put_check_cause(f->store, &cause));
    fixture_flush(f);
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    assert_int_equal(bw_reader_failures(reader, &shop, take_whole, &seen, NULL, NULL), BW_OK);
    assert_int_equal(bw_reader_failure_tallies(reader, take_tally, &seen, NULL, NULL), BW_OK);
    assert_int_equal(bw_reader_check_causes(reader, take_cause, &seen, NULL, NULL), BW_OK);
    assert_int_equal(seen, 111);
    const struct bw_subject other = { "shop", "a:80", "' OR 1=1 --" };
    assert_int_equal(bw_reader_failures(reader, &other, take_whole, &seen, NULL, NULL), BW_OK);
    assert_int_equal(seen, 111);
    bw_reader_close(reader);
    fixture_close(f);
}

static void damage_is_left_out_and_told(void **state)
{
    struct fixture *f = *state;
    struct bw_damage damage = { 0 };
    fixture_open(f);
    put(f, 0, T0, "first");
    put(f, 1, T0 + 10, "second");
    fixture_close(f);
    fixture_sql(f, "UPDATE check_failure SET transcript='x' WHERE slot=1");
    assert_string_equal(read_all(f, &damage), "0@0-0 1x+0 first;");
    assert_int_equal(damage.rows, 1);
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_ECORRUPT);
    /* Two rows in one slot, as a flipped bit makes them, do not cost the store. */
    fixture_sql(f, "UPDATE check_failure SET slot=0");
    fixture_open(f);
    put(f, 0, T0 + 20, "third");
    fixture_close(f);
    assert_string_equal(f->said, "");
    assert_string_equal(read_all(f, NULL), "0@20-20 1x+0 third;");
}

static void old_failures_go(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db = NULL;
    uint64_t gone = 0;
    fixture_open(f);
    for (unsigned i = 0; i < BW_FAILURES_KEPT_MAX; i++)
        put(f, i, T0 + i, "x");
    fixture_close(f);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(bw_retention_expire_failures(db, T0 + 8, &gone, NULL), BW_OK);
    assert_int_equal(gone, 8);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_string_equal(read_all(f, NULL), "9@9-9 1x+0 x;8@8-8 1x+0 x;");
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(a_slot_holds_the_latest),
        IN_FIXTURE(a_failure_comes_back_whole),
        IN_FIXTURE(damage_is_left_out_and_told),
        IN_FIXTURE(old_failures_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
