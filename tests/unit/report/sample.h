// SPDX-License-Identifier: GPL-3.0-or-later
/* Reports made by hand. */
#ifndef TESTS_REPORT_SAMPLE_H
#define TESTS_REPORT_SAMPLE_H

#include "report/report.h"

#define SAMPLE_FROM_MS INT64_C(1700000000000)

/* A report in which each text once stands everywhere a text can: one check, one incident, one
 * alert and one trend for each. Free it with bw_report_free. */
struct bw_report *sample_report(const char *const *texts, size_t count);

/* `text` in place of anything; rendered. Fails the test when that fails. */
void sample_render(const struct bw_report *report, enum bw_report_format format,
                   struct bw_buf *out);

#endif
