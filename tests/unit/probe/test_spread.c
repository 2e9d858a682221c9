// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "certificate.h"
#include "dns_server.h"
#include "peer.h"
#include "probe/dns_names.h"
#include "probe/table.h"
#include "probe/tells.h"
#include "world.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PEERS_MAX = 32 };

/* A name with addresses from 127.0.0.1 on, a character each: '+' answers 200, 'x' 503, '.' nothing,
 * '>' sends to another path of the same name, '-' has nobody who listens. */
struct scene {
    struct world w;
    struct dns_server names;
    char servers[32];
    const char *story;
    atomic_size_t repeat; /* so often each address comes */
    atomic_size_t first;  /* the last byte of the first address */
    uint16_t port;
    struct peer peers[PEERS_MAX];
    int held[PEERS_MAX]; /* their descriptors, or those of ports where nobody listens */
};

static void well(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
}

static void unwell(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

static void mute(struct peer_talk *talk)
{
    peer_wait(talk);
}

static void elsewhere(struct peer_talk *talk)
{
    if (talk->number == 0)
        peer_answer(talk, "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n"
                          "Connection: close\r\n\r\n");
    else
        well(talk);
}

static peer_fn *player(char c)
{
    return c == '+' ? well : c == 'x' ? unwell : c == '.' ? mute : c == '>' ? elsewhere : NULL;
}

static void answer_name(struct dns_server *server, const uint8_t *query, size_t len)
{
    const struct scene *scene = server->ctx;
    struct dns_reply reply;
    dns_reply_begin(&reply, query, len, 0);
    const bool asks_ip4 = query[len - 3] == BW_DNS_A;
    for (size_t i = 0; asks_ip4 && scene->story[i] != '\0'; i++) {
        const uint8_t address[] = { 127, 0, 0, (uint8_t)(scene->first + i) };
        for (size_t k = 0; k < scene->repeat; k++)
            dns_reply_add(&reply, BW_DNS_ANSWER, BW_DNS_A, 1, address, sizeof address);
    }
    dns_server_send(server, reply.bytes, reply.len);
}

/* The same port of all addresses. False when somebody has one of them. */
static bool hold_ports(struct scene *scene)
{
    const size_t count = strlen(scene->story);
    scene->port = count == 0 ? 1 : 0; /* nobody connects to a name without addresses */
    for (size_t i = 0; i < count; i++) {
        scene->held[i] = peer_hold((uint32_t)i, &scene->port);
        if (scene->held[i] >= 0)
            continue;
        while (i > 0)
            close(scene->held[--i]);
        return false;
    }
    return true;
}

static void scene_open(struct scene *scene, const char *story)
{
    memset(scene, 0, sizeof *scene);
    scene->story = story;
    scene->repeat = scene->first = 1;
    while (!hold_ports(scene)) {
    }
    for (size_t i = 0; story[i] != '\0'; i++) {
        if (player(story[i]) != NULL)
            peer_start_on(&scene->peers[i], player(story[i]), scene->held[i]);
    }
    dns_server_start(&scene->names, answer_name, scene);
    snprintf(scene->servers, sizeof scene->servers, "127.0.0.1:%u", scene->names.port);
    world_open(&scene->w, scene->servers);
}

static void scene_close(struct scene *scene)
{
    world_close(&scene->w);
    for (size_t i = 0; scene->story[i] != '\0'; i++) {
        if (player(scene->story[i]) != NULL)
            peer_stop(&scene->peers[i]);
        else
            close(scene->held[i]);
    }
    dns_server_stop(&scene->names);
}

static struct bw_probe_request ask(struct scene *scene, enum bw_resolve_mode mode)
{
    return (struct bw_probe_request){
        .target = { .text = world_text(&scene->w, "http://many.test:%u/", scene->port) },
        .timeout_ns = 60 * BW_SECOND,
        .resolve_mode = mode,
    };
}

static void run(struct scene *scene, const struct bw_probe_request *request)
{
    const struct bw_probe_module module = world_module(&scene->w, BW_PROBER_HTTP);
    world_run(&scene->w, &module, request);
}

/* What is measured of each address, in their order: '+', '-', or ' ' where nothing is. */
static const char *rows(const struct scene *scene)
{
    static char out[PEERS_MAX + 1];
    size_t count = 0;
    for (size_t i = 0; scene->story[i] != '\0'; i++) {
        char name[32];
        double success;
        snprintf(name, sizeof name, "127.0.0.%zu", 1 + i);
        const bool has = bw_measures_value(&scene->w.measures, BW_METRIC_PROBE_ADDRESS_SUCCESS,
                                           BW_LABEL_VALUES(name), &success);
        assert_int_equal(has, bw_measures_value(&scene->w.measures,
                                                BW_METRIC_PROBE_ADDRESS_DURATION_SECONDS,
                                                BW_LABEL_VALUES(name), &success));
        bw_measures_value(&scene->w.measures, BW_METRIC_PROBE_ADDRESS_SUCCESS,
                          BW_LABEL_VALUES(name), &success);
        out[count++] = !has ? ' ' : success == 1 ? '+' : '-';
    }
    out[count] = '\0';
    return out;
}

static const struct {
    const char *story;
    enum bw_resolve_mode mode;
    bool expect_failure;
    enum bw_reason reason;
    const char *rows, *detail;
} cases[] = {
    { "+++", BW_RESOLVE_EACH, false, BW_REASON_NONE, "+++", "3 addresses passed" },
    { "+", BW_RESOLVE_EACH, false, BW_REASON_NONE, "+", "1 address passed" },
    { "+-+", BW_RESOLVE_EACH, false, BW_REASON_CONNECT_REFUSED, "+-+",
      "1 of 3 addresses failed; 127.0.0.2" },
    { "+x-", BW_RESOLVE_EACH, false, BW_REASON_HTTP_STATUS, "+--",
      "2 of 3 addresses failed; 127.0.0.2: status 503, expected 2xx" },
    { "--", BW_RESOLVE_EACH, true, BW_REASON_NONE, "++", "2 addresses passed" },
    { "-+", BW_RESOLVE_EACH, true, BW_REASON_UNEXPECTED_SUCCESS, "+-",
      "1 of 2 addresses failed; 127.0.0.2: it answered, but should not" },
    { ">>", BW_RESOLVE_EACH, false, BW_REASON_NONE, "++", "2 addresses passed" },
    { "+++", BW_RESOLVE_ANY, false, BW_REASON_NONE, "+  ", "127.0.0.1 passed" },
    { "x+-", BW_RESOLVE_ANY, false, BW_REASON_NONE, "-+ ",
      "127.0.0.2 passed; 127.0.0.1: status 503, expected 2xx" },
    { "-x+", BW_RESOLVE_ANY, false, BW_REASON_NONE, "--+", "127.0.0.3 passed; 127.0.0.1" },
    { "xx", BW_RESOLVE_ANY, false, BW_REASON_HTTP_STATUS, "--",
      "none of 2 addresses passed; 127.0.0.1: status 503, expected 2xx; 127.0.0.2: status 503" },
    { "+-", BW_RESOLVE_ANY, true, BW_REASON_NONE, "-+",
      "127.0.0.2 passed; 127.0.0.1: it answered, but should not" },
};

static void stories_end_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;
        scene_open(&scene, cases[i].story);
        struct bw_probe_request request = ask(&scene, cases[i].mode);
        request.expect_failure = cases[i].expect_failure;
        run(&scene, &request);
        const struct bw_probe_result *result = &scene.w.result;
        if (result->reason != cases[i].reason
            || result->success != (cases[i].reason == BW_REASON_NONE)
            || strcmp(rows(&scene), cases[i].rows) != 0
            || strncmp(result->detail, cases[i].detail, strlen(cases[i].detail)) != 0)
            fail_msg("%zu: %s: %s '%s', rows '%s'", i, cases[i].story,
                     bw_reason_name(result->reason), result->detail, rows(&scene));
        assert_true(world_value(&scene.w, BW_METRIC_PROBE_ADDRESSES, NULL)
                    == (double)strlen(cases[i].story));
        assert_true(world_value(&scene.w, BW_METRIC_PROBE_SUCCESS, NULL) == result->success);
        assert_int_equal(world_has(&scene.w, BW_METRIC_PROBE_FAILURE_INFO), !result->success);
        scene_close(&scene);
    }
}

