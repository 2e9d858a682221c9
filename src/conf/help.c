// SPDX-License-Identifier: GPL-3.0-or-later
/* The text of --help. */
#include "base/text.h"
#include "conf/default.h"
#include "conf/document.h"
#include "conf/flags.h"

#include <string.h>

enum { WIDTH = 90, NAMES_MAX = 36, INDENT = 2, GAP = 2 };

/* Columns, not bytes: texts may hold more than ASCII. */
static size_t columns(const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80 ? 1 : 0;
    return n;
}

/* What a value looks like: "=DURATION". */
static const char *placeholder(const struct bw_opt *row)
{
    static const char *const words[] = {
        [BW_OPT_BOOL] = "",
        [BW_OPT_INT] = "=N",
        [BW_OPT_NUMBER] = "=NUMBER",
        [BW_OPT_DURATION] = "=DURATION",
        [BW_OPT_BYTES] = "=SIZE",
        [BW_OPT_RATIO] = "=RATIO",
        [BW_OPT_STRING] = "=TEXT",
        [BW_OPT_STRINGS] = "=TEXT...",
        [BW_OPT_INTS] = "=N...",
        [BW_OPT_DURATIONS] = "=DURATION...",
        [BW_OPT_MAP] = "=NAME=VALUE...",
        [BW_OPT_MULTIMAP] = "=NAME=VALUE...",
    };
    if ((row->flags & (BW_OPT_FILE | BW_OPT_FOLDER)) != 0)
        return (row->flags & BW_OPT_FILE) != 0 ? "=FILE" : "=FOLDER";
    const char *word = (size_t)row->type < sizeof words / sizeof *words ? words[row->type] : NULL;
    return word != NULL ? word : "=VALUE";
}

static void put_name(struct bw_buf *out, const struct bw_opt *row)
{
    const bool shows_no =
        row->type == BW_OPT_BOOL && row->def != NULL && strcmp(row->def, "true") == 0;
    bw_buf_printf(out, "--%s%s", shows_no ? "[no-]" : "", row->name);
    if (row->type != BW_OPT_ENUM) {
        bw_buf_text(out, placeholder(row));
        return;
    }
    for (const struct bw_opt_name *word = row->names; word->name != NULL; word++)
        bw_buf_printf(out, "%c%s", word == row->names ? '=' : '|', word->name);
}

static void put_description(struct bw_buf *out, const struct bw_opt *row)
{
    bw_buf_text(out, row->help);
    if ((row->flags & BW_OPT_REQUIRED) != 0)
        bw_buf_text(out, " (required)");
    else if (row->def != NULL && row->type != BW_OPT_BOOL && !bw_default_is_nan(row))
        bw_buf_printf(out, " (default %s)", row->def);
}

/* Writes `text` from the current column `at` on, wrapped between words; further lines begin
 * at column `left`. */
static void put_wrapped(struct bw_buf *out, const char *text, size_t at, size_t left)
{
    struct bw_span rest = bw_span_of(text), word;
    bool first = true;
    while (bw_span_split(&rest, ' ', &word)) {
        const size_t wide = columns(word.data, word.len);
        if (word.len == 0)
            continue;
        if (!first && at + 1 + wide > WIDTH) {
            bw_buf_char(out, '\n');
            bw_buf_fill(out, ' ', left);
            at = left;
        } else if (!first) {
            bw_buf_char(out, ' ');
            at++;
        }
        bw_buf_bytes(out, word.data, word.len);
        at += wide;
        first = false;
    }
    bw_buf_char(out, '\n');
}

static void put_row(struct bw_buf *out, const struct bw_opt *row, size_t left)
{
    struct bw_buf text;
    bw_buf_init(&text, 16u << 10);
    put_name(&text, row);
    size_t at = INDENT + columns(text.data, text.len);
    bw_buf_fill(out, ' ', INDENT);
    bw_buf_bytes(out, text.data, text.len);
    if (at + GAP > left) {
        bw_buf_char(out, '\n');
        at = 0;
    }
    bw_buf_fill(out, ' ', left - at);
    bw_buf_clear(&text);
    put_description(&text, row);
    put_wrapped(out, text.data, left, left);
    bw_buf_fini(&text);
}

static bool is_shown(const struct bw_opt *row)
{
    return (row->flags & BW_OPT_HIDDEN) == 0 && row->help != NULL;
}

/* Where descriptions begin: behind the longest name that is not too long. */
static size_t description_column(const struct bw_opt *opts)
{
    size_t widest = strlen("--help");
    struct bw_buf name;
    bw_buf_init(&name, 16u << 10);
    for (const struct bw_opt *row = opts; row->name != NULL; row++) {
        bw_buf_clear(&name);
        put_name(&name, row);
        const size_t wide = columns(name.data, name.len);
        if (is_shown(row) && wide <= NAMES_MAX && wide > widest)
            widest = wide;
    }
    bw_buf_fini(&name);
    return INDENT + widest + GAP;
}

void bw_flags_help(struct bw_buf *out, const char *usage, const struct bw_opt *opts)
{
    static const struct bw_opt help = { "help", BW_OPT_BOOL, .help = "Show this and exit." };
    const size_t left = description_column(opts);
    bw_buf_printf(out, "Usage: %s\n\nFlags:\n", usage);
    for (const struct bw_opt *row = opts; row->name != NULL; row++) {
        if (is_shown(row))
            put_row(out, row, left);
    }
    put_row(out, &help, left);
}

void bw_flags_tell(const struct bw_opt *opts,
                   void (*fn)(void *ctx, const char *flag, const char *text), void *ctx)
{
    struct bw_buf flag, text;
    bw_buf_init(&flag, 16u << 10);
    bw_buf_init(&text, 16u << 10);
    for (const struct bw_opt *row = opts; row->name != NULL; row++) {
        bw_buf_clear(&flag);
        bw_buf_clear(&text);
        put_name(&flag, row);
        if (!is_shown(row))
            continue;
        put_description(&text, row);
        fn(ctx, flag.data, text.data);
    }
    bw_buf_fini(&flag);
    bw_buf_fini(&text);
}
