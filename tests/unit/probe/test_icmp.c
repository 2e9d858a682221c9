// SPDX-License-Identifier: GPL-3.0-or-later
/* In a network namespace of its own, with a tun device behind which the test plays hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "probe/icmp_packet.h"
#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <math.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IP_BYTES = 20, IP6_BYTES = 40, PACKET_BYTES_MAX = 2048 };

static int tun = -1, quit[2];
static pthread_t hosts;
static bool has_namespace, has_ip6;

/* ---- hosts behind the tun: what they do follows from their address, 10.77.0.X or fd77::X ---- */

enum host {
    ANSWERS = 2,
    IS_SILENT,
    DROPS_HALF,
    ANSWERS_WRONG_TOKEN,
    IS_BEHIND_A_ROUTER_THAT_REFUSES,
    ANSWERS_TWICE,
    ANSWERS_FROM_ELSEWHERE,
    IS_TOO_FAR,
    IS_REFUSED_BY_A_STRANGER, /* who quotes a request that was never sent */
    ANSWERS_OUR_OTHER_ADDRESS,
    ANSWERS_IN_PART,
};

/* Who refuses for them, and we; written in the text of an address as it is here. */
enum { ROUTER = 254, WE = 1, OUR_OTHER_ADDRESS = 20 };

static void put16(unsigned char *at, unsigned value)
{
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

static void send_packet(unsigned char *ip, unsigned char from, unsigned char to, size_t len)
{
    static const unsigned char head[] = { 0x45, 0, 0,  0,  0, 0, 0,  0,  57, 1,
                                          0,    0, 10, 77, 0, 0, 10, 77, 0,  1 };
    memcpy(ip, head, sizeof head);
    ip[15] = from;
    ip[19] = to;
    put16(ip + 2, (unsigned)len);
    put16(ip + 10, bw_icmp_checksum(ip, IP_BYTES));
    put16(ip + IP_BYTES + 2, 0);
    put16(ip + IP_BYTES + 2, bw_icmp_checksum(ip + IP_BYTES, len - IP_BYTES));
    if (write(tun, ip, len) < 0)
        perror("tun");
}

static void reply(const unsigned char *request, size_t len, unsigned char from, bool spoil)
{
    unsigned char packet[PACKET_BYTES_MAX];
    memcpy(packet, request, len);
    packet[IP_BYTES] = 0;
    packet[IP_BYTES + BW_ICMP_HEADER_BYTES] ^= spoil ? 1 : 0;
    send_packet(packet, from, request[15], len);
}

static void refuse(const unsigned char *request, unsigned char type, unsigned char code)
{
    unsigned char packet[IP_BYTES + 8 + IP_BYTES + 8] = { 0 };
    packet[IP_BYTES] = type;
    packet[IP_BYTES + 1] = code;
    memcpy(packet + IP_BYTES + 8, request, IP_BYTES + 8);
    send_packet(packet, ROUTER, WE, sizeof packet);
}

/* The same with the first bytes of the payload, which are not those that were sent. */
static void refuse_falsely(const unsigned char *request)
{
    unsigned char packet[IP_BYTES + 8 + IP_BYTES + 8 + BW_ICMP_TOKEN_BYTES] = { 0 };
    packet[IP_BYTES] = 3;
    packet[IP_BYTES + 1] = 1;
    memcpy(packet + IP_BYTES + 8, request, IP_BYTES + 8 + BW_ICMP_TOKEN_BYTES);
    packet[sizeof packet - 1] ^= 1;
    send_packet(packet, ROUTER, WE, sizeof packet);
}

/* ---- the same over IPv6 ---- */

static void put_address6(unsigned char *out, unsigned char host)
{
    memset(out, 0, 16);
    out[0] = 0xfd;
    out[1] = 0x77;
    out[15] = host;
}

/* `packet` has room for the IPv6 header; `len` counts what is behind it, at most 1280 bytes. */
static void send_packet6(unsigned char *packet, unsigned char from, unsigned char to, size_t len)
{
    unsigned char sum[IP6_BYTES + 1280]; /* the pseudo header is as long */
    memset(packet, 0, IP6_BYTES);
    packet[0] = 0x60;
    put16(packet + 4, (unsigned)len);
    packet[6] = IPPROTO_ICMPV6;
    packet[7] = 57;
    put_address6(packet + 8, from);
    put_address6(packet + 24, to);
    put16(packet + IP6_BYTES + 2, 0);
    memcpy(sum, packet + 8, 32);
    memset(sum + 32, 0, 8);
    put16(sum + 34, (unsigned)len);
    sum[39] = IPPROTO_ICMPV6;
    memcpy(sum + IP6_BYTES, packet + IP6_BYTES, len);
    put16(packet + IP6_BYTES + 2, bw_icmp_checksum(sum, IP6_BYTES + len));
    if (write(tun, packet, IP6_BYTES + len) < 0)
        perror("tun");
}

static void refuse6(const unsigned char *request, size_t len, unsigned char type,
                    unsigned char code)
{
    unsigned char packet[IP6_BYTES + 8 + 1280] = { 0 };
    packet[IP6_BYTES] = type;
    packet[IP6_BYTES + 1] = code;
    if (type == 2)
        put16(packet + IP6_BYTES + 6, 1280);
    memcpy(packet + IP6_BYTES + 8, request, len);
    send_packet6(packet, ROUTER, WE, 8 + len);
}

static void reply6(const unsigned char *request, size_t len, unsigned char from, bool spoil)
{
    unsigned char packet[PACKET_BYTES_MAX];
    memcpy(packet, request, len);
    packet[IP6_BYTES] = 129;
    packet[IP6_BYTES + BW_ICMP_HEADER_BYTES] ^= spoil ? 1 : 0;
    send_packet6(packet, from, request[23], len - IP6_BYTES);
}

static void play6(unsigned char *request, size_t len)
{
    const unsigned char host = request[39];
    switch (host) {
    case ANSWERS_TWICE:
        reply6(request, len, host, false);
        reply6(request, len, host, false);
        break;
    case ANSWERS_IN_PART:
        reply6(request, len - 1, host, false);
        break;
    case ANSWERS_OUR_OTHER_ADDRESS:
        if (request[23] == OUR_OTHER_ADDRESS)
            reply6(request, len, host, false);
        break;
    case ANSWERS:
        reply6(request, len, host, false);
        break;
    case ANSWERS_WRONG_TOKEN:
        reply6(request, len, host, true);
        break;
    case ANSWERS_FROM_ELSEWHERE:
        reply6(request, len, 99, false);
        break;
    case IS_BEHIND_A_ROUTER_THAT_REFUSES:
        refuse6(request, len, 1, 1);
        break;
    case IS_TOO_FAR:
        refuse6(request, len, 3, 0);
        break;
    case IS_REFUSED_BY_A_STRANGER:
        request[IP6_BYTES + BW_ICMP_HEADER_BYTES] ^= 1;
        refuse6(request, len, 1, 3);
        break;
    default:
        break;
    }
}

/* ---- both ---- */

static void play(const unsigned char *request, size_t len)
{
    static unsigned asked;
    const unsigned char host = request[19];
    switch (host) {
    case ANSWERS_TWICE:
        reply(request, len, host, false);
        reply(request, len, host, false);
        break;
    case ANSWERS_IN_PART:
        reply(request, len - 1, host, false);
        break;
    case ANSWERS_OUR_OTHER_ADDRESS:
        if (request[15] == OUR_OTHER_ADDRESS)
            reply(request, len, host, false);
        break;
    case ANSWERS:
        reply(request, len, host, false);
        break;
    case DROPS_HALF:
        if (asked++ % 2 == 0)
            reply(request, len, host, false);
        break;
    case ANSWERS_WRONG_TOKEN:
        reply(request, len, host, true);
        break;
    case ANSWERS_FROM_ELSEWHERE:
        reply(request, len, 99, false);
        break;
    case IS_BEHIND_A_ROUTER_THAT_REFUSES:
        refuse(request, 3, 1);
        break;
    case IS_TOO_FAR:
        refuse(request, 11, 0);
        break;
    case IS_REFUSED_BY_A_STRANGER:
        refuse_falsely(request);
        break;
    default:
        break;
    }
}

static void *play_hosts(void *unused)
{
    unsigned char packet[PACKET_BYTES_MAX];
    for (;;) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(tun, &set);
        FD_SET(quit[0], &set);
        if (select((tun > quit[0] ? tun : quit[0]) + 1, &set, NULL, NULL, NULL) < 0)
            continue; /* seteuid() interrupts all threads */
        if (FD_ISSET(quit[0], &set))
            return unused;
        const ssize_t len = read(tun, packet, sizeof packet);
        if (len >= IP_BYTES + BW_ICMP_HEADER_BYTES && packet[0] == 0x45 && packet[9] == 1
            && packet[IP_BYTES] == 8)
            play(packet, (size_t)len);
        else if (len >= IP6_BYTES + BW_ICMP_HEADER_BYTES && len <= 1280 && packet[0] >> 4 == 6
                 && packet[6] == IPPROTO_ICMPV6 && packet[IP6_BYTES] == 128)
            play6(packet, (size_t)len);
    }
}

