// SPDX-License-Identifier: GPL-3.0-or-later
/* app/trend_picture.h: the analysis behind one trend once more, with all there is to see of it, for
 * who looks at that trend. */
#ifndef APP_TREND_PICTURE_H
#define APP_TREND_PICTURE_H

#include "app/config.h"
#include "model/records.h"
#include "trend/picture.h"

struct bw_trend_pictures;

struct bw_trend_pictures *bw_trend_pictures_new(void);
void bw_trend_pictures_free(struct bw_trend_pictures *pictures); /* nobody draws any more */

/* Draws by this configuration from now on. BW_EINVAL: it stays with the one before. Loop thread. */
enum bw_rc bw_trend_pictures_apply(struct bw_trend_pictures *pictures,
                                   const struct bw_config *config, struct bw_err *err);

/* Reads the series from the store as it was when the record was computed, and fills *out.
 * BW_ENOTFOUND: it is no longer selected, or nothing is left of it. Blocks; any thread. */
enum bw_rc bw_trend_pictures_draw(struct bw_trend_pictures *pictures, const char *store,
                                  const struct bw_trend_record *record,
                                  struct bw_trend_picture *out, struct bw_err *err);

#endif
