// SPDX-License-Identifier: GPL-3.0-or-later
/* Answers from a store, and files of the archive. */
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
static char folder[] = "/tmp/bw-api-XXXXXX";
static char store[64], archive[64];

static int start(void **state)
{
    (void)state;
    char path[128];
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(store, sizeof store, "%s/store.db", folder);
    snprintf(archive, sizeof archive, "%s", folder);
    snprintf(path, sizeof path, "%s/weekly-1.csv", folder);
    FILE *file = fopen(path, "w");
    fputs("a,b\r\n1,2\r\n", file);
    fclose(file);
    int64_t now_ms = bw_wall_system_ms();
    fake_store_make(store, now_ms, 30, 60000);
    struct fake_options options = { .store = store, .archive = archive };
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

#define CHECK "probe_duration_seconds%7Binstance%3D%2210.0.0.1%3A8080%22%2Ccheck%3D%22port%22%7D"

static const struct {
    const char *path;
    int status;
    const char *part; /* of the body */
} cases[] = {
    { "/api/v1/series?match=node_load1", 200, "\"metric\":\"node_load1\"" },
    { "/api/v1/series?limit=2", 200, "\"next_cursor\":\"2\"" },
    { "/api/v1/series?limit=2&cursor=2", 200, "\"id\":3" },
    { "/api/v1/series?limit=0", 400, "limit: expected a number from 1 to 1000." },
    { "/api/v1/series?limit=1001", 400, "limit" },
    { "/api/v1/series?cursor=x", 400, "cursor" },
    { "/api/v1/series?match=%7B", 400, "match: " },
    { "/api/v1/series?match=a%7Bb%3D~%22(%22%7D", 400, "\"status\":400" },
    { "/api/v1/samples", 400, "series: expected an id or a selector." },
    { "/api/v1/samples?series=1", 200, "\"points\":[[" },
    { "/api/v1/samples?series=99999", 404, "\"status\":404" },
    { "/api/v1/samples?series=nothing_such", 200, "{\"series\":[]}" },
    { "/api/v1/samples?series=" CHECK, 200, "\"check\":\"port\"" },
    { "/api/v1/samples?series=1&step=0s", 400, "step" },
    { "/api/v1/samples?series=1&step=soon", 400, "step" },
    { "/api/v1/samples?series=1&from=yesterday", 400, "from: expected a time" },
    { "/api/v1/samples?series=1&from=2000&to=1000", 400, "before" },
    { "/api/v1/samples?series=1&from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z", 200,
      "\"points\":[]" },
    { "/api/v1/samples?series=%7B__name__%3D~%22.%2B%22%7D&from=1", 422, "ask for a step of" },
    { "/api/v1/samples?series=%7B__name__%3D~%22.%2B%22%7D&from=1&step=1d", 200, "\"points\":[[" },
    { "/api/v1/events", 200, "connection refused, 3 failures in a row" },
    { "/api/v1/events?kind=alert", 200, "\"to\":\"critical\"" },
    { "/api/v1/events?kind=system&service=checkout", 200, "\"events\":[]" },
    { "/api/v1/events?kind=odd", 400, "kind: expected status, alert, system or marker." },
    { "/api/v1/events?limit=1", 200, "\"next_cursor\":\"4\"" },
    { "/api/v1/events?limit=1&cursor=4", 200, "\"id\":3" },
    { "/api/v1/trends?by=service", 200,
      "\"text\":\"heads for its limit in 1d 10h (1d 2h to 2d 1h), driven by "
      "node_filesystem_avail_bytes of /var/lib\"" },
    { "/api/v1/trends?by=service", 200,
      "\"horizon_seconds\":86400,\"probability_least_ratio\":0.08,\"probability_most_ratio\":0."
      "08" },
    { "/api/v1/trends?by=service&cursor=1", 200,
      "{\"services\":[{\"service\":\"search\",\"heading\":\"unknown\"" },
    { "/api/v1/trends?by=colour", 400, "by: expected service." },
    { "/api/v1/trends", 200,
      "\"findings\":[{\"kind\":\"standstill\",\"text\":\"stands at its ceiling of 12.7 GiB "
      "since " },
    { "/api/v1/trends", 200, "\"size_sd\":null,\"share_ratio\":null,\"period_seconds\":null" },
    { "/api/v1/trends", 200, "\"anomaly\":null" },
    { "/api/v1/trends", 200,
      "\"anomaly\":{\"score\":1.5,\"value\":1000000000,\"expected_low\":2000000000,"
      "\"expected_high\":4000000000,\"at\":\"" },
    { "/api/v1/services/search", 200, "\"trend\":{\"heading\":\"unknown\"" },
    { "/api/v1/services/checkout", 200, "\"trend\":null" },
    { "/api/v1/services?limit=1", 200, "\"next_cursor\":\"1\"" },
    { "/api/v1/services?limit=1&cursor=3", 200, "\"next_cursor\":null" },
    { "/api/v1/services?cursor=99", 200, "\"services\":[]" },
    { "/api/v1/services/nobody", 404, "There is no service of that name." },
    { "/api/v1/services/checkout/days", 200, "\"complete\":true,\"available_ratio\":" },
    { "/api/v1/services/database/days", 200, "\"available_ratio\":null,\"days\":[{" },
    { "/api/v1/services/nobody/days", 404, "There is no service of that name." },
    { "/api/v1/services/checkout/10.0.0.2%3A8080/health", 200, "\"failed\":37," },
    { "/api/v1/services/checkout/10.0.0.2%3A8080/health", 200,
      "\"cause\":\"connection refused, 3 failures in a row\"}]" },
    { "/api/v1/services/checkout/10.0.0.1%3A8080/health", 200, "\"failures\":[],\"changes\":[]" },
    { "/api/v1/services/checkout/10.0.0.2%3A8080/health", 200,
      "\"times\":37,\"left_out_before\":0,\"reason\":\"connect_refused\",\"detail\":\"Connection "
      "refused\",\"duration_seconds\":0.0031,\"attempts\":2,\"phases\":[{\"name\":\"resolve\","
      "\"seconds\":0.0004},{\"name\":\"connect\",\"seconds\":0.0021}],\"transcript\":[{\"ms\":0,"
      "\"kind\":\"note\",\"text\":\"looking up checkout.example.com\"}," },
    { "/api/v1/services/checkout/10.0.0.2%3A8080/health", 200,
      "{\"ms\":null,\"kind\":\"note\",\"text\":\"no line of ours \\u003cimg\\u003e\"}]" },
    { "/api/v1/services/checkout/10.0.0.1%3A8080/health", 200, "\"last_failures\":[]" },
    { "/api/v1/services/checkout/10.0.0.2%3A8080/nothing", 404, "There is no such check." },
    { "/api/v1/services/checkout/10.0.0.2/health", 404, "There is no such check." },
    { "/api/v1/services/checkout/10.0.0.2%3A8080/health?from=2020-01-01T00:00:00Z", 400,
      "within the last 92 days" },
    { "/api/v1/services/checkout/10.0.0.2%3A8080/health?from=soon", 400, "from: expected a time" },
    { "/api/v1/groups", 200, "{\"by\":null,\"labels\":[\"team\"],\"groups\":[{\"value\":null," },
    { "/api/v1/groups?by=team", 200,
      "{\"value\":\"payments\",\"status\":\"UNHEALTHY\",\"services\":[\"checkout\"],\"counts\":{"
      "\"UNKNOWN\":0,\"HEALTHY\":0,\"DEGRADED\":0,\"UNHEALTHY\":1}}" },
    { "/api/v1/groups?by=nothing", 400, "by: no service has a label of that name." },
    { "/api/v1/groups?by=team&limit=1", 200, "\"next_cursor\":\"1\"" },
    { "/api/v1/groups?by=team&limit=1&cursor=1", 200, "\"groups\":[{\"value\":" },
    { "/api/v1/groups?by=team&cursor=99", 200, "\"groups\":[],\"next_cursor\":null" },
    { "/api/v1/groups?limit=0", 400, "limit: " },
    { "/api/v1/samples?series=1&from=-9223372036854775808&to=1000", 400, "from: expected a time" },
    { "/api/v1/samples?series=1&to=-9223372036854775808", 400, "to: expected a time" },
    { "/api/v1/samples?series=1&from=-999999999999999&to=999999999999999", 400, "before 'to'" },
    { "/api/v1/events?from=1000000000000000", 400, "from: expected a time" },
    { "/api/v1/services/checkout", 200, "\"recent\":[{\"ts\":" },
    { "/api/v1/reports", 200, "\"url\":\"/reports/archive/3\"" },
    { "/api/v1/reports?limit=1", 200, "\"next_cursor\":\"3\"" },
    { "/api/v1/reports?limit=1&cursor=3", 200, "{\"reports\":[{\"id\":2," },
    { "/api/v1/reports?limit=1&cursor=2", 200, "{\"reports\":[{\"id\":1," },
    { "/api/v1/reports?cursor=1", 200, "{\"reports\":[],\"next_cursor\":null}" },
    { "/api/v1/reports?name=nothing", 200, "{\"reports\":[],\"next_cursor\":null}" },
    { "/api/v1/reports?cursor=x", 400, "cursor: " },
    { "/api/v1/openapi.yaml", 200, "openapi: 3.1.0" },
    { "/api/v1/targets?limit=1&cursor=1", 200, "\"name\":\"port\"" },
    { "/api/v1/status", 503, "\"status\":\"UNHEALTHY\"" },
    { "/api/v1/reports/summary", 200, "{" },
    { "/api/v1/reports/summary?format=csv", 200, "checkout" },
    { "/api/v1/reports/summary?format=pdf", 400, "format: expected" },
    { "/api/v1/reports/summary?range=ever", 400, "range: " },
    { "/reports/archive/1", 200, "a,b\r\n1,2\r\n" },
    { "/reports/archive/2", 404, "\"status\":404" }, /* its row says ../secret */
    { "/reports/archive/3", 200, "a,b" },
    { "/reports/archive/4", 404, "\"status\":404" },
    { "/reports/archive/-1", 404, "\"status\":404" },
    { "/reports/archive/..%2Fstore.db", 404, "\"status\":404" },
    { "/reports/latest/weekly.xlsx", 404, "\"status\":404" },
    { "/reports/latest/..%2Fstore.db", 404, "\"status\":404" },
    { "/reports/latest/.csv", 404, "\"status\":404" },
    { "/reports", 200, "weekly" },
    { "/services/checkout?range=24h", 200, "class=\"gap\"" },
    { "/services/checkout", 200, " available, " },
    { "/services/checkout/10.0.0.2%3A8080/health?range=6h", 200, "class=\"area phase-5\"" },
    { "/services/checkout/10.0.0.2%3A8080/health?range=6h", 200, "37 of " },
    { "/services/checkout/10.0.0.2%3A8080/health?range=6h", 200,
      "<strong>connection refused</strong> <span class=\"said\">Connection refused</span>" },
    { "/services/checkout/10.0.0.1%3A8080/port?range=6h", 200, "None that anybody remembers." },
    { "/services/checkout/10.0.0.2%3A8080/health", 200,
      "<li class=\"says-heard\"><i>77.2</i><b>&lt;</b><span>HTTP/1.1 503 Service "
      "Unavailable</span>" },
    { "/services/checkout/10.0.0.2%3A8080/health", 200,
      "<span>&lt;script&gt;alert(1)&lt;/script&gt; &quot;&#39;&amp;</span>" },
    { "/services/checkout/10.0.0.2%3A8080/health", 200, "37\xc3\x97 until " },
    { "/services/checkout/10.0.0.2%3A8080/health", 200,
      "3 failures before it were not written down." },
    { "/services/host/vie1-mon/memory", 200, "<h1><bdi>memory</bdi> on <bdi>vie1-mon</bdi>" },
    { "/services/checkout/10.0.0.2%3A8080/nothing", 404, "There is no such check." },
    { "/services/nobody/10.0.0.2%3A8080/health", 404, "There is no such check." },
    { "/events", 200, "version 0.1.0" },
    { "/events?kind=alert", 200, "<option value=\"alert\" selected>" },
    { "/events?kind=alert", 200, "service-unhealthy" },
    { "/events?kind=system&service=checkout", 200, "Nothing of that kind." },
    { "/events?service=gone", 200, "<option value=\"gone\" selected>" },
    { "/events?before=2", 200, "<a class=\"button\" href=\"/events?kind=\" rel=\"first\">" },
    { "/events?before=-1&kind=odd", 200, "connection refused, 3 failures in a row" },
    { "/services/nobody", 404, "There is no service of that name." },
    { "/services/host", 302, "/hosts" },
    { "/hosts?range=24h", 200, "Disk used" },
};

static void the_store_is_answered_from(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *answer = fake_ask(&fake, "GET", cases[i].path, NULL, NULL);
        if (fake_status(answer) != cases[i].status
            || strstr(fake_body(answer), cases[i].part) == NULL)
            fail_msg("%s: expected %d with '%s', got %.600s", cases[i].path, cases[i].status,
                     cases[i].part, answer);
        free(answer);
    }
}

