// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/units.h"
#include "pack/pack.h"

#include <dirent.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct bw_reader *reader_of(struct fixture *f)
{
    struct bw_reader *reader = NULL;
    struct bw_err err = { .text = "" };
    if (bw_reader_open(f->path, &reader, &err) != BW_OK)
        fail_msg("%s", err.text);
    return reader;
}

enum { TEXT_BYTES = 400 }; /* of every text that a callback adds to */

static void put(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(char *text, const char *format, ...)
{
    const size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, TEXT_BYTES - used, format, args);
    va_end(args);
}

/* Sealed pack, open pack and journal, with overlaps: each later one wins. */
static void the_newest_wins_wherever_it_is(void **state)
{
    struct fixture *f = *state;
    char text[TEXT_BYTES];
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    fixture_append(f, a, T0, 1);
    fixture_append(f, a, T0 + 10, 1);
    fixture_append(f, a, T0 + 20, 1);
    fixture_append(f, a, T0 - 86400000, 1);
    fixture_pack(f); /* sealed: it spans a day */
    fixture_append(f, a, T0 + 10, 2);
    fixture_append(f, a, T0 + 15, 2);
    fixture_append(f, a, T0 + 30, 2);
    fixture_pack(f); /* open */
    fixture_append(f, a, T0 + 15, 3);
    fixture_append(f, a, T0 + 40, 3);
    fixture_append(f, a, T0 + 40, 4); /* of two in one commit the later */
    fixture_append(f, a, T0 + 5, 3);  /* late */
    fixture_flush(f);
    static const struct {
        int64_t from, to;
        const char *want;
    } ranges[] = {
        { 0, 100, "0:1 5:3 10:2 15:3 20:1 30:2 40:4 " },
        { 10, 15, "10:2 15:3 " }, /* both ends are in it */
        { 31, 39, "" },
        { 40, 40, "40:4 " },
        { 41, 40, "" },
        { -86400000, 0, "-86400000:1 0:1 " },
    };
    for (int restart = 0; restart < 2; restart++) {
        for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
            fixture_points(f, a, T0 + ranges[i].from, T0 + ranges[i].to, text, sizeof text);
            assert_string_equal(text, ranges[i].want);
        }
        fixture_close(f); /* now all is in packs */
        fixture_open(f);
    }
    struct bw_reader *reader = reader_of(f);
    int64_t latest = 0;
    assert_int_equal(bw_reader_latest(reader, &latest, NULL), BW_OK);
    assert_true(latest == T0 + 40);
    bw_reader_close(reader);
}

/* --- series ---------------------------------------------------------------------------- */

static bool list_series(void *ctx, const struct bw_series_info *series)
{
    char *text = ctx;
    put(text, "%s ", series->text);
    return true;
}

static const struct {
    const char *selector, *want;
} selections[] = {
    { "up", "up{instance=\"a\"} up{instance=\"b\"} " },
    { "up{instance=\"b\"}", "up{instance=\"b\"} " },
    { "{instance=\"a\"}", "up{instance=\"a\"} upper{instance=\"a\"} " },
    { "{__name__=~\"up.*\",instance!=\"a\"}", "up{instance=\"b\"} " },
    { "{__name__=~\"p\"}", "" }, /* anchored */
    { "up{instance=~\"a|b\"}", "up{instance=\"a\"} up{instance=\"b\"} " },
    { "up{instance!~\"[b-z]\"}", "up{instance=\"a\"} " },
    { "up{absent=\"\"}", "up{instance=\"a\"} up{instance=\"b\"} " },
    { "down", "" },
};

