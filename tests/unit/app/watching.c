// SPDX-License-Identifier: GPL-3.0-or-later
#include "watching.h"

#include "base/units.h"
#include "io/resolve.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A port of ours, so that nobody else listens there meanwhile. */
static int open_port(bool listens, char address[32])
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    if (listens)
        assert_int_equal(listen(fd, 64), 0);
    snprintf(address, 32, "127.0.0.1:%u", ntohs(at.sin_port));
    return fd;
}

int watching_raise(void **state)
{
    struct bw_err err = { .text = "" };
    struct watching *w = calloc(1, sizeof *w);
    bench_make(&w->bench, "services: []\n", false);
    w->refuses = open_port(false, w->refusing_at);
    w->silent = open_port(true, w->silent_at);
    w->resolver = bw_resolver_new(w->bench.core.loop, NULL, &err);
    w->watch = bw_watch_new(&w->bench.core, w->resolver, &err);
    assert_non_null(w->watch);
    *state = w;
    return 0;
}

int watching_strike(void **state)
{
    struct watching *w = *state;
    bw_watch_free(w->watch);
    bw_roster_free(w->roster);
    bw_resolver_free(w->resolver);
    bw_config_free(w->config);
    close(w->refuses);
    close(w->silent);
    bench_remove(&w->bench);
    free(w);
    return 0;
}

static void put_addresses(const struct watching *w, const char *text, struct bw_buf *out)
{
    while (*text != '\0') {
        const bool refuses = strncmp(text, "REFUSES", 7) == 0;
        const bool silent = strncmp(text, "SILENT", 6) == 0;
        if (refuses || silent)
            bw_buf_text(out, refuses ? w->refusing_at : w->silent_at);
        else
            bw_buf_bytes(out, text, 1);
        text += refuses ? 7 : silent ? 6 : 1;
    }
}

enum bw_rc watching_apply(struct watching *w, const char *text, struct bw_err *err)
{
    struct bw_buf full;
    bw_buf_init(&full, 65536);
    put_addresses(w, text, &full);
    struct bw_config *config = folder_config(&w->bench.folder, full.data);
    bw_buf_fini(&full);
    struct bw_roster *roster = bw_roster_new(&w->bench.core);
    for (size_t i = 0; i < config->service_count; i++)
        bw_roster_add_service(roster, &config->services[i]);
    const enum bw_rc rc = bw_watch_apply(w->watch, config, roster, err);
    if (rc == BW_OK)
        bw_roster_settle(roster);
    bw_roster_free(rc == BW_OK ? w->roster : roster);
    bw_config_free(rc == BW_OK ? w->config : config);
    if (rc != BW_OK)
        return rc;
    w->roster = roster;
    w->config = config;
    w->bench.core.config = config;
    return BW_OK;
}

void watching_start(struct watching *w, uint32_t index)
{
    const struct bw_schedule_run due = { .id = index,
                                         .nominal_ms = bw_core_now_ms(&w->bench.core) };
    bw_watch_start_run(w->watch, &due);
}

struct awaiting {
    struct watching *w;
    watching_fn *fn;
    int64_t until_ns;
};

static void look(void *ctx)
{
    const struct awaiting *a = ctx;
    if (a->fn(a->w) || bw_loop_mono_ns() > a->until_ns)
        bw_loop_stop(a->w->bench.core.loop);
}

void watching_await(struct watching *w, watching_fn *fn)
{
    struct awaiting a = { w, fn, bw_loop_mono_ns() + 60 * BW_SECOND };
    struct bw_timer *timer = bw_timer_new(w->bench.core.loop, look, &a);
    bw_timer_start(timer, 0, 2 * BW_MS);
    bw_loop_run(w->bench.core.loop);
    bw_timer_free(timer);
    assert_true(fn(w));
}

bool watching_is_idle(const struct watching *w)
{
    for (size_t i = 0; i < w->watch->count; i++) {
        if (w->watch->checks[i]->flight != NULL)
            return false;
    }
    return true;
}

static void expect(const struct watching *w, struct bw_buf *got, const char *want)
{
    struct bw_buf full;
    bw_buf_init(&full, 65536);
    put_addresses(w, want, &full);
    if (strcmp(got->data, full.data) != 0)
        fail_msg("got:\n%swanted:\n%s", got->data, full.data);
    bw_buf_fini(&full);
    bw_buf_fini(got);
}

void watching_expect_page(struct watching *w, const char *start, const char *want)
{
    struct bw_buf page;
    bw_buf_init(&page, 1u << 20);
    bench_page(&w->bench, start, &page);
    expect(w, &page, want);
}

void watching_expect_events(struct watching *w, const char *want)
{
    struct bw_buf said;
    bw_buf_init(&said, 1u << 20);
    bench_events(&w->bench, &said);
    expect(w, &said, want);
}
