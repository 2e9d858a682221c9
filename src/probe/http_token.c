// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/http_token.h"

#include "base/mem.h"
#include "base/units.h"
#include "probe/http.h"

#include <stdlib.h>
#include <string.h>

/* A token is used until shortly before its end; from a fifth of its life before that, another is
 * asked for. One that says nothing of an end lasts an hour. */
#define MARGIN_NS (10 * BW_SECOND)
#define LIFE_UNSAID_NS BW_HOUR
#define FETCH_NS (30 * BW_SECOND)

/* So long a fault is told to all who ask, and a token is not asked for again. */
#define PAUSE_NS (5 * BW_SECOND)

enum { FORM_BYTES_MAX = 64 << 10 };

/* How the client says who it is (RFC 6749, section 2.3.1). Some endpoints take only one way. */
enum manner { BY_HEADER, BY_FORM };

struct bw_http_token {
    char *url, *client_id;
    char *secret;
    struct bw_http_secret secret_file; /* without a path: none */
    char *form;                        /* without who we are */
    char **into;
    char *old; /* what stood in *into before */
    struct bw_http_plan *plan;
    enum manner manner;
    bool manner_is_known;
    int64_t end_ns, renew_ns, next_ns; /* monotonic: its end, when to renew, when to ask at all */
    struct bw_probe_engine *engine;    /* NULL until the first wants it */
    struct bw_timer *deadline, *later;
    struct bw_probe_try *fetch; /* or NULL */
    struct bw_probe_target target;
    struct bw_probe_outcome out;
    struct bw_arena arena;
    struct bw_measures measures;
    struct bw_http_token_wait *waits;
    char fault[BW_PROBE_DETAIL_BYTES_MAX]; /* of the last fetch; "" */
};

struct bw_http_token_wait {
    struct bw_http_token *token;
    struct bw_http_token_wait *next;
    bw_http_token_fn *done;
    void *ctx;
};

/* ---- options ---- */

#define AT(member) offsetof(struct bw_oauth2_options, member)
static const struct bw_opt oauth2_options[] = {
    { "client_id", BW_OPT_STRING, AT(client_id), .help = "Name of the client." },
    { "client_secret", BW_OPT_STRING, AT(client_secret), .flags = BW_OPT_SECRET | BW_OPT_OWN_FILE,
      .help = "Its secret." },
    { "client_secret_file", BW_OPT_STRING, AT(client_secret_file), .flags = BW_OPT_FILE,
      .help = "File with the secret; read again when it changes." },
    { "scopes", BW_OPT_STRINGS, AT(scopes), .help = "What the token shall be good for." },
    { "token_url", BW_OPT_STRING, AT(token_url), .help = "Where tokens are given out." },
    { "endpoint_params", BW_OPT_MAP, AT(endpoint_params), .help = "More fields of the request." },
    { "tls_config", BW_OPT_GROUP, AT(tls_config), .group = &bw_probe_tls_group,
      .help = "For https to token_url." },
    BW_HTTP_PROXY_ROWS(AT(proxy)),
    { 0 },
};
#undef AT

static enum bw_rc oauth2_check(const void *opts, struct bw_err *err)
{
    const struct bw_oauth2_options *o = opts;
    struct bw_http_url url;
    if (o->token_url == NULL
        && (o->client_id != NULL || o->client_secret != NULL || o->client_secret_file != NULL))
        return bw_fail(err, BW_EINVAL, "token_url is missing");
    if (o->token_url == NULL)
        return BW_OK;
    if (o->client_id == NULL || o->client_id[0] == '\0')
        return bw_fail(err, BW_EINVAL, "client_id is missing");
    if (o->client_secret != NULL && o->client_secret_file != NULL)
        return bw_fail(err, BW_EINVAL, "give either 'client_secret' or 'client_secret_file'");
    if (bw_http_url_parse(o->token_url, &url, err) != BW_OK)
        return bw_wrap(err, BW_EINVAL, "token_url");
    bw_http_url_fini(&url);
    return bw_http_proxy_check(&o->proxy, err);
}

