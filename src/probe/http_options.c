// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/http.h"

#include "probe/http_get.h"
#include "probe/regex.h"

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

static enum bw_rc check_header_match(const void *opts, struct bw_err *err)
{
    return bw_regex_check(((const struct bw_header_match *)opts)->regexp, err);
}

static const struct bw_opt_group header_match_group = {
    .name = "header_match",
    .size = sizeof(struct bw_header_match),
    .opts = header_match_options,
    .help = "An assertion on a header.",
    .check = check_header_match,
};

#define AT(member) offsetof(struct bw_basic_auth, member)
static const struct bw_opt basic_auth_options[] = {
    { "username", BW_OPT_STRING, AT(username), .help = "User name." },
    { "username_file", BW_OPT_STRING, AT(username_file), .flags = BW_OPT_FILE,
      .help = "File with the user name; read again when it changes." },
    { "password", BW_OPT_STRING, AT(password), .flags = BW_OPT_SECRET | BW_OPT_OWN_FILE,
      .help = "Password." },
    { "password_file", BW_OPT_STRING, AT(password_file), .flags = BW_OPT_FILE,
      .help = "File with the password; read again when it changes." },
    { 0 },
};
#undef AT

const struct bw_opt_group bw_basic_auth_group = {
    .name = "basic_auth",
    .size = sizeof(struct bw_basic_auth),
    .opts = basic_auth_options,
    .help = "HTTP basic authentication; sent to the target's own origin only.",
};

#define AT(member) offsetof(struct bw_authorization, member)
static const struct bw_opt authorization_options[] = {
    { "type", BW_OPT_STRING, AT(type), .def = "Bearer", .help = "Scheme." },
    { "credentials", BW_OPT_STRING, AT(credentials), .flags = BW_OPT_SECRET | BW_OPT_OWN_FILE,
      .help = "Token." },
    { "credentials_file", BW_OPT_STRING, AT(credentials_file), .flags = BW_OPT_FILE,
      .help = "File with the token; read again when it changes." },
    { 0 },
};
#undef AT

const struct bw_opt_group bw_authorization_group = {
    .name = "authorization",
    .size = sizeof(struct bw_authorization),
    .opts = authorization_options,
    .help = "The header Authorization; sent to the target's own origin only.",
};

#define AT(member) offsetof(struct bw_http_header_options, member)
static const struct bw_opt http_header_options[] = {
    { "name", BW_OPT_STRING, AT(name), .flags = BW_OPT_HIDDEN, .help = "The key." },
    { "values", BW_OPT_STRINGS, AT(values), .help = "Values; each makes a header line." },
    { "secrets", BW_OPT_STRINGS, AT(secrets), .flags = BW_OPT_SECRET,
      .help = "Values that no transcript shows." },
    { "files", BW_OPT_STRINGS, AT(files),
      .help = "Files with a secret value each; read again when they change." },
    { 0 },
};
#undef AT

const struct bw_opt_group bw_http_header_group = {
    .name = "http_header",
    .size = sizeof(struct bw_http_header_options),
    .opts = http_header_options,
    .key = "name",
    .help = "A header and its values.",
};

