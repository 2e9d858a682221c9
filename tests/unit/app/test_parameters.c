// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/parameters.h"

#include "app/config.h"
#include "base/limits.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PARAMS_MAX = 20 };

static const char modules[] =
    "modules:\n"
    "  web:\n"
    "    prober: http\n"
    "    http: {headers: {a: one, X-Env: none}, valid_status_codes: [200]}\n"
    "    parameters: [http.method, http.headers.X-Env, http.valid_status_codes, http.body,\n"
    "                 http.fail_if_ssl, http.fail_if_body_not_matches_regexp]\n"
    "  names:\n"
    "    prober: dns\n"
    "    dns: {query_name: example.com}\n"
    "    parameters: [dns.query_name, dns.query_type, dns.transport_protocol,\n"
    "                 dns.validate_answer_rrs.fail_if_not_matches_regexp]\n"
    "  health: {prober: grpc, parameters: grpc.metadata.x-env}\n"
    "  ping: {prober: icmp, parameters: [icmp.ttl]}\n"
    "  plain: {prober: http}\n";

struct world {
    struct folder folder;
    struct bw_config *config;
    struct bw_arena arena;
    struct bw_err err;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    folder_make(&w->folder);
    bw_arena_init(&w->arena);
    w->config = folder_config(&w->folder, modules);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    bw_config_free(w->config);
    bw_arena_fini(&w->arena);
    folder_remove(&w->folder);
    free(w);
    return 0;
}

static const struct bw_probe_module *module_of(const struct world *w, const char *name)
{
    for (size_t i = 0; i < w->config->probe_module_count; i++) {
        if (strcmp(w->config->probe_modules[i].name, name) == 0)
            return w->config->probe_modules[i].options;
    }
    fail_msg("no module %s", name);
    return NULL;
}

/* "name=value name=value" */
static enum bw_rc apply(struct world *w, const char *module, const char *query,
                        const struct bw_probe_module **out)
{
    struct bw_url_param params[PARAMS_MAX];
    size_t count = 0;
    char *rest = bw_arena_strdup(&w->arena, query), *word;
    while ((word = strsep(&rest, " ")) != NULL && count < PARAMS_MAX) {
        char *value = strchr(word, '=');
        *value++ = '\0';
        params[count++] = (struct bw_url_param){ word, value };
    }
    return bw_parameters_apply(&w->arena, module_of(w, module), params, count, out, &w->err);
}

static void parameters_stand_instead_of_what_the_module_says(void **state)
{
    struct world *w = *state;
    const struct bw_probe_module *out;
    assert_int_equal(apply(w, "web",
                           "http.method=HEAD http.headers.X-Env=blue http.valid_status_codes=201 "
                           "http.valid_status_codes=204 target=x http.fail_if_ssl=true "
                           "http.fail_if_body_not_matches_regexp=${env:HOME} q=1",
                           &out),
                     BW_OK);
    assert_string_equal(out->http.method, "HEAD");
    assert_int_equal(out->http.headers.count, 2);
    assert_string_equal(out->http.headers.items[0].value, "one");
    assert_string_equal(out->http.headers.items[1].value, "blue");
    assert_int_equal(out->http.valid_status_codes.count, 2);
    assert_int_equal(out->http.valid_status_codes.items[1], 204);
    assert_true(out->http.fail_if_ssl);
    assert_string_equal(out->http.fail_if_body_not_matches_regexp.items[0], "${env:HOME}");
    const struct bw_probe_module *before = module_of(w, "web");
    assert_string_equal(before->http.method, "GET");
    assert_string_equal(before->http.headers.items[1].value, "none");
    assert_int_equal(before->http.valid_status_codes.count, 1);
}