/* ---- the namespace ---- */

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    const bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return done;
}

static bool bring_up(const char *name, const char *address)
{
    struct ifreq request = { 0 };
    struct sockaddr_in at = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool done = true;
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (address != NULL) {
        inet_pton(AF_INET, address, &at.sin_addr);
        memcpy(&request.ifr_addr, &at, sizeof at);
        done = ioctl(fd, SIOCSIFADDR, &request) == 0;
        inet_pton(AF_INET, "255.255.255.0", &at.sin_addr);
        memcpy(&request.ifr_netmask, &at, sizeof at);
        done = done && ioctl(fd, SIOCSIFNETMASK, &request) == 0;
    }
    request.ifr_flags = IFF_UP;
    done = done && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return done;
}

/* The device needs no neighbours, so the address is good at once. False without IPv6. */
static bool add_address6(const char *name, unsigned char host)
{
    struct {
        struct in6_addr address;
        uint32_t prefix_bits;
        int index;
    } request = { .prefix_bits = 64, .index = (int)if_nametoindex(name) };
    const int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    put_address6(request.address.s6_addr, host);
    const bool done = fd >= 0 && ioctl(fd, SIOCSIFADDR, &request) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

static bool make_namespace(void)
{
    const unsigned uid = getuid(), gid = getgid();
    char map[64];
    if (unshare(uid == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    if (uid != 0) {
        snprintf(map, sizeof map, "0 %u 1", uid);
        write_file("/proc/self/setgroups", "deny");
        if (!write_file("/proc/self/uid_map", map))
            return false;
        snprintf(map, sizeof map, "0 %u 1", gid);
        write_file("/proc/self/gid_map", map);
    }
    struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
    snprintf(request.ifr_name, sizeof request.ifr_name, "bw0");
    tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    return tun >= 0 && ioctl(tun, TUNSETIFF, &request) == 0 && bring_up("lo", NULL)
           && bring_up("bw0", "10.77.0.1") && bring_up("bw0:1", "10.77.0.20") && pipe(quit) == 0
           && pthread_create(&hosts, NULL, play_hosts, NULL) == 0;
}

static int set_up(void **state)
{
    (void)state;
    has_namespace = make_namespace();
    has_ip6 = has_namespace && add_address6("bw0", WE) && add_address6("bw0", OUR_OTHER_ADDRESS);
    if (!has_namespace)
        print_message("no network namespace with a tun device (%s): skipped\n", strerror(errno));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (!has_namespace)
        return 0;
    close(quit[1]);
    pthread_join(hosts, NULL);
    close(quit[0]);
    return close(tun);
}

/* Either kind of socket: group 0 may open datagram ones, or nobody. */
static void permit(bool everybody)
{
    if (!has_namespace
        || !write_file("/proc/sys/net/ipv4/ping_group_range", everybody ? "0 0" : "1 0"))
        skip();
}

/* ---- bursts ---- */

static const struct {
    const char *name, *target;
    unsigned count;
    enum bw_reason reason;
    const char *detail;
    double loss;
} stories[] = {
    { "one packet", "10.77.0.2", 1, BW_REASON_NONE, "", 0 },
    { "a burst", "10.77.0.2", 5, BW_REASON_NONE, "", 0 },
    { "loopback", "127.0.0.1", 3, BW_REASON_NONE, "", 0 },
    { "loopback, IPv6", "::1", 3, BW_REASON_NONE, "", 0 },
    { "loopback in brackets with a port", "[::1]:80", 1, BW_REASON_NONE, "", 0 },
    { "nobody there", "10.77.0.3", 2, BW_REASON_TIMEOUT, "no reply to 2 requests", 1 },
    { "half gets lost", "10.77.0.4", 4, BW_REASON_NONE, "", 0.5 },
    { "not who was asked: token", "10.77.0.5", 1, BW_REASON_TIMEOUT, "no reply to 1 request", 1 },
    { "a router refuses", "10.77.0.6", 2, BW_REASON_UNREACHABLE,
      "host unreachable, says 10.77.0.254", 1 },
    { "duplicates count once", "10.77.0.7", 2, BW_REASON_NONE, "", 0 },
    { "not who was asked: address", "10.77.0.8", 1, BW_REASON_TIMEOUT, "no reply to 1 request", 1 },
    { "too many hops", "10.77.0.9", 1, BW_REASON_UNREACHABLE,
      "time to live exceeded, says 10.77.0.254", 1 },
    { "a stranger refuses", "10.77.0.10", 1, BW_REASON_TIMEOUT, "no reply to 1 request", 1 },
    { "a part comes back", "10.77.0.12", 1, BW_REASON_TIMEOUT, "no reply to 1 request", 1 },
    { "broadcast", "10.77.0.255", 1, BW_REASON_NOT_PERMITTED, "Permission denied", 1 },
    { "no route", "192.0.2.1", 1, BW_REASON_UNREACHABLE, "Network is unreachable", 1 },
    { "IPv6: a burst", "fd77::2", 3, BW_REASON_NONE, "", 0 },
    { "IPv6: nobody there", "fd77::3", 2, BW_REASON_TIMEOUT, "no reply to 2 requests", 1 },
    { "IPv6: token", "fd77::5", 1, BW_REASON_TIMEOUT, "no reply to 1 request", 1 },
    { "IPv6: a router refuses", "fd77::6", 2, BW_REASON_UNREACHABLE,
      "prohibited by a filter, says fd77::fe", 1 },
    { "IPv6: duplicates", "fd77::7", 2, BW_REASON_NONE, "", 0 },
    { "IPv6: from elsewhere", "fd77::8", 1, BW_REASON_TIMEOUT, "no reply to 1 request", 1 },
    { "IPv6: too many hops", "fd77::9", 1, BW_REASON_UNREACHABLE,
      "hop limit exceeded, says fd77::fe", 1 },
    { "IPv6: a stranger refuses", "fd77::a", 1, BW_REASON_TIMEOUT, "no reply to 1 request", 1 },
    { "IPv6: a part comes back", "fd77::c", 1, BW_REASON_TIMEOUT, "no reply to 1 request", 1 },
    { "IPv6: no route", "2001:db8::1", 1, BW_REASON_UNREACHABLE, "Network is unreachable", 1 },
};

static void told_as_they_were(bool everybody)
{
    permit(everybody);
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        if (!has_ip6 && strstr(stories[i].name, "IPv6") != NULL)
            continue;
        struct bw_probe_module module = world_module(&w, BW_PROBER_ICMP);
        module.icmp.count = stories[i].count;
        module.icmp.interval_ns = 5 * BW_MS;
        const bool waits = stories[i].loss > 0 && stories[i].reason != BW_REASON_UNREACHABLE;
        world_probe(&w, &module, stories[i].target, waits ? 250 * BW_MS : 60 * BW_SECOND);
        if (w.result.reason != stories[i].reason || strcmp(w.result.detail, stories[i].detail) != 0)
            fail_msg("%s: %s, %s", stories[i].name, bw_reason_name(w.result.reason),
                     w.result.detail);
        const double loss = world_value(&w, BW_METRIC_PROBE_ICMP_PACKET_LOSS_RATIO, NULL);
        if (loss != stories[i].loss)
            fail_msg("%s: loss %g", stories[i].name, loss);
        assert_int_equal(w.result.success, world_has(&w, BW_METRIC_PROBE_ICMP_RTT_AVG_SECONDS));
    }
    world_close(&w);
}

static void stories_without_privilege(void **state)
{
    (void)state;
    told_as_they_were(true);
}

static void stories_over_a_raw_socket(void **state)
{
    (void)state;
    told_as_they_were(false);
}

static void a_burst_is_measured(void **state)
{
    (void)state;
    permit(true);
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_ICMP);
    module.icmp.count = 10;
    module.icmp.interval_ns = BW_MS;
    world_probe(&w, &module, "10.77.0.2", 60 * BW_SECOND);
    const double min = world_value(&w, BW_METRIC_PROBE_ICMP_RTT_MIN_SECONDS, NULL);
    const double avg = world_value(&w, BW_METRIC_PROBE_ICMP_RTT_AVG_SECONDS, NULL);
    const double max = world_value(&w, BW_METRIC_PROBE_ICMP_RTT_MAX_SECONDS, NULL);
    const double jitter = world_value(&w, BW_METRIC_PROBE_ICMP_JITTER_SECONDS, NULL);
    assert_true(min > 0 && min <= avg && avg <= max && max < 1);
    assert_true(jitter >= 0 && jitter <= max - min);
    assert_true(world_value(&w, BW_METRIC_PROBE_ICMP_DURATION_SECONDS, "rtt") == avg);
    assert_true(world_value(&w, BW_METRIC_PROBE_ICMP_DURATION_SECONDS, "resolve") >= 0);
    assert_true(world_value(&w, BW_METRIC_PROBE_ICMP_DURATION_SECONDS, "setup") >= 0);
    assert_true(world_value(&w, BW_METRIC_PROBE_ICMP_REPLY_HOP_LIMIT, NULL) == 57);
    assert_true(world_value(&w, BW_METRIC_PROBE_IP_PROTOCOL, NULL) == 4);
    /* Nine pauses of 1 ms lie between ten requests. */
    assert_true(w.result.duration_ns >= 9 * BW_MS);
    world_close(&w);
}

static double counted(const struct world *w, enum bw_measure_part part, double bound)
{
    for (size_t i = 0; i < w->measures.count; i++) {
        const struct bw_measure *item = &w->measures.items[i];
        if (item->family == BW_METRIC_PROBE_ICMP_RTT_SECONDS && item->part == part
            && item->bound == bound)
            return item->value;
    }
    return -1;
}

/* A check's histogram only ever rises; who asks once gets one of that burst. */
static void bursts_fill_a_histogram(void **state)
{
    (void)state;
    permit(true);
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_ICMP);
    struct bw_probe_memory memory = { .ops = NULL };
    struct bw_probe_request request = { .target = { .text = "10.77.0.2", .memory = &memory },
                                        .timeout_ns = 60 * BW_SECOND };
    module.icmp.count = 3;
    module.icmp.interval_ns = BW_MS;
    for (int run = 1; run <= 2; run++) {
        world_run(&w, &module, &request);
        assert_true(w.result.success);
        assert_true(counted(&w, BW_PART_COUNT, 0) == 3 * run);
        assert_true(counted(&w, BW_PART_BUCKET, INFINITY) == 3 * run);
        assert_true(counted(&w, BW_PART_BUCKET, 0.0001) >= 0);
        assert_true(counted(&w, BW_PART_SUM, 0) > 0);
    }
    request.target.text = "10.77.0.3"; /* silent: nothing is added, nothing taken away */
    request.timeout_ns = 20 * BW_MS;
    world_run(&w, &module, &request);
    assert_true(!w.result.success && counted(&w, BW_PART_COUNT, 0) == 6);
    free(memory.data);
    world_probe(&w, &module, "10.77.0.2", 60 * BW_SECOND);
    assert_true(counted(&w, BW_PART_COUNT, 0) == 3);
    module.icmp.count = 1;
    world_probe(&w, &module, "10.77.0.2", 60 * BW_SECOND);
    assert_true(w.result.success && counted(&w, BW_PART_COUNT, 0) == -1);
    assert_true(world_has(&w, BW_METRIC_PROBE_ICMP_RTT_AVG_SECONDS));
    assert_false(world_has(&w, BW_METRIC_PROBE_ICMP_RTT_MAX_SECONDS));
    world_close(&w);
}

