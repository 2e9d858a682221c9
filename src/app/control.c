// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/control.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "io/clock.h"
#include "io/loop.h"
#include "store/compact.h"
#include "store/erase.h"
#include "store/import.h"
#include "store/reader.h"
#include "transfer/reader.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define IDLE_NS BW_MINUTE
#define TURN_NS (300 * BW_MS)                  /* of merging, a request */
#define WAITING_BYTES_MAX (UINT64_C(16) << 20) /* of an import, in memory */

enum { BAD_LINES_TOLD = 20, WHY_BYTES = 160, ID_BYTES = 17 };

struct bad_line {
    uint64_t line;
    char why[WHY_BYTES];
};

struct bw_control {
    pthread_mutex_t lock; /* guards all; held while something is done */
    struct bw_store *store;

    char id[ID_BYTES]; /* of what is under way; "": nothing is */
    int64_t touched_ns;

    struct bw_import *import;
    struct bw_transfer_reader *reader;
    struct bad_line bad_lines[BAD_LINES_TOLD]; /* of the present request */
    uint64_t bad, bad_told;

    struct bw_compaction *compaction;
};

struct bw_control *bw_control_new(void)
{
    struct bw_control *control = bw_alloc(sizeof *control);
    pthread_mutex_init(&control->lock, NULL);
    return control;
}

/* Ends what is under way, whatever it is. */
static void give_up(struct bw_control *control)
{
    bw_transfer_reader_free(control->reader);
    bw_import_free(control->import);
    bw_compaction_free(control->compaction);
    control->reader = NULL;
    control->import = NULL;
    control->compaction = NULL;
    control->id[0] = '\0';
}

void bw_control_free(struct bw_control *control)
{
    if (control == NULL)
        return;
    give_up(control);
    pthread_mutex_destroy(&control->lock);
    free(control);
}

void bw_control_set_store(struct bw_control *control, struct bw_store *store)
{
    pthread_mutex_lock(&control->lock);
    control->store = store;
    pthread_mutex_unlock(&control->lock);
}

/* With the lock held. */
static bool is_idle(const struct bw_control *control)
{
    return control->id[0] == '\0' || bw_loop_mono_ns() - control->touched_ns > IDLE_NS;
}

void bw_control_rest(struct bw_control *control)
{
    if (pthread_mutex_trylock(&control->lock) != 0)
        return;
    if (is_idle(control))
        give_up(control);
    pthread_mutex_unlock(&control->lock);
}

/* Whether the order goes on with what is under way, or may begin: then that is out of the way. */
static enum bw_rc admit(struct bw_control *control, const struct bw_store_order *order,
                        bool is_mine, struct bw_err *err)
{
    if (order->id != NULL) {
        if (is_mine && strcmp(order->id, control->id) == 0)
            return BW_OK;
        return bw_fail(err, BW_ENOTFOUND, "nothing of this id is under way: begin again");
    }
    if (!is_idle(control))
        return bw_fail(err, BW_EBUSY, "another change of the store is under way");
    give_up(control);
    return BW_OK;
}

static void begin(struct bw_control *control)
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
        number = (uint64_t)bw_loop_mono_ns();
    snprintf(control->id, sizeof control->id, "%016" PRIx64, number);
}

/* ---- import -----------------------------------------------------------------------------------
 */

static uint32_t take_series(void *ctx, const char *metric, struct bw_labels labels,
                            struct bw_err *err)
{
    return bw_import_series(((struct bw_control *)ctx)->import, metric, labels, err);
}

static void take_sample(void *ctx, uint32_t series, int64_t ts_ms, double value)
{
    bw_import_add(((struct bw_control *)ctx)->import, series, ts_ms, value);
}

static void take_bad(void *ctx, uint64_t line, const char *why)
{
    struct bw_control *control = ctx;
    control->bad++;
    if (control->bad_told == BAD_LINES_TOLD)
        return;
    struct bad_line *bad = &control->bad_lines[control->bad_told++];
    bad->line = line;
    bw_text_copy(bad->why, sizeof bad->why, why);
}

static enum bw_rc begin_import(struct bw_control *control, struct bw_err *err)
{
    const struct bw_transfer_sink sink = { control, take_series, take_sample, take_bad };
    const enum bw_rc rc = bw_import_begin(control->store, WAITING_BYTES_MAX, &control->import, err);
    if (rc != BW_OK)
        return rc;
    begin(control);
    control->reader = bw_transfer_reader_new(BW_TRANSFER_OPENMETRICS, &sink);
    control->bad = 0;
    return BW_OK;
}

static void tell_import(const struct bw_control *control, bool done, struct bw_buf *out)
{
    struct bw_import_stats stats;
    struct bw_json json = bw_json_to(out);
    bw_import_stats(control->import, &stats);
    bw_json_open(&json, '{');
    bw_json_member_text(&json, "id", control->id);
    bw_json_member_bool(&json, "done", done);
    bw_json_member_int(&json, "series", (int64_t)stats.series);
    bw_json_member_int(&json, "samples", (int64_t)stats.samples);
    bw_json_member_int(&json, "added", (int64_t)stats.added);
    bw_json_member_int(&json, "present", (int64_t)stats.present);
    bw_json_member_int(&json, "replaced", (int64_t)stats.replaced);
    bw_json_member_int(&json, "packs", (int64_t)stats.packs);
    bw_json_member_int(&json, "bytes", (int64_t)stats.bytes);
    bw_json_member_int(&json, "bad", (int64_t)control->bad);
    bw_json_key(&json, "bad_lines");
    bw_json_open(&json, '[');
    for (uint64_t i = 0; i < control->bad_told; i++) {
        bw_json_open(&json, '{');
        bw_json_member_int(&json, "line", (int64_t)control->bad_lines[i].line);
        bw_json_member_text(&json, "detail", control->bad_lines[i].why);
        bw_json_close(&json, '}');
    }
    bw_json_close(&json, ']');
    bw_json_close(&json, '}');
}

