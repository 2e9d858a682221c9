// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/document.h"

#include "base/escape.h"
#include "base/mem.h"
#include "conf/default.h"

#include <stdlib.h>
#include <string.h>

static void add_group(const struct bw_opt_group *group, struct bw_opt_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        if (groups->items[i] == group)
            return;
    }
    groups->items = bw_grow(groups->items, &groups->cap, groups->count + 1, sizeof(void *));
    groups->items[groups->count++] = group;
}

void bw_opt_groups_init(struct bw_opt_groups *groups, const struct bw_opt_group *group)
{
    *groups = (struct bw_opt_groups){ 0 };
    add_group(group, groups);
    for (size_t done = 0; done < groups->count; done++) {
        for (const struct bw_opt *row = groups->items[done]->opts; row->name != NULL; row++) {
            if (row->group != NULL && (row->flags & BW_OPT_HIDDEN) == 0)
                add_group(row->group, groups);
        }
    }
}

void bw_opt_groups_fini(struct bw_opt_groups *groups)
{
    free(groups->items);
    *groups = (struct bw_opt_groups){ 0 };
}

const char *bw_opt_type_text(enum bw_opt_type type)
{
    static const char *const texts[] = {
        [BW_OPT_BOOL] = "true or false",
        [BW_OPT_INT] = "whole number",
        [BW_OPT_NUMBER] = "number",
        [BW_OPT_DURATION] = "duration",
        [BW_OPT_BYTES] = "size",
        [BW_OPT_RATIO] = "ratio",
        [BW_OPT_STRING] = "text",
        [BW_OPT_ENUM] = "one of",
        [BW_OPT_STRINGS] = "list of texts",
        [BW_OPT_INTS] = "list of whole numbers",
        [BW_OPT_DURATIONS] = "list of durations",
        [BW_OPT_MAP] = "mapping of text to text",
        [BW_OPT_MULTIMAP] = "mapping of text to texts",
        [BW_OPT_GROUP] = "mapping",
        [BW_OPT_GROUPS] = "list of",
        [BW_OPT_NAMED] = "mapping of names to",
        [BW_OPT_NODE] = "as described",
        [BW_OPT_GROUP_PTR] = "mapping",
    };
    const char *text = (size_t)type < sizeof texts / sizeof *texts ? texts[type] : NULL;
    return text != NULL ? text : "unknown";
}

static void put_escaped(struct bw_buf *out, const char *text)
{
    bw_escape_md(out, text, strlen(text));
}

/* Help is our own Markdown: only the border of a table's cell must not stand in it. */
static void put_help(struct bw_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            bw_buf_char(out, '\\');
        bw_buf_char(out, *text);
    }
}

/* Code in a table cell: nothing in it needs escaping but the cell's border. */
static void put_code(struct bw_buf *out, const char *text)
{
    bw_buf_char(out, '`');
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '|')
            bw_buf_char(out, '\\');
        bw_buf_char(out, *p == '\n' || *p == '`' ? ' ' : *p);
    }
    bw_buf_char(out, '`');
}

/* A link to the group's heading, by the rule of common Markdown renderers. */
static void put_link(struct bw_buf *out, const struct bw_opt_group *group)
{
    bw_buf_char(out, '[');
    put_escaped(out, group->name);
    bw_buf_text(out, "](#");
    for (const char *p = group->name; *p != '\0'; p++) {
        if (*p == ' ')
            bw_buf_char(out, '-');
        else if (*p >= 'A' && *p <= 'Z')
            bw_buf_char(out, (char)(*p - 'A' + 'a'));
        else if (strchr("./:()", *p) == NULL)
            bw_buf_char(out, *p);
    }
    bw_buf_char(out, ')');
}

static void put_type(struct bw_buf *out, const struct bw_opt *row)
{
    const bool grouped = row->type == BW_OPT_GROUP || row->type == BW_OPT_GROUP_PTR;
    if (!grouped)
        bw_buf_text(out, bw_opt_type_text(row->type));
    if (row->type == BW_OPT_ENUM) {
        for (const struct bw_opt_name *word = row->names; word->name != NULL; word++) {
            bw_buf_text(out, word == row->names ? " " : ", ");
            put_code(out, word->name);
        }
    } else if (row->group != NULL) {
        if (!grouped)
            bw_buf_char(out, ' ');
        put_link(out, row->group);
    }
    if ((row->flags & BW_OPT_SECRET) != 0)
        bw_buf_text(out, ", secret");
}

static void put_default(struct bw_buf *out, const struct bw_opt *row)
{
    if ((row->flags & BW_OPT_REQUIRED) != 0)
        bw_buf_text(out, "required");
    else if (row->def != NULL && (row->flags & BW_OPT_SECRET) == 0 && !bw_default_is_nan(row))
        put_code(out, row->def[0] != '\0' ? row->def : "\"\"");
    else if (row->type == BW_OPT_BOOL)
        put_code(out, "false");
}

static void put_row(struct bw_buf *out, const struct bw_opt *row)
{
    bw_buf_text(out, "| ");
    put_code(out, row->name);
    if ((row->flags & (BW_OPT_SECRET | BW_OPT_OWN_FILE)) == BW_OPT_SECRET
        && row->type == BW_OPT_STRING)
        bw_buf_printf(out, " or `%s_file`", row->name);
    bw_buf_text(out, " | ");
    put_type(out, row);
    bw_buf_text(out, " | ");
    put_default(out, row);
    bw_buf_text(out, " | ");
    if (row->range != NULL)
        put_code(out, row->range);
    bw_buf_text(out, " | ");
    if (row->help != NULL)
        put_help(out, row->help);
    bw_buf_text(out, " |\n");
}

void bw_conf_document_group(struct bw_buf *out, const struct bw_opt_group *group, unsigned level,
                            const char *title)
{
    bw_buf_fill(out, '#', level);
    bw_buf_char(out, ' ');
    put_escaped(out, title != NULL ? title : group->name);
    bw_buf_text(out, "\n\n");
    if (group->help != NULL)
        bw_buf_printf(out, "%s\n\n", group->help);
    bw_buf_text(out, "| Key | Type | Default | Range | Meaning |\n"
                     "| --- | --- | --- | --- | --- |\n");
    for (const struct bw_opt *row = group->opts; row->name != NULL; row++) {
        if ((row->flags & BW_OPT_HIDDEN) == 0)
            put_row(out, row);
    }
}

void bw_conf_document(struct bw_buf *out, const struct bw_opt_group *group)
{
    struct bw_opt_groups groups;
    bw_opt_groups_init(&groups, group);
    for (size_t i = 0; i < groups.count; i++) {
        if (i > 0)
            bw_buf_char(out, '\n');
        bw_conf_document_group(out, groups.items[i], 2, NULL);
    }
    bw_opt_groups_fini(&groups);
}
