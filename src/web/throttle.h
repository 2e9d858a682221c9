// SPDX-License-Identifier: GPL-3.0-or-later
/* web/throttle.h: who guesses tokens has to wait: after so many wrong ones within a minute a
 * client's tokens, right or wrong, are not looked at until the minute is over. Others are not
 * affected. Remembers a bounded number of clients, the latest; `now_ns` is monotonic. Any
 * thread. */
#ifndef WEB_THROTTLE_H
#define WEB_THROTTLE_H

#include "web/client.h"

#include <stdint.h>

enum { BW_THROTTLE_FAILURES_MAX = 10, BW_THROTTLE_CLIENTS_MAX = 1024 };

struct bw_throttle;

struct bw_throttle *bw_throttle_new(void);
void bw_throttle_free(struct bw_throttle *throttle);

/* It showed a token that is none. */
void bw_throttle_failed(struct bw_throttle *throttle, const struct bw_client *client,
                        int64_t now_ns);

/* In how many seconds it may try again; 0: now. */
unsigned bw_throttle_wait_s(struct bw_throttle *throttle, const struct bw_client *client,
                            int64_t now_ns);

#endif
