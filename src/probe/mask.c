// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/mask.h"

#include "base/limits.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SECRET_BYTES_MIN = 3, NAME_BYTES_MAX = 64, KEY_BYTES_MIN = 8 };

static const char shown[] = "***";

/* ---- known secrets ---- */

static void add_bytes(struct bw_mask *mask, const char *bytes, size_t len)
{
    if (len < SECRET_BYTES_MIN)
        return;
    mask->items = bw_grow(mask->items, &mask->cap, mask->count + 1, sizeof *mask->items);
    mask->items[mask->count++] =
        (struct bw_span){ bw_arena_strndup(&mask->arena, bytes, len), len };
}

void bw_mask_add(struct bw_mask *mask, const char *secret)
{
    if (secret != NULL)
        add_bytes(mask, secret, strlen(secret));
}

void bw_mask_fini(struct bw_mask *mask)
{
    bw_arena_fini(&mask->arena);
    free(mask->items);
    *mask = (struct bw_mask){ .count = 0 };
}

/* ---- names ---- */

static bool has_part(const char *name, const char *part)
{
    return strstr(name, part) != NULL;
}

/* One word of a name: "key" of "x-api-key", "Key" of "apiKey". */
static bool is_secret_word(const char *word, size_t len)
{
    static const char *const words[] = { "auth", "key", "pass", "pwd",  "pw",   "pin",
                                         "otp",  "sid", "sig",  "csrf", "xsrf", "psk" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
            return true;
    }
    return false;
}

static bool has_secret_word(const char *name, const char *lower, size_t len)
{
    for (size_t at = 0, end; at < len; at = end) {
        end = at;
        if (!isalnum((unsigned char)name[at])) {
            end++;
            continue;
        }
        do
            end++;
        while (end < len && isalnum((unsigned char)name[end])
               && !(isupper((unsigned char)name[end]) && islower((unsigned char)name[end - 1])));
        if (is_secret_word(lower + at, end - at))
            return true;
    }
    return false;
}

bool bw_mask_is_secret_name(const char *name, size_t len)
{
    static const char *const parts[] = {
        "authorization", "password", "passwd",  "passphrase", "secret",    "token", "cookie",
        "credential",    "apikey",   "session", "private",    "signature", "jwt"
    };
    char lower[NAME_BYTES_MAX + 1];
    if (len > NAME_BYTES_MAX) { /* the end of a name says what it is */
        name += len - NAME_BYTES_MAX;
        len = NAME_BYTES_MAX;
    }
    for (size_t i = 0; i < len; i++)
        lower[i] = (char)tolower((unsigned char)name[i]);
    lower[len] = '\0';
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (has_part(lower, parts[i]))
            return true;
    }
    return has_secret_word(name, lower, len);
}

/* ---- places in a text that are secret by what stands around them ---- */

typedef void place_fn(void *ctx, const char *text, size_t from, size_t to);

struct search {
    const char *text;
    size_t len;
    place_fn *fn;
    void *ctx;
};

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t skip_blanks(const struct search *s, size_t at)
{
    while (at < s->len && is_blank(s->text[at]))
        at++;
    return at;
}

/* Where a bare value ends. */
static size_t word_end(const struct search *s, size_t at)
{
    while (at < s->len && memchr(" \t\r\n&;,\"'<>)]}", s->text[at], 14) == NULL)
        at++;
    return at;
}

static size_t line_end(const struct search *s, size_t at)
{
    while (at < s->len && s->text[at] != '\r' && s->text[at] != '\n')
        at++;
    return at;
}

static size_t quote_end(const struct search *s, size_t at, char quote)
{
    while (at < s->len && s->text[at] != quote)
        at += s->text[at] == '\\' ? 2 : 1;
    return at < s->len ? at : s->len;
}

/* "Bearer" and the like say how the next word is meant. */
static bool is_scheme(const char *word, size_t len)
{
    static const char *const schemes[] = { "basic", "bearer",    "digest",
                                           "token", "negotiate", "apikey" };
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (strlen(schemes[i]) == len && strncasecmp(schemes[i], word, len) == 0)
            return true;
    }
    return false;
}

/* The name that ends before `at`, quotes and blanks skipped; its length, 0: none. */
static size_t name_before(const struct search *s, size_t at, const char **out_name)
{
    while (at > 0
           && (is_blank(s->text[at - 1]) || s->text[at - 1] == '"' || s->text[at - 1] == '\''))
        at--;
    const size_t end = at;
    while (at > 0 && is_name_byte(s->text[at - 1]))
        at--;
    *out_name = s->text + at;
    return end - at;
}

/* A header's value may have blanks and semicolons in it and ends with its line. */
static bool takes_the_line(const struct search *s, const char *name, size_t len)
{
    const bool first = name == s->text || name[-1] == '\n';
    return first && len >= 6
           && (strncasecmp(name + len - 6, "cookie", 6) == 0
               || (len >= 13 && strncasecmp(name + len - 13, "authorization", 13) == 0));
}

/* "NAME: VALUE", "NAME=VALUE", '"NAME": "VALUE"' with the separator at `at`. */
static void look_at_separator(struct search *s, size_t at)
{
    const char *name;
    const size_t len = name_before(s, at, &name);
    if (len == 0 || !bw_mask_is_secret_name(name, len))
        return;
    size_t from = skip_blanks(s, at + 1), to;
    if (from < s->len && (s->text[from] == '"' || s->text[from] == '\'')) {
        to = quote_end(s, from + 1, s->text[from]);
        from++;
    } else if (takes_the_line(s, name, len)) {
        to = line_end(s, from);
    } else {
        to = word_end(s, from);
        if (is_scheme(s->text + from, to - from))
            to = word_end(s, skip_blanks(s, to));
    }
    if (to > from)
        s->fn(s->ctx, s->text, from, to);
}

