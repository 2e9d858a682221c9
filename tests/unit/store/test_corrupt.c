// SPDX-License-Identifier: GPL-3.0-or-later
/* A store with everything in it is damaged in every way that comes to mind, again and again.
 * Readers, the verifier, and a daemon that opens it and goes on: none shows a value that was not
 * stored or crashes, the daemon always opens, and what is lost is told of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "damage.h"
#include "fixture.h"

#include "base/units.h"
#include "pack/rollup.h"
#include "store/compact.h"
#include "store/rollups.h"
#include "store/sql.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SERIES = 8,
    IDS_MAX = 400,
    TICKS_OLDER = 2160, /* a day and a half */
    TICKS_IN_FILE = 3600,
    TICKS = 4320, /* the rest is in the log */
    PACK_EVERY = 360,
    FLUSH_EVERY = 60,
    EVENT_EVERY = 120,
    TICKS_AFTER = 60,
    CORRUPTIONS_DEFAULT = 40,
};

#define STEP_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)
#define B0 (T0 / 86400000 * 86400000) /* ticks fill hours */
#define FOREIGN 0.5

/* Noise, so that most of the file is values. */
static double value_of(size_t series, int64_t tick)
{
    const uint64_t mixed =
        (uint64_t)(tick * 8 + (int64_t)series + 1) * UINT64_C(0x9e3779b97f4a7c15);
    return (double)((mixed ^ mixed >> 29) >> 20 & 0xfffff) / 8;
}

/* ---- the good ones ----------------------------------------------------------------------- */

static void append_tick(struct fixture *f, const uint32_t *ids, int64_t tick, double more)
{
    char cause[24];
    struct bw_sample samples[SERIES];
    for (size_t s = 0; s < SERIES; s++)
        samples[s] = (struct bw_sample){ ids[s], B0 + tick * STEP_MS, value_of(s, tick) + more };
    assert_true(bw_store_append(f->store, samples, SERIES));
    snprintf(cause, sizeof cause, "%lld", (long long)tick);
    const struct bw_event event = {
        .ts_ms = B0 + tick * STEP_MS, .kind = BW_EVENT_SYSTEM, .name = "tick", .cause = cause
    };
    if (tick % EVENT_EVERY == 0)
        assert_true(bw_store_put_event(f->store, &event));
    if (tick % FLUSH_EVERY == FLUSH_EVERY - 1)
        fixture_flush(f);
}

static void name_series(struct fixture *f, uint32_t ids[SERIES])
{
    char name[16];
    for (size_t s = 0; s < SERIES; s++) {
        snprintf(name, sizeof name, "host%zu", s);
        ids[s] = fixture_series(f, "value", name);
    }
}

static void compact(struct fixture *f)
{
    struct bw_compactor *compactor = bw_compactor_new(f->store, BW_COMPACT_ALL);
    for (bool more = true; more;)
        if (bw_compactor_step(compactor, &more, NULL) != BW_OK)
            break;
    bw_compactor_free(compactor);
}

static void roll_up(struct fixture *f)
{
    struct bw_reader *reader = NULL;
    bw_store_trust_clock(f->store, true);
    if (bw_reader_open(f->path, &reader, NULL) != BW_OK)
        return;
    for (bool made = true; made;) {
        if (bw_store_roll_up(f->store, reader, &made, NULL) != BW_OK)
            break;
        fixture_flush(f);
    }
    bw_reader_close(reader);
}

static void live(struct fixture *f, int64_t from, int64_t to, bool packs, double more)
{
    uint32_t ids[SERIES];
    name_series(f, ids);
    for (int64_t tick = from; tick < to; tick++) {
        append_tick(f, ids, tick, more);
        if (packs && tick % PACK_EVERY == PACK_EVERY - 1)
            fixture_pack(f);
    }
    fixture_flush(f);
}

