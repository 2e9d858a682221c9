// SPDX-License-Identifier: GPL-3.0-or-later
/* model/value.h: a small document tree (as JSON has it) in an arena: what pages, reports and
 * API answers are built as, before a template or the JSON writer says them. */
#ifndef MODEL_VALUE_H
#define MODEL_VALUE_H

#include "base/arena.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_value_kind {
    BW_VALUE_NULL,
    BW_VALUE_BOOL,
    BW_VALUE_INT,
    BW_VALUE_NUMBER,
    BW_VALUE_TEXT,
    BW_VALUE_LIST,
    BW_VALUE_OBJECT,
};

struct bw_value {
    enum bw_value_kind kind;
    const char *key; /* of a member of an object, else NULL */
    union {
        bool boolean;
        int64_t integer;
        double number;
        struct {
            const char *text;
            size_t len;
        };
        struct {
            struct bw_value *first, *last;
            size_t count;
        };
    };
    struct bw_value *next; /* in the list or object it is in */
};

struct bw_value *bw_value_object(struct bw_arena *arena);
struct bw_value *bw_value_list(struct bw_arena *arena);

/* Each adds a member to an object (or an item to a list, key NULL) and returns it. Keys are
 * borrowed, text is copied; text NULL adds null. */
struct bw_value *bw_value_add(struct bw_arena *arena, struct bw_value *in, const char *key,
                              struct bw_value *value);
struct bw_value *bw_value_add_object(struct bw_arena *arena, struct bw_value *in, const char *key);
struct bw_value *bw_value_add_list(struct bw_arena *arena, struct bw_value *in, const char *key);
struct bw_value *bw_value_add_text(struct bw_arena *arena, struct bw_value *in, const char *key,
                                   const char *text);
struct bw_value *bw_value_add_printf(struct bw_arena *arena, struct bw_value *in, const char *key,
                                     const char *format, ...)
    __attribute__((format(printf, 4, 5)));
struct bw_value *bw_value_add_number(struct bw_arena *arena, struct bw_value *in, const char *key,
                                     double number);
struct bw_value *bw_value_add_int(struct bw_arena *arena, struct bw_value *in, const char *key,
                                  int64_t integer);
struct bw_value *bw_value_add_bool(struct bw_arena *arena, struct bw_value *in, const char *key,
                                   bool boolean);
struct bw_value *bw_value_add_null(struct bw_arena *arena, struct bw_value *in, const char *key);

/* The member of that name, or NULL; `len` bytes of `key`. */
const struct bw_value *bw_value_member(const struct bw_value *object, const char *key, size_t len);

/* Writes the tree as one JSON value. */
void bw_value_to_json(struct bw_json *json, const struct bw_value *value);

#endif
