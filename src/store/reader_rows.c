// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/arena.h"
#include "base/buf.h"
#include "store/db.h"
#include "store/reader.h"
#include "store/view.h"

enum { EVENTS_DEFAULT = 1000, FILTER_BYTES_MAX = 8 << 10 };

/* Appends " AND column='text'", quoted as SQL wants it. */
static void match_text(struct bw_buf *out, const char *column, const char *text)
{
    if (text == NULL)
        return;
    char *quoted = sqlite3_mprintf(" AND %s=%Q", column, text);
    bw_buf_text(out, quoted == NULL ? " AND 0" : quoted);
    sqlite3_free(quoted);
}

static void match_concerned(struct bw_buf *out, const char *service)
{
    char *quoted = sqlite3_mprintf(" AND service IN ('', %Q)", service);
    bw_buf_text(out, quoted == NULL ? " AND 0" : quoted);
    sqlite3_free(quoted);
}

struct event_walk {
    bw_event_fn *fn;
    void *ctx;
};

static bool show_event(void *ctx, const struct bw_cells *cells)
{
    const struct event_walk *walk = ctx;
    const struct bw_event event = bw_event_of_cells(cells);
    return walk->fn(walk->ctx, &event);
}

enum bw_rc bw_reader_events(struct bw_reader *reader, const struct bw_event_filter *filter,
                            bw_event_fn *fn, void *ctx, struct bw_damage *damage,
                            struct bw_err *err)
{
    struct bw_buf tail;
    bw_buf_init(&tail, FILTER_BYTES_MAX);
    bw_buf_text(&tail, "WHERE 1");
    if (filter->kind != 0)
        bw_buf_printf(&tail, " AND kind=%d", (int)filter->kind);
    match_text(&tail, "service", filter->service);
    if (filter->concerns != NULL && filter->concerns[0] != '\0')
        match_concerned(&tail, filter->concerns);
    match_text(&tail, "name", filter->name);
    if (filter->set || filter->found)
        bw_buf_printf(&tail, " AND to_state%s%d", filter->set ? "=" : "<>", BW_MARKER_SET);
    if (filter->from_ms != 0)
        bw_buf_printf(&tail, " AND ts_ms>=%lld", (long long)filter->from_ms);
    if (filter->to_ms != 0)
        bw_buf_printf(&tail, " AND ts_ms<=%lld", (long long)filter->to_ms);
    if (filter->before_id != 0)
        bw_buf_printf(&tail, " AND id<%lld", (long long)filter->before_id);
    bw_buf_printf(&tail, " ORDER BY id DESC LIMIT %zu",
                  filter->limit == 0 ? (size_t)EVENTS_DEFAULT : filter->limit);
    struct event_walk walk = { fn, ctx };
    const enum bw_rc rc = bw_buf_failed(&tail) ? bw_fail(err, BW_ELIMIT, "filter is too long")
                                               : bw_view_rows(reader, BW_ROW_EVENT, tail.data,
                                                              show_event, &walk, damage, err);
    bw_buf_fini(&tail);
    return rc;
}

struct check_walk {
    bw_check_state_fn *fn;
    void *ctx;
};

static bool show_check_state(void *ctx, const struct bw_cells *cells)
{
    const struct check_walk *walk = ctx;
    const struct bw_check_state state = bw_check_state_of_cells(cells);
    return walk->fn(walk->ctx, &state);
}

enum bw_rc bw_reader_check_states(struct bw_reader *reader, bw_check_state_fn *fn, void *ctx,
                                  struct bw_damage *damage, struct bw_err *err)
{
    struct check_walk walk = { fn, ctx };
    return bw_view_rows(reader, BW_ROW_CHECK_STATE, "ORDER BY service, instance, check_name",
                        show_check_state, &walk, damage, err);
}

struct alert_walk {
    bw_alert_state_fn *fn;
    void *ctx;
};

static bool show_alert_state(void *ctx, const struct bw_cells *cells)
{
    const struct alert_walk *walk = ctx;
    const struct bw_alert_state state = bw_alert_state_of_cells(cells);
    return walk->fn(walk->ctx, &state);
}

enum bw_rc bw_reader_alert_states(struct bw_reader *reader, bw_alert_state_fn *fn, void *ctx,
                                  struct bw_damage *damage, struct bw_err *err)
{
    struct alert_walk walk = { fn, ctx };
    return bw_view_rows(reader, BW_ROW_ALERT_STATE, "ORDER BY rule, labels", show_alert_state,
                        &walk, damage, err);
}

/* --- trends: their series' names come from the registry ---------------------------------- */

struct trend_walk {
    struct bw_reader *reader;
    struct bw_damage *damage;
    bw_trend_fn *fn;
    void *ctx;
    struct bw_trend_record *trend; /* whose name is looked for */
    bool more;
};

static bool name_trend(void *ctx, const struct bw_series_info *series)
{
    struct trend_walk *walk = ctx;
    walk->trend->metric = series->metric;
    walk->trend->labels = series->labels;
    walk->more = walk->fn(walk->ctx, walk->trend);
    return true;
}

static bool show_trend(void *ctx, const struct bw_cells *cells)
{
    struct trend_walk *walk = ctx;
    struct bw_trend_record trend = bw_trend_of_cells(cells);
    walk->trend = &trend;
    walk->more = true;
    if (bw_reader_series_by_id(walk->reader, trend.series, name_trend, walk, NULL) != BW_OK
        && walk->damage != NULL)
        walk->damage->rows++;
    walk->trend = NULL;
    return walk->more;
}

enum bw_rc bw_reader_trends(struct bw_reader *reader, bw_trend_fn *fn, void *ctx,
                            struct bw_damage *damage, struct bw_err *err)
{
    struct trend_walk walk = { .reader = reader, .damage = damage, .fn = fn, .ctx = ctx };
    const enum bw_rc rc = bw_view_begin(reader, err);
    if (rc != BW_OK)
        return rc;
    return bw_view_end(reader, bw_view_rows(reader, BW_ROW_TREND, "ORDER BY series", show_trend,
                                            &walk, damage, err));
}

/* --- reports --------------------------------------------------------------------------- */

struct report_walk {
    bw_report_fn *fn;
    void *ctx;
};

static bool show_report(void *ctx, const struct bw_cells *cells)
{
    const struct report_walk *walk = ctx;
    const struct bw_report_row report = bw_report_of_cells(cells);
    return walk->fn(walk->ctx, &report);
}

enum bw_rc bw_reader_reports(struct bw_reader *reader, const char *name, bw_report_fn *fn,
                             void *ctx, struct bw_damage *damage, struct bw_err *err)
{
    struct bw_buf tail;
    bw_buf_init(&tail, FILTER_BYTES_MAX);
    bw_buf_text(&tail, "WHERE 1");
    match_text(&tail, "name", name);
    bw_buf_text(&tail, " ORDER BY id DESC");
    struct report_walk walk = { fn, ctx };
    const enum bw_rc rc = bw_buf_failed(&tail) ? bw_fail(err, BW_ELIMIT, "name is too long")
                                               : bw_view_rows(reader, BW_ROW_REPORT, tail.data,
                                                              show_report, &walk, damage, err);
    bw_buf_fini(&tail);
    return rc;
}