static void selectors_mean_what_they_say(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    fixture_series(f, "up", "a");
    fixture_series(f, "up", "b");
    fixture_series(f, "upper", "a");
    fixture_flush(f);
    struct bw_reader *reader = reader_of(f);
    for (size_t i = 0; i < sizeof selections / sizeof *selections; i++) {
        struct bw_arena arena;
        struct bw_selector selector;
        struct bw_err err = { .text = "" };
        char text[TEXT_BYTES] = "";
        bw_arena_init(&arena);
        assert_int_equal(bw_selector_parse(&arena, selections[i].selector, &selector, &err), BW_OK);
        assert_int_equal(bw_reader_series(reader, &selector, list_series, text, NULL, &err), BW_OK);
        if (strcmp(text, selections[i].want) != 0)
            fail_msg("%s: %s", selections[i].selector, text);
        bw_arena_fini(&arena);
    }
    bw_reader_close(reader);
}

static void bad_expressions_are_refused(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    fixture_series(f, "up", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
    fixture_flush(f);
    struct bw_reader *reader = reader_of(f);
    static const struct {
        const char *pattern, *want;
    } cases[] = { { "(", "missing closing parenthesis" }, { "(a|aa)+[bc]", "takes too long" } };
    for (size_t i = 0; i < 2; i++) {
        const struct bw_matcher matcher = { "instance", BW_MATCH_REGEX, cases[i].pattern };
        const struct bw_selector selector = { &matcher, 1 };
        struct bw_err err = { .text = "" };
        char text[TEXT_BYTES] = "";
        assert_int_equal(bw_reader_series(reader, &selector, list_series, text, NULL, &err),
                         BW_EINVAL);
        if (strstr(err.text, cases[i].want) == NULL)
            fail_msg("%s", err.text);
    }
    bw_reader_close(reader);
}

/* --- rows ------------------------------------------------------------------------------ */

static bool list_event(void *ctx, const struct bw_event *event)
{
    char *text = ctx;
    put(text, "%lld:%s/%s/%s %s %d>%d %s;", (long long)event->id, event->subject.service,
        event->subject.instance, event->subject.check, event->name, event->from, event->to,
        event->cause);
    return true;
}

static void events_are_found_newest_first(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    const struct bw_event events[] = {
        { 0, T0, BW_EVENT_SYSTEM, { NULL, NULL, NULL }, "started", 0, 0, "" },
        { 0, T0 + 1, BW_EVENT_STATUS, { "web", "a:80", "tcp" }, "", 1, 3, "it's refused" },
        { 0, T0 + 2, BW_EVENT_ALERT, { "web", "", "" }, "disk", 0, 2, "full" },
    };
    for (size_t i = 0; i < 3; i++)
        assert_true(bw_store_put_event(f->store, &events[i]));
    fixture_close(f);
    fixture_open(f);
    const struct bw_event more = { 0, T0 + 3, BW_EVENT_STATUS, { "o'b", "x", "y" }, "", 3, 1, "" };
    bw_store_put_event(f->store, &more); /* ids go on after a restart */
    fixture_flush(f);
    static const struct {
        struct bw_event_filter filter;
        const char *want;
    } cases[] = {
        { { .limit = 2 }, "4:o'b/x/y  3>1 ;3:web// disk 0>2 full;" },
        { { .kind = BW_EVENT_SYSTEM }, "1:// started 0>0 ;" },
        { { .service = "web", .to_ms = T0 + 1 }, "2:web/a:80/tcp  1>3 it's refused;" },
        { { .service = "o'b" }, "4:o'b/x/y  3>1 ;" },
        { { .name = "disk" }, "3:web// disk 0>2 full;" },
        { { .before_id = 2 }, "1:// started 0>0 ;" },
        { { .concerns = "o'b" }, "4:o'b/x/y  3>1 ;1:// started 0>0 ;" },
        { { .set = true }, "4:o'b/x/y  3>1 ;" }, /* as markers are, `to` says it */
        { { .found = true, .concerns = "web" },
          "3:web// disk 0>2 full;2:web/a:80/tcp  1>3 it's refused;1:// started 0>0 ;" },
        { { .from_ms = T0 + 4 }, "" },
    };
    struct bw_reader *reader = reader_of(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[TEXT_BYTES] = "";
        assert_int_equal(bw_reader_events(reader, &cases[i].filter, list_event, text, NULL, NULL),
                         BW_OK);
        assert_string_equal(text, cases[i].want);
    }
    bw_reader_close(reader);
}

static bool list_check(void *ctx, const struct bw_check_state *s)
{
    char *text = ctx;
    put(text, "%s/%s/%s %d %lld %lld %u %u;", s->subject.service, s->subject.instance,
        s->subject.check, (int)s->status, (long long)s->since_ms, (long long)s->last_result_ms,
        s->pass_run, s->fail_run);
    return true;
}

static bool list_alert(void *ctx, const struct bw_alert_state *s)
{
    char *text = ctx;
    put(text, "%s%s %d %d %lld %lld %lld %lld %g;", s->rule, s->labels, (int)s->level,
        (int)s->pending, (long long)s->pending_since_ms, (long long)s->active_since_ms,
        (long long)s->level_since_ms, (long long)s->last_true_ms, s->value);
    return true;
}

static bool list_report(void *ctx, const struct bw_report_row *r)
{
    char *text = ctx;
    put(text, "%lld %s %s %s %s %lld;", (long long)r->id, r->name, r->type, r->format, r->file,
        (long long)r->bytes);
    return true;
}

static void states_replace_what_was_there(void **state)
{
    struct fixture *f = *state;
    char text[TEXT_BYTES] = "";
    fixture_open(f);
    struct bw_check_state check = { { "web", "a", "tcp" }, BW_HEALTHY, 5, 6, 7, 0 };
    struct bw_alert_state alert = {
        "disk", "{a=\"b\"}", BW_LEVEL_WARNING, BW_LEVEL_CRITICAL, 1, 2, 3, 4, NAN
    };
    const struct bw_report_row report = { 0, "weekly", "summary", "xlsx", "w.xlsx", 1, 2, 3, 99 };
    bw_store_put_check_state(f->store, &check);
    check.status = BW_UNHEALTHY;
    bw_store_put_check_state(f->store, &check);
    check.subject.check = "gone";
    bw_store_put_check_state(f->store, &check);
    bw_store_forget_check_state(f->store, &check.subject);
    bw_store_put_alert_state(f->store, &alert);
    bw_store_put_report(f->store, &report);
    bw_store_put_report(f->store, &report);
    bw_store_forget_report(f->store, 1);
    fixture_close(f);
    fixture_open(f);
    struct bw_reader *reader = reader_of(f);
    assert_int_equal(bw_reader_check_states(reader, list_check, text, NULL, NULL), BW_OK);
    assert_int_equal(bw_reader_alert_states(reader, list_alert, text, NULL, NULL), BW_OK);
    assert_int_equal(bw_reader_reports(reader, "weekly", list_report, text, NULL, NULL), BW_OK);
    assert_int_equal(bw_reader_reports(reader, "daily", list_report, text, NULL, NULL), BW_OK);
    assert_string_equal(text, "web/a/tcp 3 5 6 7 0;disk{a=\"b\"} 2 3 1 2 3 4 nan;"
                              "2 weekly summary xlsx w.xlsx 99;");
    alert.level = alert.pending = BW_LEVEL_NONE; /* over: forgotten */
    bw_store_put_alert_state(f->store, &alert);
    fixture_flush(f);
    text[0] = '\0';
    assert_int_equal(bw_reader_alert_states(reader, list_alert, text, NULL, NULL), BW_OK);
    assert_string_equal(text, "");
    bw_reader_close(reader);
}

static bool compare_trend(void *ctx, const struct bw_trend_record *got)
{
    const struct bw_trend_record *want = ctx;
    assert_string_equal(got->metric, "up");
    assert_int_equal(got->labels.count, 1);
    assert_string_equal(got->labels.items[0].value, "a");
    assert_int_equal(got->series, want->series);
    assert_true(got->computed_ms == want->computed_ms && got->last_ms == want->last_ms);
    assert_int_equal(got->points, want->points);
    assert_int_equal(got->direction, want->direction);
    assert_true(got->confidence_ratio == want->confidence_ratio);
    assert_true(got->slope_high == want->slope_high);
    assert_true(isnan(got->season_seconds));
    assert_int_equal(got->side, -1);
    assert_true(isinf(got->time_to_p90_s));
    assert_string_equal(got->note, "fills up");
    assert_int_equal(got->horizon_count, 2);
    assert_true(got->horizons[1].horizon_ms == 7200000 && got->horizons[1].p90 == 0.3);
    assert_true(isnan(got->horizons[1].crossing_ratio));
    assert_int_equal(got->finding_count, 2);
    assert_memory_equal(got->findings, want->findings, sizeof want->findings);
    ((struct bw_trend_record *)ctx)->first_ms = 1; /* seen */
    return true;
}

static void a_trend_comes_back_whole(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    struct bw_trend_record trend = {
        .series = fixture_series(f, "up", "a"),
        .computed_ms = T0,
        .last_ms = T0 - 1,
        .points = 77,
        .direction = BW_RISING,
        .confidence_ratio = 0.93,
        .slope_high = 1e-9,
        .season_seconds = NAN,
        .side = -1,
        .time_to_p90_s = INFINITY,
        .note = "fills up",
        .horizon_count = 2,
        .horizons = { { 3600000, 1, 2, 3, 0.5 }, { 7200000, 0.1, 0.2, 0.3, NAN } },
        .finding_count = 2,
        .findings = { { .kind = BW_FINDING_LEVEL_SHIFT,
                        .at_ms = T0,
                        .size = 0.18,
                        .driver = "tls" },
                      { .kind = BW_FINDING_SEASON, .share = 1.0 / 3, .period_s = 86400 } },
    };
    assert_true(bw_store_put_trend(f->store, &trend));
    fixture_flush(f);
    struct bw_reader *reader = reader_of(f);
    struct bw_damage damage = { 0 };
    assert_int_equal(bw_reader_trends(reader, compare_trend, &trend, &damage, NULL), BW_OK);
    assert_int_equal(trend.first_ms, 1);
    assert_int_equal(damage.rows, 0);
    bw_reader_close(reader);
}

/* --- damage ---------------------------------------------------------------------------- */

static void fill(struct fixture *f, uint32_t ids[2])
{
    fixture_open(f);
    ids[0] = fixture_series(f, "up", "a");
    ids[1] = fixture_series(f, "up", "b");
    for (int i = 0; i < 50; i++) {
        fixture_append(f, ids[0], T0 + i * 1000, i * 0.5);
        fixture_append(f, ids[1], T0 + i * 1000 + 1, i);
    }
}

/* Flips a bit of a body, with a connection of its own, as a bad disk would. */
static void flip(struct fixture *f, const char *table, int offset)
{
    sqlite3 *db = NULL;
    sqlite3_blob *blob = NULL;
    uint8_t byte = 0;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_blob_open(db, "main", table, "body", 1, 1, &blob), SQLITE_OK);
    assert_int_equal(sqlite3_blob_read(blob, &byte, 1, offset), SQLITE_OK);
    byte ^= 0x10;
    assert_int_equal(sqlite3_blob_write(blob, &byte, 1, offset), SQLITE_OK);
    sqlite3_blob_close(blob);
    sqlite3_close(db);
}

