// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/http.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct bw_opt_name severity_names[] = { { "unhealthy", BW_SEVERITY_UNHEALTHY },
                                                     { "degraded", BW_SEVERITY_DEGRADED },
                                                     { NULL, 0 } };

#define AT(member) offsetof(struct bw_header_match, member)
static const struct bw_opt header_match_options[] = {
    { "header", BW_OPT_STRING, AT(header), .flags = BW_OPT_REQUIRED, .range = "1..256",
      .help = "Name of the header, in any case." },
    { "regexp", BW_OPT_STRING, AT(regexp), .flags = BW_OPT_REQUIRED,
      .help = "Regular expression on one value of the header." },
    { "allow_missing", BW_OPT_BOOL, AT(allow_missing), .def = "false",
      .help = "An answer without the header passes." },
    { "severity", BW_OPT_ENUM, AT(severity), .def = "unhealthy", .names = severity_names,
      .help = "What it makes of the check: UNHEALTHY or only DEGRADED." },
    { 0 },
};
#undef AT

static const struct bw_opt_group header_match_group = {
    .name = "header_match",
    .size = sizeof(struct bw_header_match),
    .opts = header_match_options,
    .help = "An assertion on a header.",
};

#define AT(member) offsetof(struct bw_basic_auth, member)
static const struct bw_opt basic_auth_options[] = {
    { "username", BW_OPT_STRING, AT(username), .help = "User name." },
    { "password", BW_OPT_STRING, AT(password), .flags = BW_OPT_SECRET, .help = "Password." },
    { 0 },
};
#undef AT

static const struct bw_opt_group basic_auth_group = {
    .name = "basic_auth",
    .size = sizeof(struct bw_basic_auth),
    .opts = basic_auth_options,
    .help = "HTTP basic authentication; sent to the target's own origin only.",
};

#define AT(member) offsetof(struct bw_authorization, member)
static const struct bw_opt authorization_options[] = {
    { "type", BW_OPT_STRING, AT(type), .def = "Bearer", .help = "Scheme." },
    { "credentials", BW_OPT_STRING, AT(credentials), .flags = BW_OPT_SECRET, .help = "Token." },
    { 0 },
};
#undef AT

static const struct bw_opt_group authorization_group = {
    .name = "authorization",
    .size = sizeof(struct bw_authorization),
    .opts = authorization_options,
    .help = "The header Authorization; sent to the target's own origin only.",
};

#define AT(member) offsetof(struct bw_http_options, member)
static const struct bw_opt http_options[] = {
    { "method", BW_OPT_STRING, AT(method), .def = "GET", .range = "1..32",
      .help = "Request method." },
    { "headers", BW_OPT_MAP, AT(headers), .help = "Headers to send." },
    { "body", BW_OPT_STRING, AT(body), .help = "Body to send." },
    { "basic_auth", BW_OPT_GROUP, AT(basic_auth), .group = &basic_auth_group,
      .help = "User name and password." },
    { "authorization", BW_OPT_GROUP, AT(authorization), .group = &authorization_group,
      .help = "A token." },
    { "valid_status_codes", BW_OPT_INTS, AT(valid_status_codes), .range = "100..599",
      .help = "Status codes that pass; empty: 200 to 299." },
    { "valid_http_versions", BW_OPT_STRINGS, AT(valid_http_versions),
      .help = "HTTP/1.0, HTTP/1.1, HTTP/2.0; empty: any." },
    { "preferred_ip_protocol", BW_OPT_ENUM, AT(preferred_ip_protocol), .def = "ip6",
      .names = bw_ip_preference_names, .help = "Which address of a name to use." },
    { "ip_protocol_fallback", BW_OPT_BOOL, AT(ip_protocol_fallback), .def = "true",
      .help = "Use the other kind of address when there is none, or no route." },
    { "follow_redirects", BW_OPT_BOOL, AT(follow_redirects), .def = "true",
      .help = "Follow up to 10 redirects, to http and https only." },
    { "enable_http2", BW_OPT_BOOL, AT(enable_http2), .def = "true",
      .help = "Offer HTTP/2 over TLS." },
    { "keep_alive", BW_OPT_BOOL, AT(keep_alive), .def = "false",
      .help = "Leave the connection open for the check's next run, for 90 seconds at most and "
              "while less than half of the descriptors are in use: cheaper, but connecting is "
              "not watched then. For GET, HEAD and OPTIONS over http; https opens a connection "
              "each time." },
    { "fail_if_ssl", BW_OPT_BOOL, AT(fail_if_ssl), .def = "false",
      .help = "Fail when the last answer came over TLS." },
    { "fail_if_not_ssl", BW_OPT_BOOL, AT(fail_if_not_ssl), .def = "false",
      .help = "Fail when it did not." },
    { "fail_if_body_matches_regexp", BW_OPT_STRINGS, AT(fail_if_body_matches_regexp),
      .help = "Fail when the body matches one of these." },
    { "fail_if_body_not_matches_regexp", BW_OPT_STRINGS, AT(fail_if_body_not_matches_regexp),
      .help = "Fail when the body does not match one of these." },
    { "warn_if_body_matches_regexp", BW_OPT_STRINGS, AT(warn_if_body_matches_regexp),
      .help = "DEGRADED when the body matches one of these." },
    { "warn_if_body_not_matches_regexp", BW_OPT_STRINGS, AT(warn_if_body_not_matches_regexp),
      .help = "DEGRADED when the body does not match one of these." },
    { "fail_if_header_matches", BW_OPT_GROUPS, AT(fail_if_header_matches_regexp),
      .group = &header_match_group, .help = "Fail when a header matches." },
    { "fail_if_header_not_matches", BW_OPT_GROUPS, AT(fail_if_header_not_matches_regexp),
      .group = &header_match_group, .help = "Fail when a header does not match." },
    { "body_size_limit", BW_OPT_BYTES, AT(body_size_limit_bytes), .def = "1MiB",
      .range = "0..64MiB",
      .help = "Fail when the decoded body is longer; it is not read further. 0: 1 MiB." },
    { "compression", BW_OPT_STRING, AT(compression),
      .help = "Accept this encoding (gzip, br, deflate, identity) and decode it." },
    { "tls_config", BW_OPT_GROUP, AT(tls_config), .group = &bw_probe_tls_group,
      .help = "For https." },
    { 0 },
};
#undef AT

