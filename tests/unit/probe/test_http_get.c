// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "probe/http_get.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a server gives, and what becomes of it. */
struct got {
    struct world world;
    struct bw_http_get *get;
    unsigned times;
    int status;
    char type[64], body[256], fault[256];
    bool free_when_told;
};

static void take(void *ctx, const struct bw_http_got *got)
{
    struct got *g = ctx;
    g->times++;
    g->status = got->status;
    snprintf(g->type, sizeof g->type, "%s", got->type != NULL ? got->type : "-");
    snprintf(g->body, sizeof g->body, "%.*s", (int)got->len, got->body != NULL ? got->body : "");
    snprintf(g->fault, sizeof g->fault, "%s", got->fault != NULL ? got->fault : "");
    if (g->free_when_told) {
        bw_http_get_free(g->get);
        g->get = NULL;
    }
    bw_loop_stop(g->world.loop);
}

/* Client options as a source has them, out of YAML's flow style. */
static const struct bw_http_options *options(struct got *g, const char *yaml)
{
    struct bw_probe_module *module = bw_arena_alloc(&g->world.arena, sizeof *module);
    const char *text = world_text(&g->world, "prober: http\nhttp: %s\n", yaml);
    assert_string_equal(world_config(&g->world, text, module), "");
    return &module->http;
}

static void open(struct got *g, const char *url, const char *yaml)
{
    static const struct bw_pair headers[] = { { "X-Asked-By", "a test" } };
    struct bw_err err = { .text = "" };
    *g = (struct got){ .times = 0 };
    world_open(&g->world, NULL);
    g->get =
        bw_http_get_new(url, options(g, yaml), (struct bw_pairs){ headers, 1 }, 200, NULL, &err);
    if (g->get == NULL)
        fail_msg("%s: %s", yaml, err.text);
}

static void ask(struct got *g, int64_t timeout_ns)
{
    const unsigned times = g->times;
    bw_http_get_start(g->get, g->world.engine, timeout_ns, take, g);
    bw_loop_run(g->world.loop);
    assert_int_equal(g->times, times + 1);
}

static void close_all(struct got *g)
{
    bw_http_get_free(g->get);
    world_close(&g->world);
}

static void give_list(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                      "Content-Length: 2\r\n\r\n[]");
}

static void give_much(struct peer_talk *talk)
{
    char body[400];
    memset(body, ' ', sizeof body);
    body[sizeof body - 1] = '\0';
    peer_answer(talk, "HTTP/1.1 200 OK\r\n\r\n");
    peer_say(talk, body);
}

static void give_garbage(struct peer_talk *talk)
{
    peer_answer(talk, "\x01\x02 no HTTP\r\n\r\n");
}

