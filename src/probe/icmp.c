// SPDX-License-Identifier: GPL-3.0-or-later
/* The ICMP probe: one echo request, or a burst of them. */
#include "probe/icmp.h"

#include "base/mem.h"
#include "base/units.h"
#include "probe/module.h"
#include "probe/trail.h"
#include "probe/way.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAYLOAD_BYTES_DEFAULT = 56, HOST_BYTES_MAX = 254 };

/* How long the last replies of a burst are waited for at least, once others have come. */
#define LINGER_NS BW_SECOND

/* ---- options ---- */

#define AT(member) offsetof(struct bw_icmp_options, member)

static const struct bw_opt icmp_options[] = {
    BW_PROBE_ADDRESS_ROWS("a name"),
    { "source_ip_address", BW_OPT_STRING, AT(source_ip_address),
      .help = "Address of ours to send from." },
    { "payload_size", BW_OPT_INT, AT(payload_size), .def = "0", .range = "0..65507",
      .help = "Bytes behind the ICMP header; 0 means 56, as ping sends." },
    { "dont_fragment", BW_OPT_BOOL, AT(dont_fragment), .def = "false",
      .help = "Forbid that the packet is split on its way: tests the path's MTU." },
    { "ttl", BW_OPT_INT, AT(ttl), .def = "0", .range = "0..255",
      .help = "Hop limit of the requests; 0 is the system's." },
    { "count", BW_OPT_INT, AT(count), .def = "1", .range = "1..20",
      .help = "Requests of one probe. One reply makes it pass, unless fail_if_loss_above says "
              "otherwise." },
    { "interval", BW_OPT_DURATION, AT(interval_ns), .def = "200ms", .range = "1ms..10s",
      .help = "Time between two requests of a burst; the timeout has to leave room for all." },
    { "fail_if_loss_above", BW_OPT_RATIO, AT(fail_if_loss_above), .def = "1", .range = "0..1",
      .help = "Fail when a larger part of the requests has no reply." },
    { "warn_if_loss_above", BW_OPT_RATIO, AT(warn_if_loss_above), .def = "1", .range = "0..1",
      .help = "DEGRADED when a larger part of the requests has no reply." },
    { 0 },
};
#undef AT

static enum bw_rc check_options(const void *options, struct bw_err *err)
{
    return bw_probe_source_check(((const struct bw_icmp_options *)options)->source_ip_address, err);
}

const struct bw_opt_group bw_probe_icmp_group = {
    .name = "icmp",
    .size = sizeof(struct bw_icmp_options),
    .opts = icmp_options,
    .check = check_options,
    .help = "Sends echo requests. Needs no privilege where `net.ipv4.ping_group_range` includes "
            "our group (it holds for IPv6 too), else CAP_NET_RAW; with neither the result is "
            "`not_permitted`, which says nothing about the target.",
};

struct plan {
    struct bw_icmp_how how;
    struct bw_address source; /* how.source, if there is one */
    enum bw_ip_preference preference;
    bool fallback;
    unsigned count;
    int64_t interval_ns;
    double fail_above, warn_above;
};

static void *prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                     struct bw_err *err)
{
    (void)engine, (void)folder, (void)err;
    const struct bw_icmp_options *o = options;
    struct plan *plan = bw_alloc(sizeof *plan);
    *plan = (struct plan){
        .how = { .payload_bytes =
                     o->payload_size != 0 ? (size_t)o->payload_size : PAYLOAD_BYTES_DEFAULT,
                 .dont_fragment = o->dont_fragment,
                 .hop_limit = (int)o->ttl },
        .preference = (enum bw_ip_preference)o->preferred_ip_protocol,
        .fallback = o->ip_protocol_fallback,
        .count = (unsigned)o->count,
        .interval_ns = o->interval_ns,
        .fail_above = o->fail_if_loss_above,
        .warn_above = o->warn_if_loss_above,
    };
    if (bw_probe_source_read(o->source_ip_address, &plan->source))
        plan->how.source = &plan->source;
    return plan;
}

static void release_plan(void *prepared)
{
    free(prepared);
}

/* ---- targets ---- */

/* Where a host's name ends: an instance is HOST:PORT as a rule, and may be pinged as well. */
static size_t host_length(const char *text)
{
    struct bw_address address;
    const size_t len = strlen(text);
    if (bw_address_parse(text, &address))
        return len;
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return len;
    return (size_t)(colon - text);
}

