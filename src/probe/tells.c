// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/tells.h"

#include "probe/table.h"

#include <string.h>

#define KIND(kind) (1u << (kind))

/* What kinds have in common. */
enum {
    HTTP = KIND(BW_PROBER_HTTP),
    TCP = KIND(BW_PROBER_TCP),
    ICMP = KIND(BW_PROBER_ICMP),
    EXEC = KIND(BW_PROBER_EXEC),
    DNS = KIND(BW_PROBER_DNS),
    GRPC = KIND(BW_PROBER_GRPC),
    WEBSOCKET = KIND(BW_PROBER_WEBSOCKET),
    TLS = KIND(BW_PROBER_TLS),
    UNIX = KIND(BW_PROBER_UNIX),
    PUSH = KIND(BW_KIND_PUSH),
    ASKED = PUSH - 1,               /* all that we ask */
    NAMED = ASKED & ~(EXEC | UNIX), /* look a name up and talk to an address */
    STREAMS = ASKED & ~(EXEC | ICMP),
    SECURE = STREAMS, /* may speak TLS */
    LINES = TCP | UNIX,
    GUESTS = LINES | EXEC,
};

static const struct {
    enum bw_family_id family;
    unsigned kinds;
} families[] = {
    { BW_METRIC_PROBE_SUCCESS, ASKED | PUSH },
    { BW_METRIC_PROBE_DURATION_SECONDS, ASKED | PUSH },
    { BW_METRIC_PROBE_TIMEOUT_SECONDS, ASKED },
    { BW_METRIC_PROBE_FAILURE_INFO, ASKED | PUSH },
    { BW_METRIC_PROBE_DNS_LOOKUP_TIME_SECONDS, NAMED },
    { BW_METRIC_PROBE_IP_PROTOCOL, NAMED },
    { BW_METRIC_PROBE_IP_ADDR_HASH, NAMED },
    { BW_METRIC_PROBE_ADDRESSES, NAMED },
    { BW_METRIC_PROBE_ADDRESS_SUCCESS, NAMED },
    { BW_METRIC_PROBE_ADDRESS_DURATION_SECONDS, NAMED },
    { BW_METRIC_PROBE_FAILED_DUE_TO_REGEX, HTTP | LINES | TLS },
    { BW_METRIC_PROBE_FAILED_DUE_TO_BYTES, LINES | TLS },
    { BW_METRIC_PROBE_HTTP_DURATION_SECONDS, HTTP },
    { BW_METRIC_PROBE_HTTP_STATUS_CODE, HTTP },
    { BW_METRIC_PROBE_HTTP_VERSION, HTTP },
    { BW_METRIC_PROBE_HTTP_CONTENT_LENGTH, HTTP },
    { BW_METRIC_PROBE_HTTP_UNCOMPRESSED_BODY_LENGTH, HTTP },
    { BW_METRIC_PROBE_HTTP_REDIRECTS, HTTP },
    { BW_METRIC_PROBE_HTTP_CONNECTION_REUSED, HTTP },
    { BW_METRIC_PROBE_HTTP_SSL, HTTP },
    { BW_METRIC_PROBE_HTTP_LAST_MODIFIED_TIMESTAMP_SECONDS, HTTP },
    { BW_METRIC_PROBE_SSL_EARLIEST_CERT_EXPIRY, SECURE },
    { BW_METRIC_PROBE_SSL_LAST_CHAIN_EXPIRY_TIMESTAMP_SECONDS, SECURE },
    { BW_METRIC_PROBE_SSL_LAST_CHAIN_INFO, SECURE },
    { BW_METRIC_PROBE_TLS_VERSION_INFO, SECURE },
    { BW_METRIC_PROBE_TLS_CIPHER_INFO, SECURE },
    { BW_METRIC_PROBE_TLS_VERDICT, TLS },
    { BW_METRIC_PROBE_TLS_CERTIFICATE_INFO, TLS },
    { BW_METRIC_PROBE_TLS_CERTIFICATE_NOT_BEFORE_TIMESTAMP_SECONDS, TLS },
    { BW_METRIC_PROBE_TLS_CERTIFICATE_NOT_AFTER_TIMESTAMP_SECONDS, TLS },
    { BW_METRIC_PROBE_TLS_OCSP_INFO, TLS },
    { BW_METRIC_PROBE_UNIX_PEER_UID, UNIX },
    { BW_METRIC_PROBE_UNIX_PEER_PID, UNIX },
    { BW_METRIC_PROBE_ICMP_DURATION_SECONDS, ICMP },
    { BW_METRIC_PROBE_ICMP_REPLY_HOP_LIMIT, ICMP },
    { BW_METRIC_PROBE_ICMP_PACKET_LOSS_RATIO, ICMP },
    { BW_METRIC_PROBE_ICMP_RTT_MIN_SECONDS, ICMP },
    { BW_METRIC_PROBE_ICMP_RTT_AVG_SECONDS, ICMP },
    { BW_METRIC_PROBE_ICMP_RTT_MAX_SECONDS, ICMP },
    { BW_METRIC_PROBE_ICMP_RTT_SECONDS, ICMP },
    { BW_METRIC_PROBE_ICMP_JITTER_SECONDS, ICMP },
    { BW_METRIC_PROBE_EXEC_EXIT_CODE, EXEC },
    { BW_METRIC_PROBE_EXEC_PERFDATA, EXEC },
    { BW_METRIC_PROBE_EXEC_PERFDATA_BOUND, EXEC },
    { BW_METRIC_PROBE_EXEC_OUTPUT_ERROR, EXEC },
    { BW_METRIC_PROBE_DNS_DURATION_SECONDS, DNS },
    { BW_METRIC_PROBE_DNS_ANSWER_RRS, DNS },
    { BW_METRIC_PROBE_DNS_AUTHORITY_RRS, DNS },
    { BW_METRIC_PROBE_DNS_ADDITIONAL_RRS, DNS },
    { BW_METRIC_PROBE_DNS_QUERY_SUCCEEDED, DNS },
    { BW_METRIC_PROBE_DNS_SERIAL, DNS },
    { BW_METRIC_PROBE_DNS_RCODE, DNS },
    { BW_METRIC_PROBE_DNS_ANSWER_AUTHENTICATED, DNS },
    { BW_METRIC_PROBE_DNS_ANSWER_TRUNCATED, DNS },
    { BW_METRIC_PROBE_DNS_ANSWER_HASH, DNS },
    { BW_METRIC_PROBE_DNS_IGNORED_ANSWERS, DNS },
    { BW_METRIC_PROBE_GRPC_DURATION_SECONDS, GRPC },
    { BW_METRIC_PROBE_GRPC_SSL, GRPC },
    { BW_METRIC_PROBE_GRPC_STATUS_CODE, GRPC },
    { BW_METRIC_PROBE_GRPC_HEALTHCHECK_RESPONSE, GRPC },
    { BW_METRIC_PROBE_WEBSOCKET_DURATION_SECONDS, WEBSOCKET },
    { BW_METRIC_PROBE_WEBSOCKET_STATUS_CODE, WEBSOCKET },
    { BW_METRIC_PROBE_WEBSOCKET_CONNECTION_UPGRADED, WEBSOCKET },
    { BW_METRIC_PROBE_WEBSOCKET_FAILED_DUE_TO_REGEX, WEBSOCKET },
    { BW_METRIC_PROBE_PUSH_DURATION_SECONDS, PUSH },
    { BW_METRIC_PROBE_PUSH_LATENESS_SECONDS, PUSH },
    { BW_METRIC_PROBE_PUSH_LAST_TIMESTAMP_SECONDS, PUSH },
    { BW_METRIC_PROBE_PUSH_DUE_TIMESTAMP_SECONDS, PUSH },
    { BW_METRIC_PROBE_PUSH_OVERLAPS, PUSH },
};

