// SPDX-License-Identifier: GPL-3.0-or-later
#include "discover/list.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "conf/yaml.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

bool bw_list_format_of(const char *path, enum bw_list_format *out)
{
    const bool json = bw_text_ends_with(path, ".json");
    *out = json ? BW_LIST_JSON : BW_LIST_YAML;
    return json || bw_text_ends_with(path, ".yml") || bw_text_ends_with(path, ".yaml");
}

enum bw_rc bw_target_list_add(struct bw_arena *arena, struct bw_target_list *list,
                              const struct bw_label *labels, size_t count, struct bw_err *err)
{
    if (list->count == BW_DISCOVERED_TARGETS_MAX)
        return bw_fail(err, BW_ELIMIT, "more than %u targets", BW_DISCOVERED_TARGETS_MAX);
    if (list->count == list->cap) {
        const size_t cap = list->cap > 0 ? 2 * list->cap : 16;
        struct bw_labels *items = bw_arena_array(arena, cap, sizeof *items);
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->cap = cap;
    }
    list->items[list->count++] = bw_labels_make(arena, labels, count);
    return BW_OK;
}

enum bw_rc bw_target_list_keep(struct bw_arena *arena, struct bw_target_list *list,
                               const struct bw_target_list *from, struct bw_label label,
                               struct bw_err *err)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct bw_labels labels = from->items[i];
        const char *value = bw_labels_value(labels, label.name);
        if (value == NULL || strcmp(value, label.value) != 0)
            continue;
        const enum bw_rc rc = bw_target_list_add(arena, list, labels.items, labels.count, err);
        if (rc != BW_OK)
            return rc;
    }
    return BW_OK;
}

/* ---- JSON as nodes --------------------------------------------------------------------- */

static struct bw_node *node_of(struct bw_arena *arena, const json_t *json, unsigned depth);

static struct bw_node *node_of_members(struct bw_arena *arena, const json_t *json, unsigned depth)
{
    struct bw_node *node = bw_node_new(arena, BW_NODE_MAP, (struct bw_place){ 0 });
    json_t *object = (json_t *)(uintptr_t)json; /* its iterators are not for const */
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        struct bw_node *child = node_of(arena, json_object_iter_value(at), depth + 1);
        if (child == NULL)
            return NULL;
        child->key = bw_arena_strdup(arena, json_object_iter_key(at));
        bw_node_append(node, child);
    }
    return node;
}

static struct bw_node *node_of_items(struct bw_arena *arena, const json_t *json, unsigned depth)
{
    struct bw_node *node = bw_node_new(arena, BW_NODE_LIST, (struct bw_place){ 0 });
    for (size_t i = 0; i < json_array_size(json); i++) {
        struct bw_node *child = node_of(arena, json_array_get(json, i), depth + 1);
        if (child == NULL)
            return NULL;
        bw_node_append(node, child);
    }
    return node;
}

/* NULL when it is deeper than any list of targets. */
static struct bw_node *node_of(struct bw_arena *arena, const json_t *json, unsigned depth)
{
    if (depth > BW_CONF_DEPTH_MAX)
        return NULL;
    if (json_is_object(json))
        return node_of_members(arena, json, depth);
    if (json_is_array(json))
        return node_of_items(arena, json, depth);
    struct bw_node *node = bw_node_text_new(
        arena, json_is_string(json) ? json_string_value(json) : "", (struct bw_place){ 0 });
    node->quoted = json_is_string(json);
    return node;
}

