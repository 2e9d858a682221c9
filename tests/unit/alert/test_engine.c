// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alert/engine.h"
#include "base/buf.h"
#include "base/num.h"
#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An engine with one rule, and what it said: "none>warning {a="1"}: cause\n" a line. */
struct bench {
    struct bw_arena arena;
    struct bw_alert_engine *engine;
    struct bw_alert_rule rule;
    struct bw_buf said;
    bool parent_down, maintained;
};

static bool is_suppressed(void *ctx, const char *labels, const char *service, bool begins)
{
    const struct bench *b = ctx;
    if (b->maintained)
        return strstr(labels, "shop") != NULL;
    return begins && b->parent_down && strcmp(service, "shop") == 0;
}

static bool is_held(void *ctx, const char *labels)
{
    (void)ctx;
    return labels[0] != '\0';
}

static void bench_init(struct bench *b, const struct bw_alert_rule_opts *opts, size_t max)
{
    *b = (struct bench){ 0 };
    bw_buf_init(&b->said, 1u << 20);
    b->engine = bw_alert_engine_new(max, is_suppressed, b);
    struct bw_err err = { 0 };
    if (bw_alert_rule_make(&b->arena, opts, &b->rule, &err) != BW_OK)
        fail_msg("%s", err.text);
}

static void bench_fini(struct bench *b)
{
    bw_alert_engine_free(b->engine);
    bw_buf_fini(&b->said);
    bw_arena_fini(&b->arena);
}

static void note(struct bench *b, const struct bw_alert_intents *intents)
{
    for (size_t i = 0; i < intents->count; i++) {
        const struct bw_alert_intent *it = &intents->items[i];
        bw_buf_printf(&b->said, "%s>%s %s: %s\n", bw_level_name(it->from), bw_level_name(it->to),
                      it->labels, it->cause);
    }
}

static size_t feed(struct bench *b, const struct bw_expr_entry *entries, size_t count,
                   int64_t now_ms)
{
    struct bw_alert_intents intents = { 0 };
    bw_alert_engine_feed(b->engine, &b->rule, entries, count, now_ms, &b->arena, &intents);
    note(b, &intents);
    return intents.count;
}

struct copies {
    struct bw_arena *arena;
    struct bw_alert_state items[64];
    size_t count;
};

static void copy_state(void *ctx, const struct bw_alert_state *state, bool unknown)
{
    (void)unknown;
    struct copies *c = ctx;
    assert_true(c->count < 64);
    c->items[c->count] = *state;
    c->items[c->count].rule = bw_arena_strdup(c->arena, state->rule);
    c->items[c->count++].labels = bw_arena_strdup(c->arena, state->labels);
}

static void restart(struct bench *b)
{
    struct copies copies = { .arena = &b->arena };
    bw_alert_engine_each(b->engine, copy_state, &copies);
    bw_alert_engine_free(b->engine);
    b->engine = bw_alert_engine_new(BW_ALERTS_MAX, is_suppressed, b);
    for (size_t i = 0; i < copies.count; i++)
        assert_true(bw_alert_engine_restore(b->engine, &copies.items[i]));
}

/* Scripts: "rule KEY VALUE", "00:01:00 LABELS VALUE, LABELS VALUE", "00:01:00 nothing",
 * "restart", "parent down", "parent up", "maintenance begins", "maintenance ends", "blind" (all
 * that has labels is held), "seeing", "expect none" or "expect FROM>TO LABELS: CAUSE" for each
 * intent since the last expectation, in order. */
static void set_rule(struct bw_alert_rule_opts *o, struct bw_arena *arena, const char *key,
                     const char *value)
{
    const struct {
        const char *key;
        const char **text;
        int64_t *ns;
    } keys[] = {
        { "info", &o->levels.info, NULL },
        { "warning", &o->levels.warning, NULL },
        { "critical", &o->levels.critical, NULL },
        { "recover", &o->recover, NULL },
        { "for", NULL, &o->for_ns },
        { "keep", NULL, &o->keep_firing_for_ns },
    };
    if (strcmp(key, "no_data") == 0) {
        o->no_data = 0;
        while (strcmp(bw_no_data_name((enum bw_no_data)o->no_data), value) != 0)
            assert_true(++o->no_data < BW_NO_DATA_COUNT);
        return;
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(keys[i].key, key) != 0)
            continue;
        if (keys[i].text != NULL)
            *keys[i].text = bw_arena_strdup(arena, value);
        else
            assert_int_equal(bw_parse_duration(value, keys[i].ns, NULL), BW_OK);
        return;
    }
    fail_msg("no such key: %s", key);
}