static const unsigned reasons[BW_REASON_COUNT] = {
    [BW_REASON_DNS_NXDOMAIN] = NAMED,
    [BW_REASON_DNS_FAILURE] = NAMED,
    [BW_REASON_DNS_TIMEOUT] = NAMED,
    [BW_REASON_CONNECT_REFUSED] = STREAMS,
    [BW_REASON_CONNECT_TIMEOUT] = STREAMS,
    [BW_REASON_CONNECT_FAILED] = STREAMS | ICMP,
    [BW_REASON_TLS_HANDSHAKE] = SECURE,
    [BW_REASON_TLS_TIMEOUT] = SECURE,
    [BW_REASON_TLS_EXPIRED] = SECURE,
    [BW_REASON_TLS_NOT_YET_VALID] = SECURE,
    [BW_REASON_TLS_WRONG_HOST] = SECURE,
    [BW_REASON_TLS_UNTRUSTED] = SECURE,
    [BW_REASON_TLS_VERIFY] = SECURE,
    [BW_REASON_HTTP_STATUS] = HTTP | GRPC | WEBSOCKET,
    [BW_REASON_HTTP_PROTOCOL] = HTTP | GRPC | WEBSOCKET,
    [BW_REASON_HTTP_REDIRECTS] = HTTP,
    [BW_REASON_ASSERTION_BODY] = HTTP,
    [BW_REASON_ASSERTION_HEADER] = HTTP,
    [BW_REASON_ASSERTION_TLS] = HTTP | TLS,
    [BW_REASON_ASSERTION_REPLY] = LINES | WEBSOCKET | TLS,
    [BW_REASON_RESPONSE_TOO_LARGE] = STREAMS | EXEC,
    [BW_REASON_CONNECTION_CLOSED] = STREAMS,
    [BW_REASON_TIMEOUT] = ASKED,
    [BW_REASON_THRESHOLD] = ICMP,
    [BW_REASON_UNEXPECTED_SUCCESS] = ASKED,
    [BW_REASON_LOCAL_LIMIT] = ASKED,
    [BW_REASON_INTERNAL] = ASKED,
    [BW_REASON_UNREACHABLE] = ICMP,
    [BW_REASON_NOT_PERMITTED] = ICMP | TLS | UNIX | EXEC,
    [BW_REASON_COMMAND_CRITICAL] = EXEC,
    [BW_REASON_COMMAND_UNKNOWN] = EXEC,
    [BW_REASON_COMMAND_BROKEN] = EXEC,
    [BW_REASON_DNS_RCODE] = DNS,
    [BW_REASON_DNS_PROTOCOL] = DNS,
    [BW_REASON_ASSERTION_RECORDS] = DNS,
    [BW_REASON_NOT_SERVING] = GRPC,
    [BW_REASON_SERVICE_UNKNOWN] = GRPC,
    [BW_REASON_GRPC_STATUS] = GRPC,
    [BW_REASON_GRPC_PROTOCOL] = GRPC,
    [BW_REASON_WEBSOCKET_PROTOCOL] = WEBSOCKET,
    [BW_REASON_PROXY] = HTTP,
    [BW_REASON_TOKEN] = HTTP,
    [BW_REASON_PUSH_FAILED] = PUSH,
    [BW_REASON_PUSH_LATE] = PUSH,
    [BW_REASON_PUSH_MISSED] = PUSH,
};