static const struct {
    const char *name, *target, *source;
    enum bw_reason reason;
    const char *detail;
} sources[] = {
    { "ours", "10.77.0.11", "10.77.0.20", BW_REASON_NONE, "" },
    { "ours, but not the one", "10.77.0.11", "10.77.0.1", BW_REASON_TIMEOUT,
      "no reply to 1 request" },
    { "the system's choice", "10.77.0.11", NULL, BW_REASON_TIMEOUT, "no reply to 1 request" },
    { "none of ours", "10.77.0.2", "192.0.2.9", BW_REASON_CONNECT_FAILED,
      "source_ip_address: Cannot assign requested address" },
    { "of another family", "10.77.0.2", "::1", BW_REASON_CONNECT_FAILED,
      "source_ip_address: of another family" },
    { "loopback", "127.0.0.1", "127.0.0.9", BW_REASON_NONE, "" },
    { "IPv6: ours", "fd77::b", "fd77::14", BW_REASON_NONE, "" },
    { "IPv6: ours, but not the one", "fd77::b", "fd77::1", BW_REASON_TIMEOUT,
      "no reply to 1 request" },
    { "IPv6: none of ours", "fd77::2", "2001:db8::9", BW_REASON_CONNECT_FAILED,
      "source_ip_address: Cannot assign requested address" },
    { "IPv6: of another family", "fd77::2", "127.0.0.1", BW_REASON_CONNECT_FAILED,
      "source_ip_address: of another family" },
};