/* Redirects on the same name stay with the address that sent them. */
static void each_address_keeps_its_redirects(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, ">>");
    const struct bw_probe_request request = ask(&scene, BW_RESOLVE_EACH);
    run(&scene, &request);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(atomic_load(&scene.peers[i].count), 2);
    scene_close(&scene);
}

static void any_does_not_wait_for_the_slow(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, ".+");
    struct bw_probe_request request = ask(&scene, BW_RESOLVE_ANY);
    request.timeout_ns = 4 * BW_SECOND; /* the second has its turn after two */
    run(&scene, &request);
    assert_true(scene.w.result.success);
    assert_string_equal(scene.w.result.detail, "127.0.0.2 passed");
    assert_string_equal(rows(&scene), " +");
    scene_close(&scene);
}

static void the_deadline_is_one(void **state)
{
    (void)state;
    static const struct {
        enum bw_resolve_mode mode;
        const char *detail;
    } modes[] = { { BW_RESOLVE_EACH,
                    "2 of 2 addresses failed; 127.0.0.1: no verdict within 600ms" },
                  { BW_RESOLVE_ANY, "none of 2 addresses passed; 127.0.0.1: no verdict within" } };
    for (size_t i = 0; i < 2; i++) {
        struct scene scene;
        scene_open(&scene, "..");
        struct bw_probe_request request = ask(&scene, modes[i].mode);
        request.timeout_ns = 600 * BW_MS;
        run(&scene, &request);
        assert_false(scene.w.result.success);
        if (strncmp(scene.w.result.detail, modes[i].detail, strlen(modes[i].detail)) != 0)
            fail_msg("%s", scene.w.result.detail);
        assert_string_equal(rows(&scene), "--");
        assert_true(scene.w.result.duration_ns >= 600 * BW_MS);
        scene_close(&scene);
    }
}

