// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config.h"

#include "base/units.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN "0123456789abcdef"
#define JOB(push, rest)                                                                            \
    "services:\n"                                                                                  \
    "- name: a\n"                                                                                  \
    "  checks:\n"                                                                                  \
    "  - {name: c, push: {" push "}" rest "}\n"
#define GOOD "every: 1h, token: " TOKEN

static void a_job_has_its_own_pace_and_patience(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        int64_t every_ms, grace_ms;
        unsigned fall, rise;
        const char *target;
    } cases[] = {
        { JOB(GOOD, ""), 3600000, 0, 1, 1, "every 1h, grace 0s" },
        { JOB("every: 1d, grace: 10m, token: " TOKEN, ""), 86400000, 600000, 1, 1,
          "every 1d, grace 10m" },
        { JOB(GOOD, ", fall: 3, rise: 2"), 3600000, 0, 3, 2, "every 1h, grace 0s" },
        /* What is said of those that are asked is not meant. */
        { "global: {interval: 7s, fall: 5, rise: 4}\n" JOB(GOOD, ""), 3600000, 0, 1, 1,
          "every 1h, grace 0s" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct folder folder;
        folder_make(&folder);
        struct bw_config *config = folder_config(&folder, cases[i].yaml);
        const struct bw_config_check *check = &config->checks[0];
        assert_int_equal(config->check_count, 1);
        assert_non_null(check->push);
        assert_int_equal(check->push->rule.every_ms, cases[i].every_ms);
        assert_int_equal(check->push->rule.grace_ms, cases[i].grace_ms);
        assert_string_equal(check->push->token, TOKEN);
        assert_int_equal(check->schedule.interval_ns, cases[i].every_ms * BW_MS);
        assert_int_equal(check->health.fall, cases[i].fall);
        assert_int_equal(check->health.rise, cases[i].rise);
        assert_string_equal(check->target, cases[i].target);
        bw_config_free(config);
        folder_remove(&folder);
    }
}

/* What a token is good for nobody shall read off a page. */
static void a_token_is_not_shown(void **state)
{
    (void)state;
    struct folder folder;
    folder_make(&folder);
    struct bw_config *config = folder_config(&folder, JOB(GOOD, ""));
    assert_null(strstr(config->checks[0].shown_target, TOKEN));
    bw_config_free(config);
    folder_write(&folder, "token", TOKEN "\n");
    config = folder_config(&folder, JOB("every: 1h, token_file: token", ""));
    assert_string_equal(config->checks[0].push->token, TOKEN);
    bw_config_free(config);
    folder_remove(&folder);
}

/* Each names a way to ask, and a job is not asked. */
static void what_says_how_to_ask_is_refused(void **state)
{
    (void)state;
    static const char *const keys[][2] = {
        { "module", "m" },       { "overrides", "{tcp: {tls: true}}" },
        { "interval", "10s" },   { "fast_interval", "1s" },
        { "timeout", "1s" },     { "retries", "1" },
        { "expect", "failure" }, { "down_interval", "1h" },
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char yaml[256], want[256];
        snprintf(yaml, sizeof yaml, JOB(GOOD, ", %s: %s"), keys[i][0], keys[i][1]);
        snprintf(want, sizeof want,
                 "c.yml:4:59: services[0].checks[0]: '%s' is not for 'push': the job comes by "
                 "itself\n",
                 keys[i][0]);
        assert_true(folder_refuses(yaml, want));
    }
}

static void mistakes_have_their_place(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { JOB("every: 1h", ""),
          "c.yml:4:21: services[0].checks[0]: 'push' needs 'token' or 'token_file'\n" },
        { JOB("token: " TOKEN, ""),
          "c.yml:4:21: services[0].checks[0].push: required key 'every' is missing\n" },
        { JOB("every: 1h, token: short", ""),
          "c.yml:4:40: services[0].checks[0].push.token: must be between 16 and 256 bytes long\n" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(folder_refuses(cases[i][0], cases[i][1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_has_its_own_pace_and_patience),
        cmocka_unit_test(a_token_is_not_shown),
        cmocka_unit_test(what_says_how_to_ask_is_refused),
        cmocka_unit_test(mistakes_have_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
