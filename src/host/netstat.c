// SPDX-License-Identifier: GPL-3.0-or-later
/* Counters of the network protocols: /proc/net/netstat, /proc/net/snmp and /proc/net/snmp6,
 * proc(5). Of the hundreds that there are, those that node_exporter shows by default. */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

#include "base/num.h"

#include <string.h>

static const struct row {
    const char *protocol;
    const char *field;
    enum bw_family_id family;
} rows[] = {
    { "Ip", "Forwarding", BW_METRIC_NODE_NETSTAT_IP_FORWARDING },
    { "IpExt", "InOctets", BW_METRIC_NODE_NETSTAT_IPEXT_INOCTETS },
    { "IpExt", "OutOctets", BW_METRIC_NODE_NETSTAT_IPEXT_OUTOCTETS },
    { "Ip6", "InOctets", BW_METRIC_NODE_NETSTAT_IP6_INOCTETS },
    { "Ip6", "OutOctets", BW_METRIC_NODE_NETSTAT_IP6_OUTOCTETS },
    { "Icmp", "InMsgs", BW_METRIC_NODE_NETSTAT_ICMP_INMSGS },
    { "Icmp", "InErrors", BW_METRIC_NODE_NETSTAT_ICMP_INERRORS },
    { "Icmp", "OutMsgs", BW_METRIC_NODE_NETSTAT_ICMP_OUTMSGS },
    { "Icmp6", "InMsgs", BW_METRIC_NODE_NETSTAT_ICMP6_INMSGS },
    { "Icmp6", "InErrors", BW_METRIC_NODE_NETSTAT_ICMP6_INERRORS },
    { "Icmp6", "OutMsgs", BW_METRIC_NODE_NETSTAT_ICMP6_OUTMSGS },
    { "Tcp", "ActiveOpens", BW_METRIC_NODE_NETSTAT_TCP_ACTIVEOPENS },
    { "Tcp", "PassiveOpens", BW_METRIC_NODE_NETSTAT_TCP_PASSIVEOPENS },
    { "Tcp", "CurrEstab", BW_METRIC_NODE_NETSTAT_TCP_CURRESTAB },
    { "Tcp", "InSegs", BW_METRIC_NODE_NETSTAT_TCP_INSEGS },
    { "Tcp", "OutSegs", BW_METRIC_NODE_NETSTAT_TCP_OUTSEGS },
    { "Tcp", "RetransSegs", BW_METRIC_NODE_NETSTAT_TCP_RETRANSSEGS },
    { "Tcp", "InErrs", BW_METRIC_NODE_NETSTAT_TCP_INERRS },
    { "Tcp", "OutRsts", BW_METRIC_NODE_NETSTAT_TCP_OUTRSTS },
    { "TcpExt", "SyncookiesSent", BW_METRIC_NODE_NETSTAT_TCPEXT_SYNCOOKIESSENT },
    { "TcpExt", "SyncookiesRecv", BW_METRIC_NODE_NETSTAT_TCPEXT_SYNCOOKIESRECV },
    { "TcpExt", "SyncookiesFailed", BW_METRIC_NODE_NETSTAT_TCPEXT_SYNCOOKIESFAILED },
    { "TcpExt", "ListenOverflows", BW_METRIC_NODE_NETSTAT_TCPEXT_LISTENOVERFLOWS },
    { "TcpExt", "ListenDrops", BW_METRIC_NODE_NETSTAT_TCPEXT_LISTENDROPS },
    { "TcpExt", "TCPTimeouts", BW_METRIC_NODE_NETSTAT_TCPEXT_TCPTIMEOUTS },
    { "TcpExt", "TCPSynRetrans", BW_METRIC_NODE_NETSTAT_TCPEXT_TCPSYNRETRANS },
    { "Udp", "InDatagrams", BW_METRIC_NODE_NETSTAT_UDP_INDATAGRAMS },
    { "Udp", "OutDatagrams", BW_METRIC_NODE_NETSTAT_UDP_OUTDATAGRAMS },
    { "Udp", "NoPorts", BW_METRIC_NODE_NETSTAT_UDP_NOPORTS },
    { "Udp", "InErrors", BW_METRIC_NODE_NETSTAT_UDP_INERRORS },
    { "Udp", "RcvbufErrors", BW_METRIC_NODE_NETSTAT_UDP_RCVBUFERRORS },
    { "Udp", "SndbufErrors", BW_METRIC_NODE_NETSTAT_UDP_SNDBUFERRORS },
    { "UdpLite", "InErrors", BW_METRIC_NODE_NETSTAT_UDPLITE_INERRORS },
    { "Udp6", "InDatagrams", BW_METRIC_NODE_NETSTAT_UDP6_INDATAGRAMS },
    { "Udp6", "OutDatagrams", BW_METRIC_NODE_NETSTAT_UDP6_OUTDATAGRAMS },
    { "Udp6", "NoPorts", BW_METRIC_NODE_NETSTAT_UDP6_NOPORTS },
    { "Udp6", "InErrors", BW_METRIC_NODE_NETSTAT_UDP6_INERRORS },
    { "Udp6", "RcvbufErrors", BW_METRIC_NODE_NETSTAT_UDP6_RCVBUFERRORS },
    { "Udp6", "SndbufErrors", BW_METRIC_NODE_NETSTAT_UDP6_SNDBUFERRORS },
    { "UdpLite6", "InErrors", BW_METRIC_NODE_NETSTAT_UDPLITE6_INERRORS },
};

