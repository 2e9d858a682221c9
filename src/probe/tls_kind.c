// SPDX-License-Identifier: GPL-3.0-or-later
/* Kind tls: shakes hands with whatever the peer offers, or reads a file, and judges the
 * certificates. Nothing is said over TLS. */
#include "base/text.h"
#include "model/records.h"
#include "probe/tcp_try.h"
#include "probe/trail.h"

#include <string.h>

static const char file_scheme[] = "file:";

static const char *path_of(const char *target)
{
    return bw_text_starts_with(target, file_scheme) ? target + strlen(file_scheme) : NULL;
}

static enum bw_rc check_target(const char *text, struct bw_err *err)
{
    struct bw_tcp_target at;
    const char *path = path_of(text);
    if (path == NULL)
        return bw_tcp_target_parse(text, &at, err);
    return path[0] == '/' && path[1] != '\0'
               ? BW_OK
               : bw_fail(err, BW_EINVAL, "'%.80s' is not file:/PATH", text);
}

static void on_read(void *ctx, const struct bw_tls_filed *filed)
{
    struct bw_probe_try *t = ctx;
    const char *name = t->plan->tls_plan.server_name;
    t->file = NULL;
    t->filed = filed->chain;
    if (filed->chain == NULL) {
        bw_probe_fail(t->out, filed->reason, "%s", filed->error);
        bw_tcp_end(t);
        return;
    }
    bw_tls_take_chain(&t->tls, filed->chain);
    t->tls.finished = true;
    t->tls.error = filed->verify_error;
    t->tls.verified_s = filed->verified_s;
    if (t->tls.error == X509_V_OK && name != NULL
        && !bw_tls_name_matches(sk_X509_value(filed->chain, 0), name))
        t->tls.error = X509_V_ERR_HOSTNAME_MISMATCH;
    bw_tcp_judge(t);
}

/* False with the outcome set when it cannot. */
static bool begin_file(struct bw_probe_try *t)
{
    struct bw_err err;
    t->tls = (struct bw_tls_watch){ .plan = &t->plan->tls_plan, .out = t->out, .lenient = true };
    bw_probe_enter(t->out, BW_PHASE_PROCESSING);
    bw_trail_say(t->out, "reading the file");
    if (t->target->filter != NULL) {
        bw_probe_fail(t->out, BW_REASON_NOT_PERMITTED, "files of this machine are not allowed");
        return false;
    }
    t->file = bw_tls_file_start(t->engine, t->path, t->plan->tls_plan.store, on_read, t, &err);
    if (t->file != NULL)
        return true;
    bw_probe_fail(t->out, BW_REASON_LOCAL_LIMIT, "%s", err.text);
    return false;
}

static struct bw_probe_try *start(struct bw_probe_engine *engine, void *prepared,
                                  const struct bw_probe_target *target,
                                  struct bw_probe_outcome *out, bw_probe_try_done_fn *done,
                                  void *ctx)
{
    struct bw_err err;
    if (check_target(target->text, &err) != BW_OK) {
        bw_probe_fail(out, BW_REASON_INTERNAL, "%s", err.text);
        return NULL;
    }
    struct bw_probe_try *t = bw_tcp_try_new(engine, prepared, target, out, done, ctx);
    t->path = path_of(target->text);
    if (t->path == NULL) {
        bw_tcp_target_parse(target->text, &t->at, &err);
        bw_tcp_begin(t);
        return t;
    }
    if (begin_file(t))
        return t;
    bw_tcp_cancel(t);
    return NULL;
}

extern const struct bw_probe_ops bw_probe_look;
const struct bw_probe_ops bw_probe_look = {
    .name = "tls",
    .summary = "Looks at the certificates of a server, or of a file (file:/PATH).",
    .target_help = "HOST:PORT",
    .options = &bw_probe_look_group,
    .prepare = bw_look_prepare,
    .release = bw_tcp_release,
    .forget = bw_tls_memory_free,
    .change_name = BW_EVENT_CERTIFICATE_CHANGED,
    .check_target = check_target,
    .start = start,
    .settle = bw_tcp_settle,
    .cancel = bw_tcp_cancel,
};
