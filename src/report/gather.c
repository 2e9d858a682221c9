// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/gather.h"

#include "base/limits.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS_A_PAGE = 2000 };

void bw_gather_fini(struct bw_gather *gather)
{
    free(gather->entries);
    free(gather->changes);
    free(gather->spells);
}

/* ---- which checks there are -------------------------------------------------------------- */

static int compare_subjects(const struct bw_report_check *a, const struct bw_report_check *b)
{
    int order = strcmp(a->service, b->service);
    if (order == 0)
        order = strcmp(a->instance, b->instance);
    return order != 0 ? order : strcmp(a->check, b->check);
}

static int by_subject(const void *a, const void *b)
{
    return compare_subjects(&((const struct bw_report_entry *)a)->check,
                            &((const struct bw_report_entry *)b)->check);
}

static struct bw_report_entry *find_entry(struct bw_gather *gather,
                                          const struct bw_subject *subject)
{
    const struct bw_report_entry key = { .check = { .service = subject->service,
                                                    .instance = subject->instance,
                                                    .check = subject->check } };
    if (gather->entry_count == 0)
        return NULL;
    return bsearch(&key, gather->entries, gather->entry_count, sizeof key, by_subject);
}

static struct bw_report_entry *add_entry(struct bw_gather *gather, const struct bw_subject *subject)
{
    struct bw_arena *arena = &gather->report->arena;
    gather->entries = bw_grow(gather->entries, &gather->entry_cap, gather->entry_count + 1,
                              sizeof *gather->entries);
    struct bw_report_entry *entry = &gather->entries[gather->entry_count++];
    *entry = (struct bw_report_entry){ .has_state = false };
    entry->check.service = bw_arena_strdup(arena, subject->service);
    entry->check.instance = bw_arena_strdup(arena, subject->instance);
    entry->check.check = bw_arena_strdup(arena, subject->check);
    return entry;
}

/* Of entries with one subject one is left, which knows what each knew. */
static void settle_entries(struct bw_gather *gather)
{
    size_t kept = 0;
    if (gather->entry_count > 0)
        qsort(gather->entries, gather->entry_count, sizeof *gather->entries, by_subject);
    for (size_t i = 0; i < gather->entry_count; i++) {
        struct bw_report_entry *entry = &gather->entries[i];
        struct bw_report_entry *last = kept > 0 ? &gather->entries[kept - 1] : NULL;
        if (last == NULL || by_subject(last, entry) != 0) {
            gather->entries[kept++] = *entry;
            continue;
        }
        last->probed |= entry->probed;
        if (entry->has_state) {
            last->has_state = true;
            last->state = entry->state;
            last->state_since_ms = entry->state_since_ms;
        }
    }
    gather->entry_count = kept;
}

static bool take_state(void *ctx, const struct bw_check_state *state)
{
    struct bw_report_entry *entry = add_entry(ctx, &state->subject);
    entry->has_state = true;
    entry->state = state->status;
    entry->state_since_ms = state->since_ms;
    return true;
}

static struct bw_subject subject_of(const struct bw_series_info *series)
{
    const char *service = bw_labels_value(series->labels, "service");
    const char *instance = bw_labels_value(series->labels, "instance");
    const char *check = bw_labels_value(series->labels, "check");
    return (struct bw_subject){ service != NULL ? service : "", instance != NULL ? instance : "",
                                check != NULL ? check : "" };
}

static bool take_series(void *ctx, const struct bw_series_info *series)
{
    const struct bw_subject subject = subject_of(series);
    add_entry(ctx, &subject)->probed = true;
    return true;
}

static enum bw_rc each_of_metric(struct bw_gather *gather, const char *metric, bw_series_fn *fn,
                                 void *ctx, struct bw_err *err)
{
    const struct bw_matcher matcher = { "__name__", BW_MATCH_EQUAL, metric };
    const struct bw_selector selector = { &matcher, 1 };
    return bw_reader_series(gather->reader, &selector, fn, ctx, &gather->damage, err);
}

/* ---- events ------------------------------------------------------------------------------ */

struct event_walk {
    bw_event_fn *fn;
    void *ctx;
    size_t seen; /* on this page */
    int64_t last_id;
    bool more;
};

static bool walk_event(void *ctx, const struct bw_event *event)
{
    struct event_walk *walk = ctx;
    walk->seen++;
    walk->last_id = event->id;
    walk->more = walk->fn(walk->ctx, event);
    return walk->more;
}

enum bw_rc bw_gather_events(struct bw_gather *gather, struct bw_event_filter filter,
                            bw_event_fn *fn, void *ctx, bool *out_cut, struct bw_err *err)
{
    struct event_walk walk = { .fn = fn, .ctx = ctx, .more = true };
    size_t all = 0;
    filter.limit = EVENTS_A_PAGE;
    do {
        walk.seen = 0;
        const enum bw_rc rc =
            bw_reader_events(gather->reader, &filter, walk_event, &walk, &gather->damage, err);
        if (rc != BW_OK)
            return rc;
        filter.before_id = walk.last_id;
        all += walk.seen;
        if (all >= BW_REPORT_EVENTS_MAX && walk.seen == EVENTS_A_PAGE) {
            *out_cut = true;
            return BW_OK;
        }
    } while (walk.more && walk.seen == EVENTS_A_PAGE);
    return BW_OK;
}

