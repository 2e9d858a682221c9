// SPDX-License-Identifier: GPL-3.0-or-later
/* app/pushed.h: targets that are registered over HTTP, for sources of kind push. What is answered
 * has been written down. */
#ifndef APP_PUSHED_H
#define APP_PUSHED_H

#include "app/config.h"
#include "web/web.h"

struct bw_pushed;

/* `folder` holds a file for each source. */
struct bw_pushed *bw_pushed_new(const char *folder);

/* After all threads that might ask. NULL is fine. */
void bw_pushed_free(struct bw_pushed *pushed);

/* The sources of this configuration are those there are. Loop thread. */
void bw_pushed_apply(struct bw_pushed *pushed, const struct bw_config *config);

/* As the hook of web/web.h. Any thread. */
enum bw_rc bw_pushed_change(struct bw_pushed *pushed, const struct bw_target_order *order,
                            struct bw_buf *out, struct bw_err *err);

#endif
