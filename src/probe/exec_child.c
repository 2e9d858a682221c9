// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/exec.h"

#include "base/mem.h"
#include "base/units.h"
#include "probe/exec_options.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    ORDERS_BYTES_MAX = 4 << 20, /* that the helper has not taken yet */
    REPORTS_A_TURN = 64,
    REPORT_BYTES_MAX = sizeof(struct bw_exec_report) + BW_EXEC_OUTPUT_BYTES_MAX,
};

static_assert(BW_EXEC_COMMAND_BYTES_MAX + BW_EXEC_ENVIRONMENT_BYTES_MAX + PATH_MAX
                      + sizeof(struct bw_exec_order)
                  <= BW_EXEC_MESSAGE_BYTES_MAX,
              "one order is one message at most");

/* How long the helper may take to end everything when we do. */
#define FREE_PATIENCE_NS (2 * BW_SECOND)

struct bw_exec_child {
    struct bw_exec_children *children;
    uint64_t id;
    struct bw_buf out, err;
    uint64_t output_bytes;
    bw_exec_ended_fn *ended;
    void *ctx;
    struct bw_exec_report report; /* the last one */
};

struct bw_exec_children {
    struct bw_loop *loop;
    char path[4096]; /* of the program */
    pid_t helper;    /* 0: there is none */
    int socket;
    struct bw_poll *poll;
    unsigned watched;      /* events that are asked for */
    struct bw_buf orders;  /* that the helper had no room for */
    struct bw_timer *look; /* whether the helper still is there */
    uint64_t last_id;
    struct bw_exec_child **slots; /* BW_EXEC_COMMANDS_MAX of them, by id; NULL: none yet */
    char report[REPORT_BYTES_MAX];
};

static char *plain(const char *text)
{
    union {
        const char *from;
        char *to;
    } cast = { text };
    return cast.to;
}

static char *const *plain_list(const char *const *list)
{
    union {
        const char *const *from;
        char *const *to;
    } cast = { list };
    return cast.to;
}

/* ---- who is meant ---- */

static struct bw_exec_child **slot_of(const struct bw_exec_children *children, uint64_t id)
{
    return &children->slots[id % BW_EXEC_COMMANDS_MAX];
}

/* NULL: nobody asks for it any more. */
static struct bw_exec_child *find(const struct bw_exec_children *children, uint64_t id)
{
    struct bw_exec_child *child = *slot_of(children, id);
    return child != NULL && child->id == id ? child : NULL;
}

/* False when all slots are taken. */
static bool take_slot(struct bw_exec_children *children, struct bw_exec_child *child)
{
    if (children->slots == NULL)
        children->slots = bw_alloc(BW_EXEC_COMMANDS_MAX * sizeof(struct bw_exec_child *));
    for (unsigned i = 0; i < BW_EXEC_COMMANDS_MAX; i++) {
        child->id = ++children->last_id;
        if (*slot_of(children, child->id) != NULL)
            continue;
        *slot_of(children, child->id) = child;
        return true;
    }
    return false;
}

static bool is_over(const struct bw_exec_child *child)
{
    return child->report.end != BW_EXEC_RUNS;
}

static void free_child(struct bw_exec_child *child)
{
    bw_buf_fini(&child->out);
    bw_buf_fini(&child->err);
    free(child);
}

/* ---- the helper ---- */

static void on_ready(void *ctx, unsigned events);
static void on_look(void *ctx);

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

/* An errno, or 0. Its first descriptors are /dev/null, the next one is the socket. */
static int spawn_helper(struct bw_exec_children *children, int socket)
{
    char *argv[] = { plain("bellwether"), plain(BW_EXEC_HELPER_NAME), NULL };
    struct bw_arena arena;
    bw_arena_init(&arena);
    const char *const *envp =
        bw_exec_environment(&arena, (struct bw_pairs){ 0 }, (struct bw_strings){ 0 });
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    set_attributes(&attributes);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, socket, BW_EXEC_SOCKET);
    for (int fd = 0; fd < BW_EXEC_SOCKET; fd++)
        posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    const int error = posix_spawn(&children->helper, children->path, &actions, &attributes, argv,
                                  plain_list(envp));
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    bw_arena_fini(&arena);
    return error;
}

static void close_socket(struct bw_exec_children *children)
{
    bw_poll_free(children->poll);
    close(children->socket);
    children->poll = NULL;
    children->socket = -1;
}

static enum bw_rc start_helper(struct bw_exec_children *children, struct bw_err *err)
{
    int both[2];
    if (children->helper > 0)
        return BW_OK;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, both) != 0)
        return bw_fail(err, BW_EIO, "no socket to commands: %s", strerror(errno));
    children->socket = both[0];
    children->poll = bw_poll_new(children->loop, both[0], on_ready, children, err);
    const int error = children->poll != NULL ? spawn_helper(children, both[1]) : 0;
    close(both[1]);
    if (children->poll == NULL || error != 0) {
        close_socket(children);
        children->helper = 0;
        return error == 0 ? BW_EIO
                          : bw_fail(err, BW_EIO, "no process for commands: %s", strerror(error));
    }
    bw_buf_clear(&children->orders);
    children->watched = BW_POLL_READ;
    bw_poll_start(children->poll, BW_POLL_READ);
    return BW_OK;
}

