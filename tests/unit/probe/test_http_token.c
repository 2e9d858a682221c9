// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "probe/http_token.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what an endpoint says ---- */

static void answers_are_read(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        const char *text; /* NULL: refused */
        int64_t expires_s;
        const char *says;
    } stories[] = {
        { 200, "{\"access_token\":\"abc\",\"token_type\":\"bearer\",\"expires_in\":3600}",
          "Bearer abc", 3600, NULL },
        { 200, "{\"access_token\":\"abc\",\"token_type\":\"DPoP\"}", "DPoP abc", 0, NULL },
        { 201, "{\"access_token\":\"abc\",\"expires_in\":\"60\"}", "Bearer abc", 60, NULL },
        { 200, "{\"access_token\":\"abc\",\"expires_in\":-5}", "Bearer abc", 0, NULL },
        { 200, "{\"access_token\":\"abc\",\"expires_in\":1e300}", "Bearer abc", 31536000, NULL },
        { 200, "{\"access_token\":\"abc\",\"expires_in\":\"soon\"}", "Bearer abc", 0, NULL },
        { 200, "{\"access_token\":\"\"}", NULL, 0, "no access_token" },
        { 200, "{\"access_token\":7}", NULL, 0, "no access_token" },
        { 200, "{\"access_token\":\"a\\r\\nX: y\"}", NULL, 0, "no access_token" },
        { 200, "{\"access_token\":\"a\\u0000b\"}", NULL, 0, "no access_token" },
        { 200, "{\"access_token\":\"a\",\"token_type\":\"b\\nc\"}", NULL, 0, "no access_token" },
        { 200, "[1]", NULL, 0, "no access_token" },
        { 200, "access_token=abc", NULL, 0, "is not JSON" },
        { 200, "", NULL, 0, "is not JSON" },
        { 401, "{\"error\":\"invalid_client\"}", NULL, 0, "status 401: invalid_client" },
        { 503, "<html>", NULL, 0, "status 503" },
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct bw_token_answer answer = { 0 };
        struct bw_err err = { 0 };
        const bool good = bw_token_answer_read(&answer, stories[i].status, stories[i].body,
                                               strlen(stories[i].body), &err);
        if (good != (stories[i].text != NULL))
            fail_msg("%s", stories[i].body);
        if (good) {
            assert_string_equal(answer.text, stories[i].text);
            assert_int_equal(answer.expires_s, stories[i].expires_s);
            free(answer.text);
        } else if (strstr(err.text, stories[i].says) == NULL) {
            fail_msg("%s: %s", stories[i].body, err.text);
        }
    }
}

/* ---- with servers ---- */

static void ask(struct peer_talk *talk, const char *body)
{
    char answer[1024];
    snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    peer_answer(talk, answer);
}

static void give(struct peer_talk *talk)
{
    char body[200];
    snprintf(body, sizeof body, "{\"access_token\":\"geheim-%d\",\"expires_in\":3600}",
             talk->number);
    ask(talk, body);
}

static void give_short(struct peer_talk *talk)
{
    ask(talk, "{\"access_token\":\"geheim\",\"expires_in\":1}");
}