static void a_flipped_bit_in_a_pack_harms_one_part(void **state)
{
    struct fixture *f = *state;
    char text[2000];
    uint32_t ids[2];
    uint64_t faults = 0;
    fill(f, ids);
    fixture_close(f);
    const int size = (int)fixture_sql(f, "SELECT length(body) FROM pack");
    int harmed = 0;
    for (int offset = 0; offset < size; offset += 7) {
        flip(f, "pack", offset);
        for (int s = 0; s < 2; s++) {
            const struct bw_damage damage =
                fixture_points(f, ids[s], 0, INT64_MAX, text, sizeof text);
            assert_true((damage.packs == 1) == (text[0] == '\0'));
            harmed += damage.packs == 1;
        }
        assert_int_equal(bw_store_verify(f->path, NULL, NULL, &faults, NULL), BW_ECORRUPT);
        assert_true(faults >= 1);
        flip(f, "pack", offset);
    }
    assert_true(harmed >= size / 7 && harmed < 2 * (size / 7));
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, &faults, NULL), BW_OK);
    assert_int_equal(faults, 0);
}

static void a_damaged_open_pack_is_kept_and_left_behind(void **state)
{
    struct fixture *f = *state;
    char text[2000];
    uint32_t ids[2];
    fill(f, ids);
    fixture_close(f);
    /* The last byte is a value of the second series. */
    flip(f, "pack", (int)fixture_sql(f, "SELECT length(body)-1 FROM pack"));
    fixture_open(f);
    fixture_append(f, ids[0], T0 + 100000, 7);
    fixture_append(f, ids[1], T0 + 100000, 8);
    fixture_pack(f);
    assert_non_null(strstr(f->said, "damaged"));
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM pack"), 2);
    assert_int_equal(fixture_points(f, ids[0], T0 + 49000, INT64_MAX, text, sizeof text).packs, 0);
    assert_string_equal(text, "49000:24.5 100000:7 ");
    assert_int_equal(fixture_points(f, ids[1], T0 + 49000, INT64_MAX, text, sizeof text).packs, 1);
    assert_string_equal(text, "100000:8 ");
}

