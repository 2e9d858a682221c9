// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/probe.h: the contract between what asks for a probe, the runner, and the kinds.
 *
 *     module (options) --prepare--> plan --\
 *                                           start --> run: try, try, … --> done(result)
 *     target (URL, host:port) -------------/          one deadline over all of it
 *
 * A kind is one .c file that exports a struct bw_probe_ops, and one line in probe/table.c.
 * The runner (probe/run.h) owns the deadline, retries, `expect: failure`, cancelling and the
 * metrics that every kind has; a kind only makes one try. Everything is loop thread. */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include "base/limits.h"
#include "conf/option.h"
#include "io/loop.h"
#include "io/resolve.h"
#include "metric/measure.h"
#include "model/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_probe_engine;
struct bw_probe_plan;
struct bw_probe_try;
struct bw_probe_memory;
struct bw_mask;
struct bw_trail;
struct bw_way;

/* ---- For whoever asks for probes -------------------------------------------------------- */

/* Which addresses a probe may talk to; asked for every connection, redirects too, with the
 * address that is about to be used. False refuses. */
typedef bool bw_probe_address_fn(void *ctx, const struct bw_address *address);

/* Where a probe goes. The texts are copied by the run. */
struct bw_probe_target {
    const char *text; /* "https://example.com/", "10.0.0.1:22", as the kind wants it */
    const char *host; /* the Host header and TLS name to use instead of the target's; or NULL */
    bw_probe_address_fn *filter; /* NULL: all addresses */
    void *filter_ctx;
    struct bw_probe_memory *memory; /* of earlier runs (probe/run.h); NULL: there were none */
};

enum bw_probe_phase {
    BW_PHASE_RESOLVE,    /* name to address */
    BW_PHASE_CONNECT,    /* TCP handshake */
    BW_PHASE_TLS,        /* TLS handshake */
    BW_PHASE_PROCESSING, /* request sent until the first byte; a TCP dialogue */
    BW_PHASE_TRANSFER,   /* first byte until the last */
    BW_PHASE_COUNT,
};

/* "resolve", "connect", "tls", "processing", "transfer" */
const char *bw_probe_phase_name(enum bw_probe_phase phase);

/* The same as a list of one that lasts: the label of a measure. */
const char *const *bw_probe_phase_label(enum bw_probe_phase phase);

/* Which of the addresses of a name are asked. */
enum bw_resolve_mode {
    BW_RESOLVE_FIRST,
    BW_RESOLVE_EACH, /* all of them; the run passes when each does */
    BW_RESOLVE_ANY,  /* by turns; the run passes when one does */
};

/* One address of those. */
struct bw_probe_part {
    char address[BW_ADDRESS_TEXT_MAX];
    const struct bw_probe_result *result;
};

/* What one run found out. Text from the peer is valid UTF-8 without control bytes; it is still
 * the peer's: escape it for the place where it is shown. */
struct bw_probe_result {
    bool success;          /* after `expect: failure` has turned it round */
    bool warned;           /* passed, but an assertion of severity degraded did not hold */
    enum bw_reason reason; /* NONE when it passed without a warning; with one, why it warns, if
                              that is not an assertion */
    unsigned attempts;     /* tries made, 1.. */
    enum bw_reason retried_reason; /* why the try before the last failed; NONE: there was none */
    const char *retried_detail;    /* the same in words; NULL: none. Only while done() runs */
    int64_t duration_ns;           /* of the whole run, retries included */
    int64_t timeout_ns;            /* what it was allowed to take */

    /* Phases of the last try, summed over redirects; the one that was not finished has the
     * time it took so far. */
    int64_t phase_ns[BW_PHASE_COUNT];
    bool phase_seen[BW_PHASE_COUNT];
    enum bw_probe_phase last_phase; /* where the last try ended */

    int http_status; /* 0: no answer */
    bool has_certificate;
    int64_t certificate_expiry_s; /* Unix seconds: the earliest end in the chain */

    char detail[BW_PROBE_DETAIL_BYTES_MAX];  /* "status 503, expected 2xx"; when it passed "", or
                                                what the target says of itself */
    char warning[BW_PROBE_DETAIL_BYTES_MAX]; /* what did not hold; "" unless warned */

    const char *change; /* what the target says otherwise than in the run before, for people;
                           NULL: nothing. Only while done() runs. */

    const struct bw_measures *measures; /* probe_* families, without identity labels */

    /* What each address said that was asked, where there could be several; only while done() runs.
     * What stands above is then the whole run's; phases, status and measures are those of the
     * address that decided. */
    const struct bw_probe_part *parts;
    size_t part_count; /* 0: the first address was asked, and no other */

    /* For bw_probe_tell, while done() runs: the trail, or what was told of parts. */
    const struct bw_trail *trail;
    const struct bw_mask *mask;
    const char *told;
};

/* Called exactly once per run that is not cancelled, never from inside bw_probe_start. The
 * result is borrowed: copy what you keep. A new run may be started from inside. */
typedef void bw_probe_done_fn(void *ctx, const struct bw_probe_result *result);

