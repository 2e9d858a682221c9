// SPDX-License-Identifier: GPL-3.0-or-later
#include "fixture.h"
#include "store/reader.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HOUR INT64_C(3600000)
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

static const struct bw_statement rising = { .series = 3,
                                            .kind = BW_STATEMENT_TREND,
                                            .horizon_ms = HOUR,
                                            .from_ms = T0,
                                            .deadline_ms = T0 + HOUR,
                                            .step_ms = 60000,
                                            .counter = true,
                                            .side = 1,
                                            .believed_ratio = 0.97,
                                            .stated_ratio = 0.9,
                                            .level = 7,
                                            .margin = 0.25,
                                            .p2_5 = NAN,
                                            .p10 = NAN,
                                            .p50 = NAN,
                                            .p90 = NAN,
                                            .p97_5 = NAN,
                                            .naive = NAN };
static const struct bw_statement value = { .series = 3,
                                           .kind = BW_STATEMENT_FORECAST,
                                           .horizon_ms = HOUR,
                                           .believed_ratio = 0.8,
                                           .stated_ratio = 0.8,
                                           .level = NAN,
                                           .margin = NAN,
                                           .p2_5 = 1,
                                           .p10 = 2,
                                           .p50 = 3,
                                           .p90 = 4,
                                           .p97_5 = 5,
                                           .naive = 6 };

struct found {
    struct bw_statement statements[4];
    struct bw_statement_bin bins[4];
    struct bw_series_score scores[4];
    size_t statement_count, bin_count, score_count;
    struct bw_damage damage;
};

static bool take_statement(void *ctx, const struct bw_statement *statement)
{
    struct found *found = ctx;
    found->statements[found->statement_count++] = *statement;
    return true;
}

static bool take_bin(void *ctx, const struct bw_statement_bin *bin)
{
    struct found *found = ctx;
    found->bins[found->bin_count++] = *bin;
    return true;
}

static bool take_score(void *ctx, const struct bw_series_score *score)
{
    struct found *found = ctx;
    found->scores[found->score_count++] = *score;
    return true;
}

static struct found read_back(struct fixture *f)
{
    struct found found = { .statement_count = 0 };
    struct bw_reader *reader;
    fixture_flush(f);
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    struct bw_damage *damage = &found.damage;
    assert_int_equal(bw_reader_statements(reader, take_statement, &found, damage, NULL), BW_OK);
    assert_int_equal(bw_reader_statement_bins(reader, take_bin, &found, damage, NULL), BW_OK);
    assert_int_equal(bw_reader_series_scores(reader, take_score, &found, damage, NULL), BW_OK);
    bw_reader_close(reader);
    return found;
}

static void a_statement_comes_back_whole(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    assert_true(bw_store_put_statement(f->store, &rising));
    assert_true(bw_store_put_statement(f->store, &value));
    struct found found = read_back(f);
    assert_int_equal(found.statement_count, 2);
    const struct bw_statement *got = &found.statements[0];
    assert_int_equal(got->series, 3);
    assert_int_equal(got->kind, BW_STATEMENT_TREND);
    assert_int_equal(got->deadline_ms, T0 + HOUR);
    assert_true(got->from_ms == T0 && got->step_ms == 60000 && got->counter && got->side == 1);
    assert_true(got->believed_ratio == 0.97 && got->stated_ratio == 0.9);
    assert_true(got->level == 7 && got->margin == 0.25 && isnan(got->naive) && isnan(got->p2_5));
    got = &found.statements[1];
    assert_true(got->p2_5 == 1 && got->p10 == 2 && got->p50 == 3 && got->p90 == 4);
    assert_true(got->p97_5 == 5 && got->naive == 6 && !got->counter && isnan(got->level));
    struct bw_store_info info;
    assert_int_equal(bw_store_info(f->path, &info, NULL), BW_OK);
    assert_int_equal(info.statements, 2);
}

static void a_told_statement_goes_alone(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    bw_store_put_statement(f->store, &rising);
    bw_store_put_statement(f->store, &value);
    assert_true(bw_store_forget_statement(f->store, &rising));
    const struct found found = read_back(f);
    assert_int_equal(found.statement_count, 1);
    assert_int_equal(found.statements[0].kind, BW_STATEMENT_FORECAST);
}

static void bins_and_scores_replace_their_like(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    struct bw_statement_bin bin = { BW_STATEMENT_FLAT, HOUR, 2800, true, 9, 4, 3, 3.8, 0.5, false };
    struct bw_series_score score = { 3, HOUR, T0, 10.5, 8, 9.5, 4, 2, 0.25, -0.125 };
    bw_store_put_statement_bin(f->store, &bin);
    bw_store_put_series_score(f->store, &score);
    bin.count = 5;
    score.count = 11.5;
    bw_store_put_statement_bin(f->store, &bin);
    bw_store_put_series_score(f->store, &score);
    struct found found = read_back(f);
    assert_int_equal(found.bin_count, 1);
    assert_true(found.bins[0].count == 5 && found.bins[0].true_count == 3
                && found.bins[0].believed);
    assert_true(found.bins[0].stated == 3.8 && found.bins[0].squared == 0.5);
    assert_int_equal(found.score_count, 1);
    assert_true(found.scores[0].count == 11.5 && found.scores[0].inside95 == 9.5);
    assert_true(found.scores[0].width_above == -0.125 && found.scores[0].updated_ms == T0);
    bw_store_forget_statement_bins(f->store, 2800);
    assert_int_equal(read_back(f).bin_count, 1);
    bw_store_forget_statement_bins(f->store, 2801);
    assert_int_equal(read_back(f).bin_count, 0);
}

/* What a newer version keeps, or a flipped bit, is passed over. */
static void what_we_cannot_know_is_left_out(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    struct bw_statement newer = rising;
    newer.kind = (enum bw_statement_kind)BW_STATEMENT_KIND_COUNT;
    bw_store_put_statement(f->store, &newer);
    bw_store_put_statement(f->store, &value);
    struct found found = read_back(f);
    assert_int_equal(found.statement_count, 1);
    assert_int_equal(found.damage.rows, 0);
    fixture_close(f);
    fixture_sql(f, "UPDATE statement SET p50=p50+1 WHERE kind=3");
    fixture_open(f);
    found = read_back(f);
    assert_int_equal(found.statement_count, 0);
    assert_int_equal(found.damage.rows, 1);
}

/* Looked at with a reader alone, no daemon having opened it. */
static void an_older_store_has_none(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    fixture_flush(f);
    fixture_close(f);
    fixture_sql(f, "DROP TABLE statement");
    fixture_sql(f, "DROP TABLE statement_bin");
    fixture_sql(f, "DROP TABLE series_score");
    struct bw_reader *reader;
    struct found found = { .statement_count = 0 };
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    assert_int_equal(bw_reader_statements(reader, take_statement, &found, NULL, NULL), BW_OK);
    assert_int_equal(bw_reader_statement_bins(reader, take_bin, &found, NULL, NULL), BW_OK);
    assert_int_equal(bw_reader_series_scores(reader, take_score, &found, NULL, NULL), BW_OK);
    assert_int_equal(found.statement_count + found.bin_count + found.score_count, 0);
    bw_reader_close(reader);
    struct bw_store_info info;
    assert_int_equal(bw_store_info(f->path, &info, NULL), BW_OK);
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(a_statement_comes_back_whole),
        IN_FIXTURE(a_told_statement_goes_alone),
        IN_FIXTURE(bins_and_scores_replace_their_like),
        IN_FIXTURE(what_we_cannot_know_is_left_out),
        IN_FIXTURE(an_older_store_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