static void a_damaged_journal_row_is_left_out_and_told(void **state)
{
    struct fixture *f = *state;
    char text[2000];
    uint32_t ids[2];
    struct bw_store_stats stats;
    fill(f, ids);
    fixture_flush(f);
    flip(f, "journal", 30);
    assert_int_equal(fixture_points(f, ids[0], 0, INT64_MAX, text, sizeof text).journal_rows, 1);
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_ECORRUPT);
    bw_store_stats(f->store, &stats);
    assert_true(stats.journal_rows >= 1);
}

static void a_damaged_row_is_left_out(void **state)
{
    struct fixture *f = *state;
    char text[TEXT_BYTES] = "";
    fixture_open(f);
    struct bw_check_state check = { { "web", "a", "tcp" }, BW_HEALTHY, 5, 6, 7, 0 };
    bw_store_put_check_state(f->store, &check);
    check.subject.check = "http";
    bw_store_put_check_state(f->store, &check);
    fixture_flush(f);
    fixture_sql(f, "UPDATE check_state SET status=3 WHERE check_name='tcp'");
    struct bw_reader *reader = reader_of(f);
    struct bw_damage damage = { 0 };
    assert_int_equal(bw_reader_check_states(reader, list_check, text, &damage, NULL), BW_OK);
    assert_string_equal(text, "web/a/http 1 5 6 7 0;");
    assert_int_equal(damage.rows, 1);
    bw_reader_close(reader);
}

