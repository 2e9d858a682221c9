// SPDX-License-Identifier: GPL-3.0-or-later
/* An HTTP server that notes when each of its clients came. Usage: target PORT HOSTILE_PORT.
 *
 * On PORT every request is answered with 1 KB; /?N is client N, /reset begins anew, /stats tells in
 * one line: requests, clients, and by how many milliseconds the time between two requests of one
 * client was off a second: 50th, 99th percentile, the most.
 * On HOSTILE_PORT connections are, in turn: never answered, given half a header, given garbage, and
 * closed at once. Loopback only. */
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CLIENTS_MAX = 100000,
    OFFSETS_MAX = 60000,
    BODY_BYTES = 1024,
    REQUEST_BYTES_MAX = 2048,
    FILES_MAX = 65536,
};

static int epoll_fd, good_fd, hostile_fd;
static double last_s[CLIENTS_MAX]; /* 0: has not come yet */
static long offs[OFFSETS_MAX + 1]; /* how often a time was off by so many milliseconds */
static long requests, clients, hostile;
static bool is_hostile[FILES_MAX]; /* by descriptor */
static char answer[BODY_BYTES + 256];

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int listen_on(const char *port)
{
    const int one = 1;
    const struct sockaddr_in address = { .sin_family = AF_INET,
                                         .sin_port = htons((uint16_t)strtol(port, NULL, 10)),
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0) {
        fprintf(stderr, "target: cannot listen on port %s\n", port);
        exit(1);
    }
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
    return fd;
}

static void note(long client)
{
    if (client < 0 || client >= CLIENTS_MAX)
        return;
    const double now = now_s();
    requests++;
    if (last_s[client] == 0) {
        clients++;
    } else {
        const double off_ms = 1000 * (now - last_s[client] - 1);
        const long whole = (long)(off_ms < 0 ? -off_ms : off_ms);
        offs[whole < OFFSETS_MAX ? whole : OFFSETS_MAX]++;
    }
    last_s[client] = now;
}

/* The least time that so large a part of all times is within, ms. */
static long percentile(double part)
{
    long all = 0, seen = 0;
    for (long i = 0; i <= OFFSETS_MAX; i++)
        all += offs[i];
    for (long i = 0; i <= OFFSETS_MAX; i++) {
        seen += offs[i];
        if (seen > 0 && (double)seen >= part * (double)all)
            return i;
    }
    return 0;
}

static void reset(void)
{
    memset(last_s, 0, sizeof last_s);
    memset(offs, 0, sizeof offs);
    requests = clients = 0;
}

static void send_stats(int fd)
{
    char body[200], text[400];
    snprintf(body, sizeof body, "%ld %ld %ld %ld %ld\n", requests, clients, percentile(0.5),
             percentile(0.99), percentile(1));
    const int len = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                             strlen(body), body);
    send(fd, text, (size_t)len, MSG_NOSIGNAL);
}

/* A request comes in one piece over loopback. */
static void serve(int fd)
{
    char request[REQUEST_BYTES_MAX];
    const ssize_t len = recv(fd, request, sizeof request - 1, 0);
    if (len <= 0)
        close(fd);
    if (len <= 0 || is_hostile[fd])
        return;
    request[len] = '\0';
    if (strncmp(request, "GET /stats", 10) == 0) {
        send_stats(fd);
        return;
    }
    if (strncmp(request, "GET /reset", 10) == 0)
        reset();
    else if (strncmp(request, "GET /?", 6) == 0)
        note(strtol(request + 6, NULL, 10));
    send(fd, answer, strlen(answer), MSG_NOSIGNAL);
    if (strstr(request, "Connection: close") != NULL)
        close(fd);
}

static void be_hostile(int fd)
{
    static const char *const words[] = { "",
                                         "HTTP/1.1 200 OK\r\nX-Half: ", "\x16\x03\x01 what?\n" };
    const long how = hostile++ % 4;
    if (how == 3)
        close(fd);
    else if (how > 0)
        send(fd, words[how], strlen(words[how]), MSG_NOSIGNAL);
}

static void take(int listener)
{
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
        is_hostile[fd] = listener == hostile_fd;
        if (is_hostile[fd])
            be_hostile(fd);
    }
}

int main(int argc, char **argv)
{
    const struct rlimit files = { FILES_MAX, FILES_MAX };
    char body[BODY_BYTES + 1] = "";
    if (argc != 3) {
        fprintf(stderr, "usage: target PORT HOSTILE_PORT\n");
        return 2;
    }
    setrlimit(RLIMIT_NOFILE, &files);
    memset(body, 'x', BODY_BYTES);
    snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", BODY_BYTES,
             body);
    epoll_fd = epoll_create1(0);
    good_fd = listen_on(argv[1]);
    hostile_fd = listen_on(argv[2]);
    for (;;) {
        struct epoll_event events[512];
        const int count = epoll_wait(epoll_fd, events, 512, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == good_fd || events[i].data.fd == hostile_fd)
                take(events[i].data.fd);
            else
                serve(events[i].data.fd);
        }
    }
}