static void underscores_stand_for_what_labels_cannot_have(void **state)
{
    struct world *w = *state;
    const struct bw_probe_module *out;
    assert_int_equal(apply(w, "web", "http_headers_X_Env=blue", &out), BW_OK);
    assert_string_equal(out->http.headers.items[1].value, "blue");
    assert_int_equal(
        apply(w, "names", "dns_query_name=example.org dns_transport_protocol=tcp", &out), BW_OK);
    assert_string_equal(out->dns.query_name, "example.org");
    assert_int_equal(out->dns.transport_protocol, 1);
    assert_int_equal(
        apply(w, "names", "dns.validate_answer_rrs.fail_if_not_matches_regexp=^a", &out), BW_OK);
    assert_int_equal(out->dns.validate[0].lists[2].count, 1);
    assert_int_equal(apply(w, "health", "grpc.metadata.x-env=a grpc_metadata_x_env=b", &out),
                     BW_OK);
    assert_int_equal(out->grpc.metadata.count, 2);
    assert_string_equal(out->grpc.metadata.items[1].value, "b");
}

static void others_change_nothing(void **state)
{
    static const char *const queries[] = { "target=x module=y", "foo.bar=1 _http.body=x httpd.x=1",
                                           "http_body=x dns_thing=1" };
    struct world *w = *state;
    const struct bw_probe_module *out;
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        assert_int_equal(apply(w, "plain", queries[i], &out), BW_OK);
        assert_ptr_equal(out, module_of(w, "plain"));
    }
}

static void what_is_not_listed_or_no_value_is_refused(void **state)
{
    static const struct {
        const char *module, *query, *words;
    } stories[] = {
        { "plain", "http.method=HEAD",
          "parameter 'http.method' is not among `parameters` of module 'plain'" },
        { "web", "http.proxy_url=http://x/", "'http.proxy_url' is not among" },
        { "web", "http.headers.X-Other=1", "'http.headers.X-Other' is not among" },
        { "web", "http_methd=HEAD", "'http_methd' is not among" },
        { "web", "dns.query_name=x", "'dns.query_name' is not among" },
        { "web", "http.valid_status_codes=1000", "parameter 'http.valid_status_codes': must be" },
        { "web", "http.valid_status_codes=", "parameter 'http.valid_status_codes': expected" },
        { "web", "http.fail_if_ssl=maybe", "parameter 'http.fail_if_ssl': expected" },
        { "web", "http.method=GET http.method=PUT", "parameter 'http.method': expected" },
        { "web", "http.method=A\r\nB", "method 'A??B' is not a word" },
        { "web", "http.headers.X-Env=a\r\nB:c", "headers: 'X-Env' is no header" },
        { "web", "http.fail_if_body_not_matches_regexp=(", "fail_if_body_not_matches_regexp[0]" },
        { "names", "dns.query_type=NOPE", "query_type: 'NOPE' is no type" },
        { "names", "dns.query_name=a..b", "query_name: 'a..b' is no name" },
        { "names", "dns.validate_answer_rrs.fail_if_not_matches_regexp=(", "fail_if_not_matches" },
        { "ping", "icmp.ttl=256", "parameter 'icmp.ttl': must be" },
    };
    struct world *w = *state;
    const struct bw_probe_module *out;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        const enum bw_rc rc = apply(w, stories[i].module, stories[i].query, &out);
        if (rc != BW_EINVAL || strstr(w->err.text, stories[i].words) == NULL)
            fail_msg("%s: %d %s", stories[i].query, (int)rc, rc != BW_OK ? w->err.text : "");
    }
}