/* All that failed is told, in its bounds; of what passed nothing but that. */
static void many_are_bounded(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, "xxxxxxxxxxxxxxxxxxxx");
    const struct bw_probe_request request = ask(&scene, BW_RESOLVE_EACH);
    run(&scene, &request);
    assert_string_equal(rows(&scene), "----------------    ");
    assert_true(world_value(&scene.w, BW_METRIC_PROBE_ADDRESSES, NULL) == 20);
    assert_non_null(strstr(scene.w.result.detail, "16 of 16 addresses failed"));
    assert_non_null(strstr(scene.w.result.detail, "4 more were not asked"));
    assert_non_null(strstr(scene.w.told, "address 16 of 20: 127.0.0.16"));
    assert_non_null(strstr(scene.w.told, "! unexpected status code: 16 of 16"));
    scene_close(&scene);

    scene_open(&scene, "+x");
    const struct bw_probe_request two = ask(&scene, BW_RESOLVE_EACH);
    run(&scene, &two);
    assert_null(strstr(scene.w.told, "127.0.0.1:"));
    assert_non_null(strstr(scene.w.told, "address 2 of 2: 127.0.0.2"));
    assert_non_null(strstr(scene.w.told, "< HTTP/1.1 503"));
    scene_close(&scene);
}

static void an_address_that_comes_twice_is_one(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, "++");
    scene.repeat = 3;
    const struct bw_probe_request request = ask(&scene, BW_RESOLVE_EACH);
    run(&scene, &request);
    assert_string_equal(scene.w.result.detail, "2 addresses passed");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(atomic_load(&scene.peers[i].count), 1);
    scene_close(&scene);
}

static void a_name_without_addresses_fails_as_ever(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, "");
    for (enum bw_resolve_mode mode = BW_RESOLVE_EACH; mode <= BW_RESOLVE_ANY; mode++) {
        const struct bw_probe_request request = ask(&scene, mode);
        run(&scene, &request);
        assert_int_equal(scene.w.result.reason, BW_REASON_DNS_NXDOMAIN);
        assert_false(world_has(&scene.w, BW_METRIC_PROBE_ADDRESSES));
        assert_null(strstr(scene.w.result.detail, "addresses"));
    }
    scene_close(&scene);
}

