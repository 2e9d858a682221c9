// SPDX-License-Identifier: GPL-3.0-or-later
/* report/facts.h: what a report says once, as named texts for templates: title, times, totals
 * and the sentence at the top. */
#ifndef REPORT_FACTS_H
#define REPORT_FACTS_H

#include "report/report.h"

enum { BW_REPORT_FACTS_MAX = 48 };

/* The limits shown in a page; a spreadsheet has all. */
enum { BW_REPORT_LIMITS_SHOWN = 25 };

struct bw_report_fact {
    const char *name;
    const char *text; /* empty: no, none */
};

struct bw_report_facts {
    struct bw_report_fact items[BW_REPORT_FACTS_MAX];
    size_t count;
};

/* Texts live in the arena. */
void bw_report_state_facts(const struct bw_report *report, struct bw_arena *arena,
                           struct bw_report_facts *out);

#endif