static enum bw_rc read_versions(const struct bw_http_options *o, unsigned *out, struct bw_err *err)
{
    static const struct {
        const char *name;
        enum bw_http_version version;
    } known[] = {
        { "HTTP/1.0", BW_HTTP_1_0 },
        { "HTTP/1.1", BW_HTTP_1_1 },
        { "HTTP/2.0", BW_HTTP_2 },
        { "HTTP/2", BW_HTTP_2 },
    };
    unsigned versions = 0;
    for (size_t i = 0; i < o->valid_http_versions.count; i++) {
        unsigned bit = 0;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
            if (strcasecmp(known[k].name, o->valid_http_versions.items[i]) == 0)
                bit = known[k].version;
        }
        if (bit == 0)
            return bw_fail(err, BW_EINVAL,
                           "valid_http_versions: '%.40s' is not HTTP/1.0, HTTP/1.1 or HTTP/2.0",
                           o->valid_http_versions.items[i]);
        versions |= bit;
    }
    *out = versions;
    return BW_OK;
}

bool bw_http_is_safe(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0
           || strcmp(method, "OPTIONS") == 0;
}

static bool is_token(const char *text)
{
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        bool letter = (*text >= '0' && *text <= '9') || (*text >= 'A' && *text <= 'Z')
                      || (*text >= 'a' && *text <= 'z');
        if (!letter && strchr("!#$%&'*+-.^_`|~", *text) == NULL)
            return false;
    }
    return true;
}

/* A line end in a value would begin a header, or a request, of its own. */
static bool is_field_value(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    }
    return true;
}

static enum bw_rc http_check(const void *opts, struct bw_err *err)
{
    const struct bw_http_options *o = opts;
    unsigned versions;
    if (!is_token(o->method))
        return bw_fail(err, BW_EINVAL, "method '%.40s' is not a word", o->method);
    if (o->fail_if_ssl && o->fail_if_not_ssl)
        return bw_fail(err, BW_EINVAL, "fail_if_ssl and fail_if_not_ssl exclude each other");
    if (o->basic_auth.username != NULL && o->authorization.credentials != NULL)
        return bw_fail(err, BW_EINVAL, "basic_auth and authorization exclude each other");
    if (o->keep_alive && (o->body != NULL || !bw_http_is_safe(o->method)))
        return bw_fail(err, BW_EINVAL,
                       "keep_alive is for GET, HEAD and OPTIONS without a body: "
                       "others must not be sent twice");
    if (o->keep_alive && o->compression != NULL)
        return bw_fail(err, BW_EINVAL, "keep_alive and compression exclude each other");
    if (!is_field_value(o->authorization.type) || !is_field_value(o->authorization.credentials)
        || !is_field_value(o->compression))
        return bw_fail(err, BW_EINVAL, "a control byte in authorization or compression");
    for (size_t i = 0; i < o->headers.count; i++) {
        if (!is_token(o->headers.items[i].name) || !is_field_value(o->headers.items[i].value))
            return bw_fail(err, BW_EINVAL, "headers: '%.60s' is no header",
                           o->headers.items[i].name);
    }
    return read_versions(o, &versions, err);
}

