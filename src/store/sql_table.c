// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sql_table.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/rollup_tiers.h"
#include "store/view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLAN_CONDITIONS_MAX = 14, PLAN_BYTES_MAX = 256 };

/* ---- a table of a connection --------------------------------------------------------------- */

struct binding {
    const struct bw_sql_shape *shape;
    const struct bw_sql_source *source;
};

int bw_sql_register(sqlite3 *db, const struct bw_sql_shape *shape, const sqlite3_module *module,
                    const struct bw_sql_source *source)
{
    struct binding *binding = bw_alloc(sizeof *binding);
    *binding = (struct binding){ shape, source };
    return sqlite3_create_module_v2(db, shape->name, module, binding, free);
}

int bw_sql_connect(sqlite3 *db, void *ctx, int argc, const char *const *argv, sqlite3_vtab **out,
                   char **out_error)
{
    (void)argc;
    (void)argv;
    (void)out_error;
    const struct binding *binding = ctx;
    const int rc = sqlite3_declare_vtab(db, binding->shape->declaration);
    if (rc != SQLITE_OK)
        return rc;
    struct bw_sql_table *table = bw_alloc(sizeof *table);
    table->shape = binding->shape;
    table->source = binding->source;
    *out = &table->base;
    return SQLITE_OK;
}

int bw_sql_disconnect(sqlite3_vtab *base)
{
    free(base);
    return SQLITE_OK;
}

int bw_sql_say(sqlite3_vtab *table, const char *text)
{
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("%s", text);
    return SQLITE_ERROR;
}

/* The reader shares the connection, which still knows what SQLite itself had to say. */
int bw_sql_failed(const struct bw_sql_table *table, const struct bw_err *err)
{
    sqlite3_vtab *base = (sqlite3_vtab *)(uintptr_t)&table->base;
    const int code = sqlite3_errcode(table->source->reader->db) & 0xff;
    bw_sql_say(base, err->text);
    if (err->rc == BW_EINVAL || err->rc == BW_ELIMIT || code == SQLITE_OK || code == SQLITE_ROW
        || code == SQLITE_DONE)
        return SQLITE_ERROR;
    return code;
}

/* ---- conditions ----------------------------------------------------------------------------- */

struct condition;
typedef int take_fn(struct bw_sql_where *where, struct bw_sql_table *table,
                    const struct condition *condition, sqlite3_value *value);
static take_fn take_text, take_pattern, take_series, take_match, take_time, take_tier, take_ratio;

/* A condition that can be looked up; `fewer`: a guess at what is left, one part in so many. */
struct condition {
    const char *word; /* in a plan */
    enum bw_sql_role role;
    int op;
    take_fn *take;
    double fewer;
};

// clang-format off
static const struct condition conditions[] = {
    { "metric=",     BW_ROLE_METRIC,   SQLITE_INDEX_CONSTRAINT_EQ,   take_text,    100 },
    { "metric-like", BW_ROLE_METRIC,   SQLITE_INDEX_CONSTRAINT_LIKE, take_pattern, 10 },
    { "metric-glob", BW_ROLE_METRIC,   SQLITE_INDEX_CONSTRAINT_GLOB, take_pattern, 10 },
    { "service=",    BW_ROLE_SERVICE,  SQLITE_INDEX_CONSTRAINT_EQ,   take_text,    10 },
    { "instance=",   BW_ROLE_INSTANCE, SQLITE_INDEX_CONSTRAINT_EQ,   take_text,    10 },
    { "check=",      BW_ROLE_CHECK,    SQLITE_INDEX_CONSTRAINT_EQ,   take_text,    10 },
    { "series=",     BW_ROLE_SERIES,   SQLITE_INDEX_CONSTRAINT_EQ,   take_series,  10000 },
    { "match=",      BW_ROLE_MATCH,    SQLITE_INDEX_CONSTRAINT_EQ,   take_match,   100 },
    { "ts=",         BW_ROLE_TIME,     SQLITE_INDEX_CONSTRAINT_EQ,   take_time,    1000 },
    { "ts>",         BW_ROLE_TIME,     SQLITE_INDEX_CONSTRAINT_GT,   take_time,    10 },
    { "ts>=",        BW_ROLE_TIME,     SQLITE_INDEX_CONSTRAINT_GE,   take_time,    10 },
    { "ts<",         BW_ROLE_TIME,     SQLITE_INDEX_CONSTRAINT_LT,   take_time,    2 },
    { "ts<=",        BW_ROLE_TIME,     SQLITE_INDEX_CONSTRAINT_LE,   take_time,    2 },
    { "tier=",       BW_ROLE_TIER,     SQLITE_INDEX_CONSTRAINT_EQ,   take_tier,    3 },
    { "ratio=",      BW_ROLE_RATIO,    SQLITE_INDEX_CONSTRAINT_EQ,   take_ratio,   1 },
};
// clang-format on

