// SPDX-License-Identifier: GPL-3.0-or-later
/* Jobs that report by themselves, in our own words and in those of Gatus and Uptime Kuma. Read and
 * checked here; whose report it is and what it means is found out behind a hook. */
#include "base/num.h"
#include "base/text.h"
#include "base/units.h"
#include "io/loop.h"
#include "web/answer.h"
#include "web/endpoint.h"
#include "web/server.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* "Bearer TOKEN", or what the URL says. */
static const char *token_of(const struct bw_request *request)
{
    static const char scheme[] = "Bearer ";
    const char *header = request->headers.authorization;
    if (header == NULL)
        return bw_url_param(&request->url, "token");
    if (strncasecmp(header, scheme, sizeof scheme - 1) != 0)
        return NULL;
    return header + sizeof scheme - 1 + strspn(header + sizeof scheme - 1, " ");
}

static bool shows_token(const struct bw_request *request)
{
    return token_of(request) != NULL || request->route->handler == bw_api_push_kuma;
}

static void answer_error(struct bw_request *request, const struct bw_err *err)
{
    struct bw_web *web = request->exchange->web;
    struct bw_client client;
    if (err->rc == BW_EDENIED) {
        if (shows_token(request) && bw_server_client(request->exchange->connection, &client))
            bw_throttle_failed(web->throttle, &client, bw_loop_mono_ns());
        bw_answer_problem(request, 401, "%s", err->text);
        request->answer.challenge = "Bearer";
    } else if (err->rc == BW_EBUSY) {
        bw_answer_problem(request, 429, "%s", err->text);
        request->answer.retry_after = "60";
    } else {
        bw_answer_error(request, err);
    }
}

/* bw_push_done_fn */
static void pushed(void *reply, const struct bw_err *err)
{
    struct bw_request *request = reply;
    if (!bw_request_take(request))
        return;
    if (err != NULL) {
        answer_error(request, err);
    } else {
        bw_answer_begin(request, "application/json");
        bw_buf_text(&request->answer.body, "{\"ok\":true}\n");
    }
    bw_request_finish(request);
}

/* For how long somebody who has shown too many wrong tokens has to wait. */
static unsigned wait_of(const struct bw_request *request)
{
    struct bw_client client;
    if (!bw_server_client(request->exchange->connection, &client))
        return 0;
    return bw_throttle_wait_s(request->exchange->web->throttle, &client, bw_loop_mono_ns());
}

static void refuse(struct bw_request *request, unsigned status, const char *detail, unsigned wait_s)
{
    if (!bw_request_take(request))
        return;
    bw_answer_problem(request, status, "%s", detail);
    if (wait_s > 0)
        request->answer.retry_after = bw_arena_printf(&request->arena, "%u", wait_s);
    bw_request_finish(request);
}

static void hand_in(struct bw_request *request, const struct bw_push_report *report)
{
    const struct bw_web_hooks *hooks = &request->site->hooks;
    struct bw_push_report *kept = bw_arena_alloc(&request->arena, sizeof *kept);
    const unsigned wait_s = wait_of(request);
    *kept = *report;
    if (hooks->push == NULL)
        refuse(request, 404, "Nobody takes reports here.", 0);
    else if (wait_s > 0)
        refuse(request, 429, "Too many wrong tokens came from this address.", wait_s);
    else
        hooks->push(hooks->ctx, kept, pushed, request);
}

static struct bw_push_report blank(const struct bw_request *request)
{
    return (struct bw_push_report){ .token = token_of(request), .duration_ns = -1 };
}

static void set_message(struct bw_push_report *report, const char *text)
{
    report->message = text;
    report->message_size = text != NULL ? strlen(text) : 0;
}

/* "1m30s", or a number of seconds. Absent or empty: it does not say. */
static bool read_duration(const struct bw_request *request, int64_t *out_ns)
{
    const char *text = bw_url_param(&request->url, "duration");
    struct bw_err err;
    double number;
    if (text == NULL || text[0] == '\0')
        return true;
    if (bw_parse_double(text, strlen(text), &number)) {
        if (!(number >= 0 && number <= 1e8))
            return false;
        *out_ns = llround(number * 1e9);
        return true;
    }
    return bw_parse_duration(text, out_ns, &err) == BW_OK;
}

/* ---- our own words ---------------------------------------------------------------------- */

static bool read_word(const char *text, enum bw_push_word *out)
{
    static const struct {
        const char *name;
        enum bw_push_word word;
    } words[] = { { "start", BW_PUSH_START },
                  { "finish", BW_PUSH_PASS },
                  { "success", BW_PUSH_PASS },
                  { "fail", BW_PUSH_FAIL } };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].name, text) == 0) {
            *out = words[i].word;
            return true;
        }
    }
    return false;
}

static void push(struct bw_request *request, const char *word)
{
    struct bw_push_report report = blank(request);
    report.service = request->captures[0];
    report.check = request->captures[1];
    set_message(&report, bw_url_param(&request->url, "msg"));
    if (report.message == NULL && request->body.len > 0) {
        report.message = request->body.data;
        report.message_size = request->body.len;
    }
    if (!read_word(word, &report.word))
        refuse(request, 400, "Expected /start, /finish or /fail at the end, or nothing.", 0);
    else if (!read_duration(request, &report.duration_ns))
        refuse(request, 400, "duration: expected a duration such as 1m30s, or seconds.", 0);
    else
        hand_in(request, &report);
}

void bw_api_push(struct bw_request *request)
{
    push(request, "finish");
}

void bw_api_push_word(struct bw_request *request)
{
    push(request, request->captures[2]);
}

/* ---- Gatus ------------------------------------------------------------------------------ */

void bw_api_push_gatus(struct bw_request *request)
{
    struct bw_push_report report = blank(request);
    const char *success = bw_url_param(&request->url, "success");
    report.key = request->captures[0];
    set_message(&report, bw_url_param(&request->url, "error"));
    report.word = success != NULL && strcmp(success, "true") == 0 ? BW_PUSH_PASS : BW_PUSH_FAIL;
    if (success == NULL || (report.word == BW_PUSH_FAIL && strcmp(success, "false") != 0))
        refuse(request, 400, "success: expected true or false.", 0);
    else if (!read_duration(request, &report.duration_ns))
        refuse(request, 400, "duration: expected a duration such as 10s.", 0);
    else
        hand_in(request, &report);
}

/* ---- Uptime Kuma ------------------------------------------------------------------------ */

/* `ping`: milliseconds, or nothing. */
static bool read_ping(const struct bw_request *request, int64_t *out_ns)
{
    const char *text = bw_url_param(&request->url, "ping");
    double ms;
    if (text == NULL || text[0] == '\0')
        return true;
    if (!bw_parse_double(text, strlen(text), &ms) || !(ms >= 0 && ms <= 1e11))
        return false;
    *out_ns = llround(ms * 1e6);
    return true;
}

void bw_api_push_kuma(struct bw_request *request)
{
    struct bw_push_report report = blank(request);
    const char *status = bw_url_param(&request->url, "status");
    report.token = request->captures[0];
    set_message(&report, bw_url_param(&request->url, "msg"));
    report.word = status == NULL || strcmp(status, "up") == 0 ? BW_PUSH_PASS : BW_PUSH_FAIL;
    if (report.word == BW_PUSH_FAIL && strcmp(status, "down") != 0)
        refuse(request, 400, "status: expected up or down.", 0);
    else if (!read_ping(request, &report.duration_ns))
        refuse(request, 400, "ping: expected milliseconds.", 0);
    else
        hand_in(request, &report);
}
