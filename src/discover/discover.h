// SPDX-License-Identifier: GPL-3.0-or-later
/* discover/discover.h: asks one source for its list of targets, and waits for it: on a worker.
 *
 *   file   files on this machine, by patterns      __meta_filepath
 *   http   a list over HTTP                        __meta_url
 *   dns    records of names                        __meta_dns_name, …
 *   push   what was registered (discover/push.h)   __meta_push_source
 *
 * Nothing is kept here between two questions. Any thread. */
#ifndef DISCOVER_DISCOVER_H
#define DISCOVER_DISCOVER_H

#include "conf/option.h"
#include "discover/list.h"

#include <stdbool.h>
#include <stdint.h>

enum bw_discovery_kind {
    BW_DISCOVERY_FILE,
    BW_DISCOVERY_HTTP,
    BW_DISCOVERY_DNS,
    BW_DISCOVERY_PUSH
};
enum { BW_DISCOVERY_KINDS = 4 };

enum bw_discovery_record { BW_RECORD_SRV, BW_RECORD_A, BW_RECORD_AAAA };

/* What a URL has answered: whoever asks a source of kind http fetches it first. */
struct bw_discovery_answer {
    const char *fault; /* why there is none; or NULL */
    int status;
    const char *type, *body; /* type: or NULL */
    size_t len;
};

/* What to ask. */
struct bw_discovery_spec {
    enum bw_discovery_kind kind;
    struct bw_strings from; /* patterns of files; one URL; names; one name */
    const char *folder;     /* where relative patterns begin; NULL: here */
    int64_t refresh_ns;
    int64_t timeout_ns; /* of http, of each name of dns, of what was registered */
    enum bw_discovery_record record;
    uint16_t port;       /* of the addresses of A and AAAA records */
    const char *servers; /* of dns: "10.0.0.1:53"; NULL: those of this machine */
    const struct bw_discovery_answer *answer; /* of http, when it is asked; not copied */
};

/* "file", "http", "dns", "push". */
const char *bw_discovery_kind_name(enum bw_discovery_kind kind);

/* A copy in the arena. */
struct bw_discovery_spec bw_discovery_spec_copy(struct bw_arena *arena,
                                                const struct bw_discovery_spec *spec);

/* Whether a text of `from` can be asked. */
enum bw_rc bw_discovery_check(enum bw_discovery_kind kind, const char *from, struct bw_err *err);

/* Asks. What could not be had (one file of several, one name) is in *out as `old` has it, whose
 * labels are copied; then the error is the first of them. *out lives in the arena. Ends early when
 * *stop becomes true. */
enum bw_rc bw_discovery_ask(const struct bw_discovery_spec *spec, const struct bw_target_list *old,
                            const bool *stop, struct bw_arena *arena, struct bw_target_list *out,
                            struct bw_err *err);

#endif