static const struct condition *condition_on(enum bw_sql_role role, int op)
{
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        if (conditions[i].role == role && conditions[i].op == op)
            return &conditions[i];
    }
    return NULL;
}

static const struct condition *condition_called(const char *word, size_t len)
{
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        if (strlen(conditions[i].word) == len && memcmp(conditions[i].word, word, len) == 0)
            return &conditions[i];
    }
    return NULL;
}

/* ---- planning ------------------------------------------------------------------------------- */

/* Whether every row that xFilter lets through fulfils the condition, so that SQLite need not test
 * it. Not so for text unless the other side is text: what a comparison with a number means
 * depends on where the number comes from. */
static bool is_exact(const struct condition *condition, sqlite3_index_info *info, int nth)
{
    sqlite3_value *value = NULL;
    if (condition->take == take_pattern)
        return false;
    if (condition->take != take_text)
        return true;
    return sqlite3_vtab_rhs_value(info, nth, &value) == SQLITE_OK
           && sqlite3_value_type(value) == SQLITE_TEXT;
}

static bool compares_bytes(const struct condition *condition, sqlite3_index_info *info, int nth)
{
    return (condition->take != take_text && condition->take != take_tier)
           || strcmp(sqlite3_vtab_collation(info, nth), "BINARY") == 0;
}

static bool gives_order(const sqlite3_index_info *info, const enum bw_sql_role *roles, bool one)
{
    const struct sqlite3_index_orderby *by = info->aOrderBy;
    for (int i = 0; i < info->nOrderBy; i++) {
        if (by[i].desc || by[i].iColumn < 0)
            return false;
    }
    if (info->nOrderBy == 1)
        return roles[by[0].iColumn] == BW_ROLE_SERIES
               || (one && roles[by[0].iColumn] == BW_ROLE_TIME);
    return info->nOrderBy == 2 && roles[by[0].iColumn] == BW_ROLE_SERIES
           && roles[by[1].iColumn] == BW_ROLE_TIME;
}

static unsigned roles_looked_at(const sqlite3_index_info *info, const enum bw_sql_role *roles)
{
    unsigned wanted = 0;
    for (int column = 0; column < 63; column++) {
        if ((info->colUsed >> column & 1) != 0)
            wanted |= 1u << roles[column];
    }
    return wanted;
}

struct plan {
    char text[PLAN_BYTES_MAX];
    size_t len;
    int used; /* conditions in it */
    double rows;
    bool one_series, one_tier;
};

static void plan_add(struct plan *plan, const struct condition *condition)
{
    const int n = snprintf(plan->text + plan->len, sizeof plan->text - plan->len, "%s%s",
                           plan->used > 0 ? " " : "", condition->word);
    plan->len += (size_t)n; /* words are short: they all have room */
    plan->used++;
    plan->rows /= condition->fewer;
    plan->one_series = plan->one_series || condition->role == BW_ROLE_SERIES;
    plan->one_tier = plan->one_tier || condition->role == BW_ROLE_TIER;
}

