// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/reason.h"

#include <stddef.h>

static const struct {
    const char *name, *text;
} reasons[BW_REASON_COUNT] = {
    [BW_REASON_NONE] = { "", "ok" },
    [BW_REASON_DNS_NXDOMAIN] = { "dns_nxdomain", "name does not exist" },
    [BW_REASON_DNS_FAILURE] = { "dns_failure", "name lookup failed" },
    [BW_REASON_DNS_TIMEOUT] = { "dns_timeout", "name lookup timed out" },
    [BW_REASON_CONNECT_REFUSED] = { "connect_refused", "connection refused" },
    [BW_REASON_CONNECT_TIMEOUT] = { "connect_timeout", "connection timed out" },
    [BW_REASON_CONNECT_FAILED] = { "connect_failed", "connection failed" },
    [BW_REASON_TLS_HANDSHAKE] = { "tls_handshake", "TLS handshake failed" },
    [BW_REASON_TLS_TIMEOUT] = { "tls_timeout", "TLS handshake timed out" },
    [BW_REASON_TLS_EXPIRED] = { "tls_expired", "certificate has expired" },
    [BW_REASON_TLS_NOT_YET_VALID] = { "tls_not_yet_valid", "certificate is not valid yet" },
    [BW_REASON_TLS_WRONG_HOST] = { "tls_wrong_host", "certificate is for another host" },
    [BW_REASON_TLS_UNTRUSTED] = { "tls_untrusted", "certificate is not trusted" },
    [BW_REASON_TLS_VERIFY] = { "tls_verify", "certificate was rejected" },
    [BW_REASON_HTTP_STATUS] = { "http_status", "unexpected status code" },
    [BW_REASON_HTTP_PROTOCOL] = { "http_protocol", "not a valid HTTP answer" },
    [BW_REASON_HTTP_REDIRECTS] = { "http_redirects", "redirect not followed" },
    [BW_REASON_ASSERTION_BODY] = { "assertion_body", "body is not as expected" },
    [BW_REASON_ASSERTION_HEADER] = { "assertion_header", "header is not as expected" },
    [BW_REASON_ASSERTION_TLS] = { "assertion_tls", "TLS is not as expected" },
    [BW_REASON_ASSERTION_REPLY] = { "assertion_reply", "reply is not as expected" },
    [BW_REASON_RESPONSE_TOO_LARGE] = { "response_too_large", "answer is too large" },
    [BW_REASON_CONNECTION_CLOSED] = { "connection_closed", "connection closed early" },
    [BW_REASON_TIMEOUT] = { "timeout", "timed out" },
    [BW_REASON_THRESHOLD] = { "threshold", "beyond its limit" },
    [BW_REASON_UNEXPECTED_SUCCESS] = { "unexpected_success", "answered, but should not" },
    [BW_REASON_LOCAL_LIMIT] = { "local_limit", "we ran out of a resource" },
    [BW_REASON_INTERNAL] = { "internal", "internal error" },
    [BW_REASON_UNREACHABLE] = { "unreachable", "cannot be reached" },
    [BW_REASON_NOT_PERMITTED] = { "not_permitted", "the system does not permit it" },
    [BW_REASON_COMMAND_CRITICAL] = { "command_critical", "the command says critical" },
    [BW_REASON_COMMAND_UNKNOWN] = { "command_unknown", "the command could not tell" },
    [BW_REASON_COMMAND_BROKEN] = { "command_broken", "the command does not work" },
    [BW_REASON_DNS_RCODE] = { "dns_rcode", "unexpected response code" },
    [BW_REASON_DNS_PROTOCOL] = { "dns_protocol", "not a valid DNS answer" },
    [BW_REASON_ASSERTION_RECORDS] = { "assertion_records", "records are not as expected" },
    [BW_REASON_NOT_SERVING] = { "not_serving", "the service does not serve" },
    [BW_REASON_SERVICE_UNKNOWN] = { "service_unknown", "the server cannot tell of the service" },
    [BW_REASON_GRPC_STATUS] = { "grpc_status", "unexpected gRPC status" },
    [BW_REASON_GRPC_PROTOCOL] = { "grpc_protocol", "not a valid gRPC answer" },
    [BW_REASON_WEBSOCKET_PROTOCOL] = { "websocket_protocol", "not a valid WebSocket answer" },
    [BW_REASON_PROXY] = { "proxy", "the proxy does not pass us on" },
    [BW_REASON_TOKEN] = { "token", "no access token" },
    [BW_REASON_PUSH_FAILED] = { "push_failed", "the job says that it failed" },
    [BW_REASON_PUSH_LATE] = { "push_late", "the job reported late" },
    [BW_REASON_PUSH_MISSED] = { "push_missed", "the job did not report in time" },
};

const char *bw_reason_name(enum bw_reason reason)
{
    return reasons[reason < BW_REASON_COUNT ? reason : BW_REASON_INTERNAL].name;
}

const char *bw_reason_text(enum bw_reason reason)
{
    return reasons[reason < BW_REASON_COUNT ? reason : BW_REASON_INTERNAL].text;
}

bool bw_reason_is_local(enum bw_reason reason)
{
    return reason == BW_REASON_LOCAL_LIMIT || reason == BW_REASON_INTERNAL
           || reason == BW_REASON_NOT_PERMITTED || reason == BW_REASON_COMMAND_UNKNOWN
           || reason == BW_REASON_COMMAND_BROKEN || reason == BW_REASON_SERVICE_UNKNOWN;
}