/* --- whole stores ------------------------------------------------------------------------ */

static void info_and_backup(void **state)
{
    struct fixture *f = *state;
    char target[80], text[2000];
    uint32_t ids[2];
    struct bw_store_info info;
    fill(f, ids);
    fixture_pack(f);
    fixture_append(f, ids[0], T0 + 99999, 1);
    fixture_flush(f);
    assert_int_equal(bw_store_info(f->path, &info, NULL), BW_OK);
    assert_int_equal(info.series, 2);
    assert_int_equal(info.packs, 1);
    assert_true(info.samples >= 101);
    assert_true(info.first_ms == T0);
    assert_string_equal(info.sqlite_version, sqlite3_libversion());
    snprintf(target, sizeof target, "%s/copy.db", f->folder);
    assert_int_equal(bw_store_backup(f->path, target, NULL, NULL), BW_OK);
    assert_int_equal(bw_store_backup(f->path, target, NULL, NULL), BW_EEXISTS);
    assert_int_equal(bw_store_verify(target, NULL, NULL, NULL, NULL), BW_OK);
    snprintf(f->path, sizeof f->path, "%s", target);
    fixture_points(f, ids[0], T0 + 48000, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "48000:24 49000:24.5 99999:1 ");
}

struct stopper {
    const char *target;
    int calls, until;
    bool rose, seen;
    uint64_t done;
};

