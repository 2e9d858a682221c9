// SPDX-License-Identifier: GPL-3.0-or-later
/* Every route over hostile names: nothing of them may reach a page or an answer as markup. */
#include "fake.h"

#include "base/text.h"
#include "io/clock.h"
#include "web/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const hostile[] = {
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title></svg><script>alert(1)</script>",
    "{{#services}}<script>{{{name}}}{{/services}}",
    "a\x01\x02\x1b[31m\x7f",
    "\xe2\x80\xae"
    "evil\xe2\x80\xac",
    "\xff\xfe<b>",
    "javascript:alert(1)",
    "../../etc/passwd",
    "a\r\nSet-Cookie: x=1",
};

/* Markup that only an unescaped name could have made. */
static const char *const forbidden[] = {
    "<script>alert", "<img", "<b>", "onmouseover='", "\x01", "\x1b", "\xff",
};

static void check_body(const char *path, const char *text, const char *answer)
{
    const char *body = fake_body(answer);
    bool is_page = strstr(answer, "Content-Type: text/html") != NULL;
    if (bw_utf8_valid_prefix(body, strlen(body)) != strlen(body))
        fail_msg("%s of '%s': invalid UTF-8", path, text);
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        const char *found = strstr(body, forbidden[i]);
        if (found != NULL && (is_page || forbidden[i][0] < ' '))
            fail_msg("%s of '%s': %.80s", path, text, found);
    }
    if (strstr(answer, "\r\nSet-Cookie") != NULL)
        fail_msg("%s of '%s': a header was injected", path, text);
}

static void hostile_names_stay_text(void **state)
{
    (void)state;
    static const char *const paths[] = { "/",
                                         "/hosts",
                                         "/trends",
                                         "/alerts",
                                         "/reports",
                                         "/api/v1/services",
                                         "/api/v1/targets",
                                         "/api/v1/alerts",
                                         "/api/v1/trends",
                                         "/api/v1/status" };
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct fake fake;
        fake_start(&fake, NULL, fake_view_rich(bw_wall_system_ms(), hostile[i]));
        for (size_t k = 0; k < sizeof paths / sizeof *paths; k++) {
            char *answer =
                fake_ask(&fake, "GET", paths[k], "Accept: text/html, application/json\r\n", NULL);
            int want = strcmp(paths[k], "/api/v1/status") == 0 ? 503 : 200;
            if (fake_status(answer) != want)
                fail_msg("%s of '%s': %.300s", paths[k], hostile[i], answer);
            check_body(paths[k], hostile[i], answer);
            free(answer);
        }
        fake_stop(&fake);
    }
}

static void services_are_found_by_encoded_names(void **state)
{
    (void)state;
    struct fake fake;
    fake_start(&fake, NULL, fake_view_rich(bw_wall_system_ms(), "a/b c?d%"));
    char *page = fake_ask(&fake, "GET", "/services/a%2Fb%20c%3Fd%25", NULL, NULL);
    assert_int_equal(fake_status(page), 200);
    assert_non_null(strstr(page, "a/b c?d%"));
    free(page);
    char *status = fake_ask(&fake, "GET", "/", NULL, NULL);
    assert_non_null(strstr(status, "href=\"/services/a%2Fb%20c%3Fd%25\""));
    free(status);
    char *api = fake_ask(&fake, "GET", "/api/v1/services/a%2Fb%20c%3Fd%25", NULL, NULL);
    assert_int_equal(fake_status(api), 200);
    free(api);
    fake_stop(&fake);
}

/* What the page says in one sentence. */
static void headlines_tell_how_things_are(void **state)
{
    (void)state;
    struct fake fake;
    fake_start(&fake, NULL, fake_view_empty(bw_wall_system_ms()));
    char *page = fake_ask(&fake, "GET", "/", NULL, NULL);
    assert_non_null(strstr(page, "<h1>Nothing is being watched yet</h1>"));
    assert_non_null(strstr(page, "No service is configured."));
    free(page);
    fake_stop(&fake);
    fake_start(&fake, NULL, fake_view_rich(bw_wall_system_ms(), NULL));
    page = fake_ask(&fake, "GET", "/", NULL, NULL);
    assert_non_null(strstr(page, "<h1><bdi>checkout</bdi> is UNHEALTHY</h1>"));
    assert_non_null(strstr(page, "10.0.0.2:8080 health: connection refused"));
    assert_non_null(strstr(page, "1d 10h"));
    free(page);
    struct bw_view *view = fake_view_rich(bw_wall_system_ms(), NULL);
    fake_stop(&fake);
    view->services++;
    view->service_count = 1;
    fake_start(&fake, NULL, view);
    page = fake_ask(&fake, "GET", "/", NULL, NULL);
    assert_non_null(strstr(page, "<h1>The one service is healthy</h1>"));
    free(page);
    fake_stop(&fake);
}

static void what_cannot_be_known_is_no_number(void **state)
{
    (void)state;
    struct fake fake;
    fake_start(&fake, NULL, fake_view_rich(bw_wall_system_ms(), NULL));
    char *page = fake_ask(&fake, "GET", "/trends", NULL, NULL);
    assert_non_null(strstr(page, "undetermined"));
    assert_non_null(strstr(page, "9 points over 2 minutes are too few"));
    assert_null(strstr(page, "nan"));
    assert_null(strstr(page, "inf"));
    free(page);
    char *json = fake_ask(&fake, "GET", "/api/v1/trends", NULL, NULL);
    assert_non_null(strstr(json, "\"direction\":\"undetermined\",\"confidence_ratio\":null"));
    assert_non_null(strstr(json, "\"time_to_p50_seconds\":122400"));
    free(json);
    fake_stop(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_names_stay_text),
        cmocka_unit_test(services_are_found_by_encoded_names),
        cmocka_unit_test(headlines_tell_how_things_are),
        cmocka_unit_test(what_cannot_be_known_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
