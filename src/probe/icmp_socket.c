// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/icmp.h"

#include "base/mem.h"
#include "base/units.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BUCKETS = 256,    /* requests on their way are found by the low bits of their sequence */
    BATCH = 16,       /* replies taken with one system call */
    REPLY_BYTES = 96, /* the longest IPv4 header, ours, the token */
    CONTROL_BYTES = 256,
    ERRORS_A_TURN = 64,
};

/* The socket of one family, and one source. */
struct bw_icmp_outlet {
    struct bw_icmp *icmp;
    struct bw_icmp_outlet *next;
    int family;
    bool has_source;
    struct bw_address source;
    int fd; /* -1: not open */
    bool raw;
    bool dont_fragment; /* as it is set now */
    uint16_t id;        /* of raw requests; the kernel chooses that of others */
    uint16_t next_sequence;
    struct bw_poll *poll;
    struct bw_icmp_echo *buckets[BUCKETS];
};

struct bw_icmp {
    struct bw_loop *loop;
    struct bw_icmp_outlet *outlets; /* as many as there are sources in the configuration */
    uint64_t random;
    unsigned char request[BW_ICMP_HEADER_BYTES + BW_ICMP_PAYLOAD_BYTES_MAX];
};

/* SplitMix64: a token has to differ from the others and from what a stranger guesses blindly. */
static uint64_t next_random(struct bw_icmp *icmp)
{
    icmp->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x = icmp->random;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

struct bw_icmp *bw_icmp_new(struct bw_loop *loop)
{
    struct bw_icmp *icmp = bw_alloc(sizeof *icmp);
    icmp->loop = loop;
    if (getrandom(&icmp->random, sizeof icmp->random, 0) != (ssize_t)sizeof icmp->random)
        icmp->random = (uint64_t)bw_loop_mono_ns();
    return icmp;
}

void bw_icmp_free(struct bw_icmp *icmp)
{
    while (icmp != NULL && icmp->outlets != NULL) {
        struct bw_icmp_outlet *outlet = icmp->outlets;
        icmp->outlets = outlet->next;
        bw_poll_free(outlet->poll);
        if (outlet->fd >= 0)
            close(outlet->fd);
        free(outlet);
    }
    free(icmp);
}

static bool has_source(const struct bw_icmp_outlet *outlet, const struct bw_address *source)
{
    if (source == NULL || !outlet->has_source)
        return source == NULL && !outlet->has_source;
    return outlet->family == AF_INET
               ? outlet->source.ip4.s_addr == source->ip4.s_addr
               : memcmp(&outlet->source.ip6, &source->ip6, sizeof source->ip6) == 0
                     && outlet->source.scope == source->scope;
}

static struct bw_icmp_outlet *outlet_of(struct bw_icmp *icmp, int family,
                                        const struct bw_address *source)
{
    struct bw_icmp_outlet *outlet = icmp->outlets;
    while (outlet != NULL && (outlet->family != family || !has_source(outlet, source)))
        outlet = outlet->next;
    if (outlet != NULL)
        return outlet;
    outlet = bw_alloc(sizeof *outlet);
    *outlet = (struct bw_icmp_outlet){ .icmp = icmp,
                                       .next = icmp->outlets,
                                       .family = family,
                                       .has_source = source != NULL,
                                       .fd = -1,
                                       .id = (uint16_t)next_random(icmp),
                                       .next_sequence = (uint16_t)next_random(icmp) };
    if (source != NULL)
        outlet->source = *source;
    icmp->outlets = outlet;
    return outlet;
}

/* ---- who waits ---- */

static struct bw_icmp_echo **bucket_of(struct bw_icmp_outlet *outlet, uint16_t sequence)
{
    return &outlet->buckets[sequence % BUCKETS];
}

void bw_icmp_forget(struct bw_icmp_echo *echo)
{
    if (echo->outlet == NULL)
        return;
    struct bw_icmp_echo **at = bucket_of(echo->outlet, echo->packet.sequence);
    while (*at != echo)
        at = &(*at)->next;
    *at = echo->next;
    echo->outlet = NULL;
}

static bool is_from(const struct sockaddr_storage *from, const struct bw_address *address)
{
    if (from->ss_family != address->family)
        return false;
    const struct sockaddr_in *ip4 = (const struct sockaddr_in *)from;
    const struct sockaddr_in6 *ip6 = (const struct sockaddr_in6 *)from;
    return address->family == AF_INET
               ? memcmp(&ip4->sin_addr, &address->ip4, sizeof address->ip4) == 0
               : memcmp(&ip6->sin6_addr, &address->ip6, sizeof address->ip6) == 0;
}

/* The request that these bytes answer or quote; NULL: nobody's. An error may quote too little
 * for the token. */
static struct bw_icmp_echo *find(struct bw_icmp_outlet *outlet, const struct bw_icmp_packet *packet,
                                 const struct sockaddr_storage *peer, bool quoted)
{
    if (outlet->raw && packet->id != outlet->id)
        return NULL;
    struct bw_icmp_echo *echo = *bucket_of(outlet, packet->sequence);
    for (; echo != NULL; echo = echo->next) {
        if (echo->packet.sequence == packet->sequence && is_from(peer, &echo->to)
            && (quoted || packet->token_bytes >= echo->packet.token_bytes)
            && bw_icmp_same_token(packet, &echo->packet))
            return echo;
    }
    return NULL;
}

static void tell(struct bw_icmp_echo *echo, const struct bw_icmp_event *event)
{
    bw_icmp_forget(echo);
    echo->heard(echo->ctx, echo, event);
}

/* ---- replies ---- */

/* What the kernel noted about a packet. */
struct notes {
    int hop_limit;                         /* -1: nothing */
    int64_t stamp_ns;                      /* CLOCK_REALTIME of its arrival; 0: nothing */
    const struct sock_extended_err *error; /* NULL: it is none */
};

static struct notes read_notes(struct msghdr *message)
{
    struct notes notes = { .hop_limit = -1 };
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        struct timespec stamp;
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
            memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
            notes.stamp_ns = (int64_t)stamp.tv_sec * BW_SECOND + stamp.tv_nsec;
        } else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL)
                   || (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)) {
            memcpy(&notes.hop_limit, CMSG_DATA(c), sizeof notes.hop_limit);
        } else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR)
                   || (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
            notes.error = (const struct sock_extended_err *)(const void *)CMSG_DATA(c);
        }
    }
    return notes;
}

