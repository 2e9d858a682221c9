// SPDX-License-Identifier: GPL-3.0-or-later
/* /probe: one probe for whoever asks, in blackbox_exporter's way. */
#include "base/num.h"
#include "metric/negotiate.h"
#include "web/answer.h"
#include "web/endpoint.h"

#include <string.h>

static bool is_asked(const struct bw_request *request, const char *name, const char *word)
{
    const char *value = bw_url_param(&request->url, name);
    return value != NULL && strcmp(value, word) == 0;
}

/* What says which: blackbox_exporter takes an empty value for none. */
static const char *param(const struct bw_request *request, const char *name)
{
    const char *value = bw_url_param(&request->url, name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static void answered(void *reply, unsigned status, const struct bw_buf *text)
{
    struct bw_request *request = reply;
    const char *type;
    if (!bw_request_take(request))
        return;
    bw_negotiate_exposition(request->headers.accept, &type);
    if (status != 200 || is_asked(request, "debug", "true"))
        type = "text/plain; charset=utf-8";
    bw_answer_begin(request, type);
    bw_buf_bytes(&request->answer.body, text->data, text->len);
    request->answer.status = status;
    if (status == 429 || status == 503)
        request->answer.retry_after = "1";
    bw_answer_compress(request);
    bw_request_finish(request);
}

/* Seconds: more than anybody waits for are no more than that. */
static void read_timeout(const struct bw_request *request, struct bw_probe_order *order)
{
    enum { TOO_LONG_S = 1000000 };
    const char *text = request->headers.scrape_timeout;
    if (text == NULL || text[0] == '\0')
        return;
    order->timeout_is_garbage = !bw_parse_double(text, strlen(text), &order->scrape_timeout_s);
    if (order->scrape_timeout_s > TOO_LONG_S)
        order->scrape_timeout_s = TOO_LONG_S;
}

void bw_endpoint_probe(struct bw_request *request)
{
    const struct bw_web_hooks *hooks = &request->site->hooks;
    const char *type;
    struct bw_buf words;
    struct bw_probe_order order = {
        .target = param(request, "target"),
        .module = param(request, "module"),
        .hostname = param(request, "hostname"),
        .params = request->url.params,
        .param_count = request->url.param_count,
        .trusted = bw_request_is_trusted(request),
        .debug = is_asked(request, "debug", "true"),
        .cached = is_asked(request, "cached", "1"),
        .extra = is_asked(request, "extra", "1"),
        .format = bw_negotiate_exposition(request->headers.accept, &type),
    };
    read_timeout(request, &order);
    bw_buf_init(&words, 256);
    if (hooks->probe == NULL) {
        bw_buf_text(&words, "Nothing is probed here\n");
        answered(request, 503, &words);
    } else {
        hooks->probe(hooks->ctx, &order, answered, request);
    }
    bw_buf_fini(&words);
}
