// SPDX-License-Identifier: GPL-3.0-or-later
/* io/socket.h: sockets towards targets, which may not take the last descriptors that we have: with
 * those the front end accepts, the store opens its files and names are looked up. */
#ifndef IO_SOCKET_H
#define IO_SOCKET_H

#include <stdbool.h>

/* As socket(2), with SOCK_CLOEXEC. -1 with errno EMFILE, too, when only the reserve is left:
 * BW_DESCRIPTORS_RESERVED of the limit, or a quarter of a small one. Any thread. */
int bw_socket_open(int family, int type, int protocol);

/* How a connection ended that was begun without waiting: 0, or the errno of connect(2). `events`
 * are those with which the loop told of it: where they know of no error nobody is asked. */
int bw_socket_error(int fd, unsigned events);

/* From now on the limit changes seldom: it is looked at for every 16th socket instead of for each.
 * Any thread. */
void bw_socket_settle_limit(void);

/* Whether a descriptor may stay open for later: not when half of the limit is in use. Any thread.
 */
bool bw_socket_may_idle(int fd);

#endif
