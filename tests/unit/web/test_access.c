// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/bw-access-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static const char *write_file(const char *name, const char *text)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

static struct bw_access *load(const char *text)
{
    struct bw_access *access = NULL;
    struct bw_err err = { 0 };
    const char *path = text == NULL ? NULL : write_file("web.yml", text);
    if (bw_access_load(path, "https://status.example.com:8443/mon", &access, &err) != BW_OK)
        fail_msg("%s", err.text);
    return access;
}

#define READ "reads-are-for-me-too"
#define WRITE "writes-are-for-me-too"
#define ADMIN "everything-is-for-me"

static const char with_tokens[] = "tokens:\n"
                                  "  - {name: deploy, scope: write, token: " WRITE "}\n"
                                  "  - {name: root, scope: admin, token: " ADMIN "}\n";
static const char with_read_token[] = "tokens:\n"
                                      "  - {name: grafana, scope: read, token: " READ "}\n";

enum file { NONE, TOKENS, READ_TOKEN };

/* Columns: which file, listener, scope, host, Authorization, Origin, Sec-Fetch-Site -> status. */
static const struct {
    enum file file;
    enum bw_listener_kind kind;
    enum bw_scope scope;
    const char *host, *authorization, *origin, *fetch_site;
    unsigned status;
} cases[] = {
    { NONE, BW_LISTENER_LOOPBACK, BW_SCOPE_READ, "localhost:1", NULL, NULL, NULL, 0 },
    { NONE, BW_LISTENER_LOOPBACK, BW_SCOPE_READ, "status.example.com", NULL, NULL, NULL, 0 },
    { NONE, BW_LISTENER_LOOPBACK, BW_SCOPE_READ, "evil.example", NULL, NULL, NULL, 421 },
    { NONE, BW_LISTENER_LOOPBACK, BW_SCOPE_READ, NULL, NULL, NULL, NULL, 421 },
    { NONE, BW_LISTENER_LOOPBACK, BW_SCOPE_READ, "", NULL, NULL, NULL, 421 },
    { NONE, BW_LISTENER_LOOPBACK, BW_SCOPE_READ, "[::1", NULL, NULL, NULL, 421 },
    { NONE, BW_LISTENER_LOOPBACK, BW_SCOPE_READ, "127.0.0.1.", NULL, NULL, NULL, 421 },
    { NONE, BW_LISTENER_REMOTE, BW_SCOPE_READ, "evil.example", NULL, NULL, NULL, 0 },
    { NONE, BW_LISTENER_LOOPBACK, BW_SCOPE_NONE, "evil.example", NULL, NULL, NULL, 0 },
    { NONE, BW_LISTENER_LOOPBACK, BW_SCOPE_ADMIN, "localhost", NULL, NULL, NULL, 403 },
    { NONE, BW_LISTENER_LOOPBACK, BW_SCOPE_ADMIN, "localhost", "Bearer " ADMIN, NULL, NULL, 403 },
    { NONE, BW_LISTENER_CONTROL, BW_SCOPE_ADMIN, "any", NULL, NULL, NULL, 0 },
    { NONE, BW_LISTENER_CONTROL, BW_SCOPE_ADMIN, "any", NULL, "http://evil.example", NULL, 403 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_READ, "x", NULL, NULL, NULL, 0 },
    { TOKENS, BW_LISTENER_LOOPBACK, BW_SCOPE_READ, "evil.example", NULL, NULL, NULL, 421 },
    { TOKENS, BW_LISTENER_LOOPBACK, BW_SCOPE_READ, "x", "Bearer " WRITE, NULL, NULL, 0 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_WRITE, "x", NULL, NULL, NULL, 401 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_WRITE, "x", "Bearer wrong-wrong-wrong-wrong", NULL, NULL,
      401 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_WRITE, "x", "Bearer ", NULL, NULL, 401 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_WRITE, "x", "Basic " WRITE, NULL, NULL, 401 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_WRITE, "x", "Bearer " WRITE "x", NULL, NULL, 401 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_WRITE, "x", "Bearer " WRITE, NULL, NULL, 0 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_WRITE, "x", "bearer  " WRITE " ", NULL, NULL, 0 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_ADMIN, "x", "Bearer " WRITE, NULL, NULL, 403 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_ADMIN, "x", "Bearer " ADMIN, NULL, NULL, 0 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_ADMIN, "x:1", "Bearer " ADMIN, "http://x:1",
      "same-origin", 0 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_ADMIN, "x:1", "Bearer " ADMIN, "http://y:1", NULL, 403 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_ADMIN, "x", "Bearer " ADMIN, "null", NULL, 403 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_ADMIN, "x", "Bearer " ADMIN, NULL, "cross-site", 403 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_ADMIN, "x", "Bearer " ADMIN, NULL, "same-site", 403 },
    { TOKENS, BW_LISTENER_REMOTE, BW_SCOPE_ADMIN, "x", "Bearer " ADMIN,
      "https://status.example.com:8443", NULL, 0 },
    { READ_TOKEN, BW_LISTENER_LOOPBACK, BW_SCOPE_READ, "localhost", NULL, NULL, NULL, 401 },
    { READ_TOKEN, BW_LISTENER_REMOTE, BW_SCOPE_READ, "x", "Bearer " READ, NULL, NULL, 0 },
    { READ_TOKEN, BW_LISTENER_REMOTE, BW_SCOPE_WRITE, "x", "Bearer " READ, NULL, NULL, 403 },
    { READ_TOKEN, BW_LISTENER_REMOTE, BW_SCOPE_NONE, "x", NULL, NULL, NULL, 0 },
};