#define AT(member) offsetof(struct bw_http_options, member)
static const struct bw_opt http_options[] = {
    { "method", BW_OPT_STRING, AT(method), .def = "GET", .range = "1..32",
      .help = "Request method." },
    { "headers", BW_OPT_MAP, AT(headers), .help = "Headers to send." },
    { "body", BW_OPT_STRING, AT(body), .help = "Body to send." },
    { "body_file", BW_OPT_STRING, AT(body_file), .flags = BW_OPT_FILE,
      .help = "File with the body to send, text of at most 4 MiB; read again when it changes." },
    BW_HTTP_CLIENT_ROWS(0),
    { "valid_status_codes", BW_OPT_INTS, AT(valid_status_codes), .range = "0..999",
      .help = "Status codes that pass; empty: 200 to 299." },
    { "valid_http_versions", BW_OPT_STRINGS, AT(valid_http_versions),
      .help = "HTTP/1.0, HTTP/1.1, HTTP/2.0; empty: any." },
    BW_PROBE_ADDRESS_ROWS("a name"),
    { "source_ip_address", BW_OPT_STRING, AT(source_ip_address),
      .help = "Address of this host to ask from; targets are asked at addresses of its kind." },
    { "no_follow_redirects", BW_OPT_BOOL, AT(no_follow_redirects), .def = "false",
      .help = "The older form of follow_redirects: false." },
    { "max_redirects", BW_OPT_INT, AT(max_redirects), .def = "10", .range = "0..50",
      .help = "Fail when there are more redirects." },
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
    { "fail_if_body_json_matches", BW_OPT_GROUPS, AT(fail_if_body_json_matches),
      .group = &bw_json_match_group, .help = "Fail when a value of the JSON body is so." },
    { "fail_if_body_json_not_matches", BW_OPT_GROUPS, AT(fail_if_body_json_not_matches),
      .group = &bw_json_match_group, .help = "Fail when no such value of the JSON body is so." },
    { "warn_if_body_json_matches", BW_OPT_GROUPS, AT(warn_if_body_json_matches),
      .group = &bw_json_match_group, .help = "DEGRADED when a value of the JSON body is so." },
    { "warn_if_body_json_not_matches", BW_OPT_GROUPS, AT(warn_if_body_json_not_matches),
      .group = &bw_json_match_group,
      .help = "DEGRADED when no such value of the JSON body is so." },
    { "fail_if_header_matches", BW_OPT_GROUPS, AT(fail_if_header_matches_regexp),
      .group = &header_match_group, .help = "Fail when a header matches." },
    { "fail_if_header_not_matches", BW_OPT_GROUPS, AT(fail_if_header_not_matches_regexp),
      .group = &header_match_group, .help = "Fail when a header does not match." },
    { "body_size_limit", BW_OPT_BYTES, AT(body_size_limit_bytes), .def = "1MiB",
      .range = "0..",
      .help = "Fail when the decoded body is longer; it is not read further. 0: 1 MiB; more than "
              "64 MiB is 64 MiB." },
    { "compression", BW_OPT_STRING, AT(compression),
      .help = "Accept this encoding (gzip, br, deflate, identity) and decode it." },
    { "skip_resolve_phase_with_proxy", BW_OPT_BOOL, AT(skip_resolve_phase_with_proxy),
      .def = "false",
      .help = "Give a proxy the target's name; otherwise it is looked up here and the proxy gets "
              "the address." },
    { "enable_http3", BW_OPT_NODE, AT(method), .flags = BW_OPT_HIDDEN | BW_OPT_REFUSED,
      .help = "HTTP/3 is not spoken here" },
    { "fail_if_body_json_matches_cel", BW_OPT_NODE, AT(method),
      .flags = BW_OPT_HIDDEN | BW_OPT_REFUSED,
      .help = "CEL is not spoken here; fail_if_body_json_matches looks at values of JSON" },
    { "fail_if_body_json_not_matches_cel", BW_OPT_NODE, AT(method),
      .flags = BW_OPT_HIDDEN | BW_OPT_REFUSED,
      .help = "CEL is not spoken here; fail_if_body_json_not_matches looks at values of JSON" },
    { 0 },
};
#undef AT

enum bw_rc bw_http_read_versions(const struct bw_http_options *o, unsigned *out, struct bw_err *err)
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

bool bw_http_is_field_name(const char *text)
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

static enum bw_rc check_compression(const struct bw_http_options *o, struct bw_err *err)
{
    static const char *const known[] = { "gzip", "br", "deflate", "identity", "" };
    bool good = o->compression == NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known && !good; i++)
        good = strcmp(o->compression, known[i]) == 0;
    if (!good)
        return bw_fail(err, BW_EINVAL, "compression: '%.40s' is not gzip, br, deflate or identity",
                       o->compression);
    if (o->keep_alive && o->compression != NULL)
        return bw_fail(err, BW_EINVAL, "keep_alive and compression exclude each other");
    return BW_OK;
}

static enum bw_rc check_headers(const struct bw_http_options *o, struct bw_err *err)
{
    for (size_t i = 0; i < o->headers.count; i++) {
        const struct bw_pair *pair = &o->headers.items[i];
        if (!bw_http_is_field_name(pair->name) || !bw_http_is_field_value(pair->value))
            return bw_fail(err, BW_EINVAL, "headers: '%.60s' is no header", pair->name);
    }
    const struct bw_http_header_options *more = o->http_headers.items;
    for (size_t i = 0; i < o->http_headers.count; i++) {
        bool good = bw_http_is_field_name(more[i].name);
        for (size_t k = 0; k < more[i].values.count; k++)
            good = good && bw_http_is_field_value(more[i].values.items[k]);
        for (size_t k = 0; k < more[i].secrets.count; k++)
            good = good && bw_http_is_field_value(more[i].secrets.items[k]);
        if (!good)
            return bw_fail(err, BW_EINVAL, "http_headers: '%.60s' is no header", more[i].name);
    }
    return BW_OK;
}

