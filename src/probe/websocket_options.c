// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/websocket.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AT(member) offsetof(struct bw_websocket_step, member)

static const struct bw_opt step_options[] = {
    { "expect", BW_OPT_STRING, AT(expect),
      .help = "Regular expression that the next message of the peer must match." },
    { "send", BW_OPT_STRING, AT(send), .range = "0..16384",
      .help = "Text message to send then; ${1} is the first group of expect." },
    { 0 },
};
#undef AT

static enum bw_rc check_step(const void *opts, struct bw_err *err)
{
    const struct bw_websocket_step *step = opts;
    if (step->expect == NULL && step->send == NULL)
        return bw_fail(err, BW_EINVAL, "a step needs expect or send");
    return step->expect != NULL ? bw_regex_check(step->expect, err) : BW_OK;
}

static const struct bw_opt_group step_group = {
    .name = "websocket_step",
    .size = sizeof(struct bw_websocket_step),
    .opts = step_options,
    .help = "One step of a dialogue over WebSocket, of whole messages.",
    .check = check_step,
};

#define AT(member) offsetof(struct bw_websocket_options, member)

static const struct bw_opt websocket_options[] = {
    { "query_response", BW_OPT_GROUPS, AT(query_response), .group = &step_group,
      .help = "What to say and what to hear once the connection is a WebSocket, in this order." },
    { "headers", BW_OPT_MAP, AT(headers), .help = "Headers to send with the request." },
    { "subprotocols", BW_OPT_STRINGS, AT(subprotocols),
      .help = "Subprotocols to offer, of which the server must choose one; none: it must not." },
    BW_PROBE_ADDRESS_ROWS("a name"),
    { "tls_config", BW_OPT_GROUP, AT(tls_config), .group = &bw_probe_tls_group,
      .help = "For wss." },
    { 0 },
};
#undef AT

