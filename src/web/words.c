// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/words.h"

#include "base/civil.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/units.h"
#include "metric/family.h"
#include "model/say.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *class, *icon;
} status_looks[BW_STATUS_COUNT] = {
    [BW_UNKNOWN] = { "unknown", "?" },
    [BW_HEALTHY] = { "healthy", "\u2713" },
    [BW_DEGRADED] = { "degraded", "!" },
    [BW_UNHEALTHY] = { "unhealthy", "\u2715" },
};

static const struct {
    const char *class, *icon;
} level_looks[BW_LEVEL_COUNT] = {
    [BW_LEVEL_NONE] = { "healthy", "\u2713" },
    [BW_LEVEL_INFO] = { "unknown", "i" },
    [BW_LEVEL_WARNING] = { "degraded", "!" },
    [BW_LEVEL_CRITICAL] = { "unhealthy", "\u2715" },
};

const char *bw_words_status_class(enum bw_status status)
{
    return status_looks[status].class;
}

static void add_look(struct bw_arena *arena, struct bw_value *in, const char *key, const char *word,
                     const char *class, const char *icon)
{
    struct bw_value *object = bw_value_add_object(arena, in, key);
    bw_value_add_text(arena, object, "word", word);
    bw_value_add_text(arena, object, "class", class);
    bw_value_add_text(arena, object, "icon", icon);
}

void bw_words_status(struct bw_arena *arena, struct bw_value *in, const char *key,
                     enum bw_status status)
{
    add_look(arena, in, key, bw_status_name(status), status_looks[status].class,
             status_looks[status].icon);
}

void bw_words_level(struct bw_arena *arena, struct bw_value *in, const char *key,
                    enum bw_level level)
{
    add_look(arena, in, key, bw_level_name(level), level_looks[level].class,
             level_looks[level].icon);
}

void bw_words_text(struct bw_arena *arena, struct bw_value *in, const char *key, const char *text)
{
    bw_value_add_text(arena, in, key, text == NULL || text[0] == '\0' ? NULL : text);
}

const char *bw_words_clock(struct bw_arena *arena, int64_t ms, int64_t now_ms)
{
    char text[BW_SAY_MAX];
    return bw_arena_strdup(arena, bw_say_clock(text, ms, now_ms));
}

void bw_words_time(struct bw_arena *arena, struct bw_value *in, const char *key, int64_t ms,
                   int64_t now_ms)
{
    if (ms == 0) {
        bw_value_add_null(arena, in, key);
        return;
    }
    struct bw_value *object = bw_value_add_object(arena, in, key);
    char text[BW_RFC3339_MAX];
    bw_format_rfc3339(text, ms);
    bw_value_add_text(arena, object, "iso", text);
    bw_value_add_text(arena, object, "clock", bw_words_clock(arena, ms, now_ms));
    char ago[BW_DURATION_TEXT_MAX];
    int64_t away_s = llabs(now_ms - ms) / 1000;
    bw_format_duration_short(ago, away_s * BW_SECOND);
    bw_value_add_text(arena, object, "away", ago);
    if (away_s == 0)
        bw_value_add_text(arena, object, "ago", "now");
    else
        bw_value_add_printf(arena, object, "ago", ms <= now_ms ? "%s ago" : "in %s", ago);
}

const char *bw_words_seconds(struct bw_arena *arena, double seconds)
{
    char text[BW_SAY_MAX];
    return bw_arena_strdup(arena, bw_say_seconds(text, seconds));
}

const char *bw_words_percent(struct bw_arena *arena, double ratio)
{
    char text[BW_SAY_MAX];
    return bw_arena_strdup(arena, bw_say_percent(text, ratio));
}

const char *bw_words_available(struct bw_arena *arena, double ratio)
{
    if (isnan(ratio))
        return "\u2013";
    if (ratio >= 1)
        return "100 %";
    if (ratio <= 0)
        return "0 %";
    return bw_arena_printf(arena, "%.2f %%", floor(ratio * 1e4 + 1e-9) / 100);
}

static const char *const about[] = { "service", "instance", "check" };

static bool is_about(const char *name)
{
    for (size_t i = 0; i < sizeof about / sizeof *about; i++)
        if (strcmp(about[i], name) == 0)
            return true;
    return false;
}

const char *bw_words_labels(struct bw_arena *arena, struct bw_labels labels)
{
    const char *text = "";
    for (size_t i = 0; i < sizeof about / sizeof *about; i++) {
        const char *value = bw_labels_value(labels, about[i]);
        if (value != NULL)
            text = bw_arena_printf(arena, "%s%s%s", text, text[0] == '\0' ? "" : " \u00b7 ", value);
    }
    for (size_t i = 0; i < labels.count; i++)
        if (!is_about(labels.items[i].name))
            text = bw_arena_printf(arena, "%s%s%s: %s", text, text[0] == '\0' ? "" : " \u00b7 ",
                                   labels.items[i].name, labels.items[i].value);
    return text;
}

const char *bw_words_metric(struct bw_arena *arena, const char *metric, double value)
{
    char text[BW_SAY_MAX];
    return bw_arena_strdup(arena, bw_say_metric(text, metric, value));
}

const char *bw_words_finding(struct bw_arena *arena, const struct bw_trend_record *trend,
                             size_t index)
{
    struct bw_buf text;
    bw_buf_init(&text, BW_FINDINGS_BYTES_MAX);
    bw_trend_say_finding(&text, trend, index);
    const char *copy = bw_arena_strdup(arena, text.data);
    bw_buf_fini(&text);
    return copy;
}

const char *bw_words_measured(struct bw_arena *arena, const char *metric, double value)
{
    const char *words = bw_words_metric(arena, metric, value);
    const bool said = bw_text_ends_with(metric, "_total");
    return bw_family_counts_up(metric) && isfinite(value) && !said
               ? bw_arena_printf(arena, "%s/s", words)
               : words;
}
