// SPDX-License-Identifier: GPL-3.0-or-later
/* The HTTP probe. One hop is one name lookup and one transfer (probe/http_transfer.h); redirects
 * are followed here, hop by hop, so that each passes the same checks:
 *
 *     (a token for the target, when there is none yet)
 *     URL --> lookup --> the proxy's lookup --> transfer --> answer --3xx--> next URL
 *         \-------------^           \-----------^              \--else--> judged --> done
 *          a proxy does it           there is none
 *
 * Phases are timed by our own clock: libcurl's times are zero after a failed handshake. */
#include "probe/http.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "probe/http_memory.h"
#include "probe/http_transfer.h"
#include "probe/trail.h"
#include "probe/way.h"

#include <stdlib.h>
#include <string.h>

struct bw_probe_try {
    struct bw_probe_engine *engine;
    struct bw_http_plan *plan;
    const struct bw_probe_target *target;
    struct bw_probe_outcome *out;
    bw_probe_try_done_fn *done;
    void *ctx;
    struct bw_http_url url;
    bool url_is_lent; /* it is the memory's */
    char *first_origin;
    struct bw_lookup *lookup;
    struct bw_address address;
    bool has_address;
    const struct bw_http_proxy *proxy; /* of this hop; or NULL */
    struct bw_address proxy_address;
    struct bw_http_transfer transfer;
    struct bw_http_answer answer;
    bool trusted, plain_get;
    struct bw_http_token_wait *wait; /* for a token; or NULL */
    bw_http_fetched_fn *fetched;     /* NULL: a probe, else a request of our own */
    unsigned redirects;
    bool regex_failed;
    struct bw_http_search *search; /* of the body, on a worker */
};

static void drop_url(struct bw_probe_try *t)
{
    if (!t->url_is_lent)
        bw_http_url_fini(&t->url);
    t->url_is_lent = false;
}

static void release(struct bw_probe_try *t)
{
    bw_http_token_wait_cancel(t->wait);
    bw_lookup_cancel(t->lookup);
    bw_http_search_cancel(t->search);
    bw_http_transfer_fini(&t->transfer);
    drop_url(t);
    bw_http_answer_fini(&t->answer);
    free(t->first_origin);
    free(t);
}

/* ---- what is measured ---- */

static double version_number(enum bw_http_version version)
{
    return version == BW_HTTP_1_0 ? 1.0 : version == BW_HTTP_1_1 ? 1.1 : 2.0;
}

static void measure_answer(struct bw_probe_try *t)
{
    struct bw_measures *m = t->out->measures;
    const struct bw_http_answer *answer = &t->answer;
    bool answered = answer->status != 0;
    bw_measures_add(m, BW_METRIC_PROBE_HTTP_STATUS_CODE, answer->status, NULL);
    bw_measures_add(m, BW_METRIC_PROBE_HTTP_REDIRECTS, t->redirects, NULL);
    bw_measures_add(m, BW_METRIC_PROBE_HTTP_SSL, answered && t->url.https, NULL);
    bw_measures_add(m, BW_METRIC_PROBE_FAILED_DUE_TO_REGEX, t->regex_failed, NULL);
    bw_measures_add(m, BW_METRIC_PROBE_HTTP_VERSION, answered ? version_number(answer->version) : 0,
                    NULL);
    bw_measures_add(m, BW_METRIC_PROBE_HTTP_CONTENT_LENGTH,
                    answered ? (double)answer->content_length : 0, NULL);
    bw_measures_add(m, BW_METRIC_PROBE_HTTP_UNCOMPRESSED_BODY_LENGTH, (double)answer->body_bytes,
                    NULL);
    if (t->plan->keep_alive)
        bw_measures_add(m, BW_METRIC_PROBE_HTTP_CONNECTION_REUSED, answered && t->transfer.reused,
                        NULL);
    if (answer->last_modified_s != 0)
        bw_measures_add(m, BW_METRIC_PROBE_HTTP_LAST_MODIFIED_TIMESTAMP_SECONDS,
                        (double)answer->last_modified_s, NULL);
}