static enum bw_rc parse_target(const char *text, char out[HOST_BYTES_MAX], struct bw_err *err)
{
    struct bw_address address;
    const size_t len = host_length(text);
    if (len == 0 || len >= HOST_BYTES_MAX)
        return bw_fail(err, BW_EINVAL, "'%.80s' is no host", text);
    char host[HOST_BYTES_MAX];
    memcpy(host, text, len);
    host[len] = '\0';
    if (!bw_address_parse(host, &address) && strpbrk(host, ":/[]@ \t\r\n") != NULL)
        return bw_fail(err, BW_EINVAL, "'%.80s' is no host", text);
    memcpy(out, host, len + 1);
    return BW_OK;
}

static enum bw_rc check_target(const char *text, struct bw_err *err)
{
    char host[HOST_BYTES_MAX];
    return parse_target(text, host, err);
}

/* ---- one try ---- */

struct round {
    struct bw_icmp_echo echo;
    int64_t rtt_ns; /* -1: no reply */
};

struct bw_probe_try {
    struct bw_probe_engine *engine;
    const struct plan *plan;
    const struct bw_probe_target *target;
    struct bw_probe_outcome *out;
    bw_probe_try_done_fn *done;
    void *ctx;
    char host[HOST_BYTES_MAX];
    struct bw_lookup *lookup;
    bool resolved;
    struct bw_address address;
    int64_t setup_ns;
    struct bw_timer *timer; /* the next request, or the end of patience; NULL: not needed */
    unsigned sent, replies, failed;
    bool lingers;
    int hop_limit;               /* of the last reply; -1: not known */
    enum bw_reason error_reason; /* the first that came instead of a reply */
    char error[128];
    struct round rounds[]; /* plan->count */
};

static void release(struct bw_probe_try *t)
{
    bw_lookup_cancel(t->lookup);
    bw_timer_free(t->timer);
    for (unsigned i = 0; i < t->sent; i++)
        bw_icmp_forget(&t->rounds[i].echo);
    free(t);
}

static double seconds(double ns)
{
    return ns / BW_SECOND;
}

enum phase { RESOLVE, SETUP, RTT };

static void measure_phase(struct bw_probe_try *t, enum phase phase, double ns)
{
    static const char *const names[] = { "resolve", "setup", "rtt" };
    bw_measures_lend(t->out->measures, BW_METRIC_PROBE_ICMP_DURATION_SECONDS, seconds(ns),
                     &names[phase]);
}

/* Jitter is the mean of |rtt[i] - rtt[i-1]| over replies that follow each other. */
static void measure_rounds(struct bw_probe_try *t)
{
    struct bw_measures *m = t->out->measures;
    double sum = 0, jitter = 0;
    int64_t min = INT64_MAX, max = 0, before = -1;
    for (unsigned i = 0; i < t->sent; i++) {
        const int64_t rtt = t->rounds[i].rtt_ns;
        if (rtt < 0)
            continue;
        sum += (double)rtt;
        min = rtt < min ? rtt : min;
        max = rtt > max ? rtt : max;
        jitter += before < 0 ? 0 : (double)llabs(rtt - before);
        before = rtt;
    }
    measure_phase(t, RTT, sum / t->replies);
    bw_measures_add(m, BW_METRIC_PROBE_ICMP_RTT_AVG_SECONDS, seconds(sum / t->replies), NULL);
    if (t->plan->count == 1)
        return;
    bw_measures_add(m, BW_METRIC_PROBE_ICMP_RTT_MIN_SECONDS, seconds((double)min), NULL);
    bw_measures_add(m, BW_METRIC_PROBE_ICMP_RTT_MAX_SECONDS, seconds((double)max), NULL);
    if (t->replies > 1)
        bw_measures_add(m, BW_METRIC_PROBE_ICMP_JITTER_SECONDS, seconds(jitter / (t->replies - 1)),
                        NULL);
}

/* Where round trips are sorted in, in seconds: from one rack to the other side of the world. */
static const double rtt_bounds[] = { 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                     0.05,   0.1,     0.25,   0.5,   1,      2.5,   5 };

/* The check's own, which its runs fill; `once` for a probe that nobody repeats. */
static struct bw_histogram *histogram_of(const struct bw_probe_try *t, struct bw_histogram *once)
{
    struct bw_probe_memory *memory = t->target->memory;
    struct bw_histogram *histogram = memory != NULL ? memory->data : NULL;
    if (histogram != NULL)
        return histogram;
    if (memory != NULL)
        memory->data = bw_alloc(sizeof *histogram);
    histogram = memory != NULL ? memory->data : once;
    bw_histogram_init(histogram, rtt_bounds, sizeof rtt_bounds / sizeof *rtt_bounds);
    return histogram;
}

/* Bursts only: a histogram is twenty lines, and who asks once a run has all there is to know. */
static void measure_histogram(struct bw_probe_try *t)
{
    struct bw_histogram once;
    if (t->plan->count == 1)
        return;
    struct bw_histogram *histogram = histogram_of(t, &once);
    for (unsigned i = 0; i < t->sent; i++) {
        if (t->rounds[i].rtt_ns >= 0)
            bw_histogram_observe(histogram, seconds((double)t->rounds[i].rtt_ns));
    }
    bw_measures_add_histogram(t->out->measures, BW_METRIC_PROBE_ICMP_RTT_SECONDS, histogram, NULL);
}

