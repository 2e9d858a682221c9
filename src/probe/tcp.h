// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/tcp.h: the parts of the TCP probe: its plan, its target, its dialogue. */
#ifndef PROBE_TCP_H
#define PROBE_TCP_H

#include "base/buf.h"
#include "probe/mask.h"
#include "probe/regex.h"
#include "probe/starttls.h"
#include "probe/tls.h"

struct bw_tcp_plan_step {
    struct bw_regex *expect; /* or NULL */
    char *expect_bytes;      /* or NULL */
    char *send;              /* or NULL */
    bool starttls;
    struct bw_regex *refusal;       /* a line that ends it, instead of `expect`; or NULL */
    bw_starttls_reader_fn *reader;  /* instead of `expect`, what is no line; or NULL */
    const struct bw_bytes *message; /* instead of `send`; or NULL */
};

/* A label of probe_expect_info, and which step finds its value. */
struct bw_tcp_label {
    size_t step;
    char *name;
    char *value; /* as configured */
};

struct bw_tcp_plan {
    struct bw_tcp_plan_step *steps;
    size_t step_count;
    struct bw_tcp_label *labels; /* of all steps; at most BW_FAMILY_LABELS_MAX */
    size_t label_count;
    enum bw_family_id expect_family; /* if there are labels */
    enum bw_ip_preference preference;
    bool fallback;
    bool has_source;
    struct bw_address source;
    bool local;         /* over a Unix socket */
    bool looks;         /* kind tls: at the certificates, and no more */
    bool tells_changes; /* of them */
    bool tls;           /* from the first byte */
    bool uses_tls;      /* that, or by a step */
    struct bw_tls_plan tls_plan;
};

void *bw_tcp_prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                     struct bw_err *err);
void *bw_unix_prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                      struct bw_err *err);
void *bw_look_prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                      struct bw_err *err);
void bw_tcp_release(void *prepared);

/* What a dialogue says after a word that announces a password. */
void bw_tcp_secrets(const void *prepared, struct bw_mask *mask);

/* "host:port" or "[::1]:port". */
struct bw_tcp_target {
    char host[254];
    uint16_t port;
};
enum bw_rc bw_tcp_target_parse(const char *text, struct bw_tcp_target *out, struct bw_err *err);

/* A conversation line by line. Pure: bytes in, bytes out.
 *
 *     next() --READ--> feed() or closed() --> next() …
 *            --SEND--> out is sent --> next() …
 *            --STARTTLS--> handshake --> next() …
 *            --PASSED, FAILED (the outcome says why) */
enum bw_dialogue_want {
    BW_DIALOGUE_READ,
    BW_DIALOGUE_SEND,
    BW_DIALOGUE_STARTTLS,
    BW_DIALOGUE_PASSED,
    BW_DIALOGUE_FAILED,
};

struct bw_dialogue {
    const struct bw_tcp_plan *plan;
    size_t step;
    unsigned stage; /* of the step: expect, expect_bytes, send, starttls */
    struct bw_buf in;
    struct bw_buf out; /* to send when next() says SEND */
    size_t received;   /* bytes in all */
    int64_t regex_ns;  /* left for searches */
    bool closed;
    bool regex_failed, bytes_failed;
    char *found[BW_FAMILY_LABELS_MAX]; /* values of the plan's labels, quoted; NULL: not yet */
    char last_line[BW_PROBE_DETAIL_BYTES_MAX / 4]; /* quoted */
};

void bw_dialogue_init(struct bw_dialogue *dialogue, const struct bw_tcp_plan *plan);
void bw_dialogue_fini(struct bw_dialogue *dialogue);
enum bw_dialogue_want bw_dialogue_next(struct bw_dialogue *dialogue, struct bw_probe_outcome *out);
void bw_dialogue_feed(struct bw_dialogue *dialogue, const void *bytes, size_t len);

/* The peer will send no more. */
void bw_dialogue_close(struct bw_dialogue *dialogue);

#endif