static void settle(struct bw_probe_try *t)
{
    struct bw_measures *m = t->out->measures;
    if (t->wait != NULL) {
        bw_probe_fail(t->out, BW_REASON_TOKEN, "the token did not come in time");
        t->out->decided = true;
    }
    bw_probe_leave(t->out);
    t->out->http_status = t->answer.status;
    bw_probe_measure_lookup(t->out);
    if (t->has_address)
        bw_probe_measure_address(t->out, &t->address);
    for (enum bw_probe_phase phase = 0; phase < BW_PHASE_COUNT; phase++)
        bw_measures_lend(m, BW_METRIC_PROBE_HTTP_DURATION_SECONDS,
                         (double)t->out->phase_ns[phase] / BW_SECOND, bw_probe_phase_label(phase));
    measure_answer(t);
    if (t->transfer.has_tls)
        bw_tls_measure(&t->transfer.tls);
    if (t->transfer.has_tls && bw_trail_is_wanted(t->out))
        bw_tls_tell(&t->transfer.tls);
}

static void end_fetch(struct bw_probe_try *t)
{
    const bool good = t->out->reason == BW_REASON_NONE;
    struct bw_http_plan *plan = t->plan;
    plan->users++; /* who is told may let go of it */
    t->fetched(t->ctx, good ? &t->answer : NULL);
    release(t);
    bw_http_release(plan);
}

/* The last thing that is done to a try. */
static void end(struct bw_probe_try *t)
{
    bw_probe_try_done_fn *done = t->done;
    void *ctx = t->ctx;
    if (t->fetched != NULL) {
        end_fetch(t);
        return;
    }
    settle(t);
    release(t);
    done(ctx);
}

/* ---- hops ---- */

static void resolve(struct bw_probe_try *t);

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Takes the next URL over; false with the outcome set when we do not go there. */
static bool take_redirect(struct bw_probe_try *t, const char *location)
{
    struct bw_err err;
    struct bw_http_url next;
    if (t->redirects == t->plan->max_redirects) {
        bw_probe_fail(t->out, BW_REASON_HTTP_REDIRECTS, "more than %u redirects", t->redirects);
        return false;
    }
    if (bw_http_url_parse(location, &next, &err) != BW_OK) {
        char shown[101];
        bw_text_hide_userinfo(shown, sizeof shown, location);
        bw_probe_fail(t->out, BW_REASON_HTTP_REDIRECTS, "redirect to '%s': %s", shown, err.text);
        return false;
    }
    /* What has left the origin once is not trusted again, wherever it goes next. */
    t->trusted = t->trusted && strcmp(next.origin, t->first_origin) == 0;
    bool reads_only = strcmp(t->plan->method, "GET") == 0 || strcmp(t->plan->method, "HEAD") == 0;
    if (!reads_only && t->answer.status <= 303)
        t->plain_get = true;
    if (!t->trusted && t->plan->body != NULL && !t->plain_get) {
        bw_probe_fail(t->out, BW_REASON_HTTP_REDIRECTS,
                      "the body is not sent to another origin, %.100s", next.origin);
        bw_http_url_fini(&next);
        return false;
    }
    drop_url(t);
    t->url = next;
    t->redirects++;
    return true;
}

static void on_searched(void *ctx, const struct bw_probe_outcome *found, bool regex_failed)
{
    struct bw_probe_try *t = ctx;
    t->search = NULL;
    t->regex_failed = t->regex_failed || regex_failed;
    if (found->reason != BW_REASON_NONE)
        bw_probe_fail(t->out, found->reason, "%s", found->detail);
    if (found->warned)
        bw_probe_warn(t->out, "%s", found->warning);
    end(t);
}