static enum bw_rc check_one_of(const char *text, const char *file, const char *name,
                               struct bw_err *err)
{
    if (text == NULL || file == NULL)
        return BW_OK;
    return bw_fail(err, BW_EINVAL, "give either '%s' or '%s_file', not both", name, name);
}

/* Who we say we are, in one way at most. */
static enum bw_rc check_identity(const struct bw_http_options *o, struct bw_err *err)
{
    const struct bw_basic_auth *basic = &o->basic_auth;
    const struct bw_authorization *token = &o->authorization;
    const bool by_name = basic->username != NULL || basic->username_file != NULL;
    const bool by_token = token->credentials != NULL || token->credentials_file != NULL;
    const bool by_bearer = o->bearer_token != NULL || o->bearer_token_file != NULL;
    if (by_name + by_token + by_bearer + (o->oauth2.token_url != NULL) > 1)
        return bw_fail(err, BW_EINVAL,
                       "basic_auth, authorization, bearer_token and oauth2 exclude each other");
    if (!bw_http_is_field_value(token->type) || !bw_http_is_field_value(token->credentials)
        || !bw_http_is_field_value(o->bearer_token))
        return bw_fail(err, BW_EINVAL, "a control byte in authorization");
    enum bw_rc rc = check_one_of(basic->username, basic->username_file, "username", err);
    if (rc == BW_OK)
        rc = check_one_of(basic->password, basic->password_file, "password", err);
    if (rc == BW_OK)
        rc = check_one_of(token->credentials, token->credentials_file, "credentials", err);
    return rc == BW_OK ? check_one_of(o->bearer_token, o->bearer_token_file, "bearer_token", err)
                       : rc;
}

static enum bw_rc check_way(const struct bw_http_options *o, struct bw_err *err)
{
    const enum bw_rc rc = bw_probe_source_check(o->source_ip_address, err);
    return rc == BW_OK ? bw_http_proxy_check(&o->proxy, err) : rc;
}

static enum bw_rc check_patterns(const struct bw_http_options *o, struct bw_err *err)
{
    const struct {
        const char *name;
        struct bw_strings patterns;
    } lists[] = {
        { "fail_if_body_matches_regexp", o->fail_if_body_matches_regexp },
        { "fail_if_body_not_matches_regexp", o->fail_if_body_not_matches_regexp },
        { "warn_if_body_matches_regexp", o->warn_if_body_matches_regexp },
        { "warn_if_body_not_matches_regexp", o->warn_if_body_not_matches_regexp },
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (size_t k = 0; k < lists[i].patterns.count; k++) {
            const enum bw_rc rc = bw_regex_check(lists[i].patterns.items[k], err);
            if (rc != BW_OK)
                return bw_wrap(err, rc, "%s[%zu]", lists[i].name, k);
        }
    }
    return BW_OK;
}

static enum bw_rc check_request(const struct bw_http_options *o, struct bw_err *err)
{
    const bool has_body = o->body != NULL || o->body_file != NULL;
    if (!bw_http_is_field_name(o->method))
        return bw_fail(err, BW_EINVAL, "method '%.40s' is not a word", o->method);
    if (o->body != NULL && o->body_file != NULL)
        return bw_fail(err, BW_EINVAL, "body and body_file exclude each other");
    if (o->fail_if_ssl && o->fail_if_not_ssl)
        return bw_fail(err, BW_EINVAL, "fail_if_ssl and fail_if_not_ssl exclude each other");
    if (o->keep_alive && (has_body || !bw_http_is_safe(o->method)))
        return bw_fail(err, BW_EINVAL,
                       "keep_alive is for GET, HEAD and OPTIONS without a body: "
                       "others must not be sent twice");
    return BW_OK;
}

enum bw_rc bw_http_check_options(const void *opts, struct bw_err *err)
{
    static enum bw_rc (*const checks[])(const struct bw_http_options *, struct bw_err *) = {
        check_request, check_compression, check_headers, check_identity, check_way, check_patterns,
    };
    const struct bw_http_options *o = opts;
    unsigned versions;
    enum bw_rc rc = bw_http_read_versions(o, &versions, err);
    for (size_t i = 0; i < sizeof checks / sizeof *checks && rc == BW_OK; i++)
        rc = checks[i](o, err);
    return rc;
}

const struct bw_opt_group bw_probe_http_group = {
    .name = "http",
    .size = sizeof(struct bw_http_options),
    .opts = http_options,
    .help = "Requests a URL and holds the answer against what is expected.",
    .check = bw_http_check_options,
};
