// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/tells.h: which metric families, reasons and phases the kinds of checks can tell: for
 * documents, and for conditions on them, which are looked at when a configuration is read. The
 * kinds themselves do not read it; tests hold it against what they say. */
#ifndef PROBE_TELLS_H
#define PROBE_TELLS_H

#include "base/buf.h"
#include "metric/family.h"
#include "model/reason.h"
#include "probe/module.h"
#include "probe/probe.h"

#include <stdbool.h>
#include <stddef.h>

/* Kinds are indexes of bw_probe_table; jobs that report by themselves are the one behind them. */
enum { BW_KIND_PUSH = BW_PROBER_COUNT };

/* The kind of these; NULL: of jobs that report by themselves. */
size_t bw_kind_of(const struct bw_probe_ops *ops);

/* May a run of this kind have series of the family? */
bool bw_kind_tells_family(size_t kind, enum bw_family_id family);

/* May a run of this kind end with the reason? NONE is no reason. */
bool bw_kind_tells_reason(size_t kind, enum bw_reason reason);

/* May a run of this kind have the phase? */
bool bw_kind_tells_phase(size_t kind, enum bw_probe_phase phase);

/* What a family of the kind is called for short in conditions: "loss" is
 * probe_icmp_packet_loss_ratio of icmp. False when the kind has no such word. */
bool bw_kind_word(size_t kind, const char *word, enum bw_family_id *out);

/* Appends "duration, attempts, resolve, processing, loss": all that conditions on a run of the kind
 * may look at beside its metrics, for messages and documents. */
void bw_kind_words(size_t kind, struct bw_buf *out);

#endif
