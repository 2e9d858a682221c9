// SPDX-License-Identifier: GPL-3.0-or-later
/* mustache/part.h: what a template is compiled to; for this folder only.
 *
 * A flat array of parts in the order of the text. An opening tag knows the index of its END,
 * so a body is the range between the two and skipping it is one assignment. Text is cut after
 * each newline, so that a partial's indentation can be put in front of every line while it
 * streams. */
#ifndef MUSTACHE_PART_H
#define MUSTACHE_PART_H

#include "base/err.h"
#include "base/text.h"
#include "mustache/template.h"

enum bw_part_type {
    BW_PART_NOTHING, /* text that a standalone tag swallowed */
    BW_PART_TEXT,
    BW_PART_ESCAPED,    /* {{a}} */
    BW_PART_RAW,        /* {{{a}}} {{&a}} */
    BW_PART_SECTION,    /* {{#a}} */
    BW_PART_INVERTED,   /* {{^a}} */
    BW_PART_PARENT,     /* {{<a}} */
    BW_PART_BLOCK,      /* {{$a}} */
    BW_PART_END,        /* {{/a}} */
    BW_PART_PARTIAL,    /* {{>a}} */
    BW_PART_COMMENT,    /* {{!a}} */
    BW_PART_DELIMITERS, /* {{=a b=}} */
    BW_PART_TYPE_COUNT,
};

struct bw_template_delimiters {
    struct bw_span open, close;
};

/* Offsets are bytes of the template's text. */
struct bw_template_part {
    enum bw_part_type type;
    bool dynamic;    /* {{>*a}}: the name is looked up first */
    bool standalone; /* alone on its line: the line itself is not rendered */
    bool line_start; /* text: at the start of a line */
    unsigned line, column;
    size_t begin, end; /* the whole tag or text */
    struct bw_span name;
    size_t jump; /* opener: its END; END: its opener; else its own index */

    /* Of an opener. */
    size_t body_begin, body_end;
    struct bw_template_delimiters delimiters; /* in force in the body */

    struct bw_span indent; /* what stands before lines put in this part's place */
    size_t strip;          /* blanks that an overriding body's own lines begin with */
};

struct bw_template {
    char *file;
    char *text;
    size_t len;
    struct bw_template_part *parts;
    size_t count, cap;
};

/* True for {{#a}} {{^a}} {{<a}} {{$a}}, which an END must close. */
bool bw_part_is_opener(const struct bw_template_part *part);

/* bw_template_compile for text that begins with other delimiters; those must outlive it. */
struct bw_template *bw_template_compile_with(const char *file, const char *text, size_t len,
                                             struct bw_template_delimiters delimiters,
                                             struct bw_err *err);
struct bw_template_delimiters bw_template_default_delimiters(void);

/* lexer.c: cuts tmpl->text into tmpl->parts. */
enum bw_rc bw_template_lex(struct bw_template *tmpl, struct bw_template_delimiters delimiters,
                           struct bw_err *err);

/* lines.c: finds the lines that hold tags alone, once openers and ENDs know each other. */
void bw_template_mark_lines(struct bw_template *tmpl);

#endif
