// SPDX-License-Identifier: GPL-3.0-or-later
/* conf/flags.h: command-line flags by the same rows as configuration keys. Rows are named
 * without the dashes: "web.listen-address".
 *
 *     --name=value   --name value   --bool   --no-bool   --bool=false   --   -h   --help
 *
 * Rows of lists may be repeated, one value each time; rows of maps take NAME=VALUE.
 * Everything else may be given once. `--` ends the flags; `-` alone is no flag. */
#ifndef CONF_FLAGS_H
#define CONF_FLAGS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "conf/option.h"

#include <stdbool.h>

enum bw_flags_result {
    BW_FLAGS_OK,
    BW_FLAGS_HELP, /* --help or -h stands before any mistake: *out is not filled */
    BW_FLAGS_BAD,  /* *err says what is wrong */
};

struct bw_flags {
    struct bw_strings rest; /* arguments that are no flags, in order */
    struct bw_node *given;  /* mapping of flag name to what was given */
};

/* Reads argv[0..argc) (without the program's and the command's name) into *out, a struct
 * of `group`. Texts live in `arena` or in argv. */
enum bw_flags_result bw_flags_parse(struct bw_arena *arena, const struct bw_opt_group *group,
                                    int argc, char *const *argv, void *out,
                                    struct bw_flags *out_flags, struct bw_err *err);

/* Whether the flag stood on the command line: it then beats the file. */
bool bw_flags_was_given(const struct bw_flags *flags, const char *name);

/* Calls for each row that is shown with "--name=VALUE" and its description, as --help has them. */
void bw_flags_tell(const struct bw_opt *opts,
                   void (*fn)(void *ctx, const char *flag, const char *text), void *ctx);

/* Usage line, then the rows with their defaults, wrapped at 90 columns. */
void bw_flags_help(struct bw_buf *out, const char *usage, const struct bw_opt *opts);

#endif
