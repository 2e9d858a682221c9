// SPDX-License-Identifier: GPL-3.0-or-later
/* The page of one trend, and the same as JSON. */
#include "fake.h"

#include "io/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fake fake;
static char folder[] = "/tmp/bw-trend-XXXXXX";
static char store[64];

static int start(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(store, sizeof store, "%s/store.db", folder);
    const int64_t now_ms = bw_wall_system_ms();
    fake_store_make(store, now_ms, 2, 60000);
    const struct fake_options options = { .store = store };
    fake_start(&fake, &options, fake_view_rich(now_ms, NULL));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    char command[64];
    fake_stop(&fake);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

#define BY_TEXT "/trends/node_filesystem_avail_bytes%7Bmountpoint%3D%22%2Fvar%2Flib%22%7D"

static const struct {
    const char *path;
    int status;
    const char *part; /* of the body */
} cases[] = {
    { "/trends/7", 200, "class=\"chart fan wide-only\"" },
    { "/trends/7", 200, "class=\"chart fan narrow-only\"" },
    { "/trends/7", 200, "Falling by 378 MiB an hour, 97 % sure." },
    { "/trends/7", 200, "Reaches 0 B in 1d 10h, between 1d 2h and 2d 1h." },
    { "/trends/7", 200, "S -5200, z -13.10; Hamed-Rao z -8.20" },
    { "/trends/7", 200, "40.5 independent ones" },
    { "/trends/7", 200, "every 1d (90 % of what it and the noise do)" },
    { "/trends/7", 200, "<th scope=\"row\">1d</th><td class=\"number\">1.8 GiB</td>" },
    { "/trends/7", 200, "href=\"/api/v1/trends/7\"" },
    { "/trends/7", 200, "data-holds=\"30\"" },
    { BY_TEXT, 200, "Falling by" },
    { "/trends/8", 200, "<h1><bdi>node_memory_MemAvailable_bytes</bdi></h1>" },
    { "/trends/9", 200, "It cannot be drawn: this series is no longer analysed." },
    { "/trends/9", 200, "No direction can be told yet." },
    { "/trends/7", 200, "of 12 that fell due 83 % lay between P10 and P90" },
    { "/trends/7", 200, "of the last 50 directions of any series, 94 % came true" },
    { "/trends/8", 200, "Its forecasts lose to saying that all stays as it is" },
    { "/api/v1/trends/7", 200, "\"skill_ratio\":0.41" },
    { "/trends/99", 404, "There is no trend of that series" },
    { "/trends/node_filesystem_avail_bytes", 404, "There is no trend of that series" },
    { "/trends/-7", 404, "no trend" },
    { "/trends/4294967303", 404, "no trend" },
    { "/api/v1/trends/7", 200, "\"mann_kendall_s\":-5200" },
    { "/api/v1/trends/7", 200, "\"picture_missing\":null" },
    { "/api/v1/trends/7", 200, ",null]" }, /* the gap */
    { "/api/v1" BY_TEXT, 200, "\"series\":7," },
    { "/api/v1/trends/9", 200, "\"picture\":null" },
    { "/api/v1/trends/99", 404, "\"status\":404" },
};

static void a_trend_is_shown(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *answer = fake_ask(&fake, "GET", cases[i].path, NULL, NULL);
        const char *body = fake_body(answer);
        if (fake_status(answer) != cases[i].status || strstr(body, cases[i].part) == NULL)
            fail_msg("%s: '%s' is not in %.3000s", cases[i].path, cases[i].part, answer);
        if (strstr(body, "nan") != NULL || strlen(body) > 60000)
            fail_msg("%s: %.3000s", cases[i].path, answer);
        free(answer);
    }
}

/* What can be said without history is said. */
static void without_a_store_the_record_stays(void **state)
{
    (void)state;
    bw_web_set_store(fake.web, NULL);
    char *page = fake_ask(&fake, "GET", "/trends/7", NULL, NULL);
    assert_int_equal(fake_status(page), 200);
    assert_non_null(strstr(page, "There is no store just now"));
    assert_non_null(strstr(page, "Reaches 0 B in 1d 10h"));
    assert_null(strstr(page, "<svg class=\"chart"));
    free(page);
    char *json = fake_ask(&fake, "GET", "/api/v1/trends/7", NULL, NULL);
    assert_non_null(strstr(json, "\"picture_missing\":\"There is no store"));
    free(json);
    bw_web_set_store(fake.web, store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trend_is_shown),
        cmocka_unit_test(without_a_store_the_record_stays),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
