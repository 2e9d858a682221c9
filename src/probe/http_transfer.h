// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/http_transfer.h: one hop of the HTTP probe: a request to an address, and its answer. Most
 * in the clear goes by probe/http_wire.h at half of the cost of libcurl (probe/http_curl.h), which
 * serves the rest; what goes out and what is made of the answer is the same.
 *
 *     begin --plain--> wire, on a kept connection or a new one --+--> done
 *       |                ^ it was dead: once more, on a new one -+     ^
 *       \--else---> libcurl -------------------------------------------+
 *
 * Loop thread. */
#ifndef PROBE_HTTP_TRANSFER_H
#define PROBE_HTTP_TRANSFER_H

#include "probe/http.h"
#include "probe/http_memory.h"

struct bw_http_curl;
struct bw_http_wire;

/* All zeros but for what its owner sets. Serves one hop after another. */
struct bw_http_transfer {
    /* The owner's. */
    struct bw_probe_engine *engine;
    const struct bw_probe_target *target;
    struct bw_probe_outcome *out;
    struct bw_http_answer *answer;
    struct bw_http_memory *memory; /* of earlier runs; or NULL */
    void (*done)(void *ctx);       /* the answer is there, or the outcome says why not */
    void *ctx;

    /* What is known of the last hop, also after bw_http_transfer_drop(). */
    bool reused;  /* the connection was an earlier run's */
    bool has_tls; /* there was a handshake, or the beginning of one */
    struct bw_tls_watch tls;

    /* Its own. */
    struct bw_http_hop hop;
    char *tls_host; /* or NULL */
    struct curl_slist *headers;
    struct bw_http_wire *wire; /* one of them, or none */
    struct bw_http_curl *curl;
};

/* Begins a hop; what it points at lives until the transfer is dropped. done() is not called from
 * inside. False with the outcome set when it cannot. */
bool bw_http_transfer_begin(struct bw_http_transfer *t, const struct bw_http_hop *hop);

/* Ends what runs and closes the connection, if it is not kept. */
void bw_http_transfer_drop(struct bw_http_transfer *t);

void bw_http_transfer_fini(struct bw_http_transfer *t);

#endif
