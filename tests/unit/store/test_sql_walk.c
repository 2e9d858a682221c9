// SPDX-License-Identifier: GPL-3.0-or-later
/* A table whose rows are made up: 40 series s0 … s39, of which the one with the id n has n % 3
 * rows. */
#include "store/sql_walk.h"

#include "base/buf.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SERIES = 40, TIERS = 3 };

static const enum bw_sql_role roles[] = { BW_ROLE_METRIC, BW_ROLE_OWN, BW_ROLE_TIER };

static const struct bw_sql_shape shape = {
    .name = "made_up",
    .declaration = "CREATE TABLE made_up(metric TEXT, row INTEGER, tier INTEGER)",
    .roles = roles,
    .rows = 1e6,
    .has_tiers = true,
};

/* What the reads were told, and how they shall go. */
static struct {
    size_t sizes[64]; /* of each: series */
    size_t count;
    uint32_t broken; /* to read this one fails */
    unsigned rows;   /* of a series, instead of n % 3; 0: that */
} reads;

static enum bw_rc read_rows(struct bw_sql_walk *walk, const struct bw_sql_source *source,
                            const uint32_t *ids, size_t count, struct bw_err *err)
{
    assert_non_null(source->reader);
    reads.sizes[reads.count++] = count;
    for (size_t i = count; i-- > 0;) { /* the order is nobody's business */
        const size_t have = reads.rows != 0 ? reads.rows : ids[i] % 3;
        if (ids[i] == reads.broken)
            return bw_fail(err, BW_ECORRUPT, "series %u is broken", (unsigned)ids[i]);
        int64_t *rows = have > 0 ? bw_sql_walk_keep(walk, ids[i], have) : NULL;
        for (size_t k = 0; k < have; k++)
            rows[k] = (int64_t)(ids[i] * 1000 + k);
        assert_null(bw_sql_walk_keep(walk, 100000, 1)); /* nobody asked for that one */
        assert_true(have == 0 || bw_sql_walk_keep(walk, ids[i], 1) == NULL);
    }
    return BW_OK;
}

static const struct bw_sql_walk_kind plain = { .row_bytes = sizeof(int64_t),
                                               .series_first = 2,
                                               .series_a_read = 16,
                                               .rows_a_read = 1000,
                                               .tiers = 1,
                                               .read = read_rows };
static struct bw_sql_walk_kind kind;

static int open_walk(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    (void)base;
    return bw_sql_walk_open(&kind, out);
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *out, int at)
{
    const struct bw_sql_walk *walk = (const struct bw_sql_walk *)base;
    const int64_t *row = bw_sql_walk_row(walk);
    if (at == 0)
        bw_sql_name_result(bw_sql_walk_name(walk), &walk->where, BW_ROLE_METRIC, out);
    else
        sqlite3_result_int64(out, at == 1 ? *row % 1000 : walk->tier);
    return SQLITE_OK;
}

static const sqlite3_module module = { .xConnect = bw_sql_connect,
                                       .xBestIndex = bw_sql_best_index,
                                       .xDisconnect = bw_sql_disconnect,
                                       .xOpen = open_walk,
                                       .xClose = bw_sql_walk_close,
                                       .xFilter = bw_sql_walk_filter,
                                       .xNext = bw_sql_walk_next,
                                       .xEof = bw_sql_walk_eof,
                                       .xColumn = column };

struct scene {
    struct fixture *f;
    struct bw_reader *reader;
    struct bw_sql_source source;
    sqlite3 *db;
    struct bw_buf out;
};

static void raise_scene(struct scene *scene, struct fixture *f)
{
    struct bw_err err = { .text = "" };
    *scene = (struct scene){ .f = f };
    memset(&reads, 0, sizeof reads);
    kind = plain;
    fixture_open(f);
    for (int i = 0; i < SERIES; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        fixture_append(f, fixture_series(f, name, "a"), T0, 1);
    }
    fixture_flush(f);
    assert_int_equal(bw_reader_open(f->path, &scene->reader, &err), BW_OK);
    scene->source.reader = scene->reader;
    assert_int_equal(sqlite3_open(":memory:", &scene->db), SQLITE_OK);
    assert_int_equal(bw_sql_register(scene->db, &shape, &module, &scene->source), SQLITE_OK);
    bw_buf_init(&scene->out, 65536);
}