static void retries_are_of_each_address(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, "+x");
    struct bw_probe_request request = ask(&scene, BW_RESOLVE_EACH);
    request.retries = 2;
    run(&scene, &request);
    assert_int_equal(scene.w.result.attempts, 3);
    assert_int_equal(scene.w.result.retried_reason, BW_REASON_HTTP_STATUS);
    assert_string_equal(scene.w.retried, "127.0.0.2: status 503, expected 2xx");
    assert_int_equal(atomic_load(&scene.peers[0].count), 1);
    assert_int_equal(atomic_load(&scene.peers[1].count), 3);
    scene_close(&scene);
}

/* The rule is asked for the address of each part. */
static bool not_the_second(void *ctx, const struct bw_address *address)
{
    char text[BW_ADDRESS_TEXT_MAX];
    bw_address_format(text, address);
    ++*(unsigned *)ctx;
    return strcmp(text, "127.0.0.2") != 0;
}

static void addresses_may_be_refused(void **state)
{
    (void)state;
    struct scene scene;
    unsigned asked = 0;
    scene_open(&scene, "+++");
    struct bw_probe_request request = ask(&scene, BW_RESOLVE_EACH);
    request.target.filter = not_the_second;
    request.target.filter_ctx = &asked;
    run(&scene, &request);
    assert_int_equal(asked, 3);
    assert_string_equal(rows(&scene), "+-+");
    assert_non_null(strstr(scene.w.result.detail, "127.0.0.2: this address is not allowed"));
    assert_int_equal(atomic_load(&scene.peers[1].count), 0);
    scene_close(&scene);
}

/* ---- cancelling ---- */

static void fail_when_called(void *ctx, const struct bw_probe_result *result)
{
    (void)result;
    *(bool *)ctx = true;
}

static void stop(void *ctx)
{
    bw_loop_stop(ctx);
}

static void a_run_can_be_cancelled_at_any_time(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, "...");
    const struct bw_probe_module module = world_module(&scene.w, BW_PROBER_HTTP);
    struct bw_probe_plan *plan = bw_probe_plan_new(scene.w.engine, &module, NULL, NULL);
    struct bw_timer *timer = bw_timer_new(scene.w.loop, stop, scene.w.loop);
    for (enum bw_resolve_mode mode = BW_RESOLVE_EACH; mode <= BW_RESOLVE_ANY; mode++) {
        static const int64_t waits_ns[] = { 0, BW_MS, 100 * BW_MS };
        for (size_t i = 0; i < sizeof waits_ns / sizeof *waits_ns; i++) {
            bool ended = false;
            struct bw_probe_request request = ask(&scene, mode);
            request.plan = plan;
            struct bw_probe_run *started =
                bw_probe_start(scene.w.engine, &request, fail_when_called, &ended);
            bw_timer_start(timer, waits_ns[i], 0);
            bw_loop_run(scene.w.loop);
            assert_false(ended);
            bw_probe_cancel(started);
        }
    }
    bw_timer_free(timer);
    bw_probe_plan_free(plan);
    scene_close(&scene);
}

/* ---- memories ---- */

static SSL_CTX *server_with(const char *names)
{
    struct certificate certificate = certificate_make(names, -3600, 86400, NULL);
    SSL_CTX *server = certificate_server(&certificate);
    certificate_free(&certificate);
    return server;
}

/* That the addresses have different certificates is no change; that one has another is. */
static void each_address_is_remembered_by_itself(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, "+++");
    SSL_CTX *servers[] = { server_with("DNS:one.test"), server_with("DNS:two.test"),
                           server_with("DNS:three.test"), server_with("DNS:other.test"),
                           server_with("DNS:another.test") };
    for (size_t i = 0; i < 3; i++)
        scene.peers[i].tls = servers[i];
    const struct bw_probe_module module = world_module(&scene.w, BW_PROBER_TLS);
    struct bw_probe_memory memory = { .ops = bw_probe_table[BW_PROBER_TLS] };
    static const struct {
        enum bw_resolve_mode mode;
        size_t now, of;     /* the address gets another certificate ... */
        const char *change; /* ... and is named; "": nothing changes */
    } runs[] = { { BW_RESOLVE_EACH, 0, 0, "" },          { BW_RESOLVE_EACH, 0, 0, "" },
                 { BW_RESOLVE_EACH, 3, 1, "127.0.0.2" }, { BW_RESOLVE_EACH, 3, 1, "" },
                 { BW_RESOLVE_ANY, 4, 0, "127.0.0.1" },  { BW_RESOLVE_EACH, 4, 0, "" } };
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        const struct bw_probe_request request = {
            .target = { .text = world_text(&scene.w, "many.test:%u", scene.port),
                        .memory = &memory },
            .timeout_ns = 60 * BW_SECOND,
            .resolve_mode = runs[i].mode,
        };
        scene.peers[runs[i].of].tls = servers[runs[i].now];
        world_run(&scene.w, &module, &request);
        const char *want = runs[i].change;
        if (strncmp(scene.w.change, want, strlen(want)) != 0
            || (scene.w.change[0] == '\0') != (want[0] == '\0'))
            fail_msg("run %zu: '%s'", i, scene.w.change);
    }
    bw_probe_memory_free(memory.more);
    scene_close(&scene);
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
        SSL_CTX_free(servers[i]);
}