static void a_file_name_is_clean(void **state)
{
    (void)state;
    char value[120];
    char *answer = fake_ask(&fake, "GET", "/reports/archive/3", NULL, NULL);
    assert_true(fake_header(answer, "Content-Disposition", value, sizeof value));
    assert_non_null(strstr(value, "attachment; filename=\"daily__x___-"));
    free(answer);
}

/* A report is one file with its own style; nothing else inline applies. */
static void a_report_may_use_its_style(void **state)
{
    (void)state;
    char policy[500];
    char *answer = fake_ask(&fake, "GET", "/api/v1/reports/summary?format=html", NULL, NULL);
    assert_int_equal(fake_status(answer), 200);
    assert_true(fake_header(answer, "Content-Security-Policy", policy, sizeof policy));
    assert_non_null(strstr(policy, "style-src 'self' 'sha256-"));
    assert_null(strstr(policy, "unsafe"));
    assert_null(strstr(fake_body(answer), " style=\""));
    free(answer);
}

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *c = text; (c = strstr(c, what)) != NULL; c++)
        count++;
    return count;
}

/* What does not fit on the page is in the JSON. */
static void failures_do_not_make_a_page_heavy(void **state)
{
    (void)state;
    char *page = fake_ask(&fake, "GET", "/services/checkout/10.0.0.2%3A8080/port", NULL, NULL);
    char *json =
        fake_ask(&fake, "GET", "/api/v1/services/checkout/10.0.0.2%3A8080/port", NULL, NULL);
    assert_true(strlen(page) < 100000);
    const size_t shown = count_of(page, "class=\"transcript\"");
    assert_in_range(shown, 1, 9);
    assert_int_equal(count_of(page, "There is no room for its transcript here"), 10 - shown);
    assert_non_null(strstr(page, "<a href=\"/api/v1/services/checkout/10.0.0.2%3A8080/port\">"));
    assert_int_equal(count_of(json, "\"transcript\":[{"), 10);
    free(page);
    free(json);
}

