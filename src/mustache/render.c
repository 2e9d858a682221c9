// SPDX-License-Identifier: GPL-3.0-or-later
/* Walks the parts of a template. Everything a nested part needs to know of its surroundings
 * is a `struct place` on the C stack, so rendering allocates nothing but the output batch
 * (and, for lambdas, the template they return). */
#include "base/limits.h"
#include "mustache/output.h"
#include "mustache/part.h"

#include <string.h>

/* The context stack: names are looked up from the innermost outward. */
struct scope {
    struct bw_template_node node;
    const struct scope *outer;
};

/* One {{<parent}} that is being rendered: its blocks replace those of the same name. */
struct overrides {
    const struct bw_template *tmpl;
    size_t parent;
    const struct overrides *outer;
};

/* What happens to each line of template text put in place of a tag: `strip` leading blanks
 * go, then outer's texts and this one are written in front. */
struct margin {
    struct bw_span text;
    size_t strip;
    const struct margin *outer;
};

struct place {
    const struct bw_template *tmpl;
    const struct scope *scope;
    const struct overrides *overrides;
    const struct margin *margin;
};

struct render {
    const struct bw_template_source *source;
    bw_template_escape_fn *escape;
    struct bw_template_output *out;
    struct bw_err *err;
    unsigned depth;
    bool line_start; /* the next byte of template text begins a line */
};

static enum bw_rc walk(struct render *r, const struct place *place, size_t from, size_t to);

static enum bw_rc fail_at(struct render *r, const struct place *place, size_t i, enum bw_rc rc,
                          const char *problem)
{
    const struct bw_template_part *part = &place->tmpl->parts[i];
    return bw_fail(r->err, rc, "%.100s:%u:%u: %s", place->tmpl->file, part->line, part->column,
                   problem);
}

/* ---- names and values ---- */

static bool member(struct render *r, struct bw_template_node node, struct bw_span key,
                   struct bw_template_node *out)
{
    const struct bw_template_source *s = r->source;
    return s->kind(s->ctx, node) == BW_TEMPLATE_OBJECT
           && s->get(s->ctx, node, key.data, key.len, out);
}

/* Finds a dotted name: the first segment anywhere up the stack, the rest only inside it. */
static bool lookup(struct render *r, const struct scope *scope, struct bw_span name,
                   struct bw_template_node *out)
{
    if (bw_span_is(name, ".")) {
        *out = scope->node;
        return true;
    }
    struct bw_span rest = name, segment;
    struct bw_template_node node;
    bw_span_split(&rest, '.', &segment);
    while (scope != NULL && !member(r, scope->node, segment, &node))
        scope = scope->outer;
    if (scope == NULL)
        return false;
    while (bw_span_split(&rest, '.', &segment)) {
        struct bw_template_node inner;
        if (!member(r, node, segment, &inner))
            return false;
        node = inner;
    }
    *out = node;
    return true;
}

/* ---- text and margins ---- */

static enum bw_rc emit(struct render *r, const char *bytes, size_t len)
{
    return bw_template_output_write(r->out, bytes, len, r->err);
}

static enum bw_rc write_margin(struct render *r, const struct margin *margin)
{
    if (margin == NULL)
        return BW_OK;
    const enum bw_rc rc = write_margin(r, margin->outer);
    return rc != BW_OK ? rc : emit(r, margin->text.data, margin->text.len);
}

/* The margin is due before the first thing on a line, whatever that is. */
static enum bw_rc begin_line(struct render *r, const struct place *place)
{
    if (!r->line_start)
        return BW_OK;
    r->line_start = false;
    return write_margin(r, place->margin);
}

/* Lines that get `indent` and lose `strip` blanks, within lines that already have a margin:
 * blanks that the outer margin strips are taken from the indent first. */
static struct margin margin_within(const struct margin *outer, struct bw_span indent, size_t strip)
{
    const size_t lost = outer != NULL ? outer->strip : 0;
    const size_t cut = lost < indent.len ? lost : indent.len;
    if (cut > 0) /* without an indent, data is NULL */
        indent = (struct bw_span){ indent.data + cut, indent.len - cut };
    return (struct margin){ .text = indent, .strip = strip + (lost - cut), .outer = outer };
}