static int64_t real_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * BW_SECOND + now.tv_nsec;
}

/* The round trip ends when the packet arrived, not when we came to read it. The kernel stamps
 * with the clock that may be set, so only the short time since then is taken from it. */
static int64_t rtt_ns(const struct bw_icmp_echo *echo, int64_t stamp_ns)
{
    const int64_t whole_ns = bw_loop_mono_ns() - echo->sent_ns;
    const int64_t late_ns = stamp_ns > 0 ? real_ns() - stamp_ns : 0;
    return late_ns > 0 && late_ns < whole_ns ? whole_ns - late_ns : whole_ns;
}

struct batch {
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    struct sockaddr_storage peers[BATCH];
    unsigned char bytes[BATCH][REPLY_BYTES];
    _Alignas(struct cmsghdr) unsigned char control[BATCH][CONTROL_BYTES];
};

static void prepare_batch(struct batch *batch)
{
    for (size_t i = 0; i < BATCH; i++) {
        batch->parts[i] = (struct iovec){ batch->bytes[i], REPLY_BYTES };
        batch->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &batch->peers[i],
            .msg_namelen = sizeof batch->peers[i],
            .msg_iov = &batch->parts[i],
            .msg_iovlen = 1,
            .msg_control = batch->control[i],
            .msg_controllen = CONTROL_BYTES,
        };
    }
}