static void put_states(struct fixture *f)
{
    const struct bw_subject subject = { "web", "a", "page" };
    const struct bw_check_state state = { .subject = subject, .since_ms = B0 };
    const struct bw_check_cause cause = { .subject = subject, .cause = "refused" };
    assert_true(bw_store_put_check_state(f->store, &state));
    assert_true(bw_store_put_check_cause(f->store, &cause));
    fixture_flush(f);
}

static void copy_live(const struct fixture *f, const char *image)
{
    static const char *const endings[] = { "", "-wal", ".lock" };
    char from[200], to[200];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(from, sizeof from, "%s%s", f->path, endings[i]);
        snprintf(to, sizeof to, "%s%s", image, endings[i]);
        damage_copy(from, to);
    }
}

/* Cold packs, sealed ones, an open one, roll-ups of each width, events and states in the file; the
 * last ticks in the journal, in the log. With `closed` all is in the file. */
static void make_store(struct fixture *f, struct damage_images *images, double more, bool closed)
{
    f->wall_ms = B0 + 100 * INT64_C(86400000);
    f->opts.retention.raw_ns = 0;
    fixture_open(f);
    live(f, 0, TICKS_OLDER, true, more);
    compact(f);
    roll_up(f);
    put_states(f);
    fixture_close(f);
    if (more == 0)
        assert_true(damage_copy(f->path, images->older));
    fixture_open(f);
    live(f, TICKS_OLDER, TICKS_IN_FILE, true, more);
    roll_up(f);
    fixture_close(f);
    fixture_open(f);
    live(f, TICKS_IN_FILE, TICKS, false, more);
    if (closed)
        fixture_close(f);
    copy_live(f, more == 0 ? images->store : images->foreign);
    fixture_close(f);
    damage_lay_out(images, f->path);
    unlink(f->path);
}

/* ---- what is seen of one ----------------------------------------------------------------- */

struct seen {
    int of_series[IDS_MAX];         /* by id: which one, -1 no such */
    size_t points, events, counted; /* counted: samples in roll-ups or folded */
    size_t late_points;             /* of ticks that are in the log only */
    size_t foreign;                 /* values of another store */
    bool told;                      /* of damage, or an error */
    int64_t after;                  /* ticks after the damage, of one series */
};

static bool note_series(void *ctx, const struct bw_series_info *series)
{
    struct seen *seen = ctx;
    assert_string_equal(series->metric, "value");
    assert_int_equal(series->labels.count, 1);
    assert_in_range(series->id, 1, IDS_MAX - 1);
    char *end = NULL;
    const char *name = series->labels.items[0].value;
    assert_int_equal(strncmp(name, "host", 4), 0);
    seen->of_series[series->id] = (int)strtol(name + 4, &end, 10);
    assert_true(*end == '\0' && end > name + 4);
    assert_in_range(seen->of_series[series->id], 0, SERIES - 1);
    return true;
}

/* Never a wrong value, nothing invented. */
static bool check_points(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct seen *seen = ctx;
    const int s = seen->of_series[series];
    assert_true(s >= 0);
    for (size_t i = 0; i < count; i++) {
        const int64_t tick = (points[i].ts_ms - B0) / STEP_MS;
        if (points[i].ts_ms != B0 + tick * STEP_MS || tick < 0 || tick >= TICKS + TICKS_AFTER
            || (i > 0 && points[i].ts_ms <= points[i - 1].ts_ms))
            fail_msg("host%d: invented time %lld", s, (long long)points[i].ts_ms);
        const double want = value_of((size_t)s, tick);
        if (points[i].value == want + FOREIGN)
            seen->foreign++;
        else if (points[i].value != want)
            fail_msg("host%d, tick %lld: %g, not %g", s, (long long)tick, points[i].value, want);
        seen->after += tick >= TICKS;
        seen->points += tick < TICKS;
        seen->late_points += tick >= TICKS_IN_FILE && tick < TICKS;
    }
    return true;
}