static int plan_conditions(sqlite3_index_info *info, const enum bw_sql_role *roles,
                           struct plan *plan)
{
    for (int i = 0; i < info->nConstraint && plan->used < PLAN_CONDITIONS_MAX; i++) {
        const struct sqlite3_index_constraint *asked = &info->aConstraint[i];
        const struct condition *condition =
            asked->iColumn < 0 ? NULL : condition_on(roles[asked->iColumn], asked->op);
        if (condition == NULL)
            continue;
        if (!asked->usable
            && (condition->role == BW_ROLE_MATCH || condition->role == BW_ROLE_RATIO))
            return SQLITE_CONSTRAINT; /* no plan without it: it cannot be tested on a row */
        if (!asked->usable || !compares_bytes(condition, info, i))
            continue;
        plan_add(plan, condition);
        info->aConstraintUsage[i].argvIndex = plan->used;
        info->aConstraintUsage[i].omit = is_exact(condition, info, i);
    }
    return SQLITE_OK;
}

int bw_sql_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    const struct bw_sql_shape *shape = ((struct bw_sql_table *)base)->shape;
    struct plan plan = { .rows = shape->rows };
    const int rc = plan_conditions(info, shape->roles, &plan);
    if (rc != SQLITE_OK)
        return rc;
    info->idxNum = (int)roles_looked_at(info, shape->roles);
    info->idxStr = sqlite3_mprintf("%s", plan.text);
    info->needToFreeIdxStr = 1;
    info->estimatedRows = (sqlite3_int64)plan.rows + 1;
    info->estimatedCost = plan.rows + 1000; /* names of series are looked through each time */
    info->orderByConsumed =
        (!shape->has_tiers || plan.one_tier) && gives_order(info, shape->roles, plan.one_series);
    return info->idxStr != NULL ? SQLITE_OK : SQLITE_NOMEM;
}

/* ---- taking conditions in -------------------------------------------------------------------- */

void bw_sql_where_init(struct bw_sql_where *where)
{
    *where = (struct bw_sql_where){
        .from_ms = INT64_MIN, .to_ms = INT64_MAX, .tiers = ~0u, .ratio = NAN
    };
    bw_arena_init(&where->arena);
}

void bw_sql_where_fini(struct bw_sql_where *where)
{
    bw_arena_fini(&where->arena);
}

/* A copy, or NULL for text with a NUL inside, which nothing here has. */
static const char *text_of(struct bw_sql_where *where, sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);
    if (text == NULL || strlen(text) != (size_t)sqlite3_value_bytes(value))
        return NULL;
    return bw_arena_strdup(&where->arena, text);
}

static int add_matchers(struct bw_sql_where *where, struct bw_sql_table *table,
                        const struct bw_matcher *matchers, size_t count)
{
    if (where->count + count > BW_SQL_MATCHERS_MAX)
        return bw_sql_say(&table->base, "too many conditions");
    memcpy(&where->matchers[where->count], matchers, count * sizeof *matchers);
    where->count += count;
    return SQLITE_OK;
}

static const char *label_of(enum bw_sql_role role)
{
    return role == BW_ROLE_METRIC     ? "__name__"
           : role == BW_ROLE_SERVICE  ? "service"
           : role == BW_ROLE_INSTANCE ? "instance"
                                      : "check";
}

/* SQLite tests a comparison with a number itself. A label that is not there is NULL, not "". */
static int take_text(struct bw_sql_where *where, struct bw_sql_table *table,
                     const struct condition *condition, sqlite3_value *value)
{
    const int type = sqlite3_value_type(value);
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
        return SQLITE_OK;
    const char *text = type == SQLITE_TEXT ? text_of(where, value) : NULL;
    if (text == NULL || text[0] == '\0') {
        where->nothing = true;
        return SQLITE_OK;
    }
    const struct bw_matcher matcher = { label_of(condition->role), BW_MATCH_EQUAL, text };
    return add_matchers(where, table, &matcher, 1);
}

/* SQLite tests it again; this only spares reading. */
static int take_pattern(struct bw_sql_where *where, struct bw_sql_table *table,
                        const struct condition *condition, sqlite3_value *value)
{
    (void)table;
    const char *text = sqlite3_value_type(value) == SQLITE_TEXT ? text_of(where, value) : NULL;
    if (text != NULL && where->pattern_count < BW_SQL_PATTERNS_MAX)
        where->patterns[where->pattern_count++] =
            (struct bw_sql_pattern){ text, condition->op == SQLITE_INDEX_CONSTRAINT_GLOB };
    return SQLITE_OK;
}

