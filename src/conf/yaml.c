// SPDX-License-Identifier: GPL-3.0-or-later
/* The only file that knows libfyaml. It reads the library's events, not its documents: so
 * aliases are followed by us, who count (conf/alias.h), and a duplicate key does not hide the
 * mistakes after it. */
#include "conf/yaml.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/alias.h"

#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

/* An open mapping or list. */
struct frame {
    struct bw_node *node;
    bool value_next; /* mapping: its key was read */
    const char *key; /* mapping: the last one */
    struct bw_place key_at;
};

struct reader {
    struct fy_parser *parser;
    struct bw_arena *arena;
    struct bw_problems *problems;
    const char *file;
    struct bw_node *root;
    struct frame stack[BW_CONF_DEPTH_MAX];
    size_t depth;
    struct bw_aliases aliases;
    size_t documents;
    bool stopped; /* nothing that follows can be understood */
};

/* Of a token whose mark stands behind its first character: a quote, & or *. */
static struct bw_place place_behind(struct bw_place at)
{
    at.column -= at.column > 1 ? 1 : 0;
    return at;
}

static struct bw_place place_of(const struct reader *r, const struct fy_mark *mark)
{
    if (mark == NULL)
        return (struct bw_place){ .file = r->file };
    return (struct bw_place){ r->file, (unsigned)mark->line + 1, (unsigned)mark->column + 1 };
}

static bool is_key_next(const struct reader *r)
{
    const struct frame *frame = r->depth > 0 ? &r->stack[r->depth - 1] : NULL;
    return frame != NULL && frame->node->kind == BW_NODE_MAP && !frame->value_next;
}

/* Path of what is being read: "services[1].checks". A key that is being read has none yet:
 * there it is the path of the mapping. */
static const char *path_of(const struct reader *r)
{
    const char *path = "";
    for (size_t i = 0; i < r->depth; i++) {
        const struct frame *frame = &r->stack[i];
        const bool top = i + 1 == r->depth;
        if (frame->node->kind == BW_NODE_LIST)
            path = bw_arena_printf(r->arena, "%s[%zu]", path, frame->node->count - (top ? 0 : 1));
        else if (!top || frame->value_next)
            path =
                bw_arena_printf(r->arena, "%s%s%s", path, path[0] != '\0' ? "." : "", frame->key);
    }
    return path;
}

static void problem(struct reader *r, struct bw_place at, const char *message)
{
    bw_problems_add(r->problems, at, path_of(r), "%s", message);
}

static void stop(struct reader *r, struct bw_place at, const char *message)
{
    problem(r, at, message);
    r->stopped = true;
}

/* Hangs a finished or opened node where it belongs. */
static void put(struct reader *r, struct bw_node *node)
{
    if (r->depth == 0) {
        r->root = node;
        return;
    }
    struct frame *frame = &r->stack[r->depth - 1];
    if (frame->node->kind == BW_NODE_MAP) {
        node->key = frame->key;
        node->key_at = frame->key_at;
        frame->value_next = false;
    }
    bw_node_append(frame->node, node);
    if (frame->node->kind == BW_NODE_MAP && frame->node->count > BW_CONF_KEYS_MAX)
        stop(r, node->key_at, "too many keys in one mapping");
}

static const char *text_of(struct reader *r, struct fy_token *token)
{
    size_t len = 0;
    const char *text = fy_token_get_text(token, &len);
    return bw_arena_strndup(r->arena, text != NULL ? text : "", text != NULL ? len : 0);
}

/* Tags are what a configuration has no use for, and can hide what is meant. `node` NULL: a key. */
static void take_properties(struct reader *r, struct fy_event *event, const struct bw_node *node)
{
    struct fy_token *anchor = fy_event_get_anchor_token(event);
    struct fy_token *tag = fy_event_get_tag_token(event);
    if (anchor != NULL && node != NULL)
        bw_alias_name(&r->aliases, text_of(r, anchor), node);
    else if (anchor != NULL)
        problem(r, place_behind(place_of(r, fy_token_start_mark(anchor))),
                "an anchor of a key is not supported");
    if (tag != NULL)
        problem(r, place_of(r, fy_token_start_mark(tag)), "tags are not supported");
}

static void open_node(struct reader *r, struct fy_event *event, enum bw_node_kind kind)
{
    const struct bw_place at = place_of(r, fy_event_start_mark(event));
    if (is_key_next(r)) {
        stop(r, at, "a key must be text");
        return;
    }
    if (r->depth == BW_CONF_DEPTH_MAX) {
        stop(r, at, "mappings and lists are nested too deeply");
        return;
    }
    struct bw_node *node = bw_node_new(r->arena, kind, at);
    take_properties(r, event, node);
    put(r, node);
    r->stack[r->depth++] = (struct frame){ .node = node };
}

