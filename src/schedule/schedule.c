// SPDX-License-Identifier: GPL-3.0-or-later
#include "schedule/schedule.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/units.h"
#include "schedule/due_queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_MAX_NS (400 * BW_DAY)
#define NOBODY UINT32_MAX

/* With so many a wake-up costs each of them next to nothing. */
#define STARTS_A_SLOT 64.0

/* By how much a tick may be off the grid and still be meant by it, unless slots are longer. */
enum { NEAR_MS = 100 };

enum state { ABSENT, WAITING, READY, RUNNING };

enum { PRIORITIES = 3 };

/* enum bw_schedule_priority in the order in which places are given. */
static const enum bw_schedule_priority by_rank[PRIORITIES] = { BW_PRIORITY_HIGH, BW_PRIORITY_NORMAL,
                                                               BW_PRIORITY_LOW };

struct check {
    struct bw_schedule_rule rule;
    struct bw_schedule_counts counts;
    enum state state;
    enum bw_schedule_mode mode;
    enum bw_schedule_priority queued_as; /* while READY */
    bool passed_over;                    /* its last ticks were missed: start it next time */
    bool has_started;
    int64_t due_ns;          /* the next tick, on the monotonic clock */
    int64_t nominal_ms;      /* of the tick that it is READY for */
    int64_t slot_ns;         /* the slot of the first tick that made it READY */
    int64_t last_nominal_ms; /* if has_started */
    uint32_t next, previous; /* among the READY of its priority */
};

struct ready_list {
    uint32_t first, last;
};

struct bw_schedule {
    int64_t slot_ns;
    uint32_t concurrency;
    struct check *checks; /* by id */
    size_t cap;
    size_t size, running, ready;
    struct bw_due_queue due; /* by slot; every check is in it, in any state */
    struct ready_list lists[PRIORITIES];
    struct bw_schedule_counts totals;
};

int64_t bw_schedule_slot(int64_t most_ns, double starts_per_second)
{
    if (starts_per_second * (double)most_ns <= STARTS_A_SLOT * BW_SECOND)
        return most_ns;
    const int64_t ms = (int64_t)(STARTS_A_SLOT * 1000 / starts_per_second);
    return (ms > 0 ? ms : 1) * BW_MS;
}

struct bw_schedule *bw_schedule_new(int64_t slot_ns, uint32_t concurrency)
{
    assert(slot_ns >= BW_MS && concurrency >= 1);
    struct bw_schedule *s = bw_alloc(sizeof *s);
    s->slot_ns = slot_ns;
    s->concurrency = concurrency;
    for (size_t i = 0; i < PRIORITIES; i++)
        s->lists[i] = (struct ready_list){ NOBODY, NOBODY };
    return s;
}

void bw_schedule_free(struct bw_schedule *schedule)
{
    if (schedule == NULL)
        return;
    bw_due_queue_fini(&schedule->due);
    free(schedule->checks);
    free(schedule);
}

static struct check *find(const struct bw_schedule *s, uint32_t id)
{
    return id < s->cap && s->checks[id].state != ABSENT ? &s->checks[id] : NULL;
}

