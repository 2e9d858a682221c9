// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/progress.h"

#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { BAR_COLUMNS = 30, AMOUNT_BYTES = 64 };

struct bw_progress bw_progress_begin(void)
{
    return (struct bw_progress){ .shown = isatty(STDERR_FILENO) == 1, .percent = -1 };
}

static void put_amount(char out[AMOUNT_BYTES], const char *unit, uint64_t amount)
{
    if (unit == NULL)
        bw_format_bytes(out, amount);
    else
        snprintf(out, AMOUNT_BYTES, "%" PRIu64 " %s", amount, unit);
}

void bw_progress_show(struct bw_progress *progress, uint64_t done, uint64_t total)
{
    char of[AMOUNT_BYTES];
    const int percent = total > 0 ? (int)((double)done * 100 / (double)total)
                                  : (int)(done >> (progress->unit == NULL ? 20 : 0));
    if (!progress->shown || percent == progress->percent)
        return;
    progress->percent = percent;
    put_amount(of, progress->unit, total > 0 ? total : done);
    if (total == 0) {
        fprintf(stderr, "\r%s\x1b[K", of);
        return;
    }
    char bar[BAR_COLUMNS + 1] = "";
    for (int i = 0; i < BAR_COLUMNS; i++)
        bar[i] = i * 100 < percent * BAR_COLUMNS ? '#' : '.';
    fprintf(stderr, "\r[%s] %3d %% of %s\x1b[K", bar, percent, of);
}

void bw_progress_hide(struct bw_progress *progress)
{
    if (progress->shown && progress->percent >= 0)
        fputs("\r\x1b[K", stderr);
    progress->percent = -1;
}
