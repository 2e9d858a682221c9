// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/exec.h"

#include "base/mem.h"
#include "base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 16384, EVENTS = 32, OUT = 0, ERR, REPORT, STREAMS };

/* The helper gives a command 2 s to end; a helper that takes longer is stopped or stuck itself. */
#define HELPER_PATIENCE_NS (2600 * BW_MS)
/* Ended helpers are reaped in bulk: a wakeup for each would cost more than all the rest. */
#define REAP_NS (200 * BW_MS)
#define FREE_PATIENCE_NS BW_SECOND

struct stream {
    struct bw_exec_child *child;
    int fd; /* -1: closed */
    struct bw_buf bytes;
};

struct bw_exec_child {
    struct bw_exec_children *children;
    pid_t helper;
    struct stream streams[STREAMS];
    uint64_t output_bytes;
    bw_exec_ended_fn *ended; /* NULL: was called, or nobody asks */
    void *ctx;
    bool over_limit, dropped;
    int64_t kill_ns; /* monotonic: the end of patience with a dropped one */
    struct bw_exec_child *next;
};

/* All pipes hang on one epoll descriptor of ours, which hangs on the loop: a handle of the loop
 * for each pipe would take four times the system calls. */
struct bw_exec_children {
    struct bw_loop *loop;
    char helper[4096]; /* path of the program */
    int epoll;         /* -1: not open yet */
    struct bw_poll *poll;
    struct bw_exec_child *dropped; /* whose helpers are not reaped yet */
    struct bw_timer *reaper;       /* runs while there are any */
};

/* Everything that a command sees of our environment. */
static const char *const environment[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/",
    "LANG=C",
    "LC_ALL=C",
};
enum { ENVIRONMENT = sizeof environment / sizeof *environment };

static char *plain(const char *text)
{
    union {
        const char *from;
        char *to;
    } cast = { text };
    return cast.to;
}

/* ---- the end ---- */

/* To close it is not enough: a helper that is being started has a copy until its close-on-exec,
 * which comes after we are let go on, and as long as there is one, epoll knows the pipe. */
static void close_stream(struct stream *stream)
{
    if (stream->fd >= 0) {
        epoll_ctl(stream->child->children->epoll, EPOLL_CTL_DEL, stream->fd, NULL);
        close(stream->fd);
    }
    stream->fd = -1;
}

static void free_child(struct bw_exec_child *child)
{
    for (int i = 0; i < STREAMS; i++) {
        close_stream(&child->streams[i]);
        bw_buf_fini(&child->streams[i].bytes);
    }
    free(child);
}

/* Every helper is a child of ours and nobody else waits for it. False: it still runs. */
static bool is_gone(const struct bw_exec_child *child)
{
    return waitpid(child->helper, NULL, WNOHANG) != 0;
}

static void reap_dropped(struct bw_exec_children *children)
{
    const int64_t now_ns = bw_loop_mono_ns();
    for (struct bw_exec_child **at = &children->dropped; *at != NULL;) {
        struct bw_exec_child *child = *at;
        if (is_gone(child)) {
            *at = child->next;
            free_child(child);
            continue;
        }
        if (child->kill_ns > 0 && now_ns >= child->kill_ns)
            kill(child->helper, SIGKILL);
        at = &child->next;
    }
}

static void on_reaper(void *ctx)
{
    struct bw_exec_children *children = ctx;
    reap_dropped(children);
    if (children->dropped == NULL)
        bw_timer_stop(children->reaper);
}

void bw_exec_drop(struct bw_exec_child *child)
{
    if (child == NULL)
        return;
    struct bw_exec_children *children = child->children;
    const bool runs = child->streams[REPORT].fd >= 0;
    child->ended = NULL;
    for (int i = 0; i < STREAMS; i++)
        close_stream(&child->streams[i]);
    if (runs) {
        kill(child->helper, SIGTERM);
        child->kill_ns = bw_loop_mono_ns() + HELPER_PATIENCE_NS;
    }
    /* Not freed here: events of its pipes may have been fetched already. */
    if (children->dropped == NULL)
        bw_timer_start(children->reaper, REAP_NS, REAP_NS);
    child->next = children->dropped;
    children->dropped = child;
}

