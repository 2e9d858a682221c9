// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/access.h"

#include "base/mem.h"
#include "base/text.h"
#include "web/security.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HOST_BYTES_MAX = 256 };

/* Padded with zeros, so that comparing takes the same time for all. */
struct token {
    unsigned char bytes[BW_TOKEN_BYTES_MAX];
    enum bw_scope scope;
};

struct bw_access {
    struct token *tokens;
    size_t token_count;
    bool guards_reads;
    char external_host[HOST_BYTES_MAX];   /* without the port, "" when there is none */
    char external_origin[HOST_BYTES_MAX]; /* "https://status.example.com:8443" */
};

/* Of "http://host:80/path" the origin, and its host without the port. */
static void set_external(struct bw_access *access, const char *url)
{
    const char *host = url == NULL ? NULL : strstr(url, "://");
    if (host == NULL)
        return;
    host += 3;
    size_t len = strcspn(host, "/?#");
    size_t origin = (size_t)(host - url) + len;
    if (origin + 1 > HOST_BYTES_MAX)
        return;
    bw_text_copy(access->external_origin, origin + 1, url);
    size_t name = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    bw_text_copy(access->external_host, (name < len ? name : len) + 1, host);
}

static void take_tokens(struct bw_access *access, const struct bw_security *security)
{
    access->token_count = security->token_count;
    access->tokens = bw_alloc_array(security->token_count + 1, sizeof *access->tokens);
    for (size_t i = 0; i < security->token_count; i++) {
        const struct bw_security_token *from = &security->tokens[i];
        struct token *token = &access->tokens[i];
        memcpy(token->bytes, from->token, strlen(from->token));
        token->scope = (enum bw_scope)from->scope;
        access->guards_reads = access->guards_reads || token->scope == BW_SCOPE_READ;
    }
}

enum bw_rc bw_access_load(const char *security_file, const char *external_url,
                          struct bw_access **out, struct bw_err *err)
{
    struct bw_arena arena;
    bw_arena_init(&arena);
    struct bw_security security = { 0 };
    enum bw_rc rc = BW_OK;
    if (security_file != NULL)
        rc = bw_security_read(&arena, security_file, &security, err);
    if (rc == BW_OK) {
        struct bw_access *access = bw_alloc(sizeof *access);
        set_external(access, external_url);
        take_tokens(access, &security);
        *out = access;
    }
    bw_arena_fini(&arena);
    return rc;
}

void bw_access_free(struct bw_access *access)
{
    if (access == NULL)
        return;
    explicit_bzero(access->tokens, access->token_count * sizeof *access->tokens);
    free(access->tokens);
    free(access);
}

bool bw_access_has_tokens(const struct bw_access *access)
{
    return access->token_count > 0;
}

bool bw_access_guards_reads(const struct bw_access *access)
{
    return access->guards_reads;
}

/* Looks at every token to its end, whichever fits. */
static enum bw_scope scope_of(const struct bw_access *access, const char *given)
{
    unsigned char padded[BW_TOKEN_BYTES_MAX] = { 0 };
    size_t len = strlen(given);
    unsigned bad = len == 0 || len > sizeof padded;
    memcpy(padded, given, bad ? 0 : len);
    unsigned scope = BW_SCOPE_NONE;
    for (size_t i = 0; i < access->token_count; i++) {
        const volatile unsigned char *want = access->tokens[i].bytes;
        unsigned differs = bad;
        for (size_t k = 0; k < sizeof padded; k++)
            differs |= (unsigned)(want[k] ^ padded[k]);
        unsigned mask = differs == 0 ? ~0u : 0u;
        unsigned own = (unsigned)access->tokens[i].scope & mask;
        scope = own > scope ? own : scope;
    }
    explicit_bzero(padded, sizeof padded);
    return (enum bw_scope)scope;
}