static void judge(struct bw_probe_try *t)
{
    const unsigned lost = t->sent - t->replies;
    const double loss = (double)lost / t->sent;
    if (t->replies == 0 && t->error[0] != '\0')
        bw_probe_fail(t->out, t->error_reason, "%s", t->error);
    else if (t->replies == 0)
        bw_probe_fail(t->out, BW_REASON_TIMEOUT, "no reply to %u request%s", t->sent,
                      t->sent == 1 ? "" : "s");
    else if (loss > t->plan->fail_above)
        bw_probe_fail(t->out, BW_REASON_THRESHOLD, "%u of %u requests had no reply", lost, t->sent);
    else if (loss > t->plan->warn_above)
        bw_probe_warn(t->out, "%u of %u requests had no reply", lost, t->sent);
    t->out->decided = true;
}

/* Requests by the times at which they went out and were answered. */
static void tell(const struct bw_probe_try *t)
{
    for (unsigned i = 0; i < t->sent; i++) {
        const struct round *round = &t->rounds[i];
        char took[BW_DURATION_TEXT_MAX];
        if (round->echo.sent_ns != 0)
            bw_trail_say_at(t->out, round->echo.sent_ns, "request %u sent", i + 1);
        if (round->rtt_ns < 0)
            continue;
        bw_format_duration_short(took, round->rtt_ns);
        bw_trail_say_at(t->out, round->echo.sent_ns + round->rtt_ns, "reply to request %u after %s",
                        i + 1, took);
    }
    if (t->error[0] != '\0')
        bw_trail_say(t->out, "%s", t->error);
    if (t->replies > 0 && t->hop_limit >= 0)
        bw_trail_say(t->out, "hop limit of the last reply: %d", t->hop_limit);
}

static void settle(struct bw_probe_try *t)
{
    struct bw_measures *m = t->out->measures;
    const double resolve_ns = (double)t->out->phase_ns[BW_PHASE_RESOLVE];
    bw_probe_measure_lookup(t->out);
    measure_phase(t, RESOLVE, resolve_ns);
    if (!t->resolved)
        return;
    bw_probe_measure_address(t->out, &t->address);
    measure_phase(t, SETUP, (double)t->setup_ns);
    if (t->sent == 0)
        return;
    judge(t);
    bw_measures_add(m, BW_METRIC_PROBE_ICMP_PACKET_LOSS_RATIO,
                    (double)(t->sent - t->replies) / t->sent, NULL);
    if (t->replies > 0)
        measure_rounds(t);
    measure_histogram(t);
    if (t->hop_limit >= 0)
        bw_measures_add(m, BW_METRIC_PROBE_ICMP_REPLY_HOP_LIMIT, t->hop_limit, NULL);
    if (bw_trail_is_wanted(t->out))
        tell(t);
}

/* The last thing that is done to a try. */
static void end(struct bw_probe_try *t)
{
    bw_probe_try_done_fn *done = t->done;
    void *ctx = t->ctx;
    bw_probe_leave(t->out);
    settle(t);
    release(t);
    done(ctx);
}

/* ---- requests and replies ---- */

static int64_t patience_ns(const struct bw_probe_try *t)
{
    int64_t longest_ns = 0;
    for (unsigned i = 0; i < t->sent; i++) {
        if (t->rounds[i].rtt_ns > longest_ns)
            longest_ns = t->rounds[i].rtt_ns;
    }
    return 2 * longest_ns > LINGER_NS ? 2 * longest_ns : LINGER_NS;
}

/* After every request and every answer: is it over, or what is waited for? As long as nothing
 * has come back, only the probe's deadline ends it. */
static void go_on(struct bw_probe_try *t)
{
    if (t->sent < t->plan->count)
        return;
    if (t->replies + t->failed == t->sent) {
        end(t);
    } else if (t->replies > 0 && !t->lingers) {
        t->lingers = true;
        bw_timer_start(t->timer, patience_ns(t), 0);
    }
}

static void note_error(struct bw_probe_try *t, enum bw_reason reason, const char *text,
                       const struct bw_address *said_by)
{
    char who[BW_ADDRESS_TEXT_MAX] = "";
    t->failed++;
    if (t->error[0] != '\0')
        return;
    if (said_by != NULL)
        bw_address_format(who, said_by);
    t->error_reason = reason;
    snprintf(t->error, sizeof t->error, "%s%s%s", text, who[0] != '\0' ? ", says " : "", who);
}