/* Bytes of the IPv4 header that a raw socket has before a packet. */
static size_t header_bytes(const struct bw_icmp_outlet *outlet, const unsigned char *bytes)
{
    return outlet->raw && outlet->family == AF_INET ? (bytes[0] & 0xfu) * 4u : 0;
}

/* As long as it has to be; of one that is cut all that is known is that it is longer. */
static bool is_whole(const struct mmsghdr *message, size_t wanted)
{
    return (message->msg_hdr.msg_flags & MSG_TRUNC) != 0 ? wanted > REPLY_BYTES
                                                         : wanted == message->msg_len;
}

static void take_reply(struct bw_icmp_outlet *outlet, struct mmsghdr *message)
{
    struct bw_icmp_packet packet = { .ip6 = outlet->family == AF_INET6 };
    const unsigned char *bytes = message->msg_hdr.msg_iov->iov_base;
    const size_t len = message->msg_len < REPLY_BYTES ? message->msg_len : REPLY_BYTES;
    if (!bw_icmp_read(bytes, len, outlet->raw, false, &packet))
        return;
    struct bw_icmp_echo *echo = find(outlet, &packet, message->msg_hdr.msg_name, false);
    if (echo == NULL || !is_whole(message, header_bytes(outlet, bytes) + echo->bytes))
        return;
    const struct notes notes = read_notes(&message->msg_hdr);
    const struct bw_icmp_event event = { .rtt_ns = rtt_ns(echo, notes.stamp_ns),
                                         .hop_limit = notes.hop_limit };
    tell(echo, &event);
}

/* One batch a turn: what is left makes the descriptor readable again. Of a long reply only the
 * beginning is read. */
static void receive(struct bw_icmp_outlet *outlet)
{
    struct batch batch;
    prepare_batch(&batch);
    int count = recvmmsg(outlet->fd, batch.messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++)
        take_reply(outlet, &batch.messages[i]);
}

/* ---- errors instead of replies ---- */

static const struct bw_address *offender(const struct sock_extended_err *error,
                                         struct bw_address *out)
{
    const struct sockaddr *from = (const struct sockaddr *)(const void *)(error + 1);
    *out = (struct bw_address){ .family = from->sa_family };
    if (from->sa_family == AF_INET)
        out->ip4 = ((const struct sockaddr_in *)(const void *)from)->sin_addr;
    else if (from->sa_family == AF_INET6)
        out->ip6 = ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
    else
        return NULL;
    return out;
}

static const char *error_text(const struct sock_extended_err *error)
{
    if (error->ee_origin == SO_EE_ORIGIN_ICMP || error->ee_origin == SO_EE_ORIGIN_ICMP6)
        return bw_icmp_error_text(error->ee_origin == SO_EE_ORIGIN_ICMP6, error->ee_type,
                                  error->ee_code);
    return strerror((int)error->ee_errno);
}

