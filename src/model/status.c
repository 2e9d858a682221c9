// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/status.h"

#include <strings.h>

static const char *const status_names[BW_STATUS_COUNT] = {
    [BW_UNKNOWN] = "UNKNOWN",
    [BW_HEALTHY] = "HEALTHY",
    [BW_DEGRADED] = "DEGRADED",
    [BW_UNHEALTHY] = "UNHEALTHY",
};

static const char *const level_names[BW_LEVEL_COUNT] = {
    [BW_LEVEL_NONE] = "none",
    [BW_LEVEL_INFO] = "info",
    [BW_LEVEL_WARNING] = "warning",
    [BW_LEVEL_CRITICAL] = "critical",
};

/* Index of `name` among `count` names, or `count`. */
static int index_of(const char *name, const char *const *names, int count)
{
    int i = 0;
    while (i < count && strcasecmp(names[i], name) != 0)
        i++;
    return i;
}

const char *const *bw_status_label(enum bw_status status)
{
    return &status_names[status < BW_STATUS_COUNT ? status : BW_UNKNOWN];
}

const char *bw_status_name(enum bw_status status)
{
    return *bw_status_label(status);
}

bool bw_status_from_name(const char *name, enum bw_status *out)
{
    const int i = index_of(name, status_names, BW_STATUS_COUNT);
    if (i == BW_STATUS_COUNT)
        return false;
    *out = (enum bw_status)i;
    return true;
}

int bw_status_rank(enum bw_status status)
{
    static const int ranks[BW_STATUS_COUNT] = {
        [BW_HEALTHY] = 0,
        [BW_UNKNOWN] = 1,
        [BW_DEGRADED] = 2,
        [BW_UNHEALTHY] = 3,
    };
    return ranks[status < BW_STATUS_COUNT ? status : BW_UNKNOWN];
}

const char *bw_level_name(enum bw_level level)
{
    return level < BW_LEVEL_COUNT ? level_names[level] : level_names[BW_LEVEL_NONE];
}

bool bw_level_from_name(const char *name, enum bw_level *out)
{
    const int i = index_of(name, level_names, BW_LEVEL_COUNT);
    if (i == BW_LEVEL_COUNT)
        return false;
    *out = (enum bw_level)i;
    return true;
}
