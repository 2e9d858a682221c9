// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/db_delete.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/units.h"
#include "cli/live.h"
#include "cli/output.h"
#include "store/erase.h"
#include "store/extents.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN = 20 }; /* series, before somebody is asked */

/* What the matcher means, with what there is of it. */
struct found {
    struct bw_arena arena;
    const char **names; /* beside the extents */
    struct bw_extent *extents;
    size_t count, name_cap, extent_cap;
    uint64_t of; /* series in the store */
    uint64_t samples;
};

static bool take_series(void *ctx, const struct bw_series_info *series)
{
    struct found *found = ctx;
    found->names = bw_grow(found->names, &found->name_cap, found->count + 1, sizeof *found->names);
    found->extents =
        bw_grow(found->extents, &found->extent_cap, found->count + 1, sizeof *found->extents);
    found->names[found->count] = bw_arena_strdup(&found->arena, series->text);
    found->extents[found->count++] = (struct bw_extent){ .series = series->id };
    return true;
}

static bool count_series(void *ctx, const struct bw_series_info *series)
{
    (void)series;
    ++*(uint64_t *)ctx;
    return true;
}

static enum bw_rc find(const struct bw_db_delete *order, const struct bw_selector *selector,
                       struct found *found, struct bw_err *err)
{
    struct bw_reader *reader = NULL;
    enum bw_rc rc = bw_reader_open(order->store, &reader, err);
    if (rc == BW_OK)
        rc = bw_reader_series(reader, selector, take_series, found, NULL, err);
    if (rc == BW_OK)
        rc = bw_reader_series(reader, NULL, count_series, &found->of, NULL, err);
    if (rc == BW_OK)
        rc = bw_reader_extents(reader, found->extents, found->count, NULL, err);
    bw_reader_close(reader);
    for (size_t i = 0; rc == BW_OK && i < found->count; i++)
        found->samples += found->extents[i].points;
    return rc;
}

static void put_list(struct bw_buf *out, const struct found *found, size_t most)
{
    for (size_t i = 0; i < found->count && i < most; i++) {
        bw_buf_printf(out, "%s  ", found->names[i]);
        bw_out_count(out, found->extents[i].points, "sample", "samples");
        bw_buf_char(out, '\n');
    }
    if (found->count > most)
        bw_buf_printf(out, "and %zu more\n", found->count - most);
}

static void put_sum(struct bw_buf *out, const struct found *found)
{
    bw_out_count(out, found->samples, "sample", "samples");
    bw_buf_text(out, " of ");
    bw_out_count(out, found->count, "series", "series");
}

/* ---- what is said ---------------------------------------------------------------------------- */

static void answer_json(const struct bw_db_delete *order, const struct found *found, bool deleted,
                        uint64_t series)
{
    struct bw_json json = bw_json_to(order->out);
    bw_json_open(&json, '{');
    bw_json_member_text(&json, "store", order->store);
    bw_json_member_bool(&json, "deleted", deleted);
    bw_json_member_int(&json, "count", (int64_t)series);
    bw_json_member_int(&json, "samples", (int64_t)found->samples);
    bw_json_key(&json, "series");
    bw_json_open(&json, '[');
    for (size_t i = 0; i < found->count; i++) {
        bw_json_open(&json, '{');
        bw_json_member_text(&json, "series", found->names[i]);
        bw_json_member_int(&json, "samples", (int64_t)found->extents[i].points);
        bw_json_close(&json, '}');
    }
    bw_json_close(&json, ']');
    bw_json_close(&json, '}');
    bw_buf_char(order->out, '\n');
}

static void answer_dry(const struct bw_db_delete *order, const struct found *found)
{
    if (order->json) {
        answer_json(order, found, false, found->count);
        return;
    }
    put_list(order->out, found, SIZE_MAX);
    put_sum(order->out, found);
    bw_buf_text(order->out, " would be deleted\n");
}

static void answer(const struct bw_db_delete *order, const struct found *found,
                   const struct bw_erase_report *report, bool live)
{
    char before[BW_DURATION_TEXT_MAX], after[BW_DURATION_TEXT_MAX];
    if (order->json) {
        answer_json(order, found, true, report->series);
        return;
    }
    put_sum(order->out, found);
    bw_buf_text(order->out, report->series == 1 ? " is deleted" : " are deleted");
    if (live)
        bw_buf_text(order->out, "; the daemon gives their room back in the next minutes\n");
    else {
        bw_format_bytes(before, report->bytes_before);
        bw_format_bytes(after, report->bytes_after);
        bw_buf_printf(order->out, ": %s before, %s after\n", before, after);
    }
    if (report->totals.damaged > 0) {
        bw_out_count(order->out, report->totals.damaged, "pack", "packs");
        bw_buf_text(order->out, " could not be read and stay as they are\n");
    }
}