static void from_an_address_of_choice(bool everybody)
{
    permit(everybody);
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        if (!has_ip6 && strstr(sources[i].name, "IPv6") != NULL)
            continue;
        struct bw_probe_module module = world_module(&w, BW_PROBER_ICMP);
        module.icmp.source_ip_address = sources[i].source;
        module.icmp.ttl = 9; /* both wishes of one request */
        world_probe(&w, &module, sources[i].target,
                    sources[i].reason == BW_REASON_TIMEOUT ? 50 * BW_MS : 60 * BW_SECOND);
        if (w.result.reason != sources[i].reason || strcmp(w.result.detail, sources[i].detail) != 0)
            fail_msg("%s: %s, %s", sources[i].name, bw_reason_name(w.result.reason),
                     w.result.detail);
    }
    world_close(&w);
}

static void sources_without_privilege(void **state)
{
    (void)state;
    from_an_address_of_choice(true);
}

static void sources_over_a_raw_socket(void **state)
{
    (void)state;
    from_an_address_of_choice(false);
}

static void a_source_has_to_be_an_address(void **state)
{
    (void)state;
    struct bw_err err;
    struct bw_icmp_options options = { .source_ip_address = "eth0" };
    assert_int_equal(bw_probe_icmp_group.check(&options, &err), BW_EINVAL);
    assert_string_equal(err.text, "source_ip_address: 'eth0' is no address");
    options.source_ip_address = NULL;
    assert_int_equal(bw_probe_icmp_group.check(&options, &err), BW_OK);
}

