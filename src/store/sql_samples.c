// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows come by rising series, then by rising time. A cursor holds the names of all series it
 * walks over and the points of a few of them at a time. */
#include "store/sql_samples.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Each read goes over the journal's tail anew, and all its points are in memory at once. */
enum { SERIES_A_READ = 32, MATCHERS_MAX = BW_LABELS_MAX + 8 };

enum column { METRIC, LABELS, SERIES, TS, VALUE, SERVICE, INSTANCE, CHECK_NAME, MATCH };

/* Letters of a plan, one for each argument that SQLite hands over. */
enum plan {
    BY_METRIC = 'm',
    BY_SERIES = 's',
    BY_SERVICE = 'v',
    BY_INSTANCE = 'i',
    BY_CHECK = 'c',
    BY_MATCH = 'M',
    FROM = 'f',
    AFTER = 'a',
    TO = 't',
    BEFORE = 'b',
    AT = '@',
};

struct table {
    sqlite3_vtab base; /* first: SQLite knows only this */
    struct bw_sql_samples *samples;
};

struct series {
    uint32_t id;
    const char *metric, *labels_json, *service, *instance, *check;
    struct bw_point *points; /* of the current read; freed when it is over */
    size_t count;
};

struct cursor {
    sqlite3_vtab_cursor base; /* first */
    struct bw_arena arena;
    struct series *series;
    size_t count, cap;
    size_t next;     /* series not yet read */
    size_t at, step; /* the current row: series and point; at == next: the end */
    int64_t from_ms, to_ms;
    const char *match;
    bool nothing; /* the conditions contradict each other */
};

static int say(sqlite3_vtab *table, const char *text)
{
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("%s", text);
    return SQLITE_ERROR;
}

static int table_connect(sqlite3 *db, void *ctx, int argc, const char *const *argv,
                         sqlite3_vtab **out, char **out_error)
{
    (void)argc;
    (void)argv;
    (void)out_error;
    const int rc = sqlite3_declare_vtab(
        db,
        "CREATE TABLE samples(metric TEXT, labels TEXT, series INTEGER, ts INTEGER, value REAL,"
        " service TEXT HIDDEN, instance TEXT HIDDEN, check_name TEXT HIDDEN, match TEXT HIDDEN)");
    if (rc != SQLITE_OK)
        return rc;
    struct table *table = bw_alloc(sizeof *table);
    table->samples = ctx;
    *out = &table->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *base)
{
    free(base);
    return SQLITE_OK;
}

/* ---- planning ---------------------------------------------------------------------------- */

/* The letter for a condition that can be looked up, 0 for the others. */
static char letter_of(int column, int op)
{
    static const struct {
        int column, op;
        enum plan letter;
    } known[] = {
        { METRIC, SQLITE_INDEX_CONSTRAINT_EQ, BY_METRIC },
        { SERIES, SQLITE_INDEX_CONSTRAINT_EQ, BY_SERIES },
        { SERVICE, SQLITE_INDEX_CONSTRAINT_EQ, BY_SERVICE },
        { INSTANCE, SQLITE_INDEX_CONSTRAINT_EQ, BY_INSTANCE },
        { CHECK_NAME, SQLITE_INDEX_CONSTRAINT_EQ, BY_CHECK },
        { MATCH, SQLITE_INDEX_CONSTRAINT_EQ, BY_MATCH },
        { TS, SQLITE_INDEX_CONSTRAINT_GE, FROM },
        { TS, SQLITE_INDEX_CONSTRAINT_GT, AFTER },
        { TS, SQLITE_INDEX_CONSTRAINT_LE, TO },
        { TS, SQLITE_INDEX_CONSTRAINT_LT, BEFORE },
        { TS, SQLITE_INDEX_CONSTRAINT_EQ, AT },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].column == column && known[i].op == op)
            return (char)known[i].letter;
    }
    return 0;
}

static bool is_text(char letter)
{
    return strchr("mvicM", letter) != NULL;
}