static void judge(struct bw_probe_try *t)
{
    struct bw_buf *body = &t->answer.body; /* empty when nothing looks at it */
    if (t->plan->token != NULL && t->trusted && t->answer.status == 401)
        bw_http_token_reject(t->plan->token);
    if (t->fetched != NULL) { /* who asked judges */
        end(t);
        return;
    }
    t->regex_failed = bw_http_judge_head(t->plan, &t->answer, t->url.https, t->out);
    if (body->len <= BW_HTTP_SEARCH_BYTES) {
        const bool failed = bw_http_judge_body(t->plan, body, BW_REGEX_LOOP_NS, t->out);
        t->regex_failed = t->regex_failed || failed;
        end(t);
        return;
    }
    struct bw_err err;
    bw_http_transfer_drop(&t->transfer); /* the connection has served */
    t->search = bw_http_search_start(t->engine, t->plan, body, on_searched, t, &err);
    if (t->search != NULL)
        return;
    bw_probe_fail(t->out, BW_REASON_LOCAL_LIMIT, "%s", err.text);
    end(t);
}

static void on_answered(struct bw_probe_try *t)
{
    const char *location = NULL;
    if (t->plan->follow_redirects && is_redirect(t->answer.status))
        location = bw_http_answer_value(&t->answer, "location");
    if (location == NULL || *location == '\0') {
        judge(t);
        return;
    }
    char *next = bw_http_url_follow(&t->url, location);
    if (take_redirect(t, next)) {
        bw_http_transfer_drop(&t->transfer);
        bw_trail_chapter(t->out);
        resolve(t);
    } else {
        end(t);
    }
    free(next);
}

static void on_transferred(void *ctx)
{
    struct bw_probe_try *t = ctx;
    if (t->out->reason != BW_REASON_NONE)
        end(t);
    else
        on_answered(t);
}

/* All names are looked up. */
static void transfer(struct bw_probe_try *t)
{
    const struct bw_http_hop hop = {
        .plan = t->plan,
        .url = &t->url,
        .address = t->has_address ? &t->address : NULL,
        .proxy = t->proxy,
        .proxy_address = &t->proxy_address,
        .host_header = t->trusted ? t->target->host : NULL,
        .trusted = t->trusted,
        .plain_get = t->plain_get,
    };
    if (!bw_http_transfer_begin(&t->transfer, &hop))
        end(t);
}

static void look_up(struct bw_probe_try *t, const char *name, bw_lookup_done_fn *done)
{
    const struct bw_lookup_query query = { .name = name,
                                           .preference = t->plan->preference,
                                           .fallback = t->plan->fallback };
    t->lookup = bw_way_begin(t->engine, t->out, &query, done, t);
}

/* False when the try has ended with it. */
static bool take_lookup(struct bw_probe_try *t, bool found)
{
    t->lookup = NULL;
    if (!found)
        end(t);
    return found;
}

static void on_proxy_resolved(void *ctx, const struct bw_lookup_result *result)
{
    struct bw_probe_try *t = ctx;
    if (take_lookup(t, bw_way_take_proxy(t->out, result, t->proxy->host, &t->proxy_address)))
        transfer(t);
}

static void on_resolved(void *ctx, const struct bw_lookup_result *result)
{
    struct bw_probe_try *t = ctx;
    if (!take_lookup(t, bw_way_take(t->out, result, t->url.host, &t->address)))
        return;
    t->has_address = true;
    if (t->proxy != NULL)
        look_up(t, t->proxy->host, on_proxy_resolved);
    else
        transfer(t);
}

/* A proxy that looks names up could be sent anywhere: where addresses are looked at, we look the
 * name up too. */
static void resolve(struct bw_probe_try *t)
{
    bw_probe_enter(t->out, BW_PHASE_RESOLVE);
    t->proxy = bw_http_proxy_for(&t->plan->proxies, &t->url);
    t->has_address = false;
    const bool by_name = t->proxy != NULL && (t->plan->skip_resolve || t->proxy->by_name);
    if (by_name && t->target->filter == NULL)
        look_up(t, t->proxy->host, on_proxy_resolved);
    else
        look_up(t, t->url.host, on_resolved);
}