static void check_bucket(int s, const struct bw_bucket *bucket)
{
    double min = INFINITY, max = -INFINITY, sum = 0, last = 0;
    const int64_t first = (bucket->start_ms - B0) / STEP_MS;
    for (int64_t tick = first; tick < first + HOUR_MS / STEP_MS; tick++) {
        last = value_of((size_t)s, tick);
        min = fmin(min, last), max = fmax(max, last), sum += last;
    }
    const double more = bucket->max == max + FOREIGN ? FOREIGN : 0;
    const bool whole = bucket->count == HOUR_MS / STEP_MS;
    assert_true(bucket->count <= HOUR_MS / STEP_MS && bucket->min >= min
                && bucket->max <= max + FOREIGN);
    if (whole && first + HOUR_MS / STEP_MS <= TICKS)
        assert_true(bucket->min == min + more && bucket->max == max + more
                    && fabs(bucket->sum - sum - more * (double)bucket->count) < 1e-3
                    && bucket->last == last + more);
}

static bool check_buckets(void *ctx, uint32_t series, const struct bw_bucket *buckets, size_t count)
{
    struct seen *seen = ctx;
    for (size_t i = 0; i < count; i++) {
        check_bucket(seen->of_series[series], &buckets[i]);
        if (buckets[i].start_ms < B0 + TICKS * STEP_MS)
            seen->counted += buckets[i].count;
    }
    return true;
}

static bool check_event(void *ctx, const struct bw_event *event)
{
    struct seen *seen = ctx;
    if (strcmp(event->name, "tick") != 0)
        return true;
    const int64_t tick = strtol(event->cause, NULL, 10);
    assert_true(event->ts_ms == B0 + tick * STEP_MS && tick % EVENT_EVERY == 0 && tick >= 0
                && tick < TICKS + TICKS_AFTER && event->kind == BW_EVENT_SYSTEM);
    seen->events += tick < TICKS;
    return true;
}

static bool check_state(void *ctx, const struct bw_check_state *state)
{
    (void)ctx;
    assert_true(state->since_ms == B0);
    assert_string_equal(state->subject.service, "web");
    return true;
}

static size_t list_ids(const struct seen *seen, uint32_t ids[IDS_MAX])
{
    size_t count = 0;
    for (uint32_t id = 1; id < IDS_MAX; id++) {
        if (seen->of_series[id] >= 0)
            ids[count++] = id;
    }
    return count;
}

static bool take_columns(void *ctx, const char *const *names, size_t count)
{
    (void)ctx;
    (void)names;
    return count > 0;
}

static bool check_row(void *ctx, const struct bw_sql_value *values, size_t count)
{
    const struct bw_point point = { values[2].integer, values[3].kind == BW_SQL_INT
                                                           ? (double)values[3].integer
                                                           : values[3].number };
    assert_int_equal(count, 4);
    assert_string_equal(values[0].text, "value");
    return check_points(ctx, (uint32_t)values[1].integer, &point, 1);
}

/* What a reader finds, without any help. */
static struct seen look(struct fixture *f)
{
    struct seen seen = { .points = 0 };
    struct bw_reader *reader = NULL;
    struct bw_damage damage = { 0 };
    uint32_t ids[IDS_MAX];
    memset(seen.of_series, -1, sizeof seen.of_series);
    if (bw_reader_open(f->path, &reader, NULL) != BW_OK) {
        seen.told = true;
        return seen;
    }
    const struct bw_event_filter all = { .limit = 100000 };
    const struct bw_bucket_range range = { .from_ms = B0,
                                           .to_ms = B0 + (TICKS + TICKS_AFTER) * STEP_MS,
                                           .step_ms = HOUR_MS };
    seen.told = bw_reader_series(reader, NULL, note_series, &seen, &damage, NULL) != BW_OK;
    const size_t count = list_ids(&seen, ids);
    seen.told |=
        bw_reader_scan(reader, ids, count, INT64_MIN, INT64_MAX, check_points, &seen, &damage, NULL)
        != BW_OK;
    seen.told |=
        bw_reader_buckets(reader, ids, count, &range, check_buckets, &seen, &damage, NULL) != BW_OK;
    seen.told |= bw_reader_events(reader, &all, check_event, &seen, &damage, NULL) != BW_OK;
    seen.told |= bw_reader_check_states(reader, check_state, &seen, &damage, NULL) != BW_OK;
    bw_reader_close(reader);
    seen.told |= damage.packs + damage.journal_rows + damage.rows > 0;
    return seen;
}