/* What is likely left to read: a guess by what the conditions are on. */
static double rows_of(const char *plan)
{
    double rows = 1e9;
    rows /= strchr(plan, BY_SERIES) != NULL ? 1e4 : 1;
    rows /= strpbrk(plan, "mM") != NULL ? 100 : 1;
    rows /= strpbrk(plan, "vic") != NULL ? 10 : 1;
    rows /= strpbrk(plan, "fa") != NULL ? 10 : 1;
    rows /= strpbrk(plan, "tb") != NULL ? 2 : 1;
    rows /= strchr(plan, AT) != NULL ? 1000 : 1;
    return rows;
}

static bool gives_order(const sqlite3_index_info *info, const char *plan)
{
    const struct sqlite3_index_orderby *by = info->aOrderBy;
    for (int i = 0; i < info->nOrderBy; i++) {
        if (by[i].desc)
            return false;
    }
    if (info->nOrderBy == 1)
        return by[0].iColumn == SERIES || (by[0].iColumn == TS && strchr(plan, BY_SERIES) != NULL);
    return info->nOrderBy == 2 && by[0].iColumn == SERIES && by[1].iColumn == TS;
}

static int table_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    (void)base;
    char plan[16];
    int used = 0;
    for (int i = 0; i < info->nConstraint && used + 1 < (int)sizeof plan; i++) {
        const struct sqlite3_index_constraint *condition = &info->aConstraint[i];
        const char letter = letter_of(condition->iColumn, condition->op);
        if (letter == 0)
            continue;
        if (!condition->usable) {
            if (letter == BY_MATCH)
                return SQLITE_CONSTRAINT; /* no plan without it: it cannot be tested on a row */
            continue;
        }
        if (is_text(letter) && strcmp(sqlite3_vtab_collation(info, i), "BINARY") != 0)
            continue;
        plan[used++] = letter;
        info->aConstraintUsage[i].argvIndex = used;
        info->aConstraintUsage[i].omit = letter == BY_MATCH;
    }
    plan[used] = '\0';
    info->idxStr = sqlite3_mprintf("%s", plan);
    info->needToFreeIdxStr = 1;
    info->estimatedRows = (sqlite3_int64)rows_of(plan) + 1;
    info->estimatedCost = rows_of(plan) + 1000;
    info->orderByConsumed = gives_order(info, plan);
    return info->idxStr != NULL ? SQLITE_OK : SQLITE_NOMEM;
}

/* ---- filtering --------------------------------------------------------------------------- */

struct filter {
    struct cursor *cursor;
    struct bw_matcher matchers[MATCHERS_MAX];
    size_t count;
    int64_t series; /* 0: any */
};

static void drop_points(struct cursor *cursor)
{
    for (size_t i = 0; i < cursor->count; i++) {
        free(cursor->series[i].points);
        cursor->series[i].points = NULL;
    }
}

static void reset(struct cursor *cursor)
{
    drop_points(cursor);
    bw_arena_fini(&cursor->arena);
    cursor->count = cursor->next = cursor->at = cursor->step = 0;
    cursor->from_ms = INT64_MIN;
    cursor->to_ms = INT64_MAX;
    cursor->match = NULL;
    cursor->nothing = false;
}

static void narrow(struct cursor *cursor, char letter, int64_t ms)
{
    if (letter == AFTER)
        cursor->nothing = cursor->nothing || ms == INT64_MAX;
    if (letter == BEFORE)
        cursor->nothing = cursor->nothing || ms == INT64_MIN;
    if (cursor->nothing)
        return;
    const int64_t from = letter == AFTER ? ms + 1 : ms, to = letter == BEFORE ? ms - 1 : ms;
    if (strchr("fa@", letter) != NULL && from > cursor->from_ms)
        cursor->from_ms = from;
    if (strchr("tb@", letter) != NULL && to < cursor->to_ms)
        cursor->to_ms = to;
}

/* A number that is no integer narrows nothing: SQLite tests each row again. */
static void take_number(struct filter *filter, char letter, sqlite3_value *value)
{
    if (sqlite3_value_type(value) != SQLITE_INTEGER)
        return;
    const int64_t number = sqlite3_value_int64(value);
    if (letter != BY_SERIES)
        narrow(filter->cursor, letter, number);
    else if (number < 1 || number > UINT32_MAX || (filter->series != 0 && filter->series != number))
        filter->cursor->nothing = true;
    else
        filter->series = number;
}