/* The scope that the Authorization header gives; NONE without a header or a known token. */
static enum bw_scope granted(const struct bw_access *access, const char *authorization)
{
    static const char scheme[] = "Bearer ";
    if (authorization == NULL || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
        return BW_SCOPE_NONE;
    struct bw_span token = bw_span_trim(bw_span_of(authorization + sizeof scheme - 1));
    char text[BW_TOKEN_BYTES_MAX + 2];
    if (token.len >= sizeof text)
        return BW_SCOPE_NONE;
    memcpy(text, token.data, token.len);
    text[token.len] = '\0';
    enum bw_scope scope = scope_of(access, text);
    explicit_bzero(text, sizeof text);
    return scope;
}

/* "localhost:8080" is "localhost"; "[::1]:8080" is "[::1]". */
static size_t host_length(const char *host)
{
    if (host[0] == '[') {
        size_t close = strcspn(host, "]");
        return host[close] == ']' ? close + 1 : close;
    }
    return strcspn(host, ":");
}

/* What follows the host must be a port or nothing. */
static bool rest_is_port(const char *rest)
{
    if (rest[0] == '\0')
        return true;
    return rest[0] == ':' && strspn(rest + 1, "0123456789") == strlen(rest + 1);
}

static bool host_is_ours(const struct bw_access *access, const char *host)
{
    const char *const ours[] = { "localhost", "127.0.0.1", "[::1]", access->external_host };
    if (host == NULL)
        return false;
    size_t len = host_length(host);
    if (!rest_is_port(host + len))
        return false;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (ours[i][0] != '\0' && strlen(ours[i]) == len && strncasecmp(host, ours[i], len) == 0)
            return true;
    return false;
}

/* Browsers tell where a request was made; others send neither header. */
static bool is_same_origin(const struct bw_access *access, const struct bw_request_headers *headers)
{
    if (headers->fetch_site != NULL && strcmp(headers->fetch_site, "same-origin") != 0
        && strcmp(headers->fetch_site, "none") != 0)
        return false;
    if (headers->origin == NULL)
        return true;
    if (access->external_origin[0] != '\0'
        && strcasecmp(headers->origin, access->external_origin) == 0)
        return true;
    const char *host = strstr(headers->origin, "://");
    return host != NULL && headers->host != NULL && strcasecmp(host + 3, headers->host) == 0;
}

static struct bw_verdict refuse(unsigned status, const char *detail)
{
    return (struct bw_verdict){ status, detail };
}

static struct bw_verdict check_token(const struct bw_access *access, enum bw_scope scope,
                                     const struct bw_request_headers *headers)
{
    if (access->token_count == 0)
        return refuse(403, "This needs a token, and none is configured: see --web.config.file.");
    enum bw_scope have = granted(access, headers->authorization);
    if (have >= scope)
        return refuse(0, NULL);
    if (have == BW_SCOPE_NONE)
        return refuse(401, "This needs a bearer token.");
    return refuse(403, "The token's scope does not cover this.");
}

struct bw_verdict bw_access_check(const struct bw_access *access, enum bw_listener_kind kind,
                                  enum bw_scope scope, bool mutates,
                                  const struct bw_request_headers *headers)
{
    if (mutates && !is_same_origin(access, headers))
        return refuse(403, "A page of another site may not do this.");
    if (kind == BW_LISTENER_CONTROL || scope == BW_SCOPE_NONE)
        return refuse(0, NULL);
    if (scope > BW_SCOPE_READ || access->guards_reads)
        return check_token(access, scope, headers);
    if (kind == BW_LISTENER_LOOPBACK && !host_is_ours(access, headers->host)
        && granted(access, headers->authorization) == BW_SCOPE_NONE)
        return refuse(421, "The Host header names another machine than this one.");
    return refuse(0, NULL);
}

enum bw_trust bw_access_trust(const struct bw_access *access, enum bw_listener_kind kind,
                              const struct bw_request_headers *headers)
{
    if (kind == BW_LISTENER_CONTROL || granted(access, headers->authorization) != BW_SCOPE_NONE)
        return BW_TRUST_FULL;
    if (kind == BW_LISTENER_LOOPBACK && is_same_origin(access, headers))
        return BW_TRUST_FULL;
    return headers->authorization != NULL && access->token_count > 0 ? BW_TRUST_MISTAKEN
                                                                     : BW_TRUST_NONE;
}
