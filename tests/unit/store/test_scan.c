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

/* The group's packs have the journal's rows up to there. */
static void put_covered(struct fixture *f, uint32_t group, int64_t seq)
{
    struct bw_cells cells = { .count = 0 };
    char sql[160];
    bw_cells_int(&cells, group);
    bw_cells_int(&cells, seq);
    sqlite3_snprintf(sizeof sql, sql, "INSERT OR REPLACE INTO pack_group VALUES(%u,%lld,%u)", group,
                     (long long)seq, bw_row_sum(BW_ROW_PACK_GROUP, cells.items, cells.count));
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
    put_covered(f, 1, 1000); /* says nothing of samples that are of group 2 */
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

/* --- against a plain list ---------------------------------------------------------------- */

enum { SERIES = 12, SLOTS = 300, ROUNDS = 60 };

/* What was handed over last for each time; slot t is T0 + 1000 t. */
struct model {
    uint32_t ids[SERIES];
    bool there[SERIES][SLOTS];
    double values[SERIES][SLOTS];
    int64_t from_ms, to_ms;
    size_t seen;
};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Mostly the next times; now and then late ones, or such as are there already. */
static void append_some(struct fixture *f, struct model *model, int round, uint32_t *seed)
{
    const int now = round * (SLOTS / ROUNDS);
    for (int i = 0; i < 40; i++) {
        const uint32_t s = next_random(seed) % SERIES;
        const uint32_t back = next_random(seed) % 10 == 0 ? (uint32_t)now : 4;
        const int slot = now + 4 - (int)(next_random(seed) % (back + 1));
        const double value = (double)(next_random(seed) % 1000) / 8;
        fixture_append(f, model->ids[s], T0 + 1000 * slot, value);
        model->there[s][slot] = true;
        model->values[s][slot] = value;
    }
}

static bool compare_points(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct model *model = ctx;
    size_t s = 0, next = 0;
    while (model->ids[s] != series)
        s++;
    for (int slot = 0; slot < SLOTS; slot++) {
        const int64_t ts_ms = T0 + 1000 * slot;
        if (!model->there[s][slot] || ts_ms < model->from_ms || ts_ms > model->to_ms)
            continue;
        assert_true(next < count && points[next].ts_ms == ts_ms);
        assert_true(points[next].value == model->values[s][slot]);
        next++;
    }
    assert_int_equal(next, count);
    model->seen += count;
    return true;
}

static size_t points_of(const struct model *model, size_t series)
{
    size_t count = 0;
    for (int slot = 0; slot < SLOTS; slot++)
        count += model->there[series][slot] && T0 + 1000 * slot >= model->from_ms
                 && T0 + 1000 * slot <= model->to_ms;
    return count;
}

/* Some of the series over some range, at once. */
static void scan_some(struct fixture *f, struct model *model, uint32_t *seed)
{
    struct bw_reader *reader = NULL;
    struct bw_damage damage = { 0 };
    struct bw_err err = { .text = "" };
    uint32_t ids[SERIES];
    size_t count = 0, want = 0;
    model->from_ms = T0 + next_random(seed) % (1000 * SLOTS);
    model->to_ms = model->from_ms + next_random(seed) % (1000 * SLOTS);
    model->seen = 0;
    for (size_t s = SERIES; s-- > 0;) { /* not in their order */
        if (next_random(seed) % 3 != 0) {
            ids[count++] = model->ids[s];
            want += points_of(model, s);
        }
    }
    if (bw_reader_open(f->path, &reader, &err) != BW_OK
        || bw_reader_scan(reader, ids, count, model->from_ms, model->to_ms, compare_points, model,
                          &damage, &err)
               != BW_OK)
        fail_msg("%s", err.text);
    assert_int_equal(model->seen, want);
    assert_int_equal(damage.packs + damage.journal_rows + damage.rows, 0);
    bw_reader_close(reader);
}

static void a_scan_says_what_was_handed_over_last(void **state)
{
    struct fixture *f = *state;
    static const struct {
        int round, first; /* each third series */
        uint32_t from, to;
        int64_t since_ms;
    } moves[] = { { 20, 0, 1, 2, T0 }, { 30, 0, 2, 3, T0 + 20 }, { 30, 1, 1, 3, T0 } };
    struct model model = { 0 };
    uint32_t seed = 3;
    char name[16];
    fixture_open(f);
    for (int s = 0; s < SERIES; s++) {
        snprintf(name, sizeof name, "m%d", s);
        model.ids[s] = fixture_series(f, name, "a");
    }
    for (int round = 0; round < ROUNDS; round++) {
        append_some(f, &model, round, &seed);
        if (round % 5 == 4) {
            fixture_pack(f);
            fixture_sql(f, round % 2 == 0 ? "UPDATE pack SET state=1" : "SELECT 1");
        } else {
            fixture_flush(f);
        }
        for (size_t m = 0; m < sizeof moves / sizeof *moves; m++) {
            for (int s = moves[m].first; s < SERIES && moves[m].round == round; s += 3)
                move(f, model.ids[s], moves[m].from, moves[m].to, moves[m].since_ms, T0 + round);
        }
        scan_some(f, &model, &seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_series_that_moved_is_read_wherever_it_was, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_place_hides_one_group_and_is_told, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_scan_says_what_was_handed_over_last, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
