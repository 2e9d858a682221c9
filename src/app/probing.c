// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/probing.h"

#include "app/log.h"
#include "app/parameters.h"
#include "app/probing_answer.h"
#include "app/probing_tally.h"
#include "app/reach.h"
#include "base/escape.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "probe/run.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What begins in a second, by token bucket. */
struct pace {
    double tokens;
    int64_t last_ns;
};

/* One order. Its texts live in its arena. */
struct asked {
    struct bw_probing *probing;
    struct bw_arena arena;
    struct bw_probe_order order;
    bw_probe_reply_fn *done;
    void *reply;
    const struct bw_config_module *module; /* good while it begins: a reload frees it */
    const struct bw_probe_module *options; /* its own, or with the parameters; as good */
    struct bw_buf module_text;             /* for `debug` */
    bool is_listed;                        /* the target is that of a check */
    int64_t begun_ns;
    bool reached, refused; /* an address it went to, one that it must not go to */
    struct bw_probe_run *run;
    struct asked *prev, *next;
};

struct bw_probing {
    struct bw_core *core;
    struct bw_watch *watch;
    int64_t offset_ns;
    const struct bw_config *config;
    struct bw_probe_plan **plans; /* by module; NULL: nobody has asked for it */
    size_t plan_count;
    struct asked *running;
    size_t count, strangers; /* of those that run; of these, not trusted */
    struct pace pace, stranger_pace;
    struct bw_probing_tally *tally;
    bool stopped;
};

/* ---- answers --------------------------------------------------------------------------- */

static const char *module_name(const struct asked *asked)
{
    return asked->order.module != NULL ? asked->order.module : "http_2xx";
}

static void free_asked(struct asked *asked)
{
    bw_buf_fini(&asked->module_text);
    bw_arena_fini(&asked->arena);
    free(asked);
}

/* It is answered now, and ends. */
static void finish(struct asked *asked, unsigned status, const struct bw_buf *words,
                   enum bw_probing_answer answer)
{
    bw_probing_tally_count(asked->probing->tally, module_name(asked), answer,
                           bw_loop_mono_ns() - asked->begun_ns);
    asked->done(asked->reply, status, words);
    free_asked(asked);
}

static void say(struct asked *asked, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Answers with a line of words, and ends the order. */
static void say(struct asked *asked, unsigned status, const char *format, ...)
{
    struct bw_buf words;
    va_list args;
    bw_buf_init(&words, BW_WEB_BODY_BYTES_MAX);
    va_start(args, format);
    bw_buf_vprintf(&words, format, args);
    va_end(args);
    bw_buf_char(&words, '\n');
    finish(asked, status, &words, bw_probing_answer_of(status));
    bw_buf_fini(&words);
}

static void write_debug(const struct asked *asked, const struct bw_buf *transcript,
                        const struct bw_measures *measures, const struct bw_mask *mask,
                        struct bw_buf *out)
{
    bw_buf_text(out, "Logs for the probe:\n");
    bw_buf_bytes(out, transcript->data, transcript->len);
    bw_buf_text(out, "\n\n\nMetrics that would have been returned:\n");
    bw_probing_write_metrics(measures, asked->order.extra, asked->order.format, out);
    bw_buf_text(out, "\n\n\nModule configuration:\n");
    bw_probing_write_masked(&asked->module_text, mask, out);
}

/* Answers with what was found, and ends the order. `result` NULL: there was no run now. */
static void tell(struct asked *asked, const struct bw_measures *measures,
                 const struct bw_probe_result *result, enum bw_probing_answer answer,
                 const char *words)
{
    struct bw_buf page, transcript;
    bw_buf_init(&page, BW_WEB_RESPONSE_BYTES_MAX);
    bw_buf_init(&transcript, 2 * BW_TRANSCRIPT_BYTES_MAX);
    if (asked->order.debug) {
        if (result != NULL)
            bw_probe_tell(result, &transcript);
        else
            bw_buf_printf(&transcript, "%s\n", words);
        write_debug(asked, &transcript, measures, result != NULL ? result->mask : NULL, &page);
    } else {
        bw_probing_write_metrics(measures, asked->order.extra, asked->order.format, &page);
    }
    finish(asked, 200, &page, answer);
    bw_buf_fini(&transcript);
    bw_buf_fini(&page);
}

/* ---- the last scheduled run ------------------------------------------------------------ */

static void answer_cached(struct asked *asked)
{
    struct bw_measures measures;
    int64_t run_ms;
    bw_measures_init(&measures, &asked->arena);
    if (!bw_watch_last(asked->probing->watch, asked->order.target, asked->order.module, &measures,
                       &run_ms)) {
        say(asked, 404, "No check with this target and module has run yet");
        return;
    }
    const int64_t age_ms = bw_core_now_ms(asked->probing->core) - run_ms;
    bw_measures_add(&measures, BW_METRIC_PROBE_CACHED_AGE_SECONDS, (double)age_ms / 1000, NULL);
    asked->order.debug = asked->order.debug && asked->order.trusted;
    tell(asked, &measures, NULL, BW_PROBING_CACHED, "answered from the last scheduled run");
}

/* ---- who may, and how often ------------------------------------------------------------ */

/* Kinds that do something here instead of going to an address. */
static bool is_local_kind(const char *kind)
{
    static const char *const local[] = { "exec", "unix", "push", "file" };
    for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
        if (strcmp(local[i], kind) == 0)
            return true;
    }
    return false;
}