/* False when the queue is empty. */
static bool take_error(struct bw_icmp_outlet *outlet)
{
    unsigned char bytes[REPLY_BYTES];
    _Alignas(struct cmsghdr) unsigned char control[CONTROL_BYTES];
    struct sockaddr_storage peer = { 0 };
    struct iovec part = { bytes, sizeof bytes };
    struct msghdr message = { .msg_name = &peer,
                              .msg_namelen = sizeof peer,
                              .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control,
                              .msg_controllen = sizeof control };
    ssize_t got = recvmsg(outlet->fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (got < 0)
        return false;
    struct bw_icmp_packet packet = { .ip6 = outlet->family == AF_INET6 };
    const struct notes notes = read_notes(&message);
    if (notes.error == NULL || !bw_icmp_read(bytes, (size_t)got, false, true, &packet))
        return true;
    struct bw_icmp_echo *echo = find(outlet, &packet, &peer, true);
    if (echo == NULL)
        return true;
    struct bw_address from;
    const struct bw_icmp_event event = { .hop_limit = -1,
                                         .error = error_text(notes.error),
                                         .said_by = offender(notes.error, &from) };
    tell(echo, &event);
    return true;
}

/* The socket also carries the last error as its own state, to be returned by whatever is called
 * next, for whomever that is; reading it clears it. */
static void clear_error(const struct bw_icmp_outlet *outlet)
{
    int error;
    socklen_t len = sizeof error;
    getsockopt(outlet->fd, SOL_SOCKET, SO_ERROR, &error, &len);
}

static void on_ready(void *ctx, unsigned events)
{
    struct bw_icmp_outlet *outlet = ctx;
    if ((events & BW_POLL_WRITE) != 0) { /* never asked for: there is an error */
        clear_error(outlet);
        for (int i = 0; i < ERRORS_A_TURN && take_error(outlet); i++) {
        }
        bw_poll_start(outlet->poll, BW_POLL_READ); /* an error stops the watch */
    }
    receive(outlet);
}

/* ---- opening ---- */

static void set(int fd, int level, int option, int value)
{
    /* What is refused is missed in the result (no hop limit, no named error), nothing else. */
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

static void set_options(const struct bw_icmp_outlet *outlet)
{
    const int fd = outlet->fd;
    set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    if (outlet->family == AF_INET) {
        set(fd, IPPROTO_IP, IP_RECVERR, 1);
        set(fd, IPPROTO_IP, IP_RECVTTL, 1);
    } else {
        set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
        set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
    }
    if (!outlet->raw)
        return;
    /* A raw socket sees every ICMP packet of the host: let only replies through. */
    const struct icmp_filter filter4 = { .data = ~(1u << ICMP_ECHOREPLY) };
    struct icmp6_filter filter6;
    ICMP6_FILTER_SETBLOCKALL(&filter6);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter6);
    if (outlet->family == AF_INET)
        (void)setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter4, sizeof filter4);
    else
        (void)setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter6, sizeof filter6);
}

/* The descriptor, or -1 with errno set. */
static int open_socket(int family, bool *out_raw)
{
    const int protocol = family == AF_INET ? (int)IPPROTO_ICMP : (int)IPPROTO_ICMPV6;
    const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = socket(family, SOCK_DGRAM | flags, protocol);
    *out_raw = fd < 0;
    return fd >= 0 ? fd : socket(family, SOCK_RAW | flags, protocol);
}

static void explain(int error, enum bw_reason *out_reason, struct bw_err *err)
{
    if (error == EPERM || error == EACCES) {
        *out_reason = BW_REASON_NOT_PERMITTED;
        bw_fail(err, BW_EDENIED,
                "no ICMP socket: let net.ipv4.ping_group_range include group %u, or give us "
                "CAP_NET_RAW",
                (unsigned)getegid());
    } else {
        *out_reason = bw_probe_errno_reason(error);
        bw_fail(err, BW_EIO, "no ICMP socket: %s", strerror(error));
    }
}

/* The address may be gone by the time a request is sent; then that fails. */
static bool bind_source(const struct bw_icmp_outlet *outlet, enum bw_reason *out_reason,
                        struct bw_err *err)
{
    struct sockaddr_storage from;
    if (!outlet->has_source)
        return true;
    const socklen_t len = bw_address_socket(&outlet->source, 0, &from);
    if (bind(outlet->fd, (struct sockaddr *)&from, len) == 0)
        return true;
    *out_reason = BW_REASON_CONNECT_FAILED;
    bw_fail(err, BW_EIO, "source_ip_address: %s", strerror(errno));
    return false;
}

static bool watch(struct bw_icmp_outlet *outlet, enum bw_reason *out_reason, struct bw_err *err)
{
    *out_reason = BW_REASON_LOCAL_LIMIT;
    outlet->poll = bw_poll_new(outlet->icmp->loop, outlet->fd, on_ready, outlet, err);
    if (outlet->poll != NULL)
        bw_poll_start(outlet->poll, BW_POLL_READ);
    return outlet->poll != NULL;
}

