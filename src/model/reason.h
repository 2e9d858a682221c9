// SPDX-License-Identifier: GPL-3.0-or-later
/* model/reason.h: why a check failed, as a closed list, so that it can be a label. */
#ifndef MODEL_REASON_H
#define MODEL_REASON_H

#include <stdbool.h>

/* The numbers are stored: add at the end, never renumber. */
enum bw_reason {
    BW_REASON_NONE,         /* it passed */
    BW_REASON_DNS_NXDOMAIN, /* the name does not exist */
    BW_REASON_DNS_FAILURE,  /* the resolver refused or broke */
    BW_REASON_DNS_TIMEOUT,
    BW_REASON_CONNECT_REFUSED,
    BW_REASON_CONNECT_TIMEOUT,
    BW_REASON_CONNECT_FAILED, /* no route, no such family, reset on connect */
    BW_REASON_TLS_HANDSHAKE,  /* no common version or cipher, garbage, closed */
    BW_REASON_TLS_TIMEOUT,
    BW_REASON_TLS_EXPIRED,
    BW_REASON_TLS_NOT_YET_VALID,
    BW_REASON_TLS_WRONG_HOST,
    BW_REASON_TLS_UNTRUSTED,  /* unknown issuer, self-signed, incomplete chain */
    BW_REASON_TLS_VERIFY,     /* any other verdict: weak key, revoked, purpose */
    BW_REASON_HTTP_STATUS,    /* not among the valid status codes */
    BW_REASON_HTTP_PROTOCOL,  /* not HTTP, broken framing, wrong version */
    BW_REASON_HTTP_REDIRECTS, /* too many, or to somewhere we do not go */
    BW_REASON_ASSERTION_BODY,
    BW_REASON_ASSERTION_HEADER,
    BW_REASON_ASSERTION_TLS,      /* TLS where none may be, or the other way round */
    BW_REASON_ASSERTION_REPLY,    /* a line of a TCP dialogue was not as expected */
    BW_REASON_RESPONSE_TOO_LARGE, /* body or headers beyond the cap */
    BW_REASON_CONNECTION_CLOSED,  /* the peer hung up in the middle */
    BW_REASON_TIMEOUT,            /* the deadline passed in another phase than those above */
    BW_REASON_THRESHOLD,          /* a measured value is beyond its limit */
    BW_REASON_UNEXPECTED_SUCCESS, /* expect: failure, and it answered */
    BW_REASON_LOCAL_LIMIT,        /* we are out of descriptors or memory for it */
    BW_REASON_INTERNAL,           /* ours: a library failed in a way we have no name for */
    BW_REASON_UNREACHABLE,        /* a router or the target itself said so */
    BW_REASON_NOT_PERMITTED,      /* the system does not let us */
    BW_REASON_COMMAND_CRITICAL,   /* a command's own verdict: exit code 2 */
    BW_REASON_COMMAND_UNKNOWN,    /* a command could not tell: exit code 3 */
    BW_REASON_COMMAND_BROKEN,     /* a command does not run, crashed, or is no plugin */
    BW_REASON_DNS_RCODE,          /* a name server's answer has a response code that fails */
    BW_REASON_DNS_PROTOCOL,       /* an answer that is not DNS, or broken */
    BW_REASON_ASSERTION_RECORDS,  /* the records of an answer are not as expected */
    BW_REASON_NOT_SERVING,        /* a service says so of itself */
    BW_REASON_SERVICE_UNKNOWN,    /* the server cannot tell how the service is, or has none such */
    BW_REASON_GRPC_STATUS,        /* a call ended with another status than OK */
    BW_REASON_GRPC_PROTOCOL,      /* not gRPC, or broken */
    BW_REASON_WEBSOCKET_PROTOCOL, /* not WebSocket, or broken */
    BW_REASON_PROXY,              /* a proxy could not be reached, or did not pass us on */
    BW_REASON_TOKEN,              /* no access token could be had for the request */
    BW_REASON_PUSH_FAILED,        /* a job that reports by itself says that it failed */
    BW_REASON_PUSH_LATE,          /* it reported after its report was missed */
    BW_REASON_PUSH_MISSED,        /* it did not report in time */
    BW_REASON_COUNT,
};

/* "connect_refused"; "" for BW_REASON_NONE. */
const char *bw_reason_name(enum bw_reason reason);

/* "connection refused": for people. */
const char *bw_reason_text(enum bw_reason reason);

/* True when the fault lies with us, not with the target: the run says nothing about it. */
bool bw_reason_is_local(enum bw_reason reason);

#endif