static void there_are_ceilings(void **state)
{
    struct world *w = *state;
    const struct bw_probe_module *out;
    struct bw_url_param params[BW_ASKED_PARAMETERS_MAX + 1];
    const size_t count = sizeof params / sizeof *params;
    for (size_t i = 0; i < count; i++)
        params[i] = (struct bw_url_param){ "http.valid_status_codes", "200" };
    const struct bw_probe_module *web = module_of(w, "web");
    assert_int_equal(bw_parameters_apply(&w->arena, web, params, count - 1, &out, &w->err), BW_OK);
    assert_int_equal(bw_parameters_apply(&w->arena, web, params, count, &out, &w->err), BW_ELIMIT);
    char value[BW_ASKED_PARAMETER_BYTES_MAX + 2] = "";
    memset(value, 'a', BW_ASKED_PARAMETER_BYTES_MAX);
    params[0] = (struct bw_url_param){ "http.body", value };
    assert_int_equal(bw_parameters_apply(&w->arena, web, params, 1, &out, &w->err), BW_OK);
    assert_int_equal(strlen(out->http.body), BW_ASKED_PARAMETER_BYTES_MAX);
    value[BW_ASKED_PARAMETER_BYTES_MAX] = 'a';
    assert_int_equal(bw_parameters_apply(&w->arena, web, params, 1, &out, &w->err), BW_ELIMIT);
}

/* What a list must not have, told at its line. */
static void lists_are_checked(void **state)
{
    static const struct {
        const char *prober, *list, *problem;
    } stories[] = {
        { "http", "http.body_file", "'http.body_file' is not for whoever asks" },
        { "http", "http.basic_auth.username", "'http.basic_auth.username' is not for*" },
        { "http", "http.bearer_token", "'http.bearer_token' is not for*" },
        { "http", "http.proxy_url", "'http.proxy_url' is not for*" },
        { "http", "http.tls_config.insecure_skip_verify", "'http.tls_config.insecure_skip*" },
        { "http", "http.source_ip_address", "'http.source_ip_address' is not for*" },
        { "http", "http.body_size_limit", "'http.body_size_limit' is not for*" },
        { "http", "http.headers.Authorization", "'http.headers.Authorization' is not for*" },
        { "http", "http.headers.host", "'http.headers.host' is not for*" },
        { "http", "http.headers.Content-Length", "'http.headers.Content-Length' is not for*" },
        { "http", "timeout", "'timeout' is not for*" },
        { "http", "parameters", "'parameters' is not for*" },
        { "exec", "exec.command", "'exec.command' is not for*" },
        { "icmp", "icmp.count", "'icmp.count' is not for*" },
        { "http", "http.headers", "there is no option 'http.headers'" },
        { "http", "http.nope", "there is no option 'http.nope'" },
        { "http", "http", "there is no option 'http'" },
        { "http", "http.method.x", "there is no option 'http.method.x'" },
        { "http", "http.headers.x y", "headers: 'x y' is no header" },
        { "http", "dns.query_name", "'dns.query_name' is no option of prober http" },
        { "http", "[http.body, http.body]", "'http.body' stands there twice" },
        { "http", "[http.headers.X-Env, http.headers.X_Env]", "'http.headers.X_Env' stands*" },
        { "grpc", "grpc.metadata.X-Env", "metadata: 'X-Env' is no name*" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        char text[256], want[256];
        const char *problem = stories[i].problem;
        snprintf(text, sizeof text,
                 "modules:\n  m:\n    prober: %s\n    exec: {command: [/bin/true]}\n"
                 "    parameters: %s\n",
                 stories[i].prober, stories[i].list);
        const char *comma = strchr(stories[i].list, ',');
        const size_t column = 17 + (comma != NULL ? (size_t)(comma + 2 - stories[i].list) : 0);
        snprintf(want, sizeof want, "c.yml:5:%zu: modules.m.parameters: %s%s", column, problem,
                 problem[strlen(problem) - 1] != '*' ? "\n" : "");
        assert_true(folder_refuses(text, want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_stand_instead_of_what_the_module_says),
        cmocka_unit_test(underscores_stand_for_what_labels_cannot_have),
        cmocka_unit_test(others_change_nothing),
        cmocka_unit_test(what_is_not_listed_or_no_value_is_refused),
        cmocka_unit_test(there_are_ceilings),
        cmocka_unit_test(lists_are_checked),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