static int take_match(struct bw_sql_where *where, struct bw_sql_table *table,
                      const struct condition *condition, sqlite3_value *value)
{
    (void)condition;
    struct bw_selector selector;
    struct bw_err err;
    const char *text = sqlite3_value_type(value) == SQLITE_TEXT ? text_of(where, value) : NULL;
    if (text == NULL)
        return bw_sql_say(&table->base,
                          "match: expected a selector such as 'up{service=\"shop\"}'");
    where->match = text;
    if (bw_selector_parse(&where->arena, text, &selector, &err) != BW_OK)
        return bw_sql_say(&table->base, err.text);
    return add_matchers(where, table, selector.matchers, selector.count);
}

/* A number as SQLite compares with it: the next whole one below, and whether it is that. Beyond
 * all integers, `beyond` is its sign; text and blobs are greater than all numbers. */
struct number {
    int64_t floor;
    bool whole, null;
    int beyond;
};

static struct number number_of(sqlite3_value *value)
{
    switch (sqlite3_value_numeric_type(value)) {
    case SQLITE_INTEGER:
        return (struct number){ .floor = sqlite3_value_int64(value), .whole = true };
    case SQLITE_FLOAT:
        break;
    case SQLITE_NULL:
        return (struct number){ .null = true };
    default:
        return (struct number){ .beyond = 1 };
    }
    const double d = sqlite3_value_double(value);
    if (d >= 9223372036854775808.0)
        return (struct number){ .beyond = 1 };
    if (d < -9223372036854775808.0)
        return (struct number){ .beyond = -1 };
    return (struct number){ .floor = (int64_t)floor(d), .whole = floor(d) == d };
}

static int take_series(struct bw_sql_where *where, struct bw_sql_table *table,
                       const struct condition *condition, sqlite3_value *value)
{
    (void)table;
    (void)condition;
    const struct number id = number_of(value);
    if (!id.whole || id.floor < 1 || id.floor > UINT32_MAX
        || (where->series != 0 && where->series != id.floor))
        where->nothing = true;
    else
        where->series = (uint32_t)id.floor;
    return SQLITE_OK;
}

static void begin_at(struct bw_sql_where *where, struct number n, bool include)
{
    const bool next = !include || !n.whole;
    if (n.beyond > 0 || (next && n.floor == INT64_MAX))
        where->nothing = true;
    else if (n.beyond == 0 && n.floor + next > where->from_ms)
        where->from_ms = n.floor + next;
}

static void end_at(struct bw_sql_where *where, struct number n, bool include)
{
    const bool before = !include && n.whole;
    if (n.beyond < 0 || (before && n.floor == INT64_MIN))
        where->nothing = true;
    else if (n.beyond == 0 && n.floor - before < where->to_ms)
        where->to_ms = n.floor - before;
}

static int take_time(struct bw_sql_where *where, struct bw_sql_table *table,
                     const struct condition *condition, sqlite3_value *value)
{
    (void)table;
    const struct number n = number_of(value);
    const int op = condition->op;
    if (n.null || (op == SQLITE_INDEX_CONSTRAINT_EQ && !n.whole)) {
        where->nothing = true;
        return SQLITE_OK;
    }
    if (op != SQLITE_INDEX_CONSTRAINT_LT && op != SQLITE_INDEX_CONSTRAINT_LE)
        begin_at(where, n, op != SQLITE_INDEX_CONSTRAINT_GT);
    if (op != SQLITE_INDEX_CONSTRAINT_GT && op != SQLITE_INDEX_CONSTRAINT_GE)
        end_at(where, n, op != SQLITE_INDEX_CONSTRAINT_LT);
    return SQLITE_OK;
}

static int take_tier(struct bw_sql_where *where, struct bw_sql_table *table,
                     const struct condition *condition, sqlite3_value *value)
{
    (void)table;
    (void)condition;
    const char *text = sqlite3_value_type(value) == SQLITE_TEXT ? text_of(where, value) : NULL;
    const int tier = text != NULL ? bw_rollup_tier_called(text) : -1;
    where->tiers &= tier >= 0 ? 1u << tier : 0;
    where->nothing = where->nothing || where->tiers == 0;
    return SQLITE_OK;
}