/* A target that is no place on a network. */
static bool is_local_target(const char *target)
{
    static const char *const schemes[] = { "unix:", "file:" };
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (strncasecmp(target, schemes[i], strlen(schemes[i])) == 0)
            return true;
    }
    return target[0] == '/' || target[0] == '@';
}

/* Whether a check of the module's kind has the target. */
static bool is_target_of_check(const struct asked *asked)
{
    const struct bw_config *config = asked->probing->config;
    const char *target = asked->order.target;
    const uint64_t hash = bw_hash(target, strlen(target), 0);
    for (size_t i = 0; i < config->check_count; i++) {
        const struct bw_config_check *check = &config->checks[i];
        if (check->target_hash == hash && strcmp(check->target, target) == 0
            && check->options->prober == asked->module->options->prober)
            return true;
    }
    return false;
}

/* bw_probe_address_fn: asked for each connection, at the moment before it is made. */
static bool may_connect(void *ctx, const struct bw_address *address)
{
    struct asked *asked = ctx;
    const struct bw_config_reach *reach = &asked->probing->config->reach;
    const bool ok = bw_reach_allows(reach, asked->order.trusted || asked->is_listed, address);
    asked->reached = asked->reached || ok;
    asked->refused = asked->refused || !ok;
    return ok;
}

static bool take_pace(struct pace *pace, double per_s)
{
    const int64_t now_ns = bw_loop_mono_ns();
    const double more = (double)(now_ns - pace->last_ns) / (double)BW_SECOND * per_s;
    pace->tokens = pace->last_ns == 0 || pace->tokens + more > per_s ? per_s : pace->tokens + more;
    pace->last_ns = now_ns;
    if (pace->tokens < 1)
        return false;
    pace->tokens -= 1;
    return true;
}

/* False when it was answered: what is scheduled goes before what is asked for. */
static bool has_room(struct asked *asked)
{
    struct bw_probing *probing = asked->probing;
    const bool trusted = asked->order.trusted;
    if (probing->count >= BW_ASKED_PROBES_MAX
        || (!trusted && probing->strangers >= BW_ASKED_PROBES_MAX / 4)) {
        say(asked, 503, "Too many probes are under way");
        return false;
    }
    if ((!trusted && !take_pace(&probing->stranger_pace, BW_ASKED_PROBES_PER_S_STRANGERS))
        || !take_pace(&probing->pace, BW_ASKED_PROBES_PER_S)) {
        say(asked, 429, "Too many probes were asked for in this second");
        return false;
    }
    return true;
}

/* ---- what is asked for ----------------------------------------------------------------- */

/* Sets the module of the order; false when there is none. */
static bool has_module(struct asked *asked)
{
    const struct bw_config *config = asked->probing->config;
    const char *name = module_name(asked);
    for (size_t i = 0; i < config->probe_module_count && asked->module == NULL; i++) {
        if (strcmp(config->probe_modules[i].name, name) == 0)
            asked->module = &config->probe_modules[i];
    }
    return asked->module != NULL;
}

