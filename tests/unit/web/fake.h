// SPDX-License-Identifier: GPL-3.0-or-later
/* A front end around a view that stands still: what the tests and the preview talk to. */
#ifndef TESTS_WEB_FAKE_H
#define TESTS_WEB_FAKE_H

#include "trend/picture.h"
#include "web/web.h"

#include <stdatomic.h>

struct fake {
    struct bw_loop *loop;
    struct bw_work_pool *workers;
    struct bw_web *web;
    struct bw_view *view;
    atomic_int readers; /* views that are acquired now */
    atomic_int said;    /* warnings */
    atomic_bool ready;
    atomic_bool hold_reload; /* keep the reply instead of answering */
    atomic_bool refuse_reload;
    _Atomic(void *) held_reply;
    void (*held_done)(void *reply, bool ok, const char *message);
    int port;
};

struct fake_options {
    const char *listen; /* NULL: 127.0.0.1:0 */
    const char *security_file;
    const char *external_url;
    const char *route_prefix;
    const char *store;
    const char *archive;
    enum bw_rc (*change)(void *ctx, const struct bw_store_order *order, struct bw_buf *out,
                         struct bw_err *err); /* of the store; NULL: nobody does */
};

/* Starts it; fails the test when it cannot. Takes the view. */
void fake_start(struct fake *fake, const struct fake_options *options, struct bw_view *view);
void fake_stop(struct fake *fake);

/* Three services with history, alerts, trends and the host, some of it broken; `now_ms` is
 * when it was made. With `hostile` every name and text is an attack. */
struct bw_view *fake_view_rich(int64_t now_ms, const char *hostile);

/* Nothing watched, nothing known. */
struct bw_view *fake_view_empty(int64_t now_ms);

/* What might be seen of that trend: two days with a gap and a change, and two days ahead. */
void fake_picture(const struct bw_trend_record *record, struct bw_trend_picture *out);

/* A store with `hours` of history up to now, every `step_ms`, with a gap of a tenth in the
 * middle: durations of checkout's checks, the host, events, and a report in the archive. */
void fake_store_make(const char *path, int64_t now_ms, int hours, int64_t step_ms);

/* A connection that says nothing yet; -1 when nobody listens. */
int fake_connect(int port);

/* A raw exchange: sends the bytes, reads until the peer closes or `timeout_ms` passes. The
 * result ends in NUL and is freed by the caller. */
char *fake_raw(int port, const char *bytes, size_t len, int timeout_ms);

/* The same, but NULL when nobody listens any more. */
char *fake_raw_or_null(int port, const char *bytes, size_t len, int timeout_ms);

/* "METHOD path" with further header lines ("A: b\r\n"), closed after it; the whole answer. */
char *fake_ask(const struct fake *fake, const char *method, const char *path, const char *headers,
               const char *body);
int fake_status(const char *answer);
const char *fake_body(const char *answer);

/* The value of a header in the answer, into `out`; false when there is none. */
bool fake_header(const char *answer, const char *name, char *out, size_t size);

#endif
