// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/exec_helper.h"

#include "base/units.h"
#include "probe/exec_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A guard gives a command 2 s to end; one that takes longer is stopped or stuck itself. */
#define GUARD_PATIENCE_NS (2600 * BW_MS)
#define QUIT_PATIENCE_NS (700 * BW_MS)
#define QUIT_PATIENCE_MAX_NS (1500 * BW_MS)

/* Between two looks for what a killed guard left; what hangs in the kernel is looked for less and
 * less often. */
#define SWEEP_NS (5 * BW_MS)
#define SWEEP_MAX_NS BW_SECOND

struct run {
    uint64_t id;
    pid_t guard;
    int64_t kill_ns; /* monotonic: the end of patience; 0: it may go on */
};

static struct {
    struct run runs[BW_EXEC_COMMANDS_MAX];
    size_t count;
    int64_t sweep_ns; /* until the next look; 0: no guard was killed, we have adopted nobody */
    pid_t self;
    _Alignas(8) char message[BW_EXEC_MESSAGE_BYTES_MAX];
} helper;

/* ---- guards ---- */

static bool is_guard(pid_t pid)
{
    for (size_t i = 0; i < helper.count; i++) {
        if (helper.runs[i].guard == pid)
            return true;
    }
    return false;
}

static void tell_end(uint64_t id, enum bw_exec_end end, int value)
{
    const struct bw_exec_report report = { .id = id, .end = end, .value = value };
    bw_exec_tell(&report, NULL, NULL);
}

static void take_end(pid_t pid, int status)
{
    size_t i = 0;
    while (i < helper.count && helper.runs[i].guard != pid)
        i++;
    if (i == helper.count)
        return;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        tell_end(helper.runs[i].id, BW_EXEC_LOST, 0);
        helper.sweep_ns = SWEEP_NS;
    }
    helper.runs[i] = helper.runs[--helper.count];
}

static void reap(void)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        take_end(pid, status);
}

/* SIGCONT, because a command may have stopped its guard. */
static void signal_guard(const struct run *run, int number)
{
    kill(run->guard, number);
    kill(run->guard, SIGCONT);
}

/* Kills who is due. Nanoseconds until the next is; below 0: nobody is. */
static int64_t kill_overdue(void)
{
    int64_t next_ns = -1;
    const int64_t now_ns = bw_exec_mono_ns();
    for (size_t i = 0; i < helper.count; i++) {
        const int64_t left_ns = helper.runs[i].kill_ns - now_ns;
        if (helper.runs[i].kill_ns == 0)
            continue;
        if (left_ns <= 0)
            kill(helper.runs[i].guard, SIGKILL);
        else if (next_ns < 0 || left_ns < next_ns)
            next_ns = left_ns;
    }
    return next_ns;
}

static void sweep(void)
{
    if (helper.sweep_ns == 0)
        return;
    helper.sweep_ns *= helper.sweep_ns < SWEEP_MAX_NS ? 2 : 1;
    if (bw_exec_signal_children(SIGKILL, is_guard) == 0)
        helper.sweep_ns = 0;
}

/* ---- orders ---- */

/* Texts behind an order, each with its NUL. */
struct texts {
    const char *at, *end;
};

/* NULL when there is none, or it does not end. */
static const char *take_text(struct texts *texts)
{
    const char *text = texts->at;
    const char *nul = memchr(text, '\0', (size_t)(texts->end - text));
    if (nul == NULL)
        return NULL;
    texts->at = nul + 1;
    return text;
}

/* False when they are not all there. */
static bool take_list(struct texts *texts, uint32_t count, uint32_t max, const char **out)
{
    if (count > max)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        out[i] = take_text(texts);
        if (out[i] == NULL)
            return false;
    }
    out[count] = NULL;
    return true;
}

