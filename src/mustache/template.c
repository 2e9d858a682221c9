// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/limits.h"
#include "base/mem.h"
#include "mustache/part.h"

#include <stdlib.h>
#include <string.h>

bool bw_part_is_opener(const struct bw_template_part *part)
{
    return part->type >= BW_PART_SECTION && part->type <= BW_PART_BLOCK;
}

struct bw_template_delimiters bw_template_default_delimiters(void)
{
    return (struct bw_template_delimiters){ bw_span_of("{{"), bw_span_of("}}") };
}

/* At most 40 bytes of a name are shown in a message. */
static int shown(struct bw_span name)
{
    return name.len < 40 ? (int)name.len : 40;
}

static const char *noun_of(const struct bw_template_part *opener)
{
    static const char *const nouns[BW_PART_TYPE_COUNT] = {
        [BW_PART_SECTION] = "section",
        [BW_PART_INVERTED] = "section",
        [BW_PART_PARENT] = "parent",
        [BW_PART_BLOCK] = "block",
    };
    return nouns[opener->type];
}

/* A dynamic parent repeats its star when it closes, everything else its bare name. */
static bool closes(const struct bw_template_part *end, const struct bw_template_part *opener)
{
    struct bw_span name = end->name;
    if (opener->dynamic) {
        if (name.data[0] != '*')
            return false;
        name = bw_span_trim((struct bw_span){ name.data + 1, name.len - 1 });
    }
    return name.len == opener->name.len && memcmp(name.data, opener->name.data, name.len) == 0;
}

static enum bw_rc fail_mismatch(const struct bw_template *t, const struct bw_template_part *end,
                                const struct bw_template_part *opener, struct bw_err *err)
{
    return bw_fail(err, BW_EINVAL, "%.100s:%u:%u: %s '%.*s' (opened at %u:%u) is closed by '%.*s'",
                   t->file, end->line, end->column, noun_of(opener), shown(opener->name),
                   opener->name.data, opener->line, opener->column, shown(end->name),
                   end->name.data);
}

static enum bw_rc fail_named(const struct bw_template *t, const struct bw_template_part *part,
                             const char *noun, const char *problem, struct bw_err *err)
{
    return bw_fail(err, BW_EINVAL, "%.100s:%u:%u: %s '%.*s' %s", t->file, part->line, part->column,
                   noun, shown(part->name), part->name.data, problem);
}

/* The openers that wait for their END. */
struct nesting {
    size_t open[BW_TEMPLATE_DEPTH_MAX];
    size_t depth;
};

static enum bw_rc match_opener(struct bw_template *t, struct nesting *nest, size_t i,
                               struct bw_err *err)
{
    const struct bw_template_part *part = &t->parts[i];
    if (nest->depth == BW_TEMPLATE_DEPTH_MAX)
        return fail_named(t, part, noun_of(part), "is nested too deeply", err);
    nest->open[nest->depth++] = i;
    return BW_OK;
}

static enum bw_rc match_end(struct bw_template *t, struct nesting *nest, size_t i,
                            struct bw_err *err)
{
    struct bw_template_part *end = &t->parts[i];
    if (nest->depth == 0)
        return fail_named(t, end, "section", "is closed but was never opened", err);
    struct bw_template_part *opener = &t->parts[nest->open[--nest->depth]];
    if (!closes(end, opener))
        return fail_mismatch(t, end, opener, err);
    end->jump = opener->jump;
    opener->jump = i;
    return BW_OK;
}

static enum bw_rc match_sections(struct bw_template *t, struct bw_err *err)
{
    struct nesting nest = { .depth = 0 };
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; i < t->count && rc == BW_OK; i++) {
        if (bw_part_is_opener(&t->parts[i]))
            rc = match_opener(t, &nest, i, err);
        else if (t->parts[i].type == BW_PART_END)
            rc = match_end(t, &nest, i, err);
    }
    if (rc == BW_OK && nest.depth > 0) {
        const struct bw_template_part *opener = &t->parts[nest.open[nest.depth - 1]];
        rc = fail_named(t, opener, noun_of(opener), "is never closed", err);
    }
    return rc;
}

static enum bw_rc check_text(const char *file, const char *text, size_t len, struct bw_err *err)
{
    if (len > BW_TEMPLATE_BYTES_MAX)
        return bw_fail(err, BW_ELIMIT, "%.100s: %zu bytes are more than a template may have (%u)",
                       file, len, BW_TEMPLATE_BYTES_MAX);
    const size_t valid = bw_utf8_valid_prefix(text, len);
    if (valid == len)
        return BW_OK;
    unsigned line = 1, column = 1;
    for (size_t i = 0; i < valid; i++) {
        if (text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    return bw_fail(err, BW_EINVAL, "%.100s:%u:%u: this is not UTF-8", file, line, column);
}

struct bw_template *bw_template_compile_with(const char *file, const char *text, size_t len,
                                             struct bw_template_delimiters delimiters,
                                             struct bw_err *err)
{
    if (check_text(file, text, len, err) != BW_OK)
        return NULL;
    struct bw_template *t = bw_alloc(sizeof *t);
    t->file = bw_strdup(file);
    t->text = bw_alloc(len + 1);
    t->len = len;
    if (len > 0)
        memcpy(t->text, text, len);
    if (bw_template_lex(t, delimiters, err) != BW_OK || match_sections(t, err) != BW_OK) {
        bw_template_free(t);
        return NULL;
    }
    bw_template_mark_lines(t);
    return t;
}

struct bw_template *bw_template_compile(const char *file, const char *text, size_t len,
                                        struct bw_err *err)
{
    return bw_template_compile_with(file, text, len, bw_template_default_delimiters(), err);
}

void bw_template_free(struct bw_template *tmpl)
{
    if (tmpl == NULL)
        return;
    free(tmpl->file);
    free(tmpl->text);
    free(tmpl->parts);
    free(tmpl);
}
