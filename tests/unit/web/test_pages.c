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
                                         "/trends/7",
                                         "/alerts",
                                         "/reports",
                                         "/events",
                                         "/?by=team",
                                         "/api/v1/groups",
                                         "/api/v1/services",
                                         "/api/v1/targets",
                                         "/api/v1/alerts",
                                         "/api/v1/trends",
                                         "/api/v1/trends/7",
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

/* The pages whose paths hold the name. */
static void hostile_paths_stay_text(void **state)
{
    (void)state;
    static const char *const names[] = { "<script>alert(1)</script>", "a\"b'c<d>&e" };
    static const char *const encoded[] = { "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
                                           "a%22b'c%3Cd%3E%26e" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct fake fake;
        char path[400];
        fake_start(&fake, NULL, fake_view_rich(bw_wall_system_ms(), names[i]));
        snprintf(path, sizeof path, "/services/%s/%s/%s", encoded[i], encoded[i], encoded[i]);
        char *answer = fake_ask(&fake, "GET", path, "Accept: text/html\r\n", NULL);
        assert_int_equal(fake_status(answer), 200);
        check_body(path, names[i], answer);
        assert_null(strstr(answer, "<d>"));
        free(answer);
        snprintf(path, sizeof path, "/events?service=%s&before=9", encoded[i]);
        answer = fake_ask(&fake, "GET", path, "Accept: text/html\r\n", NULL);
        assert_int_equal(fake_status(answer), 200);
        check_body(path, names[i], answer);
        assert_null(strstr(answer, "<d>"));
        free(answer);
        fake_stop(&fake);
    }
}

static struct bw_view_alert alert_of(const char *labels, const char *expr, const char *cause)
{
    return (struct bw_view_alert){ .rule = "the-rule",
                                   .labels = labels,
                                   .level = BW_LEVEL_CRITICAL,
                                   .active_since_ms = 1,
                                   .level_since_ms = 1,
                                   .expr = expr,
                                   .cause = cause };
}

/* What it is about comes first; what the rule's name says already is left out. */
static const struct {
    const char *labels, *expr, *want, *unwanted;
} alerts[] = {
    { "{check=\"health\",instance=\"10.0.0.2:8080\",service=\"checkout\",state=\"UNHEALTHY\"}",
      "bellwether_health_status{state=\"UNHEALTHY\"}",
      "<p class=\"who\"><a href=\"/services/checkout/10.0.0.2%3A8080/health\"><span>checkout</span>"
      "<span>10.0.0.2:8080</span><span>health</span></a></p>\n"
      "<p class=\"cause\"><bdi>connection refused, 3 failures in a row</bdi></p>",
      "state: UNHEALTHY" },
    { "{service=\"checkout\",state=\"odd\"}", "something_else",
      "<a href=\"/services/checkout\"><span>checkout</span></a> "
      "<span class=\"chip\">state: odd</span></p>\n<p class=\"cause\"><bdi>1 == 1</bdi></p>",
      "{service" },
    { "{mountpoint=\"/var\",service=\"gone\"}", "a / b",
      "<p class=\"who\"><span>gone</span> <span class=\"chip\">mountpoint: /var</span></p>",
      "href=\"/services/gone\"" },
    { "{}", "a", "<p class=\"who\"><span>the-rule</span></p>", "class=\"chip\">{}" },
    { "{not labels", "a", "<span class=\"chip\">{not labels</span>", "<a href=\"/services/{" },
};

static void alerts_say_what_they_are_about(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++) {
        struct fake fake;
        struct bw_view *view = fake_view_rich(bw_wall_system_ms(), NULL);
        struct bw_view_alert alert = alert_of(alerts[i].labels, alerts[i].expr, "1 == 1");
        view->alerts = &alert;
        view->alert_count = 1;
        fake_start(&fake, NULL, view);
        char *page = fake_ask(&fake, "GET", "/alerts", NULL, NULL);
        if (strstr(page, alerts[i].want) == NULL || strstr(page, alerts[i].unwanted) != NULL)
            fail_msg("%s: %s", alerts[i].labels, strstr(page, "<main"));
        free(page);
        fake_stop(&fake);
    }
}

enum { MANY = 60 };

static void many_services_are_paged_and_grouped(void **state)
{
    (void)state;
    struct fake fake;
    struct bw_view *view = fake_view_empty(bw_wall_system_ms());
    struct bw_view_service services[MANY] = { { 0 } };
    for (size_t i = 0; i < MANY; i++) {
        const char *team = i % 2 == 0 ? "even" : "odd one";
        services[i] = (struct bw_view_service){
            .name = bw_arena_printf(&view->arena, "service-%02zu", i),
            .status = i == 59 ? BW_UNHEALTHY : BW_HEALTHY,
            .cause = "",
            .parent_down = "",
            .labels = bw_labels_make(&view->arena, &(struct bw_label){ "team", team }, 1),
        };
    }
    view->services = services;
    view->service_count = MANY;
    fake_start(&fake, NULL, view);
    char *page = fake_ask(&fake, "GET", "/", NULL, NULL);
    assert_non_null(strstr(page, "1 to 50 of 60 services"));
    assert_non_null(strstr(page, "href=\"/?page=2\" rel=\"next\""));
    assert_non_null(strstr(page, ">service-59</a>"));
    assert_non_null(strstr(page, ">service-48</a>"));
    assert_null(strstr(page, ">service-49</a>"));
    assert_non_null(strstr(page, "<details id=\"/services/service-48\"><summary>0 checks on 0"));
    assert_null(strstr(page, "<details id=\"/services/service-59\">"));
    free(page);
    page = fake_ask(&fake, "GET", "/?by=team&page=2", NULL, NULL);
    assert_non_null(strstr(page, "51 to 60 of 60 services"));
    assert_non_null(strstr(page, "<h3 class=\"group\">team <bdi>even</bdi>"));
    assert_non_null(strstr(page, "</span> 30 HEALTHY</span>"));
    assert_non_null(strstr(page, "href=\"/?by=team\" rel=\"prev\""));
    assert_null(strstr(page, ">service-59</a>"));
    free(page);
    fake_stop(&fake);
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
    assert_non_null(strstr(page, "stands at its ceiling of 12.7 GiB since "));
    free(page);
    page = fake_ask(&fake, "GET", "/services/search", NULL, NULL);
    assert_non_null(strstr(page, "It is not known to head anywhere yet."));
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
        cmocka_unit_test(hostile_paths_stay_text),
        cmocka_unit_test(alerts_say_what_they_are_about),
        cmocka_unit_test(many_services_are_paged_and_grouped),
        cmocka_unit_test(services_are_found_by_encoded_names),
        cmocka_unit_test(headlines_tell_how_things_are),
        cmocka_unit_test(what_cannot_be_known_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
