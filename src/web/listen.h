// SPDX-License-Identifier: GPL-3.0-or-later
/* web/listen.h: listening TCP sockets from what people write: "127.0.0.1:10190", ":10190",
 * "[::1]:0", "localhost:10190". */
#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

#include "base/err.h"

#include <stdbool.h>

enum { BW_LISTEN_TEXT_MAX = 64 };

struct bw_listening {
    int fd;
    bool is_loopback;              /* only this machine reaches it */
    char text[BW_LISTEN_TEXT_MAX]; /* where it really listens: "127.0.0.1:43211" */
};

/* Binds and listens. BW_EINVAL when the text is no address, BW_EEXISTS when it is taken,
 * BW_EDENIED, BW_EIO. */
enum bw_rc bw_listen_open(const char *address, struct bw_listening *out, struct bw_err *err);

#endif
