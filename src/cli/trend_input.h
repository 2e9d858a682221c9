// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/trend_input.h: where the series of `bellwether trend` comes from: a text or the store. */
#ifndef CLI_TREND_INPUT_H
#define CLI_TREND_INPUT_H

#include "cli/read_points.h"

#include <stdio.h>

/* Opens FILE for reading; "-" is standard input. NULL with *err set. */
FILE *bw_input_open(const char *file, struct bw_err *err);
void bw_input_close(FILE *stream);

/* Reads the next line, its end included, into *out, which is emptied first; of a line above the
 * buffer's ceiling the rest is passed over and the buffer has failed. False at the end. */
bool bw_input_line(FILE *stream, struct bw_buf *out);

/* Reads one series from a text, see cli/read_points.h. */
enum bw_rc bw_trend_input_text(const char *file, const char *selector, struct bw_read_points *out,
                               struct bw_err *err);

/* Reads the one stored series that the selector means, the newest range_ms of it. BW_EINVAL
 * names a few when there are several. */
enum bw_rc bw_trend_input_store(const char *path, const char *selector, int64_t range_ms,
                                struct bw_read_points *out, struct bw_err *err);

#endif