const struct bw_opt_group bw_oauth2_group = {
    .name = "oauth2",
    .size = sizeof(struct bw_oauth2_options),
    .opts = oauth2_options,
    .help = "A token by client credentials, for the target's own origin. All checks of a module "
            "share it; it is renewed before it ends, and no part of what a probe measures. A check "
            "that gets none fails with reason token.",
    .check = oauth2_check,
};

/* ---- the form ---- */

/* application/x-www-form-urlencoded */
static void put_field(struct bw_buf *out, const char *name, const char *value)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *const texts[] = { name, value };
    for (size_t i = 0; i < 2; i++) {
        bw_buf_text(out, i == 1 ? "=" : out->len > 0 ? "&" : "");
        for (const unsigned char *c = (const unsigned char *)texts[i]; *c != '\0'; c++) {
            const bool plain = (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z')
                               || (*c >= 'a' && *c <= 'z') || strchr("-._~", *c) != NULL;
            const char escaped[] = { '%', digits[*c >> 4], digits[*c & 15] };
            bw_buf_bytes(out, plain ? (const char *)c : escaped, plain ? 1 : 3);
        }
    }
}

static char *make_form(const struct bw_oauth2_options *o)
{
    struct bw_buf form, scopes;
    bw_buf_init(&form, FORM_BYTES_MAX);
    bw_buf_init(&scopes, FORM_BYTES_MAX);
    put_field(&form, "grant_type", "client_credentials");
    for (size_t i = 0; i < o->scopes.count; i++)
        bw_buf_printf(&scopes, "%s%s", i > 0 ? " " : "", o->scopes.items[i]);
    if (scopes.len > 0)
        put_field(&form, "scope", scopes.data);
    for (size_t i = 0; i < o->endpoint_params.count; i++)
        put_field(&form, o->endpoint_params.items[i].name, o->endpoint_params.items[i].value);
    bw_buf_fini(&scopes);
    return bw_buf_detach(&form, NULL);
}

static char *urlencoded(const char *text)
{
    struct bw_buf out;
    bw_buf_init(&out, FORM_BYTES_MAX);
    put_field(&out, "", text);
    char *whole = bw_buf_detach(&out, NULL);
    char *copy = bw_strdup(whole != NULL ? whole + 1 : ""); /* without "=" */
    free(whole);
    return copy;
}

/* Puts who we are where this try has it. */
static void dress(struct bw_http_token *token)
{
    struct bw_http_plan *plan = token->plan;
    const char *secret = token->secret != NULL ? token->secret : "";
    free(plan->body);
    free(plan->username);
    free(plan->password);
    plan->username = plan->password = NULL;
    struct bw_buf form;
    bw_buf_init(&form, 2 * FORM_BYTES_MAX);
    bw_buf_text(&form, token->form);
    if (token->manner == BY_HEADER) {
        plan->username = urlencoded(token->client_id);
        plan->password = urlencoded(secret);
    } else {
        put_field(&form, "client_id", token->client_id);
        put_field(&form, "client_secret", secret);
    }
    plan->body = bw_buf_detach(&form, NULL);
}

/* ---- making ---- */

static enum bw_rc make_plan(struct bw_http_plan *plan, const struct bw_oauth2_options *o,
                            const char *folder, struct bw_err *err)
{
    static const char *const headers[][2] = {
        { "Content-Type", "application/x-www-form-urlencoded" },
        { "Accept", "application/json" },
    };
    plan->method = bw_strdup("POST");
    plan->enable_http2 = true;
    plan->keeps_body = true;
    plan->headers = bw_alloc_array(2, sizeof *plan->headers);
    for (; plan->header_count < 2; plan->header_count++)
        plan->headers[plan->header_count] =
            (struct bw_http_header){ bw_strdup(headers[plan->header_count][0]),
                                     bw_strdup(headers[plan->header_count][1]), false };
    plan->plain = true;
    enum bw_rc rc = bw_http_proxies_make(&plan->proxies, &o->proxy, err);
    return rc == BW_OK ? bw_tls_plan_make(&plan->tls_plan, &o->tls_config, folder, err) : rc;
}