/* The same in SQL. */
static void look_in_sql(struct fixture *f, const struct seen *known)
{
    struct seen seen = *known;
    struct bw_damage damage = { 0 };
    const struct bw_sql_sink sink = { &seen, take_columns, check_row };
    bw_sql_run(f->path, "SELECT metric, series, ts, value FROM samples", NULL, &sink, &damage,
               NULL);
}

/* A row of rollup_done as it was earlier is sound in itself, and nothing but what is in the buckets
 * says that it is not the last one: of that damage buckets are not asked. */
static bool is_whole(const struct damage_kind *kind, const struct seen *seen)
{
    return seen->points == SERIES * TICKS && seen->events == TICKS / EVENT_EVERY
           && (seen->counted >= SERIES * TICKS
               || (kind != NULL && kind->effect == DAMAGE_TAKES_BACK));
}

/* ---- one after another ------------------------------------------------------------------- */

static void check_loss(const struct damage_kind *kind, const struct seen *seen, const char *who,
                       bool by_daemon, bool told)
{
    const bool log_only = seen->points - seen->late_points == SERIES * TICKS_IN_FILE;
    if (kind->effect == DAMAGE_NOTHING && !is_whole(kind, seen))
        fail_msg("%s: lost by %s", who, kind->name);
    if (seen->foreign > 0)
        fail_msg("%s, %s: %zu values of another store", kind->name, who, seen->foreign);
    if (log_only
        && (kind->effect == DAMAGE_CUTS_LOG || (kind->effect == DAMAGE_TAKES_LOG && !by_daemon)))
        return;
    if (!is_whole(kind, seen) && !told)
        fail_msg("%s, %s: %zu points, %zu in buckets, %zu events, and not a word", kind->name, who,
                 seen->points, seen->counted, seen->events);
}

/* In the log, or by bellwether_store_errors_total. */
static bool was_told(const struct fixture *f)
{
    struct bw_store_stats stats;
    bw_store_stats(f->store, &stats);
    return stats.damaged_total > 0 || strstr(f->said, "error ") != NULL
           || strstr(f->said, "warn ") != NULL;
}

static void go_on(struct fixture *f, int turn)
{
    live(f, TICKS, TICKS + TICKS_AFTER, false, 0);
    if (turn % 3 == 0)
        compact(f);
    if (turn % 3 == 1)
        roll_up(f);
    fixture_pack(f);
}

static void remove_aside(const struct fixture *f)
{
    DIR *dir = opendir(f->folder);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char name[400];
        snprintf(name, sizeof name, "%s/%s", f->folder, entry->d_name);
        if (strstr(entry->d_name, ".corrupt-") != NULL)
            unlink(name);
    }
    closedir(dir);
}

/* What became of the stores of a play. */
static struct tally {
    int whole, left_out, moved_aside;
} tally;

static void count_outcome(const struct fixture *f, const struct damage_kind *kind,
                          const struct seen *seen)
{
    if (strstr(f->said, "and a fresh one begun") != NULL)
        tally.moved_aside++;
    else if (is_whole(kind, seen))
        tally.whole++;
    else
        tally.left_out++;
}

static void check_daemon(struct fixture *f, const struct damage_kind *kind, int turn)
{
    struct bw_err err = { .text = "" };
    f->said[0] = '\0';
    if (bw_store_open(&f->opts, &f->hooks, &f->store, &err) != BW_OK)
        fail_msg("%s: does not open: %s", kind->name, err.text);
    const struct seen seen = look(f);
    check_loss(kind, &seen, "once open", true, seen.told || was_told(f));
    count_outcome(f, kind, &seen);
    if (kind->keeps_file && seen.points < SERIES * TICKS_OLDER)
        fail_msg("%s: %zu points of what is in the file", kind->name, seen.points);
    go_on(f, turn);
    const bool told = was_told(f);
    fixture_close(f);
    const struct seen then = look(f);
    check_loss(kind, &then, "having gone on", true, then.told || told);
    assert_int_equal(then.after, SERIES * TICKS_AFTER);
    fixture_open(f); /* and once more */
    fixture_close(f);
    assert_int_equal(look(f).after, SERIES * TICKS_AFTER);
}