static enum bw_rc read_json(struct bw_arena *arena, const char *data, size_t size,
                            struct bw_node **out, struct bw_err *err)
{
    json_error_t error;
    json_t *json = json_loadb(data, size, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        return bw_fail(err, BW_EINVAL, "line %d: %s", error.line, error.text);
    *out = node_of(arena, json, 0);
    json_decref(json);
    return *out != NULL ? BW_OK : bw_fail(err, BW_EINVAL, "lists and mappings too deep");
}

static enum bw_rc read_yaml(struct bw_arena *arena, const char *data, size_t size,
                            struct bw_node **out, struct bw_err *err)
{
    struct bw_problems problems = { 0 };
    *out = bw_yaml_read("", data, size, arena, &problems);
    if (*out == NULL) {
        bw_problems_sort(&problems);
        bw_fail(err, BW_EINVAL, "line %u: %s", problems.count > 0 ? problems.items[0].at.line : 0,
                problems.count > 0 ? problems.items[0].message : "not YAML");
    }
    bw_problems_fini(&problems);
    return *out != NULL ? BW_OK : BW_EINVAL;
}

/* ---- nodes as targets ------------------------------------------------------------------ */

/* Those that say where a target was found come on top. */
enum { FOUND_MAX = 3, OWN_LABELS_MAX = BW_DISCOVERED_LABELS_MAX + FOUND_MAX };

struct reading {
    struct bw_arena *arena;
    bool strict; /* JSON: numbers and the like are no text */
    size_t labels_max;
    struct bw_label found;
    struct bw_target_list *list;
    struct bw_err *err;
};

static bool is_text(const struct reading *r, const struct bw_node *node)
{
    return node->kind == BW_NODE_SCALAR && (node->quoted || !r->strict) && !bw_node_is_null(node);
}

static enum bw_rc read_labels(const struct reading *r, const struct bw_node *map, size_t group,
                              struct bw_label *out, size_t *count)
{
    if (map == NULL || bw_node_is_null(map))
        return BW_OK;
    if (map->kind != BW_NODE_MAP)
        return bw_fail(r->err, BW_EINVAL, "[%zu].labels: expected a mapping, found %s", group,
                       bw_node_kind_text(map));
    if (map->count > r->labels_max)
        return bw_fail(r->err, BW_EINVAL, "[%zu].labels: more than %zu labels", group,
                       r->labels_max);
    for (const struct bw_node *node = map->first; node != NULL; node = node->next) {
        if (!bw_label_name_is_valid(node->key))
            return bw_fail(r->err, BW_EINVAL, "[%zu].labels: '%.100s' is not a label name", group,
                           node->key);
        if (!is_text(r, node))
            return bw_fail(r->err, BW_EINVAL, "[%zu].labels.%.100s: expected text", group,
                           node->key);
        if (strlen(node->text) > BW_LABEL_VALUE_BYTES_MAX)
            return bw_fail(r->err, BW_EINVAL, "[%zu].labels.%.100s: longer than %u bytes", group,
                           node->key, BW_LABEL_VALUE_BYTES_MAX);
        out[(*count)++] = (struct bw_label){ node->key, node->text };
    }
    return BW_OK;
}

static enum bw_rc read_targets(const struct reading *r, const struct bw_node *targets, size_t group,
                               struct bw_label *labels, size_t count)
{
    size_t i = 0;
    if (targets == NULL || bw_node_is_null(targets))
        return BW_OK;
    if (targets->kind != BW_NODE_LIST)
        return bw_fail(r->err, BW_EINVAL, "[%zu].targets: expected a list, found %s", group,
                       bw_node_kind_text(targets));
    for (const struct bw_node *node = targets->first; node != NULL; node = node->next, i++) {
        if (!is_text(r, node) || node->text[0] == '\0')
            return bw_fail(r->err, BW_EINVAL, "[%zu].targets[%zu]: expected HOST:PORT", group, i);
        if (strlen(node->text) > BW_LABEL_VALUE_BYTES_MAX)
            return bw_fail(r->err, BW_EINVAL, "[%zu].targets[%zu]: longer than %u bytes", group, i,
                           BW_LABEL_VALUE_BYTES_MAX);
        labels[count] = (struct bw_label){ "__address__", node->text };
        const enum bw_rc rc = bw_target_list_add(r->arena, r->list, labels, count + 1, r->err);
        if (rc != BW_OK)
            return rc;
    }
    return BW_OK;
}

static enum bw_rc read_group(const struct reading *r, const struct bw_node *node, size_t group)
{
    struct bw_label labels[OWN_LABELS_MAX + 2];
    size_t count = 0;
    if (node->kind != BW_NODE_MAP)
        return bw_fail(r->err, BW_EINVAL, "[%zu]: expected a mapping, found %s", group,
                       bw_node_kind_text(node));
    for (const struct bw_node *child = node->first; child != NULL; child = child->next) {
        if (strcmp(child->key, "targets") != 0 && strcmp(child->key, "labels") != 0)
            return bw_fail(r->err, BW_EINVAL, "[%zu]: unknown key '%.100s'", group, child->key);
    }
    const enum bw_rc rc = read_labels(r, bw_node_find(node, "labels"), group, labels, &count);
    if (rc != BW_OK)
        return rc;
    if (r->found.name != NULL)
        labels[count++] = r->found;
    return read_targets(r, bw_node_find(node, "targets"), group, labels, count);
}

static enum bw_rc read_groups(const struct reading *r, const struct bw_node *root)
{
    size_t group = 0;
    enum bw_rc rc = BW_OK;
    if (root == NULL || root->kind != BW_NODE_LIST)
        return bw_fail(r->err, BW_EINVAL, "expected a list of {targets: […], labels: {…}}");
    for (const struct bw_node *node = root->first; node != NULL && rc == BW_OK; node = node->next)
        rc = read_group(r, node, group++);
    return rc;
}

/* Nothing of a list that is wrong stays. */
static enum bw_rc read_list(const struct reading *r, const char *data, size_t size)
{
    const size_t before = r->list->count;
    struct bw_arena scratch = { 0 };
    struct bw_node *root = NULL;
    enum bw_rc rc = r->strict ? read_json(&scratch, data, size, &root, r->err)
                              : read_yaml(&scratch, data, size, &root, r->err);
    if (rc == BW_OK)
        rc = read_groups(r, root);
    if (rc != BW_OK)
        r->list->count = before;
    bw_arena_fini(&scratch);
    return rc;
}

enum bw_rc bw_target_list_read(struct bw_arena *arena, enum bw_list_format format, const char *data,
                               size_t size, struct bw_label found, struct bw_target_list *list,
                               struct bw_err *err)
{
    const struct reading r = { arena, format == BW_LIST_JSON, BW_DISCOVERED_LABELS_MAX, found, list,
                               err };
    return read_list(&r, data, size);
}

/* ---- kept ------------------------------------------------------------------------------ */

static bool is_address(struct bw_label label)
{
    return strcmp(label.name, "__address__") == 0;
}

/* Whether their labels are the same; of two of one group all but their addresses. */
static bool is_same(struct bw_labels a, struct bw_labels b, bool addresses)
{
    bool same = a.count == b.count;
    for (size_t i = 0; same && i < a.count; i++)
        same = strcmp(a.items[i].name, b.items[i].name) == 0
               && ((!addresses && is_address(a.items[i]))
                   || strcmp(a.items[i].value, b.items[i].value) == 0);
    return same;
}

bool bw_target_list_equals(const struct bw_target_list *a, const struct bw_target_list *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = is_same(a->items[i], b->items[i], true);
    return same;
}

static void write_labels(struct bw_json *json, struct bw_labels labels)
{
    bw_json_key(json, "labels");
    bw_json_open(json, '{');
    for (size_t i = 0; i < labels.count; i++) {
        if (!is_address(labels.items[i]))
            bw_json_member_text(json, labels.items[i].name, labels.items[i].value);
    }
    bw_json_close(json, '}');
}

/* Neighbours with the same labels are a group, as they were when they came. */
void bw_target_list_write(const struct bw_target_list *list, struct bw_buf *out)
{
    struct bw_json json = bw_json_to(out);
    bw_json_open(&json, '[');
    for (size_t i = 0, end; i < list->count; i = end) {
        bw_json_open(&json, '{');
        bw_json_key(&json, "targets");
        bw_json_open(&json, '[');
        for (end = i; end < list->count && is_same(list->items[i], list->items[end], false); end++)
            bw_json_text(&json, bw_labels_value(list->items[end], "__address__"));
        bw_json_close(&json, ']');
        write_labels(&json, list->items[i]);
        bw_json_close(&json, '}');
    }
    bw_json_close(&json, ']');
}

enum bw_rc bw_target_list_recall(struct bw_arena *arena, const char *data, size_t size,
                                 struct bw_target_list *list, struct bw_err *err)
{
    const struct reading r = { arena, true, OWN_LABELS_MAX, { NULL, NULL }, list, err };
    return read_list(&r, data, size);
}