static void loss_may_fail_or_warn(void **state)
{
    (void)state;
    permit(true);
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_ICMP);
    module.icmp.count = 4;
    module.icmp.interval_ns = BW_MS;
    module.icmp.warn_if_loss_above = 0.4;
    world_probe(&w, &module, "10.77.0.4", BW_SECOND);
    assert_true(w.result.success && w.result.warned);
    assert_string_equal(w.result.warning, "2 of 4 requests had no reply");
    module.icmp.fail_if_loss_above = 0.4;
    world_probe(&w, &module, "10.77.0.4", BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_THRESHOLD);
    module.icmp.fail_if_loss_above = 0.5;
    world_probe(&w, &module, "10.77.0.4", BW_SECOND);
    assert_true(w.result.success);
    world_close(&w);
}

static void options_reach_the_wire(void **state)
{
    (void)state;
    permit(true);
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_ICMP);
    module.icmp.payload_size = 3; /* shorter than a token */
    world_probe(&w, &module, "10.77.0.2", 60 * BW_SECOND);
    assert_true(w.result.success);
    module.icmp.payload_size = 20000; /* split on its way */
    world_probe(&w, &module, "127.0.0.1", BW_SECOND);
    assert_true(w.result.success);
    module.icmp.dont_fragment = true;
    module.icmp.payload_size = 3000; /* the device takes 1500 */
    world_probe(&w, &module, "10.77.0.2", 60 * BW_SECOND);
    assert_int_equal(w.result.reason, BW_REASON_UNREACHABLE);
    assert_string_equal(w.result.detail, "Message too long");
    module.icmp.payload_size = 0;
    module.icmp.ttl = 3;
    world_probe(&w, &module, "127.0.0.1", BW_SECOND);
    assert_true(w.result.success);
    world_probe(&w, &module, "::1", BW_SECOND);
    assert_true(w.result.success);
    world_close(&w);
}

