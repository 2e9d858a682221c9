// SPDX-License-Identifier: GPL-3.0-or-later
/* What a module's options become: patterns compiled, files read, texts of its own. */
#include "probe/http.h"

#include "base/mem.h"
#include "probe/trail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum bw_rc add_header_checks(struct bw_http_plan *plan, const struct bw_items *items,
                                    bool want_match, struct bw_err *err)
{
    const struct bw_header_match *matches = items->items;
    for (size_t i = 0; i < items->count; i++) {
        struct bw_regex *regex = bw_regex_new(matches[i].regexp, err);
        if (regex == NULL)
            return BW_EINVAL;
        plan->header_checks[plan->header_check_count++] = (struct bw_http_header_check){
            .name = bw_strdup(matches[i].header),
            .regex = regex,
            .allow_missing = matches[i].allow_missing,
            .only_warns = matches[i].severity == BW_SEVERITY_DEGRADED,
            .want_match = want_match,
        };
    }
    return BW_OK;
}

static enum bw_rc make_json_tests(struct bw_http_plan *plan, const struct bw_http_options *o,
                                  struct bw_err *err)
{
    const struct {
        struct bw_json_tests *tests;
        const struct bw_items *matches;
    } lists[] = {
        { &plan->json_fails, &o->fail_if_body_json_matches },
        { &plan->json_needs, &o->fail_if_body_json_not_matches },
        { &plan->json_warns, &o->warn_if_body_json_matches },
        { &plan->json_wants, &o->warn_if_body_json_not_matches },
    };
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; i < sizeof lists / sizeof *lists && rc == BW_OK; i++) {
        rc = bw_json_tests_make(lists[i].tests, lists[i].matches, err);
        plan->keeps_body = plan->keeps_body || lists[i].matches->count > 0;
    }
    return rc;
}

static enum bw_rc make_patterns(struct bw_http_plan *plan, const struct bw_http_options *o,
                                struct bw_err *err)
{
    const struct {
        struct bw_regex_list *list;
        const struct bw_strings *patterns;
    } lists[] = {
        { &plan->body_fails, &o->fail_if_body_matches_regexp },
        { &plan->body_needs, &o->fail_if_body_not_matches_regexp },
        { &plan->body_warns, &o->warn_if_body_matches_regexp },
        { &plan->body_wants, &o->warn_if_body_not_matches_regexp },
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const enum bw_rc made = bw_regex_list_make(lists[i].list, *lists[i].patterns, err);
        if (made != BW_OK)
            return made;
        plan->keeps_body = plan->keeps_body || lists[i].patterns->count > 0;
    }
    enum bw_rc rc = make_json_tests(plan, o, err);
    if (rc != BW_OK)
        return rc;
    const struct bw_items *no = &o->fail_if_header_matches_regexp;
    const struct bw_items *yes = &o->fail_if_header_not_matches_regexp;
    plan->header_checks = bw_alloc_array(no->count + yes->count + 1, sizeof *plan->header_checks);
    rc = add_header_checks(plan, no, false, err);
    return rc == BW_OK ? add_header_checks(plan, yes, true, err) : rc;
}

/* ---- texts that stand in files --------------------------------------------------------- */

static enum bw_rc add_file(struct bw_http_plan *plan, const char *folder, const char *path,
                           const char *before, char **into, struct bw_err *err)
{
    if (path == NULL)
        return BW_OK;
    struct bw_http_secret *secret = &plan->files[plan->file_count++];
    return bw_http_secret_open(secret, folder, path, before, into, err);
}

void bw_http_plan_refresh(struct bw_http_plan *plan, struct bw_probe_outcome *out)
{
    const int64_t now_ns = plan->file_count > 0 ? bw_loop_mono_ns() : 0;
    for (size_t i = 0; i < plan->file_count; i++) {
        struct bw_err err;
        if (bw_http_secret_refresh(&plan->files[i], now_ns, &err) != BW_OK)
            bw_trail_say(out, "%s: what was read before is used", err.text);
    }
}

/* ---- the request ----------------------------------------------------------------------- */

static struct bw_http_header *add_header(struct bw_http_plan *plan, const char *name,
                                         const char *value, bool secret)
{
    struct bw_http_header *header = &plan->headers[plan->header_count++];
    *header = (struct bw_http_header){ bw_strdup(name), bw_strdup(value), secret };
    return header;
}