static void run_command(const struct bw_exec_order *order, const char *at)
{
    const char *argv[BW_EXEC_ARGUMENTS_MAX + 1], *envp[BW_EXEC_VARIABLES_ALL_MAX + 1];
    struct texts texts = { at, at + order->bytes - sizeof *order };
    struct bw_exec_words words = { .argv = argv, .envp = envp };
    const bool whole = order->words > 0
                       && take_list(&texts, order->words, BW_EXEC_ARGUMENTS_MAX, argv)
                       && take_list(&texts, order->variables, BW_EXEC_VARIABLES_ALL_MAX, envp)
                       && (words.folder = take_text(&texts)) != NULL;
    if (helper.count == BW_EXEC_COMMANDS_MAX || !whole) {
        tell_end(order->id, BW_EXEC_REFUSED, E2BIG);
        return;
    }
    const pid_t pid = fork();
    if (pid == 0)
        _exit(bw_exec_guard_run(order, &words, helper.self));
    if (pid < 0)
        tell_end(order->id, BW_EXEC_REFUSED, errno);
    else
        helper.runs[helper.count++] = (struct run){ .id = order->id, .guard = pid };
}

static void stop_command(uint64_t id)
{
    for (size_t i = 0; i < helper.count; i++) {
        struct run *run = &helper.runs[i];
        if (run->id != id || run->kill_ns != 0)
            continue;
        run->kill_ns = bw_exec_mono_ns() + GUARD_PATIENCE_NS;
        signal_guard(run, SIGTERM);
    }
}

static void follow(const char *at, size_t len)
{
    struct bw_exec_order order;
    while (len >= sizeof order) {
        memcpy(&order, at, sizeof order);
        if (order.bytes < sizeof order || order.bytes > len)
            return;
        if (order.kind == BW_EXEC_RUN)
            run_command(&order, at + sizeof order);
        else
            stop_command(order.id);
        at += order.bytes;
        len -= order.bytes;
    }
}

/* False when the daemon is gone. */
static bool take_orders(void)
{
    ssize_t got;
    while ((got = recv(BW_EXEC_SOCKET, helper.message, sizeof helper.message, MSG_DONTWAIT)) > 0)
        follow(helper.message, (size_t)got);
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

/* ---- beginning and end ---- */

static bool settle_down(void)
{
    int kind = 0;
    socklen_t len = sizeof kind;
    if (getsockopt(BW_EXEC_SOCKET, SOL_SOCKET, SO_TYPE, &kind, &len) != 0 || kind != SOCK_SEQPACKET
        || chdir("/") != 0)
        return false;
    prctl(PR_SET_PDEATHSIG, SIGCONT); /* so that it sees the end of the socket */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    fcntl(BW_EXEC_SOCKET, F_SETFD, FD_CLOEXEC);
    close_range(BW_EXEC_SOCKET + 1, ~0u, 0);
    umask(077);
    helper.self = getpid();
    bw_exec_hold_signals();
    return true;
}

static void work(void)
{
    for (;;) {
        struct pollfd fd = { .fd = BW_EXEC_SOCKET, .events = POLLIN };
        const int64_t due_ns = kill_overdue();
        bw_exec_wait(&fd, 1, helper.sweep_ns > 0 ? helper.sweep_ns : due_ns);
        if (fd.revents != 0 && !take_orders())
            return;
        if (bw_exec_came(SIGCHLD))
            reap();
        sweep();
    }
}

static void quit(void)
{
    const int64_t start_ns = bw_exec_mono_ns();
    for (size_t i = 0; i < helper.count; i++) {
        signal_guard(&helper.runs[i], SIGQUIT);
        helper.runs[i].kill_ns = start_ns + QUIT_PATIENCE_NS;
    }
    while ((helper.count > 0 || helper.sweep_ns > 0)
           && bw_exec_mono_ns() - start_ns < QUIT_PATIENCE_MAX_NS) {
        kill_overdue();
        bw_exec_wait(NULL, 0, SWEEP_NS);
        reap();
        sweep();
    }
}

int bw_exec_helper_run(void)
{
    if (!settle_down())
        return 125;
    work();
    quit();
    return 0;
}
