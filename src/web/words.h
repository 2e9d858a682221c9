// SPDX-License-Identifier: GPL-3.0-or-later
/* web/words.h: times, values and states as people read them, put into document trees. */
#ifndef WEB_WORDS_H
#define WEB_WORDS_H

#include "model/records.h"
#include "model/value.h"

/* Adds {iso, clock, ago}: for <time>; null when ms is 0. "14:02 UTC", with the date when it
 * is not today. "ago" is "3m 5s ago", "in 2h" for what is to come. */
void bw_words_time(struct bw_arena *arena, struct bw_value *in, const char *key, int64_t ms,
                   int64_t now_ms);

/* Adds the text, or null when it is empty or NULL: templates take an empty text for something
 * that is there. */
void bw_words_text(struct bw_arena *arena, struct bw_value *in, const char *key, const char *text);

/* "14:02", "20 Nov 14:02" or "20 Nov 2025 14:02", UTC, by how far away it is. */
const char *bw_words_clock(struct bw_arena *arena, int64_t ms, int64_t now_ms);

/* "85 ms", "1.2 s", "3m 20s", "2d 4h". */
const char *bw_words_seconds(struct bw_arena *arena, double seconds);

/* A value of a metric in its unit, taken from the metric's name: "4.2 GiB", "97 %", "0.31". */
const char *bw_words_metric(struct bw_arena *arena, const char *metric, double value);

/* The same of what trends are about: a counter's rate per second, "4.2 MiB/s". */
const char *bw_words_measured(struct bw_arena *arena, const char *metric, double value);

/* What was found in the series, number `index`, in words. */
const char *bw_words_finding(struct bw_arena *arena, const struct bw_trend_record *trend,
                             size_t index);

/* "97.3 %" */
const char *bw_words_percent(struct bw_arena *arena, double ratio);

/* "99.98 %", never rounded up: "100 %" means all of it. */
const char *bw_words_available(struct bw_arena *arena, double ratio);

/* "checkout · 10.0.0.1:8080 · health · phase: tls": what it is about by value alone, the
 * rest by name; "" without labels. */
const char *bw_words_labels(struct bw_arena *arena, struct bw_labels labels);

/* Adds {word, class, icon}: "UNHEALTHY", "unhealthy", the sign. */
void bw_words_status(struct bw_arena *arena, struct bw_value *in, const char *key,
                     enum bw_status status);
void bw_words_level(struct bw_arena *arena, struct bw_value *in, const char *key,
                    enum bw_level level);

/* Classes for styles: "healthy", …; "none", "info", … */
const char *bw_words_status_class(enum bw_status status);

#endif