/* A map's headers, then those with several values. Where files go must not move any more. */
static enum bw_rc copy_headers(struct bw_http_plan *plan, const struct bw_http_options *o,
                               const char *folder, struct bw_err *err)
{
    enum { OTHER_FILES = 5 };
    const struct bw_http_header_options *more = o->http_headers.items;
    size_t count = o->headers.count, files = OTHER_FILES;
    for (size_t i = 0; i < o->http_headers.count; i++) {
        count += more[i].values.count + more[i].secrets.count + more[i].files.count;
        files += more[i].files.count;
    }
    plan->headers = bw_alloc_array(count + 1, sizeof *plan->headers);
    plan->files = bw_alloc_array(files, sizeof *plan->files);
    for (size_t i = 0; i < o->headers.count; i++)
        add_header(plan, o->headers.items[i].name, o->headers.items[i].value, false);
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; i < o->http_headers.count; i++) {
        for (size_t k = 0; k < more[i].values.count; k++)
            add_header(plan, more[i].name, more[i].values.items[k], false);
        for (size_t k = 0; k < more[i].secrets.count; k++)
            add_header(plan, more[i].name, more[i].secrets.items[k], true);
        for (size_t k = 0; k < more[i].files.count && rc == BW_OK; k++)
            rc = add_file(plan, folder, more[i].files.items[k], "",
                          &add_header(plan, more[i].name, NULL, true)->value, err);
    }
    return rc;
}

static char *join(const char *a, const char *b)
{
    const size_t size = strlen(a) + strlen(b) + 1;
    char *both = bw_alloc(size);
    snprintf(both, size, "%s%s", a, b);
    return both;
}

static enum bw_rc copy_identity(struct bw_http_plan *plan, const struct bw_http_options *o,
                                const char *folder, struct bw_err *err)
{
    plan->username = bw_strdup(o->basic_auth.username);
    plan->password = bw_strdup(o->basic_auth.password);
    plan->scheme = o->authorization.type != NULL ? join(o->authorization.type, " ") : bw_strdup("");
    if (o->authorization.credentials != NULL)
        plan->authorization = join(plan->scheme, o->authorization.credentials);
    else if (o->bearer_token != NULL)
        plan->authorization = join("Bearer ", o->bearer_token);
    enum bw_rc rc = add_file(plan, folder, o->basic_auth.username_file, "", &plan->username, err);
    if (rc == BW_OK)
        rc = add_file(plan, folder, o->basic_auth.password_file, "", &plan->password, err);
    if (rc == BW_OK)
        rc = add_file(plan, folder, o->authorization.credentials_file, plan->scheme,
                      &plan->authorization, err);
    if (rc == BW_OK)
        rc = add_file(plan, folder, o->bearer_token_file, "Bearer ", &plan->authorization, err);
    return rc;
}

static enum bw_rc copy_body(struct bw_http_plan *plan, const struct bw_http_options *o,
                            const char *folder, struct bw_err *err)
{
    plan->body = bw_strdup(o->body);
    if (o->body_file == NULL)
        return BW_OK;
    const enum bw_rc rc = bw_http_body_file_open(&plan->files[plan->file_count++], folder,
                                                 o->body_file, &plan->body, err);
    return rc == BW_OK ? BW_OK : bw_wrap(err, rc, "body_file");
}

static enum bw_rc copy_request(struct bw_http_plan *plan, const struct bw_http_options *o,
                               const char *folder, struct bw_err *err)
{
    const bool decodes = o->compression != NULL && o->compression[0] != '\0';
    plan->method = bw_strdup(o->method);
    plan->compression = decodes ? bw_strdup(o->compression) : NULL;
    plan->statuses = bw_alloc_array(o->valid_status_codes.count + 1, sizeof *plan->statuses);
    for (; plan->status_count < o->valid_status_codes.count; plan->status_count++)
        plan->statuses[plan->status_count] = o->valid_status_codes.items[plan->status_count];
    enum bw_rc rc = copy_headers(plan, o, folder, err);
    if (rc == BW_OK)
        rc = copy_identity(plan, o, folder, err);
    return rc == BW_OK ? copy_body(plan, o, folder, err) : rc;
}