static void strike_scene(struct scene *scene)
{
    bw_buf_fini(&scene->out);
    sqlite3_close(scene->db);
    bw_reader_close(scene->reader);
    fixture_close(scene->f);
}

static int put_row(void *ctx, int count, char **values, char **names)
{
    (void)names;
    for (int i = 0; i < count; i++)
        bw_buf_printf(ctx, "%s%s", values[i], i + 1 < count ? "," : " ");
    return 0;
}

static const char *ask(struct scene *scene, const char *sql)
{
    bw_buf_clear(&scene->out);
    if (sqlite3_exec(scene->db, sql, put_row, &scene->out, NULL) != SQLITE_OK)
        return sqlite3_errmsg(scene->db);
    return scene->out.data;
}

static void rows_come_series_by_series(void **state)
{
    struct scene scene;
    raise_scene(&scene, *state);
    assert_string_equal(ask(&scene, "SELECT count(*), sum(row) FROM made_up"), "40,13 ");
    assert_string_equal(ask(&scene, "SELECT metric, row FROM made_up LIMIT 6"),
                        "s0,0 s1,0 s1,1 s3,0 s4,0 s4,1 ");
    assert_string_equal(ask(&scene, "SELECT metric FROM made_up WHERE metric = 's4'"), "s4 s4 ");
    assert_string_equal(ask(&scene, "SELECT count(*) FROM made_up WHERE metric = 'none'"), "0 ");
    strike_scene(&scene);
}

/* First a few, then more, but no more than there is room for. */
static void reads_grow_up_to_their_room(void **state)
{
    static const size_t roomy[] = { 2, 8, 16, 14 }, crowded[] = { 2, 8, 10, 10, 10 };
    struct scene scene;
    raise_scene(&scene, *state);
    ask(&scene, "SELECT count(*) FROM made_up");
    assert_int_equal(reads.count, sizeof roomy / sizeof *roomy);
    assert_memory_equal(reads.sizes, roomy, sizeof roomy);
    reads.count = 0;
    reads.rows = 100; /* ten of those fill a thousand */
    assert_string_equal(ask(&scene, "SELECT count(*) FROM made_up"), "4000 ");
    assert_int_equal(reads.count, sizeof crowded / sizeof *crowded);
    assert_memory_equal(reads.sizes, crowded, sizeof crowded);
    reads.count = 0;
    reads.rows = 5000; /* one is too many already */
    ask(&scene, "SELECT count(*) FROM made_up WHERE metric IN ('s0', 's1', 's2', 's3')");
    assert_int_equal(reads.count, 4); /* each a query of its own */
    strike_scene(&scene);
}

/* Who has seen enough has not read on. */
static void nothing_is_read_ahead(void **state)
{
    struct scene scene;
    raise_scene(&scene, *state);
    ask(&scene, "SELECT metric FROM made_up LIMIT 1");
    assert_int_equal(reads.count, 1);
    assert_int_equal(reads.sizes[0], 2);
    strike_scene(&scene);
}

static void tiers_come_one_after_the_other(void **state)
{
    struct scene scene;
    raise_scene(&scene, *state);
    kind.tiers = TIERS;
    assert_string_equal(ask(&scene, "SELECT tier, count(*) FROM made_up GROUP BY tier"),
                        "0,40 1,40 2,40 ");
    assert_string_equal(ask(&scene, "SELECT tier, row FROM made_up WHERE metric = 's4'"),
                        "0,0 0,1 1,0 1,1 2,0 2,1 ");
    strike_scene(&scene);
}

static void a_read_that_fails_ends_the_statement(void **state)
{
    struct scene scene;
    raise_scene(&scene, *state);
    reads.broken = 5;
    assert_non_null(strstr(ask(&scene, "SELECT count(*) FROM made_up"), "series 5 is broken"));
    assert_string_equal(ask(&scene, "SELECT count(*) FROM made_up WHERE metric = 's3'"), "1 ");
    strike_scene(&scene);
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(rows_come_series_by_series),
        IN_FIXTURE(reads_grow_up_to_their_room),
        IN_FIXTURE(nothing_is_read_ahead),
        IN_FIXTURE(tiers_come_one_after_the_other),
        IN_FIXTURE(a_read_that_fails_ends_the_statement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
