// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/socket.h"

#include "base/limits.h"
#include "io/loop.h"

#include <errno.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKETS_A_LOOK = 16 };

/* All atomic: */
static bool settled;
static int first_reserved;
static unsigned asked_for; /* sockets */

static int look_at_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT_MAX)
        return INT_MAX;
    const rlim_t quarter = limit.rlim_cur / 4;
    const rlim_t reserve =
        quarter < BW_DESCRIPTORS_RESERVED ? quarter : (rlim_t)BW_DESCRIPTORS_RESERVED;
    return (int)(limit.rlim_cur - reserve);
}

void bw_socket_settle_limit(void)
{
    __atomic_store_n(&first_reserved, look_at_limit(), __ATOMIC_RELAXED);
    __atomic_store_n(&settled, true, __ATOMIC_RELAXED);
}

/* The kernel gives out the lowest number that is free: who gets a high one takes from the rest. */
static bool is_reserved(int fd)
{
    if (!__atomic_load_n(&settled, __ATOMIC_RELAXED))
        return fd >= look_at_limit();
    return fd >= __atomic_load_n(&first_reserved, __ATOMIC_RELAXED);
}

int bw_socket_open(int family, int type, int protocol)
{
    const int fd = socket(family, type | SOCK_CLOEXEC, protocol);
    if (__atomic_add_fetch(&asked_for, 1, __ATOMIC_RELAXED) % SOCKETS_A_LOOK == 0
        && __atomic_load_n(&settled, __ATOMIC_RELAXED))
        bw_socket_settle_limit(); /* somebody may have lowered it all the same */
    if (fd < 0 || !is_reserved(fd))
        return fd;
    close(fd);
    errno = EMFILE;
    return -1;
}

int bw_socket_error(int fd, unsigned events)
{
    int error = 0;
    socklen_t len = sizeof error;
    if ((events & BW_POLL_ERROR) != 0)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    return error;
}

bool bw_socket_may_idle(int fd)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) != 0 || (rlim_t)fd < limit.rlim_cur / 2;
}