static int compare_keys(const void *left, const void *right)
{
    const struct bw_node *const *a = left, *const *b = right;
    const int order = strcmp((*a)->key, (*b)->key);
    if (order != 0)
        return order;
    if ((*a)->key_at.line != (*b)->key_at.line)
        return (*a)->key_at.line < (*b)->key_at.line ? -1 : 1;
    return (*a)->key_at.column < (*b)->key_at.column ? -1 : 1;
}

static void refuse_duplicates(struct reader *r, const struct bw_node *map)
{
    if (map->count < 2)
        return;
    const struct bw_node **sorted = bw_alloc_array(map->count, sizeof *sorted);
    size_t n = 0;
    for (const struct bw_node *child = map->first; child != NULL; child = child->next)
        sorted[n++] = child;
    qsort(sorted, n, sizeof *sorted, compare_keys);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
            bw_problems_add(r->problems, sorted[i]->key_at, path_of(r),
                            "key '%s' stands here a second time, first at line %u", sorted[i]->key,
                            sorted[i - 1]->key_at.line);
    }
    free(sorted);
}

static void take_in(struct reader *r, struct bw_node *map)
{
    const struct bw_node *merged = bw_node_find(map, "<<");
    const struct bw_place at = merged != NULL ? merged->key_at : map->at;
    if (!bw_alias_take_in(r->arena, map))
        problem(r, at, "'<<' takes in a mapping, or a list of them");
    else if (map->count > BW_CONF_KEYS_MAX)
        stop(r, at, "too many keys in one mapping");
}

static void close_node(struct reader *r)
{
    struct bw_node *node = r->stack[r->depth - 1].node;
    if (node->kind == BW_NODE_MAP) {
        refuse_duplicates(r, node);
        take_in(r, node);
    }
    r->depth--;
}

/* An empty value has no mark: the key or the list has to do. */
static struct bw_place place_of_scalar(const struct reader *r, struct fy_event *event,
                                       struct fy_token *token)
{
    const struct fy_mark *mark = fy_event_start_mark(event);
    const struct bw_place at = place_of(r, mark);
    if (mark == NULL && r->depth > 0) {
        const struct frame *frame = &r->stack[r->depth - 1];
        return frame->value_next ? frame->key_at : frame->node->at;
    }
    const enum fy_scalar_style style = token != NULL ? fy_token_scalar_style(token) : FYSS_PLAIN;
    const bool in_quotes = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    return in_quotes ? place_behind(at) : at;
}

static void read_scalar(struct reader *r, struct fy_event *event)
{
    struct fy_token *token = fy_event_get_token(event);
    const struct bw_place at = place_of_scalar(r, event, token);
    size_t len = 0;
    const char *text = token != NULL ? fy_token_get_text(token, &len) : NULL;
    if (text != NULL && memchr(text, '\0', len) != NULL) {
        stop(r, at, "a NUL byte has no place in a configuration"); /* from "\0" in quotes */
        return;
    }
    const char *copy = bw_arena_strndup(r->arena, text != NULL ? text : "", len);
    if (is_key_next(r)) {
        struct frame *frame = &r->stack[r->depth - 1];
        take_properties(r, event, NULL);
        frame->key = copy;
        frame->key_at = at;
        frame->value_next = true;
        return;
    }
    struct bw_node *node = bw_node_new(r->arena, BW_NODE_SCALAR, at);
    node->text = copy;
    node->quoted = token != NULL && fy_token_scalar_style(token) != FYSS_PLAIN;
    take_properties(r, event, node);
    put(r, node);
}

static bool is_open(const struct reader *r, const struct bw_node *node)
{
    for (size_t i = 0; i < r->depth; i++) {
        if (r->stack[i].node == node)
            return true;
    }
    return false;
}

static void read_alias(struct reader *r, struct fy_event *event)
{
    const struct bw_place at = place_behind(place_of(r, fy_event_start_mark(event)));
    if (is_key_next(r)) {
        stop(r, at, "a key must be text");
        return;
    }
    const struct bw_node *meant = bw_alias_find(&r->aliases, text_of(r, fy_event_get_token(event)));
    struct bw_node *node = NULL;
    if (meant == NULL)
        problem(r, at, "an alias of what has no anchor before it");
    else if (is_open(r, meant))
        problem(r, at, "an alias of what it is part of");
    else if ((node = bw_alias_copy(&r->aliases, meant, BW_CONF_DEPTH_MAX - r->depth)) == NULL)
        stop(r, at, "aliases stand for too much, or nest too deeply");
    if (r->stopped)
        return;
    if (node == NULL)
        node = bw_node_text_new(r->arena, "", at);
    put(r, node);
}

