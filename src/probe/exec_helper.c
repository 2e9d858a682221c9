// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/exec_helper.h"

#include "base/num.h"
#include "base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    FILES_MAX = 256,           /* descriptors of the command */
    FILE_BYTES_MAX = 16 << 20, /* of one file that it writes */
    CHILDREN_BYTES_MAX = 4096, /* of the list of our children, one look */
    SWEEPS_MAX = 400,          /* looks, 5 ms apart when nothing ends: 2 s */
};

#define GRACE_NS (2 * BW_SECOND)
#define SWEEP_NS (5 * BW_MS)

struct helper {
    pid_t command;
    bool ended; /* the command itself; its report is complete */
    bool ending;
    int64_t kill_ns; /* monotonic, once `ending` */
    struct bw_exec_report report;
};

static int64_t mono_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * BW_SECOND + now.tv_nsec;
}

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
    if (error == ENOENT || error == ENOTDIR)
        return (struct bw_exec_report){ there ? BW_EXEC_NO_INTERPRETER : BW_EXEC_MISSING, error };
    if (error == ENOEXEC)
        return (struct bw_exec_report){ BW_EXEC_NOT_A_PROGRAM, error };
    if (there && S_ISDIR(info.st_mode))
        return (struct bw_exec_report){ BW_EXEC_DIRECTORY, error };
    return (struct bw_exec_report){ error == EACCES ? BW_EXEC_NOT_EXECUTABLE : BW_EXEC_FAILED,
                                    error };
}

static void put_report(struct bw_exec_report report)
{
    /* Small enough for a pipe to take it whole; if nobody reads, nobody misses it. */
    if (write(BW_EXEC_REPORT_FD, &report, sizeof report) < 0)
        return;
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

static _Noreturn void become(uint64_t cpu_s, uint64_t memory_bytes, const char *const *command)
{
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    reset_signals();
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_NOFILE, FILES_MAX, FILES_MAX);
    limit(RLIMIT_FSIZE, FILE_BYTES_MAX, FILE_BYTES_MAX);
    limit(RLIMIT_CPU, cpu_s, cpu_s + 1);
    sigprocmask(SIG_SETMASK, &none, NULL);
    limit(RLIMIT_AS, memory_bytes, memory_bytes); /* last: our own program may be over it */
    execve(command[0], plain(command), environ);
    put_report(why_not(command[0], errno));
    _exit(126);
}

/* ---- our children ---- */

/* Those that the kernel lists as ours: the command, and what was adopted. */
static void signal_children(int number)
{
    char path[64], list[CHILDREN_BYTES_MAX];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    const ssize_t len = read(fd, list, sizeof list - 1);
    close(fd);
    list[len > 0 ? len : 0] = '\0';
    for (char *at = list, *end; *at != '\0'; at = end) {
        const long pid = strtol(at, &end, 10);
        if (end == at || *end != ' ')
            return; /* the rest of a list that is longer: at the next look */
        end++;
        kill((pid_t)pid, number);
        if (number == SIGKILL && getpgid((pid_t)pid) == pid)
            kill((pid_t)-pid, number);
    }
}

static void take_status(struct helper *helper, int status)
{
    if (helper->ended)
        return;
    helper->ended = true;
    if (WIFEXITED(status))
        helper->report = (struct bw_exec_report){ BW_EXEC_EXITED, WEXITSTATUS(status) };
    else
        helper->report = (struct bw_exec_report){ BW_EXEC_SIGNALLED, WTERMSIG(status) };
}

/* False when there are no children left. */
static bool reap(struct helper *helper)
{
    siginfo_t info = { .si_pid = 0 };
    int rc;
    while ((rc = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT)) == 0 && info.si_pid > 0) {
        int status = 0;
        /* As long as the command is not taken, nobody else can have its number: now is the time
         * to kill what it left in its group. */
        if (info.si_pid == helper->command)
            kill(-helper->command, SIGKILL);
        waitpid(info.si_pid, &status, 0);
        if (info.si_pid == helper->command)
            take_status(helper, status);
        info.si_pid = 0;
    }
    return rc == 0;
}

static void wait_signal(const sigset_t *set, int64_t ns, int *out_number)
{
    const struct timespec patience = { (time_t)(ns / BW_SECOND), (long)(ns % BW_SECOND) };
    *out_number = ns >= 0 ? sigtimedwait(set, NULL, &patience) : sigwaitinfo(set, NULL);
}

/* Nothing of the command survives. A group is killed as a whole, so what it forks meanwhile dies
 * too; who left it turns up among our children as soon as its parent is dead. What hangs in the
 * kernel can only be left. */
static void kill_all(struct helper *helper, const sigset_t *set)
{
    int ignored;
    if (!helper->ended)
        kill(-helper->command, SIGKILL);
    for (int i = 0; i < SWEEPS_MAX && reap(helper); i++) {
        signal_children(SIGKILL);
        wait_signal(set, SWEEP_NS, &ignored);
    }
}

static void ask_to_end(struct helper *helper)
{
    if (helper->ending)
        return;
    helper->ending = true;
    helper->kill_ns = mono_ns() + GRACE_NS;
    kill(-helper->command, SIGTERM);
    kill(-helper->command, SIGCONT);
    signal_children(SIGTERM);
}

static void watch(struct helper *helper, const sigset_t *set)
{
    while (!helper->ended) {
        int64_t left_ns = -1;
        if (helper->ending) {
            left_ns = helper->kill_ns - mono_ns();
            if (left_ns <= 0)
                return;
        }
        int number;
        wait_signal(set, left_ns, &number);
        if (number == SIGQUIT)
            return;
        if (number == SIGTERM)
            ask_to_end(helper);
        reap(helper);
    }
}

/* ---- the beginning ---- */

static void settle_down(sigset_t *set)
{
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    fcntl(BW_EXEC_REPORT_FD, F_SETFD, FD_CLOEXEC);
    close_range(BW_EXEC_REPORT_FD + 1, ~0u, 0);
    umask(077);
    if (chdir("/") != 0)
        _exit(125);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(set);
    sigaddset(set, SIGCHLD);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGQUIT);
    sigprocmask(SIG_BLOCK, set, NULL);
}

int bw_exec_helper_run(size_t count, const char *const *argv)
{
    uint64_t cpu_s, memory_bytes;
    if (count < 3 || !bw_parse_uint(argv[0], strlen(argv[0]), &cpu_s)
        || !bw_parse_uint(argv[1], strlen(argv[1]), &memory_bytes)
        || fcntl(BW_EXEC_REPORT_FD, F_GETFD) < 0)
        return 125;
    sigset_t set;
    settle_down(&set);
    struct helper helper = { .command = fork() };
    if (helper.command == 0)
        become(cpu_s, memory_bytes, argv + 2);
    if (helper.command < 0) {
        put_report((struct bw_exec_report){ BW_EXEC_FAILED, errno });
        return 125;
    }
    setpgid(helper.command, helper.command);
    watch(&helper, &set);
    kill_all(&helper, &set);
    if (helper.ended)
        put_report(helper.report);
    return 0;
}
