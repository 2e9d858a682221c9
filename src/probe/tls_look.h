// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/tls_look.h: kind tls looks at certificates for their own sake: each of the chain, a
 * verdict that is one of few words, the staple, and whether they are others than last time. */
#ifndef PROBE_TLS_LOOK_H
#define PROBE_TLS_LOOK_H

#include "probe/tls.h"

/* Certificates of one chain that are told one by one. */
enum { BW_TLS_SHOWN_MAX = 8 };

/* What a verdict on a chain can be: the label's values. */
enum bw_tls_verdict {
    BW_TLS_OK,
    BW_TLS_EXPIRED,
    BW_TLS_NOT_YET_VALID,
    BW_TLS_SELF_SIGNED,
    BW_TLS_UNKNOWN_CA, /* not trusted, or the chain has a gap */
    BW_TLS_WRONG_HOST,
    BW_TLS_WEAK_KEY,
    BW_TLS_WEAK_SIGNATURE,
    BW_TLS_REVOKED,
    BW_TLS_OLD_PROTOCOL, /* all good, but for the version of TLS */
    BW_TLS_INVALID,      /* any other fault */
    BW_TLS_VERDICTS,
};

/* "ok", "self_signed", … */
const char *bw_tls_verdict_name(enum bw_tls_verdict verdict);

/* What one try found out besides its watch. Zero is a good beginning. */
struct bw_tls_look {
    const char *staple; /* "good", "revoked", "unknown", "expired", "invalid", "none"; NULL: not
                           asked for */
};

/* What the leaf was, for the next run. */
struct bw_tls_memory;
struct bw_tls_memory *bw_tls_memory_new(void);
void bw_tls_memory_free(void *memory);

enum bw_tls_verdict bw_tls_look_verdict(const struct bw_tls_watch *watch);

/* Reads the staple of a finished handshake; one that says "revoked" becomes the watch's error. */
void bw_tls_look_staple(struct bw_tls_look *look, struct bw_tls_watch *watch, SSL *ssl);

/* Writes the verdict into the outcome, and what has changed since the last run (NULL: nobody
 * wants to know). */
void bw_tls_look_judge(const struct bw_tls_watch *watch, struct bw_tls_memory *memory);

/* probe_tls_verdict, probe_tls_certificate_… and probe_tls_ocsp_info; `chain` leaf first, or
 * NULL. */
void bw_tls_look_measure(const struct bw_tls_look *look, const struct bw_tls_watch *watch,
                         STACK_OF(X509) * chain);
void bw_tls_look_tell(const struct bw_tls_look *look, struct bw_probe_outcome *out,
                      STACK_OF(X509) * chain);

/* ---- files ---- */

/* The certificates of a file: PEM, one after the other, or one in DER. NULL: there are none, or
 * one is broken. The caller's to sk_X509_pop_free. */
STACK_OF(X509) * bw_tls_read_certificates(const void *bytes, size_t len);

/* A file that is read and verified on a worker. */
struct bw_tls_file;
struct bw_tls_filed {
    STACK_OF(X509) * chain; /* leaf first; the callee's now; NULL: see `error` */
    int verify_error;       /* X509_V_ERR_… */
    int64_t verified_s;     /* the end of the first of the verified chain; 0: none */
    enum bw_reason reason;  /* why there is no chain */
    char error[160];
};
typedef void bw_tls_file_done_fn(void *ctx, const struct bw_tls_filed *filed);

/* NULL with *err set when no worker is free. done() is never called from inside. */
struct bw_tls_file *bw_tls_file_start(struct bw_probe_engine *engine, const char *path,
                                      X509_STORE *store, bw_tls_file_done_fn *done, void *ctx,
                                      struct bw_err *err);

/* done() will not be called. NULL is fine. */
void bw_tls_file_cancel(struct bw_tls_file *file);

#endif
