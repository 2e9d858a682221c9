// SPDX-License-Identifier: GPL-3.0-or-later
/* web/access.h: who may do what. Decides from headers and the kind of listener; pure but for
 * reading the tokens once.
 *
 *     control socket                     everything
 *     a token of enough scope            what its scope says
 *     no token, reads open               reads; on loopback only for Hosts that mean this machine
 *     no token, but tokens for reads     401
 *
 * Reads are open unless a token of scope `read` is configured. */
#ifndef WEB_ACCESS_H
#define WEB_ACCESS_H

#include "base/err.h"
#include "web/route.h"

struct bw_access;

/* Reads the security file (NULL: none), in exporter-toolkit's grammar plus `tokens`. All its
 * mistakes are in *err as far as they fit, each with file:line:col. `external_url` may be
 * NULL. Blocks: reads files. */
enum bw_rc bw_access_load(const char *security_file, const char *external_url,
                          struct bw_access **out, struct bw_err *err);
void bw_access_free(struct bw_access *access);

/* There are tokens at all; there are tokens for reads. */
bool bw_access_has_tokens(const struct bw_access *access);
bool bw_access_guards_reads(const struct bw_access *access);

enum bw_listener_kind { BW_LISTENER_LOOPBACK, BW_LISTENER_REMOTE, BW_LISTENER_CONTROL };

/* Why a request is refused: status 0 means that it is not. */
struct bw_verdict {
    unsigned status; /* 401, 403, 421 */
    const char *detail;
};

/* Whether whoever sent these headers may have us do things that are more than reading what we
 * know: on this machine, or with any token. MISTAKEN: not, with a token that is none. */
enum bw_trust { BW_TRUST_NONE, BW_TRUST_MISTAKEN, BW_TRUST_FULL };
enum bw_trust bw_access_trust(const struct bw_access *access, enum bw_listener_kind kind,
                              const struct bw_request_headers *headers);

/* May a request with these headers do this, arriving at such a listener? */
struct bw_verdict bw_access_check(const struct bw_access *access, enum bw_listener_kind kind,
                                  enum bw_scope scope, bool mutates,
                                  const struct bw_request_headers *headers);

#endif
