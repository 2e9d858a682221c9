// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "world.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a server does with its connections, one word each; a letter is what it does when it is
 * asked. */
static const char *script;

static void end_rudely(struct peer_talk *talk)
{
    const struct linger at_once = { .l_onoff = 1 };
    setsockopt(talk->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* False: the connection is over. */
static bool act(struct peer_talk *talk, char what)
{
    static const char good[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    switch (what) {
    case 'a': /* answers */
        return peer_say(talk, good);
    case 't': /* leads elsewhere, over the same connection */
        return peer_say(talk, "HTTP/1.1 302 F\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
    case 'd': /* drips */
        for (const char *at = good; *at != '\0'; at++) {
            usleep(200);
            if (!peer_say_bytes(talk, at, 1))
                return false;
        }
        return true;
    case 'c': /* answers and closes */
        peer_say(talk, good);
        return false;
    case 'h': /* answers and says no more, but listens */
        peer_say(talk, good);
        shutdown(talk->fd, SHUT_WR);
        peer_wait(talk);
        return false;
    case 'x': /* answers and more, at once */
        return peer_say(talk, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, hello");
    case 'l': /* the same, apart */
        return peer_say(talk, good) && peer_say(talk, "HTTP/1.1 500 No\r\n");
    case 'C': /* says that it will close, and leaves it to us */
        return peer_say(talk,
                        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
    case 'u': /* a body without a length */
        peer_say(talk, "HTTP/1.1 200 OK\r\n\r\nhello");
        return false;
    case 'g': /* garbage */
        return peer_say(talk, "220 mail.test ESMTP\r\n");
    case 'p': /* the half of an answer */
        peer_say(talk, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
        return false;
    case 'R': /* no answer, a reset */
        end_rudely(talk);
        return false;
    default: /* no answer, an end */
        return false;
    }
}

static void play(struct peer_talk *talk)
{
    const char *word = script;
    for (int i = 0; i < talk->number; i++) {
        word += strcspn(word, " ");
        word += strspn(word, " ");
    }
    for (; *word != '\0' && *word != ' ' && peer_hear(talk, "\r\n\r\n"); word++) {
        if (!act(talk, *word))
            return;
    }
    peer_wait(talk);
}

/* One letter a run. n: passed on a new connection, r: on an old one; k: closed, f: no HTTP. */
static const struct {
    const char *name, *script, *runs;
    int connections;
} cases[] = {
    { "it serves again", "aaa", "nrr", 1 },
    { "closed between runs", "c c", "nn", 2 },
    { "half closed between runs", "h aa", "nnr", 2 },
    { "closed when asked again", "aq aa", "nnr", 2 },
    { "reset when asked again", "aR aa", "nnr", 2 },
    { "closed when asked again, and the next at once", "aq q a", "nkn", 3 },
    { "more than the answer", "x aa", "nnr", 2 },
    { "words that nobody asked for", "l aa", "nnr", 2 },
    { "it says that it will close", "C aa", "nnr", 2 },
    { "the end of the connection ends the body", "u u", "nn", 2 },
    { "garbage as the second answer", "ag a", "nfn", 2 },
    { "half of a second answer", "ap a", "nkn", 2 },
};

static char letter_of(const struct world *w)
{
    if (w->result.reason == BW_REASON_CONNECTION_CLOSED)
        return 'k';
    if (w->result.reason == BW_REASON_HTTP_PROTOCOL)
        return 'f';
    if (!w->result.success)
        return '?';
    const bool reused = world_value(w, BW_METRIC_PROBE_HTTP_CONNECTION_REUSED, NULL) == 1;
    assert_int_equal(w->result.phase_seen[BW_PHASE_CONNECT], !reused);
    assert_true(!reused || w->result.phase_ns[BW_PHASE_CONNECT] == 0);
    assert_true(w->result.phase_seen[BW_PHASE_PROCESSING]);
    assert_int_equal(w->result.attempts, 1);
    return reused ? 'r' : 'n';
}

static void stop(void *ctx)
{
    bw_loop_stop(((struct world *)ctx)->loop);
}

/* What a peer does after its answer comes a little later. */
static void rest(struct world *w)
{
    struct bw_timer *timer = bw_timer_new(w->loop, stop, w);
    bw_timer_start(timer, 20 * BW_MS, 0);
    bw_loop_run(w->loop);
    bw_timer_free(timer);
}

struct keeper {
    struct world w;
    struct peer peer;
    struct bw_probe_module module;
    struct bw_probe_plan *plan;
    struct bw_probe_memory *memory;
    struct bw_probe_request request;
};

static void open_keeper(struct keeper *k, const char *story)
{
    script = story;
    world_open(&k->w, NULL);
    peer_start(&k->peer, play, NULL);
    k->module = world_module(&k->w, BW_PROBER_HTTP);
    k->module.http.keep_alive = true;
    k->plan = bw_probe_plan_new(k->w.engine, &k->module, NULL, NULL);
    k->memory = bw_probe_memory_new(k->plan);
    k->request = (struct bw_probe_request){
        .target = { .text = world_text(&k->w, "http://127.0.0.1:%u/", k->peer.port),
                    .memory = k->memory },
        .timeout_ns = 5 * BW_SECOND,
    };
}

static void close_keeper(struct keeper *k)
{
    bw_probe_memory_free(k->memory); /* which lets the peer's threads end */
    bw_probe_plan_free(k->plan);
    peer_stop(&k->peer);
    world_close(&k->w);
}

static void stories_end_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct keeper k;
        char runs[8] = "";
        open_keeper(&k, cases[i].script);
        for (size_t n = 0; n < strlen(cases[i].runs); n++) {
            world_run(&k.w, &k.module, &k.request);
            runs[n] = letter_of(&k.w);
            rest(&k.w);
        }
        const int connections = atomic_load(&k.peer.count);
        close_keeper(&k);
        if (strcmp(runs, cases[i].runs) != 0 || connections != cases[i].connections)
            fail_msg("%s: %s instead of %s, %d connections", cases[i].name, runs, cases[i].runs,
                     connections);
    }
}

/* Without a pause: what the peer did is not known to the loop yet. */
static void an_end_is_seen_before_asking_again(void **state)
{
    (void)state;
    struct keeper k;
    open_keeper(&k, "c c c c c c");
    for (int n = 0; n < 6; n++) {
        world_run(&k.w, &k.module, &k.request);
        assert_int_equal(letter_of(&k.w), 'n');
    }
    assert_int_equal(atomic_load(&k.peer.count), 6);
    close_keeper(&k);
}

static void a_connection_is_the_check_s_own(void **state)
{
    (void)state;
    struct keeper k;
    open_keeper(&k, "aa aa");
    struct bw_probe_memory *other = bw_probe_memory_new(k.plan);
    world_run(&k.w, &k.module, &k.request);
    k.request.target.memory = other;
    world_run(&k.w, &k.module, &k.request);
    assert_int_equal(letter_of(&k.w), 'n');
    bw_probe_memory_free(other);
    assert_int_equal(atomic_load(&k.peer.count), 2);
    close_keeper(&k);
}

static void without_the_option_nothing_is_kept(void **state)
{
    (void)state;
    struct keeper k;
    open_keeper(&k, "aa aa");
    k.module.http.keep_alive = false;
    for (int n = 0; n < 2; n++) {
        world_run(&k.w, &k.module, &k.request);
        assert_true(k.w.result.success);
        assert_false(world_has(&k.w, BW_METRIC_PROBE_HTTP_CONNECTION_REUSED));
        assert_true(k.w.result.phase_seen[BW_PHASE_CONNECT]);
    }
    assert_int_equal(atomic_load(&k.peer.count), 2);
    close_keeper(&k);
}

/* A redirect is followed over the connection that led there; that is no earlier run's. */
static void hops_of_a_run_share_a_connection(void **state)
{
    (void)state;
    struct keeper k;
    open_keeper(&k, "tatatq ata");
    for (int n = 0; n < 4; n++) {
        world_run(&k.w, &k.module, &k.request);
        assert_true(k.w.result.success);
        assert_int_equal(world_value(&k.w, BW_METRIC_PROBE_HTTP_REDIRECTS, NULL), 1);
        /* The third finds its connection closed after the redirect, and asks again where it was. */
        assert_int_equal(world_value(&k.w, BW_METRIC_PROBE_HTTP_CONNECTION_REUSED, NULL),
                         n == 1 || n == 3);
        assert_int_equal(k.w.result.phase_seen[BW_PHASE_CONNECT], n == 0 || n == 2);
        rest(&k.w);
    }
    assert_int_equal(atomic_load(&k.peer.count), 2);
    close_keeper(&k);
}

static void never(void *ctx, const struct bw_probe_result *result)
{
    (void)ctx, (void)result;
    bw_loop_stop(((struct world *)ctx)->loop);
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* On new connections and on kept ones; whatever was left behind, the next run is served. */
static void a_run_may_be_cancelled_at_any_time(void **state)
{
    (void)state;
    struct keeper k;
    open_keeper(&k, "dddddddd dddddddd dddddddd dddddddd dddddddd dddddddd dddddddd dddddddd "
                    "dddddddd dddddddd dddddddd dddddddd dddddddd dddddddd dddddddd dddddddd");
    world_run(&k.w, &k.module, &k.request); /* what libraries open once is open now */
    const size_t before = open_descriptors() - 2;
    struct bw_timer *timer = bw_timer_new(k.w.loop, stop, &k.w);
    for (int n = 0; n < 12; n++) {
        k.request.plan = k.plan;
        struct bw_probe_run *run = bw_probe_start(k.w.engine, &k.request, never, &k.w);
        bw_timer_start(timer, n * BW_MS, 0);
        bw_loop_run(k.w.loop);
        bw_timer_stop(timer);
        bw_probe_cancel(run);
        if (n % 3 != 0)
            continue;
        world_run(&k.w, &k.module, &k.request);
        assert_true(k.w.result.success);
    }
    bw_timer_free(timer);
    bw_probe_memory_free(k.memory);
    k.memory = NULL;
    for (int n = 0; n < 200 && open_descriptors() > before; n++)
        usleep(5000); /* the peer's ends */
    assert_int_equal(open_descriptors(), before);
    close_keeper(&k);
}

/* Who needs a descriptor now goes before who may need one later. */
static void nothing_is_kept_when_descriptors_are_few(void **state)
{
    (void)state;
    struct keeper k;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    open_keeper(&k, "aa aa");
    const int next = dup(0);
    close(next);
    const struct rlimit few = { (rlim_t)next * 9 / 5, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int n = 0; n < 2; n++) {
        world_run(&k.w, &k.module, &k.request);
        assert_int_equal(letter_of(&k.w), 'n');
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(atomic_load(&k.peer.count), 2);
    close_keeper(&k);
}

static bool refuse_second(void *ctx, const struct bw_address *address)
{
    (void)address;
    return ++*(int *)ctx == 1;
}

static void a_kept_connection_passes_the_filter_too(void **state)
{
    (void)state;
    struct keeper k;
    int asked = 0;
    open_keeper(&k, "aa");
    k.request.target.filter = refuse_second;
    k.request.target.filter_ctx = &asked;
    world_run(&k.w, &k.module, &k.request);
    assert_true(k.w.result.success);
    world_run(&k.w, &k.module, &k.request);
    assert_int_equal(k.w.result.reason, BW_REASON_CONNECT_FAILED);
    assert_int_equal(k.w.result.last_phase, BW_PHASE_CONNECT);
    close_keeper(&k);
}

static void what_must_not_be_sent_twice_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct bw_err err;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.keep_alive = true;
    module.http.method = "POST";
    assert_null(bw_probe_plan_new(w.engine, &module, NULL, &err));
    assert_non_null(strstr(err.text, "keep_alive"));
    module.http.method = "GET";
    module.http.compression = "gzip";
    assert_null(bw_probe_plan_new(w.engine, &module, NULL, &err));
    assert_non_null(strstr(err.text, "compression"));
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories_end_as_told),
        cmocka_unit_test(an_end_is_seen_before_asking_again),
        cmocka_unit_test(a_connection_is_the_check_s_own),
        cmocka_unit_test(hops_of_a_run_share_a_connection),
        cmocka_unit_test(a_run_may_be_cancelled_at_any_time),
        cmocka_unit_test(nothing_is_kept_when_descriptors_are_few),
        cmocka_unit_test(without_the_option_nothing_is_kept),
        cmocka_unit_test(a_kept_connection_passes_the_filter_too),
        cmocka_unit_test(what_must_not_be_sent_twice_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