static void without_permission_nothing_is_said(void **state)
{
    (void)state;
    permit(false);
    if (seteuid(65534) != 0)
        skip(); /* this user namespace has only one user */
    struct world w;
    world_open(&w, NULL);
    assert_false(bw_probe_icmp_works());
    const struct bw_probe_module module = world_module(&w, BW_PROBER_ICMP);
    const struct bw_probe_request request = { .target = { .text = "127.0.0.1" },
                                              .timeout_ns = BW_SECOND,
                                              .expect_failure = true };
    world_run(&w, &module, &request);
    assert_int_equal(w.result.reason, BW_REASON_NOT_PERMITTED);
    assert_true(bw_reason_is_local(w.result.reason));
    assert_non_null(strstr(w.result.detail, "ping_group_range"));
    assert_non_null(strstr(w.result.detail, "CAP_NET_RAW"));
    assert_int_equal(seteuid(0), 0);
    world_probe(&w, &module, "127.0.0.1", BW_SECOND); /* permission that comes later */
    assert_true(bw_probe_icmp_works() && w.result.success);
    world_close(&w);
}

static bool nowhere(void *ctx, const struct bw_address *address)
{
    (void)ctx, (void)address;
    return false;
}

static void a_filter_is_asked(void **state)
{
    (void)state;
    permit(true);
    struct world w;
    world_open(&w, NULL);
    const struct bw_probe_module module = world_module(&w, BW_PROBER_ICMP);
    const struct bw_probe_request request = { .target = { .text = "127.0.0.1", .filter = nowhere },
                                              .timeout_ns = BW_SECOND };
    world_run(&w, &module, &request);
    assert_int_equal(w.result.reason, BW_REASON_CONNECT_FAILED);
    world_close(&w);
}