/* "Bearer eyJhbGci…" in the middle of a sentence. */
static void look_at_scheme(struct search *s, size_t blank)
{
    size_t from = blank;
    while (from > 0 && isalpha((unsigned char)s->text[from - 1]))
        from--;
    if (!is_scheme(s->text + from, blank - from))
        return;
    from = skip_blanks(s, blank);
    const size_t to = word_end(s, from);
    if (to - from >= KEY_BYTES_MIN)
        s->fn(s->ctx, s->text, from, to);
}

/* "://user:password@host" with the colon at `at`. */
static void look_at_url(struct search *s, size_t at)
{
    if (at + 3 > s->len || memcmp(s->text + at, "://", 3) != 0)
        return;
    const size_t from = at + 3;
    size_t to = 0;
    for (size_t i = from; i < s->len && memchr(" \t\r\n/?#\"'<>", s->text[i], 11) == NULL; i++)
        to = s->text[i] == '@' ? i : to;
    if (to > from)
        s->fn(s->ctx, s->text, from, to);
}

static void find_places(const char *text, size_t len, place_fn *fn, void *ctx)
{
    struct search s = { text, len, fn, ctx };
    for (size_t i = 0; i < len; i++) {
        if (text[i] == ':')
            look_at_url(&s, i);
        if (text[i] == ':' || text[i] == '=')
            look_at_separator(&s, i);
        else if (text[i] == ' ')
            look_at_scheme(&s, i);
    }
}

/* The password of "user:password" on its own too, and what an escape stands for is left: who
 * decodes it is not asked. */
static void learn(void *ctx, const char *text, size_t from, size_t to)
{
    const char *colon = memchr(text + from, ':', to - from);
    add_bytes(ctx, text + from, to - from);
    if (colon != NULL)
        add_bytes(ctx, colon + 1, (size_t)(text + to - colon - 1));
}

void bw_mask_add_from(struct bw_mask *mask, const char *text)
{
    if (text != NULL)
        find_places(text, strlen(text), learn, mask);
}

/* ---- hiding ---- */

static void hide(void *ctx, const char *text, size_t from, size_t to)
{
    (void)text;
    bool *hidden = ctx;
    memset(hidden + from, true, to - from);
}

static void hide_item(bool *hidden, const char *bytes, size_t len, struct bw_span item, bool is_cut)
{
    const char *at = bytes, *end = bytes + len;
    while ((at = memmem(at, (size_t)(end - at), item.data, item.len)) != NULL) {
        hide(hidden, bytes, (size_t)(at - bytes), (size_t)(at - bytes) + item.len);
        at++;
    }
    /* The first bytes of a secret at the very end may be all of it that was kept. */
    for (size_t part = is_cut ? item.len - 1 : 0; part > 0; part--) {
        if (part <= len && memcmp(end - part, item.data, part) == 0) {
            hide(hidden, bytes, len - part, len);
            return;
        }
    }
}

static size_t put(char *out, size_t size, size_t used, const char *bytes, size_t len)
{
    const size_t room = size - used, take = len < room ? len : room;
    memcpy(out + used, bytes, take);
    return used + take;
}

static size_t put_shown(char *out, size_t size, const char *bytes, size_t len, const bool *hidden)
{
    size_t used = 0;
    for (size_t from = 0, to; from < len; from = to) {
        for (to = from; to < len && hidden[to] == hidden[from]; to++) {
        }
        used = hidden[from] ? put(out, size, used, shown, sizeof shown - 1)
                            : put(out, size, used, bytes + from, to - from);
    }
    return used;
}

size_t bw_mask_copy(const struct bw_mask *mask, char *out, size_t size, const char *bytes,
                    size_t len, bool is_cut)
{
    bool hidden[BW_TRAIL_NOTE_BYTES_MAX] = { false };
    len = len < sizeof hidden ? len : sizeof hidden;
    find_places(bytes, len, hide, hidden);
    for (; mask != NULL; mask = mask->more) {
        for (size_t i = 0; i < mask->count; i++)
            hide_item(hidden, bytes, len, mask->items[i], is_cut);
    }
    return put_shown(out, size, bytes, len, hidden);
}

const char *bw_mask_target(struct bw_arena *arena, const char *target)
{
    const size_t size = strlen(target) + sizeof shown;
    char *bare = bw_arena_array(arena, size, 1);
    bw_text_hide_userinfo(bare, size, target);
    const size_t len = strlen(bare);
    bool *hidden = bw_arena_array(arena, len + 1, sizeof *hidden);
    find_places(bare, len, hide, hidden);
    char *out = bw_arena_array(arena, 3 * len + 1, 1); /* a byte becomes three at most */
    put_shown(out, 3 * len, bare, len, hidden);
    return out;
}

void bw_mask_text(const struct bw_mask *mask, char *text, size_t size)
{
    char copy[BW_TRAIL_NOTE_BYTES_MAX];
    const size_t len = strlen(text), room = size < sizeof copy ? size : sizeof copy;
    const size_t used = bw_mask_copy(mask, copy, room - 1, text, len, len + 8 > size);
    copy[used] = '\0';
    bw_text_copy(text, size, copy);
}
