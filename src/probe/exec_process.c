// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/units.h"
#include "probe/exec_guard.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { CHILDREN_BYTES_MAX = 64 << 10 }; /* of the list of our children, one look */

static const int held[] = { SIGCHLD, SIGTERM, SIGQUIT };
static volatile sig_atomic_t seen[NSIG];

int64_t bw_exec_mono_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * BW_SECOND + now.tv_nsec;
}

/* ---- signals ---- */

static void on_signal(int number)
{
    seen[number] = 1;
}

void bw_exec_hold_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        struct sigaction action = { .sa_handler = on_signal };
        sigaction(held[i], &action, NULL);
        sigaddset(&set, held[i]);
        seen[held[i]] = 0;
    }
    sigprocmask(SIG_BLOCK, &set, NULL);
}

void bw_exec_wait(struct pollfd *fds, size_t count, int64_t ns)
{
    sigset_t none;
    sigemptyset(&none);
    const struct timespec patience = { (time_t)(ns / BW_SECOND), (long)(ns % BW_SECOND) };
    if (ppoll(fds, count, ns >= 0 ? &patience : NULL, &none) < 0) {
        for (size_t i = 0; i < count; i++)
            fds[i].revents = 0;
    }
}

bool bw_exec_came(int number)
{
    const bool came = seen[number] != 0;
    seen[number] = 0;
    return came;
}

/* ---- our children ---- */

/* The whole group, so that who forks all the time cannot run away; never our own. */
static void kill_group_of(pid_t pid)
{
    const pid_t group = getpgid(pid);
    if (group > 1 && group != getpgrp())
        kill(-group, SIGKILL);
}

static ssize_t list_children(char *list, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && len + 1 < size) {
        got = read(fd, list + len, size - 1 - len);
        len += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    list[len] = '\0';
    return (ssize_t)len;
}

size_t bw_exec_signal_children(int number, bool (*spared)(pid_t pid))
{
    static char list[CHILDREN_BYTES_MAX];
    size_t count = 0;
    if (list_children(list, sizeof list) <= 0)
        return 0;
    for (char *at = list, *end; *at != '\0'; at = end) {
        const pid_t pid = (pid_t)strtol(at, &end, 10);
        if (end == at || *end != ' ')
            break; /* the rest of a list that is longer: at the next look */
        end++;
        if (spared != NULL && spared(pid))
            continue;
        count++;
        if (number == SIGKILL)
            kill_group_of(pid);
        kill(pid, number);
    }
    return count;
}

/* ---- reports ---- */

static struct iovec part_of(const void *bytes, size_t len)
{
    union {
        const void *from;
        void *to;
    } cast = { bytes };
    return (struct iovec){ cast.to, len };
}

void bw_exec_tell(const struct bw_exec_report *report, const char *out, const char *err)
{
    struct iovec parts[] = { part_of(report, sizeof *report), part_of(out, report->out_bytes),
                             part_of(err, report->err_bytes) };
    const struct msghdr message = { .msg_iov = parts, .msg_iovlen = 3 };
    if (sendmsg(BW_EXEC_SOCKET, &message, MSG_NOSIGNAL) < 0)
        return; /* the daemon is gone, and nobody asks any more */
}
