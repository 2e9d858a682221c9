// SPDX-License-Identifier: GPL-3.0-or-later
/* model/statement.h: what was said about the future, until it can be told whether it was right, and
 * how often it was. */
#ifndef MODEL_STATEMENT_H
#define MODEL_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers are stored: never renumber. */
enum bw_statement_kind {
    BW_STATEMENT_FLAT,      /* the mean stays where it is */
    BW_STATEMENT_TREND,     /* the mean goes on rising, or falling */
    BW_STATEMENT_THRESHOLD, /* the threshold is crossed before the deadline */
    BW_STATEMENT_FORECAST,  /* the value at the deadline lies in the interval */
    BW_STATEMENT_KIND_COUNT
};

/* "flat", "trend", "threshold" or "forecast", as in labels and answers. */
const char *bw_statement_kind_name(enum bw_statement_kind kind);

/* Untold: too little is known of the time it was about. That is neither right nor wrong. */
enum bw_statement_outcome {
    BW_STATEMENT_UNTOLD,
    BW_STATEMENT_FALSE,
    BW_STATEMENT_TRUE,
    BW_STATEMENT_OUTCOME_COUNT
};

/* "untold", "false" or "true". */
const char *bw_statement_outcome_name(enum bw_statement_outcome outcome);

/* One open statement. All values are means of stretches of time step_ms long, of which one ends at
 * from_ms, the newest that was known then, and one at deadline_ms; those of a counter are rates
 * per second. Members that a kind has no use for are NaN or 0. */
struct bw_statement {
    uint32_t series;
    enum bw_statement_kind kind;
    int64_t horizon_ms; /* what it is filed under: at most one is open for each */
    int64_t from_ms, deadline_ms;
    int64_t step_ms;
    bool counter;
    double believed_ratio; /* probability that the engine gave it */
    double stated_ratio;   /* that was published, 0..1; of a forecast that of its P10 to P90 */
    int side;              /* trend, threshold: +1 upward, -1 downward */
    double level;          /* flat, trend: the mean to compare with; the threshold */
    double margin;         /* flat: how far the mean may go; trend: how far it must */
    double p2_5, p10, p50, p90, p97_5; /* forecast */
    double naive;                      /* forecast: the newest value, as if all stayed as it is */
};

enum { BW_STATEMENT_BINS = 10 };

/* Statements with about the same probability, of one kind, horizon and week, that were told. */
struct bw_statement_bin {
    enum bw_statement_kind kind;
    int64_t horizon_ms;
    int64_t week;  /* since 1970 */
    bool believed; /* filed under what the engine believed, else under what was published */
    unsigned bin;  /* probability * BW_STATEMENT_BINS, rounded down */
    uint64_t count, true_count;
    double stated;  /* sum of the probabilities */
    double squared; /* sum of (probability - outcome)^2 */
    bool changed;   /* since it was stored */
};

/* How good the forecasts of one series were at one horizon. Counts fade: what is four weeks old
 * counts half. */
struct bw_series_score {
    uint32_t series;
    int64_t horizon_ms;
    int64_t updated_ms; /* what it has faded until */
    double count;       /* of forecasts that were told */
    double inside80, inside95;
    double share, share_squared; /* sums of error / (error + naive error), 0..1, less is better */
    double width_below, width_above; /* see trend/adapt.h */
};

/* What became of the statements of one kind that fell due in the last weeks, by how probable they
 * were said to be. */
struct bw_statement_told {
    uint64_t count, true_count; /* sums over the bins */
    struct {
        uint64_t count, true_count;
        double stated; /* sum of the probabilities */
    } bins[BW_STATEMENT_BINS];
    double brier_skill_ratio; /* 1 is perfect; 0: as good as stating the share; NaN: too few */
    double calibration_error_ratio; /* NaN: too few */
    bool recalibrated;              /* what is said now has learned from them */
};

/* Forecasts at one horizon, of all series. NaN: too few. */
struct bw_statement_forecasts {
    int64_t horizon_ms;
    double count; /* that were told, faded */
    double inside80_ratio, inside95_ratio;
    double skill_ratio; /* against saying that all stays as it is; 0 or less is no better */
};

enum { BW_STATEMENT_HORIZONS_MAX = 3 };

/* How often we were right. */
struct bw_statement_summary {
    size_t open;                                                 /* wait for their outcome */
    struct bw_statement_told told[BW_STATEMENT_KIND_COUNT];      /* but for forecasts */
    struct bw_statement_forecasts all;                           /* horizon_ms is 0 */
    struct bw_statement_forecasts at[BW_STATEMENT_HORIZONS_MAX]; /* rising */
    size_t horizon_count;
    size_t muted_series; /* whose forecasts lose to saying that all stays as it is */
};

#endif