/* The same; false when it was answered. */
static bool find_module(struct asked *asked)
{
    struct bw_buf quoted;
    if (has_module(asked))
        return true;
    bw_buf_init(&quoted, BW_WEB_BODY_BYTES_MAX);
    bw_probing_write_quoted(module_name(asked), &quoted);
    say(asked, 400, "Unknown module %s", quoted.data);
    bw_buf_fini(&quoted);
    return false;
}

/* "http%3A%2F%2Fhost%2F": some escape a target that is escaped again on its way. A URL that has
 * its slashes is taken as it is, as what is escaped in it means something there. */
static void unescape_target(struct asked *asked)
{
    const char *target = asked->order.target;
    struct bw_buf plain;
    if (strcasestr(target, "%3A%2F%2F") == NULL || strstr(target, "://") != NULL)
        return;
    bw_buf_init(&plain, BW_WEB_BODY_BYTES_MAX);
    if (bw_unescape_url(&plain, target, strlen(target)))
        asked->order.target = bw_arena_strdup(&asked->arena, plain.data);
    bw_buf_fini(&plain);
}

/* The Host that the module asks for, other than `hostname`; NULL when there is none. */
static const char *other_host(const struct bw_http_options *http, const char *hostname)
{
    for (size_t i = 0; i < http->headers.count; i++) {
        const struct bw_pair *header = &http->headers.items[i];
        if (strcasecmp(header->name, "Host") == 0 && strcmp(header->value, hostname) != 0)
            return header->value;
    }
    const struct bw_http_header_options *more = http->http_headers.items;
    for (size_t i = 0; i < http->http_headers.count; i++) {
        if (strcasecmp(more[i].name, "Host") != 0)
            continue;
        for (size_t k = 0; k < more[i].values.count; k++) {
            if (strcmp(more[i].values.items[k], hostname) != 0)
                return more[i].values.items[k];
        }
        if (more[i].secrets.count + more[i].files.count > 0)
            return "<secret>";
    }
    return NULL;
}

/* False when it was answered: a module that says whom to ask for is not overruled. */
static bool check_hostname(struct asked *asked)
{
    const struct bw_probe_module *options = asked->module->options;
    const char *hostname = asked->order.hostname;
    if (hostname == NULL || options->prober != BW_PROBER_HTTP)
        return true;
    for (const char *c = hostname; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f) {
            say(asked, 400, "Invalid hostname");
            return false;
        }
    }
    const char *other = other_host(&options->http, hostname);
    if (other != NULL)
        say(asked, 400,
            "host header defined both in module configuration (%s) and with URL-parameter "
            "'hostname' (%s)",
            other, hostname);
    return other == NULL;
}

/* False when it was answered. What can be refused before a name is looked up is refused now. */
static bool check_rights(struct asked *asked)
{
    const struct bw_probe_order *order = &asked->order;
    const struct bw_config_reach *reach = &asked->probing->config->reach;
    const char *kind = bw_node_find_text(asked->module->node, "prober");
    asked->is_listed = order->hostname == NULL && is_target_of_check(asked);
    if (is_local_kind(kind))
        say(asked, 403, "Modules with prober %s are not for /probe", kind);
    else if (is_local_target(order->target))
        say(asked, 403, "Targets on this machine's file system are not for /probe");
    else if (!order->trusted && !asked->is_listed && bw_reach_is_proxied(asked->module->options))
        say(asked, 403, "Modules with a proxy need a token, or a target that is listed");
    else if (order->trusted || (!order->debug && (asked->is_listed || reach->any)))
        return true;
    else if (order->debug)
        say(asked, 403, "A transcript is shown on this machine or with a token only");
    else if (reach->count > 0)
        return true;
    else
        say(asked, 403, "This target is not listed: it needs a token, or web.probe_targets");
    return false;
}

/* Sets the options of the order; false when it was answered. */
static bool take_parameters(struct asked *asked)
{
    struct bw_err err;
    if (bw_parameters_apply(&asked->arena, asked->module->options, asked->order.params,
                            asked->order.param_count, &asked->options, &err)
        == BW_OK)
        return true;
    say(asked, 400, "%s", err.text);
    return false;
}

