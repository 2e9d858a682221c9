// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/listen.h"

#include "base/num.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel holds a burst until we come to it; more than its own limit is cut to that. */
enum { BACKLOG = 1024 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool set_host(union address *out, const char *host)
{
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (host[0] == '\0') {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_addr = in6addr_any;
        return true;
    }
    out->any.sa_family = AF_INET;
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1)
        return true;
    out->any.sa_family = AF_INET6;
    return inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1;
}

static enum bw_rc parse(const char *text, union address *out, struct bw_err *err)
{
    memset(out, 0, sizeof *out);
    char host[BW_LISTEN_TEXT_MAX];
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);
    bool bracketed = len >= 2 && text[0] == '[' && text[len - 1] == ']';
    bool ok = colon != NULL && len < sizeof host
              && bw_parse_uint(colon + 1, strlen(colon + 1), &port) && port <= 65535
              && (bracketed || memchr(text, ':', len) == NULL);
    if (ok) {
        bw_text_copy(host, bracketed ? len - 1 : len + 1, bracketed ? text + 1 : text);
        ok = set_host(out, host) && (!bracketed || out->any.sa_family == AF_INET6);
    }
    if (!ok)
        return bw_fail(
            err, BW_EINVAL,
            "'%s': expected ADDRESS:PORT, such as 127.0.0.1:10190, [::1]:10190 or :10190", text);
    if (out->any.sa_family == AF_INET)
        out->v4.sin_port = htons((uint16_t)port);
    else
        out->v6.sin6_port = htons((uint16_t)port);
    return BW_OK;
}

static socklen_t size_of(const union address *address)
{
    return address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
}

static enum bw_rc fail_errno(struct bw_err *err, const char *text)
{
    enum bw_rc rc = errno == EADDRINUSE ? BW_EEXISTS : errno == EACCES ? BW_EDENIED : BW_EIO;
    return bw_fail(err, rc, "listen on %s: %s", text, strerror(errno));
}

/* ":port" means both families; where there is no IPv6, all of IPv4. */
static int open_socket(union address *address)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 || address->any.sa_family != AF_INET6
        || memcmp(&address->v6.sin6_addr, &in6addr_any, sizeof in6addr_any) != 0)
        return fd;
    in_port_t port = address->v6.sin6_port;
    memset(address, 0, sizeof *address);
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = port;
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static bool bind_and_listen(int fd, const union address *address)
{
    int on = 1;
    int off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    return bind(fd, &address->any, size_of(address)) == 0 && listen(fd, BACKLOG) == 0;
}

static bool is_loopback(const union address *address)
{
    if (address->any.sa_family == AF_INET)
        return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

static void describe(int fd, struct bw_listening *out)
{
    union address real = { 0 };
    socklen_t size = sizeof real;
    char host[INET6_ADDRSTRLEN] = "?";
    getsockname(fd, &real.any, &size);
    out->is_loopback = is_loopback(&real);
    if (real.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &real.v4.sin_addr, host, sizeof host);
        snprintf(out->text, sizeof out->text, "%s:%u", host, ntohs(real.v4.sin_port));
    } else {
        inet_ntop(AF_INET6, &real.v6.sin6_addr, host, sizeof host);
        snprintf(out->text, sizeof out->text, "[%s]:%u", host, ntohs(real.v6.sin6_port));
    }
}

enum bw_rc bw_listen_open(const char *address, struct bw_listening *out, struct bw_err *err)
{
    union address wanted;
    enum bw_rc rc = parse(address, &wanted, err);
    if (rc != BW_OK)
        return rc;
    int fd = open_socket(&wanted);
    if (fd < 0)
        return fail_errno(err, address);
    if (!bind_and_listen(fd, &wanted)) {
        rc = fail_errno(err, address);
        close(fd);
        return rc;
    }
    out->fd = fd;
    describe(fd, out);
    return BW_OK;
}
