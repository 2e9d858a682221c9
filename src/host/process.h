// SPDX-License-Identifier: GPL-3.0-or-later
/* host/process.h: what this program takes from its machine, under the names that Prometheus's
 * client libraries use. */
#ifndef HOST_PROCESS_H
#define HOST_PROCESS_H

#include "base/err.h"
#include "base/text.h"
#include "host/host.h"

#include <stdint.h>

/* /proc/self/stat, proc(5). Pure. *out_start_ticks: hundredths of a second from boot to the
 * start of the program. */
enum bw_rc bw_process_parse(struct bw_span text, uint64_t page_bytes, struct bw_measures *out,
                            uint64_t *out_start_ticks, struct bw_err *err);

/* Adds process_*; what cannot be read is left out, and the first failure is told. */
enum bw_rc bw_process_sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err);

#endif
