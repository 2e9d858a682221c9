// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/exec_guard.h"

#include "base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FILES_MAX = 256,  /* descriptors of the command */
    SWEEPS_MAX = 400, /* looks, 5 ms apart when nothing ends: 2 s */
    STREAM_BYTES = BW_EXEC_OUTPUT_BYTES_MAX / 2,
    STACK_BYTES = 64 << 10, /* of the command until it is the command */
};

#define GRACE_NS (2 * BW_SECOND)
#define SWEEP_NS (5 * BW_MS)

/* Output of a command that goes on is told this late: whoever is quicker takes one message. */
#define TELL_NS (100 * BW_MS)

struct stream {
    int fd, other; /* -1: closed; the other end is the command's */
    uint32_t len;  /* not told yet */
    char bytes[STREAM_BYTES];
};

struct guard {
    const struct bw_exec_order *order;
    const struct bw_exec_words *words;
    struct stream out, err;
    uint64_t written;
    pid_t command;
    bool ended; /* the command itself; end and value say how */
    bool ending, told;
    bool quits;                /* the helper is gone */
    int64_t kill_ns;           /* monotonic, once `ending` */
    int64_t tell_ns;           /* monotonic; 0: there is nothing to tell */
    struct bw_exec_report why; /* why it could not run; end RUNS: it could */
    int32_t end, value;
};

/* ---- in the child ---- */

/* Never above what we may have ourselves. */
static void limit(__rlimit_resource_t resource, uint64_t soft, uint64_t hard)
{
    struct rlimit now;
    if (getrlimit(resource, &now) != 0)
        return;
    struct rlimit wanted = { .rlim_cur = soft, .rlim_max = hard };
    if (wanted.rlim_max > now.rlim_max)
        wanted.rlim_max = now.rlim_max;
    if (wanted.rlim_cur > wanted.rlim_max)
        wanted.rlim_cur = wanted.rlim_max;
    setrlimit(resource, &wanted);
}

/* Also the two that glibc keeps for itself and posix_spawn() leaves ignored. */
static void reset_signals(void)
{
    static const unsigned char as_usual[64]; /* the kernel's struct sigaction: SIG_DFL, no flags */
    for (int i = 1; i < NSIG; i++)
        syscall(SYS_rt_sigaction, i, as_usual, NULL, NSIG / 8);
}

static struct bw_exec_report why_not(const char *path, int error)
{
    struct stat info;
    const bool there = stat(path, &info) == 0;
    enum bw_exec_end end = error == EACCES ? BW_EXEC_NOT_EXECUTABLE : BW_EXEC_FAILED;
    if (error == ENOENT || error == ENOTDIR)
        end = there ? BW_EXEC_NO_INTERPRETER : BW_EXEC_MISSING;
    else if (error == ENOEXEC)
        end = BW_EXEC_NOT_A_PROGRAM;
    else if (there && S_ISDIR(info.st_mode))
        end = BW_EXEC_DIRECTORY;
    return (struct bw_exec_report){ .end = end, .value = error };
}

/* Raw, because libc's would tell other threads, and we share the memory of a process that has
 * none. Supplementary groups go first, while we may drop them. */
static bool change_user(const struct bw_exec_order *order)
{
    return order->uid == BW_EXEC_SAME_USER
           || (syscall(SYS_setgroups, 0, NULL) == 0
               && syscall(SYS_setresgid, order->gid, order->gid, order->gid) == 0
               && syscall(SYS_setresuid, order->uid, order->uid, order->uid) == 0);
}