static int64_t interval_of(const struct check *check)
{
    const struct bw_schedule_rule *rule = &check->rule;
    if (check->mode == BW_SCHEDULE_FAST && rule->fast_interval_ns != 0)
        return rule->fast_interval_ns;
    if (check->mode == BW_SCHEDULE_DOWN && rule->down_interval_ns != 0)
        return rule->down_interval_ns;
    return rule->interval_ns;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

static int64_t slot_of(const struct bw_schedule *s, int64_t due_ns)
{
    return floor_div(due_ns + s->slot_ns - 1, s->slot_ns) * s->slot_ns;
}

/* The last tick at or before the wall time. */
static int64_t tick_until_ms(const struct check *check, int64_t wall_ms)
{
    const int64_t interval_ms = interval_of(check) / BW_MS;
    const int64_t phase_ms = (int64_t)(check->rule.hash % (uint64_t)interval_ms);
    return floor_div(wall_ms - phase_ms, interval_ms) * interval_ms + phase_ms;
}

static void set_due(struct bw_schedule *s, uint32_t id, int64_t due_ns)
{
    s->checks[id].due_ns = due_ns;
    bw_due_queue_set(&s->due, id, slot_of(s, due_ns));
}

/* Puts the check on its own grid of the wall clock. */
static void aim(struct bw_schedule *s, uint32_t id, int64_t now_ns, int64_t now_wall_ms)
{
    const struct check *check = &s->checks[id];
    const int64_t next_ms = tick_until_ms(check, now_wall_ms) + interval_of(check) / BW_MS;
    set_due(s, id, now_ns + (next_ms - now_wall_ms) * BW_MS);
}

/* The READY of one priority: a list through the checks. */

static void list_append(struct bw_schedule *s, uint32_t id)
{
    struct check *check = &s->checks[id];
    check->queued_as = check->rule.priority;
    struct ready_list *list = &s->lists[check->queued_as];
    check->next = NOBODY;
    check->previous = list->last;
    *(list->last == NOBODY ? &list->first : &s->checks[list->last].next) = id;
    list->last = id;
    s->ready++;
}

static void list_remove(struct bw_schedule *s, uint32_t id)
{
    const struct check *check = &s->checks[id];
    struct ready_list *list = &s->lists[check->queued_as];
    *(check->previous == NOBODY ? &list->first : &s->checks[check->previous].next) = check->next;
    *(check->next == NOBODY ? &list->last : &s->checks[check->next].previous) = check->previous;
    s->ready--;
}

static enum bw_rc check_interval(const struct bw_schedule *s, const char *name, int64_t ns,
                                 struct bw_err *err)
{
    char given[BW_DURATION_TEXT_MAX], slot[BW_DURATION_TEXT_MAX];
    bw_format_duration(given, ns);
    bw_format_duration(slot, s->slot_ns);
    if (ns < s->slot_ns)
        return bw_fail(err, BW_EINVAL, "%s %s is shorter than the scheduler's slot of %s", name,
                       given, slot);
    if (ns > INTERVAL_MAX_NS)
        return bw_fail(err, BW_EINVAL, "%s %s is longer than 400d", name, given);
    if (ns % BW_MS != 0)
        return bw_fail(err, BW_EINVAL, "%s %s is not in whole milliseconds", name, given);
    return BW_OK;
}

static enum bw_rc check_rule(const struct bw_schedule *s, const struct bw_schedule_rule *rule,
                             struct bw_err *err)
{
    enum bw_rc rc = check_interval(s, "interval", rule->interval_ns, err);
    if (rc == BW_OK && rule->fast_interval_ns != 0)
        rc = check_interval(s, "fast_interval", rule->fast_interval_ns, err);
    if (rc == BW_OK && rule->down_interval_ns != 0)
        rc = check_interval(s, "down_interval", rule->down_interval_ns, err);
    return rc;
}

static void make_room_for(struct bw_schedule *s, uint32_t id)
{
    const size_t old = s->cap;
    if (id < old)
        return;
    s->checks = bw_grow(s->checks, &s->cap, id + 1u, sizeof *s->checks);
    memset(s->checks + old, 0, (s->cap - old) * sizeof *s->checks);
}

enum bw_rc bw_schedule_add(struct bw_schedule *schedule, uint32_t id,
                           const struct bw_schedule_rule *rule, int64_t now_ns, int64_t now_wall_ms,
                           struct bw_err *err)
{
    if (id >= BW_SCHEDULE_CHECKS_MAX)
        return bw_fail(err, BW_ELIMIT, "more than %u checks", BW_SCHEDULE_CHECKS_MAX);
    if (find(schedule, id) != NULL)
        return bw_fail(err, BW_EEXISTS, "check number %u is scheduled already", id);
    const enum bw_rc rc = check_rule(schedule, rule, err);
    if (rc != BW_OK)
        return rc;
    make_room_for(schedule, id);
    schedule->checks[id] = (struct check){ .rule = *rule, .state = WAITING };
    schedule->size++;
    aim(schedule, id, now_ns, now_wall_ms);
    return BW_OK;
}

enum bw_rc bw_schedule_update(struct bw_schedule *schedule, uint32_t id,
                              const struct bw_schedule_rule *rule, int64_t now_ns,
                              int64_t now_wall_ms, struct bw_err *err)
{
    struct check *check = find(schedule, id);
    if (check == NULL)
        return bw_fail(err, BW_ENOTFOUND, "check number %u is not scheduled", id);
    const enum bw_rc rc = check_rule(schedule, rule, err);
    if (rc != BW_OK)
        return rc;
    const int64_t interval_ns = interval_of(check);
    const uint64_t hash = check->rule.hash;
    check->rule = *rule;
    if (interval_of(check) != interval_ns || rule->hash != hash)
        aim(schedule, id, now_ns, now_wall_ms);
    return BW_OK;
}

void bw_schedule_remove(struct bw_schedule *schedule, uint32_t id)
{
    struct check *check = find(schedule, id);
    if (check == NULL)
        return;
    if (check->state == READY)
        list_remove(schedule, id);
    if (check->state == RUNNING)
        schedule->running--;
    bw_due_queue_remove(&schedule->due, id);
    check->state = ABSENT;
    schedule->size--;
}

void bw_schedule_mode(struct bw_schedule *schedule, uint32_t id, enum bw_schedule_mode mode,
                      int64_t now_ns, int64_t now_wall_ms)
{
    struct check *check = find(schedule, id);
    if (check == NULL || check->mode == mode)
        return;
    const int64_t interval_ns = interval_of(check);
    check->mode = mode;
    if (interval_of(check) != interval_ns)
        aim(schedule, id, now_ns, now_wall_ms);
}

/* How far off the wall clock's grid is still rounding, or the clock being slewed. */
static int64_t nearly_ms(const struct bw_schedule *s, const struct check *check)
{
    const int64_t quarter_ms = interval_of(check) / BW_MS / 4;
    const int64_t slot_ms = s->slot_ns / BW_MS;
    const int64_t near_ms = slot_ms > NEAR_MS ? slot_ms : NEAR_MS;
    return near_ms < quarter_ms ? near_ms : quarter_ms;
}

/* The check is READY for a tick that was due at this wall time, which is not now: lateness
 * must not change the stamp. Returns by how much the next tick is to come sooner, to be on
 * the grid again. */
static int64_t stamp(const struct bw_schedule *s, struct check *check, int64_t due_wall_ms)
{
    const int64_t near_ms = nearly_ms(s, check);
    check->nominal_ms = tick_until_ms(check, due_wall_ms + near_ms);
    const int64_t off_ms = due_wall_ms - check->nominal_ms;
    return off_ms <= near_ms && (off_ms < -1 || off_ms > 1) ? off_ms * BW_MS : 0;
}

static void count_skipped(struct bw_schedule *s, struct check *check, uint64_t missed,
                          uint64_t overlap)
{
    check->counts.skipped_missed += missed;
    check->counts.skipped_overlap += overlap;
    s->totals.skipped_missed += missed;
    s->totals.skipped_overlap += overlap;
}

/* One tick, or several that nobody asked for in time, came for this check. */
static void tick(struct bw_schedule *s, uint32_t id, int64_t now_ns, int64_t now_wall_ms)
{
    struct check *check = &s->checks[id];
    const int64_t interval_ns = interval_of(check);
    const int64_t slot_ns = slot_of(s, check->due_ns);
    const int64_t late = (now_ns - slot_ns) / interval_ns; /* whole intervals */
    const int64_t tick_ns = check->due_ns + late * interval_ns;
    const int64_t due_wall_ms = now_wall_ms - (now_ns - tick_ns) / BW_MS;
    int64_t sooner_ns = 0;

    if (check->state == WAITING && late > 0 && !check->passed_over) {
        /* After a suspend all checks are late at once: starting them here would be the
         * burst that their phases are there to prevent. Passing over only once keeps a
         * loop that is always late from never starting anything. */
        check->passed_over = true;
        count_skipped(s, check, (uint64_t)late + 1, 0);
    } else if (check->state == WAITING) {
        check->passed_over = false;
        check->slot_ns = slot_ns + late * interval_ns;
        check->state = READY;
        list_append(s, id);
        sooner_ns = stamp(s, check, due_wall_ms);
        count_skipped(s, check, (uint64_t)late, 0);
    } else {
        if (check->state == READY)
            sooner_ns = stamp(s, check, due_wall_ms); /* its newest tick is what it runs for */
        count_skipped(s, check, (uint64_t)late, 1);
    }
    set_due(s, id, tick_ns + interval_ns - sooner_ns);
}

/* Gives the READY check its place, unless it had this very tick before. */
static bool start(struct bw_schedule *s, uint32_t id, int64_t now_ns, struct bw_schedule_run *out)
{
    struct check *check = &s->checks[id];
    list_remove(s, id);
    if (check->has_started && check->last_nominal_ms == check->nominal_ms) {
        check->state = WAITING;
        check->counts.skipped_equal++;
        s->totals.skipped_equal++;
        return false;
    }
    check->state = RUNNING;
    check->has_started = true;
    check->last_nominal_ms = check->nominal_ms;
    check->counts.starts++;
    s->totals.starts++;
    s->running++;
    *out = (struct bw_schedule_run){ id, check->nominal_ms, now_ns - check->slot_ns };
    return true;
}

static uint32_t first_ready(const struct bw_schedule *s)
{
    for (size_t rank = 0; rank < PRIORITIES; rank++) {
        const uint32_t id = s->lists[by_rank[rank]].first;
        if (id != NOBODY)
            return id;
    }
    return NOBODY;
}

size_t bw_schedule_due(struct bw_schedule *schedule, int64_t now_ns, int64_t now_wall_ms,
                       struct bw_schedule_run *out, size_t max)
{
    const struct bw_due_item *first;
    while ((first = bw_due_queue_first(&schedule->due)) != NULL && first->due_ns <= now_ns)
        tick(schedule, first->id, now_ns, now_wall_ms);
    size_t count = 0;
    while (count < max && schedule->running < schedule->concurrency && schedule->ready > 0) {
        if (start(schedule, first_ready(schedule), now_ns, &out[count]))
            count++;
    }
    return count;
}

void bw_schedule_finished(struct bw_schedule *schedule, uint32_t id)
{
    struct check *check = find(schedule, id);
    if (check == NULL || check->state != RUNNING)
        return;
    check->state = WAITING;
    schedule->running--;
}

int64_t bw_schedule_next_ns(const struct bw_schedule *schedule)
{
    const struct bw_due_item *first = bw_due_queue_first(&schedule->due);
    if (schedule->ready > 0 && schedule->running < schedule->concurrency)
        return 0;
    return first != NULL ? first->due_ns : INT64_MAX;
}

void bw_schedule_limit(struct bw_schedule *schedule, uint32_t concurrency)
{
    assert(concurrency >= 1);
    schedule->concurrency = concurrency;
}

size_t bw_schedule_size(const struct bw_schedule *schedule)
{
    return schedule->size;
}

size_t bw_schedule_running(const struct bw_schedule *schedule)
{
    return schedule->running;
}

size_t bw_schedule_ready(const struct bw_schedule *schedule)
{
    return schedule->ready;
}

bool bw_schedule_is_running(const struct bw_schedule *schedule, uint32_t id)
{
    const struct check *check = find(schedule, id);
    return check != NULL && check->state == RUNNING;
}

struct bw_schedule_counts bw_schedule_totals(const struct bw_schedule *schedule)
{
    return schedule->totals;
}

struct bw_schedule_counts bw_schedule_counts(const struct bw_schedule *schedule, uint32_t id)
{
    const struct check *check = find(schedule, id);
    return check != NULL ? check->counts : (struct bw_schedule_counts){ 0 };
}