static void copy_way(struct bw_http_plan *plan, const struct bw_http_options *o)
{
    plan->preference = (enum bw_ip_preference)o->preferred_ip_protocol;
    plan->fallback = o->ip_protocol_fallback;
    plan->follow_redirects = o->follow_redirects && !o->no_follow_redirects;
    plan->max_redirects = (unsigned)o->max_redirects;
    plan->enable_http2 = o->enable_http2;
    plan->keep_alive = o->keep_alive;
    plan->fail_if_ssl = o->fail_if_ssl;
    plan->fail_if_not_ssl = o->fail_if_not_ssl;
    plan->skip_resolve = o->skip_resolve_phase_with_proxy;
    plan->body_bytes_max =
        o->body_size_limit_bytes != 0 ? o->body_size_limit_bytes : BW_PROBE_BODY_BYTES_MAX;
    if (plan->body_bytes_max > BW_PROBE_BODY_BYTES_TOP)
        plan->body_bytes_max = BW_PROBE_BODY_BYTES_TOP;
    plan->has_source = bw_probe_source_read(o->source_ip_address, &plan->source);
    if (plan->has_source) {
        plan->preference = plan->source.family == AF_INET ? BW_IP_4 : BW_IP_6;
        plan->fallback = false;
    }
}

struct bw_http_plan *bw_http_plan_blank(void)
{
    struct bw_http_plan *plan = bw_alloc(sizeof *plan);
    plan->users = 1;
    plan->preference = BW_IP_ANY;
    plan->fallback = true;
    plan->body_bytes_max = BW_PROBE_BODY_BYTES_MAX;
    return plan;
}

void *bw_http_prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                      struct bw_err *err)
{
    (void)engine;
    const struct bw_http_options *o = options;
    struct bw_http_plan *plan = bw_alloc(sizeof *plan);
    plan->users = 1;
    copy_way(plan, o);
    enum bw_rc rc = bw_http_check_options(o, err);
    if (rc == BW_OK)
        rc = bw_http_read_versions(o, &plan->versions, err);
    if (rc == BW_OK)
        rc = copy_request(plan, o, folder, err);
    if (rc == BW_OK)
        rc = make_patterns(plan, o, err);
    if (rc == BW_OK)
        rc = bw_http_proxies_make(&plan->proxies, &o->proxy, err);
    if (rc == BW_OK)
        rc = bw_tls_plan_make(&plan->tls_plan, &o->tls_config, folder, err);
    if (rc == BW_OK && o->oauth2.token_url != NULL)
        rc = bw_http_token_make(&plan->token, &o->oauth2, folder, &plan->authorization, err);
    plan->plain = bw_http_plan_is_plain(plan);
    if (rc == BW_OK)
        return plan;
    bw_http_release(plan);
    return NULL;
}

void bw_http_release(void *prepared)
{
    struct bw_http_plan *plan = prepared;
    if (--plan->users > 0)
        return;
    bw_regex_list_fini(&plan->body_fails);
    bw_regex_list_fini(&plan->body_needs);
    bw_regex_list_fini(&plan->body_warns);
    bw_regex_list_fini(&plan->body_wants);
    bw_json_tests_fini(&plan->json_fails);
    bw_json_tests_fini(&plan->json_needs);
    bw_json_tests_fini(&plan->json_warns);
    bw_json_tests_fini(&plan->json_wants);
    for (size_t i = 0; i < plan->header_check_count; i++) {
        free(plan->header_checks[i].name);
        bw_regex_free(plan->header_checks[i].regex);
    }
    for (size_t i = 0; i < plan->header_count; i++) {
        free(plan->headers[i].name);
        free(plan->headers[i].value);
    }
    for (size_t i = 0; i < plan->file_count; i++)
        bw_http_secret_fini(&plan->files[i]);
    bw_http_token_free(plan->token);
    bw_http_proxies_fini(&plan->proxies);
    bw_tls_plan_fini(&plan->tls_plan);
    free(plan->files);
    free(plan->header_checks);
    free(plan->headers);
    free(plan->statuses);
    free(plan->method);
    free(plan->body);
    free(plan->username);
    free(plan->password);
    free(plan->authorization);
    free(plan->scheme);
    free(plan->compression);
    free(plan);
}