static void give_half(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[");
}

static void say_nothing(struct peer_talk *talk)
{
    peer_wait(talk);
}

static void not_there(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

static void answers_are_handed_over(void **state)
{
    (void)state;
    static const struct {
        peer_fn *play;
        int status;
        const char *type, *body, *fault;
    } stories[] = {
        { give_list, 200, "application/json", "[]", "" },
        { not_there, 404, "-", "", "" },
        { give_much, 0, "-", "", "longer" },
        { give_garbage, 0, "-", "", "?" },
        { give_half, 0, "-", "", "?" },
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct peer peer;
        struct got g;
        char url[64];
        peer_start(&peer, stories[i].play, NULL);
        snprintf(url, sizeof url, "http://127.0.0.1:%u/list", peer.port);
        open(&g, url, "{}");
        ask(&g, 60 * BW_SECOND);
        peer_stop(&peer);
        if (g.status != stories[i].status || strcmp(g.body, stories[i].body) != 0
            || strcmp(g.type, stories[i].type) != 0)
            fail_msg("%zu: %d, %s, '%s' %s", i, g.status, g.type, g.body, g.fault);
        const char *fault = stories[i].fault;
        if (fault[0] == '?' ? g.fault[0] == '\0' : strstr(g.fault, fault) == NULL)
            fail_msg("%zu: %s", i, g.fault);
        assert_true((fault[0] == '\0') == (g.fault[0] == '\0'));
        assert_non_null(strstr(peer.heard, "X-Asked-By: a test\r\n"));
        close_all(&g);
    }
}

static void nobody_answers(void **state)
{
    (void)state;
    struct peer peer;
    struct got g;
    char url[64];
    peer_start(&peer, say_nothing, NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", peer.port);
    open(&g, url, "{}");
    ask(&g, 50 * BW_MS);
    assert_string_equal(g.fault, "no answer within 50ms");
    ask(&g, 50 * BW_MS); /* and once more */
    bw_http_get_start(g.get, g.world.engine, BW_SECOND, take, &g);
    close_all(&g); /* while it waits: nobody is told */
    assert_int_equal(g.times, 2);
    peer_stop(&peer);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", peer_closed_port());
    open(&g, url, "{}");
    g.free_when_told = true;
    ask(&g, 60 * BW_SECOND);
    assert_true(g.fault[0] != '\0');
    close_all(&g);
}

/* A file with a secret that is replaced while it is in use. */
static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void who_asks_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *options, *wants;
    } stories[] = {
        { "{basic_auth: {username: a, password: b}}", "Authorization: Basic YTpi\r\n" },
        { "{basic_auth: {username: a, password_file: '%s'}}", "Authorization: Basic YTpi\r\n" },
        { "{authorization: {credentials: b}}", "Authorization: Bearer b\r\n" },
        { "{authorization: {type: Token, credentials_file: '%s'}}", "Authorization: Token b\r\n" },
        { "{bearer_token: b}", "Authorization: Bearer b\r\n" },
        { "{bearer_token_file: '%s'}", "Authorization: Bearer b\r\n" },
        { "{http_headers: {X-Key: {secrets: [b]}}}", "X-Key: b\r\n" },
    };
    char path[] = "/tmp/bw_get_XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_text(path, "b\n");
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct peer peer;
        struct got g;
        char url[64], text[200];
        const char *at = strstr(stories[i].options, "%s");
        snprintf(text, sizeof text, "%.*s%s%s",
                 (int)(at != NULL ? (size_t)(at - stories[i].options) : strlen(stories[i].options)),
                 stories[i].options, at != NULL ? path : "", at != NULL ? at + 2 : "");
        peer_start(&peer, give_list, NULL);
        snprintf(url, sizeof url, "http://127.0.0.1:%u/", peer.port);
        open(&g, url, text);
        ask(&g, 60 * BW_SECOND);
        peer_stop(&peer);
        assert_int_equal(g.status, 200);
        if (strstr(peer.heard, stories[i].wants) == NULL)
            fail_msg("%s: %s", text, peer.heard);
        close_all(&g);
    }
    unlink(path);
}

static void give_token_then_list(struct peer_talk *talk)
{
    if (talk->number > 0)
        give_list(talk);
    else
        peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n"
                          "{\"access_token\":\"geheim\"}");
}

static void a_token_is_asked_for_first(void **state)
{
    (void)state;
    struct peer peer;
    struct got g;
    char url[64], text[200];
    for (int refused = 0; refused < 2; refused++) {
        peer_start(&peer, refused ? not_there : give_token_then_list, NULL);
        snprintf(url, sizeof url, "http://127.0.0.1:%u/", peer.port);
        snprintf(text, sizeof text,
                 "{oauth2: {client_id: a, client_secret: b, token_url: '%stoken'}}", url);
        open(&g, url, text);
        ask(&g, 60 * BW_SECOND);
        peer_stop(&peer);
        assert_int_equal(g.status, refused ? 0 : 200);
        if (refused)
            assert_non_null(strstr(g.fault, "status 404"));
        else
            assert_non_null(strstr(peer.heard, "Authorization: Bearer geheim\r\n"));
        close_all(&g);
    }
}

static void what_cannot_be_asked_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct bw_err err;
    const struct bw_pairs none = { NULL, 0 };
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    assert_null(bw_http_get_new("http://", &module.http, none, 200, NULL, &err));
    module.http.bearer_token_file = "/nowhere/at/all";
    assert_int_equal(bw_http_get_check(&module.http, &err), BW_OK);
    assert_null(bw_http_get_new("http://a/", &module.http, none, 200, NULL, &err));
    assert_non_null(strstr(err.text, "/nowhere/at/all"));
    module.http.bearer_token = "both";
    assert_int_equal(bw_http_get_check(&module.http, &err), BW_EINVAL);
    bw_http_get_free(NULL);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_handed_over),
        cmocka_unit_test(nobody_answers),
        cmocka_unit_test(who_asks_is_said),
        cmocka_unit_test(a_token_is_asked_for_first),
        cmocka_unit_test(what_cannot_be_asked_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
