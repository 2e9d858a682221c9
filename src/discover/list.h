// SPDX-License-Identifier: GPL-3.0-or-later
/* discover/list.h: lists of targets as Prometheus reads them (file_sd, http_sd), in JSON or YAML:
 *
 *     [{"targets": ["10.0.0.1:80", "10.0.0.2:80"], "labels": {"team": "shop"}}]
 *
 * A target is its labels: `__address__`, those of its group, and where it was found. A list is
 * right as a whole or it is refused. Pure. */
#ifndef DISCOVER_LIST_H
#define DISCOVER_LIST_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/labels.h"

#include <stddef.h>

struct bw_target_list {
    struct bw_labels *items;
    size_t count, cap;
};

enum bw_list_format { BW_LIST_JSON, BW_LIST_YAML };

/* By the end of a file's name: ".json", ".yml" or ".yaml". False for any other. */
bool bw_list_format_of(const char *path, enum bw_list_format *out);

/* Appends a target with these labels, copied into the arena. BW_ELIMIT beyond
 * BW_DISCOVERED_TARGETS_MAX. */
enum bw_rc bw_target_list_add(struct bw_arena *arena, struct bw_target_list *list,
                              const struct bw_label *labels, size_t count, struct bw_err *err);

/* Appends those of `from` that have this label. */
enum bw_rc bw_target_list_keep(struct bw_arena *arena, struct bw_target_list *list,
                               const struct bw_target_list *from, struct bw_label label,
                               struct bw_err *err);

/* Reads a list and appends its targets, each with `found` as well, whose name begins with
 * "__meta_". BW_EINVAL with the place in it; then nothing has been appended. */
enum bw_rc bw_target_list_read(struct bw_arena *arena, enum bw_list_format format, const char *data,
                               size_t size, struct bw_label found, struct bw_target_list *list,
                               struct bw_err *err);

/* Writes the list in JSON, where its targets were found included, and reads it again. */
void bw_target_list_write(const struct bw_target_list *list, struct bw_buf *out);
enum bw_rc bw_target_list_recall(struct bw_arena *arena, const char *data, size_t size,
                                 struct bw_target_list *list, struct bw_err *err);

/* Whether they have the same targets in the same order. */
bool bw_target_list_equals(const struct bw_target_list *a, const struct bw_target_list *b);

#endif