struct bw_exec_children *bw_exec_children_new(struct bw_loop *loop)
{
    struct bw_exec_children *children = bw_alloc(sizeof *children);
    children->loop = loop;
    children->socket = -1;
    children->look = bw_timer_new(loop, on_look, children);
    bw_buf_init(&children->orders, 2 * (size_t)ORDERS_BYTES_MAX);
    find_helper(children->path, sizeof children->path);
    return children;
}

void bw_exec_children_free(struct bw_exec_children *children)
{
    if (children == NULL)
        return;
    const int64_t end_ns = bw_loop_mono_ns() + FREE_PATIENCE_NS;
    if (children->helper > 0) {
        close_socket(children); /* it ends everything, then itself */
        kill(children->helper, SIGCONT);
        while (waitpid(children->helper, NULL, WNOHANG) == 0) {
            const struct timespec pause = { 0, BW_MS };
            if (bw_loop_mono_ns() >= end_ns)
                kill(children->helper, SIGKILL);
            nanosleep(&pause, NULL);
        }
    }
    for (size_t i = 0; children->slots != NULL && i < BW_EXEC_COMMANDS_MAX; i++) {
        if (children->slots[i] != NULL)
            free_child(children->slots[i]);
    }
    free(children->slots);
    bw_timer_free(children->look);
    bw_buf_fini(&children->orders);
    free(children);
}

/* ---- orders ---- */

/* As many whole orders as go into one message. */
static size_t next_message(const char *at, size_t len)
{
    size_t whole = 0;
    while (whole < len) {
        struct bw_exec_order order;
        memcpy(&order, at + whole, sizeof order);
        if (whole + order.bytes > BW_EXEC_MESSAGE_BYTES_MAX)
            break;
        whole += order.bytes;
    }
    return whole;
}

/* What the helper has no room for now waits until it has. What it can never take, because it is
 * gone, is told as lost when the socket says so. */
