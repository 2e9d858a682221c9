// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/terminal.h: what the place that output goes to can show. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct bw_terminal {
    bool interactive; /* somebody looks at it, not a file or a pipe */
    bool colour;
    bool utf8; /* the locale says so */
    size_t columns;
};

/* Standard output, now. Colour only on a terminal and without NO_COLOR. */
struct bw_terminal bw_terminal_look(void);

enum bw_tone {
    BW_TONE_PLAIN,
    BW_TONE_GOOD,
    BW_TONE_WARNING,
    BW_TONE_BAD,
    BW_TONE_DIM,
    BW_TONE_BOLD,
    BW_TONE_DRAWN
};

/* Appends the text in a tone; plain where there is no colour. */
void bw_terminal_tone(struct bw_buf *out, const struct bw_terminal *terminal, enum bw_tone tone,
                      const char *text);

/* Text from outside, safe to show: control bytes and broken UTF-8 become '?', and so does what
 * is not ASCII where the terminal cannot show it. */
void bw_terminal_text(struct bw_buf *out, bool utf8, const char *text, size_t len);

/* Columns that valid UTF-8 takes, counting a character as one. */
size_t bw_terminal_width(const char *text, size_t len);

#endif