/* As whom and where it runs. */
static void settle_in(struct guard *guard)
{
    const struct bw_exec_order *order = guard->order;
    enum bw_exec_end end = BW_EXEC_RUNS;
    if (order->processes > 0)
        limit(RLIMIT_NPROC, order->processes, order->processes);
    if (!change_user(order))
        end = BW_EXEC_NO_USER;
    else if (chdir(guard->words->folder) != 0)
        end = BW_EXEC_NO_FOLDER;
    if (end != BW_EXEC_RUNS) {
        guard->why = (struct bw_exec_report){ .end = end, .value = errno };
        _exit(126);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a new user has none */
}

/* execve() and its kin take pointers to char that they leave alone. */
static char *const *plain(const char *const *argv)
{
    union {
        const char *const *from;
        char *const *to;
    } cast = { argv };
    return cast.to;
}

/* Shares the guard's memory, which waits meanwhile: nothing is copied for a process that becomes
 * another at once, and the guard sees why it did not. */
static int become(void *ctx)
{
    struct guard *guard = ctx;
    const struct bw_exec_order *order = guard->order;
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0);
    reset_signals();
    dup2(guard->out.other, STDOUT_FILENO);
    dup2(guard->err.other, STDERR_FILENO);
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_NOFILE, FILES_MAX, FILES_MAX);
    limit(RLIMIT_FSIZE, order->file_bytes, order->file_bytes);
    limit(RLIMIT_CPU, order->cpu_s, order->cpu_s + 1);
    settle_in(guard);
    sigprocmask(SIG_SETMASK, &none, NULL);
    limit(RLIMIT_AS, order->memory_bytes, order->memory_bytes); /* last: we may be over it */
    execve(guard->words->argv[0], plain(guard->words->argv), plain(guard->words->envp));
    guard->why = why_not(guard->words->argv[0], errno);
    _exit(126);
}

/* ---- what it writes ---- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_output(struct guard *guard)
{
    close_fd(&guard->out.fd);
    close_fd(&guard->err.fd);
}

static void tell(struct guard *guard, int32_t end, int32_t value)
{
    const struct bw_exec_report report = { .id = guard->order->id,
                                           .end = end,
                                           .value = value,
                                           .out_bytes = guard->out.len,
                                           .err_bytes = guard->err.len };
    if (guard->told)
        return;
    bw_exec_tell(&report, guard->out.bytes, guard->err.bytes);
    guard->told = end != BW_EXEC_RUNS;
    guard->out.len = guard->err.len = 0;
    guard->tell_ns = 0;
}

static void ask_to_end(struct guard *guard)
{
    if (guard->ending)
        return;
    guard->ending = true;
    guard->kill_ns = bw_exec_mono_ns() + GRACE_NS;
    close_output(guard);
    kill(-guard->command, SIGTERM);
    kill(-guard->command, SIGCONT);
    bw_exec_signal_children(SIGTERM, NULL);
}

/* One read of a descriptor that has something, or its end. */
static void hear(struct guard *guard, struct stream *stream)
{
    const uint64_t left = guard->order->output_bytes - guard->written;
    const size_t room = STREAM_BYTES - stream->len;
    const ssize_t got =
        read(stream->fd, stream->bytes + stream->len, left < room ? (size_t)left + 1 : room);
    if (got <= 0) {
        close_fd(&stream->fd);
        return;
    }
    const uint64_t kept = (uint64_t)got > left ? left : (uint64_t)got;
    guard->written += kept;
    stream->len += (uint32_t)kept;
    if (kept < (uint64_t)got) {
        tell(guard, BW_EXEC_TOO_MUCH, 0);
        ask_to_end(guard);
    } else if (stream->len == STREAM_BYTES) {
        tell(guard, BW_EXEC_RUNS, 0);
    } else if (guard->tell_ns == 0) {
        guard->tell_ns = bw_exec_mono_ns() + TELL_NS;
    }
}

/* Waits so long for output or a signal. True when there was output. */
static bool listen_for(struct guard *guard, int64_t ns)
{
    struct pollfd fds[] = { { .fd = guard->out.fd, .events = POLLIN },
                            { .fd = guard->err.fd, .events = POLLIN } };
    bw_exec_wait(fds, 2, ns);
    if (fds[0].revents != 0 && guard->out.fd >= 0)
        hear(guard, &guard->out);
    if (fds[1].revents != 0 && guard->err.fd >= 0)
        hear(guard, &guard->err);
    return fds[0].revents != 0 || fds[1].revents != 0;
}

/* ---- its end ---- */

