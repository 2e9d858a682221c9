// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "dns_server.h"
#include "peer.h"
#include "probe/dns_names.h"
#include "world.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* A name that leads to 127.0.0.1 until `moved`, and to 127.0.0.2 after that. */
struct scene {
    struct world w;
    struct dns_server names;
    struct peer peer;
    atomic_bool moved;
    char servers[32];
    char asked[4 * BW_ADDRESS_TEXT_MAX]; /* each address that the filter was asked about */
};

static void answer_name(struct dns_server *server, const uint8_t *query, size_t len)
{
    struct scene *scene = server->ctx;
    const uint8_t address[] = { 127, 0, 0, atomic_load(&scene->moved) ? 2 : 1 };
    struct dns_reply reply;
    dns_reply_begin(&reply, query, len, 0);
    if (query[len - 3] == BW_DNS_A)
        dns_reply_add(&reply, BW_DNS_ANSWER, BW_DNS_A, 1, address, sizeof address);
    dns_server_send(server, reply.bytes, reply.len);
}

static void hang_up(struct peer_talk *talk)
{
    (void)talk;
}

static bool only_the_first(void *ctx, const struct bw_address *address)
{
    struct scene *scene = ctx;
    char text[BW_ADDRESS_TEXT_MAX];
    const size_t len = strlen(scene->asked);
    bw_address_format(text, address);
    snprintf(scene->asked + len, sizeof scene->asked - len, "%s ", text);
    return strcmp(text, "127.0.0.1") == 0;
}

static void scene_open(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    dns_server_start(&scene->names, answer_name, scene);
    snprintf(scene->servers, sizeof scene->servers, "127.0.0.1:%u", scene->names.port);
    world_open(&scene->w, scene->servers);
    peer_start(&scene->peer, hang_up, NULL);
}

static void scene_close(struct scene *scene)
{
    peer_stop(&scene->peer);
    world_close(&scene->w);
    dns_server_stop(&scene->names);
}

static void run(struct scene *scene, const struct bw_probe_module *module, const char *before,
                const char *after)
{
    char target[64];
    snprintf(target, sizeof target, "%smoves.test:%u%s", before, scene->peer.port, after);
    const struct bw_probe_request request = {
        .target = { .text = target, .filter = only_the_first, .filter_ctx = scene },
        .timeout_ns = 60 * BW_SECOND
    };
    scene->asked[0] = '\0';
    world_run(&scene->w, module, &request);
}

/* A name that was allowed a moment ago may lead elsewhere now: what counts is the address that is
 * connected to, each time, whatever asks for it. */
static void names_that_move_are_caught(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *before, *after; /* the target */
    } kinds[] = {
        { "prober: tcp\n", "", "" },
        { "prober: tcp\ntcp: {tls: true}\n", "", "" },
        { "prober: http\n", "http://", "/" },
        { "prober: http\nhttp: {compression: gzip}\n", "http://", "/" },
        { "prober: http\n", "https://", "/" },
        { "prober: grpc\n", "", "" },
        { "prober: websocket\n", "ws://", "/" },
        { "prober: tls\n", "", "" },
        { "prober: dns\ndns: {query_name: a.test, transport_protocol: udp}\n", "", "" },
        { "prober: dns\ndns: {query_name: a.test, transport_protocol: tcp}\n", "", "" },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct scene scene;
        struct bw_probe_module module;
        scene_open(&scene);
        assert_string_equal(world_config(&scene.w, kinds[i].yaml, &module), "");
        run(&scene, &module, kinds[i].before, kinds[i].after);
        if (strcmp(scene.asked, "127.0.0.1 ") != 0)
            fail_msg("%s: asked about %s", kinds[i].yaml, scene.asked);
        assert_null(strstr(scene.w.result.detail, "not allowed"));
        atomic_store(&scene.moved, true);
        run(&scene, &module, kinds[i].before, kinds[i].after);
        if (strcmp(scene.asked, "127.0.0.2 ") != 0)
            fail_msg("%s: asked about %s", kinds[i].yaml, scene.asked);
        assert_int_equal(scene.w.result.reason, BW_REASON_CONNECT_FAILED);
        assert_non_null(strstr(scene.w.result.detail, "this address is not allowed"));
        scene_close(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(names_that_move_are_caught) };
    signal(SIGPIPE, SIG_IGN); /* OpenSSL's writes have no MSG_NOSIGNAL */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
