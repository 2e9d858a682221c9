// SPDX-License-Identifier: GPL-3.0-or-later
#include "discover/push.h"

#include "base/json.h"
#include "base/limits.h"
#include "discover/kinds.h"
#include "io/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* When a target goes by itself: Unix ms, only in the file. */
#define EXPIRES "__expires_ms"

static enum bw_rc push_check(const char *from, struct bw_err *err)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const size_t len = strlen(from);
    if (len == 0 || len > 64 || strspn(from, allowed) != len)
        return bw_fail(err, BW_EINVAL, "expected a name of letters, digits, '_' and '-'");
    return BW_OK;
}

/* What is in the file; nothing when there is none. */
static enum bw_rc read_file(struct bw_arena *arena, const char *folder, const char *name,
                            struct bw_target_list *list, struct bw_err *err)
{
    const char *file = bw_arena_printf(arena, "%s.json", name);
    const struct bw_label nothing = { NULL, NULL };
    char *data = NULL;
    size_t size;
    enum bw_rc rc = bw_file_read(folder, file, BW_CONF_FILE_BYTES_MAX, &data, &size, err);
    if (rc == BW_OK)
        rc = bw_target_list_read(arena, BW_LIST_JSON, data, size, nothing, list, err);
    free(data);
    return rc == BW_ENOTFOUND ? BW_OK : rc;
}

static bool is_over(struct bw_labels labels, int64_t now_ms)
{
    const char *expires = bw_labels_value(labels, EXPIRES);
    return expires != NULL && strtoll(expires, NULL, 10) <= now_ms;
}

/* ---- asking ---------------------------------------------------------------------------- */

/* Without its time, so that a target that is only registered again is the same. */
static void take(struct bw_discovery_ask *ask, struct bw_labels labels, const char *source)
{
    struct bw_label own[BW_DISCOVERED_LABELS_MAX + 4];
    size_t count = 0;
    for (size_t i = 0; i < labels.count; i++) {
        if (strcmp(labels.items[i].name, EXPIRES) != 0)
            own[count++] = labels.items[i];
    }
    own[count++] = (struct bw_label){ "__meta_push_source", source };
    bw_target_list_add(ask->arena, ask->out, own, count, NULL);
}

static void push_ask(struct bw_discovery_ask *ask)
{
    const char *name = ask->spec->from.items[0];
    struct bw_target_list list = { 0 };
    struct bw_err err;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (read_file(ask->arena, ask->spec->folder, name, &list, &err) != BW_OK)
        bw_discovery_keep(ask, (struct bw_label){ "__meta_push_source", name }, &err);
    for (size_t i = 0; i < list.count; i++) {
        if (!is_over(list.items[i], now_ms))
            take(ask, list.items[i], name);
    }
}

const struct bw_discovery_ops bw_discovery_push = { "push", push_check, push_ask };

/* ---- changing -------------------------------------------------------------------------- */

static bool has_address(const struct bw_target_list *list, const char *address)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(bw_labels_value(list->items[i], "__address__"), address) == 0)
            return true;
    }
    return false;
}

static void put_target(struct bw_json *json, struct bw_labels labels, const char *expires)
{
    bw_json_open(json, '{');
    bw_json_key(json, "targets");
    bw_json_open(json, '[');
    bw_json_text(json, bw_labels_value(labels, "__address__"));
    bw_json_close(json, ']');
    bw_json_key(json, "labels");
    bw_json_open(json, '{');
    for (size_t i = 0; i < labels.count; i++) {
        const struct bw_label label = labels.items[i];
        if (strcmp(label.name, "__address__") != 0 && strcmp(label.name, EXPIRES) != 0)
            bw_json_member_text(json, label.name, label.value);
    }
    bw_json_member_text(json, EXPIRES, expires);
    bw_json_close(json, '}');
    bw_json_close(json, '}');
}

/* The old ones that stay, then the new ones; of two with one address the later. */
static size_t put_all(struct bw_buf *out, const struct bw_push_change *change,
                      const struct bw_target_list *old, const struct bw_target_list *new_ones)
{
    struct bw_json json = bw_json_to(out);
    char expires[32];
    size_t count = 0;
    snprintf(expires, sizeof expires, "%lld", (long long)change->expires_ms);
    bw_json_open(&json, '[');
    for (size_t i = 0; i < old->count; i++) {
        const char *address = bw_labels_value(old->items[i], "__address__");
        const bool dropped =
            change->text == NULL && (change->drop == NULL || strcmp(change->drop, address) == 0);
        if (dropped || is_over(old->items[i], change->now_ms) || has_address(new_ones, address))
            continue;
        put_target(&json, old->items[i], bw_labels_value(old->items[i], EXPIRES));
        count++;
    }
    for (size_t i = 0; i < new_ones->count; i++) {
        const struct bw_target_list after = { .items = new_ones->items + i + 1,
                                              .count = new_ones->count - i - 1 };
        if (has_address(&after, bw_labels_value(new_ones->items[i], "__address__")))
            continue;
        put_target(&json, new_ones->items[i], expires);
        count++;
    }
    bw_json_close(&json, ']');
    return count;
}

static enum bw_rc write_file(const struct bw_push_change *change, const struct bw_buf *text,
                             size_t count, struct bw_err *err)
{
    char file[80];
    if (count > BW_PUSHED_TARGETS_MAX || bw_buf_failed(text))
        return bw_fail(err, BW_ELIMIT, "more than %u targets of '%s', or %u bytes",
                       BW_PUSHED_TARGETS_MAX, change->name, BW_CONF_FILE_BYTES_MAX);
    const enum bw_rc rc = bw_file_make_folder(change->folder, err);
    if (rc != BW_OK)
        return rc;
    snprintf(file, sizeof file, "%s.json", change->name);
    return bw_file_write(change->folder, file, text->data, text->len, 0600, err);
}

/* Each must still be a list that can be read when its time stands with its labels. */
static enum bw_rc check_new(const struct bw_target_list *list, struct bw_err *err)
{
    if (list->count > BW_PUSHED_TARGETS_MAX)
        return bw_fail(err, BW_ELIMIT, "more than %u targets", BW_PUSHED_TARGETS_MAX);
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].count >= BW_DISCOVERED_LABELS_MAX)
            return bw_fail(err, BW_ELIMIT, "a target with more than %u labels",
                           BW_DISCOVERED_LABELS_MAX - 2);
    }
    return BW_OK;
}

enum bw_rc bw_push_change(const struct bw_push_change *change, size_t *out_count,
                          struct bw_err *err)
{
    struct bw_arena arena = { 0 };
    struct bw_target_list old = { 0 }, new_ones = { 0 };
    const struct bw_label nothing = { NULL, NULL };
    struct bw_buf text;
    bw_buf_init(&text, BW_CONF_FILE_BYTES_MAX);
    enum bw_rc rc = BW_OK;
    if (change->text != NULL)
        rc = bw_target_list_read(&arena, BW_LIST_JSON, change->text, change->size, nothing,
                                 &new_ones, err);
    if (rc == BW_OK)
        rc = check_new(&new_ones, err);
    if (rc == BW_OK)
        rc = read_file(&arena, change->folder, change->name, &old, err);
    if (rc == BW_OK) {
        *out_count = put_all(&text, change, &old, &new_ones);
        rc = write_file(change, &text, *out_count, err);
    }
    bw_buf_fini(&text);
    bw_arena_fini(&arena);
    return rc;
}
