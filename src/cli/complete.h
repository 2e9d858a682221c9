// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/complete.h: what may stand where the cursor is on a command line, by the tables that the
 * parser and the help read.
 *
 *     shell --words up to the cursor--> bellwether complete -- WORD... --lines--> shell
 *
 * Each line is what the last WORD may become, a tab and what that means. A flag that wants a
 * value ends with "=". The line ":files" says that names of files fit too. The scripts that
 * `bellwether completion SHELL` prints only carry words one way and lines the other. */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "cli/command.h"

#include <stddef.h>

struct bw_given_flag {
    const struct bw_opt *row;
    const char *value; /* NULL for a switch */
};

/* What is being completed. */
struct bw_completion {
    struct bw_arena *arena;
    struct bw_buf *out;
    const char *word;        /* what is typed of the last word, without `lead` */
    const char *lead;        /* "--format=" where a value follows in the same word, else "" */
    const char *const *args; /* arguments that stand before it */
    size_t arg_count;
    const struct bw_given_flag *given; /* flags with values that stand before it */
    size_t given_count;
};

/* Writes the lines for words[count - 1], which may be "", after the words before it; the
 * program's name is not among them. */
void bw_complete(const struct bw_command *const *table, const char *const *words, size_t count,
                 struct bw_buf *out);

/* ---- for the `complete` member of a command's row ---- */

/* Offers a word when it begins with what is typed; of `help` the first sentence is shown, NULL is
 * fine. A word that a shell would need to quote is not offered. */
void bw_completion_add(struct bw_completion *completion, const char *word, const char *help);

/* Offers names of files. */
void bw_completion_files(struct bw_completion *completion);

/* The value of a flag that stands before the cursor, or NULL. */
const char *bw_completion_given(const struct bw_completion *completion, const char *flag);

/* For commands whose every argument is a file. */
void bw_complete_file_arguments(struct bw_completion *completion, const struct bw_opt *flag);

#endif