static int take_selector(struct filter *filter, sqlite3_vtab *table, const char *text)
{
    struct bw_selector selector;
    struct bw_err err;
    if (bw_selector_parse(&filter->cursor->arena, text, &selector, &err) != BW_OK)
        return say(table, err.text);
    if (filter->count + selector.count > MATCHERS_MAX)
        return say(table, "too many conditions");
    memcpy(&filter->matchers[filter->count], selector.matchers,
           selector.count * sizeof *selector.matchers);
    filter->count += selector.count;
    return SQLITE_OK;
}

static int take_text(struct filter *filter, sqlite3_vtab *table, char letter, sqlite3_value *value)
{
    if (sqlite3_value_type(value) != SQLITE_TEXT) {
        if (letter == BY_MATCH)
            return say(table, "match: expected a selector such as 'up{service=\"shop\"}'");
        return SQLITE_OK;
    }
    const char *text =
        bw_arena_strdup(&filter->cursor->arena, (const char *)sqlite3_value_text(value));
    if (letter == BY_MATCH) {
        filter->cursor->match = text;
        return take_selector(filter, table, text);
    }
    if (filter->count == MATCHERS_MAX)
        return say(table, "too many conditions");
    const char *name = letter == BY_METRIC     ? "__name__"
                       : letter == BY_SERVICE  ? "service"
                       : letter == BY_INSTANCE ? "instance"
                                               : "check";
    filter->matchers[filter->count++] =
        (struct bw_matcher){ .name = name, .op = BW_MATCH_EQUAL, .value = text };
    return SQLITE_OK;
}

static const char *labels_json(struct bw_arena *arena, struct bw_labels labels)
{
    struct bw_buf text;
    bw_buf_init(&text, 1u << 20);
    struct bw_json json = bw_json_to(&text);
    bw_json_open(&json, '{');
    for (size_t i = 0; i < labels.count; i++)
        bw_json_member_text(&json, labels.items[i].name, labels.items[i].value);
    bw_json_close(&json, '}');
    const char *copy = bw_arena_strndup(arena, text.data, text.len);
    bw_buf_fini(&text);
    return copy;
}

static bool keep_series(void *ctx, const struct bw_series_info *info)
{
    struct filter *filter = ctx;
    struct cursor *cursor = filter->cursor;
    struct bw_arena *arena = &cursor->arena;
    if (filter->series != 0 && filter->series != info->id)
        return true;
    cursor->series =
        bw_grow(cursor->series, &cursor->cap, cursor->count + 1, sizeof *cursor->series);
    cursor->series[cursor->count++] = (struct series){
        .id = info->id,
        .metric = bw_arena_strdup(arena, info->metric),
        .labels_json = labels_json(arena, info->labels),
        .service = bw_arena_strdup(arena, bw_labels_value(info->labels, "service")),
        .instance = bw_arena_strdup(arena, bw_labels_value(info->labels, "instance")),
        .check = bw_arena_strdup(arena, bw_labels_value(info->labels, "check")),
    };
    return true;
}

static int find_series(struct filter *filter, struct table *table)
{
    const struct bw_selector selector = { filter->matchers, filter->count };
    struct bw_err err;
    if (bw_reader_series(table->samples->reader, filter->count > 0 ? &selector : NULL, keep_series,
                         filter, table->samples->damage, &err)
        != BW_OK)
        return say(&table->base, err.text);
    return SQLITE_OK;
}

/* ---- walking ----------------------------------------------------------------------------- */

static int compare_series(const void *a, const void *b)
{
    const uint32_t x = ((const struct series *)a)->id, y = ((const struct series *)b)->id;
    return (x > y) - (x < y);
}

static bool keep_points(void *ctx, uint32_t id, const struct bw_point *points, size_t count)
{
    struct cursor *cursor = ctx;
    const struct series key = { .id = id };
    struct series *series =
        bsearch(&key, cursor->series, cursor->count, sizeof key, compare_series);
    if (series != NULL && series->points == NULL) {
        series->points = bw_alloc_array(count, sizeof *points);
        series->count = count;
        memcpy(series->points, points, count * sizeof *points);
    }
    return true;
}