static void script_feed(struct bench *b, char *text, int64_t now_ms)
{
    struct bw_expr_entry entries[16];
    size_t count = 0;
    char *rest = NULL;
    if (strcmp(text, "nothing") == 0)
        text[0] = '\0';
    for (char *part = strtok_r(text, ";", &rest); part != NULL; part = strtok_r(NULL, ";", &rest)) {
        part += strspn(part, " ");
        char *space = strrchr(part, ' ');
        const char *number = space != NULL ? space + 1 : part;
        assert_true(count < 16);
        assert_true(bw_parse_double(number, strlen(number), &entries[count].value));
        if (space != NULL)
            *space = '\0';
        entries[count++].labels = space != NULL ? part : "";
    }
    feed(b, entries, count, now_ms);
}

static void script_expect(struct bench *b, const char *want, int number)
{
    if (strcmp(want, "none") == 0) {
        if (b->said.len > 0)
            fail_msg("line %d: unexpected %s", number, b->said.data);
        return;
    }
    const size_t len = strcspn(b->said.data, "\n");
    if (len != strlen(want) || memcmp(b->said.data, want, len) != 0)
        fail_msg("line %d: '%.*s' instead of '%s'", number, (int)len, b->said.data, want);
    memmove(b->said.data, b->said.data + len + 1, b->said.len - len);
    b->said.len -= len + 1;
}

static void script_line(struct bench *b, struct bw_alert_rule_opts *opts, char *line, int number)
{
    unsigned h, m, s;
    int at = 0;
    char key[32];
    if (sscanf(line, "rule %31s %n", key, &at) == 1 && at > 0) {
        set_rule(opts, &b->arena, key, line + at);
        assert_int_equal(bw_alert_rule_make(&b->arena, opts, &b->rule, NULL),
                         opts->levels.warning != NULL ? BW_OK : BW_EINVAL);
    } else if (strcmp(line, "restart") == 0) {
        restart(b);
    } else if (strncmp(line, "parent ", 7) == 0) {
        b->parent_down = strcmp(line + 7, "down") == 0;
    } else if (strncmp(line, "maintenance ", 12) == 0) {
        b->maintained = strcmp(line + 12, "begins") == 0;
    } else if (strcmp(line, "blind") == 0 || strcmp(line, "seeing") == 0) {
        bw_alert_engine_hold(b->engine, line[0] == 'b' ? is_held : NULL, b);
    } else if (strncmp(line, "expect ", 7) == 0) {
        script_expect(b, line + 7, number);
    } else if (sscanf(line, "%u:%u:%u %n", &h, &m, &s, &at) == 3 && at > 0) {
        script_feed(b, line + at, (int64_t)(h * 3600 + m * 60 + s) * 1000);
    } else if (line[0] != '#' && line[0] != '\0') {
        fail_msg("line %d: cannot be read: %s", number, line);
    }
}

static void run_script(const char *name)
{
    char path[512], line[256];
    snprintf(path, sizeof path, BW_REPLAY "/%s", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    struct bw_alert_rule_opts opts = { .name = "rule", .expr = "x", .levels.warning = "> 10" };
    struct bench b;
    bench_init(&b, &opts, BW_ALERTS_MAX);
    for (int number = 1; fgets(line, sizeof line, file) != NULL; number++) {
        line[strcspn(line, "\n")] = '\0';
        script_line(&b, &opts, line, number);
    }
    script_expect(&b, "none", 0);
    fclose(file);
    bench_fini(&b);
}

static void scripts_replay(void **state)
{
    (void)state;
    static const char *const scripts[] = { "alert-levels.txt",      "alert-for.txt",
                                           "alert-no-data.txt",     "alert-parent.txt",
                                           "alert-maintenance.txt", "alert-no-series.txt",
                                           "alert-blind.txt",       "alert-equality.txt" };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        run_script(scripts[i]);
}

static const struct bw_alert_rule_opts banded = {
    .name = "disk",
    .expr = "x",
    .levels = { .info = "> 5", .warning = "> 10", .critical = "> 20" },
    .recover = "< 3",
    .for_ns = 3 * BW_SECOND,
    .keep_firing_for_ns = 2 * BW_SECOND,
};

static unsigned next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33);
}

static double random_value(uint64_t *seed, double before)
{
    static const double values[] = { 1, 4, 7, 15, 30, NAN };
    return next_random(seed) % 4 != 0 ? before : values[next_random(seed) % 6];
}

