// SPDX-License-Identifier: GPL-3.0-or-later
/* app/probing_tally.h: how often /probe was asked, and what for. By modules that are configured,
 * so that nobody who asks makes series. Loop thread. */
#ifndef APP_PROBING_TALLY_H
#define APP_PROBING_TALLY_H

#include "metric/measure.h"

enum bw_probing_answer {
    BW_PROBING_SUCCESS,
    BW_PROBING_FAILURE,
    BW_PROBING_CACHED,  /* from the last scheduled run */
    BW_PROBING_INVALID, /* it cannot be asked so */
    BW_PROBING_DENIED,
    BW_PROBING_LIMITED, /* too many, or we are stopping */
};
enum { BW_PROBING_ANSWERS = 6 };

struct bw_probing_tally;

struct bw_probing_tally *bw_probing_tally_new(void);

/* NULL is fine. */
void bw_probing_tally_free(struct bw_probing_tally *tally);

/* These are the modules from now on, whose names are copied; one that stays goes on counting. */
void bw_probing_tally_apply(struct bw_probing_tally *tally, const char *const *modules,
                            size_t count);

/* An answer to somebody who asked for a module; all that are not configured are one, "". */
void bw_probing_tally_count(struct bw_probing_tally *tally, const char *module,
                            enum bw_probing_answer answer, int64_t took_ns);

/* What an answer with this status is, other than 200. */
enum bw_probing_answer bw_probing_answer_of(unsigned status);

void bw_probing_tally_measure(const struct bw_probing_tally *tally, struct bw_measures *out);

#endif
