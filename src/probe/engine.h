// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/engine.h: what the kinds share; for files of this folder. */
#ifndef PROBE_ENGINE_H
#define PROBE_ENGINE_H

#include "io/work.h"
#include "probe/mask.h"
#include "probe/probe.h"
#include "probe/run.h"

#include <curl/curl.h>
#include <openssl/x509.h>

struct bw_curl_loop;
struct bw_icmp;
struct bw_exec_children;

/* Memory of trails that have ended, for those that begin. */
enum { BW_NOTES_SPARE_MAX = 32 };
struct bw_notes_spare {
    struct {
        char *notes;
        size_t cap;
    } items[BW_NOTES_SPARE_MAX];
    size_t count;
};

/* What most runs need, and no more: kept for those that begin. */
enum { BW_ROOMS_SPARE_MAX = 256, BW_ROOM_MEASURES = 32, BW_ROOM_TEXT_BYTES = 256 };
struct bw_run_room {
    struct bw_run_room *next;
    struct bw_measure measures[BW_ROOM_MEASURES];
    max_align_t texts[BW_ROOM_TEXT_BYTES / sizeof(max_align_t)];
};

struct bw_probe_engine {
    struct bw_loop *loop;
    struct bw_resolver *resolver;
    struct bw_curl_loop *curl;
    struct bw_icmp *icmp;          /* NULL until a probe asks for it */
    struct bw_exec_children *exec; /* NULL until a probe asks for it */
    struct bw_work_pool *workers;  /* NULL until a probe asks for it */
    size_t runs;                   /* not ended yet */
    struct bw_mask hidden;         /* what no transcript may show */
    struct bw_notes_spare spare;
    struct bw_run_room *rooms;
    size_t room_count;
};

/* Threads of our own for what would hold up the loop: with those of reports and queries a long
 * report could make a probe late. NULL with *err set when the system refuses threads. */
struct bw_work_pool *bw_engine_workers(struct bw_probe_engine *engine, struct bw_err *err);

/* The certificates of a PEM file (NULL: the system's), from the cache that all engines share unless
 * the file has changed. The caller's to X509_STORE_free. NULL with *err set. Any thread, while
 * there is an engine. */
X509_STORE *bw_engine_trust(const char *path, struct bw_err *err);

/* curl's multi interface on the loop. */
struct bw_curl_loop *bw_curl_loop_new(struct bw_loop *loop, struct bw_err *err);
void bw_curl_loop_free(struct bw_curl_loop *curl);

/* The transfer is over and its handle taken off the multi: the handle is the caller's again. */
typedef void bw_curl_done_fn(void *ctx, CURLcode result);

/* Starts a transfer; CURLOPT_PRIVATE is used. done() is never called from inside. False when
 * curl refuses. `slot` is the caller's and lives until done or bw_curl_loop_remove. */
struct bw_curl_slot {
    CURL *easy;
    bw_curl_done_fn *done;
    void *ctx;
};
bool bw_curl_loop_add(struct bw_curl_loop *curl, struct bw_curl_slot *slot);
void bw_curl_loop_remove(struct bw_curl_loop *curl, struct bw_curl_slot *slot);

#endif
