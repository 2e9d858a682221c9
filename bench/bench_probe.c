// SPDX-License-Identifier: GPL-3.0-or-later
/* CPU time per probe against a server in a child process: new connection each, as the daemon
 * does it; against this host for ICMP. Usage: bench_probe [PROBES [AT-ONCE [ROW]]]: the last for
 * one row alone, as it is named in what is printed. "bare" is no probe but the least that one over
 * TCP asks of the system: socket, connect, watch, wait, close. */
#include "batch.h"

#include "base/arena.h"
#include "base/units.h"
#include "conf/decode.h"
#include "probe/module.h"
#include "probe/run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n";

struct server {
    pid_t pid;
    uint16_t port;
};

static SSL_CTX *make_tls(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 86400);
    X509_set_pubkey(x509, key);
    X509_sign(x509, key, EVP_sha256());
    SSL_CTX_use_certificate(context, x509);
    SSL_CTX_use_PrivateKey(context, key);
    X509_free(x509);
    EVP_PKEY_free(key);
    return context;
}

static void answer(int fd, SSL_CTX *tls)
{
    char request[4096], response[sizeof head - 1 + 1024];
    memset(response, 'x', sizeof response);
    memcpy(response, head, sizeof head - 1);
    if (tls != NULL) {
        SSL *ssl = SSL_new(tls);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof request) > 0)
            SSL_write(ssl, response, sizeof response);
        SSL_free(ssl);
    } else if (recv(fd, request, sizeof request, 0) > 0) {
        send(fd, response, sizeof response, MSG_NOSIGNAL);
    }
    close(fd);
}

static struct server start_server(bool with_tls)
{
    struct server server;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 1024) != 0)
        exit(1);
    getsockname(fd, (struct sockaddr *)&at, &len);
    server.port = ntohs(at.sin_port);
    server.pid = fork();
    if (server.pid == 0) {
        signal(SIGPIPE, SIG_IGN);
        SSL_CTX *tls = with_tls ? make_tls() : NULL;
        for (;;) {
            int talk = accept(fd, NULL, NULL);
            if (talk >= 0)
                answer(talk, tls);
        }
    }
    close(fd);
    return server;
}

struct bench {
    struct batch batch;
    const char *only; /* this row; NULL: all */
};

static double cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6
           + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void print_row(const char *name, unsigned probes, unsigned at_once, double us,
                      int64_t start_ns, unsigned passed)
{
    const double seconds = (double)(bw_loop_mono_ns() - start_ns) / BW_SECOND;
    printf("%-6s %6u probes, %3u at once: %7.1f us CPU each, %7.0f/s, %u passed\n", name, probes,
           at_once, us / probes, probes / seconds, passed);
}

static int connect_bare(int epoll, const struct sockaddr_in *to)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct epoll_event event = { .events = EPOLLOUT | EPOLLET, .data.fd = fd };
    if (fd < 0
        || (connect(fd, (const struct sockaddr *)to, sizeof *to) != 0 && errno != EINPROGRESS))
        exit(1);
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void measure_bare(const struct bench *b, uint16_t port, unsigned probes, unsigned at_once)
{
    const struct sockaddr_in to = { .sin_family = AF_INET,
                                    .sin_port = htons(port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    const double start_us = cpu_us();
    const int64_t start_ns = bw_loop_mono_ns();
    unsigned done = 0, begun = 0;
    while ((b->only == NULL || strcmp(b->only, "bare") == 0) && done < probes) {
        struct epoll_event events[64];
        for (; begun < probes && begun - done < at_once; begun++)
            connect_bare(epoll, &to);
        const int count = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < count; i++, done++)
            close(events[i].data.fd);
    }
    if (done > 0)
        print_row("bare", probes, at_once, cpu_us() - start_us, start_ns, done);
    close(epoll);
}

static void measure(struct bench *b, const char *name, const struct bw_probe_module *module,
                    const char *target, unsigned probes, unsigned at_once)
{
    struct bw_err err;
    if (b->only != NULL && strcmp(b->only, name) != 0)
        return;
    b->batch.request = (struct bw_probe_request){
        .plan = bw_probe_plan_new(b->batch.engine, module, NULL, &err),
        .target = { .text = target },
        .timeout_ns = 10 * BW_SECOND,
    };
    if (b->batch.request.plan == NULL) {
        fprintf(stderr, "%s: %s\n", name, err.text);
        exit(1);
    }
    double start_us = cpu_us();
    int64_t start_ns = bw_loop_mono_ns();
    const unsigned passed = batch_run(&b->batch, probes, at_once);
    print_row(name, probes, at_once, cpu_us() - start_us, start_ns, passed);
    bw_probe_plan_free(b->batch.request.plan);
}

int main(int argc, char **argv)
{
    static struct bw_tcp_step dialogue[] = { { .send = "hello" },
                                             { .expect = "^HTTP/1.1 ([0-9]+)" } };
    unsigned probes = argc > 1 ? (unsigned)atoi(argv[1]) : 5000;
    unsigned at_once = argc > 2 ? (unsigned)atoi(argv[2]) : 16;
    struct server plain = start_server(false), secure = start_server(true);
    struct bench b = { .batch.loop = bw_loop_new() };
    struct bw_resolver *resolver = bw_resolver_new(b.batch.loop, NULL, NULL);
    b.batch.engine = bw_probe_engine_new(b.batch.loop, resolver, NULL);
    struct bw_arena arena = { 0 };
    struct bw_probe_module module;
    bw_conf_defaults(&arena, &bw_probe_module_group, &module);
    module.http.tls_config.insecure_skip_verify = true; /* judged all the same, by the system's */
    const char *ports[] = { bw_arena_printf(&arena, "127.0.0.1:%u", plain.port),
                            bw_arena_printf(&arena, "http://127.0.0.1:%u/", plain.port),
                            bw_arena_printf(&arena, "https://127.0.0.1:%u/", secure.port) };
    b.only = argc > 3 ? argv[3] : NULL;
    for (unsigned n = 1; n <= at_once; n = n == 1 && at_once > 1 ? at_once : at_once + 1) {
        measure_bare(&b, plain.port, probes, n);
        module.prober = BW_PROBER_TCP;
        measure(&b, "tcp", &module, ports[0], probes, n);
        module.tcp.query_response = (struct bw_items){ dialogue, 2 };
        measure(&b, "talk", &module, ports[0], probes, n);
        module.tcp.query_response = (struct bw_items){ NULL, 0 };
        module.prober = BW_PROBER_HTTP;
        measure(&b, "http", &module, ports[1], probes, n);
        measure(&b, "https", &module, ports[2], probes / 10, n);
        if (bw_probe_icmp_works()) {
            module.prober = BW_PROBER_ICMP;
            measure(&b, "icmp", &module, "127.0.0.1", probes, n);
        }
    }
    bw_probe_engine_free(b.batch.engine);
    bw_resolver_free(resolver);
    bw_loop_free(b.batch.loop);
    bw_arena_fini(&arena);
    kill(plain.pid, SIGTERM);
    kill(secure.pid, SIGTERM);
    while (wait(NULL) > 0) {
    }
    return 0;
}