/* ---- For kinds ---------------------------------------------------------------------------- */

/* What one try writes while it goes on: facts as they become known, so that a deadline in the
 * middle loses none. Owned by the run, empty at the start of each try. */
struct bw_probe_outcome {
    enum bw_reason reason; /* NONE: passed */
    bool warned;
    bool decided;              /* by settle(): the deadline does not change the verdict */
    enum bw_probe_phase phase; /* where it is now */
    int64_t phase_start_ns;    /* monotonic; 0: in none */
    int64_t deadline_ns;       /* monotonic: of all tries; 0: nobody said */
    int64_t phase_ns[BW_PHASE_COUNT];
    bool phase_seen[BW_PHASE_COUNT];
    int http_status;
    bool has_certificate;
    int64_t certificate_expiry_s;
    char detail[BW_PROBE_DETAIL_BYTES_MAX];
    char warning[BW_PROBE_DETAIL_BYTES_MAX];
    const char *change; /* lives in the memory of earlier runs; or NULL */
    struct bw_measures *measures;
    struct bw_trail *trail; /* probe/trail.h; NULL: nobody will tell */
    struct bw_way *way;     /* probe/way.h; NULL: to the first address */
};

/* The try has ended by itself and freed itself; the outcome says how. Never called from inside
 * start(). */
typedef void bw_probe_try_done_fn(void *ctx);

struct bw_probe_ops {
    const char *name;                   /* in config, labels and docs: "tcp" */
    const char *summary;                /* one line for `bellwether probe --help` */
    const char *target_help;            /* what a target looks like: "HOST:PORT" */
    const struct bw_opt_group *options; /* its struct is what prepare() reads */

    /* Turns options into what a try needs (compiled patterns, certificates, secrets), once per
     * configuration. Paths start at `folder`. NULL with *err set for a pattern that does not
     * compile, a file that is missing. What it returns keeps no pointer to `options`. */
    void *(*prepare)(struct bw_probe_engine *engine, const void *options, const char *folder,
                     struct bw_err *err);
    void (*release)(void *prepared);

    /* Adds what the options make secret, for transcripts; those of the target's text are known.
     * NULL: there are none. */
    void (*secrets)(const void *prepared, struct bw_mask *mask);

    /* What a try leaves for the next of the same check (it is in target->memory->data then): a
     * connection, say. NULL: nothing. */
    void (*forget)(void *data);

    /* Names the event of a result's `change`; NULL: BW_EVENT_ANSWER_CHANGED. */
    const char *change_name;

    /* Is the target of a form that could be probed at all? For `bellwether check`. */
    enum bw_rc (*check_target)(const char *text, struct bw_err *err);

    /* Begins one try. NULL, with out->reason and out->detail set, when it could not even
     * begin. `target` lives as long as the try. */
    struct bw_probe_try *(*start)(struct bw_probe_engine *engine, void *prepared,
                                  const struct bw_probe_target *target,
                                  struct bw_probe_outcome *out, bw_probe_try_done_fn *done,
                                  void *ctx);

    /* The deadline has passed: writes what is known so far into the outcome; that is a timeout
     * unless it sets `decided`. cancel() follows. */
    void (*settle)(struct bw_probe_try *attempt);

    /* Ends the try and frees it; done() will not be called. */
    void (*cancel)(struct bw_probe_try *attempt);
};

/* One run at a time has it. `data` is the kind's: NULL until it leaves something. Of runs over
 * several addresses each address has one of its own. */
struct bw_probe_memory {
    const struct bw_probe_ops *ops;
    void *data;
    struct bw_probe_memory *more; /* of addresses, the latest asked first */
    struct bw_address address;    /* of one of those */
};

/* Writes printf-style text into out->detail, made safe: valid UTF-8, no control bytes, cut to
 * size. bw_probe_fail also sets the reason, unless one is set already; bw_probe_say is for what a
 * target that passed says of itself. */
void bw_probe_fail(struct bw_probe_outcome *out, enum bw_reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void bw_probe_say(struct bw_probe_outcome *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void bw_probe_warn(struct bw_probe_outcome *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The try goes over into a phase; time counts for it from now on. A phase may come again. */
void bw_probe_enter(struct bw_probe_outcome *out, enum bw_probe_phase phase);

/* The try is in no phase any more. */
void bw_probe_leave(struct bw_probe_outcome *out);

/* probe_dns_lookup_time_seconds: what phase RESOLVE took. */
void bw_probe_measure_lookup(struct bw_probe_outcome *out);

/* probe_ip_protocol and probe_ip_addr_hash, as blackbox computes it. */
void bw_probe_measure_address(struct bw_probe_outcome *out, const struct bw_address *address);

/* How a failed connect(2) is called. */
enum bw_reason bw_probe_errno_reason(int error);

/* Copies bytes of a peer as one line of text: control bytes and broken UTF-8 become escapes
 * (\n, \x1b). At most size - 1 bytes, never half a sequence. */
void bw_probe_quote(char *out, size_t size, const void *bytes, size_t len);

#endif
