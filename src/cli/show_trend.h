// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/show_trend.h: what the analyser says of one series, for people and for programs. Pure. */
#ifndef CLI_SHOW_TREND_H
#define CLI_SHOW_TREND_H

#include "base/buf.h"
#include "cli/terminal.h"
#include "model/records.h"

/* A few lines of text. `name` is what the series is called; a counter is shown as its rate. */
void bw_show_trend_text(struct bw_buf *out, const struct bw_terminal *terminal, const char *name,
                        bool counter, const struct bw_trend_record *record);

/* One JSON object and a newline; what cannot be known is null. */
void bw_show_trend_json(struct bw_buf *out, const char *name, bool counter,
                        const struct bw_trend_record *record);

#endif