static bool is_token(const char *text)
{
    static const char good[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz";
    return *text != '\0' && strspn(text, good) == strlen(text);
}

/* Those that make the request what it is. */
static bool is_taken(const char *name)
{
    return strncasecmp(name, "sec-websocket-", 14) == 0 || strcasecmp(name, "upgrade") == 0
           || strcasecmp(name, "connection") == 0 || strcasecmp(name, "content-length") == 0
           || strcasecmp(name, "transfer-encoding") == 0;
}

static bool is_value(const char *text)
{
    while (*text == '\t' || ((unsigned char)*text >= 0x20 && *text != 0x7f))
        text++;
    return *text == '\0';
}

static enum bw_rc check_options(const void *opts, struct bw_err *err)
{
    const struct bw_websocket_options *o = opts;
    for (size_t i = 0; i < o->headers.count; i++) {
        const struct bw_pair *pair = &o->headers.items[i];
        if (!is_token(pair->name) || !is_value(pair->value))
            return bw_fail(err, BW_EINVAL, "headers: '%.60s' is no header", pair->name);
        if (is_taken(pair->name))
            return bw_fail(err, BW_EINVAL, "headers: '%.60s' is one of the protocol's own",
                           pair->name);
    }
    for (size_t i = 0; i < o->subprotocols.count; i++) {
        if (!is_token(o->subprotocols.items[i]))
            return bw_fail(err, BW_EINVAL, "subprotocols: '%.60s' is no word",
                           o->subprotocols.items[i]);
    }
    return BW_OK;
}

const struct bw_opt_group bw_probe_websocket_group = {
    .name = "websocket",
    .size = sizeof(struct bw_websocket_options),
    .opts = websocket_options,
    .help = "Asks a web server to change over to WebSocket, and may hold a dialogue of messages. "
            "The target is a URL with ws or wss.",
    .check = check_options,
};

/* ---- plans ---- */

static char *join(const struct bw_strings *words)
{
    struct bw_buf out;
    if (words->count == 0)
        return NULL;
    bw_buf_init(&out, BW_CONF_FILE_BYTES_MAX);
    for (size_t i = 0; i < words->count; i++)
        bw_buf_printf(&out, "%s%s", i > 0 ? ", " : "", words->items[i]);
    return bw_buf_detach(&out, NULL);
}

static void copy_headers(struct bw_http_plan *http, const struct bw_pairs *headers)
{
    http->headers = bw_alloc_array(headers->count + 1, sizeof *http->headers);
    for (; http->header_count < headers->count; http->header_count++) {
        const struct bw_pair *pair = &headers->items[http->header_count];
        http->headers[http->header_count] =
            (struct bw_http_header){ bw_strdup(pair->name), bw_strdup(pair->value), false };
    }
}

static enum bw_rc make_steps(struct bw_websocket_plan *plan, const struct bw_items *items,
                             struct bw_err *err)
{
    const struct bw_websocket_step *steps = items->items;
    plan->steps = bw_alloc_array(items->count + 1, sizeof *plan->steps);
    plan->step_count = items->count;
    for (size_t i = 0; i < items->count; i++) {
        plan->steps[i].send = bw_strdup(steps[i].send);
        if (steps[i].expect == NULL)
            continue;
        plan->steps[i].expect = bw_regex_new(steps[i].expect, err);
        if (plan->steps[i].expect == NULL)
            return bw_wrap(err, BW_EINVAL, "query_response[%zu].expect", i);
    }
    return BW_OK;
}

void *bw_websocket_prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                           struct bw_err *err)
{
    (void)engine;
    const struct bw_websocket_options *o = options;
    struct bw_websocket_plan *plan = bw_alloc(sizeof *plan);
    plan->http.preference = (enum bw_ip_preference)o->preferred_ip_protocol;
    plan->http.fallback = o->ip_protocol_fallback;
    plan->subprotocols = join(&o->subprotocols);
    copy_headers(&plan->http, &o->headers);
    enum bw_rc rc = check_options(o, err);
    if (rc == BW_OK)
        rc = make_steps(plan, &o->query_response, err);
    if (rc == BW_OK)
        rc = bw_tls_plan_make(&plan->http.tls_plan, &o->tls_config, folder, err);
    if (rc == BW_OK)
        return plan;
    bw_websocket_release(plan);
    return NULL;
}

void bw_websocket_release(void *prepared)
{
    struct bw_websocket_plan *plan = prepared;
    for (size_t i = 0; i < plan->step_count; i++) {
        bw_regex_free(plan->steps[i].expect);
        free(plan->steps[i].send);
    }
    for (size_t i = 0; i < plan->http.header_count; i++) {
        free(plan->http.headers[i].name);
        free(plan->http.headers[i].value);
    }
    free(plan->steps);
    free(plan->http.headers);
    bw_tls_plan_fini(&plan->http.tls_plan);
    free(plan->subprotocols);
    free(plan);
}

void bw_websocket_secrets(const void *prepared, struct bw_mask *mask)
{
    const struct bw_websocket_plan *plan = prepared;
    bw_http_secrets(&plan->http, mask);
    for (size_t i = 0; i < plan->step_count; i++)
        bw_mask_add_from(mask, plan->steps[i].send);
}

/* ---- targets ---- */

enum bw_rc bw_websocket_url_parse(const char *text, struct bw_http_url *out, struct bw_err *err)
{
    const bool plain = strncasecmp(text, "ws://", 5) == 0;
    const bool secure = strncasecmp(text, "wss://", 6) == 0;
    const size_t size = strlen(text) + 8;
    char *url = bw_alloc(size);
    snprintf(url, size, "%s%s",
             plain    ? "http://"
             : secure ? "https://"
                      : "",
             text
                 + (plain    ? 5
                    : secure ? 6
                             : 0));
    enum bw_rc rc = bw_http_url_parse(url, out, err);
    free(url);
    if (rc != BW_OK || !out->has_user)
        return rc;
    bw_http_url_fini(out);
    return bw_fail(err, BW_EINVAL, "a user name in the URL: say it in headers, as Authorization");
}