bool bw_icmp_open(struct bw_icmp *icmp, int family, const struct bw_address *source,
                  enum bw_reason *out_reason, struct bw_err *err)
{
    struct bw_icmp_outlet *outlet = outlet_of(icmp, family, source);
    if (outlet->fd >= 0)
        return true;
    outlet->fd = open_socket(family, &outlet->raw);
    if (outlet->fd < 0) {
        explain(errno, out_reason, err);
        return false;
    }
    set_options(outlet);
    if (bind_source(outlet, out_reason, err) && watch(outlet, out_reason, err))
        return true;
    close(outlet->fd);
    outlet->fd = -1;
    return false;
}

bool bw_probe_icmp_works(void)
{
    bool raw;
    int fd = open_socket(AF_INET, &raw);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* ---- sending ---- */

static void set_dont_fragment(struct bw_icmp_outlet *outlet, bool on)
{
    if (outlet->dont_fragment == on)
        return;
    outlet->dont_fragment = on;
    if (outlet->family == AF_INET) {
        set(outlet->fd, IPPROTO_IP, IP_MTU_DISCOVER, on ? IP_PMTUDISC_DO : IP_PMTUDISC_WANT);
    } else {
        set(outlet->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
            on ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_WANT);
        set(outlet->fd, IPPROTO_IPV6, IPV6_DONTFRAG, on);
    }
}

static size_t put_hop_limit(unsigned char *control, int family, int hop_limit)
{
    struct cmsghdr *c = (struct cmsghdr *)(void *)control;
    *c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof hop_limit),
                           .cmsg_level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
                           .cmsg_type = family == AF_INET ? IP_TTL : IPV6_HOPLIMIT };
    memcpy(CMSG_DATA(c), &hop_limit, sizeof hop_limit);
    return CMSG_SPACE(sizeof hop_limit);
}

static int transmit(const struct bw_icmp_outlet *outlet, const struct bw_icmp_echo *echo,
                    size_t len, int hop_limit)
{
    struct sockaddr_storage to;
    _Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int))] = { 0 };
    struct iovec part = { outlet->icmp->request, len };
    struct msghdr message = { .msg_name = &to, .msg_iov = &part, .msg_iovlen = 1 };
    message.msg_namelen = bw_address_socket(&echo->to, 0, &to);
    if (hop_limit > 0) {
        message.msg_control = control;
        message.msg_controllen = put_hop_limit(control, outlet->family, hop_limit);
    }
    return sendmsg(outlet->fd, &message, 0) >= 0 ? 0 : errno;
}

static void make_packet(struct bw_icmp_outlet *outlet, struct bw_icmp_packet *packet,
                        size_t payload_bytes)
{
    const uint64_t token = next_random(outlet->icmp);
    *packet = (struct bw_icmp_packet){
        .ip6 = outlet->family == AF_INET6,
        .id = outlet->id,
        .sequence = outlet->next_sequence++,
        .token_bytes = payload_bytes < BW_ICMP_TOKEN_BYTES ? payload_bytes : BW_ICMP_TOKEN_BYTES,
    };
    memcpy(packet->token, &token, sizeof packet->token);
}

int bw_icmp_send(struct bw_icmp *icmp, struct bw_icmp_echo *echo, const struct bw_icmp_how *how)
{
    struct bw_icmp_outlet *outlet = outlet_of(icmp, echo->to.family, how->source);
    make_packet(outlet, &echo->packet, how->payload_bytes);
    const size_t len = bw_icmp_write_request(icmp->request, &echo->packet, how->payload_bytes);
    echo->bytes = len;
    set_dont_fragment(outlet, how->dont_fragment);
    echo->sent_ns = bw_loop_mono_ns();
    int error = transmit(outlet, echo, len, how->hop_limit);
    if (error != 0) { /* perhaps the trouble of another request */
        clear_error(outlet);
        error = transmit(outlet, echo, len, how->hop_limit);
    }
    if (error != 0)
        return error;
    struct bw_icmp_echo **bucket = bucket_of(outlet, echo->packet.sequence);
    echo->next = *bucket;
    *bucket = echo;
    echo->outlet = outlet;
    return 0;
}
