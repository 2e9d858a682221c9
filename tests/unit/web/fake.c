// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake.h"

#include "base/mem.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct bw_view *acquire(void *ctx)
{
    struct fake *fake = ctx;
    atomic_fetch_add(&fake->readers, 1);
    return fake->view;
}

static void release(void *ctx, const struct bw_view *view)
{
    struct fake *fake = ctx;
    assert_ptr_equal(view, fake->view);
    atomic_fetch_sub(&fake->readers, 1);
}

static void metrics(void *ctx, enum bw_exposition format, const struct bw_family_filter *filter,
                    struct bw_buf *out)
{
    (void)ctx;
    (void)filter;
    for (int i = 0; i < 100; i++)
        bw_buf_printf(out, "fake_value{number=\"%d\"} %d\n", i, i);
    if (format == BW_EXPOSITION_OPENMETRICS)
        bw_buf_text(out, "# EOF\n");
}

static bool is_ready(void *ctx, const char **out_why)
{
    struct fake *fake = ctx;
    *out_why = "still reading";
    return atomic_load(&fake->ready);
}

static void reload(void *ctx, void (*done)(void *reply, bool ok, const char *message), void *reply)
{
    struct fake *fake = ctx;
    if (atomic_load(&fake->hold_reload)) {
        fake->held_done = done;
        atomic_store(&fake->held_reply, reply);
        return;
    }
    bool ok = !atomic_load(&fake->refuse_reload);
    done(reply, ok, ok ? NULL : "bellwether.yml:3:1: unknown key 'x'");
}

/* Two days that fall, a gap in them, and two more; nothing of series 9. */
static enum bw_rc picture(void *ctx, const char *store, const struct bw_trend_record *record,
                          struct bw_trend_picture *out, struct bw_err *err)
{
    (void)ctx;
    (void)store;
    if (record->series == 9)
        return bw_fail(err, BW_ENOTFOUND, "this series is no longer analysed");
    fake_picture(record, out);
    return BW_OK;
}

static void say(void *ctx, enum bw_log_level level, const char *message)
{
    struct fake *fake = ctx;
    (void)message;
    if (level >= BW_LOG_WARN)
        atomic_fetch_add(&fake->said, 1);
}

void fake_start(struct fake *fake, const struct fake_options *options, struct bw_view *view)
{
    static const struct fake_options none;
    const char *listen;
    memset(fake, 0, sizeof *fake);
    options = options == NULL ? &none : options;
    listen = options->listen == NULL ? "127.0.0.1:0" : options->listen;
    atomic_store(&fake->ready, true);
    fake->view = view;
    struct bw_err err = { 0 };
    fake->loop = bw_loop_new();
    fake->workers = bw_work_pool_new(fake->loop, 2, 64, &err);
    struct bw_web_options web = {
        .listen = { &listen, 1 },
        .security_file = options->security_file,
        .external_url = options->external_url,
        .route_prefix = options->route_prefix,
        .store = options->store,
        .archive = options->archive,
        .page_size = 50,
    };
    struct bw_web_hooks hooks = {
        .ctx = fake,
        .view_acquire = acquire,
        .view_release = release,
        .metrics = metrics,
        .is_ready = is_ready,
        .reload = reload,
        .change_store = options->change,
        .trend_picture = picture,
        .say = say,
    };
    if (bw_web_start(&web, &hooks, fake->workers, &fake->web, &err) != BW_OK)
        fail_msg("start: %s", err.text);
    fake->port = atoi(strrchr(bw_web_address(fake->web, 0), ':') + 1);
}

void fake_stop(struct fake *fake)
{
    bw_web_stop(fake->web, INT64_C(2000000000));
    bw_work_pool_free(fake->workers, BW_WORK_CANCEL);
    bw_loop_free(fake->loop);
    assert_int_equal(atomic_load(&fake->readers), 0);
    bw_arena_fini(&fake->view->arena);
    free(fake->view);
}

int fake_connect(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    close(fd);
    return -1;
}

char *fake_raw(int port, const char *bytes, size_t len, int timeout_ms)
{
    char *answer = fake_raw_or_null(port, bytes, len, timeout_ms);
    if (answer == NULL)
        fail_msg("connect: %s", strerror(errno));
    return answer;
}

char *fake_raw_or_null(int port, const char *bytes, size_t len, int timeout_ms)
{
    int fd = fake_connect(port);
    if (fd < 0)
        return NULL;
    struct bw_buf out;
    bw_buf_init(&out, 64u << 20);
    for (size_t sent = 0; sent < len;) {
        ssize_t n = send(fd, bytes + sent, len - sent, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        sent += (size_t)n;
    }
    struct pollfd poll_for = { .fd = fd, .events = POLLIN };
    while (poll(&poll_for, 1, timeout_ms) > 0) {
        char *room = bw_buf_reserve(&out, 65536);
        ssize_t n = recv(fd, room, 65536, 0);
        if (n <= 0)
            break;
        out.len += (size_t)n;
    }
    close(fd);
    out.data[out.len] = '\0';
    return bw_buf_detach(&out, NULL);
}

char *fake_ask(const struct fake *fake, const char *method, const char *path, const char *headers,
               const char *body)
{
    struct bw_buf out;
    bw_buf_init(&out, 1u << 20);
    bool own_host = headers != NULL && strncasecmp(headers, "Host:", 5) == 0;
    bw_buf_printf(&out, "%s %s HTTP/1.1\r\n%sConnection: close\r\n%s", method, path,
                  own_host ? "" : "Host: localhost\r\n", headers == NULL ? "" : headers);
    if (body != NULL)
        bw_buf_printf(&out, "Content-Length: %zu\r\n", strlen(body));
    bw_buf_printf(&out, "\r\n%s", body == NULL ? "" : body);
    char *answer = fake_raw(fake->port, out.data, out.len, 20000);
    bw_buf_fini(&out);
    return answer;
}

int fake_status(const char *answer)
{
    return strlen(answer) > 12 ? atoi(answer + 9) : 0;
}

const char *fake_body(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    return end == NULL ? "" : end + 4;
}

bool fake_header(const char *answer, const char *name, char *out, size_t size)
{
    const char *end = strstr(answer, "\r\n\r\n");
    size_t len = strlen(name);
    for (const char *line = strstr(answer, "\r\n"); line != NULL && line < end;
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, len) != 0 || line[2 + len] != ':')
            continue;
        const char *value = line + 2 + len + 1;
        value += strspn(value, " ");
        size_t value_len = strcspn(value, "\r\n");
        bw_text_copy(out, value_len + 1 < size ? value_len + 1 : size, value);
        return true;
    }
    return false;
}