enum bw_rc bw_http_token_make(struct bw_http_token **out, const struct bw_oauth2_options *o,
                              const char *folder, char **into, struct bw_err *err)
{
    struct bw_http_token *token = bw_alloc(sizeof *token);
    *token = (struct bw_http_token){ .url = bw_strdup(o->token_url),
                                     .client_id = bw_strdup(o->client_id),
                                     .secret = bw_strdup(o->client_secret),
                                     .form = make_form(o),
                                     .into = into,
                                     .plan = bw_http_plan_blank() };
    token->target.text = token->url;
    enum bw_rc rc = oauth2_check(o, err);
    if (rc == BW_OK && token->form == NULL)
        rc = bw_fail(err, BW_EINVAL, "scopes and endpoint_params are too long");
    if (rc == BW_OK)
        rc = make_plan(token->plan, o, folder, err);
    if (rc == BW_OK && o->client_secret_file != NULL)
        rc = bw_http_secret_open(&token->secret_file, folder, o->client_secret_file, "",
                                 &token->secret, err);
    if (rc == BW_OK)
        *out = token;
    else
        bw_http_token_free(token);
    return rc == BW_OK ? BW_OK : bw_wrap(err, rc, "oauth2");
}

void bw_http_token_free(struct bw_http_token *token)
{
    if (token == NULL)
        return;
    bw_http_fetch_cancel(token->fetch);
    bw_timer_free(token->deadline);
    bw_timer_free(token->later);
    bw_http_release(token->plan);
    bw_http_secret_fini(&token->secret_file);
    bw_arena_fini(&token->arena);
    free(token->url);
    free(token->client_id);
    free(token->secret);
    free(token->form);
    free(token->old);
    free(token);
}

void bw_http_token_secrets(const struct bw_http_token *token, struct bw_mask *mask)
{
    bw_mask_add(mask, token->secret);
    bw_mask_add(mask, token->secret_file.old);
    const char *const texts[] = { *token->into, token->old };
    for (size_t i = 0; i < 2; i++) {
        const char *blank = texts[i] != NULL ? strchr(texts[i], ' ') : NULL;
        bw_mask_add(mask, texts[i]);
        bw_mask_add(mask, blank != NULL ? blank + 1 : NULL);
    }
    bw_http_secrets(token->plan, mask);
}

/* ---- those who wait ---- */

/* Whoever is told may want it again. */
static void tell_all(struct bw_http_token *token)
{
    struct bw_http_token_wait *waits = token->waits;
    char fault[sizeof token->fault];
    memcpy(fault, token->fault, sizeof fault);
    token->waits = NULL;
    for (struct bw_http_token_wait *wait = waits; wait != NULL; wait = wait->next)
        wait->token = NULL;
    while (waits != NULL) {
        struct bw_http_token_wait *wait = waits;
        waits = wait->next;
        if (wait->done != NULL)
            wait->done(wait->ctx, fault[0] != '\0' ? fault : NULL);
        free(wait);
    }
}

void bw_http_token_wait_cancel(struct bw_http_token_wait *wait)
{
    if (wait == NULL)
        return;
    wait->done = NULL;
    if (wait->token == NULL)
        return; /* it is being told: tell_all() frees it */
    struct bw_http_token_wait **at = &wait->token->waits;
    while (*at != wait)
        at = &(*at)->next;
    *at = wait->next;
    free(wait);
}

/* ---- fetching ---- */

static void conclude(struct bw_http_token *token)
{
    bw_timer_stop(token->deadline);
    token->next_ns = bw_loop_mono_ns() + PAUSE_NS;
    tell_all(token);
}

static void take_token(struct bw_http_token *token, const struct bw_token_answer *answer)
{
    const int64_t now_ns = bw_loop_mono_ns();
    const int64_t life_ns = answer->expires_s > 0 ? answer->expires_s * BW_SECOND : LIFE_UNSAID_NS;
    const int64_t margin_ns = life_ns / 10 < MARGIN_NS ? life_ns / 10 : MARGIN_NS;
    free(token->old);
    token->old = *token->into;
    *token->into = answer->text;
    token->end_ns = now_ns + life_ns - margin_ns;
    token->renew_ns = token->end_ns - life_ns / 5;
    token->manner_is_known = true;
    token->fault[0] = '\0';
}

