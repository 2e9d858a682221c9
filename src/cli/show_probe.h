// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/show_probe.h: the result of one probe, for people (and monitoring systems that read a
 * plugin's first line) and for programs. Pure. */
#ifndef CLI_SHOW_PROBE_H
#define CLI_SHOW_PROBE_H

#include "base/buf.h"
#include "base/text.h"
#include "cli/terminal.h"
#include "probe/probe.h"

/* Exit codes as the Monitoring Plugins guidelines have them. */
enum bw_verdict { BW_VERDICT_OK, BW_VERDICT_WARNING, BW_VERDICT_CRITICAL, BW_VERDICT_UNKNOWN };

/* UNKNOWN when the fault lies with this machine and says nothing about the target. */
enum bw_verdict bw_probe_verdict(const struct bw_probe_result *result);

/* "OK", "WARNING", "CRITICAL", "UNKNOWN" */
const char *bw_verdict_name(enum bw_verdict verdict);

struct bw_probe_subject {
    const char *kind;
    const char *target;
    const char *module;        /* NULL: none */
    struct bw_span transcript; /* model/transcript.h; data NULL: nobody asked */
};

/* The verdict, then the phases with bars that show when each began and how long it took.
 * Where nobody looks, the first line ends with performance data. */
void bw_show_probe_text(struct bw_buf *out, const struct bw_terminal *terminal,
                        const struct bw_probe_subject *subject,
                        const struct bw_probe_result *result, int64_t now_ms);

/* One JSON object and a newline. */
void bw_show_probe_json(struct bw_buf *out, const struct bw_probe_subject *subject,
                        const struct bw_probe_result *result);

#endif