static enum bw_rc render_text(struct render *r, const struct place *place, size_t i)
{
    const struct bw_template_part *part = &place->tmpl->parts[i];
    const char *text = place->tmpl->text + part->begin;
    size_t len = part->end - part->begin;
    const enum bw_rc rc = begin_line(r, place);
    if (rc != BW_OK)
        return rc;
    size_t strip = part->line_start && place->margin != NULL ? place->margin->strip : 0;
    for (; strip > 0 && len > 0 && (*text == ' ' || *text == '\t'); strip--, len--)
        text++;
    r->line_start = len > 0 && text[len - 1] == '\n';
    return emit(r, text, len);
}

/* ---- lambdas ---- */

/* Renders what a lambda returned, as a template of its own. */
static enum bw_rc render_returned(struct render *r, const struct place *place,
                                  const struct bw_buf *text,
                                  struct bw_template_delimiters delimiters)
{
    struct bw_template *tmpl =
        bw_template_compile_with("(lambda)", text->data, text->len, delimiters, r->err);
    if (tmpl == NULL)
        return BW_EINVAL;
    struct place inside = *place;
    inside.tmpl = tmpl;
    const enum bw_rc rc = walk(r, &inside, 0, tmpl->count);
    bw_template_free(tmpl);
    return rc;
}

/* Calls the lambda of part `i` and renders its answer to wherever r->out leads. A section's
 * answer is read with the section's delimiters, a value's with the default ones. */
static enum bw_rc call_lambda(struct render *r, const struct place *place, size_t i,
                              struct bw_template_node node)
{
    const struct bw_template_source *s = r->source;
    const struct bw_template_part *part = &place->tmpl->parts[i];
    struct bw_template_delimiters delimiters = bw_template_default_delimiters();
    struct bw_span raw = { NULL, 0 };
    struct bw_buf text;
    enum bw_rc rc = BW_OK;
    if (part->type == BW_PART_SECTION) {
        delimiters = part->delimiters;
        raw = (struct bw_span){ place->tmpl->text + part->body_begin,
                                part->body_end - part->body_begin };
    }
    bw_buf_init(&text, BW_TEMPLATE_BYTES_MAX);
    const bool answered = s->lambda != NULL && s->lambda(s->ctx, node, raw.data, raw.len, &text);
    if (bw_buf_failed(&text))
        rc = fail_at(r, place, i, BW_ELIMIT, "the lambda's answer is too long");
    else if (answered)
        rc = render_returned(r, place, &text, delimiters);
    bw_buf_fini(&text);
    return rc;
}

static enum bw_rc write_value(struct render *r, const struct place *place, size_t i,
                              struct bw_span value)
{
    struct bw_template_output *out = r->out;
    if (place->tmpl->parts[i].type == BW_PART_RAW)
        return emit(r, value.data, value.len);
    r->escape(&out->batch, value.data, value.len);
    if (bw_buf_failed(&out->batch))
        return fail_at(r, place, i, BW_ELIMIT, "the value is too long");
    return bw_template_output_settle(out, r->err);
}

/* A lambda as a value: its answer is rendered aside first, to be escaped as a whole. */
static enum bw_rc render_lambda_value(struct render *r, const struct place *place, size_t i,
                                      struct bw_template_node node)
{
    struct bw_template_output aside, *const out = r->out;
    const struct place inside = { .tmpl = place->tmpl, .scope = place->scope };
    bw_template_output_init(&aside, (struct bw_template_sink){ NULL, NULL });
    r->out = &aside;
    enum bw_rc rc = call_lambda(r, &inside, i, node);
    r->out = out;
    r->line_start = false;
    if (bw_buf_failed(&aside.batch))
        rc = fail_at(r, place, i, BW_ELIMIT, "the value is too long");
    if (rc == BW_OK && aside.batch.len > 0)
        rc = write_value(r, place, i, (struct bw_span){ aside.batch.data, aside.batch.len });
    bw_template_output_fini(&aside);
    return rc;
}

/* ---- tags ---- */

static enum bw_rc render_value(struct render *r, const struct place *place, size_t i)
{
    const struct bw_template_source *s = r->source;
    struct bw_template_node node;
    const enum bw_rc rc = begin_line(r, place);
    if (rc != BW_OK || !lookup(r, place->scope, place->tmpl->parts[i].name, &node))
        return rc;
    if (s->kind(s->ctx, node) == BW_TEMPLATE_LAMBDA)
        return render_lambda_value(r, place, i, node);
    char scratch[BW_TEMPLATE_SCRATCH_BYTES];
    const struct bw_span value = s->text(s->ctx, node, scratch);
    if (value.data == NULL || value.len == 0)
        return BW_OK;
    return write_value(r, place, i, value);
}