static int read_some(struct cursor *cursor, struct table *table)
{
    uint32_t ids[SERIES_A_READ];
    size_t count = 0;
    struct bw_err err;
    drop_points(cursor);
    while (count < SERIES_A_READ && cursor->next < cursor->count)
        ids[count++] = cursor->series[cursor->next++].id;
    if (bw_reader_scan(table->samples->reader, ids, count, cursor->from_ms, cursor->to_ms,
                       keep_points, cursor, table->samples->damage, &err)
        != BW_OK)
        return say(&table->base, err.text);
    return SQLITE_OK;
}

/* Moves on to the next series that has a point, reading more when it must. */
static int settle(struct cursor *cursor)
{
    for (;;) {
        while (cursor->at < cursor->next && cursor->series[cursor->at].points == NULL)
            cursor->at++;
        if (cursor->at < cursor->next || cursor->next == cursor->count)
            return SQLITE_OK;
        const int rc = read_some(cursor, (struct table *)cursor->base.pVtab);
        if (rc != SQLITE_OK)
            return rc;
    }
}

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    (void)base;
    struct cursor *cursor = bw_alloc(sizeof *cursor);
    *out = &cursor->base;
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    reset(cursor);
    free(cursor->series);
    free(cursor);
    return SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int number, const char *plan, int argc,
                         sqlite3_value **argv)
{
    (void)number;
    struct cursor *cursor = (struct cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    struct filter filter = { .cursor = cursor };
    reset(cursor);
    for (int i = 0; i < argc; i++) {
        int rc = SQLITE_OK;
        if (is_text(plan[i]))
            rc = take_text(&filter, base->pVtab, plan[i], argv[i]);
        else
            take_number(&filter, plan[i], argv[i]);
        if (rc != SQLITE_OK)
            return rc;
    }
    if (cursor->nothing || cursor->from_ms > cursor->to_ms)
        return SQLITE_OK;
    const int rc = find_series(&filter, table);
    return rc == SQLITE_OK ? settle(cursor) : rc;
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    struct series *series = &cursor->series[cursor->at];
    if (++cursor->step < series->count)
        return SQLITE_OK;
    free(series->points);
    series->points = NULL;
    cursor->step = 0;
    return settle(cursor);
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (const struct cursor *)base;
    return cursor->at == cursor->next;
}

static void result_text(sqlite3_context *out, const char *text)
{
    if (text != NULL)
        sqlite3_result_text(out, text, -1, SQLITE_TRANSIENT);
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column)
{
    const struct cursor *cursor = (const struct cursor *)base;
    const struct series *series = &cursor->series[cursor->at];
    const struct bw_point *point = &series->points[cursor->step];
    const char *const texts[] = {
        [METRIC] = series->metric,     [LABELS] = series->labels_json, [SERVICE] = series->service,
        [INSTANCE] = series->instance, [CHECK_NAME] = series->check,   [MATCH] = cursor->match,
    };
    if (column == SERIES)
        sqlite3_result_int64(out, series->id);
    else if (column == TS)
        sqlite3_result_int64(out, point->ts_ms);
    else if (column == VALUE)
        sqlite3_result_double(out, point->value); /* NaN becomes NULL, as SQLite has it */
    else
        result_text(out, texts[column]);
    return SQLITE_OK;
}

/* A row has no identity of its own; nothing here asks for one. */
static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    const struct cursor *cursor = (const struct cursor *)base;
    *out = (sqlite3_int64)cursor->at << 32 | (sqlite3_int64)cursor->step;
    return SQLITE_OK;
}

static const sqlite3_module samples_module = {
    .iVersion = 0,
    .xConnect = table_connect, /* without xCreate it is there without being made */
    .xBestIndex = table_best_index,
    .xDisconnect = table_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = cursor_next,
    .xEof = cursor_eof,
    .xColumn = cursor_column,
    .xRowid = cursor_rowid,
};

int bw_sql_samples_register(sqlite3 *db, struct bw_sql_samples *samples)
{
    const int rc = sqlite3_create_module(db, "samples", &samples_module, samples);
    /* Declares the table now: an authorizer that is set later would forbid that. */
    return rc == SQLITE_OK ? sqlite3_exec(db, "SELECT 1 FROM samples WHERE 0", NULL, NULL, NULL)
                           : rc;
}
