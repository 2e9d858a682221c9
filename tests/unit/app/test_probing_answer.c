// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/probing_answer.h"

#include "base/units.h"
#include "fixture.h"
#include "metric/family.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_probe_ends_before_its_scrape(void **state)
{
    (void)state;
    static const struct {
        double module_s, scrape_s, offset_s, want_s;
    } cases[] = {
        { 5, 10, 0.5, 5 },    { 5, 4, 0.5, 3.5 },     { 0, 10, 0.5, 9.5 },
        { 0, 0, 0.5, 119.5 }, { 200, 0, 0.5, 119.5 }, { 5, 0.3, 0.5, 5 },
        { 0, 0.3, 0.5, 0.3 }, { 5, 4, 0, 4 },         { 5, 5.5, 0.5, 5 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int64_t got =
            bw_probing_timeout_ns((int64_t)(cases[i].module_s * BW_SECOND), cases[i].scrape_s,
                                  (int64_t)(cases[i].offset_s * BW_SECOND));
        assert_in_range(got, (int64_t)(cases[i].want_s * BW_SECOND) - 5,
                        (int64_t)(cases[i].want_s * BW_SECOND) + 5);
    }
}

static void families_are_those_of_blackbox_exporter_unless_more_is_asked_for(void **state)
{
    (void)state;
    struct bw_arena arena;
    struct bw_measures measures;
    struct bw_buf out;
    bw_arena_init(&arena);
    bw_measures_init(&measures, &arena);
    bw_measures_add(&measures, BW_METRIC_PROBE_SUCCESS, 0, NULL);
    bw_measures_add(&measures, BW_METRIC_PROBE_FAILURE_INFO, 1, BW_LABEL_VALUES("timeout"));
    bw_measures_add(&measures, BW_METRIC_CHECK_INTERVAL_SECONDS, 15, NULL);
    bw_measures_add(&measures, BW_METRIC_PROBE_HTTP_DURATION_SECONDS, 1, BW_LABEL_VALUES("tls"));
    bw_buf_init(&out, 4096);
    bw_probing_write_metrics(&measures, false, BW_EXPOSITION_TEXT, &out);
    assert_non_null(strstr(out.data, "\nprobe_success 0\n"));
    assert_non_null(strstr(out.data, "\nprobe_http_duration_seconds{phase=\"tls\"} 1\n"));
    assert_null(strstr(out.data, "probe_failure_info"));
    assert_null(strstr(out.data, "bellwether_"));
    bw_buf_clear(&out);
    bw_probing_write_metrics(&measures, true, BW_EXPOSITION_TEXT, &out);
    assert_non_null(strstr(out.data, "\nprobe_failure_info{reason=\"timeout\"} 1\n"));
    assert_null(strstr(out.data, "bellwether_"));
    bw_buf_fini(&out);
    bw_arena_fini(&arena);
}

static void a_module_is_shown_without_its_secrets(void **state)
{
    (void)state;
    static const char text[] = "modules:\n"
                               "  m:\n"
                               "    prober: http\n"
                               "    timeout: 5s\n"
                               "    http:\n"
                               "      headers: {Authorization: Bearer abc, X-Word: 'a: \"b\"'}\n"
                               "      valid_status_codes: [200, 204]\n"
                               "      basic_auth: {username: me, password: hidden}\n"
                               "      body: posted-secret-text\n"
                               "      tls_config: {}\n";
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config = folder_config(&folder, text);
    struct bw_buf yaml, shown;
    struct bw_mask mask = { .count = 0 };
    bw_buf_init(&yaml, 4096);
    bw_buf_init(&shown, 4096);
    bw_mask_add(&mask, "posted-secret-text");
    assert_true(config->probe_module_count >= 1); /* behind it those that are built in */
    bw_probing_write_module(config->probe_modules[0].node, &yaml);
    bw_probing_write_masked(&yaml, &mask, &shown);
    assert_string_equal(shown.data, "prober: http\n"
                                    "timeout: 5s\n"
                                    "http:\n"
                                    "  headers:\n"
                                    "    Authorization: <secret>\n"
                                    "    \"X-Word\": \"a: \\\"b\\\"\"\n"
                                    "  valid_status_codes:\n"
                                    "    - 200\n"
                                    "    - 204\n"
                                    "  basic_auth:\n"
                                    "    username: me\n"
                                    "    password: <secret>\n"
                                    "  body: \"***\"\n"
                                    "  tls_config: {}\n");
    bw_mask_fini(&mask);
    bw_buf_fini(&shown);
    bw_buf_fini(&yaml);
    bw_config_free(config);
    folder_remove(&folder);
}

static void names_are_quoted(void **state)
{
    (void)state;
    struct bw_buf out;
    bw_buf_init(&out, 256);
    bw_probing_write_quoted("a\"b\\c\nd", &out);
    assert_string_equal(out.data, "\"a\\\"b\\\\c\\nd\"");
    bw_buf_fini(&out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_probe_ends_before_its_scrape),
        cmocka_unit_test(families_are_those_of_blackbox_exporter_unless_more_is_asked_for),
        cmocka_unit_test(a_module_is_shown_without_its_secrets),
        cmocka_unit_test(names_are_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
