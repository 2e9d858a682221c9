// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/negotiate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define TEXT_004 "text/plain; version=0.0.4; charset=utf-8"
#define OPEN_100 "application/openmetrics-text; version=1.0.0; charset=utf-8"

static const struct {
    const char *name, *accept, *want;
} accepts[] = {
    { "nothing asked", NULL, TEXT_004 },
    { "an empty header", "", TEXT_004 },
    { "curl", "*/*", TEXT_004 },
    { "a browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT_004 },
    { "Prometheus 2.42",
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
      "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
      OPEN_100 "; escaping=underscores" },
    { "Prometheus 2.42 with native histograms",
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding="
      "delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;"
      "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
      OPEN_100 "; escaping=underscores" },
    { "Prometheus 3",
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/"
      "openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
      "text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
      OPEN_100 "; escaping=allow-utf-8" },
    { "text is preferred", "application/openmetrics-text;q=0.2, text/plain;version=0.0.4;q=0.9",
      TEXT_004 },
    { "text 1.0.0", "text/plain;version=1.0.0;escaping=allow-utf-8",
      "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8" },
    { "OpenMetrics without a version", "application/openmetrics-text",
      OPEN_100 "; escaping=underscores" },
    { "old OpenMetrics", "application/openmetrics-text; version=0.0.1",
      "application/openmetrics-text; version=0.0.1; charset=utf-8" },
    { "a version that is not there yet", "application/openmetrics-text;version=2.0.0", TEXT_004 },
    { "quotes, case and blanks",
      " Application/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=0.9 , text/plain;q=0.1",
      OPEN_100 "; escaping=underscores" },
    { "refused", "application/openmetrics-text;q=0, text/plain;q=0.001", TEXT_004 },
    { "of equals the first", "text/plain, application/openmetrics-text", TEXT_004 },
    { "any application", "application/*", OPEN_100 "; escaping=underscores" },
    { "a weight that is none", "application/openmetrics-text;q=high", TEXT_004 },
    { "a weight over 1", "application/openmetrics-text;q=1.5, text/plain;q=0.1", TEXT_004 },
    { "images only", "image/png", TEXT_004 },
    { "commas alone", ",,;;,=", TEXT_004 },
};

static void each_gets_what_it_reads_best(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepts / sizeof *accepts; i++) {
        const char *type = NULL;
        const enum bw_exposition format = bw_negotiate_exposition(accepts[i].accept, &type);
        if (strcmp(type, accepts[i].want) != 0)
            fail_msg("%s: got %s", accepts[i].name, type);
        const bool open = strstr(type, "openmetrics") != NULL;
        assert_int_equal(format, open ? BW_EXPOSITION_OPENMETRICS : BW_EXPOSITION_TEXT);
    }
}

static const struct {
    const char *accept;
    bool want;
} codings[] = {
    { NULL, false },
    { "", false },
    { "gzip", true },
    { "GZIP, deflate, br", true },
    { "x-gzip", true },
    { "gzip;q=0", false },
    { "gzip;q=0.0", false },
    { "gzip;q=0.001", true },
    { "identity", false },
    { "*", true },
    { "*;q=0", false },
    { "gzip;q=0, *", false },
    { "identity;q=1, gzip;q=0.5", false },
    { "identity;q=0.5, gzip;q=0.5", true },
    { "deflate", false },
    { "gzipped", false },
};

static void gzip_only_for_who_wants_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++) {
        if (bw_negotiate_gzip(codings[i].accept) != codings[i].want)
            fail_msg("'%s': expected %d", codings[i].accept, codings[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_gets_what_it_reads_best),
        cmocka_unit_test(gzip_only_for_who_wants_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
