// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/http_get.h"

#include "base/mem.h"
#include "base/units.h"
#include "probe/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bw_http_get {
    struct bw_probe_target target;
    char *url;
    struct bw_http_plan *plan;
    struct bw_arena arena; /* of the measures */
    struct bw_measures measures;
    struct bw_probe_outcome out;
    struct bw_probe_try *fetch; /* NULL: nothing is under way, or it has not begun */
    struct bw_timer *timer;     /* its deadline, or at once when it cannot even begin */
    int64_t timeout_ns;
    bw_http_got_fn *done;
    void *ctx;
};

static struct bw_http_options whole(const struct bw_http_options *options)
{
    struct bw_http_options o = *options;
    o.method = "GET";
    o.compression = "gzip";
    o.preferred_ip_protocol = BW_IP_ANY;
    o.ip_protocol_fallback = true;
    o.max_redirects = BW_PROBE_REDIRECTS_MAX;
    return o;
}

enum bw_rc bw_http_get_check(const struct bw_http_options *options, struct bw_err *err)
{
    const struct bw_http_options o = whole(options);
    return bw_http_check_options(&o, err);
}

struct bw_http_get *bw_http_get_new(const char *url, const struct bw_http_options *options,
                                    struct bw_pairs headers, uint64_t body_bytes_max,
                                    const char *folder, struct bw_err *err)
{
    struct bw_http_options o = whole(options);
    struct bw_http_url parsed;
    o.headers = headers;
    o.body_size_limit_bytes = body_bytes_max;
    if (bw_http_url_parse(url, &parsed, err) != BW_OK)
        return NULL;
    bw_http_url_fini(&parsed);
    struct bw_http_plan *plan = bw_http_prepare(NULL, &o, folder, err);
    if (plan == NULL)
        return NULL;
    plan->keeps_body = true;
    struct bw_http_get *get = bw_alloc(sizeof *get);
    get->url = bw_strdup(url);
    get->target.text = get->url;
    get->plan = plan;
    return get;
}

static void clear(struct bw_http_get *get)
{
    bw_http_fetch_cancel(get->fetch);
    get->fetch = NULL;
    bw_arena_fini(&get->arena);
}

void bw_http_get_free(struct bw_http_get *get)
{
    if (get == NULL)
        return;
    clear(get);
    bw_timer_free(get->timer);
    bw_http_release(get->plan);
    free(get->url);
    free(get);
}

/* Whoever is told may free it. */
static void tell(struct bw_http_get *get, const struct bw_http_got *got)
{
    bw_timer_stop(get->timer);
    get->done(get->ctx, got);
}

static void on_fetched(void *ctx, const struct bw_http_answer *answer)
{
    struct bw_http_get *get = ctx;
    char fault[BW_PROBE_DETAIL_BYTES_MAX];
    get->fetch = NULL;
    if (answer == NULL) {
        bw_probe_quote(fault, sizeof fault, get->out.detail, strlen(get->out.detail));
        tell(get, &(struct bw_http_got){ .fault = fault });
        return;
    }
    tell(get, &(struct bw_http_got){ .status = answer->status,
                                     .type = bw_http_answer_value(answer, "content-type"),
                                     .body = answer->body.data,
                                     .len = answer->body.len });
}

static void on_timer(void *ctx)
{
    struct bw_http_get *get = ctx;
    char fault[BW_PROBE_DETAIL_BYTES_MAX];
    char span[BW_DURATION_TEXT_MAX];
    bw_format_duration_short(span, get->timeout_ns);
    if (get->fetch != NULL)
        snprintf(fault, sizeof fault, "no answer within %s", span);
    else
        bw_probe_quote(fault, sizeof fault, get->out.detail, strlen(get->out.detail));
    clear(get);
    tell(get, &(struct bw_http_got){ .fault = fault });
}

void bw_http_get_start(struct bw_http_get *get, struct bw_probe_engine *engine, int64_t timeout_ns,
                       bw_http_got_fn *done, void *ctx)
{
    clear(get);
    get->done = done;
    get->ctx = ctx;
    get->timeout_ns = timeout_ns;
    if (get->timer == NULL)
        get->timer = bw_timer_new(engine->loop, on_timer, get);
    bw_measures_init(&get->measures, &get->arena);
    get->out = (struct bw_probe_outcome){ .measures = &get->measures };
    get->fetch = bw_http_fetch(engine, get->plan, &get->target, &get->out, on_fetched, get);
    bw_timer_start(get->timer, get->fetch != NULL ? timeout_ns : 0, 0);
}
