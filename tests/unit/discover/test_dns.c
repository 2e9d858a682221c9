// SPDX-License-Identifier: GPL-3.0-or-later
/* A name server of our own answers from a script, in a thread. */
#include "discover/discover.h"

#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
    int fd;
    uint8_t code;         /* of its answers */
    uint8_t answers[256]; /* records, after the question */
    size_t size, count;
    pthread_t thread;
    char address[32];
};

static void *serve(void *ctx)
{
    struct server *server = ctx;
    uint8_t packet[1024];
    struct sockaddr_in from;
    for (;;) {
        socklen_t len = sizeof from;
        const ssize_t got = recvfrom(server->fd, packet, 512, 0, (struct sockaddr *)&from, &len);
        if (got <= 12)
            return NULL; /* a word to end */
        size_t at = 12;
        while (packet[at] != 0)
            at += packet[at] + 1u;
        at += 5;
        packet[2] = 0x84; /* an answer, by who should know */
        packet[3] = server->code;
        packet[6] = 0, packet[7] = (uint8_t)server->count;
        memset(packet + 8, 0, 4);
        memcpy(packet + at, server->answers, server->size);
        sendto(server->fd, packet, at + server->size, 0, (struct sockaddr *)&from, len);
    }
}

static void start(struct server *server)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof at;
    server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(server->fd, (struct sockaddr *)&at, &len), 0);
    snprintf(server->address, sizeof server->address, "127.0.0.1:%u", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void end(struct server *server)
{
    struct sockaddr_in at;
    socklen_t len = sizeof at;
    getsockname(server->fd, (struct sockaddr *)&at, &len);
    sendto(server->fd, "x", 1, 0, (struct sockaddr *)&at, len);
    pthread_join(server->thread, NULL);
    close(server->fd);
}

static void add(struct server *server, uint8_t type, const void *data, size_t size)
{
    const uint8_t head[] = { 0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, (uint8_t)size };
    memcpy(server->answers + server->size, head, sizeof head);
    memcpy(server->answers + server->size + sizeof head, data, size);
    server->size += sizeof head + size;
    server->count++;
}

static enum bw_rc ask(struct server *server, enum bw_discovery_record record,
                      struct bw_arena *arena, struct bw_target_list *list, struct bw_err *err)
{
    static const char *const names[] = { "_http._tcp.shop.test." };
    static const bool never;
    const struct bw_discovery_spec spec = { .kind = BW_DISCOVERY_DNS,
                                            .from = { names, 1 },
                                            .timeout_ns = 10 * BW_SECOND,
                                            .record = record,
                                            .port = 8080,
                                            .servers = server->address };
    struct bw_target_list out;
    const enum bw_rc rc = bw_discovery_ask(&spec, list, &never, arena, &out, err);
    *list = out;
    return rc;
}

static void expect_targets(const struct bw_target_list *list, const char *want)
{
    struct bw_buf out;
    bw_buf_init(&out, 4096);
    for (size_t i = 0; i < list->count; i++) {
        bw_series_text(&out, "", list->items[i]);
        bw_buf_char(&out, '\n');
    }
    assert_string_equal(out.data, want);
    bw_buf_fini(&out);
}

#define NAME "__meta_dns_name=\"_http._tcp.shop.test.\""

static void services_become_targets_and_stay_when_it_fails(void **state)
{
    (void)state;
    static const char srv[] = "\0\1\0\1\x1f\x90\3web\4shop\4test"; /* 8080 web.shop.test */
    static const char want[] =
        "{__address__=\"web.shop.test.:8080\"," NAME ",__meta_dns_srv_record_port=\"8080\""
        ",__meta_dns_srv_record_target=\"web.shop.test.\"}\n";
    struct server server = { .size = 0 };
    struct bw_arena arena = { 0 };
    struct bw_target_list list = { 0 };
    struct bw_err err = { .text = "" };
    add(&server, 33, srv, sizeof srv);
    start(&server);
    assert_int_equal(ask(&server, BW_RECORD_SRV, &arena, &list, &err), BW_OK);
    expect_targets(&list, want);
    server.code = 2; /* SERVFAIL */
    server.size = server.count = 0;
    assert_int_equal(ask(&server, BW_RECORD_SRV, &arena, &list, &err), BW_EIO);
    expect_targets(&list, want);
    server.code = 3; /* there is no such name: nor has it targets */
    assert_int_equal(ask(&server, BW_RECORD_SRV, &arena, &list, &err), BW_OK);
    expect_targets(&list, "");
    end(&server);
    bw_arena_fini(&arena);
}

static void addresses_have_the_configured_port(void **state)
{
    (void)state;
    static const uint8_t four[] = { 192, 0, 2, 7 };
    static const uint8_t six[16] = { 0x20, 1, 0xd, 0xb8, [15] = 5 };
    struct bw_arena arena = { 0 };
    struct bw_target_list list = { 0 };
    struct bw_err err = { .text = "" };
    struct server server = { .size = 0 };
    add(&server, 1, four, sizeof four);
    start(&server);
    assert_int_equal(ask(&server, BW_RECORD_A, &arena, &list, &err), BW_OK);
    expect_targets(&list, "{__address__=\"192.0.2.7:8080\"," NAME "}\n");
    server.size = server.count = 0;
    add(&server, 28, six, sizeof six);
    assert_int_equal(ask(&server, BW_RECORD_AAAA, &arena, &list, &err), BW_OK);
    expect_targets(&list, "{__address__=\"[2001:db8::5]:8080\"," NAME "}\n");
    end(&server);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_become_targets_and_stay_when_it_fails),
        cmocka_unit_test(addresses_have_the_configured_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
