// SPDX-License-Identifier: GPL-3.0-or-later
/* Which lines vanish because they hold nothing but a tag, and what their blanks become.
 *
 * The specification's rules, over one line (blanks, tags, newline; a tag may span lines):
 *   - one tag alone that renders nothing in place: the line goes;
 *   - nothing but parent and block tags: the line goes too, as a whole;
 *   - but blocks that open and close on it stand in for text: the line stays, and only the
 *     further lines of what overrides the block are indented like it.
 * A partial's, parent's or block's blanks come back in front of every line that is put in its
 * place. A block's are those of the first line in its body, if it has one. */
#include "mustache/part.h"

struct line {
    size_t first, last;    /* parts */
    size_t begin, end;     /* text */
    size_t tags, own_tags; /* own: parent and block tags and their ENDs */
    size_t first_tag, last_tag;
    bool blank;     /* no text but blanks */
    bool contained; /* blocks only, each opened and closed here */
};

static bool is_blank_text(const char *text, size_t len)
{
    if (len > 0 && text[len - 1] == '\n')
        len -= len > 1 && text[len - 2] == '\r' ? 2 : 1;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != ' ' && text[i] != '\t')
            return false;
    }
    return true;
}

static size_t count_blanks(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && (text[n] == ' ' || text[n] == '\t'))
        n++;
    return n;
}

static const struct bw_template_part *opener_of(const struct bw_template *t,
                                                const struct bw_template_part *part)
{
    return part->type == BW_PART_END ? &t->parts[part->jump] : part;
}

static void add_tag(struct line *line, const struct bw_template *t, size_t i)
{
    const struct bw_template_part *part = &t->parts[i];
    const enum bw_part_type type = opener_of(t, part)->type;
    if (line->tags++ == 0)
        line->first_tag = i;
    line->last_tag = i;
    line->own_tags += type == BW_PART_PARENT || type == BW_PART_BLOCK;
    /* The END of a block opened here is known to be here only if its opener is; that the
     * opener's END is here too follows once `last` is known. */
    if (type != BW_PART_BLOCK || (part->type == BW_PART_END && part->jump < line->first))
        line->contained = false;
}

/* The line that begins with part `first`. */
static struct line read_line(const struct bw_template *t, size_t first)
{
    struct line line = { .first = first, .last = first, .blank = true, .contained = true };
    line.begin = t->parts[first].begin;
    for (size_t i = first; i < t->count; i++) {
        const struct bw_template_part *part = &t->parts[i];
        line.last = i;
        line.end = part->end;
        if (part->type != BW_PART_TEXT) {
            add_tag(&line, t, i);
            continue;
        }
        const char *text = t->text + part->begin;
        line.blank = line.blank && is_blank_text(text, part->end - part->begin);
        if (t->text[part->end - 1] == '\n')
            break;
    }
    for (size_t i = line.first; i <= line.last; i++) {
        if (bw_part_is_opener(&t->parts[i]) && t->parts[i].jump > line.last)
            line.contained = false;
    }
    return line;
}

static bool renders_in_place(const struct bw_template_part *part)
{
    return part->type == BW_PART_ESCAPED || part->type == BW_PART_RAW;
}

static bool is_standalone(const struct bw_template *t, const struct line *line)
{
    if (!line->blank || line->tags == 0)
        return false;
    if (line->tags == 1)
        return !renders_in_place(&t->parts[line->first_tag]);
    return line->own_tags == line->tags && !line->contained;
}

static struct bw_span indent_of(const struct bw_template *t, const struct line *line)
{
    const char *text = t->text + line->begin;
    return (struct bw_span){ text, count_blanks(text, line->end - line->begin) };
}

static void set_indents(struct bw_template *t, const struct line *line)
{
    for (size_t i = line->first; i <= line->last; i++) {
        struct bw_template_part *part = &t->parts[i];
        if (part->type == BW_PART_TEXT) {
            part->type = BW_PART_NOTHING;
        } else {
            part->standalone = true;
            part->indent = indent_of(t, line);
        }
    }
}

/* An END was reached, so the opener's body is known. */
static void close_body(const struct bw_template *t, struct bw_template_part *opener, size_t end,
                       bool starts_line)
{
    opener->body_end = end;
    if (opener->type != BW_PART_BLOCK || !starts_line || end <= opener->body_begin)
        return;
    const char *body = t->text + opener->body_begin;
    opener->indent = (struct bw_span){ body, count_blanks(body, end - opener->body_begin) };
    opener->strip = opener->indent.len;
}

static void set_bodies(struct bw_template *t, const struct line *line, bool standalone)
{
    for (size_t i = line->first; i <= line->last; i++) {
        struct bw_template_part *part = &t->parts[i];
        if (bw_part_is_opener(part)) {
            part->body_begin = standalone && i == line->last_tag ? line->end : part->end;
        } else if (part->type == BW_PART_END) {
            struct bw_template_part *opener = &t->parts[part->jump];
            const size_t end = standalone && i == line->first_tag ? line->begin : part->begin;
            /* A body starts a line when its opener swallowed the rest of the line before. */
            close_body(t, opener, end, opener->standalone && opener->body_begin > opener->end);
        }
    }
}

void bw_template_mark_lines(struct bw_template *tmpl)
{
    for (size_t i = 0; i < tmpl->count;) {
        const struct line line = read_line(tmpl, i);
        const bool standalone = is_standalone(tmpl, &line);
        if (standalone)
            set_indents(tmpl, &line);
        else if (line.blank && line.tags > 0 && line.contained)
            tmpl->parts[line.first_tag].indent = indent_of(tmpl, &line);
        set_bodies(tmpl, &line, standalone);
        i = line.last + 1;
    }
}
