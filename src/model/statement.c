// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/statement.h"

const char *bw_statement_kind_name(enum bw_statement_kind kind)
{
    static const char *const names[BW_STATEMENT_KIND_COUNT] = {
        [BW_STATEMENT_FLAT] = "flat",
        [BW_STATEMENT_TREND] = "trend",
        [BW_STATEMENT_THRESHOLD] = "threshold",
        [BW_STATEMENT_FORECAST] = "forecast",
    };
    return names[kind];
}

const char *bw_statement_outcome_name(enum bw_statement_outcome outcome)
{
    static const char *const names[BW_STATEMENT_OUTCOME_COUNT] = {
        [BW_STATEMENT_UNTOLD] = "untold",
        [BW_STATEMENT_FALSE] = "false",
        [BW_STATEMENT_TRUE] = "true",
    };
    return names[outcome];
}