static enum bw_rc import(struct bw_control *control, const struct bw_store_order *order,
                         struct bw_buf *out, struct bw_err *err)
{
    enum bw_rc rc = control->import == NULL ? begin_import(control, err) : BW_OK;
    control->bad_told = 0;
    if (rc == BW_OK)
        rc = bw_transfer_reader_feed(control->reader, order->text, order->size, err);
    if (rc == BW_OK && order->last)
        rc = bw_transfer_reader_finish(control->reader, err);
    if (rc == BW_OK && order->last)
        rc = bw_import_finish(control->import, err);
    if (rc == BW_OK)
        rc = bw_import_verdict(control->import, err);
    if (rc == BW_OK)
        tell_import(control, order->last, out);
    if (rc != BW_OK || order->last)
        give_up(control);
    return rc;
}

/* ---- merging ----------------------------------------------------------------------------------
 */

static enum bw_rc compact(struct bw_control *control, const struct bw_store_order *order,
                          struct bw_buf *out, struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    bool more = true;
    struct bw_compact_report report;
    const int64_t until_ns = bw_loop_mono_ns() + (order->last ? 0 : TURN_NS);
    if (control->compaction == NULL) {
        rc = bw_compaction_begin(control->store, &control->compaction, err);
        if (rc == BW_OK)
            begin(control);
    }
    while (rc == BW_OK && more && bw_loop_mono_ns() < until_ns)
        rc = bw_compaction_step(control->compaction, &more, err);
    if (rc == BW_OK) {
        struct bw_json json = bw_json_to(out);
        bw_compaction_report(control->compaction, &report);
        bw_json_open(&json, '{');
        bw_json_member_text(&json, "id", control->id);
        bw_json_member_bool(&json, "done", !more);
        bw_json_member_int(&json, "bytes_before", (int64_t)report.bytes_before);
        bw_json_member_int(&json, "bytes_after", (int64_t)report.bytes_after);
        bw_json_member_int(&json, "pack_bytes", (int64_t)report.pack_bytes);
        bw_json_member_int(&json, "pack_bytes_merged", (int64_t)report.totals.bytes_merged);
        bw_json_member_int(&json, "packs_merged", (int64_t)report.totals.packs_merged);
        bw_json_member_int(&json, "packs_written", (int64_t)report.totals.packs_written);
        bw_json_member_int(&json, "packs_damaged", (int64_t)report.totals.damaged);
        bw_json_close(&json, '}');
    }
    /* A commit that failed in between is no reason to begin anew. */
    if ((rc != BW_OK && rc != BW_EBUSY) || !more || order->last || control->compaction == NULL)
        give_up(control);
    return rc;
}

/* ---- deletion ---------------------------------------------------------------------------------
 */

static enum bw_rc delete_series(struct bw_control *control, const struct bw_store_order *order,
                                struct bw_buf *out, struct bw_err *err)
{
    uint32_t *series = NULL;
    size_t count = 0, of = 0;
    uint64_t erased = 0;
    enum bw_rc rc =
        bw_erase_pick(bw_store_path(control->store), order->selector, &series, &count, &of, err);
    if (rc != BW_OK)
        return rc;
    if (count == of && count > 0 && !order->all)
        rc = bw_fail(err, BW_ELIMIT, "match is every series that is stored: all=true deletes them");
    if (rc == BW_OK)
        rc = bw_store_erase(control->store, series, count, &erased, err);
    if (rc == BW_OK) {
        struct bw_json json = bw_json_to(out);
        bw_json_open(&json, '{');
        bw_json_member_int(&json, "series", (int64_t)erased);
        bw_json_close(&json, '}');
    }
    free(series);
    return rc;
}

/* ---- all of them ------------------------------------------------------------------------------
 */

static enum bw_rc run(struct bw_control *control, const struct bw_store_order *order,
                      struct bw_buf *out, struct bw_err *err)
{
    const struct {
        bool is_mine;
        enum bw_rc (*fn)(struct bw_control *control, const struct bw_store_order *order,
                         struct bw_buf *out, struct bw_err *err);
    } changes[] = {
        [BW_CHANGE_IMPORT] = { control->import != NULL, import },
        [BW_CHANGE_COMPACT] = { control->compaction != NULL, compact },
        [BW_CHANGE_DELETE] = { false, delete_series },
    };
    if (control->store == NULL)
        return bw_fail(err, BW_EBUSY, "there is no store just now");
    enum bw_rc rc = admit(control, order, changes[order->change].is_mine, err);
    if (rc == BW_OK)
        rc = changes[order->change].fn(control, order, out, err);
    control->touched_ns = bw_loop_mono_ns();
    return rc;
}

enum bw_rc bw_control_change(struct bw_control *control, const struct bw_store_order *order,
                             struct bw_buf *out, struct bw_err *err)
{
    if (pthread_mutex_trylock(&control->lock) != 0)
        return bw_fail(err, BW_EBUSY, "another change of the store is under way");
    const enum bw_rc rc = run(control, order, out, err);
    pthread_mutex_unlock(&control->lock);
    return rc;
}
