// SPDX-License-Identifier: GPL-3.0-or-later
/* What goes on over a stream: it may speak TLS, may hold a dialogue. Kinds tcp, unix and tls. */
#include "probe/tcp_try.h"

#include "probe/tcp_labels.h"
#include "probe/trail.h"

#include <stdlib.h>

enum { READ_BYTES = 16384 };

void bw_tcp_cancel(struct bw_probe_try *t)
{
    bw_lookup_cancel(t->lookup);
    bw_tls_file_cancel(t->file);
    bw_timer_free(t->again);
    bw_stream_close(&t->stream);
    sk_X509_pop_free(t->filed, X509_free);
    bw_dialogue_fini(&t->dialogue);
    free(t);
}

/* What is not in the notes yet. */
static void tell(const struct bw_probe_try *t)
{
    const struct bw_buf *rest = &t->dialogue.in;
    if (t->stream.ssl != NULL || t->path != NULL)
        bw_tls_tell(&t->tls);
    if (t->plan->looks)
        bw_tls_look_tell(&t->look, t->out, bw_tcp_chain(t));
    if (rest->len == 0)
        return;
    bw_trail_say(t->out, "heard besides:");
    bw_trail_add(t->out, BW_TRAIL_HEARD, rest->data, rest->len);
}

static void measure_dialogue(const struct bw_probe_try *t)
{
    struct bw_measures *measures = t->out->measures;
    bw_measures_add(measures, BW_METRIC_PROBE_FAILED_DUE_TO_REGEX, t->dialogue.regex_failed, NULL);
    bw_measures_add(measures, BW_METRIC_PROBE_FAILED_DUE_TO_BYTES, t->dialogue.bytes_failed, NULL);
    bw_tcp_labels_measure(&t->dialogue, measures);
}

void bw_tcp_settle(struct bw_probe_try *t)
{
    const bool by_name = !t->plan->local && t->path == NULL;
    if (by_name)
        bw_probe_measure_lookup(t->out);
    if (t->has_address)
        bw_probe_measure_address(t->out, &t->address);
    if (!t->plan->looks || t->plan->step_count > 0)
        measure_dialogue(t);
    if (t->stream.ssl != NULL || t->path != NULL)
        bw_tls_measure(&t->tls);
    if (t->plan->looks)
        bw_tls_look_measure(&t->look, &t->tls, bw_tcp_chain(t));
    if (bw_trail_is_wanted(t->out))
        tell(t);
}

/* The last thing that is done to a try. */
void bw_tcp_end(struct bw_probe_try *t)
{
    bw_probe_try_done_fn *done = t->done;
    void *ctx = t->ctx;
    bw_probe_leave(t->out);
    bw_tcp_settle(t);
    bw_tcp_cancel(t);
    done(ctx);
}

/* ---- bytes in and out ---- */

static enum bw_stream_io receive(struct bw_probe_try *t)
{
    char bytes[READ_BYTES];
    size_t len;
    const enum bw_stream_io io = bw_stream_read(&t->stream, bytes, sizeof bytes, &len);
    if (io == BW_STREAM_DONE)
        bw_dialogue_feed(&t->dialogue, bytes, len);
    if (io != BW_STREAM_CLOSED)
        return io;
    bw_dialogue_close(&t->dialogue);
    return BW_STREAM_DONE;
}

static enum bw_stream_io transmit(struct bw_probe_try *t)
{
    const struct bw_buf *out = &t->dialogue.out;
    const enum bw_stream_io io = bw_stream_write(&t->stream, out->data, out->len, &t->sent);
    t->sending = io != BW_STREAM_DONE;
    if (!t->sending)
        t->sent = 0;
    return io;
}

/* ---- TLS ---- */

STACK_OF(X509) * bw_tcp_chain(const struct bw_probe_try *t)
{
    return t->stream.ssl != NULL ? SSL_get_peer_cert_chain(t->stream.ssl) : t->filed;
}

void bw_tcp_judge(struct bw_probe_try *t)
{
    struct bw_tls_memory *last = NULL;
    if (t->target->memory != NULL && t->plan->tells_changes) {
        if (t->target->memory->data == NULL)
            t->target->memory->data = bw_tls_memory_new();
        last = t->target->memory->data;
    }
    bw_probe_leave(t->out);
    bw_tls_look_judge(&t->tls, last);
    bw_tcp_end(t);
}

static void talk(struct bw_probe_try *t);

static void begin_tls(struct bw_probe_try *t)
{
    bw_probe_enter(t->out, BW_PHASE_TLS);
    if (t->stream.ssl == NULL)
        t->tls = (struct bw_tls_watch){
            .plan = &t->plan->tls_plan,
            .out = t->out,
            .name = bw_tls_expected_name(&t->plan->tls_plan, t->target, t->at.host),
            .lenient = t->plan->looks,
        };
    bw_stream_secure(&t->stream, &t->tls);
}

static void on_secured(void *ctx)
{
    struct bw_probe_try *t = ctx;
    if (t->plan->looks) {
        bw_tls_look_staple(&t->look, &t->tls, t->stream.ssl);
        bw_tcp_judge(t);
        return;
    }
    bw_probe_enter(t->out, BW_PHASE_PROCESSING);
    talk(t);
}

/* ---- the dialogue ---- */

/* Does what the dialogue wants; false when it has to wait, or is over and the try gone. */
static bool obey(struct bw_probe_try *t, enum bw_dialogue_want want)
{
    enum bw_stream_io io;
    switch (want) {
    case BW_DIALOGUE_READ:
        io = receive(t);
        break;
    case BW_DIALOGUE_SEND:
        io = transmit(t);
        break;
    case BW_DIALOGUE_STARTTLS:
        begin_tls(t);
        return false;
    default: /* PASSED, FAILED */
        bw_tcp_end(t);
        return false;
    }
    if (io == BW_STREAM_BROKEN)
        bw_tcp_end(t);
    else if (io != BW_STREAM_DONE)
        bw_stream_wait(&t->stream, io);
    return io == BW_STREAM_DONE;
}

/* One read a turn: a peer that floods us must not keep the loop to itself. */
static void talk(struct bw_probe_try *t)
{
    for (bool read = false;;) {
        enum bw_dialogue_want want =
            t->sending ? BW_DIALOGUE_SEND : bw_dialogue_next(&t->dialogue, t->out);
        if (want == BW_DIALOGUE_READ && read && !bw_stream_has_more(&t->stream)) {
            bw_stream_wait(&t->stream, BW_POLL_READ);
            return;
        }
        read = read || want == BW_DIALOGUE_READ;
        if (!obey(t, want))
            return;
    }
}

/* ---- connected ---- */

static void on_connected(void *ctx)
{
    struct bw_probe_try *t = ctx;
    if (t->plan->local)
        bw_unix_connected(t);
    if (t->plan->tls) {
        begin_tls(t);
        return;
    }
    if (t->plan->step_count > 0)
        bw_probe_enter(t->out, BW_PHASE_PROCESSING);
    talk(t);
}

static void on_ready(void *ctx)
{
    talk(ctx);
}

static void on_failed(void *ctx)
{
    bw_tcp_end(ctx);
}

const struct bw_stream_ops bw_tcp_stream_ops = { .connected = on_connected,
                                                 .secured = on_secured,
                                                 .ready = on_ready,
                                                 .failed = on_failed,
                                                 .where = "in the dialogue: " };
