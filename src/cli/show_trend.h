// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/show_trend.h: what the analyser says of one series, for people and for programs. Pure. */
#ifndef CLI_SHOW_TREND_H
#define CLI_SHOW_TREND_H

#include "base/buf.h"
#include "cli/terminal.h"
#include "model/records.h"
#include "trend/picture.h"

struct bw_trend_shown {
    const char *name;                     /* of the series */
    bool counter;                         /* it is shown as its rate */
    const struct bw_trend_record *record; /* its metric, if it has one, says the unit */
    const struct bw_trend_picture *picture;
};

/* A few lines of text. */
void bw_show_trend_text(struct bw_buf *out, const struct bw_terminal *terminal,
                        const struct bw_trend_shown *shown);

/* One JSON object and a newline; what cannot be known is null. */
void bw_show_trend_json(struct bw_buf *out, const struct bw_trend_shown *shown);

#endif
