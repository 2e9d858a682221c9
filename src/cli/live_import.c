// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/live_import.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/texts.h"
#include "transfer/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A part is sent when it has grown to this: one more line still fits. */
enum { PART_BYTES = BW_WEB_IMPORT_BYTES_MAX / 4 * 3, PREFIX_BYTES_MAX = 128 << 10 };

struct bw_live_import {
    struct bw_live *live;
    char id[32];
    struct bw_texts names; /* of series, as they begin a line; numbers are ours less one */
    struct bw_buf name, part;
    struct bw_import_stats stats;
    uint64_t refused;
    char why[200];
    struct bw_err err; /* rc BW_OK: nothing has failed */
};

static void note_answer(struct bw_live_import *m, const json_t *answer)
{
    m->stats = (struct bw_import_stats){
        .series = bw_live_count(answer, "series"),
        .samples = bw_live_count(answer, "samples"),
        .added = bw_live_count(answer, "added"),
        .present = bw_live_count(answer, "present"),
        .replaced = bw_live_count(answer, "replaced"),
        .packs = bw_live_count(answer, "packs"),
        .bytes = bw_live_count(answer, "bytes"),
    };
    m->refused = bw_live_count(answer, "bad");
    const json_t *first = json_array_get(json_object_get(answer, "bad_lines"), 0);
    if (m->why[0] == '\0')
        bw_text_copy(m->why, sizeof m->why, bw_live_text(first, "detail"));
    bw_text_copy(m->id, sizeof m->id, bw_live_text(answer, "id"));
}

static enum bw_rc send_part(struct bw_live_import *m, bool last)
{
    char target[100] = "/api/v1/admin/import";
    json_t *answer = NULL;
    if (m->id[0] != '\0')
        snprintf(target, sizeof target, "/api/v1/admin/import?id=%s%s", m->id,
                 last ? "&last=true" : "");
    const enum bw_rc rc =
        bw_live_post(m->live, target, m->part.data, m->part.len, &answer, &m->err);
    if (rc == BW_OK)
        note_answer(m, answer);
    json_decref(answer);
    bw_buf_clear(&m->part);
    return rc;
}

enum bw_rc bw_live_import_begin(struct bw_live *live, struct bw_live_import **out,
                                struct bw_err *err)
{
    struct bw_live_import *m = bw_alloc(sizeof *m);
    m->live = live;
    bw_buf_init(&m->name, PREFIX_BYTES_MAX);
    bw_buf_init(&m->part, BW_WEB_IMPORT_BYTES_MAX);
    if (send_part(m, false) != BW_OK) {
        const enum bw_rc rc = bw_live_import_verdict(m, err);
        bw_live_import_free(m);
        return rc;
    }
    *out = m;
    return BW_OK;
}

void bw_live_import_free(struct bw_live_import *m)
{
    if (m == NULL)
        return;
    bw_texts_fini(&m->names);
    bw_buf_fini(&m->name);
    bw_buf_fini(&m->part);
    free(m);
}

uint32_t bw_live_import_series(struct bw_live_import *m, const char *metric,
                               struct bw_labels labels, struct bw_err *err)
{
    bw_buf_clear(&m->name);
    bw_transfer_put_prefix(&m->name, BW_TRANSFER_OPENMETRICS, metric, labels, NULL);
    if (bw_buf_failed(&m->name)) {
        bw_fail(err, BW_ELIMIT, "the name of the series is too long");
        return 0;
    }
    return bw_texts_keep(&m->names, m->name.data, m->name.len) + 1;
}

void bw_live_import_add(struct bw_live_import *m, uint32_t series, int64_t ts_ms, double value)
{
    const struct bw_point point = { ts_ms, value };
    if (m->err.rc != BW_OK)
        return;
    bw_buf_clear(&m->name);
    bw_buf_text(&m->name, bw_texts_at(&m->names, series - 1));
    bw_transfer_put_points(&m->part, BW_TRANSFER_OPENMETRICS, &m->name, &point, 1);
    if (m->part.len >= PART_BYTES)
        send_part(m, false);
}

enum bw_rc bw_live_import_verdict(const struct bw_live_import *m, struct bw_err *err)
{
    if (m->err.rc != BW_OK && err != NULL)
        *err = m->err;
    return m->err.rc;
}

enum bw_rc bw_live_import_finish(struct bw_live_import *m, struct bw_err *err)
{
    char target[100];
    if (m->err.rc == BW_OK)
        send_part(m, true);
    if (m->err.rc != BW_OK && m->id[0] != '\0') {
        snprintf(target, sizeof target, "/api/v1/admin/import?id=%s&last=true", m->id);
        bw_live_give_up(m->live, target);
    }
    return bw_live_import_verdict(m, err);
}

void bw_live_import_stats(const struct bw_live_import *m, struct bw_import_stats *out)
{
    *out = m->stats;
}

uint64_t bw_live_import_refused(const struct bw_live_import *m, const char **out_why)
{
    *out_why = m->why;
    return m->refused;
}