#define PHASE(phase) (1u << BW_PHASE_##phase)

static const unsigned phases[BW_KIND_PUSH + 1] = {
    [BW_PROBER_HTTP] = PHASE(COUNT) - 1,
    [BW_PROBER_TCP] = PHASE(RESOLVE) | PHASE(CONNECT) | PHASE(TLS) | PHASE(PROCESSING),
    [BW_PROBER_ICMP] = PHASE(RESOLVE) | PHASE(PROCESSING),
    [BW_PROBER_EXEC] = PHASE(PROCESSING),
    [BW_PROBER_DNS] = PHASE(RESOLVE) | PHASE(CONNECT) | PHASE(TLS) | PHASE(PROCESSING),
    [BW_PROBER_GRPC] = PHASE(COUNT) - 1,
    [BW_PROBER_WEBSOCKET] = PHASE(COUNT) - 1,
    [BW_PROBER_TLS] = PHASE(RESOLVE) | PHASE(CONNECT) | PHASE(TLS) | PHASE(PROCESSING),
    [BW_PROBER_UNIX] = PHASE(CONNECT) | PHASE(TLS) | PHASE(PROCESSING),
};

static const struct {
    size_t kind;
    const char *word;
    enum bw_family_id family;
} words[] = {
    { BW_PROBER_HTTP, "status", BW_METRIC_PROBE_HTTP_STATUS_CODE },
    { BW_PROBER_HTTP, "redirects", BW_METRIC_PROBE_HTTP_REDIRECTS },
    { BW_PROBER_HTTP, "body_size", BW_METRIC_PROBE_HTTP_UNCOMPRESSED_BODY_LENGTH },
    { BW_PROBER_ICMP, "loss", BW_METRIC_PROBE_ICMP_PACKET_LOSS_RATIO },
    { BW_PROBER_ICMP, "rtt", BW_METRIC_PROBE_ICMP_RTT_AVG_SECONDS },
    { BW_PROBER_ICMP, "jitter", BW_METRIC_PROBE_ICMP_JITTER_SECONDS },
    { BW_PROBER_EXEC, "perfdata", BW_METRIC_PROBE_EXEC_PERFDATA },
    { BW_PROBER_EXEC, "exit_code", BW_METRIC_PROBE_EXEC_EXIT_CODE },
    { BW_PROBER_DNS, "answers", BW_METRIC_PROBE_DNS_ANSWER_RRS },
    { BW_PROBER_DNS, "rcode", BW_METRIC_PROBE_DNS_RCODE },
    { BW_KIND_PUSH, "lateness", BW_METRIC_PROBE_PUSH_LATENESS_SECONDS },
};

