// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/terminal.h"

#include "base/num.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COLUMNS_DEFAULT = 80, COLUMNS_MIN = 40, COLUMNS_MAX = 200 };

/* The variable's value; NULL where it is not set or empty, which programs take for the same. */
static const char *value_of(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The first of the three that is set decides, as for every program. */
static bool locale_is_utf8(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = value_of(names[i]);
        if (value != NULL)
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
    }
    return false;
}

static size_t columns(void)
{
    struct winsize size;
    uint64_t wanted = COLUMNS_DEFAULT;
    const char *said = value_of("COLUMNS");
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        wanted = size.ws_col;
    else if (said != NULL)
        bw_parse_uint(said, strlen(said), &wanted);
    return wanted < COLUMNS_MIN ? COLUMNS_MIN : wanted > COLUMNS_MAX ? COLUMNS_MAX : wanted;
}

struct bw_terminal bw_terminal_look(void)
{
    const bool interactive = isatty(STDOUT_FILENO) == 1;
    const char *kind = getenv("TERM");
    const bool dumb = kind == NULL || strcmp(kind, "dumb") == 0;
    return (struct bw_terminal){
        .interactive = interactive,
        .colour = interactive && !dumb && value_of("NO_COLOR") == NULL,
        .utf8 = locale_is_utf8(),
        .columns = columns(),
    };
}

void bw_terminal_tone(struct bw_buf *out, const struct bw_terminal *terminal, enum bw_tone tone,
                      const char *text)
{
    static const char *const codes[] = {
        [BW_TONE_GOOD] = "32",  [BW_TONE_WARNING] = "33", [BW_TONE_BAD] = "31",
        [BW_TONE_DIM] = "2",    [BW_TONE_BOLD] = "1",     [BW_TONE_PLAIN] = NULL,
        [BW_TONE_DRAWN] = "36",
    };
    if (terminal->colour && codes[tone] != NULL)
        bw_buf_printf(out, "\x1b[%sm%s\x1b[0m", codes[tone], text);
    else
        bw_buf_text(out, text);
}

static bool is_control(const unsigned char *p)
{
    return *p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f);
}

void bw_terminal_text(struct bw_buf *out, bool utf8, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        const size_t valid = at + bw_utf8_valid_prefix(text + at, len - at);
        for (; at < valid; at++) {
            const unsigned char *p = (const unsigned char *)text + at;
            const bool continues = (*p & 0xc0) == 0x80;
            if (is_control(p)) {
                bw_buf_char(out, '?');
                at += *p == 0xc2; /* its second byte too */
            } else if (*p < 0x80 || utf8) {
                bw_buf_char(out, (char)*p);
            } else if (!continues) {
                bw_buf_char(out, '?');
            }
        }
        if (at < len) {
            bw_buf_char(out, '?');
            at++;
        }
    }
}

size_t bw_terminal_width(const char *text, size_t len)
{
    size_t width = 0;
    for (size_t i = 0; i < len; i++)
        width += ((unsigned char)text[i] & 0xc0) != 0x80;
    return width;
}
