// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/mem.h"
#include "store/rows.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 400 };

/* --- moves ------------------------------------------------------------------------------- */

/* A row of series_group; to_ms 0: where the series is now. The store must be closed. */
static void put_place(struct fixture *f, uint32_t series, uint32_t group, int64_t from_ms,
                      int64_t to_ms)
{
    struct bw_cells cells = { .count = 0 };
    char sql[200];
    bw_cells_of_place(&cells, series, group, from_ms);
    if (to_ms != 0) {
        cells.count--;
        bw_cells_int(&cells, to_ms);
    }
    sqlite3_snprintf(sizeof sql, sql, "INSERT OR REPLACE INTO series_group VALUES(%u,%u,%lld,",
                     series, group, (long long)from_ms);
    const size_t used = strlen(sql);
    const uint32_t sum = bw_row_sum(BW_ROW_SERIES_GROUP, cells.items, cells.count);
    if (to_ms == 0)
        sqlite3_snprintf((int)(sizeof sql - used), sql + used, "NULL,%u)", sum);
    else
        sqlite3_snprintf((int)(sizeof sql - used), sql + used, "%lld,%u)", (long long)to_ms, sum);
    fixture_sql(f, sql);
}

/* As the writer moves a series: everything is in packs, for the store is closed meanwhile. */
static void move(struct fixture *f, uint32_t series, uint32_t from, uint32_t to, int64_t since_ms,
                 int64_t now_ms)
{
    fixture_close(f);
    fixture_sql(f, "UPDATE pack SET state=1");
    put_place(f, series, from, since_ms, now_ms);
    put_place(f, series, to, now_ms, 0);
    fixture_open(f);
}

static void expect(struct fixture *f, uint32_t series, int64_t from_ms, int64_t to_ms,
                   const char *want)
{
    char text[TEXT_BYTES];
    const struct bw_damage damage = fixture_points(f, series, from_ms, to_ms, text, sizeof text);
    assert_string_equal(text, want);
    assert_int_equal(damage.packs + damage.journal_rows + damage.rows, 0);
}

static void a_series_that_moved_is_read_wherever_it_was(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a"), b = fixture_series(f, "up", "b");
    move(f, b, 1, 2, T0, T0 + 1);
    fixture_append(f, b, T0, 7);
    fixture_append(f, a, T0, 1);
    fixture_append(f, a, T0 + 10, 1);
    fixture_append(f, a, T0 + 20, 1);
    fixture_pack(f);
    move(f, a, 1, 2, T0, T0 + 1);
    fixture_append(f, a, T0 + 10, 2); /* says something else than before the move */
    fixture_append(f, a, T0 + 30, 2);
    fixture_pack(f);
    expect(f, a, INT64_MIN, INT64_MAX, "0:1 10:2 20:1 30:2 ");
    expect(f, b, INT64_MIN, INT64_MAX, "0:7 ");
    fixture_append(f, a, T0 + 20, 3); /* late, and only in the journal */
    fixture_append(f, a, T0 + 40, 3);
    fixture_flush(f);
    expect(f, a, INT64_MIN, INT64_MAX, "0:1 10:2 20:3 30:2 40:3 ");
    expect(f, a, T0 + 10, T0 + 30, "10:2 20:3 30:2 ");
    move(f, a, 2, 3, T0 + 1, T0 + 2);
    fixture_append(f, a, T0 + 20, 4);
    fixture_pack(f);
    expect(f, a, INT64_MIN, INT64_MAX, "0:1 10:2 20:4 30:2 40:3 ");
    expect(f, a, T0 + 20, T0 + 20, "20:4 ");
    expect(f, b, INT64_MIN, INT64_MAX, "0:7 ");
    assert_int_equal(fixture_sql(f, "SELECT count(DISTINCT group_id) FROM pack"), 3);
}

static void a_damaged_place_hides_one_group_and_is_told(void **state)
{
    struct fixture *f = *state;
    char text[TEXT_BYTES];
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    fixture_append(f, a, T0, 1);
    fixture_pack(f);
    move(f, a, 1, 2, T0, T0 + 1);
    fixture_append(f, a, T0 + 10, 2);
    fixture_pack(f);
    fixture_sql(f, "UPDATE series_group SET sum=sum+1 WHERE group_id=1");
    assert_int_equal(fixture_points(f, a, INT64_MIN, INT64_MAX, text, sizeof text).rows, 1);
    assert_string_equal(text, "10:2 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_series_that_moved_is_read_wherever_it_was, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_place_hides_one_group_and_is_told, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
