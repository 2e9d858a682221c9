// SPDX-License-Identifier: GPL-3.0-or-later
/* conf/decode.h: fills a struct from a mapping by the rows of its option table.
 *
 * - Every mistake is found in one run and noted at its place: unknown keys with a guess at
 *   what was meant, missing keys, wrong kinds, values that do not parse or are out of range.
 * - `${env:NAME}` in a value becomes the variable's value; `$${` stands for a literal `${`
 *   where `env:` follows; any other `${…}` is left as it is for its owner.
 * - A value that is null counts as empty for lists, mappings and groups, and is a mistake
 *   for anything else.
 * - A number or ratio whose default is "NaN" is NaN where it is absent; nobody can write NaN.
 * - A row's range bounds numbers, durations, sizes and ratios, each one of a list, and the
 *   length in bytes of strings.
 * - A secret row NAME of type BW_OPT_STRING also accepts NAME_file, whose content, less
 *   one line end, is the value. Neither a secret nor what a variable holds is ever put into
 *   a message. */
#ifndef CONF_DECODE_H
#define CONF_DECODE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "conf/node.h"
#include "conf/option.h"
#include "conf/problems.h"

#include <stdbool.h>

/* The longest file that NAME_file may name, in bytes. */
#define BW_CONF_SECRET_BYTES_MAX (64u << 10)

/* What decoding needs from outside. conf/ itself reads neither files nor variables. */
struct bw_conf_ctx {
    struct bw_arena *arena; /* everything decoded lives here */
    struct bw_problems *problems;

    /* The variable's value, or NULL when it is not set. NULL here: no replacement. */
    const char *(*env)(void *user, const char *name);

    /* Appends the content of `path`, relative to the folder of `config_file`, to `out`
     * (whose ceiling is BW_CONF_SECRET_BYTES_MAX). NULL here: NAME_file is refused. */
    enum bw_rc (*read_file)(void *user, const char *path, const char *config_file,
                            struct bw_buf *out, struct bw_err *err);
    void *user;

    /* Values are what they are to programs written in Go: null, and an empty text where a word must
     * stand or where the default is none, mean that the key is not given. */
    bool as_go;
};

/* Fills *out, a struct of `group`, from a mapping. `path` stands before every key in
 * messages ("" for the document). Members without a key get their default. `node` NULL is
 * an empty mapping. False when a problem was noted: then *out must not be used. */
bool bw_conf_decode(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                    const struct bw_opt_group *group, void *out);

/* One value by one row, for owners of BW_OPT_NODE members. `out` is the group's struct, as
 * the row's offset counts from its beginning. */
bool bw_conf_decode_row(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                        const struct bw_opt *row, void *out);

/* The row of that name, or NULL. */
const struct bw_opt *bw_conf_find_row(const struct bw_opt_group *group, const char *name);

/* Fills *out with defaults only; required rows stay zero. A default that does not parse is
 * a bug in the table: see bw_conf_lint(). */
void bw_conf_defaults(struct bw_arena *arena, const struct bw_opt_group *group, void *out);

/* Replaces `${env:NAME}` in the text of a scalar; NULL when a problem was noted. */
const char *bw_conf_text(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path);

/* "services[1]" + "name" is "services[1].name"; "" + "name" is "name". */
const char *bw_conf_path_key(struct bw_arena *arena, const char *path, const char *key);
const char *bw_conf_path_index(struct bw_arena *arena, const char *path, size_t index);

/* Whether a table is sound: names unique, every shown row with help, enums with names,
 * groups with a group, defaults and ranges that parse, defaults inside the range; nested
 * groups too. For tests. */
enum bw_rc bw_conf_lint(const struct bw_opt_group *group, struct bw_err *err);

#endif
