// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/re2.h"

#include "base/text.h"

#include <stdbool.h>
#include <string.h>

/* Where a pattern is read. */
struct reader {
    const char *at;
    struct bw_buf *out;
    bool in_class;
    bool after_set; /* within a class: what was read last is no character, but many */
};

static void take(struct reader *r, size_t len)
{
    bw_buf_bytes(r->out, r->at, len);
    r->at += len;
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* * + ? {2} {2,} {2,3} */
static bool is_repetition(const char *at)
{
    if (*at != '\0' && strchr("*+?", *at) != NULL)
        return true;
    if (*at++ != '{' || !is_digit(*at))
        return false;
    while (is_digit(*at))
        at++;
    if (*at == ',')
        at++;
    while (is_digit(*at))
        at++;
    return *at == '}';
}

/* What has no width; PCRE2 repeats only a group of it. */
static void take_assertion(struct reader *r, size_t len)
{
    const bool repeated = is_repetition(r->at + len);
    bw_buf_text(r->out, repeated ? "(?:" : "");
    take(r, len);
    bw_buf_text(r->out, repeated ? ")" : "");
}

/* \Q…\E: as it is. */
static void take_quoted(struct reader *r)
{
    const char *end = strstr(r->at, "\\E");
    take(r, end != NULL ? (size_t)(end + 2 - r->at) : strlen(r->at));
}

/* \0, \12, \123; a single digit but 0 is a reference, of which RE2 has none. */
static bool take_octal(struct reader *r)
{
    const char *digit = r->at + 1;
    if (!is_octal(digit[0]) || (digit[0] != '0' && !is_octal(digit[1])))
        return false;
    unsigned value = 0;
    size_t len = 0;
    for (; len < 3 && is_octal(digit[len]); len++)
        value = value * 8 + (unsigned)(digit[len] - '0');
    bw_buf_printf(r->out, "\\x{%x}", value);
    r->at += 1 + len;
    return true;
}

/* \pN, \p{Lu}, \p{Greek}. Names of categories have one letter or two, Any is as it is; others are
 * scripts, if they are not said to be something else (sc:Greek). */
static bool take_property(struct reader *r)
{
    if (r->at[1] != 'p' && r->at[1] != 'P')
        return false;
    take(r, 2);
    r->after_set = true;
    if (*r->at != '{') {
        take(r, *r->at != '\0' ? 1 : 0);
        return true;
    }
    take(r, r->at[1] == '^' ? 2 : 1);
    const size_t len = strcspn(r->at, "}");
    if (len > 2 && memchr(r->at, ':', len) == NULL && strncmp(r->at, "Any}", 4) != 0)
        bw_buf_text(r->out, "sc:");
    take(r, len);
    return true;
}

/* What a set is called, and what it is: alone, and within a class. PCRE2's own sets are right but
 * for some, and for those which (?i) widens: there RE2 has the long s and the Kelvin sign in \w. */
struct set {
    const char *name, *words, *in_class;
};

static const struct set escapes[] = {
    { "s", "[\\t\\n\\f\\r\\x20]", "\\t\\n\\f\\r\\x20" },
    { "S", "[^\\t\\n\\f\\r\\x20]", "\\x00-\\x08\\x0b\\x0e-\\x1f\\x21-\\x{10ffff}" },
    { "w", "[0-9A-Za-z_]", "0-9A-Za-z_" },
    { "W", "[^0-9A-Za-z_]", "\\W" },
    { "d", "\\d", "\\d" },
    { "D", "\\D", "\\D" },
    { 0 },
};

/* PCRE2 takes [^\W[:space:]] for [^\W[:space:]\x{100}-\x{10ffff}], so the names go. */
static const struct set named_sets[] = {
    { "[:alnum:]", NULL, "0-9A-Za-z" },
    { "[:alpha:]", NULL, "A-Za-z" },
    { "[:ascii:]", NULL, "\\x00-\\x7f" },
    { "[:blank:]", NULL, "\\t\\x20" },
    { "[:cntrl:]", NULL, "\\x00-\\x1f\\x7f" },
    { "[:digit:]", NULL, "0-9" },
    { "[:graph:]", NULL, "!-~" },
    { "[:lower:]", NULL, "a-z" },
    { "[:print:]", NULL, "\\x20-~" },
    { "[:punct:]", NULL, "!-\\/:-@\\[-\\x60{-~" },
    { "[:space:]", NULL, "\\t-\\r\\x20" },
    { "[:upper:]", NULL, "A-Z" },
    { "[:word:]", NULL, "0-9A-Za-z_" },
    { "[:xdigit:]", NULL, "0-9A-Fa-f" },
    { 0 },
};

static bool take_set(struct reader *r, const struct set *sets, size_t skip)
{
    for (; sets->name != NULL; sets++) {
        const size_t len = strlen(sets->name);
        if (strncmp(r->at + skip, sets->name, len) != 0)
            continue;
        bw_buf_text(r->out, r->in_class ? sets->in_class : sets->words);
        r->at += skip + len;
        r->after_set = true;
        return true;
    }
    return false;
}

static void take_escape(struct reader *r)
{
    const char letter = r->at[1];
    r->after_set = false;
    if (take_set(r, escapes, 1))
        return;
    if (letter == 'v') {
        bw_buf_text(r->out, "\\x0b");
        r->at += 2;
    } else if (letter == 'Q') {
        take_quoted(r);
    } else if (!r->in_class && letter != '\0' && strchr("AbBz", letter) != NULL) {
        take_assertion(r, 2);
    } else if (!take_octal(r) && !take_property(r)) {
        take(r, letter != '\0' ? 2 : 1);
    }
}

/* "[", "[^"; a "]" right behind it is one of the characters. */
static void open_class(struct reader *r)
{
    take(r, r->at[1] == '^' ? 2 : 1);
    if (*r->at == ']')
        take(r, 1);
    r->in_class = true;
    r->after_set = false;
}

/* [:name:] is a set, and any other bracket is one; so is a hyphen behind a set, which PCRE2
 * refuses. */
static void take_in_class(struct reader *r)
{
    if (*r->at == '[' && take_set(r, named_sets, 0))
        return;
    const bool named = r->at[0] == '[' && r->at[1] == ':' && strstr(r->at + 2, ":]") != NULL;
    const bool hyphen = *r->at == '-' && r->after_set && r->at[1] != ']';
    if ((*r->at == '[' && !named) || hyphen)
        bw_buf_char(r->out, '\\');
    r->in_class = *r->at != ']';
    r->after_set = named;
    take(r, named ? (size_t)(strstr(r->at + 2, ":]") + 2 - r->at) : 1);
}

void bw_re2_form(const char *pattern, struct bw_buf *out)
{
    struct reader r = { .at = pattern, .out = out };
    while (*r.at != '\0') {
        if (*r.at == '\\')
            take_escape(&r);
        else if (r.in_class)
            take_in_class(&r);
        else if (*r.at == '[')
            open_class(&r);
        else if (*r.at == '^' || *r.at == '$')
            take_assertion(&r, 1);
        else
            take(&r, 1);
    }
}

/* ---- texts that are not UTF-8 -------------------------------------------------------------- */

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
enum { REPLACEMENT_BYTES = sizeof replacement - 1 };

void bw_re2_text(const char *text, size_t len, struct bw_buf *out)
{
    for (size_t at = 0; at < len;) {
        const size_t good = bw_utf8_valid_prefix(text + at, len - at);
        bw_buf_bytes(out, text + at, good);
        at += good;
        if (at < len) {
            bw_buf_text(out, replacement);
            at++;
        }
    }
}

size_t bw_re2_place(const char *text, size_t len, size_t at)
{
    size_t place = 0;
    for (size_t seen = 0; seen < at;) {
        const size_t good = bw_utf8_valid_prefix(text + place, len - place);
        if (seen + good >= at)
            return place + (at - seen);
        seen += good + REPLACEMENT_BYTES;
        place += good + 1;
    }
    return place;
}
