// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/manual.h"

#include "base/text.h"

#include <string.h>

/* Text for roff: nothing in it is a request or an escape. `-` stays the one that can be typed. */
static void put_roff(struct bw_buf *out, const char *text)
{
    bool begins = true;
    for (const char *c = text; *c != '\0'; c++) {
        if (begins && (*c == '.' || *c == '\''))
            bw_buf_text(out, "\\&");
        begins = *c == '\n';
        if (*c == '\\')
            bw_buf_text(out, "\\e");
        else if (*c == '-')
            bw_buf_text(out, "\\-");
        else if (*c == '\'')
            bw_buf_text(out, "\\(aq");
        else if (*c == '`')
            bw_buf_text(out, "\\(ga");
        else
            bw_buf_char(out, *c);
    }
}

static void put_flag(void *ctx, const char *flag, const char *text)
{
    struct bw_buf *out = ctx;
    bw_buf_text(out, ".TP\n\\fB");
    put_roff(out, flag);
    bw_buf_text(out, "\\fR\n");
    put_roff(out, text);
    bw_buf_char(out, '\n');
}

/* As it is, in lines. */
static void put_lines(struct bw_buf *out, const char *text)
{
    bw_buf_text(out, ".PP\n.nf\n");
    put_roff(out, text);
    if (!bw_text_ends_with(text, "\n"))
        bw_buf_char(out, '\n');
    bw_buf_text(out, ".fi\n");
}

static void put_command(struct bw_buf *out, const struct bw_command *command)
{
    bw_buf_text(out, ".SS \"bellwether ");
    put_roff(out, command->name);
    bw_buf_text(out, command->flags == &bw_no_flags ? "" : " [FLAGS]");
    bw_buf_text(out, command->arguments[0] != '\0' ? " " : "");
    put_roff(out, command->arguments);
    bw_buf_text(out, "\"\n");
    put_roff(out, command->summary);
    bw_buf_text(out, ".\n");
    bw_flags_tell(command->flags->opts, put_flag, out);
    if (command->text != NULL)
        put_lines(out, command->text);
    if (command->more != NULL) {
        struct bw_buf more;
        bw_buf_init(&more, out->max);
        command->more(&more);
        put_lines(out, more.data);
        bw_buf_fini(&more);
    }
}

void bw_manual(struct bw_buf *out, const struct bw_command *const *table)
{
    bw_buf_text(out,
                ".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n"
                ".\\\" Made by `bellwether docs man`.\n"
                ".TH BELLWETHER 1 \"\" \"bellwether " BW_VERSION "\" \"Bellwether\"\n"
                ".nh\n"
                ".SH NAME\n"
                "bellwether \\- watch services and hosts, and say where every series is heading\n"
                ".SH SYNOPSIS\n"
                "\\fBbellwether\\fR \\fICOMMAND\\fR [\\fIFLAGS\\fR] [\\fIARGUMENTS\\fR]\n"
                ".SH DESCRIPTION\n"
                "Bellwether watches services and hosts, remembers what it saw in one SQLite file,\n"
                "works out where every series is heading, and says so.\n"
                "Flags are written \\fB\\-\\-name=value\\fR or \\fB\\-\\-name value\\fR, a switch\n"
                "\\fB\\-\\-name\\fR or \\fB\\-\\-no\\-name\\fR; \\fB\\-\\-\\fR ends them.\n"
                ".SH COMMANDS\n");
    for (size_t i = 0; table[i] != NULL; i++) {
        if (!table[i]->hidden)
            put_command(out, table[i]);
    }
    bw_buf_text(
        out, ".SH EXIT STATUS\n"
             "0 done, 1 failed or invalid, 2 not understood; of \\fBprobe\\fR: 0 OK, 1 warning,\n"
             "2 critical, 3 unknown.\n"
             ".SH ENVIRONMENT\n"
             ".TP\n\\fBSTATE_DIRECTORY\\fR\n"
             "The folder of the store where nobody names its file.\n"
             ".TP\n\\fBNO_COLOR\\fR\n"
             "Set to anything: no colours on a terminal.\n");
}