/* The body of opener `i` with `node` on top of the context stack. */
static enum bw_rc render_body(struct render *r, const struct place *place, size_t i,
                              struct bw_template_node node)
{
    const struct scope scope = { node, place->scope };
    struct place inside = *place;
    inside.scope = &scope;
    return walk(r, &inside, i + 1, place->tmpl->parts[i].jump);
}

static enum bw_rc render_list(struct render *r, const struct place *place, size_t i,
                              struct bw_template_node list)
{
    const struct bw_template_source *s = r->source;
    struct bw_template_node item = { NULL, 0 };
    enum bw_rc rc = BW_OK;
    for (size_t n = 0; rc == BW_OK && s->next(s->ctx, list, n, &item); n++)
        rc = render_body(r, place, i, item);
    return rc;
}

static enum bw_rc render_section(struct render *r, const struct place *place, size_t i)
{
    struct bw_template_node node;
    if (!lookup(r, place->scope, place->tmpl->parts[i].name, &node))
        return BW_OK;
    switch (r->source->kind(r->source->ctx, node)) {
    case BW_TEMPLATE_FALSY:
        break;
    case BW_TEMPLATE_SCALAR:
    case BW_TEMPLATE_OBJECT:
        return render_body(r, place, i, node);
    case BW_TEMPLATE_LIST:
        return render_list(r, place, i, node);
    case BW_TEMPLATE_LAMBDA:
        return call_lambda(r, place, i, node);
    }
    return BW_OK;
}

static bool is_falsy(struct render *r, const struct place *place, struct bw_span name)
{
    const struct bw_template_source *s = r->source;
    struct bw_template_node node, item = { NULL, 0 };
    if (!lookup(r, place->scope, name, &node))
        return true;
    const enum bw_template_kind kind = s->kind(s->ctx, node);
    return kind == BW_TEMPLATE_FALSY
           || (kind == BW_TEMPLATE_LIST && !s->next(s->ctx, node, 0, &item));
}

static enum bw_rc render_inverted(struct render *r, const struct place *place, size_t i)
{
    const struct bw_template_part *part = &place->tmpl->parts[i];
    return is_falsy(r, place, part->name) ? walk(r, place, i + 1, part->jump) : BW_OK;
}

/* The template that {{>a}}, {{>*a}} or {{<a}} means, or NULL. */
static const struct bw_template *find_partial(struct render *r, const struct place *place,
                                              const struct bw_template_part *part)
{
    const struct bw_template_source *s = r->source;
    struct bw_template_node node;
    struct bw_span name = part->name;
    char scratch[BW_TEMPLATE_SCRATCH_BYTES];
    if (s->partial == NULL)
        return NULL;
    if (part->dynamic) {
        if (!lookup(r, place->scope, name, &node))
            return NULL;
        name = s->text(s->ctx, node, scratch);
    }
    return name.data != NULL ? s->partial(s->ctx, name.data, name.len) : NULL;
}

/* Renders another template in place of part `i`. Alone on its line, the part lends its
 * indentation to every line; within a line, the lines stand as they are. */
static enum bw_rc render_injected(struct render *r, const struct place *place, size_t i,
                                  const struct overrides *overrides)
{
    const struct bw_template_part *part = &place->tmpl->parts[i];
    const struct bw_template *tmpl = find_partial(r, place, part);
    if (tmpl == NULL)
        return BW_OK;
    const struct margin margin = margin_within(place->margin, part->indent, 0);
    const struct place inside = { .tmpl = tmpl,
                                  .scope = place->scope,
                                  .overrides = overrides,
                                  .margin = part->standalone ? &margin : NULL };
    enum bw_rc rc = part->standalone ? BW_OK : begin_line(r, place);
    if (rc == BW_OK)
        rc = walk(r, &inside, 0, tmpl->count);
    /* What follows is on a line of its own only if this tag's line was all its own. */
    r->line_start = place->tmpl->parts[part->jump].standalone;
    return rc;
}

static enum bw_rc render_partial(struct render *r, const struct place *place, size_t i)
{
    return render_injected(r, place, i, place->overrides);
}