static void send_orders(struct bw_exec_children *children)
{
    struct bw_buf *orders = &children->orders;
    size_t sent = 0;
    while (sent < orders->len) {
        const size_t len = next_message(orders->data + sent, orders->len - sent);
        if (send(children->socket, orders->data + sent, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0
            && (errno == EAGAIN || errno == ENOBUFS || errno == EINTR))
            break;
        sent += len;
    }
    memmove(orders->data, orders->data + sent, orders->len - sent);
    orders->len -= sent;
    const unsigned wanted = orders->len > 0 ? BW_POLL_READ | BW_POLL_WRITE : BW_POLL_READ;
    if (wanted != children->watched)
        bw_poll_start(children->poll, wanted);
    children->watched = wanted;
}

static void order_stop(struct bw_exec_child *child)
{
    struct bw_exec_children *children = child->children;
    const struct bw_exec_order order = { .bytes = sizeof order,
                                         .kind = BW_EXEC_STOP,
                                         .id = child->id };
    bw_buf_bytes(&children->orders, &order, sizeof order);
    send_orders(children);
    /* A command may have stopped it, or killed it after it stopped its guard, which then keeps the
     * socket open for ever. */
    kill(children->helper, SIGCONT);
    bw_timer_start(children->look, 0, 0);
}

/* Of a list that ends with NULL: how many texts, and their bytes. */
static uint32_t measure_list(const char *const *list, uint32_t *bytes)
{
    uint32_t count = 0;
    while (list[count] != NULL)
        *bytes += (uint32_t)strlen(list[count++]) + 1;
    return count;
}

static void put_text(struct bw_buf *orders, const char *text)
{
    bw_buf_bytes(orders, text, strlen(text) + 1);
}

static enum bw_rc order_run(struct bw_exec_child *child, const struct bw_exec_command *command,
                            struct bw_err *err)
{
    struct bw_buf *orders = &child->children->orders;
    struct bw_exec_order order = { .kind = BW_EXEC_RUN,
                                   .id = child->id,
                                   .cpu_s =
                                       (uint64_t)((command->cpu_ns + BW_SECOND - 1) / BW_SECOND),
                                   .memory_bytes = command->memory_bytes,
                                   .output_bytes = command->output_bytes,
                                   .file_bytes = command->file_bytes,
                                   .processes = command->processes,
                                   .uid = command->uid,
                                   .gid = command->gid };
    order.bytes = (uint32_t)(sizeof order + strlen(command->folder) + 1);
    order.words = measure_list(command->argv, &order.bytes);
    order.variables = measure_list(command->envp, &order.bytes);
    assert(order.bytes <= BW_EXEC_MESSAGE_BYTES_MAX); /* the options are checked */
    if (orders->len + order.bytes > ORDERS_BYTES_MAX)
        return bw_fail(err, BW_ELIMIT, "the helper for commands does not keep up");
    bw_buf_bytes(orders, &order, sizeof order);
    for (uint32_t i = 0; i < order.words; i++)
        put_text(orders, command->argv[i]);
    for (uint32_t i = 0; i < order.variables; i++)
        put_text(orders, command->envp[i]);
    put_text(orders, command->folder);
    send_orders(child->children);
    return BW_OK;
}

/* ---- reports ---- */

/* The helper is gone, and with it all that we know of its commands. A command that is started
 * from inside a callback gets a new helper, and a higher id. */
static void lose_all(struct bw_exec_children *children)
{
    const uint64_t last_id = children->last_id;
    close_socket(children);
    kill(children->helper, SIGKILL);
    waitpid(children->helper, NULL, 0);
    children->helper = 0;
    for (size_t i = 0; i < BW_EXEC_COMMANDS_MAX; i++) {
        struct bw_exec_child *child = children->slots[i];
        if (child == NULL || child->id > last_id || is_over(child))
            continue;
        child->report.end = BW_EXEC_LOST;
        child->ended(child->ctx);
    }
}

static bool helper_is_gone(const struct bw_exec_children *children)
{
    siginfo_t info = { .si_pid = 0 };
    return waitid(P_PID, (id_t)children->helper, &info, WEXITED | WNOHANG | WNOWAIT) == 0
           && info.si_pid != 0;
}

static void take_report(struct bw_exec_children *children, size_t len)
{
    struct bw_exec_report report;
    if (len < sizeof report)
        return;
    memcpy(&report, children->report, sizeof report);
    struct bw_exec_child *child = find(children, report.id);
    if (child == NULL || is_over(child)
        || len != sizeof report + report.out_bytes + (size_t)report.err_bytes)
        return;
    bw_buf_bytes(&child->out, children->report + sizeof report, report.out_bytes);
    bw_buf_bytes(&child->err, children->report + sizeof report + report.out_bytes,
                 report.err_bytes);
    if (report.end == BW_EXEC_LOST && helper_is_gone(children)) {
        lose_all(children); /* the socket lives as long as one guard, but nobody takes orders */
    } else if (report.end != BW_EXEC_RUNS) {
        child->report = report;
        child->ended(child->ctx);
    }
}

static void on_ready(void *ctx, unsigned events)
{
    struct bw_exec_children *children = ctx;
    const pid_t helper = children->helper;
    if ((events & BW_POLL_WRITE) != 0)
        send_orders(children);
    for (int i = 0; i < REPORTS_A_TURN && children->helper == helper; i++) {
        const ssize_t got =
            recv(children->socket, children->report, sizeof children->report, MSG_DONTWAIT);
        if (got > 0) {
            take_report(children, (size_t)got);
            continue;
        }
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            lose_all(children);
        return;
    }
}

static void on_look(void *ctx)
{
    struct bw_exec_children *children = ctx;
    if (children->helper > 0 && helper_is_gone(children))
        lose_all(children);
}

/* Not before what it told is read. */
static void miss_helper(struct bw_exec_children *children)
{
    const pid_t helper = children->helper;
    on_ready(children, BW_POLL_READ);
    if (children->helper == helper)
        lose_all(children);
}

void bw_exec_reap_strangers(struct bw_exec_children *children)
{
    siginfo_t info = { .si_pid = 0 };
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
        if (children != NULL && info.si_pid == children->helper)
            miss_helper(children);
        else
            waitpid(info.si_pid, NULL, WNOHANG);
        info.si_pid = 0;
    }
}

const struct bw_buf *bw_exec_output(const struct bw_exec_child *child)
{
    return &child->out;
}

const struct bw_buf *bw_exec_errors(const struct bw_exec_child *child)
{
    return &child->err;
}

struct bw_exec_report bw_exec_report(const struct bw_exec_child *child)
{
    return child->report;
}

/* ---- one command ---- */

struct bw_exec_child *bw_exec_spawn(struct bw_exec_children *children,
                                    const struct bw_exec_command *command, bw_exec_ended_fn *ended,
                                    void *ctx, struct bw_err *err)
{
    struct bw_exec_child *child = bw_alloc(sizeof *child);
    *child = (struct bw_exec_child){ .children = children, .ended = ended, .ctx = ctx };
    bw_buf_init(&child->out, command->output_bytes);
    bw_buf_init(&child->err, command->output_bytes);
    enum bw_rc rc = start_helper(children, err);
    if (rc == BW_OK && !take_slot(children, child))
        rc = bw_fail(err, BW_ELIMIT, "more than %d commands at once", BW_EXEC_COMMANDS_MAX);
    else if (rc == BW_OK && (rc = order_run(child, command, err)) != BW_OK)
        *slot_of(children, child->id) = NULL;
    if (rc == BW_OK)
        return child;
    free_child(child);
    return NULL;
}

void bw_exec_drop(struct bw_exec_child *child)
{
    if (child == NULL)
        return;
    if (!is_over(child) && child->children->helper > 0)
        order_stop(child);
    *slot_of(child->children, child->id) = NULL;
    free_child(child);
}