static bool is_sound(struct asked *asked)
{
    if (!find_module(asked))
        return false;
    if (asked->order.timeout_is_garbage) {
        say(asked, 500, "Failed to parse timeout from Prometheus header");
        return false;
    }
    if (asked->order.target == NULL) {
        say(asked, 400, "Target parameter is missing");
        return false;
    }
    unescape_target(asked);
    return check_hostname(asked) && check_rights(asked) && has_room(asked)
           && take_parameters(asked);
}

/* ---- runs ------------------------------------------------------------------------------ */

static void enlist(struct asked *asked)
{
    struct bw_probing *probing = asked->probing;
    asked->next = probing->running;
    if (asked->next != NULL)
        asked->next->prev = asked;
    probing->running = asked;
    probing->count++;
    probing->strangers += asked->order.trusted ? 0 : 1;
}

static void delist(struct asked *asked)
{
    struct bw_probing *probing = asked->probing;
    if (asked->prev != NULL)
        asked->prev->next = asked->next;
    else
        probing->running = asked->next;
    if (asked->next != NULL)
        asked->next->prev = asked->prev;
    probing->count--;
    probing->strangers -= asked->order.trusted ? 0 : 1;
}

static void on_done(void *ctx, const struct bw_probe_result *result)
{
    struct asked *asked = ctx;
    delist(asked);
    if (asked->refused && !asked->reached)
        say(asked, 403, "The address of this target is not listed in web.probe_targets");
    else
        tell(asked, result->measures, result,
             result->success ? BW_PROBING_SUCCESS : BW_PROBING_FAILURE, NULL);
}

/* A module that cannot be used, for want of a file as a rule, fails like a target that is down. */
static void tell_unusable(struct asked *asked, const struct bw_err *err)
{
    struct bw_measures measures;
    bw_logf(BW_LOG_WARN, "probe", "module '%s' cannot be used: %s", asked->module->name, err->text);
    bw_measures_init(&measures, &asked->arena);
    bw_measures_add(&measures, BW_METRIC_PROBE_SUCCESS, 0, NULL);
    bw_measures_add(&measures, BW_METRIC_PROBE_DURATION_SECONDS, 0, NULL);
    tell(asked, &measures, NULL, BW_PROBING_FAILURE, err->text);
}

static bool has_own_options(const struct asked *asked)
{
    return asked->options != asked->module->options;
}

static struct bw_probe_plan *make_plan(const struct asked *asked, struct bw_err *err)
{
    const struct bw_probing *probing = asked->probing;
    return bw_probe_plan_new(bw_watch_engine(probing->watch), asked->options,
                             probing->config->folder, err);
}

static struct bw_probe_plan *plan_of(const struct asked *asked, struct bw_err *err)
{
    struct bw_probing *probing = asked->probing;
    const size_t index = (size_t)(asked->module - probing->config->probe_modules);
    if (has_own_options(asked))
        return make_plan(asked, err);
    if (probing->plans[index] == NULL)
        probing->plans[index] = make_plan(asked, err);
    return probing->plans[index];
}

static void start(struct asked *asked)
{
    struct bw_err err;
    struct bw_probe_plan *plan = plan_of(asked, &err);
    if (asked->order.debug)
        bw_probing_write_module(asked->module->node, &asked->module_text);
    if (plan == NULL) {
        tell_unusable(asked, &err);
        return;
    }
    const struct bw_probe_request request = {
        .plan = plan,
        .target = { .text = asked->order.target,
                    .host = asked->order.hostname,
                    .filter = may_connect,
                    .filter_ctx = asked },
        .timeout_ns =
            bw_probing_timeout_ns(bw_probe_plan_timeout_ns(plan), asked->order.scrape_timeout_s,
                                  asked->probing->offset_ns),
        .tell = asked->order.debug,
    };
    enlist(asked);
    asked->run = bw_probe_start(bw_watch_engine(asked->probing->watch), &request, on_done, asked);
    if (has_own_options(asked))
        bw_probe_plan_free(plan); /* after the run */
    asked->module = NULL;
    asked->options = NULL;
}