static enum bw_rc render_parent(struct render *r, const struct place *place, size_t i)
{
    const struct overrides overrides = { place->tmpl, i, place->overrides };
    return render_injected(r, place, i, &overrides);
}

/* The block of that name right inside the parent tag, or NULL. */
static const struct bw_template_part *block_of(const struct overrides *overrides,
                                               struct bw_span name)
{
    const struct bw_template_part *parts = overrides->tmpl->parts;
    const size_t end = parts[overrides->parent].jump;
    for (size_t i = overrides->parent + 1; i < end; i = parts[i].jump + 1) {
        if (parts[i].type == BW_PART_BLOCK && parts[i].name.len == name.len
            && memcmp(parts[i].name.data, name.data, name.len) == 0)
            return &parts[i];
    }
    return NULL;
}

static enum bw_rc render_override(struct render *r, const struct place *place, size_t i,
                                  const struct overrides *level,
                                  const struct bw_template_part *body)
{
    const struct bw_template_part *part = &place->tmpl->parts[i];
    const struct margin margin = margin_within(place->margin, part->indent, body->strip);
    /* Blocks inside the body can be replaced only by those who inherit from the template
     * that the body is written in: the outer levels. This also ends a block that names
     * itself. */
    const struct place inside = {
        .tmpl = level->tmpl, .scope = place->scope, .overrides = level->outer, .margin = &margin
    };
    const size_t at = (size_t)(body - level->tmpl->parts);
    enum bw_rc rc = part->standalone ? BW_OK : begin_line(r, place);
    if (rc == BW_OK)
        rc = walk(r, &inside, at + 1, body->jump);
    r->line_start = place->tmpl->parts[part->jump].standalone;
    return rc;
}

static enum bw_rc render_block(struct render *r, const struct place *place, size_t i)
{
    const struct bw_template_part *part = &place->tmpl->parts[i], *body = NULL;
    const struct overrides *found = NULL;
    /* The outermost wins: the page over its layout over the layout's layout. */
    for (const struct overrides *o = place->overrides; o != NULL; o = o->outer) {
        const struct bw_template_part *block = block_of(o, part->name);
        if (block != NULL) {
            body = block;
            found = o;
        }
    }
    if (found != NULL)
        return render_override(r, place, i, found, body);
    return walk(r, place, i + 1, part->jump);
}

typedef enum bw_rc render_part_fn(struct render *r, const struct place *place, size_t i);

static render_part_fn *const renders[BW_PART_TYPE_COUNT] = {
    [BW_PART_TEXT] = render_text,         [BW_PART_ESCAPED] = render_value,
    [BW_PART_RAW] = render_value,         [BW_PART_SECTION] = render_section,
    [BW_PART_INVERTED] = render_inverted, [BW_PART_PARENT] = render_parent,
    [BW_PART_BLOCK] = render_block,       [BW_PART_PARTIAL] = render_partial,
};

static enum bw_rc walk(struct render *r, const struct place *place, size_t from, size_t to)
{
    if (from == to)
        return BW_OK;
    if (r->depth == BW_TEMPLATE_DEPTH_MAX)
        return fail_at(r, place, from, BW_ELIMIT,
                       "sections and partials nest too deeply (does a partial name itself?)");
    r->depth++;
    enum bw_rc rc = BW_OK;
    for (size_t i = from; i < to && rc == BW_OK; i = place->tmpl->parts[i].jump + 1) {
        render_part_fn *render = renders[place->tmpl->parts[i].type];
        if (render != NULL)
            rc = render(r, place, i);
    }
    r->depth--;
    return rc;
}

enum bw_rc bw_template_render(const struct bw_template *tmpl,
                              const struct bw_template_source *source, struct bw_template_node root,
                              bw_template_escape_fn *escape, struct bw_template_sink sink,
                              struct bw_err *err)
{
    const struct scope scope = { root, NULL };
    const struct place place = { .tmpl = tmpl, .scope = &scope };
    struct bw_template_output out;
    bw_template_output_init(&out, sink);
    struct render r = {
        .source = source, .escape = escape, .out = &out, .err = err, .line_start = true
    };
    enum bw_rc rc = walk(&r, &place, 0, tmpl->count);
    if (rc == BW_OK)
        rc = bw_template_output_flush(&out, err);
    bw_template_output_fini(&out);
    return rc;
}