static void read_event(struct reader *r, struct fy_event *event)
{
    switch (event->type) {
    case FYET_DOCUMENT_START:
        if (++r->documents > 1)
            stop(r, place_of(r, fy_event_start_mark(event)),
                 "a second document: one file holds one");
        break;
    case FYET_MAPPING_START:
        open_node(r, event, BW_NODE_MAP);
        break;
    case FYET_SEQUENCE_START:
        open_node(r, event, BW_NODE_LIST);
        break;
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        close_node(r);
        break;
    case FYET_SCALAR:
        read_scalar(r, event);
        break;
    case FYET_ALIAS:
        read_alias(r, event);
        break;
    default:
        break;
    }
}

/* What the library itself found wrong. */
static void take_errors(struct reader *r, struct fy_diag *diag)
{
    const size_t before = r->problems->total;
    void *iterator = NULL;
    const struct fy_diag_error *error;
    while ((error = fy_diag_errors_iterate(diag, &iterator)) != NULL) {
        /* These count from 1, unlike marks. */
        const struct bw_place at = { r->file, (unsigned)error->line, (unsigned)error->column };
        bw_problems_add(r->problems, at, "", "not YAML: %s", error->msg);
    }
    if (r->problems->total == before)
        bw_problems_add(r->problems, place_of(r, NULL), "", "not YAML");
}

static void read_events(struct reader *r, struct fy_diag *diag)
{
    bool ended = false;
    struct fy_event *event;
    while (!r->stopped && (event = fy_parser_parse(r->parser)) != NULL) {
        ended = event->type == FYET_STREAM_END;
        read_event(r, event);
        fy_parser_event_free(r->parser, event);
    }
    if (!r->stopped && (!ended || fy_diag_got_error(diag)))
        take_errors(r, diag);
}

/* The library accepts both silently. */
static bool refuse_bytes(const char *file, const char *data, size_t size,
                         struct bw_problems *problems)
{
    if (size > BW_CONF_FILE_BYTES_MAX) {
        bw_problems_add(problems, (struct bw_place){ .file = file }, "",
                        "more than %u MiB: too large for a configuration",
                        BW_CONF_FILE_BYTES_MAX >> 20);
        return true;
    }
    const size_t valid = bw_utf8_valid_prefix(data, size);
    const char *nul = valid > 0 ? memchr(data, '\0', valid) : NULL;
    const size_t bad = nul != NULL ? (size_t)(nul - data) : valid;
    if (bad == size)
        return false;
    struct bw_place at = { .file = file, .line = 1, .column = 1 };
    for (size_t i = 0; i < bad; i++) {
        if (data[i] == '\n') {
            at.line++;
            at.column = 1;
        } else if (((unsigned char)data[i] & 0xc0) != 0x80) {
            at.column++;
        }
    }
    bw_problems_add(problems, at, "", "%s",
                    nul != NULL ? "a NUL byte has no place in a configuration"
                                : "not UTF-8: save the file in that encoding");
    return true;
}

static void parse(struct reader *r, const char *data, size_t size)
{
    struct fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.colorize = false;
    struct fy_diag *diag = fy_diag_create(&diag_cfg);
    fy_diag_set_collect_errors(diag, true);
    const struct fy_parse_cfg cfg = { .flags = FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
                                      .diag = diag };
    r->parser = fy_parser_create(&cfg);
    if (r->parser != NULL && fy_parser_set_string(r->parser, data, size) == 0)
        read_events(r, diag);
    else
        take_errors(r, diag);
    fy_parser_destroy(r->parser);
    fy_diag_destroy(diag);
}

struct bw_node *bw_yaml_read(const char *file, const char *data, size_t size,
                             struct bw_arena *arena, struct bw_problems *problems)
{
    const size_t before = problems->total;
    if (refuse_bytes(file, data, size, problems))
        return NULL;
    struct reader *r = bw_alloc(sizeof *r);
    r->arena = arena;
    r->aliases.arena = arena;
    r->problems = problems;
    r->file = bw_arena_strdup(arena, file);
    if (size > 0)
        parse(r, data, size);
    struct bw_node *root = r->root;
    if (root == NULL || bw_node_is_null(root))
        root = bw_node_new(arena, BW_NODE_MAP, (struct bw_place){ r->file, 1, 1 });
    free(r);
    return problems->total == before ? root : NULL;
}
