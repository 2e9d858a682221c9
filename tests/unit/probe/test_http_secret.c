// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "peer.h"
#include "probe/http_secret.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/bw-secret-XXXXXX";

static void put(const char *name, const char *text, size_t len)
{
    char path[64], fresh[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(fresh, sizeof fresh, "%s/%s.new", folder, name);
    FILE *file = fopen(fresh, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
    assert_int_equal(rename(fresh, path), 0); /* as who renews a token does it */
}

static void it_is_read_again_when_it_changes(void **state)
{
    (void)state;
    struct bw_http_secret secret;
    char *text = NULL;
    struct bw_err err;
    put("token", "one\r\n", 5);
    assert_int_equal(bw_http_secret_open(&secret, folder, "token", "Bearer ", &text, &err), BW_OK);
    assert_string_equal(text, "Bearer one");
    assert_int_equal(bw_http_secret_refresh(&secret, 10 * BW_SECOND, &err), BW_OK);
    put("token", "twos", 4);
    assert_int_equal(bw_http_secret_refresh(&secret, 10 * BW_SECOND + 1, &err), BW_OK);
    assert_string_equal(text, "Bearer one"); /* it was looked at a moment ago */
    assert_int_equal(bw_http_secret_refresh(&secret, 11 * BW_SECOND, &err), BW_OK);
    assert_string_equal(text, "Bearer twos");
    assert_string_equal(secret.old, "Bearer one");
    put("token", "", 0);
    assert_int_equal(bw_http_secret_refresh(&secret, 12 * BW_SECOND, &err), BW_EINVAL);
    assert_string_equal(text, "Bearer twos");
    put("token", "a\nb", 3);
    assert_int_equal(bw_http_secret_refresh(&secret, 13 * BW_SECOND, &err), BW_EINVAL);
    put("token", "a\0b", 3);
    assert_int_equal(bw_http_secret_refresh(&secret, 14 * BW_SECOND, &err), BW_EINVAL);
    unlink(secret.path);
    assert_int_equal(bw_http_secret_refresh(&secret, 15 * BW_SECOND, &err), BW_ENOTFOUND);
    assert_string_equal(text, "Bearer twos");
    free(text);
    bw_http_secret_fini(&secret);
}

static void a_body_is_read_again_lines_and_all(void **state)
{
    (void)state;
    struct bw_http_secret file;
    char *text = NULL;
    struct bw_err err;
    put("body", "line 1\nline 2\n", 14);
    assert_int_equal(bw_http_body_file_open(&file, folder, "body", &text, &err), BW_OK);
    assert_string_equal(text, "line 1\nline 2\n");
    put("body", "", 0); /* may be, too */
    assert_int_equal(bw_http_secret_refresh(&file, 10 * BW_SECOND, &err), BW_OK);
    assert_string_equal(text, "");
    put("body", "more\n", 5);
    assert_int_equal(bw_http_secret_refresh(&file, 11 * BW_SECOND, &err), BW_OK);
    put("body", "a\0b", 3);
    assert_int_equal(bw_http_secret_refresh(&file, 12 * BW_SECOND, &err), BW_EINVAL);
    assert_string_equal(text, "more\n");
    free(text);
    bw_http_secret_fini(&file);
    text = NULL;
    assert_int_equal(bw_http_body_file_open(&file, folder, "nobody", &text, &err), BW_ENOTFOUND);
    assert_null(text);
    bw_http_secret_fini(&file);
}

static void good(struct peer_talk *talk)
{
    peer_answer(talk, "HTTP/1.1 500 OK\r\nContent-Length: 6\r\nX-Say: k-file\r\n\r\nk-list");
}

static const char *in_folder(struct world *w, const char *name)
{
    return world_text(w, "%s/%s", folder, name);
}

static void all_that_is_said_of_them(void **state)
{
    (void)state;
    struct world w;
    struct peer peer;
    world_open(&w, NULL);
    peer_start(&peer, good, NULL);
    put("user", "ann\n", 4);
    put("pass", "geheim\n", 7);
    put("key", "k-file\n", 7);
    put("body", "line 1\nline 2\n", 14);
    struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
    const struct bw_http_header_options headers[] = {
        { .name = "X-Key",
          .values = WORLD_STRINGS("open", "wide"),
          .secrets = WORLD_STRINGS("k-list"),
          .files = WORLD_STRINGS(in_folder(&w, "key")) },
        { .name = "Accept-Key", .secrets = WORLD_STRINGS("k-accept") },
    };
    module.http.http_headers = (struct bw_items){ (void *)(uintptr_t)headers, 2 };
    module.http.basic_auth.username_file = in_folder(&w, "user");
    module.http.basic_auth.password_file = in_folder(&w, "pass");
    module.http.method = "POST";
    module.http.body_file = in_folder(&w, "body");
    module.http.source_ip_address = "127.0.0.9";
    world_probe(&w, &module, world_text(&w, "http://127.0.0.1:%u/", peer.port), 5 * BW_SECOND);
    peer_stop(&peer);
    assert_int_equal(w.result.reason, BW_REASON_HTTP_STATUS);
    static const char *const sent[] = {
        "X-Key: open\r\n",          "X-Key: wide\r\n",
        "X-Key: k-list\r\n",        "X-Key: k-file\r\n",
        "Accept-Key: k-accept\r\n", "Authorization: Basic YW5uOmdlaGVpbQ==\r\n",
        "\r\n\r\nline 1\nline 2\n"
    };
    for (size_t i = 0; i < sizeof sent / sizeof *sent; i++)
        assert_non_null(strstr(peer.heard, sent[i]));
    static const char *const hidden[] = { "k-list", "k-file", "k-accept", "geheim",
                                          "YW5uOmdlaGVpbQ==" };
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        assert_null(strstr(w.told, hidden[i]));
    world_close(&w);
}

static void a_source_that_is_not_ours(void **state)
{
    (void)state;
    static const char *const modes[] = { NULL, "identity" }; /* ours, libcurl's */
    for (size_t i = 0; i < 2; i++) {
        struct world w;
        world_open(&w, NULL);
        struct bw_probe_module module = world_module(&w, BW_PROBER_HTTP);
        module.http.source_ip_address = "192.0.2.99";
        module.http.compression = modes[i];
        world_probe(&w, &module, "http://127.0.0.1:9/", 5 * BW_SECOND);
        assert_int_equal(w.result.reason, BW_REASON_CONNECT_FAILED);
        world_close(&w);
    }
}

/* ---- the configuration ---- */

static void what_is_not_spoken_is_refused_by_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } stories[] = {
        { "prober: http\nhttp:\n  enable_http3: true\n", "t.yml:3:3: http: enable_http3: HTTP/3" },
        { "prober: http\nhttp:\n  fail_if_body_json_matches_cel: a\n", "t.yml:3:3: " },
        { "prober: http\nhttp: {max_redirects: 51}\n", "max_redirects" },
        { "prober: http\nhttp: {source_ip_address: here}\n", "is no address" },
        { "prober: http\nhttp: {compression: zstd}\n", "is not gzip" },
        { "prober: http\nhttp: {body: a, body_file: b}\n", "exclude each other" },
        { "prober: http\nhttp: {bearer_token: a, basic_auth: {username: b}}\n", "exclude" },
        { "prober: http\nhttp: {basic_auth: {password: a, password_file: b}}\n", "not both" },
        { "prober: http\nhttp: {http_headers: {\"a b\": {values: [c]}}}\n", "is no header" },
        { "prober: http\nhttp: {no_follow_redirects: true, proxy_url: 'http://p:1',\n"
          "  proxy_connect_header: {A: [b, c]}, skip_resolve_phase_with_proxy: true}\n",
          NULL },
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct world w;
        world_open(&w, NULL);
        struct bw_probe_module module;
        const char *said = world_config(&w, stories[i].text, &module);
        if (stories[i].says == NULL ? said[0] != '\0' : strstr(said, stories[i].says) == NULL)
            fail_msg("%s: %s", stories[i].text, said);
        world_close(&w);
    }
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = { "user", "pass", "key", "body", "token" };
    char path[64];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_read_again_when_it_changes),
        cmocka_unit_test(a_body_is_read_again_lines_and_all),
        cmocka_unit_test(all_that_is_said_of_them),
        cmocka_unit_test(a_source_that_is_not_ours),
        cmocka_unit_test(what_is_not_spoken_is_refused_by_its_line),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
