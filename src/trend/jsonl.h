// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/jsonl.h: the engine as a filter of JSON lines, for evaluation and scripts.
 *
 *   {"id","train":[…],"h":48}                                 -> two lines, level 95 and 80:
 *        {"id","level","mean":[h],"lo":[h],"hi":[h],"p_up","cpu_ms"}
 *   {"id","step":60,"y":[…],"counter":false,"thr":9,"side":1,"H":75}
 *        -> {"id","dir","conf","slope","p_cross","tq":{"5",…,"95"},"undetermined","cpu_ms"}
 *   {"file","t":[…],"x":[…]}  -> {"file","score":[…],"threshold","cpu_ms"}
 *   {"name","x":[…]}          -> {"name","cp":[…],"cpu_ms"}
 *
 * Missing values are null. Times (tq, H) and slopes count steps. Other keys are ignored. */
#ifndef TREND_JSONL_H
#define TREND_JSONL_H

#include "base/buf.h"
#include "base/err.h"
#include "trend/analyse.h"

/* Milliseconds of CPU time used so far; only differences are looked at. */
typedef double bw_trend_cpu_fn(void *ctx);

/* Answers one line (without its newline needed) into *out: one or two lines, each ending in
 * a newline. `cpu` may be NULL, then cpu_ms is 0. Fails with BW_EINVAL (not JSON, or a shape
 * that is none of the four) or BW_ELIMIT (too long); then nothing was appended. */
enum bw_rc bw_trend_jsonl(struct bw_trend_scratch *scratch, const char *line, size_t len,
                          bw_trend_cpu_fn *cpu, void *ctx, struct bw_buf *out, struct bw_err *err);

#endif
