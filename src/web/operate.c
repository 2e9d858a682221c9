// SPDX-License-Identifier: GPL-3.0-or-later
/* What machines ask of the daemon itself: metrics, health, readiness, reload. */
#include "base/limits.h"
#include "host/host.h"
#include "metric/negotiate.h"
#include "web/answer.h"
#include "web/endpoint.h"
#include "web/spare.h"

/* As node_exporter has it: ?collect[]=cpu&collect[]=meminfo, or ?exclude[]=netclass, not both.
 * *out is NULL for everything; false when it was answered already. */
static bool read_filter(struct bw_request *request, struct bw_family_filter *filter,
                        const struct bw_family_filter **out)
{
    const char *wanted[BW_URL_PARAMS_MAX], *unwanted[BW_URL_PARAMS_MAX];
    const size_t count = bw_url_params(&request->url, "collect[]", wanted);
    const size_t excluded = bw_url_params(&request->url, "exclude[]", unwanted);
    struct bw_err err;
    *out = count + excluded > 0 ? filter : NULL;
    if (count > 0 && excluded > 0) {
        bw_answer_problem(request, 400, "collect[] and exclude[] cannot be combined.");
        return false;
    }
    if (excluded > 0)
        bw_sampler_exclusion(unwanted, excluded, &request->arena, filter);
    else if (count > 0
             && bw_sampler_filter(wanted, count, &request->arena, filter, &err) != BW_OK) {
        bw_answer_problem(request, 400, "%s", err.text);
        return false;
    }
    return true;
}

void bw_endpoint_metrics(struct bw_request *request)
{
    const struct bw_web_hooks *hooks = &request->site->hooks;
    const char *type;
    struct bw_family_filter filter;
    const struct bw_family_filter *shown;
    enum bw_exposition format = bw_negotiate_exposition(request->headers.accept, &type);
    if (!read_filter(request, &filter, &shown))
        return;
    bw_answer_begin(request, type);
    request->answer.body.max = BW_WEB_METRICS_BYTES_MAX;
    bw_spare_lend(request->site->spare, &request->answer.body);
    hooks->metrics(hooks->ctx, format, shown, &request->answer.body);
    if (bw_buf_failed(&request->answer.body))
        bw_answer_problem(request, 500, "The metrics take more than %u bytes.",
                          BW_WEB_METRICS_BYTES_MAX);
    else
        bw_answer_compress(request);
}

void bw_endpoint_healthy(struct bw_request *request)
{
    bw_answer_text(request, "Bellwether is healthy.\n");
}

void bw_endpoint_ready(struct bw_request *request)
{
    const struct bw_web_hooks *hooks = &request->site->hooks;
    const char *why = "starting";
    if (hooks->is_ready(hooks->ctx, &why)) {
        bw_answer_text(request, "Bellwether is ready.\n");
        return;
    }
    bw_answer_text(request, "Bellwether is not ready: ");
    bw_buf_text(&request->answer.body, why);
    bw_buf_text(&request->answer.body, ".\n");
    request->answer.status = 503;
    request->answer.retry_after = "1";
}

static void reloaded(void *reply, bool ok, const char *message)
{
    struct bw_request *request = reply;
    if (!bw_request_take(request))
        return;
    if (ok)
        bw_answer_text(request, "The configuration was read again.\n");
    else
        bw_answer_problem(request, 422, "%s", message == NULL ? "refused" : message);
    bw_request_finish(request);
}

void bw_endpoint_reload(struct bw_request *request)
{
    const struct bw_web_hooks *hooks = &request->site->hooks;
    hooks->reload(hooks->ctx, reloaded, request);
}