static void find_helper(char *out, size_t size)
{
    static const char self[] = "/proc/self/exe";
    const ssize_t len = readlink(self, out, size - 1);
    out[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(out, '/');
    const size_t room = slash != NULL ? size - (size_t)(slash + 1 - out) : 0;
    if (room > sizeof BW_EXEC_HELPER_PROGRAM)
        memcpy(slash + 1, BW_EXEC_HELPER_PROGRAM, sizeof BW_EXEC_HELPER_PROGRAM);
    if (room <= sizeof BW_EXEC_HELPER_PROGRAM || access(out, X_OK) != 0)
        memcpy(out, self, sizeof self);
}

struct bw_exec_children *bw_exec_children_new(struct bw_loop *loop)
{
    struct bw_exec_children *children = bw_alloc(sizeof *children);
    children->loop = loop;
    children->epoll = -1;
    find_helper(children->helper, sizeof children->helper);
    children->reaper = bw_timer_new(loop, on_reaper, children);
    return children;
}

void bw_exec_children_free(struct bw_exec_children *children)
{
    if (children == NULL)
        return;
    const int64_t patience_ns = bw_loop_mono_ns() + FREE_PATIENCE_NS;
    for (struct bw_exec_child *child = children->dropped; child != NULL; child = child->next) {
        kill(child->helper, SIGQUIT); /* at once, with all that belongs to the command */
        child->kill_ns = patience_ns;
    }
    while (children->dropped != NULL) {
        reap_dropped(children);
        const struct timespec pause = { 0, BW_MS };
        if (children->dropped != NULL)
            nanosleep(&pause, NULL);
    }
    bw_timer_free(children->reaper);
    bw_poll_free(children->poll);
    if (children->epoll >= 0)
        close(children->epoll);
    free(children);
}

/* ---- what it writes ---- */

static void tell_ended(struct bw_exec_child *child)
{
    bw_exec_ended_fn *ended = child->ended;
    child->ended = NULL;
    if (ended != NULL)
        ended(child->ctx);
}

static uint64_t written(const struct bw_exec_child *child)
{
    return child->streams[OUT].bytes.len + child->streams[ERR].bytes.len;
}

static void keep(struct stream *stream, const char *bytes, size_t len)
{
    struct bw_exec_child *child = stream->child;
    const bool is_report = stream == &child->streams[REPORT];
    const uint64_t room = is_report ? sizeof(struct bw_exec_report) - stream->bytes.len
                                    : child->output_bytes - written(child);
    if (len > room) {
        len = (size_t)room;
        child->over_limit = child->over_limit || !is_report;
    }
    bw_buf_bytes(&stream->bytes, bytes, len);
}

/* One read. False when there is nothing more now, or ever. */
static bool read_some(struct stream *stream)
{
    char bytes[READ_BYTES];
    if (stream->fd < 0)
        return false;
    const ssize_t got = read(stream->fd, bytes, sizeof bytes);
    if (got > 0)
        keep(stream, bytes, (size_t)got);
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        close_stream(stream);
    return got > 0;
}

/* The report is the helper's last word: nothing of the command is left by then, and all that it
 * wrote is in the pipes. */
static void on_report(struct bw_exec_child *child)
{
    struct stream *report = &child->streams[REPORT];
    read_some(report);
    if (report->fd >= 0 && report->bytes.len < sizeof(struct bw_exec_report))
        return;
    for (int i = OUT; i <= ERR; i++) {
        while (!child->over_limit && read_some(&child->streams[i])) {
        }
    }
    close_stream(report);
    tell_ended(child);
}

static void on_stream(struct stream *stream)
{
    struct bw_exec_child *child = stream->child;
    if (stream->fd < 0)
        return;
    if (stream == &child->streams[REPORT]) {
        on_report(child);
        return;
    }
    read_some(stream);
    if (child->over_limit)
        tell_ended(child);
}

static void on_ready(void *ctx, unsigned unused)
{
    (void)unused;
    struct bw_exec_children *children = ctx;
    struct epoll_event events[EVENTS];
    const int count = epoll_wait(children->epoll, events, EVENTS, 0);
    for (int i = 0; i < count; i++)
        on_stream(events[i].data.ptr);
}

const struct bw_buf *bw_exec_output(const struct bw_exec_child *child)
{
    return &child->streams[OUT].bytes;
}

const struct bw_buf *bw_exec_errors(const struct bw_exec_child *child)
{
    return &child->streams[ERR].bytes;
}

bool bw_exec_is_over_limit(const struct bw_exec_child *child)
{
    return child->over_limit;
}

struct bw_exec_report bw_exec_report(const struct bw_exec_child *child)
{
    struct bw_exec_report report = { 0 };
    const struct bw_buf *bytes = &child->streams[REPORT].bytes;
    if (bytes->len == sizeof report)
        memcpy(&report, bytes->data, sizeof report);
    return report;
}

/* ---- the beginning ---- */

static bool open_epoll(struct bw_exec_children *children, struct bw_err *err)
{
    if (children->epoll >= 0)
        return true;
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) {
        bw_fail(err, BW_EIO, "no epoll descriptor for commands: %s", strerror(errno));
        return false;
    }
    children->poll = bw_poll_new(children->loop, epoll, on_ready, children, err);
    if (children->poll == NULL) {
        close(epoll);
        return false;
    }
    children->epoll = epoll;
    bw_poll_start(children->poll, BW_POLL_READ);
    return true;
}

