// SPDX-License-Identifier: GPL-3.0-or-later
/* Renders a report on 100,000 checks in every form: rows per second of CPU, bytes, and how much
 * memory that took beyond the report itself and the finished bytes. Beside XLSX, the bare
 * library writes the same number of cells: the ratio is what our columns and escapes cost. */
#include "base/mem.h"
#include "report/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <xlsxwriter.h>

enum { CHECKS = 100000, TEXTS = 4, NUMBERS = 14 };

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long peak_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static struct bw_report *make_report(void)
{
    struct bw_report *report = bw_alloc(sizeof *report);
    struct bw_report_check *checks = bw_arena_array(&report->arena, CHECKS, sizeof *checks);
    for (unsigned i = 0; i < CHECKS; i++) {
        struct bw_report_check *check = &checks[i];
        check->service = bw_arena_printf(&report->arena, "service-%u", i / 10);
        check->instance = bw_arena_printf(&report->arena, "host-%u.example.org:443", i % 977);
        check->check = "https";
        check->status = (enum bw_status)(i % BW_STATUS_COUNT);
        check->time.unhealthy_ratio = (i % 113) / 11300.0;
        check->time.healthy_ratio = 1 - check->time.unhealthy_ratio;
        check->available_ratio = check->time.healthy_ratio;
        check->runs = 40320 - i % 7;
        check->failures = i % 91;
        check->duration_p50_s = 0.01 + i % 1009 * 1e-5;
        check->duration_p95_s = check->duration_p50_s * 2.5;
        check->duration_max_s = check->duration_p50_s * 7.125;
        check->downtime_ms = i % 1000 * 1500;
    }
    report->request =
        (struct bw_report_request){ .title = "Bench", .node = "here", .to_ms = 1, .now_ms = 1 };
    report->checks = checks;
    report->check_count = CHECKS;
    bw_report_total(report);
    return report;
}

static double bare_library(void)
{
    char path[] = "/tmp/bench-report-XXXXXX";
    const int fd = mkstemp(path);
    const double start = cpu_seconds();
    lxw_workbook_options options = { .constant_memory = LXW_TRUE };
    lxw_workbook *workbook = workbook_new_opt(path, &options);
    lxw_worksheet *sheet = workbook_add_worksheet(workbook, "Summary");
    for (unsigned i = 0; i < CHECKS; i++) {
        char text[64];
        snprintf(text, sizeof text, "host-%u.example.org:443", i % 977);
        for (lxw_col_t col = 0; col < TEXTS; col++)
            worksheet_write_string(sheet, i, col, text, NULL);
        for (lxw_col_t col = TEXTS; col < TEXTS + NUMBERS; col++)
            worksheet_write_number(sheet, i, col, (i % 1009) * 1e-5 * col, NULL);
    }
    workbook_close(workbook);
    const double spent = cpu_seconds() - start;
    close(fd);
    unlink(path);
    return spent;
}

static void run(const struct bw_report *report, int format)
{
    struct bw_buf out;
    struct bw_err err = { .text = "" };
    bw_buf_init(&out, 1u << 30);
    const long before_kb = peak_kb();
    const double start = cpu_seconds();
    const enum bw_rc rc = bw_report_render(report, (enum bw_report_format)format, NULL, &out, &err);
    const double spent = cpu_seconds() - start;
    if (rc != BW_OK)
        printf("%-5s %s\n", bw_report_formats[format].name, err.text);
    else
        printf("%-5s %9.0f rows per CPU-s %8.1f MB, peak RSS +%ld MB\n",
               bw_report_formats[format].name, CHECKS / spent, (double)out.len / 1e6,
               (peak_kb() - before_kb) / 1024);
    bw_buf_fini(&out);
}

int main(void)
{
    struct bw_report *report = make_report();
    printf("report on %d checks: peak RSS %ld MB\n", CHECKS, peak_kb() / 1024);
    /* The least memory first, since a peak never falls. */
    static const int formats[] = { BW_REPORT_XLSX, BW_REPORT_CSV, BW_REPORT_MD, BW_REPORT_JSON,
                                   BW_REPORT_HTML };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        run(report, formats[i]);
    printf("bare  %9.0f rows per CPU-s: libxlsxwriter, as many cells\n", CHECKS / bare_library());
    bw_report_free(report);
    return 0;
}