static bool watch_and_stop(void *ctx, uint64_t done, uint64_t total)
{
    struct stopper *stopper = ctx;
    assert_true(done <= total && done >= stopper->done);
    stopper->done = done;
    stopper->seen = stopper->seen || access(stopper->target, F_OK) == 0;
    return ++stopper->calls != stopper->until;
}

static int files_in(const char *folder)
{
    DIR *dir = opendir(folder);
    int count = 0;
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* Until it is whole there is nothing of that name, and nothing at all when it is stopped. */
static void a_backup_is_whole_or_not_there(void **state)
{
    struct fixture *f = *state;
    char target[80];
    uint32_t ids[2];
    fill(f, ids);
    fixture_sql(f, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) "
                   "INSERT INTO meta(name, value) SELECT 'x' || i, hex(randomblob(2000)) FROM n");
    snprintf(target, sizeof target, "%s/copy.db", f->folder);
    const int before = files_in(f->folder);
    struct stopper stopper = { .target = target, .until = 1 };
    const struct bw_backup_watch watch = { watch_and_stop, &stopper };
    struct bw_err err;
    assert_int_equal(bw_store_backup(f->path, target, &watch, &err), BW_EIO);
    assert_string_equal(err.text, "stopped; there is no copy");
    assert_int_equal(files_in(f->folder), before);
    stopper = (struct stopper){ .target = target };
    assert_int_equal(bw_store_backup(f->path, target, &watch, &err), BW_OK);
    assert_true(stopper.calls > 0 && !stopper.seen);
    assert_int_equal(files_in(f->folder), before + 1);
    assert_int_equal(bw_store_backup(f->path, "/nowhere/copy.db", NULL, &err), BW_EIO);
}

static void what_is_not_there_is_said(void **state)
{
    struct fixture *f = *state;
    struct bw_reader *reader = NULL;
    struct bw_err err;
    assert_int_equal(bw_reader_open(f->path, &reader, &err), BW_ENOTFOUND);
    assert_int_not_equal(access(f->path, F_OK), 0); /* looking does not make it */
    fixture_open(f);
    reader = reader_of(f);
    assert_int_equal(bw_reader_series_by_id(reader, 5, list_series, NULL, &err), BW_ENOTFOUND);
    int64_t latest = 0;
    assert_int_equal(bw_reader_latest(reader, &latest, NULL), BW_OK);
    assert_true(latest == INT64_MIN);
    bw_reader_close(reader);
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(the_newest_wins_wherever_it_is),
        IN_FIXTURE(selectors_mean_what_they_say),
        IN_FIXTURE(bad_expressions_are_refused),
        IN_FIXTURE(events_are_found_newest_first),
        IN_FIXTURE(states_replace_what_was_there),
        IN_FIXTURE(a_trend_comes_back_whole),
        IN_FIXTURE(a_flipped_bit_in_a_pack_harms_one_part),
        IN_FIXTURE(a_damaged_open_pack_is_kept_and_left_behind),
        IN_FIXTURE(a_damaged_journal_row_is_left_out_and_told),
        IN_FIXTURE(a_damaged_row_is_left_out),
        IN_FIXTURE(info_and_backup),
        IN_FIXTURE(a_backup_is_whole_or_not_there),
        IN_FIXTURE(what_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
