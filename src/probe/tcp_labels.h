// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/tcp_labels.h: what a dialogue finds out about its peer: labels that steps ask for, all of
 * them on one series, probe_expect_info.
 *
 *     - expect: "^220 (\S+) ESMTP (.+)$"                   probe_expect_info{host="mail.example",
 *       labels: [{name: host, value: "${1}"}, …]    -->                      software="Postfix"} 1
 *
 * The names come from the configuration, so the family is a guest (metric/guest.h). The values come
 * from the peer: they are quoted, and cut at BW_LABEL_VALUE_BYTES_MAX. */
#ifndef PROBE_TCP_LABELS_H
#define PROBE_TCP_LABELS_H

#include "probe/tcp.h"

extern const struct bw_opt_group bw_tcp_label_group;

/* Can these steps (struct bw_tcp_step) have the labels that they ask for? */
enum bw_rc bw_tcp_labels_check(const struct bw_items *steps, struct bw_err *err);

/* Fills in plan->labels and plan->expect_family; steps are as checked. */
enum bw_rc bw_tcp_labels_prepare(struct bw_tcp_plan *plan, const struct bw_items *steps,
                                 struct bw_err *err);
void bw_tcp_labels_release(struct bw_tcp_plan *plan);

/* The current step's pattern has just matched this line. */
void bw_tcp_labels_find(struct bw_dialogue *dialogue, const char *line,
                        struct bw_probe_outcome *out);

/* probe_expect_info, if a step that has labels matched. */
void bw_tcp_labels_measure(const struct bw_dialogue *dialogue, struct bw_measures *measures);

#endif