/* ---- what is done ---------------------------------------------------------------------------- */

/* Somebody at a terminal is shown it and asked; nobody else is there to say no. */
static bool may_go_on(const struct bw_db_delete *order, const struct found *found)
{
    struct bw_buf text;
    char line[16] = "";
    if (order->yes || isatty(STDIN_FILENO) != 1)
        return true;
    bw_buf_init(&text, 1 << 20);
    put_list(&text, found, SHOWN);
    put_sum(&text, found);
    fprintf(stderr, "%s: delete for good? [y/N] ", text.data);
    bw_buf_fini(&text);
    return fgets(line, sizeof line, stdin) != NULL && (line[0] == 'y' || line[0] == 'Y');
}

static enum bw_rc delete_live(const struct bw_db_delete *order, struct bw_erase_report *report,
                              struct bw_err *err)
{
    struct bw_live *live = bw_live_new(order->store, order->stop);
    struct bw_buf target;
    json_t *reply = NULL;
    bw_buf_init(&target, 32 << 10);
    bw_buf_text(&target, "/api/v1/admin/delete-series");
    bw_live_param(&target, "match", order->matcher);
    if (order->all)
        bw_live_param(&target, "all", "true");
    const enum bw_rc rc = bw_live_post(live, target.data, NULL, 0, &reply, err);
    report->series = bw_live_count(reply, "series");
    json_decref(reply);
    bw_buf_fini(&target);
    bw_live_free(live);
    return rc;
}

static bool go_on(void *ctx, uint64_t done, uint64_t total)
{
    const volatile sig_atomic_t *stop = ctx;
    (void)done;
    (void)total;
    return *stop == 0;
}

static void say(void *ctx, enum bw_log_level level, const char *message)
{
    (void)ctx;
    if (level >= BW_LOG_WARN)
        fprintf(stderr, "%s\n", message);
}

static int delete_found(const struct bw_db_delete *order, const struct bw_selector *selector,
                        const struct found *found)
{
    const struct bw_store_hooks hooks = { .say = say };
    const struct bw_backup_watch watch = { go_on, (void *)(uintptr_t)order->stop };
    struct bw_erase_report report = { 0 };
    struct bw_err err;
    enum bw_rc rc = bw_store_delete_series(order->store, selector, &hooks, &watch, &report, &err);
    const bool live = rc == BW_EBUSY;
    if (live)
        rc = delete_live(order, &report, &err);
    if (rc == BW_ENOTFOUND && live)
        return bw_command_failed(order->command, "another command or daemon has the store: %s",
                                 err.text);
    if (rc != BW_OK)
        return bw_command_failed(order->command, "%s", err.text);
    answer(order, found, &report, live);
    return BW_EXIT_OK;
}

static int check_and_delete(const struct bw_db_delete *order, const struct bw_selector *selector,
                            struct found *found)
{
    struct bw_err err;
    const enum bw_rc rc = find(order, selector, found, &err);
    if (rc != BW_OK)
        return bw_command_failed(order->command, "%s%s", err.text,
                                 rc == BW_ENOTFOUND ? "; name the store with --storage.path" : "");
    if (order->dry_run) {
        answer_dry(order, found);
        return BW_EXIT_OK;
    }
    if (found->count == 0)
        return bw_command_failed(order->command, "no series matches %s", order->matcher);
    if (found->count == found->of && !order->all)
        return bw_command_failed(order->command,
                                 "%s is every series of the store; --all deletes them all",
                                 order->matcher);
    if (!may_go_on(order, found))
        return bw_command_failed(order->command, "nothing is deleted");
    return delete_found(order, selector, found);
}

int bw_db_delete_series(const struct bw_db_delete *order)
{
    struct found found = { .count = 0 };
    struct bw_selector selector;
    struct bw_err err;
    bw_arena_init(&found.arena);
    const int code = bw_selector_parse(&found.arena, order->matcher, &selector, &err) != BW_OK
                         ? bw_command_usage(order->command, "%s: %s", order->matcher, err.text)
                         : check_and_delete(order, &selector, &found);
    free(found.names);
    free(found.extents);
    bw_arena_fini(&found.arena);
    return code;
}