static enum bw_rc read_target(struct bw_probe_try *t, struct bw_err *err)
{
    struct bw_probe_memory *memory = t->target->memory;
    if (memory == NULL)
        return bw_http_url_parse(t->target->text, &t->url, err);
    if (memory->data == NULL)
        memory->data = bw_http_memory_new(t->engine->loop);
    t->transfer.memory = memory->data;
    const struct bw_http_url *url = bw_http_memory_url(memory->data, t->target->text, err);
    if (url == NULL)
        return err->rc;
    t->url = *url;
    t->url_is_lent = true;
    return BW_OK;
}

static void on_token(void *ctx, const char *fault)
{
    struct bw_probe_try *t = ctx;
    t->wait = NULL;
    if (fault != NULL) {
        bw_probe_fail(t->out, BW_REASON_TOKEN, "%s", fault);
        end(t);
        return;
    }
    resolve(t);
}

static struct bw_probe_try *begin(struct bw_probe_engine *engine, void *prepared,
                                  const struct bw_probe_target *target,
                                  struct bw_probe_outcome *out, bw_probe_try_done_fn *done,
                                  void *ctx)
{
    struct bw_err err;
    struct bw_probe_try *t = bw_alloc(sizeof *t);
    *t = (struct bw_probe_try){ .engine = engine,
                                .plan = prepared,
                                .target = target,
                                .out = out,
                                .done = done,
                                .ctx = ctx,
                                .transfer = { .engine = engine,
                                              .target = target,
                                              .out = out,
                                              .done = on_transferred,
                                              .ctx = t },
                                .trusted = true };
    if (read_target(t, &err) != BW_OK) {
        bw_probe_fail(out, BW_REASON_INTERNAL, "%s", err.text);
        free(t);
        return NULL;
    }
    t->first_origin = bw_strdup(t->url.origin);
    t->transfer.answer = &t->answer;
    bw_http_answer_init(&t->answer, t->plan);
    bw_http_plan_refresh(t->plan, out);
    return t;
}

/* A token comes first, if it needs one. */
static struct bw_probe_try *go(struct bw_probe_try *t)
{
    if (t->plan->token != NULL)
        t->wait = bw_http_token_want(t->plan->token, t->engine, on_token, t);
    if (t->wait != NULL)
        bw_trail_say(t->out, "waiting for a token");
    else
        resolve(t);
    return t;
}

static struct bw_probe_try *start(struct bw_probe_engine *engine, void *prepared,
                                  const struct bw_probe_target *target,
                                  struct bw_probe_outcome *out, bw_probe_try_done_fn *done,
                                  void *ctx)
{
    struct bw_probe_try *t = begin(engine, prepared, target, out, done, ctx);
    return t != NULL ? go(t) : NULL;
}

struct bw_probe_try *bw_http_fetch(struct bw_probe_engine *engine, struct bw_http_plan *plan,
                                   const struct bw_probe_target *target,
                                   struct bw_probe_outcome *out, bw_http_fetched_fn *done,
                                   void *ctx)
{
    struct bw_probe_try *t = begin(engine, plan, target, out, NULL, ctx);
    if (t == NULL)
        return NULL;
    t->fetched = done;
    return go(t);
}

void bw_http_fetch_cancel(struct bw_probe_try *fetch)
{
    if (fetch != NULL)
        release(fetch);
}

static enum bw_rc check_target(const char *text, struct bw_err *err)
{
    struct bw_http_url url;
    enum bw_rc rc = bw_http_url_parse(text, &url, err);
    if (rc == BW_OK)
        bw_http_url_fini(&url);
    return rc;
}

extern const struct bw_probe_ops bw_probe_http;
const struct bw_probe_ops bw_probe_http = {
    .name = "http",
    .summary = "Requests a URL; asserts on status, headers, body and TLS.",
    .target_help = "URL",
    .options = &bw_probe_http_group,
    .prepare = bw_http_prepare,
    .release = bw_http_release,
    .secrets = bw_http_secrets,
    .forget = bw_http_memory_free,
    .check_target = check_target,
    .start = start,
    .settle = settle,
    .cancel = release,
};