/* What was run with the options of a check says nothing of others. */
static void find_cached(struct asked *asked)
{
    if (has_module(asked) && !take_parameters(asked))
        return;
    if (asked->module != NULL && has_own_options(asked))
        say(asked, 400, "Parameters that set options are not for what cached=1 answers from");
    else
        answer_cached(asked);
}

static void begin(void *ctx)
{
    struct asked *asked = ctx;
    if (asked->probing->stopped)
        say(asked, 503, "Bellwether is stopping");
    else if (asked->order.cached && asked->order.target != NULL)
        find_cached(asked);
    else if (is_sound(asked))
        start(asked);
}

/* Keeps those that may set options. */
static void keep_params(struct asked *asked, const struct bw_probe_order *order)
{
    struct bw_url_param *kept = bw_arena_array(&asked->arena, order->param_count, sizeof *kept);
    size_t count = 0;
    for (size_t i = 0; i < order->param_count; i++) {
        if (bw_parameters_is_option(order->params[i].name))
            kept[count++] =
                (struct bw_url_param){ bw_arena_strdup(&asked->arena, order->params[i].name),
                                       bw_arena_strdup(&asked->arena, order->params[i].value) };
    }
    asked->order.params = kept;
    asked->order.param_count = count;
}

void bw_probing_ask(struct bw_probing *probing, const struct bw_probe_order *order,
                    bw_probe_reply_fn *done, void *reply)
{
    struct asked *asked = bw_alloc(sizeof *asked);
    asked->probing = probing;
    asked->order = *order;
    asked->done = done;
    asked->reply = reply;
    asked->begun_ns = bw_loop_mono_ns();
    bw_arena_init(&asked->arena);
    bw_buf_init(&asked->module_text, BW_CONF_FILE_BYTES_MAX);
    asked->order.target = bw_arena_strdup(&asked->arena, order->target);
    asked->order.module = bw_arena_strdup(&asked->arena, order->module);
    asked->order.hostname = bw_arena_strdup(&asked->arena, order->hostname);
    keep_params(asked, order);
    bw_loop_post(probing->core->loop, begin, asked);
}

/* ---- life ------------------------------------------------------------------------------ */

struct bw_probing *bw_probing_new(struct bw_core *core, struct bw_watch *watch,
                                  int64_t timeout_offset_ns)
{
    struct bw_probing *probing = bw_alloc(sizeof *probing);
    probing->core = core;
    probing->watch = watch;
    probing->offset_ns = timeout_offset_ns;
    probing->tally = bw_probing_tally_new();
    return probing;
}

static void free_plans(struct bw_probing *probing)
{
    for (size_t i = 0; i < probing->plan_count; i++)
        bw_probe_plan_free(probing->plans[i]);
    free(probing->plans);
    probing->plans = NULL;
    probing->plan_count = 0;
}

void bw_probing_apply(struct bw_probing *probing, const struct bw_config *config)
{
    free_plans(probing);
    probing->config = config;
    probing->plan_count = config->probe_module_count;
    probing->plans = bw_alloc_array(config->probe_module_count + 1, sizeof *probing->plans);
    const char **names = bw_alloc_array(config->probe_module_count + 1, sizeof *names);
    for (size_t i = 0; i < config->probe_module_count; i++)
        names[i] = config->probe_modules[i].name;
    bw_probing_tally_apply(probing->tally, names, config->probe_module_count);
    free(names);
}

void bw_probing_measure(const struct bw_probing *probing, struct bw_measures *out)
{
    bw_probing_tally_measure(probing->tally, out);
    bw_measures_add(out, BW_METRIC_PROBE_REQUESTS_RUNNING, (double)probing->count, NULL);
}

void bw_probing_stop(struct bw_probing *probing)
{
    probing->stopped = true;
    while (probing->running != NULL) {
        struct asked *asked = probing->running;
        bw_probe_cancel(asked->run);
        delist(asked);
        say(asked, 503, "Bellwether is stopping");
    }
    free_plans(probing);
}

void bw_probing_free(struct bw_probing *probing)
{
    if (probing == NULL)
        return;
    bw_probing_tally_free(probing->tally);
    free(probing);
}
