// SPDX-License-Identifier: GPL-3.0-or-later
/* app/record.h: from measures to stored samples, and the latest value of every series for
 * whoever asks (alert rules). Loop thread.
 *
 * A source is what has one identity: a check on an instance, the host. Its series are
 * looked up once and kept for as long as it goes on measuring the same things. A series takes
 * little more than its value here: its labels are put together from those of the source and of
 * the shape when somebody asks. */
#ifndef APP_RECORD_H
#define APP_RECORD_H

#include "metric/measure.h"
#include "metric/shape.h"
#include "model/labels.h"
#include "model/picker.h"
#include "model/records.h"
#include "store/store.h"

struct bw_recorder;
struct bw_source;

/* The latest value of one series. Borrowed: copy what you keep. */
struct bw_latest {
    const char *metric;
    struct bw_labels labels; /* identity labels included */
    uint32_t series;         /* in the store; 0: not stored */
    double value;
    int64_t ts_ms;
};

/* `started_ms`: when this process started, Unix ms. `shapes` is borrowed. */
struct bw_recorder *bw_recorder_new(int64_t started_ms, struct bw_shapes *shapes);
void bw_recorder_free(struct bw_recorder *recorder);

/* Who hears of stored series and of each value as it goes to the store. */
struct bw_recorder_ear {
    /* A series has its id: at least once before its first value is heard. Texts are borrowed. */
    void (*known)(void *ctx, uint32_t series, const char *metric, struct bw_labels labels);
    void (*gone)(void *ctx, uint32_t series); /* unless it is made known again */
    void (*heard)(void *ctx, const struct bw_sample *samples, size_t count);
};

/* `ear` and `ctx` are borrowed, until NULL takes their place. Every series is made known (anew)
 * when its source measures next. */
void bw_recorder_listen(struct bw_recorder *recorder, const struct bw_recorder_ear *ear, void *ctx);

/* The store has come or gone (NULL): all series are looked up again. */
void bw_recorder_set_store(struct bw_recorder *recorder, struct bw_store *store);

/* A source whose series carry these labels besides their own; at most `stored_max` of them
 * are stored (base/limits.h). */
struct bw_source *bw_source_new(struct bw_recorder *recorder, const struct bw_label *identity,
                                size_t count, size_t stored_max);

/* Its latest values stand for so much longer than those of others: it measures seldom. */
void bw_source_set_pace(struct bw_source *source, int64_t interval_ms);

/* Forgets the source and its latest values; what is stored stays. NULL is fine. */
void bw_source_free(struct bw_source *source);

/* Remembers every measure as the latest of its series; those of stored families go to the
 * store too, stamped ts_ms. Histogram parts are left out. */
void bw_source_put(struct bw_source *source, const struct bw_measures *measures, int64_t ts_ms);

/* The same for values of a nominal tick, of which only the first is stored: not those of the
 * same tick again, nor a first one of a tick that began before this process did. */
void bw_source_put_tick(struct bw_source *source, const struct bw_measures *measures,
                        int64_t tick_ms);

/* What its last round was a list of; NULL before the first. The source's, until the next round. */
const struct bw_shape *bw_source_shape(const struct bw_source *source);

/* Every latest value that is picked (the picker names its metric) and not older than `since_ms`, or
 * by its source's pace at most. */
typedef void bw_latest_fn(void *ctx, const struct bw_latest *latest);
void bw_recorder_each(struct bw_recorder *recorder, struct bw_picker *picker, int64_t since_ms,
                      bw_latest_fn *fn, void *ctx);

/* The store's id of a stored series of this source; 0 when it has none. */
uint32_t bw_source_series(const struct bw_source *source, enum bw_family_id family);

#endif