static void on_heard(void *ctx, struct bw_icmp_echo *echo, const struct bw_icmp_event *event)
{
    struct bw_probe_try *t = ctx;
    if (event->error != NULL) {
        note_error(t, BW_REASON_UNREACHABLE, event->error, event->said_by);
    } else {
        struct round *round = (struct round *)(void *)echo; /* its first member */
        round->rtt_ns = event->rtt_ns;
        t->hop_limit = event->hop_limit;
        t->replies++;
    }
    go_on(t);
}

static enum bw_reason send_reason(int error)
{
    switch (error) {
    case EPERM:
    case EACCES:
        return BW_REASON_NOT_PERMITTED;
    case EMSGSIZE:
    case ENETUNREACH:
    case EHOSTUNREACH:
        return BW_REASON_UNREACHABLE;
    default:
        return bw_probe_errno_reason(error);
    }
}

static void send_next(struct bw_probe_try *t)
{
    struct round *round = &t->rounds[t->sent++];
    *round =
        (struct round){ .echo = { .to = t->address, .heard = on_heard, .ctx = t }, .rtt_ns = -1 };
    const int error = bw_icmp_send(t->engine->icmp, &round->echo, &t->plan->how);
    if (error != 0)
        note_error(t, send_reason(error), strerror(error), NULL);
    if (t->sent < t->plan->count)
        bw_timer_start(t->timer, t->plan->interval_ns, 0);
    go_on(t);
}

static void on_timer(void *ctx)
{
    struct bw_probe_try *t = ctx;
    if (t->sent < t->plan->count)
        send_next(t);
    else
        end(t);
}

/* ---- the beginning ---- */

/* False with the outcome set. */
static bool set_up(struct bw_probe_try *t)
{
    struct bw_err err;
    enum bw_reason reason;
    const struct bw_trail_peer peer = { t->address, 0 };
    if (!bw_way_go(t->out, t->target, &peer))
        return false;
    if (t->plan->how.source != NULL && t->plan->source.family != t->address.family) {
        bw_probe_fail(t->out, BW_REASON_CONNECT_FAILED, "source_ip_address: of another family");
        return false;
    }
    if (!bw_icmp_open(bw_engine_icmp(t->engine), t->address.family, t->plan->how.source, &reason,
                      &err)) {
        bw_probe_fail(t->out, reason, "%s", err.text);
        return false;
    }
    if (t->plan->count > 1)
        t->timer = bw_timer_new(t->engine->loop, on_timer, t);
    return true;
}

static void on_resolved(void *ctx, const struct bw_lookup_result *result)
{
    struct bw_probe_try *t = ctx;
    t->lookup = NULL;
    if (!bw_way_take(t->out, result, t->host, &t->address)) {
        end(t);
        return;
    }
    const int64_t start_ns = bw_loop_mono_ns();
    bw_probe_enter(t->out, BW_PHASE_PROCESSING);
    t->resolved = true;
    const bool ready = set_up(t);
    t->setup_ns = bw_loop_mono_ns() - start_ns;
    if (ready)
        send_next(t);
    else
        end(t);
}

static struct bw_probe_try *start(struct bw_probe_engine *engine, void *prepared,
                                  const struct bw_probe_target *target,
                                  struct bw_probe_outcome *out, bw_probe_try_done_fn *done,
                                  void *ctx)
{
    struct bw_err err;
    char host[HOST_BYTES_MAX];
    if (parse_target(target->text, host, &err) != BW_OK) {
        bw_probe_fail(out, BW_REASON_INTERNAL, "%s", err.text);
        return NULL;
    }
    const struct plan *plan = prepared;
    struct bw_probe_try *t = bw_alloc(sizeof *t + plan->count * sizeof *t->rounds);
    *t = (struct bw_probe_try){ .engine = engine,
                                .plan = plan,
                                .target = target,
                                .out = out,
                                .done = done,
                                .ctx = ctx,
                                .hop_limit = -1 };
    memcpy(t->host, host, strlen(host) + 1);
    bw_probe_enter(out, BW_PHASE_RESOLVE);
    const struct bw_lookup_query query = { .name = t->host,
                                           .preference = plan->preference,
                                           .fallback = plan->fallback };
    t->lookup = bw_way_begin(engine, out, &query, on_resolved, t);
    return t;
}

extern const struct bw_probe_ops bw_probe_icmp;
const struct bw_probe_ops bw_probe_icmp = {
    .name = "icmp",
    .summary = "Pings a host, once or in a burst: loss, round trips, jitter.",
    .target_help = "HOST",
    .options = &bw_probe_icmp_group,
    .prepare = prepare,
    .release = release_plan,
    .forget = free,
    .check_target = check_target,
    .start = start,
    .settle = settle,
    .cancel = release,
};
