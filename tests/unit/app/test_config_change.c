// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config_change.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SERVICE "services: [{name: a, checks: [{name: port, tcp: 'a:1'}]}]\n"

static const struct {
    const char *name, *old, *now, *waits; /* NULL: nothing */
} cases[] = {
    { "nothing", "", "", NULL },
    { "an interval", "", "global: {interval: 30s}\n", NULL },
    { "another file", "", "storage: {path: other.db}\n", "storage" },
    { "its file said as before", "storage: {path: a.db}\n", "storage: {path: a.db}\n", NULL },
    { "commits", "", "storage: {commit_interval: 2s}\n", "storage" },
    { "a ceiling", "", "storage: {max_bytes: 1GiB}\n", "storage" },
    { "series", "", "storage: {max_series: 77}\n", "storage" },
    { "a page's length", "", "web: {page_size: 7}\n", "web" },
    { "both: the first is named", "", "storage: {max_series: 77}\nweb: {page_size: 7}\n",
      "storage" },
};

static void what_waits_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct folder folder;
        char old_text[512], now_text[512];
        folder_make(&folder);
        snprintf(old_text, sizeof old_text, "%s%s", cases[i].old, SERVICE);
        snprintf(now_text, sizeof now_text, "%s%s", cases[i].now, SERVICE);
        struct bw_config *old = folder_config(&folder, old_text);
        struct bw_config *now = folder_config(&folder, now_text);
        const char *waits = bw_config_waits_for_restart(old, now);
        if (strcmp(waits != NULL ? waits : "", cases[i].waits != NULL ? cases[i].waits : "") != 0)
            fail_msg("%s: waits for '%s'", cases[i].name, waits != NULL ? waits : "");
        const char *back = bw_config_waits_for_restart(now, old);
        assert_int_equal(back == NULL, waits == NULL);
        bw_config_free(old);
        bw_config_free(now);
        folder_remove(&folder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