const struct bw_opt_group bw_probe_http_group = {
    .name = "http",
    .size = sizeof(struct bw_http_options),
    .opts = http_options,
    .help = "Requests a URL and holds the answer against what is expected.",
    .check = http_check,
};

/* ---- the plan ---- */

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
        enum bw_rc rc = bw_regex_list_make(lists[i].list, *lists[i].patterns, err);
        if (rc != BW_OK)
            return rc;
    }
    const struct bw_items *no = &o->fail_if_header_matches_regexp;
    const struct bw_items *yes = &o->fail_if_header_not_matches_regexp;
    plan->header_checks = bw_alloc_array(no->count + yes->count + 1, sizeof *plan->header_checks);
    enum bw_rc rc = add_header_checks(plan, no, false, err);
    return rc == BW_OK ? add_header_checks(plan, yes, true, err) : rc;
}

static void copy_request(struct bw_http_plan *plan, const struct bw_http_options *o)
{
    plan->method = bw_strdup(o->method);
    plan->body = bw_strdup(o->body);
    plan->username = bw_strdup(o->basic_auth.username);
    plan->password = bw_strdup(o->basic_auth.password);
    plan->compression = bw_strdup(o->compression);
    if (o->authorization.credentials != NULL) {
        const struct bw_authorization *a = &o->authorization;
        const size_t size = strlen(a->type) + strlen(a->credentials) + 2;
        plan->authorization = bw_alloc(size);
        snprintf(plan->authorization, size, "%s %s", a->type, a->credentials);
    }
    plan->headers = bw_alloc_array(o->headers.count + 1, sizeof *plan->headers);
    for (; plan->header_count < o->headers.count; plan->header_count++) {
        const struct bw_pair *pair = &o->headers.items[plan->header_count];
        plan->headers[plan->header_count] =
            (struct bw_http_header){ bw_strdup(pair->name), bw_strdup(pair->value) };
    }
    plan->statuses = bw_alloc_array(o->valid_status_codes.count + 1, sizeof *plan->statuses);
    for (; plan->status_count < o->valid_status_codes.count; plan->status_count++)
        plan->statuses[plan->status_count] = o->valid_status_codes.items[plan->status_count];
}

void *bw_http_prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                      struct bw_err *err)
{
    (void)engine;
    const struct bw_http_options *o = options;
    struct bw_http_plan *plan = bw_alloc(sizeof *plan);
    plan->users = 1;
    plan->preference = (enum bw_ip_preference)o->preferred_ip_protocol;
    plan->fallback = o->ip_protocol_fallback;
    plan->follow_redirects = o->follow_redirects;
    plan->enable_http2 = o->enable_http2;
    plan->keep_alive = o->keep_alive;
    plan->fail_if_ssl = o->fail_if_ssl;
    plan->fail_if_not_ssl = o->fail_if_not_ssl;
    plan->body_bytes_max =
        o->body_size_limit_bytes != 0 ? o->body_size_limit_bytes : BW_PROBE_BODY_BYTES_MAX;
    copy_request(plan, o);
    plan->plain = bw_http_plan_is_plain(plan);
    enum bw_rc rc = http_check(o, err);
    if (rc == BW_OK)
        rc = read_versions(o, &plan->versions, err);
    if (rc == BW_OK)
        rc = make_patterns(plan, o, err);
    if (rc == BW_OK)
        rc = bw_tls_plan_make(&plan->tls_plan, &o->tls_config, folder, err);
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
    for (size_t i = 0; i < plan->header_check_count; i++) {
        free(plan->header_checks[i].name);
        bw_regex_free(plan->header_checks[i].regex);
    }
    for (size_t i = 0; i < plan->header_count; i++) {
        free(plan->headers[i].name);
        free(plan->headers[i].value);
    }
    bw_tls_plan_fini(&plan->tls_plan);
    free(plan->header_checks);
    free(plan->headers);
    free(plan->statuses);
    free(plan->method);
    free(plan->body);
    free(plan->username);
    free(plan->password);
    free(plan->authorization);
    free(plan->compression);
    free(plan);
}
