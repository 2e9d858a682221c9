// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "world.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A listening socket of this name; "@…" has no file. */
static int listen_at(const char *path, int type, int backlog)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    const size_t len = strlen(path);
    memcpy(at.sun_path, path, len);
    if (path[0] == '@')
        at.sun_path[0] = '\0';
    const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(
        bind(fd, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
        0);
    if (type == SOCK_STREAM)
        assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static char folder[] = "/tmp/bw-unix-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void *answer_one(void *ctx)
{
    char heard[64] = "";
    const int fd = accept(*(const int *)ctx, NULL, NULL);
    assert_true(fd >= 0 && send(fd, "ready 7\n", 8, MSG_NOSIGNAL) == 8);
    const ssize_t got = recv(fd, heard, sizeof heard - 1, 0);
    if (got > 0 && strcmp(heard, "take 7\n") == 0)
        send(fd, "+PONG\r\n", 7, MSG_NOSIGNAL);
    close(fd);
    return NULL;
}

static void dialogues_go_over_paths_and_names(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    const char *const targets[] = { world_text(&w, "%s/a", folder),
                                    world_text(&w, "@bw-test-%d", (int)getpid()) };
    const struct bw_tcp_step steps[] = { { .expect = "^ready (\\d)", .send = "take ${1}" },
                                         { .expect = "^\\+PONG" } };
    struct bw_probe_module module = world_module(&w, BW_PROBER_UNIX);
    module.local.query_response = (struct bw_items){ (void *)(uintptr_t)steps, 2 };
    for (size_t i = 0; i < 2; i++) {
        pthread_t server;
        int fd = listen_at(targets[i], SOCK_STREAM, 8);
        pthread_create(&server, NULL, answer_one, &fd);
        world_probe(&w, &module, targets[i], 5 * BW_SECOND);
        pthread_join(server, NULL);
        close(fd);
        unlink(targets[i]);
        if (!w.result.success)
            fail_msg("%s: %s", targets[i], w.result.detail);
        assert_true(world_value(&w, BW_METRIC_PROBE_UNIX_PEER_UID, NULL) == (double)getuid());
        assert_true(world_value(&w, BW_METRIC_PROBE_UNIX_PEER_PID, NULL) == (double)getpid());
        assert_true(world_value(&w, BW_METRIC_PROBE_FAILED_DUE_TO_REGEX, NULL) == 0);
        assert_false(world_has(&w, BW_METRIC_PROBE_IP_PROTOCOL));
        assert_false(world_has(&w, BW_METRIC_PROBE_DNS_LOOKUP_TIME_SECONDS));
    }
    world_close(&w);
}

static bool no_address(void *ctx, const struct bw_address *address)
{
    (void)ctx;
    (void)address;
    return true;
}

static void what_is_no_server_has_its_reason(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_UNIX);
    const char *path = world_text(&w, "%s/b", folder);
    world_probe(&w, &module, path, BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_CONNECT_REFUSED);
    assert_string_equal(w.result.detail, "there is no such socket");
    int fd = listen_at(path, SOCK_STREAM, 8);
    const struct bw_probe_request asked = { .target = { .text = path, .filter = no_address },
                                            .timeout_ns = BW_SECOND };
    world_run(&w, &module, &asked); /* whoever has rules for addresses gets no path */
    assert_int_equal(w.result.reason, BW_REASON_NOT_PERMITTED);
    close(fd);
    world_probe(&w, &module, path, BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_CONNECT_REFUSED);
    assert_string_equal(w.result.detail, "nobody listens on this socket");
    unlink(path);
    fd = listen_at(path, SOCK_DGRAM, 0);
    world_probe(&w, &module, path, BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_CONNECT_FAILED);
    close(fd);
    unlink(path);
    world_close(&w);
}

/* Fills a queue of one, and takes everybody out of it when the probe has been waiting. */
static void *take_later(void *ctx)
{
    const int fd = *(const int *)ctx;
    const struct timespec pause = { .tv_nsec = 60000000 };
    nanosleep(&pause, NULL);
    for (struct pollfd waiting = { .fd = fd, .events = POLLIN }; poll(&waiting, 1, 200) > 0;)
        close(accept(fd, NULL, NULL));
    return NULL;
}

static void a_full_queue_is_tried_again(void **state)
{
    (void)state;
    struct world w;
    pthread_t server;
    int first[2];
    world_open(&w, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_UNIX);
    const char *path = world_text(&w, "%s/c", folder);
    int fd = listen_at(path, SOCK_STREAM, 0);
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    for (int i = 0; i < 2; i++) {
        first[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(first[i], (struct sockaddr *)&at, sizeof at);
    }
    world_probe(&w, &module, path, 100 * BW_MS);
    assert_int_equal(w.result.reason, BW_REASON_CONNECT_TIMEOUT);
    assert_non_null(strstr(w.told, "its queue of connections is full"));
    pthread_create(&server, NULL, take_later, &fd);
    world_probe(&w, &module, path, 5 * BW_SECOND);
    pthread_join(server, NULL);
    if (!w.result.success)
        fail_msg("%s", w.result.detail);
    assert_true(w.result.duration_ns >= 20 * BW_MS);
    close(first[0]);
    close(first[1]);
    close(fd);
    unlink(path);
    world_close(&w);
}

static void targets_are_checked(void **state)
{
    (void)state;
    extern const struct bw_probe_ops bw_probe_unix;
    char path[200] = "/";
    struct bw_err err;
    assert_int_equal(bw_probe_unix.check_target("/run/x.sock", &err), BW_OK);
    assert_int_equal(bw_probe_unix.check_target("@x", &err), BW_OK);
    static const char *const bad[] = { "", "/", "@", "run/x.sock", "unix:/run/x" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(bw_probe_unix.check_target(bad[i], &err), BW_EINVAL);
    memset(path + 1, 'x', 106);
    assert_int_equal(bw_probe_unix.check_target(path, &err), BW_OK);
    memset(path + 1, 'x', 107);
    assert_int_equal(bw_probe_unix.check_target(path, &err), BW_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dialogues_go_over_paths_and_names),
        cmocka_unit_test(what_is_no_server_has_its_reason),
        cmocka_unit_test(a_full_queue_is_tried_again),
        cmocka_unit_test(targets_are_checked),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