/* Intents alternate, rises have had their time, and a restart at any moment changes nothing. */
static void invariants_hold_at_random(void **state)
{
    (void)state;
    uint64_t seed = 11;
    struct bench steady, restarted;
    bench_init(&steady, &banded, 10);
    bench_init(&restarted, &banded, 10);
    enum bw_level told = BW_LEVEL_NONE;
    double value = 1;
    int64_t above_since_ms[BW_LEVEL_COUNT] = { 0 };
    size_t changes = 0;
    bool just_restarted = false;
    for (int64_t now_ms = 1000; now_ms <= 10000000; now_ms += 1000) {
        value = random_value(&seed, value);
        if (isnan(value) && just_restarted)
            value = 7; /* without data a restarted engine waits on purpose */
        const enum bw_level raw = bw_alert_rule_level(&steady.rule, value);
        for (int l = 1; l < BW_LEVEL_COUNT; l++)
            if ((int)raw < l)
                above_since_ms[l] = now_ms + 1000;
        const struct bw_expr_entry entry = { "{a=\"1\"}", value };
        struct bw_alert_intents intents = { 0 };
        bw_alert_engine_feed(steady.engine, &steady.rule, &entry, 1, now_ms, &steady.arena,
                             &intents);
        assert_true(intents.count <= 1);
        for (size_t i = 0; i < intents.count; i++) {
            const struct bw_alert_intent *it = &intents.items[i];
            assert_int_equal(it->from, told);
            assert_int_not_equal(it->to, it->from);
            if (it->to > it->from)
                assert_true(now_ms - above_since_ms[it->to] >= steady.rule.for_ms);
            if (it->to == BW_LEVEL_NONE)
                assert_true(value < 3);
            told = it->to;
            changes++;
        }
        note(&steady, &intents);
        feed(&restarted, &entry, 1, now_ms);
        just_restarted = now_ms % 7000 == 0;
        if (just_restarted)
            restart(&restarted);
    }
    assert_true(changes > 200);
    assert_int_equal(steady.said.len, restarted.said.len);
    assert_string_equal(steady.said.data, restarted.said.data);
    bench_fini(&steady);
    bench_fini(&restarted);
}

static void the_engine_is_bounded(void **state)
{
    (void)state;
    struct bw_alert_rule_opts opts = { .name = "r", .expr = "x", .levels.info = "> 0" };
    struct bench b;
    bench_init(&b, &opts, 2);
    const struct bw_expr_entry entries[] = {
        { "{a=\"1\"}", 1 }, { "{a=\"1\"}", 0 }, { "{a=\"2\"}", 1 }, { "{a=\"3\"}", 1 }
    };
    assert_int_equal(feed(&b, entries, 4, 1000), 2);
    assert_int_equal(bw_alert_engine_count(b.engine), 2);
    assert_int_equal(bw_alert_engine_overflow(b.engine), 1);
    const struct bw_alert_state state3 = { .rule = "r", .labels = "{a=\"3\"}", .level = 1 };
    assert_false(bw_alert_engine_restore(b.engine, &state3));
    const struct bw_alert_state state1 = { .rule = "r", .labels = "{a=\"1\"}", .level = 1 };
    assert_false(bw_alert_engine_restore(b.engine, &state1));
    bench_fini(&b);
}

static void removed_rules_end_their_alerts(void **state)
{
    (void)state;
    struct bw_alert_rule_opts opts = { .name = "r", .expr = "x", .levels.info = "> 0" };
    struct bench b;
    bench_init(&b, &opts, 10);
    const struct bw_expr_entry entry = { "{a=\"1\"}", 1 };
    feed(&b, &entry, 1, 1000);
    bw_buf_clear(&b.said);
    struct bw_alert_intents intents = { 0 };
    const char *const kept[] = { "r" };
    bw_alert_engine_keep_rules(b.engine, kept, 1, 2000, &b.arena, &intents);
    assert_int_equal(intents.count, 0);
    bw_alert_engine_keep_rules(b.engine, NULL, 0, 3000, &b.arena, &intents);
    note(&b, &intents);
    assert_string_equal(b.said.data, "info>none {a=\"1\"}: the rule was removed\n");
    assert_int_equal(intents.items[0].active_since_ms, 1000);
    assert_int_equal(bw_alert_engine_count(b.engine), 0);
    bench_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts_replay),
        cmocka_unit_test(invariants_hold_at_random),
        cmocka_unit_test(the_engine_is_bounded),
        cmocka_unit_test(removed_rules_end_their_alerts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