static void verdicts_are_as_told(void **state)
{
    (void)state;
    struct bw_access *files[] = { load(NULL), load(with_tokens), load(with_read_token) };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_request_headers headers = { .host = cases[i].host,
                                              .authorization = cases[i].authorization,
                                              .origin = cases[i].origin,
                                              .fetch_site = cases[i].fetch_site };
        struct bw_verdict verdict =
            bw_access_check(files[cases[i].file], cases[i].kind, cases[i].scope,
                            cases[i].scope > BW_SCOPE_READ, &headers);
        if (verdict.status != cases[i].status)
            fail_msg("case %zu: expected %u, got %u (%s)", i, cases[i].status, verdict.status,
                     verdict.detail == NULL ? "" : verdict.detail);
        assert_true((verdict.status == 0) == (verdict.detail == NULL));
    }
    for (size_t i = 0; i < 3; i++)
        bw_access_free(files[i]);
}

static const struct {
    const char *text, *want;
} mistakes[] = {
    { "tls_server_config: {cert_file: a}\n",
      "web.yml:1:1: tls_server_config: not supported by this version" },
    { "\nbasic_auth_users: {me: $2y$x}\n",
      "web.yml:2:1: basic_auth_users: not supported by this version" },
    { "rate_limit: {interval: 1s}\n", "web.yml:1:1: rate_limit: not supported by this version" },
    { "http_server_config: {http2: true}\n",
      "web.yml:1:1: http_server_config: not supported by this version" },
    { "token: []\n", "web.yml:1:1: unknown key 'token'" },
    { "tokens: [{name: a, scope: read, token: short}]\n", "expected a token of 16 to 256 bytes" },
    { "tokens: [{name: a, scope: read}]\n", "expected 'token' or 'token_file'" },
    { "tokens: [{name: a, scope: root, token: 0123456789abcdef}]\n", "scope" },
    { "tokens: [{name: a, scope: read, token_file: nowhere}]\n", "nowhere" },
};

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct bw_access *access = NULL;
        struct bw_err err = { 0 };
        const char *path = write_file("web.yml", mistakes[i].text);
        assert_int_equal(bw_access_load(path, NULL, &access, &err), BW_EINVAL);
        if (strstr(err.text, mistakes[i].want) == NULL)
            fail_msg("expected '%s' in '%s'", mistakes[i].want, err.text);
    }
}

static void a_token_comes_from_its_file(void **state)
{
    (void)state;
    write_file("secret", ADMIN "\n");
    struct bw_access *access = load("tokens: [{name: a, scope: admin, token_file: secret}]\n");
    struct bw_request_headers headers = { .host = "x", .authorization = "Bearer " ADMIN };
    assert_int_equal(
        bw_access_check(access, BW_LISTENER_REMOTE, BW_SCOPE_ADMIN, true, &headers).status, 0);
    bw_access_free(access);
}

/* Who may have us do things out there, by file, listener and headers. */
static void trust_is_for_this_machine_and_for_tokens(void **state)
{
    (void)state;
    static const struct {
        enum file file;
        enum bw_listener_kind kind;
        const char *authorization, *origin, *fetch_site;
        enum bw_trust trust;
    } trusts[] = {
        { NONE, BW_LISTENER_LOOPBACK, NULL, NULL, NULL, BW_TRUST_FULL },
        { TOKENS, BW_LISTENER_LOOPBACK, NULL, NULL, NULL, BW_TRUST_FULL },
        { TOKENS, BW_LISTENER_LOOPBACK, "Bearer wrong", NULL, NULL, BW_TRUST_FULL },
        { NONE, BW_LISTENER_LOOPBACK, NULL, NULL, "none", BW_TRUST_FULL },
        { NONE, BW_LISTENER_LOOPBACK, NULL, NULL, "cross-site", BW_TRUST_NONE },
        { NONE, BW_LISTENER_LOOPBACK, NULL, "https://evil.example", NULL, BW_TRUST_NONE },
        { NONE, BW_LISTENER_REMOTE, NULL, NULL, NULL, BW_TRUST_NONE },
        { NONE, BW_LISTENER_REMOTE, "Bearer any", NULL, NULL, BW_TRUST_NONE },
        { TOKENS, BW_LISTENER_REMOTE, NULL, NULL, NULL, BW_TRUST_NONE },
        { TOKENS, BW_LISTENER_REMOTE, "Bearer wrong", NULL, NULL, BW_TRUST_MISTAKEN },
        { TOKENS, BW_LISTENER_REMOTE, "Bearer " WRITE, NULL, NULL, BW_TRUST_FULL },
        { READ_TOKEN, BW_LISTENER_REMOTE, "Bearer " READ, NULL, NULL, BW_TRUST_FULL },
        { NONE, BW_LISTENER_CONTROL, NULL, NULL, NULL, BW_TRUST_FULL },
    };
    struct bw_access *files[] = { load(NULL), load(with_tokens), load(with_read_token) };
    for (size_t i = 0; i < sizeof trusts / sizeof *trusts; i++) {
        const struct bw_request_headers headers = { .host = "localhost",
                                                    .authorization = trusts[i].authorization,
                                                    .origin = trusts[i].origin,
                                                    .fetch_site = trusts[i].fetch_site };
        const enum bw_trust got = bw_access_trust(files[trusts[i].file], trusts[i].kind, &headers);
        if (got != trusts[i].trust)
            fail_msg("case %zu: expected %d, got %d", i, trusts[i].trust, got);
    }
    for (size_t i = 0; i < 3; i++)
        bw_access_free(files[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_are_as_told),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(a_token_comes_from_its_file),
        cmocka_unit_test(trust_is_for_this_machine_and_for_tokens),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