static void corrupt(struct fixture *f, const struct damage_images *images, int turn,
                    uint64_t *random)
{
    const struct damage_kind *kind = &damage_kinds[turn % damage_kind_count];
    uint64_t faults = 0;
    damage_lay_out(images, f->path);
    kind->harm(images, f->path, random);
    const struct seen seen = look(f);
    look_in_sql(f, &seen);
    const bool sound = bw_store_verify(f->path, NULL, NULL, &faults, NULL) == BW_OK;
    if (kind->effect == DAMAGE_NOTHING && !sound)
        fail_msg("%s: %llu faults", kind->name, (unsigned long long)faults);
    check_loss(kind, &seen, "verified", false, !sound);
    check_daemon(f, kind, turn);
    remove_aside(f);
}

static void play(struct fixture *f, bool closed)
{
    struct damage_images images;
    const char *env = getenv("BW_FLIPS"), *seed = getenv("BW_SEED");
    const char *full = getenv("BW_FULL"); /* other places each time; else those of the last run */
    const bool anew = full != NULL && strcmp(full, "1") == 0;
    const int times = env == NULL ? CORRUPTIONS_DEFAULT : (int)strtol(env, NULL, 10);
    uint64_t random = seed != NULL ? strtoul(seed, NULL, 10) : anew ? (uint64_t)getpid() : 5;
    print_message("BW_SEED=%llu\n", (unsigned long long)random);
    snprintf(images.store, sizeof images.store, "%s/good", f->folder);
    snprintf(images.older, sizeof images.older, "%s/older", f->folder);
    snprintf(images.foreign, sizeof images.foreign, "%s/foreign", f->folder);
    make_store(f, &images, 0, closed);
    make_store(f, &images, FOREIGN, false);
    damage_lay_out(&images, f->path);
    const struct seen good = look(f);
    assert_true(is_whole(NULL, &good) && !good.told && good.foreign == 0);
    random = random * 2654435761u + 88172645463325252u;
    for (int turn = 0, done = 0; done < times / 2; turn++) {
        if (closed && damage_kinds[turn % damage_kind_count].needs_log)
            continue;
        corrupt(f, &images, turn, &random);
        done++;
    }
    print_message("%d whole, %d with something left out, %d moved aside\n", tally.whole,
                  tally.left_out, tally.moved_aside);
    tally = (struct tally){ 0 };
}

/* Each byte of the header, turned round. */
static void of_a_header(void **state)
{
    struct fixture *f = *state;
    struct damage_images images;
    const struct damage_kind kind = { .name = "a byte of the header", .effect = DAMAGE_HARMS };
    const char *full = getenv("BW_FULL");
    const bool all = full != NULL && strcmp(full, "1") == 0;
    snprintf(images.store, sizeof images.store, "%s/good", f->folder);
    snprintf(images.older, sizeof images.older, "%s/older", f->folder);
    make_store(f, &images, 0, true);
    for (int at = 0; at < 100; at++) {
        if (!all && at % 6 != 5 && at != 18)
            continue; /* 18 and 47 are formats */
        damage_lay_out(&images, f->path);
        if (damage_turn(f->path, at))
            check_daemon(f, &kind, at);
        remove_aside(f);
    }
}

static void of_a_killed_daemon(void **state)
{
    play(*state, false);
}

static void of_a_stopped_daemon(void **state)
{
    play(*state, true);
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(of_a_header),
        IN_FIXTURE(of_a_killed_daemon),
        IN_FIXTURE(of_a_stopped_daemon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
