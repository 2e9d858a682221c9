// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "certificate.h"
#include "conf/node.h"
#include "peer.h"
#include "probe/http.h"
#include "world.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- which requests go through it ---- */

static void exceptions_are_names_addresses_and_networks(void **state)
{
    (void)state;
    static const struct {
        const char *no_proxy, *url;
        bool spared;
    } stories[] = {
        { "example.com", "http://example.com/", true },
        { "example.com", "http://www.Example.com/", true },
        { "example.com", "http://badexample.com/", false },
        { ".example.com", "http://example.com/", false },
        { ".example.com", "http://a.example.com/", true },
        { "*.example.com", "http://a.example.com/", true },
        { "*", "https://anything.test/", true },
        { "a.test, b.test", "http://b.test/", true },
        { "a.test:8080", "http://a.test/", false },
        { "a.test:8080", "http://a.test:8080/", true },
        { "10.0.0.0/8", "http://10.200.1.1/", true },
        { "10.0.0.0/9", "http://10.200.1.1/", false },
        { "10.0.0.0/8", "http://name.test/", false },
        { "192.0.2.7", "http://192.0.2.7/", true },
        { "192.0.2.7:81", "http://192.0.2.7/", false },
        { "2001:db8::/32", "http://[2001:db8:1::1]/", true },
        { "2001:db8::1", "http://[2001:db8::1]:8080/", true },
        { "[2001:db8::1]:80", "http://[2001:db8::1]:8080/", false },
        { "x.test", "http://127.0.0.1/", true }, /* as in Go: a list spares loopback */
        { "x.test", "http://localhost/", true },
        { "x.test", "http://[::1]/", true },
        { NULL, "http://127.0.0.1/", false },
        { "10.0.0.0/99,/8,:80,,:", "http://10.0.0.1/", false },
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        const struct bw_proxy_options options = { .url = "proxy.test:3128",
                                                  .no_proxy = stories[i].no_proxy };
        struct bw_http_proxies proxies;
        struct bw_http_url url;
        assert_int_equal(bw_http_proxies_make(&proxies, &options, NULL), BW_OK);
        assert_int_equal(bw_http_url_parse(stories[i].url, &url, NULL), BW_OK);
        if ((bw_http_proxy_for(&proxies, &url) == NULL) != stories[i].spared)
            fail_msg("%s with no_proxy %s", stories[i].url, stories[i].no_proxy);
        bw_http_url_fini(&url);
        bw_http_proxies_fini(&proxies);
    }
}

static void its_url_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown, *error;
    } stories[] = {
        { "http://proxy.test:3128", "proxy.test:3128", NULL },
        { "proxy.test", "proxy.test:80", NULL },
        { "socks5://user:pw@[2001:db8::1]", "[2001:db8::1]:1080", NULL },
        { "https://proxy.test", NULL, "TLS to the proxy" },
        { "ftp://proxy.test", NULL, "expected http://" },
        { "http://", NULL, "proxy_url" },
        { "http://proxy.test:99999", NULL, "proxy_url" },
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        const struct bw_proxy_options options = { .url = stories[i].text };
        struct bw_http_proxies proxies;
        struct bw_err err = { 0 };
        const enum bw_rc rc = bw_http_proxies_make(&proxies, &options, &err);
        assert_int_equal(rc == BW_OK, stories[i].error == NULL);
        if (rc == BW_OK) {
            assert_string_equal(proxies.http.shown, stories[i].shown);
            bw_http_proxies_fini(&proxies);
        } else if (strstr(err.text, stories[i].error) == NULL) {
            fail_msg("%s: %s", stories[i].text, err.text);
        }
    }
}

static void the_environment_counts_when_asked(void **state)
{
    (void)state;
    struct bw_http_proxies proxies;
    struct bw_http_url url;
    const struct bw_proxy_options yes = { .from_environment = true }, no = { 0 };
    setenv("http_proxy", "http://env.test:1", 1);
    setenv("NO_PROXY", "direct.test", 1);
    assert_int_equal(bw_http_url_parse("http://a.test/", &url, NULL), BW_OK);
    assert_int_equal(bw_http_proxies_make(&proxies, &yes, NULL), BW_OK);
    assert_string_equal(bw_http_proxy_for(&proxies, &url)->shown, "env.test:1");
    bw_http_url_fini(&url);
    assert_int_equal(bw_http_url_parse("http://direct.test/", &url, NULL), BW_OK);
    assert_null(bw_http_proxy_for(&proxies, &url));
    bw_http_proxies_fini(&proxies);
    assert_int_equal(bw_http_proxies_make(&proxies, &no, NULL), BW_OK);
    assert_null(bw_http_proxy_for(&proxies, &url));
    bw_http_proxies_fini(&proxies);
    bw_http_url_fini(&url);
    unsetenv("http_proxy");
    unsetenv("NO_PROXY");
}