static int take_ratio(struct bw_sql_where *where, struct bw_sql_table *table,
                      const struct condition *condition, sqlite3_value *value)
{
    (void)condition;
    const int type = sqlite3_value_numeric_type(value);
    const double ratio = sqlite3_value_double(value);
    if ((type != SQLITE_INTEGER && type != SQLITE_FLOAT) || !(ratio >= 0 && ratio <= 1))
        return bw_sql_say(&table->base, "ratio: expected a number from 0 to 1");
    where->nothing = where->nothing || (!isnan(where->ratio) && where->ratio != ratio);
    where->ratio = ratio;
    return SQLITE_OK;
}

int bw_sql_where_take(struct bw_sql_where *where, struct bw_sql_table *table, const char *plan,
                      int argc, sqlite3_value **argv)
{
    int rc = SQLITE_OK;
    for (int i = 0; i < argc && rc == SQLITE_OK; i++) {
        const size_t len = strcspn(plan, " ");
        const struct condition *condition = condition_called(plan, len);
        if (condition == NULL)
            return bw_sql_say(&table->base, "a plan of another version");
        rc = condition->take(where, table, condition, argv[i]);
        plan += len + (plan[len] == ' ');
    }
    where->nothing = where->nothing || where->from_ms > where->to_ms;
    return rc;
}

struct listing {
    const struct bw_sql_where *where;
    bw_series_fn *fn;
    void *ctx;
};

static bool fits(const struct bw_sql_pattern *pattern, const char *metric)
{
    return pattern->glob ? sqlite3_strglob(pattern->text, metric) == 0
                         : sqlite3_strlike(pattern->text, metric, 0) == 0;
}

static bool list_series(void *ctx, const struct bw_series_info *info)
{
    const struct listing *listing = ctx;
    for (size_t i = 0; i < listing->where->pattern_count; i++) {
        if (!fits(&listing->where->patterns[i], info->metric))
            return true;
    }
    return listing->fn(listing->ctx, info);
}

int bw_sql_where_series(const struct bw_sql_where *where, struct bw_sql_table *table,
                        bw_series_fn *fn, void *ctx)
{
    const struct bw_selector selector = { where->matchers, where->count };
    struct listing listing = { where, fn, ctx };
    struct bw_err err;
    if (where->nothing)
        return SQLITE_OK;
    const enum bw_rc rc =
        bw_view_series(table->source->reader, where->series, where->count > 0 ? &selector : NULL,
                       list_series, &listing, table->source->damage, &err);
    return rc == BW_OK ? SQLITE_OK : bw_sql_failed(table, &err);
}

/* ---- names ----------------------------------------------------------------------------------- */

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

struct bw_sql_name bw_sql_name_of(struct bw_arena *arena, unsigned wanted,
                                  const struct bw_series_info *info)
{
    struct bw_sql_name name = { .id = info->id };
    if (bw_sql_wants(wanted, BW_ROLE_METRIC))
        name.texts[BW_ROLE_METRIC] = bw_arena_strdup(arena, info->metric);
    if (bw_sql_wants(wanted, BW_ROLE_LABELS))
        name.texts[BW_ROLE_LABELS] = labels_json(arena, info->labels);
    if (bw_sql_wants(wanted, BW_ROLE_NAME))
        name.texts[BW_ROLE_NAME] = bw_arena_strdup(arena, info->text);
    for (enum bw_sql_role role = BW_ROLE_SERVICE; role <= BW_ROLE_CHECK; role++) {
        if (bw_sql_wants(wanted, role))
            name.texts[role] =
                bw_arena_strdup(arena, bw_labels_value(info->labels, label_of(role)));
    }
    return name;
}

void bw_sql_name_result(const struct bw_sql_name *name, const struct bw_sql_where *where,
                        enum bw_sql_role role, sqlite3_context *out)
{
    if (role == BW_ROLE_SERIES) {
        sqlite3_result_int64(out, name->id);
        return;
    }
    const char *text = role == BW_ROLE_MATCH ? where->match : name->texts[role];
    if (text != NULL)
        sqlite3_result_text(out, text, -1, SQLITE_TRANSIENT);
}