static bool fetch(struct bw_http_token *token);

/* An endpoint that does not know us in one way may do so in the other. */
static bool try_otherwise(struct bw_http_token *token, int status)
{
    if (token->manner_is_known || token->manner == BY_FORM || (status != 400 && status != 401))
        return false;
    token->manner = BY_FORM;
    return fetch(token);
}

static void on_fetched(void *ctx, const struct bw_http_answer *answer)
{
    struct bw_http_token *token = ctx;
    struct bw_token_answer got;
    struct bw_err err;
    token->fetch = NULL;
    if (answer == NULL) {
        bw_probe_quote(token->fault, sizeof token->fault, token->out.detail,
                       strlen(token->out.detail));
    } else if (bw_token_answer_read(&got, answer->status, answer->body.data, answer->body.len,
                                    &err)) {
        take_token(token, &got);
    } else if (try_otherwise(token, answer->status)) {
        return;
    } else {
        token->manner = token->manner_is_known ? token->manner : BY_HEADER;
        bw_probe_quote(token->fault, sizeof token->fault, err.text, strlen(err.text));
    }
    conclude(token);
}

static void on_deadline(void *ctx)
{
    struct bw_http_token *token = ctx;
    static const char late[] = "the token endpoint does not answer";
    bw_http_fetch_cancel(token->fetch);
    token->fetch = NULL;
    memcpy(token->fault, late, sizeof late);
    conclude(token);
}

static void on_later(void *ctx)
{
    tell_all(ctx);
}

/* False when it could not begin; `fault` says why. */
static bool fetch(struct bw_http_token *token)
{
    struct bw_err err;
    if (token->secret_file.path != NULL)
        bw_http_secret_refresh(&token->secret_file, bw_loop_mono_ns(), &err); /* the old will do */
    dress(token);
    bw_arena_fini(&token->arena);
    bw_measures_init(&token->measures, &token->arena);
    token->out = (struct bw_probe_outcome){ .measures = &token->measures };
    token->fetch =
        bw_http_fetch(token->engine, token->plan, &token->target, &token->out, on_fetched, token);
    if (token->fetch == NULL)
        memcpy(token->fault, token->out.detail, sizeof token->fault);
    return token->fetch != NULL;
}

static void begin_fetch(struct bw_http_token *token, struct bw_probe_engine *engine)
{
    if (token->engine == NULL) {
        token->engine = engine;
        token->deadline = bw_timer_new(engine->loop, on_deadline, token);
        token->later = bw_timer_new(engine->loop, on_later, token);
    }
    bw_timer_start(token->deadline, FETCH_NS, 0);
    if (!fetch(token)) {
        bw_timer_stop(token->deadline);
        token->next_ns = bw_loop_mono_ns() + PAUSE_NS;
        bw_timer_start(token->later, 0, 0);
    }
}

struct bw_http_token_wait *bw_http_token_want(struct bw_http_token *token,
                                              struct bw_probe_engine *engine,
                                              bw_http_token_fn *done, void *ctx)
{
    const int64_t now_ns = bw_loop_mono_ns();
    const bool good = *token->into != NULL && now_ns < token->end_ns;
    const bool may_ask = token->fetch == NULL && now_ns >= token->next_ns;
    if (may_ask && (!good || now_ns >= token->renew_ns))
        begin_fetch(token, engine);
    if (good)
        return NULL;
    if (token->fetch == NULL)
        bw_timer_start(token->later, 0, 0); /* the fault of a moment ago */
    struct bw_http_token_wait *wait = bw_alloc(sizeof *wait);
    *wait = (struct bw_http_token_wait){ token, token->waits, done, ctx };
    token->waits = wait;
    return wait;
}

void bw_http_token_reject(struct bw_http_token *token)
{
    if (bw_loop_mono_ns() >= token->next_ns)
        token->end_ns = 0;
}