/* The child gets *out_end; the stream keeps the other. The child's must block, as commands
 * expect it. */
static bool make_pipe(struct stream *stream, int *out_end)
{
    int both[2];
    if (pipe2(both, O_CLOEXEC) != 0)
        return false;
    stream->fd = both[0];
    *out_end = both[1];
    struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = stream } };
    return fcntl(stream->fd, F_SETFL, O_NONBLOCK) == 0
           && epoll_ctl(stream->child->children->epoll, EPOLL_CTL_ADD, stream->fd, &event) == 0;
}

static bool make_pipes(struct bw_exec_child *child, int ends[STREAMS], struct bw_err *err)
{
    if (!open_epoll(child->children, err))
        return false;
    for (int i = 0; i < STREAMS; i++) {
        if (!make_pipe(&child->streams[i], &ends[i])) {
            bw_fail(err, BW_EIO, "no pipe to a command: %s", strerror(errno));
            return false;
        }
    }
    return true;
}

/* A session of its own, without our signal mask, our ignored signals and our descriptors. */
static void set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setflags(attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
}

static int start_helper(struct bw_exec_child *child, const struct bw_exec_command *command,
                        const int ends[STREAMS])
{
    char cpu[BW_DURATION_TEXT_MAX], memory[BW_DURATION_TEXT_MAX], zone[128];
    char *argv[BW_EXEC_ARGUMENTS_MAX + 6], *envp[ENVIRONMENT + 2];
    size_t count = 0, variables = 0;
    const char *tz = getenv("TZ");
    snprintf(cpu, sizeof cpu, "%lld", (long long)((command->cpu_ns + BW_SECOND - 1) / BW_SECOND));
    snprintf(memory, sizeof memory, "%llu", (unsigned long long)command->memory_bytes);
    argv[count++] = plain("bellwether");
    argv[count++] = plain(BW_EXEC_HELPER_NAME);
    argv[count++] = plain("--");
    argv[count++] = cpu;
    argv[count++] = memory;
    for (size_t i = 0; i < BW_EXEC_ARGUMENTS_MAX && command->argv[i] != NULL; i++)
        argv[count++] = plain(command->argv[i]);
    argv[count] = NULL;
    while (variables < ENVIRONMENT) {
        envp[variables] = plain(environment[variables]);
        variables++;
    }
    if (tz != NULL && snprintf(zone, sizeof zone, "TZ=%s", tz) < (int)sizeof zone)
        envp[variables++] = zone;
    envp[variables] = NULL;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    set_attributes(&attributes);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[OUT], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[ERR], 2);
    posix_spawn_file_actions_adddup2(&actions, ends[REPORT], BW_EXEC_REPORT_FD);
    const int error =
        posix_spawn(&child->helper, child->children->helper, &actions, &attributes, argv, envp);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

struct bw_exec_child *bw_exec_spawn(struct bw_exec_children *children,
                                    const struct bw_exec_command *command, bw_exec_ended_fn *ended,
                                    void *ctx, struct bw_err *err)
{
    struct bw_exec_child *child = bw_alloc(sizeof *child);
    *child = (struct bw_exec_child){
        .children = children, .output_bytes = command->output_bytes, .ended = ended, .ctx = ctx
    };
    for (int i = 0; i < STREAMS; i++) {
        child->streams[i].child = child;
        child->streams[i].fd = -1;
        bw_buf_init(&child->streams[i].bytes, command->output_bytes + READ_BYTES);
    }
    int ends[STREAMS] = { -1, -1, -1 };
    bool done = make_pipes(child, ends, err);
    const int error = done ? start_helper(child, command, ends) : 0;
    for (int i = 0; i < STREAMS; i++) {
        if (ends[i] >= 0)
            close(ends[i]);
    }
    if (error != 0)
        bw_fail(err, BW_EIO, "no process for a command: %s", strerror(error));
    if (done && error == 0)
        return child;
    free_child(child);
    return NULL;
}