size_t bw_kind_of(const struct bw_probe_ops *ops)
{
    size_t kind = 0;
    while (kind < BW_KIND_PUSH && bw_probe_table[kind] != ops)
        kind++;
    return kind;
}

bool bw_kind_tells_family(size_t kind, enum bw_family_id family)
{
    if (family >= BW_METRIC_COUNT) /* of names or labels that somebody chose */
        return (GUESTS & KIND(kind)) != 0;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (families[i].family == family)
            return (families[i].kinds & KIND(kind)) != 0;
    }
    return false;
}

bool bw_kind_tells_reason(size_t kind, enum bw_reason reason)
{
    return (reasons[reason] & KIND(kind)) != 0;
}

bool bw_kind_tells_phase(size_t kind, enum bw_probe_phase phase)
{
    return (phases[kind] & (1u << phase)) != 0;
}

bool bw_kind_word(size_t kind, const char *word, enum bw_family_id *out)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words[i].kind != kind || strcmp(words[i].word, word) != 0)
            continue;
        *out = words[i].family;
        return true;
    }
    return false;
}

void bw_kind_words(size_t kind, struct bw_buf *out)
{
    bw_buf_text(out, kind != BW_KIND_PUSH ? "duration, attempts" : "duration");
    for (enum bw_probe_phase phase = 0; phase < BW_PHASE_COUNT; phase++) {
        if (bw_kind_tells_phase(kind, phase))
            bw_buf_printf(out, ", %s", bw_probe_phase_name(phase));
    }
    if (bw_kind_tells_family(kind, BW_METRIC_PROBE_SSL_EARLIEST_CERT_EXPIRY))
        bw_buf_text(out, ", certificate_expires_in");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words[i].kind == kind)
            bw_buf_printf(out, ", %s", words[i].word);
    }
}