static void take_status(struct guard *guard, int status)
{
    guard->ended = true;
    if (guard->why.end != BW_EXEC_RUNS) {
        guard->end = guard->why.end;
        guard->value = guard->why.value;
    } else {
        guard->end = WIFEXITED(status) ? BW_EXEC_EXITED : BW_EXEC_SIGNALLED;
        guard->value = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    }
}

/* False when there are no children left. */
static bool reap(struct guard *guard)
{
    siginfo_t info = { .si_pid = 0 };
    int rc;
    while ((rc = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT)) == 0 && info.si_pid > 0) {
        int status = 0;
        /* As long as the command is not taken, nobody else can have its number: now is the time
         * to kill what it left in its group. */
        if (info.si_pid == guard->command)
            kill(-guard->command, SIGKILL);
        waitpid(info.si_pid, &status, 0);
        if (info.si_pid == guard->command)
            take_status(guard, status);
        info.si_pid = 0;
    }
    return rc == 0;
}

/* Nothing of the command survives. A group is killed as a whole, so what it forks meanwhile dies
 * too; who left it turns up among our children as soon as its parent is dead. What hangs in the
 * kernel can only be left. */
static void kill_all(struct guard *guard)
{
    if (!guard->ended)
        kill(-guard->command, SIGKILL);
    for (int i = 0; i < SWEEPS_MAX && reap(guard); i++) {
        bw_exec_signal_children(SIGKILL, NULL);
        bw_exec_wait(NULL, 0, SWEEP_NS);
    }
}

/* Until the next thing is to be done; below 0: nothing is. */
static int64_t patience_ns(const struct guard *guard)
{
    const int64_t at_ns = guard->ending ? guard->kill_ns : guard->tell_ns;
    if (at_ns == 0)
        return -1;
    const int64_t left_ns = at_ns - bw_exec_mono_ns();
    return left_ns > 0 ? left_ns : 0;
}

static void watch(struct guard *guard)
{
    while (!guard->ended) {
        const int64_t left_ns = patience_ns(guard);
        listen_for(guard, left_ns);
        guard->quits = bw_exec_came(SIGQUIT);
        if (guard->quits || (left_ns == 0 && guard->ending))
            return;
        if (left_ns == 0)
            tell(guard, BW_EXEC_RUNS, 0);
        if (bw_exec_came(SIGTERM))
            ask_to_end(guard);
        if (bw_exec_came(SIGCHLD))
            reap(guard);
    }
}

/* ---- the beginning ---- */

/* It belongs to whom the command is, who may open /dev/stdout then. */
static bool make_pipe(struct stream *stream, const struct bw_exec_order *order)
{
    int both[2] = { -1, -1 };
    const bool made = pipe2(both, O_CLOEXEC) == 0;
    stream->fd = both[0];
    stream->other = both[1];
    return made
           && (order->uid == BW_EXEC_SAME_USER || fchown(both[1], order->uid, order->gid) == 0
               || errno == EPERM); /* that is told when it becomes the user */
}

/* Returns an errno, or 0. */
static int begin(struct guard *guard)
{
    static _Alignas(16) char stack[STACK_BYTES];
    if (!make_pipe(&guard->out, guard->order) || !make_pipe(&guard->err, guard->order))
        return errno;
    guard->command = clone(become, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, guard);
    if (guard->command < 0)
        return errno;
    close_fd(&guard->out.other);
    close_fd(&guard->err.other);
    return 0;
}

int bw_exec_guard_run(const struct bw_exec_order *order, const struct bw_exec_words *words,
                      pid_t helper)
{
    static struct guard guard; /* zero, and no page of it touched before the fork */
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    setsid();
    bw_exec_hold_signals();
    if (getppid() != helper)
        return 1;
    guard.order = order;
    guard.words = words;
    const int error = begin(&guard);
    if (error != 0) {
        tell(&guard, BW_EXEC_REFUSED, error);
        return 0;
    }
    watch(&guard);
    kill_all(&guard);
    while (!guard.ending && listen_for(&guard, 0)) {
    }
    if (guard.quits)
        tell(&guard, BW_EXEC_LOST, 0);
    else if (guard.ended)
        tell(&guard, guard.end, guard.value);
    return 0;
}
