// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/socket.h"

#include "base/limits.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel gives out the lowest number that is free: who gets a high one takes from the rest. */
static bool is_reserved(int fd)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    const rlim_t quarter = limit.rlim_cur / 4;
    const rlim_t reserve =
        quarter < BW_DESCRIPTORS_RESERVED ? quarter : (rlim_t)BW_DESCRIPTORS_RESERVED;
    return (rlim_t)fd >= limit.rlim_cur - reserve;
}

int bw_socket_open(int family, int type, int protocol)
{
    const int fd = socket(family, type | SOCK_CLOEXEC, protocol);
    if (fd < 0 || !is_reserved(fd))
        return fd;
    close(fd);
    errno = EMFILE;
    return -1;
}

bool bw_socket_may_idle(int fd)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) != 0 || (rlim_t)fd < limit.rlim_cur / 2;
}