/* ---- changes of status ------------------------------------------------------------------- */

static bool is_of_check(const struct bw_event *event)
{
    return event->subject.check[0] != '\0' && event->to >= 0 && event->to < BW_STATUS_COUNT
           && event->from >= 0 && event->from < BW_STATUS_COUNT;
}

static struct bw_report_change change_of(struct bw_gather *gather, const struct bw_event *event)
{
    return (struct bw_report_change){ .ts_ms = event->ts_ms,
                                      .id = event->id,
                                      .from = (enum bw_status)event->from,
                                      .to = (enum bw_status)event->to,
                                      .cause =
                                          bw_arena_strdup(&gather->report->arena, event->cause) };
}

static bool take_subject(void *ctx, const struct bw_event *event)
{
    if (is_of_check(event))
        add_entry(ctx, &event->subject);
    return true;
}

static bool take_change(void *ctx, const struct bw_event *event)
{
    struct bw_gather *gather = ctx;
    const struct bw_report_entry *entry =
        is_of_check(event) ? find_entry(gather, &event->subject) : NULL;
    if (entry == NULL)
        return true;
    gather->changes = bw_grow(gather->changes, &gather->change_cap, gather->change_count + 1,
                              sizeof *gather->changes);
    gather->changes[gather->change_count++] =
        (struct bw_report_change_row){ .entry = (size_t)(entry - gather->entries),
                                       .change = change_of(gather, event) };
    return true;
}

static int by_entry_and_time(const void *a, const void *b)
{
    const struct bw_report_change_row *x = a, *y = b;
    if (x->entry != y->entry)
        return x->entry < y->entry ? -1 : 1;
    if (x->change.ts_ms != y->change.ts_ms)
        return x->change.ts_ms < y->change.ts_ms ? -1 : 1;
    return (x->change.id > y->change.id) - (x->change.id < y->change.id);
}

static void settle_changes(struct bw_gather *gather)
{
    if (gather->change_count > 0)
        qsort(gather->changes, gather->change_count, sizeof *gather->changes, by_entry_and_time);
    for (size_t i = 0; i < gather->change_count; i++) {
        struct bw_report_entry *entry = &gather->entries[gather->changes[i].entry];
        if (entry->change_count++ == 0)
            entry->first_change = i;
    }
}

struct before_walk {
    struct bw_gather *gather;
    size_t missing; /* entries whose last change before the range is not known yet */
};

static bool take_before(void *ctx, const struct bw_event *event)
{
    struct before_walk *walk = ctx;
    struct bw_report_entry *entry =
        is_of_check(event) ? find_entry(walk->gather, &event->subject) : NULL;
    if (entry == NULL || entry->before.id != 0)
        return true;
    entry->before = change_of(walk->gather, event);
    return --walk->missing > 0;
}

static enum bw_rc find_before(struct bw_gather *gather, struct bw_err *err)
{
    struct before_walk walk = { gather, gather->entry_count };
    const struct bw_event_filter filter = { .kind = BW_EVENT_STATUS,
                                            .to_ms = gather->report->request.from_ms - 1 };
    if (walk.missing == 0)
        return BW_OK;
    return bw_gather_events(gather, filter, take_before, &walk, &gather->report->cut, err);
}

enum bw_rc bw_gather_checks(struct bw_gather *gather, struct bw_err *err)
{
    const struct bw_report_request *request = &gather->report->request;
    const struct bw_event_filter filter = { .kind = BW_EVENT_STATUS,
                                            .from_ms = request->from_ms,
                                            .to_ms = request->to_ms - 1 };
    enum bw_rc rc =
        bw_reader_check_states(gather->reader, take_state, gather, &gather->damage, err);
    if (rc == BW_OK)
        rc = each_of_metric(gather, "probe_success", take_series, gather, err);
    if (rc == BW_OK)
        rc = bw_gather_events(gather, filter, take_subject, gather, &gather->report->cut, err);
    settle_entries(gather);
    if (rc == BW_OK)
        rc = bw_gather_events(gather, filter, take_change, gather, &gather->report->cut, err);
    settle_changes(gather);
    return rc == BW_OK ? find_before(gather, err) : rc;
}

/* ---- series of checks -------------------------------------------------------------------- */

struct link_walk {
    struct bw_gather *gather;
    bool probed;
    struct bw_report_link *links;
    size_t count, cap;
};

static bool take_link(void *ctx, const struct bw_series_info *series)
{
    struct link_walk *walk = ctx;
    const struct bw_subject subject = subject_of(series);
    const struct bw_report_entry *entry = find_entry(walk->gather, &subject);
    if (entry == NULL || entry->probed != walk->probed)
        return true;
    walk->links = bw_grow(walk->links, &walk->cap, walk->count + 1, sizeof *walk->links);
    walk->links[walk->count++] =
        (struct bw_report_link){ series->id, (size_t)(entry - walk->gather->entries) };
    return true;
}

enum bw_rc bw_gather_links(struct bw_gather *gather, const char *metric, bool probed,
                           struct bw_report_link **out, size_t *out_count, struct bw_err *err)
{
    struct link_walk walk = { .gather = gather, .probed = probed };
    const enum bw_rc rc = each_of_metric(gather, metric, take_link, &walk, err);
    *out = walk.links;
    *out_count = walk.count;
    return rc;
}
