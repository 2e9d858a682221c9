// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/value.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct bw_value *make(struct bw_arena *arena, enum bw_value_kind kind)
{
    struct bw_value *value = bw_arena_alloc(arena, sizeof *value);
    value->kind = kind;
    return value;
}

struct bw_value *bw_value_object(struct bw_arena *arena)
{
    return make(arena, BW_VALUE_OBJECT);
}

struct bw_value *bw_value_list(struct bw_arena *arena)
{
    return make(arena, BW_VALUE_LIST);
}

struct bw_value *bw_value_add(struct bw_arena *arena, struct bw_value *in, const char *key,
                              struct bw_value *value)
{
    (void)arena;
    assert(in->kind == BW_VALUE_OBJECT ? key != NULL : in->kind == BW_VALUE_LIST && key == NULL);
    value->key = key;
    if (in->last != NULL)
        in->last->next = value;
    else
        in->first = value;
    in->last = value;
    in->count++;
    return value;
}

struct bw_value *bw_value_add_object(struct bw_arena *arena, struct bw_value *in, const char *key)
{
    return bw_value_add(arena, in, key, make(arena, BW_VALUE_OBJECT));
}

struct bw_value *bw_value_add_list(struct bw_arena *arena, struct bw_value *in, const char *key)
{
    return bw_value_add(arena, in, key, make(arena, BW_VALUE_LIST));
}

struct bw_value *bw_value_add_text(struct bw_arena *arena, struct bw_value *in, const char *key,
                                   const char *text)
{
    if (text == NULL)
        return bw_value_add_null(arena, in, key);
    struct bw_value *value = make(arena, BW_VALUE_TEXT);
    value->len = strlen(text);
    value->text = bw_arena_strndup(arena, text, value->len);
    return bw_value_add(arena, in, key, value);
}

struct bw_value *bw_value_add_printf(struct bw_arena *arena, struct bw_value *in, const char *key,
                                     const char *format, ...)
{
    struct bw_value *value = make(arena, BW_VALUE_TEXT);
    va_list args;
    va_start(args, format);
    value->len = (size_t)vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = bw_arena_alloc(arena, value->len + 1);
    va_start(args, format);
    vsnprintf(text, value->len + 1, format, args);
    va_end(args);
    value->text = text;
    return bw_value_add(arena, in, key, value);
}

struct bw_value *bw_value_add_number(struct bw_arena *arena, struct bw_value *in, const char *key,
                                     double number)
{
    struct bw_value *value = make(arena, BW_VALUE_NUMBER);
    value->number = number;
    return bw_value_add(arena, in, key, value);
}

struct bw_value *bw_value_add_int(struct bw_arena *arena, struct bw_value *in, const char *key,
                                  int64_t integer)
{
    struct bw_value *value = make(arena, BW_VALUE_INT);
    value->integer = integer;
    return bw_value_add(arena, in, key, value);
}

struct bw_value *bw_value_add_bool(struct bw_arena *arena, struct bw_value *in, const char *key,
                                   bool boolean)
{
    struct bw_value *value = make(arena, BW_VALUE_BOOL);
    value->boolean = boolean;
    return bw_value_add(arena, in, key, value);
}

struct bw_value *bw_value_add_null(struct bw_arena *arena, struct bw_value *in, const char *key)
{
    return bw_value_add(arena, in, key, make(arena, BW_VALUE_NULL));
}

const struct bw_value *bw_value_member(const struct bw_value *object, const char *key, size_t len)
{
    if (object == NULL || object->kind != BW_VALUE_OBJECT)
        return NULL;
    for (const struct bw_value *member = object->first; member != NULL; member = member->next) {
        if (strlen(member->key) == len && memcmp(member->key, key, len) == 0)
            return member;
    }
    return NULL;
}

static void children_to_json(struct bw_json *json, const struct bw_value *value)
{
    const bool object = value->kind == BW_VALUE_OBJECT;
    bw_json_open(json, object ? '{' : '[');
    for (const struct bw_value *child = value->first; child != NULL; child = child->next) {
        if (object)
            bw_json_key(json, child->key);
        bw_value_to_json(json, child);
    }
    bw_json_close(json, object ? '}' : ']');
}

void bw_value_to_json(struct bw_json *json, const struct bw_value *value)
{
    switch (value->kind) {
    case BW_VALUE_NULL:
        bw_json_null(json);
        break;
    case BW_VALUE_BOOL:
        bw_json_bool(json, value->boolean);
        break;
    case BW_VALUE_INT:
        bw_json_int(json, value->integer);
        break;
    case BW_VALUE_NUMBER:
        bw_json_double(json, value->number);
        break;
    case BW_VALUE_TEXT:
        bw_json_text_n(json, value->text, value->len);
        break;
    case BW_VALUE_LIST:
    case BW_VALUE_OBJECT:
        children_to_json(json, value);
        break;
    }
}