/* A step of an hour over 30 hours with a gap: as many points as hours that have any. */
static void a_step_gives_one_mean_each(void **state)
{
    (void)state;
    char *answer = fake_ask(&fake, "GET", "/api/v1/samples?series=1&from=1&step=1h", NULL, NULL);
    size_t points = 0;
    for (const char *c = strstr(answer, "\"points\":["); c != NULL; c = strstr(c + 1, "["))
        points++;
    /* The list itself counts twice; hours that begin anywhere touch one more. */
    assert_in_range(points, 28, 33);
    free(answer);
}

static void without_a_store_there_is_no_history(void **state)
{
    (void)state;
    bw_web_set_store(fake.web, NULL);
    char *samples = fake_ask(&fake, "GET", "/api/v1/samples?series=1", NULL, NULL);
    assert_int_equal(fake_status(samples), 503);
    free(samples);
    char *page = fake_ask(&fake, "GET", "/services/checkout", NULL, NULL);
    assert_int_equal(fake_status(page), 200);
    assert_non_null(strstr(page, "There is no store just now"));
    free(page);
    bw_web_set_store(fake.web, store);
    samples = fake_ask(&fake, "GET", "/api/v1/samples?series=1", NULL, NULL);
    assert_int_equal(fake_status(samples), 200);
    free(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_store_is_answered_from),
        cmocka_unit_test(a_file_name_is_clean),
        cmocka_unit_test(a_report_may_use_its_style),
        cmocka_unit_test(failures_do_not_make_a_page_heavy),
        cmocka_unit_test(a_step_gives_one_mean_each),
        cmocka_unit_test(without_a_store_there_is_no_history),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