enum { ROW_COUNT = sizeof rows / sizeof *rows };

/* The rows of a protocol stand together. */
static size_t find_protocol(struct bw_span protocol, size_t *out_end)
{
    size_t first = 0;
    while (first < ROW_COUNT && !bw_scan_is(protocol, rows[first].protocol))
        first++;
    size_t end = first;
    while (end < ROW_COUNT && strcmp(rows[end].protocol, rows[first].protocol) == 0)
        end++;
    *out_end = end;
    return first;
}

/* False when the field is wanted and its value is no number. Some are negative. */
static bool add_field(size_t first, size_t end, struct bw_span field, struct bw_span value,
                      struct bw_measures *out)
{
    for (size_t i = first; i < end; i++) {
        if (!bw_scan_is(field, rows[i].field))
            continue;
        int64_t number;
        if (!bw_parse_int(value.data, value.len, &number))
            return false;
        bw_measures_add(out, rows[i].family, (double)number, NULL);
        return true;
    }
    return true;
}

static enum bw_rc fail_field(struct bw_span protocol, const char *what, struct bw_err *err)
{
    return bw_fail(err, BW_EINVAL, "netstat: %.*s: %s",
                   (int)(protocol.len < 40 ? protocol.len : 40), protocol.data, what);
}

static enum bw_rc parse_pair(struct bw_span heads, struct bw_span values, struct bw_measures *out,
                             struct bw_err *err)
{
    struct bw_span protocol, again, field, value;
    if (!bw_scan_word(&heads, &protocol) || !bw_scan_word(&values, &again)
        || protocol.len != again.len || memcmp(protocol.data, again.data, again.len) != 0
        || protocol.data[protocol.len - 1] != ':')
        return bw_fail(err, BW_EINVAL, "netstat: a line of names without its line of values");
    protocol.len--;
    size_t end;
    const size_t first = find_protocol(protocol, &end);
    if (first == ROW_COUNT)
        return BW_OK;
    while (bw_scan_word(&heads, &field)) {
        if (!bw_scan_word(&values, &value))
            return fail_field(protocol, "more names than values", err);
        if (!add_field(first, end, field, value, out))
            return fail_field(protocol, "a value that is no number", err);
    }
    return BW_OK;
}

enum bw_rc bw_netstat_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span heads, values;
    bool any = false;
    while (bw_scan_line(&text, &heads)) {
        if (!bw_scan_line(&text, &values))
            return bw_fail(err, BW_EINVAL, "netstat: a line of names without its line of values");
        const enum bw_rc rc = parse_pair(heads, values, out, err);
        if (rc != BW_OK)
            return rc;
        any = true;
    }
    return any ? BW_OK : bw_fail(err, BW_EINVAL, "netstat: empty");
}

/* "Udp6InErrors 0": the protocol ends with its 6. */
enum bw_rc bw_snmp6_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span line, name, value, last = { 0 };
    size_t first = ROW_COUNT, end = ROW_COUNT;
    while (bw_scan_line(&text, &line)) {
        if (!bw_scan_word(&line, &name) || !bw_scan_word(&line, &value))
            return bw_fail(err, BW_EINVAL, "snmp6: a name without a value");
        const char *six = memchr(name.data, '6', name.len);
        if (six == NULL)
            continue;
        const struct bw_span protocol = { name.data, (size_t)(six - name.data) + 1 };
        const struct bw_span field = { six + 1, name.len - protocol.len };
        if (protocol.len != last.len || memcmp(protocol.data, last.data, last.len) != 0)
            first = find_protocol(protocol, &end);
        last = protocol;
        if (field.len > 0 && !add_field(first, end, field, value, out))
            return bw_fail(err, BW_EINVAL, "snmp6: a value that is no number");
    }
    return BW_OK;
}

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    static const char *const paths[] = { "net/netstat", "net/snmp" };
    struct bw_span text;
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; i < 2 && rc == BW_OK; i++) {
        rc = bw_proc_read_piece(host->proc, paths[i], &text, err);
        if (rc == BW_OK)
            rc = bw_netstat_parse(text, out, err);
    }
    if (rc != BW_OK)
        return rc;
    rc = bw_proc_read_piece(host->proc, "net/snmp6", &text, err);
    if (rc == BW_ENOTFOUND) /* a kernel without IPv6 */
        return BW_OK;
    return rc != BW_OK ? rc : bw_snmp6_parse(text, out, err);
}

const struct bw_sampler_ops bw_sampler_netstat = {
    .name = "netstat",
    .summary = "What IP, ICMP, TCP and UDP did, and what went wrong.",
    .prefixes = { "node_netstat_" },
    .sample = sample,
};