/* ---- through a real one ---- */

static uint16_t behind; /* where a tunnel leads */

static void good(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

static int dial_behind(void)
{
    const struct sockaddr_in to = { .sin_family = AF_INET,
                                    .sin_port = htons(behind),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool pass(int from, int to)
{
    char bytes[4096];
    const ssize_t got = recv(from, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0)
        return send(to, bytes, (size_t)got, MSG_NOSIGNAL) == got;
    return got < 0;
}

static void tunnel(struct peer_talk *talk)
{
    const int fd = peer_hear(talk, "\r\n\r\n") ? dial_behind() : -1;
    if (fd < 0)
        return;
    peer_say(talk, "HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n");
    while (pass(talk->fd, fd) && pass(fd, talk->fd))
        usleep(500);
    close(fd);
}

static void refuse(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
}

static void ask_who(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=x\r\n"
                      "Content-Length: 0\r\n\r\n");
}

static void babble(struct peer_talk *talk)
{
    peer_answer(talk, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
}

static void hang_up(struct peer_talk *talk)
{
    peer_hear(talk, "\r\n\r\n");
}

static void half(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 200 OK\r\nX-Never: end");
    peer_wait(talk);
}

static struct bw_probe_module proxied(struct world *w, const struct peer *proxy)
{
    struct bw_probe_module module = world_module(w, BW_PROBER_HTTP);
    module.http.proxy.url = world_text(w, "http://user:geheim@127.0.0.1:%u", proxy->port);
    return module;
}

static void a_request_in_the_clear_is_a_whole_url(void **state)
{
    (void)state;
    struct world w;
    struct peer proxy;
    world_open(&w, NULL);
    peer_start(&proxy, good, NULL);
    struct bw_probe_module module = proxied(&w, &proxy);
    world_probe(&w, &module, "http://192.0.2.1:81/a?b=c", 5 * BW_SECOND);
    peer_stop(&proxy);
    assert_true(w.result.success);
    assert_non_null(strstr(proxy.heard, "GET http://192.0.2.1:81/a?b=c HTTP/1.1\r\n"));
    assert_non_null(strstr(proxy.heard, "Host: 192.0.2.1:81\r\n"));
    assert_non_null(strstr(proxy.heard, "Proxy-Authorization: Basic dXNlcjpnZWhlaW0=\r\n"));
    world_close(&w);
}

static void the_proxy_may_look_the_name_up(void **state)
{
    (void)state;
    struct world w;
    struct peer proxy;
    world_open(&w, NULL);
    peer_start(&proxy, good, NULL);
    struct bw_probe_module module = proxied(&w, &proxy);
    world_probe(&w, &module, "http://only-there.test/", 5 * BW_SECOND);
    assert_false(w.result.success); /* nobody here knows the name */
    module.http.skip_resolve_phase_with_proxy = true;
    world_probe(&w, &module, "http://only-there.test/", 5 * BW_SECOND);
    peer_stop(&proxy);
    assert_true(w.result.success);
    assert_non_null(strstr(proxy.heard, "GET http://only-there.test/ HTTP/1.1\r\n"));
    world_close(&w);
}

static bool refuse_all(void *ctx, const struct bw_address *address)
{
    (void)ctx, (void)address;
    return false;
}

static void addresses_behind_it_are_looked_at(void **state)
{
    (void)state;
    struct world w;
    struct peer proxy;
    world_open(&w, NULL);
    peer_start(&proxy, good, NULL);
    struct bw_probe_module module = proxied(&w, &proxy);
    module.http.skip_resolve_phase_with_proxy = true;
    const struct bw_probe_request request = {
        .target = { .text = "http://127.0.0.1/", .filter = refuse_all },
        .timeout_ns = 5 * BW_SECOND,
    };
    world_run(&w, &module, &request);
    peer_stop(&proxy);
    assert_int_equal(w.result.reason, BW_REASON_CONNECT_FAILED);
    assert_int_equal(proxy.count, 0);
    world_close(&w);
}

static void tls_goes_through_a_tunnel(void **state)
{
    (void)state;
    struct world w;
    struct peer proxy, target;
    struct certificate own = certificate_make("IP:127.0.0.1", -60, 3600, NULL);
    SSL_CTX *tls = certificate_server(&own);
    char file[32];
    world_open(&w, NULL);
    certificate_write(&own, file);
    peer_start(&target, good, tls);
    peer_start(&proxy, tunnel, NULL);
    behind = target.port;
    struct bw_probe_module module = proxied(&w, &proxy);
    module.http.tls_config.ca_file = file;
    const struct bw_pair passes[] = { { "X-Pass", "please" }, { "X-Pass", "do" } };
    module.http.proxy.connect_header = (struct bw_pairs){ passes, 2 };
    world_probe(&w, &module, world_text(&w, "https://127.0.0.1:%u/", target.port), 5 * BW_SECOND);
    peer_stop(&proxy);
    peer_stop(&target);
    if (!w.result.success)
        fail_msg("%s\n%s", w.result.detail, w.told);
    assert_non_null(strstr(proxy.heard, "CONNECT 127.0.0.1:"));
    assert_non_null(strstr(proxy.heard, "X-Pass: please\r\n"));
    assert_non_null(strstr(proxy.heard, "X-Pass: do\r\n"));
    assert_null(strstr(target.heard, "X-Pass"));
    assert_null(strstr(target.heard, "Proxy-Authorization"));
    assert_true(w.result.has_certificate);
    unlink(file);
    SSL_CTX_free(tls);
    certificate_free(&own);
    world_close(&w);
}

static void a_proxy_that_does_not_pass_us_on_is_named(void **state)
{
    (void)state;
    static const struct {
        peer_fn *play; /* NULL: nobody listens */
        enum bw_reason reason;
    } stories[] = {
        { refuse, BW_REASON_PROXY },         { ask_who, BW_REASON_PROXY },
        { babble, BW_REASON_PROXY },         { hang_up, BW_REASON_PROXY },
        { half, BW_REASON_CONNECT_TIMEOUT }, { NULL, BW_REASON_PROXY },
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct world w;
        struct peer proxy = { .port = peer_closed_port() };
        world_open(&w, NULL);
        if (stories[i].play != NULL)
            peer_start(&proxy, stories[i].play, NULL);
        struct bw_probe_module module = proxied(&w, &proxy);
        world_probe(&w, &module, "https://192.0.2.1/", 300 * BW_MS);
        if (stories[i].play != NULL)
            peer_stop(&proxy);
        if (w.result.reason != stories[i].reason)
            fail_msg("%zu: %s, %s", i, bw_reason_name(w.result.reason), w.result.detail);
        assert_null(strstr(w.told, "geheim"));
        assert_null(strstr(w.told, "dXNlcjpnZWhlaW0="));
        assert_non_null(strstr(w.told, "through the proxy 127.0.0.1:"));
        world_close(&w);
    }
}

static void greet_socks(struct peer_talk *talk)
{
    unsigned char bytes[64];
    if (recv(talk->fd, bytes, sizeof bytes, 0) <= 0)
        return;
    peer_say_bytes(talk, "\5\0", 2); /* no authentication */
    if (recv(talk->fd, bytes, sizeof bytes, 0) <= 0)
        return;
    peer_say_bytes(talk, bytes[3] == 3 ? "\5\0\0\1\0\0\0\0\0\0" : "\5\4\0\1\0\0\0\0\0\0", 10);
    peer_answer(talk, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

static void socks_by_name_gets_the_name(void **state)
{
    (void)state;
    struct world w;
    struct peer proxy;
    world_open(&w, NULL);
    peer_start(&proxy, greet_socks, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    module.http.proxy.url = world_text(&w, "socks5h://127.0.0.1:%u", proxy.port);
    world_probe(&w, &module, "http://only-there.test/", 5 * BW_SECOND);
    assert_true(w.result.success);
    module.http.proxy.url = world_text(&w, "socks5://127.0.0.1:%u", proxy.port);
    world_probe(&w, &module, "http://192.0.2.1/", 5 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_PROXY); /* it said "unreachable" */
    peer_stop(&proxy);
    world_close(&w);
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    static const struct bw_pair value = { "A", "b" }, broken = { "A", "b\r\nC: d" },
                                nameless = { "", "b" };
    const struct bw_proxy_options stories[] = {
        { .url = "http://p", .from_environment = true },
        { .no_proxy = "a", .from_environment = true },
        { .no_proxy = "a" },
        { .connect_header = { &value, 1 } },
        { .url = "http://p", .connect_header = { &broken, 1 } },
        { .url = "http://p", .connect_header = { &nameless, 1 } },
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++)
        assert_int_equal(bw_http_proxy_check(&stories[i], NULL), BW_EINVAL);
    assert_int_equal(
        bw_http_proxy_check(
            &(struct bw_proxy_options){ .url = "http://p", .connect_header = { &value, 1 } }, NULL),
        BW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exceptions_are_names_addresses_and_networks),
        cmocka_unit_test(its_url_is_read),
        cmocka_unit_test(the_environment_counts_when_asked),
        cmocka_unit_test(a_request_in_the_clear_is_a_whole_url),
        cmocka_unit_test(the_proxy_may_look_the_name_up),
        cmocka_unit_test(addresses_behind_it_are_looked_at),
        cmocka_unit_test(tls_goes_through_a_tunnel),
        cmocka_unit_test(a_proxy_that_does_not_pass_us_on_is_named),
        cmocka_unit_test(socks_by_name_gets_the_name),
        cmocka_unit_test(contradictions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