/* Those of addresses that do not come any more make room. */
static void memories_are_bounded(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, "----------------");
    const struct bw_probe_module module = world_module(&scene.w, BW_PROBER_HTTP);
    struct bw_probe_memory memory = { .ops = bw_probe_table[BW_PROBER_HTTP] };
    for (scene.first = 1; scene.first < 100; scene.first += 16) {
        const struct bw_probe_request request = {
            .target = { .text = world_text(&scene.w, "http://many.test:%u/", scene.port),
                        .memory = &memory },
            .timeout_ns = 60 * BW_SECOND,
            .resolve_mode = BW_RESOLVE_EACH,
        };
        size_t count = 0;
        world_run(&scene.w, &module, &request);
        for (const struct bw_probe_memory *m = memory.more; m != NULL; m = m->more)
            count++;
        assert_int_equal(count, 16);
    }
    bw_probe_memory_free(memory.more);
    scene_close(&scene);
}

/* ---- kinds ---- */

static void every_kind_with_a_name_can(void **state)
{
    (void)state;
    static const struct {
        enum bw_prober kind;
        const char *before, *after;
    } kinds[] = {
        { BW_PROBER_TCP, "", "" },
        { BW_PROBER_TLS, "", "" },
        { BW_PROBER_GRPC, "", "" },
        { BW_PROBER_DNS, "", "" },
        { BW_PROBER_ICMP, "", "" },
        { BW_PROBER_HTTP, "https://", "/" },
        { BW_PROBER_WEBSOCKET, "ws://", "/" },
    };
    struct scene scene;
    scene_open(&scene, "--");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct bw_probe_module module = world_module(&scene.w, kinds[i].kind);
        module.dns.query_name = "a.test";
        const struct bw_probe_request request = {
            .target = { .text = world_text(&scene.w, "%smany.test:%u%s", kinds[i].before,
                                           scene.port, kinds[i].after) },
            .timeout_ns = 60 * BW_SECOND,
            .resolve_mode = BW_RESOLVE_EACH,
        };
        assert_true(bw_kind_tells_family(kinds[i].kind, BW_METRIC_PROBE_ADDRESS_SUCCESS));
        world_run(&scene.w, &module, &request);
        const bool pings = kinds[i].kind == BW_PROBER_ICMP && scene.w.result.success;
        if (scene.w.result.success != pings || strcmp(rows(&scene), pings ? "++" : "--") != 0)
            fail_msg("%s: %s", request.target.text, scene.w.result.detail);
    }
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories_end_as_told),
        cmocka_unit_test(each_address_keeps_its_redirects),
        cmocka_unit_test(any_does_not_wait_for_the_slow),
        cmocka_unit_test(the_deadline_is_one),
        cmocka_unit_test(many_are_bounded),
        cmocka_unit_test(an_address_that_comes_twice_is_one),
        cmocka_unit_test(a_name_without_addresses_fails_as_ever),
        cmocka_unit_test(retries_are_of_each_address),
        cmocka_unit_test(addresses_may_be_refused),
        cmocka_unit_test(a_run_can_be_cancelled_at_any_time),
        cmocka_unit_test(each_address_is_remembered_by_itself),
        cmocka_unit_test(memories_are_bounded),
        cmocka_unit_test(every_kind_with_a_name_can),
    };
    signal(SIGPIPE, SIG_IGN); /* servers say goodbye over TLS to who is gone */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
