// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/problems.h"

#include "base/limits.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void bw_problems_init(struct bw_problems *problems)
{
    *problems = (struct bw_problems){ 0 };
}

void bw_problems_fini(struct bw_problems *problems)
{
    free(problems->items);
    bw_arena_fini(&problems->arena);
    bw_problems_init(problems);
}

/* Keys and values come from the file: they must not move a terminal's cursor. */
static char *printable(char *text)
{
    for (char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    }
    return text;
}

void bw_problems_add(struct bw_problems *problems, struct bw_place at, const char *path,
                     const char *format, ...)
{
    const size_t order = problems->total++;
    if (problems->count == BW_CONF_ERRORS_MAX)
        return;
    struct bw_buf text;
    bw_buf_init(&text, 64u << 10);
    va_list args;
    va_start(args, format);
    bw_buf_vprintf(&text, format, args);
    va_end(args);
    problems->items =
        bw_grow(problems->items, &problems->cap, problems->count + 1, sizeof *problems->items);
    at.file = printable(bw_arena_strdup(&problems->arena, at.file != NULL ? at.file : ""));
    problems->items[problems->count++] = (struct bw_problem){
        .at = at,
        .path = printable(bw_arena_strdup(&problems->arena, path)),
        .message = printable(bw_arena_strdup(&problems->arena, text.data)),
        .order = order,
    };
    bw_buf_fini(&text);
}

static int compare_unsigned(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
    const struct bw_problem *a = left, *b = right;
    int order = strcmp(a->at.file, b->at.file);
    if (order == 0)
        order = compare_unsigned(a->at.line, b->at.line);
    if (order == 0)
        order = compare_unsigned(a->at.column, b->at.column);
    return order != 0 ? order : compare_unsigned(a->order, b->order);
}

void bw_problems_sort(struct bw_problems *problems)
{
    if (problems->count > 1)
        qsort(problems->items, problems->count, sizeof *problems->items, compare);
}

void bw_place_print(struct bw_place at, struct bw_buf *out)
{
    bw_buf_text(out, at.file != NULL ? at.file : "");
    if (at.line > 0)
        bw_buf_printf(out, ":%u:%u", at.line, at.column);
}

void bw_problem_print(const struct bw_problem *problem, struct bw_buf *out)
{
    bw_place_print(problem->at, out);
    if (problem->path[0] != '\0')
        bw_buf_printf(out, ": %s", problem->path);
    bw_buf_printf(out, ": %s", problem->message);
}

void bw_problems_print(struct bw_problems *problems, struct bw_buf *out)
{
    bw_problems_sort(problems);
    for (size_t i = 0; i < problems->count; i++) {
        bw_problem_print(&problems->items[i], out);
        bw_buf_char(out, '\n');
    }
    if (problems->total > problems->count)
        bw_buf_printf(out, "and %zu more\n", problems->total - problems->count);
}
