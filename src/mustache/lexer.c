// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/mem.h"
#include "mustache/part.h"

#include <string.h>

struct lexer {
    struct bw_template *tmpl;
    struct bw_template_delimiters delimiters;
    size_t at;

    /* Line and column of the byte at `seen`; only ever moves on, so that positions cost one
     * pass over the text. */
    size_t seen;
    unsigned line, column;
    struct bw_err *err;
};

/* One tag's text: sigil and name are what stands between the delimiters. */
struct tag {
    size_t begin, end;
    struct bw_span content;
    enum bw_part_type type;
};

static const struct {
    char sigil;
    enum bw_part_type type;
} sigils[] = {
    { '#', BW_PART_SECTION }, { '^', BW_PART_INVERTED }, { '<', BW_PART_PARENT },
    { '$', BW_PART_BLOCK },   { '/', BW_PART_END },      { '>', BW_PART_PARTIAL },
    { '!', BW_PART_COMMENT }, { '&', BW_PART_RAW },      { '=', BW_PART_DELIMITERS },
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static enum bw_part_type type_of_sigil(char c)
{
    for (size_t i = 0; i < sizeof sigils / sizeof *sigils; i++) {
        if (sigils[i].sigil == c)
            return sigils[i].type;
    }
    return BW_PART_ESCAPED;
}

/* Offset of `what` at or after `from`, or the length of the text. */
static size_t find(const struct lexer *lx, struct bw_span what, size_t from)
{
    const struct bw_template *t = lx->tmpl;
    if (from >= t->len)
        return t->len;
    const char *hit = memmem(t->text + from, t->len - from, what.data, what.len);
    return hit != NULL ? (size_t)(hit - t->text) : t->len;
}

static void advance_to(struct lexer *lx, size_t at)
{
    for (; lx->seen < at; lx->seen++) {
        const unsigned char c = (unsigned char)lx->tmpl->text[lx->seen];
        if (c == '\n') {
            lx->line++;
            lx->column = 1;
        } else if ((c & 0xc0) != 0x80) {
            lx->column++;
        }
    }
}

static struct bw_template_part *add_part(struct lexer *lx, enum bw_part_type type, size_t begin,
                                         size_t end)
{
    struct bw_template *t = lx->tmpl;
    t->parts = bw_grow(t->parts, &t->cap, t->count + 1, sizeof *t->parts);
    advance_to(lx, begin);
    t->parts[t->count] = (struct bw_template_part){ .type = type,
                                                    .line = lx->line,
                                                    .column = lx->column,
                                                    .begin = begin,
                                                    .end = end,
                                                    .jump = t->count };
    return &t->parts[t->count++];
}

static void add_text(struct lexer *lx, size_t begin, size_t end)
{
    const char *text = lx->tmpl->text;
    while (begin < end) {
        const char *newline = memchr(text + begin, '\n', end - begin);
        const size_t cut = newline != NULL ? (size_t)(newline - text) + 1 : end;
        struct bw_template_part *part = add_part(lx, BW_PART_TEXT, begin, cut);
        part->line_start = begin == 0 || text[begin - 1] == '\n';
        begin = cut;
    }
}

static enum bw_rc fail_at(struct lexer *lx, const struct tag *tag, const char *problem)
{
    advance_to(lx, tag->begin);
    return bw_fail(lx->err, BW_EINVAL, "%.100s:%u:%u: %s", lx->tmpl->file, lx->line, lx->column,
                   problem);
}

/* Where the tag whose content begins at `from` closes, when `mark` (0: nothing) must stand
 * right before the closing delimiter, as in {{{a}}} and {{=a b=}}. */
static size_t find_close(const struct lexer *lx, size_t from, char mark)
{
    const struct bw_template *t = lx->tmpl;
    size_t at = find(lx, lx->delimiters.close, from);
    while (mark != '\0' && at < t->len && (at == from || t->text[at - 1] != mark))
        at = find(lx, lx->delimiters.close, at + 1);
    return at;
}

/* Reads the tag that opens at tag->begin. */
static enum bw_rc read_tag(struct lexer *lx, struct tag *tag)
{
    const struct bw_template *t = lx->tmpl;
    const bool braces = bw_span_is(lx->delimiters.open, "{{");
    size_t at = tag->begin + lx->delimiters.open.len;
    char mark = '\0';
    if (braces && at < t->len && t->text[at] == '{') {
        tag->type = BW_PART_RAW;
        mark = '}';
        at++;
    } else {
        while (at < t->len && is_space(t->text[at]))
            at++;
        tag->type = at < t->len ? type_of_sigil(t->text[at]) : BW_PART_ESCAPED;
        mark = tag->type == BW_PART_DELIMITERS ? '=' : '\0';
        at += tag->type != BW_PART_ESCAPED;
    }
    const size_t close = find_close(lx, at, mark);
    if (close == t->len)
        return fail_at(lx, tag, "this tag is never closed");
    const size_t content_end = close - (mark != '\0');
    tag->content = bw_span_trim((struct bw_span){ t->text + at, content_end - at });
    tag->end = close + lx->delimiters.close.len;
    return BW_OK;
}

static bool has_space(struct bw_span span)
{
    for (size_t i = 0; i < span.len; i++) {
        if (is_space(span.data[i]))
            return true;
    }
    return false;
}

/* "<% %>": two words without '='. */
static enum bw_rc change_delimiters(struct lexer *lx, const struct tag *tag)
{
    struct bw_span open = tag->content;
    for (size_t i = 0; i < open.len; i++) {
        if (is_space(open.data[i]))
            open.len = i;
    }
    const struct bw_span rest = { tag->content.data + open.len, tag->content.len - open.len };
    const struct bw_span close = bw_span_trim(rest);
    if (open.len == 0 || close.len == 0 || has_space(close)
        || memchr(tag->content.data, '=', tag->content.len) != NULL)
        return fail_at(lx, tag, "new delimiters must be two words without '=': {{=<% %>=}}");
    lx->delimiters = (struct bw_template_delimiters){ open, close };
    return BW_OK;
}

static enum bw_rc add_tag(struct lexer *lx, const struct tag *tag)
{
    struct bw_span name = tag->content;
    bool dynamic = false;
    if ((tag->type == BW_PART_PARTIAL || tag->type == BW_PART_PARENT) && name.len > 0
        && name.data[0] == '*') {
        dynamic = true;
        name = bw_span_trim((struct bw_span){ name.data + 1, name.len - 1 });
    }
    if (name.len == 0 && tag->type != BW_PART_COMMENT)
        return fail_at(lx, tag, "this tag has no name");
    struct bw_template_part *part = add_part(lx, tag->type, tag->begin, tag->end);
    part->name = name;
    part->dynamic = dynamic;
    part->delimiters = lx->delimiters;
    return BW_OK;
}

enum bw_rc bw_template_lex(struct bw_template *tmpl, struct bw_template_delimiters delimiters,
                           struct bw_err *err)
{
    struct lexer lx = {
        .tmpl = tmpl, .delimiters = delimiters, .line = 1, .column = 1, .err = err
    };
    while (lx.at < tmpl->len) {
        struct tag tag = { .begin = find(&lx, lx.delimiters.open, lx.at) };
        add_text(&lx, lx.at, tag.begin);
        if (tag.begin == tmpl->len)
            break;
        enum bw_rc rc = read_tag(&lx, &tag);
        if (rc == BW_OK && tag.type == BW_PART_DELIMITERS)
            rc = change_delimiters(&lx, &tag);
        if (rc == BW_OK)
            rc = add_tag(&lx, &tag);
        if (rc != BW_OK)
            return rc;
        lx.at = tag.end;
    }
    return BW_OK;
}
