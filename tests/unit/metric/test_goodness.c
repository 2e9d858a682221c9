// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metric/goodness.h"

static const struct {
    const char *name;
    int worse;
} cases[] = {
    { "probe_duration_seconds", 1 },
    { "probe_http_duration_seconds", 1 },
    { "probe_dns_lookup_time_seconds", 1 },
    { "probe_success", -1 },
    { "probe_icmp_packet_loss_ratio", 1 },
    { "probe_icmp_rtt_avg_seconds", 1 },
    { "probe_ssl_earliest_cert_expiry", 0 },
    { "node_filesystem_avail_bytes", -1 },
    { "node_filesystem_size_bytes", 0 },
    { "node_memory_MemAvailable_bytes", -1 },
    { "node_memory_MemFree_bytes", -1 },
    { "node_memory_MemTotal_bytes", 0 },
    { "node_memory_Cached_bytes", 0 },
    { "node_load1", 1 },
    { "node_network_receive_errs_total", 1 },
    { "node_netstat_Tcp_InErrs", 1 },
    { "node_network_receive_drop_total", 1 },
    { "app_errors_total", 1 },
    { "app_requests_failed_total", 1 },
    { "app_requests_total", 0 },
    { "node_boot_time_seconds", 0 },
    { "node_cpu_seconds_total", 0 },
    { "", 0 },
};

static void each_metric_has_its_bad_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (bw_metric_worse(cases[i].name) != cases[i].worse)
            fail_msg("%s: %d", cases[i].name, bw_metric_worse(cases[i].name));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_metric_has_its_bad_way) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