struct crowd {
    struct world *w;
    unsigned left, passed;
};

static void on_one_done(void *ctx, const struct bw_probe_result *result)
{
    struct crowd *crowd = ctx;
    crowd->passed += result->success;
    if (--crowd->left == 0)
        bw_loop_stop(crowd->w->loop);
}

/* All share one socket; each reply finds its own request. */
static void many_at_once_are_kept_apart(void **state)
{
    (void)state;
    permit(true);
    struct world w;
    world_open(&w, NULL);
    struct bw_probe_module module = world_module(&w, BW_PROBER_ICMP);
    module.icmp.count = 3;
    module.icmp.interval_ns = BW_MS;
    struct bw_probe_plan *plan = bw_probe_plan_new(w.engine, &module, NULL, NULL);
    struct crowd crowd = { .w = &w, .left = 90 };
    struct bw_probe_run *extra = NULL;
    static const char *const targets[] = { "10.77.0.2", "10.77.0.3", "10.77.0.6" };
    for (size_t i = 0; i < crowd.left; i++) {
        const struct bw_probe_request request = { .plan = plan,
                                                  .target = { .text = targets[i % 3] },
                                                  .timeout_ns =
                                                      i % 3 == 0 ? 60 * BW_SECOND : 300 * BW_MS };
        bw_probe_start(w.engine, &request, on_one_done, &crowd);
        if (i == 45)
            extra = bw_probe_start(w.engine, &request, on_one_done, &crowd);
    }
    bw_probe_cancel(extra);
    bw_loop_run(w.loop);
    assert_int_equal(crowd.passed, 30);
    bw_probe_plan_free(plan);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories_without_privilege),
        cmocka_unit_test(stories_over_a_raw_socket),
        cmocka_unit_test(a_burst_is_measured),
        cmocka_unit_test(bursts_fill_a_histogram),
        cmocka_unit_test(sources_without_privilege),
        cmocka_unit_test(sources_over_a_raw_socket),
        cmocka_unit_test(a_source_has_to_be_an_address),
        cmocka_unit_test(loss_may_fail_or_warn),
        cmocka_unit_test(options_reach_the_wire),
        cmocka_unit_test(without_permission_nothing_is_said),
        cmocka_unit_test(a_filter_is_asked),
        cmocka_unit_test(many_at_once_are_kept_apart),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