static void want_form(struct peer_talk *talk)
{
    if (talk->number == 0)
        peer_answer(talk, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
    else
        give(talk);
}

static void deny(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 400 No\r\n\r\n{\"error\":\"unauthorized_client\"}");
}

static void mute(struct peer_talk *talk)
{
    peer_wait(talk);
}

static void hang_up(struct peer_talk *talk)
{
    peer_hear(talk, "\r\n\r\n");
}

static void flood(struct peer_talk *talk)
{
    static char block[65536];
    memset(block, ' ', sizeof block);
    peer_answer(talk, "HTTP/1.1 200 OK\r\n\r\n");
    while (peer_say_bytes(talk, block, sizeof block)) {
    }
}

static void redirect(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\n\r\n");
}

static void target(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

/* Says the token back, and that it does not like it. */
static void unhappy(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 401 geheim-0\r\nX-You-Said: Bearer geheim-0\r\n\r\n");
}

struct scene {
    struct world w;
    struct peer endpoint, target;
    struct bw_probe_plan *plan;
    unsigned done;
    bool success;
    enum bw_reason reason;
    char detail[256], told[BW_TRANSCRIPT_BYTES_MAX + 1];
};

static void open_scene(struct scene *s, peer_fn *endpoint, peer_fn *service)
{
    struct bw_probe_module module;
    struct bw_err err;
    world_open(&s->w, NULL);
    peer_start(&s->endpoint, endpoint, NULL);
    peer_start(&s->target, service, NULL);
    const char *yaml =
        world_text(&s->w,
                   "prober: http\nhttp:\n  oauth2: {client_id: 'i d', client_secret: 'se/cret',\n"
                   "    token_url: 'http://127.0.0.1:%u/token', scopes: [read, write],\n"
                   "    endpoint_params: {audience: 'a&b'}}\n",
                   s->endpoint.port);
    assert_string_equal(world_config(&s->w, yaml, &module), "");
    s->plan = bw_probe_plan_new(s->w.engine, &module, NULL, &err);
    assert_non_null(s->plan);
}

static void close_scene(struct scene *s)
{
    bw_probe_plan_free(s->plan);
    peer_stop(&s->endpoint);
    peer_stop(&s->target);
    world_close(&s->w);
}

static void on_done(void *ctx, const struct bw_probe_result *result)
{
    struct scene *s = ctx;
    struct bw_buf told;
    bw_buf_init(&told, sizeof s->told - 1);
    bw_probe_tell(result, &told);
    memcpy(s->told, told.data, told.len + 1);
    bw_buf_fini(&told);
    s->success = result->success;
    s->reason = result->reason;
    snprintf(s->detail, sizeof s->detail, "%s", result->detail);
    if (--s->done == 0)
        bw_loop_stop(s->w.loop);
}

/* So many at a time, all to the end. */
static void run(struct scene *s, unsigned count, int64_t timeout_ns)
{
    const struct bw_probe_request request = {
        .plan = s->plan,
        .target = { .text = world_text(&s->w, "http://127.0.0.1:%u/", s->target.port) },
        .timeout_ns = timeout_ns,
    };
    s->done = count;
    for (unsigned i = 0; i < count; i++)
        bw_probe_start(s->w.engine, &request, on_done, s);
    bw_loop_run(s->w.loop);
}

static void all_checks_share_one(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, give, target);
    run(&s, 5, 5 * BW_SECOND);
    run(&s, 5, 5 * BW_SECOND);
    if (!s.success)
        fail_msg("%s\n%s", s.detail, s.told);
    assert_int_equal(s.endpoint.count, 1);
    assert_int_equal(s.target.count, 10);
    close_scene(&s);
    assert_non_null(strstr(s.target.heard, "Authorization: Bearer geheim-0\r\n"));
    assert_non_null(strstr(s.endpoint.heard, "POST /token HTTP/1.1\r\n"));
    assert_non_null(strstr(s.endpoint.heard, "Authorization: Basic aSUyMGQ6c2UlMkZjcmV0\r\n"));
    assert_non_null(strstr(s.endpoint.heard, "application/x-www-form-urlencoded\r\n"));
    assert_non_null(strstr(s.endpoint.heard,
                           "grant_type=client_credentials&scope=read%20write&audience=a%26b"));
}

static void an_endpoint_may_want_it_in_the_form(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, want_form, target);
    run(&s, 1, 5 * BW_SECOND);
    assert_true(s.success);
    assert_int_equal(s.endpoint.count, 2);
    close_scene(&s);
    assert_non_null(strstr(s.endpoint.heard, "client_id=i%20d&client_secret=se%2Fcret"));
    assert_null(strstr(s.endpoint.heard, "Authorization: Basic aSUyMGQ6c2UlMkZjcmV0\r\n\r\n"));
}

