// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/plot.h: a series and its forecast drawn with characters: braille dots where the terminal
 * has UTF-8, plain ASCII elsewhere.
 *
 *     90.0 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌   threshold
 *          history ⡠⠔⠉  ┊ ░░⠒⠒     median in its band
 *     10.0 ⠤⠔⠊          ┊
 *
 * Pure. */
#ifndef CLI_PLOT_H
#define CLI_PLOT_H

#include "base/buf.h"
#include "model/records.h"

#include <stdbool.h>
#include <stddef.h>

/* The forecast at one time. */
struct bw_plot_band {
    int64_t ts_ms;
    double low, middle, high;
};

struct bw_plot {
    const struct bw_point *points; /* rising in time; what is not finite leaves a gap */
    size_t count;
    const struct bw_plot_band *band; /* rising in time, after the last point */
    size_t band_count;
    double threshold; /* NaN: none */
    size_t columns;   /* of everything, at least 40 */
    size_t rows;      /* of the drawing, at least 3 */
    bool utf8;
};

/* Appends rows + 1 lines; nothing when there is nothing finite to draw. */
void bw_plot_draw(struct bw_buf *out, const struct bw_plot *plot);

#endif