static void faults_are_told_and_not_repeated_at_once(void **state)
{
    (void)state;
    static const struct {
        peer_fn *play;
        int asked;
        const char *says;
    } stories[] = {
        { deny, 2, "status 400: unauthorized_client" }, /* in both manners */
        { hang_up, 1, "closed" },
        { flood, 1, "longer than" },
        { redirect, 1, "status 302" },
        { mute, 1, "did not come in time" },
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct scene s;
        open_scene(&s, stories[i].play, target);
        run(&s, 3, stories[i].play == mute ? 200 * BW_MS : 5 * BW_SECOND);
        run(&s, 2, stories[i].play == mute ? 200 * BW_MS : 5 * BW_SECOND);
        if (s.reason != BW_REASON_TOKEN || strstr(s.detail, stories[i].says) == NULL)
            fail_msg("%zu: %s, %s", i, bw_reason_name(s.reason), s.detail);
        assert_int_equal(s.endpoint.count, stories[i].asked);
        assert_int_equal(s.target.count, 0);
        assert_null(strstr(s.told, "cret"));
        close_scene(&s);
    }
}

static void it_is_in_no_transcript(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, give, unhappy);
    run(&s, 1, 5 * BW_SECOND);
    assert_int_equal(s.reason, BW_REASON_HTTP_STATUS);
    assert_non_null(strstr(s.told, "waiting for a token"));
    assert_non_null(strstr(s.told, "Authorization:"));
    assert_null(strstr(s.told, "geheim"));
    run(&s, 1, 5 * BW_SECOND); /* brand-new: it is not asked for again at once */
    assert_int_equal(s.endpoint.count, 1);
    close_scene(&s);
}

static void one_that_ends_at_once_is_not_fetched_at_once(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, give_short, target);
    run(&s, 1, 5 * BW_SECOND);
    assert_true(s.success);
    run(&s, 4, 5 * BW_SECOND);
    assert_int_equal(s.endpoint.count, 1);
    close_scene(&s);
}

/* A run that is cancelled while it waits, a plan that goes while a token is fetched. */
static void letting_go_while_it_is_fetched(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, mute, target);
    const struct bw_probe_request request = {
        .plan = s.plan,
        .target = { .text = "http://127.0.0.1:9/" },
        .timeout_ns = 5 * BW_SECOND,
    };
    struct bw_probe_run *one = bw_probe_start(s.w.engine, &request, on_done, &s);
    struct bw_probe_run *two = bw_probe_start(s.w.engine, &request, on_done, &s);
    bw_probe_cancel(one);
    bw_probe_cancel(two);
    close_scene(&s);
    assert_int_equal(s.target.count, 0);
}

static void the_configuration_says_what_is_missing(void **state)
{
    (void)state;
    static const struct {
        const char *options, *says;
    } stories[] = {
        { "{client_id: a}", "token_url is missing" },
        { "{token_url: 'http://a/'}", "client_id is missing" },
        { "{client_id: a, token_url: 'ftp://a/'}", "token_url" },
        { "{client_id: a, client_secret: b, client_secret_file: c, token_url: 'http://a/'}",
          "either" },
        { "{client_id: a, token_url: 'http://a/', no_proxy: b}", "no_proxy" },
        { "{client_id: a, token_url: 'http://a/'}, bearer_token: b", "exclude" },
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct world w;
        struct bw_probe_module module;
        world_open(&w, NULL);
        const char *said = world_config(
            &w, world_text(&w, "prober: http\nhttp: {oauth2: %s}\n", stories[i].options), &module);
        if (strstr(said, stories[i].says) == NULL)
            fail_msg("%s: %s", stories[i].options, said);
        world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_read),
        cmocka_unit_test(all_checks_share_one),
        cmocka_unit_test(an_endpoint_may_want_it_in_the_form),
        cmocka_unit_test(faults_are_told_and_not_repeated_at_once),
        cmocka_unit_test(it_is_in_no_transcript),
        cmocka_unit_test(one_that_ends_at_once_is_not_fetched_at_once),
        cmocka_unit_test(letting_go_while_it_is_fetched),
        cmocka_unit_test(the_configuration_says_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
