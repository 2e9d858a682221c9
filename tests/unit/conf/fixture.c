// SPDX-License-Identifier: GPL-3.0-or-later
#include "fixture.h"

#include <string.h>

#define LEAF(member) offsetof(struct leaf, member)
#define RICH(member) offsetof(struct rich, member)

static const struct bw_opt leaf_rows[] = {
    { "name", BW_OPT_STRING, LEAF(name), .range = "1..16", .flags = BW_OPT_REQUIRED,
      .help = "What it is called." },
    { "timeout", BW_OPT_DURATION, LEAF(timeout_ns), .def = "5s", .range = "1ms..1h",
      .help = "Give up after this." },
    { "port", BW_OPT_INT, LEAF(port), .range = "1..65535", .help = "Port." },
    { 0 },
};

static enum bw_rc leaf_check(const void *opts, struct bw_err *err)
{
    const struct leaf *leaf = opts;
    if (leaf->port == 23)
        return bw_fail(err, BW_EINVAL, "port 23 of '%s' is telnet's", leaf->name);
    return BW_OK;
}

const struct bw_opt_group leaf_group = {
    "leaf",        sizeof(struct leaf),           leaf_rows,
    .key = "name", .help = "The smallest group.", .check = leaf_check
};

static const struct bw_opt_name colors[] = {
    { "red", RED }, { "green", GREEN }, { "blue", BLUE }, { 0 }
};

static const struct bw_opt rich_rows[] = {
    { "enabled", BW_OPT_BOOL, RICH(enabled), .def = "true", .help = "On or off." },
    { "port", BW_OPT_INT, RICH(port), .def = "80", .range = "1..65535", .help = "Port | pipe." },
    { "factor", BW_OPT_NUMBER, RICH(factor), .def = "1.5", .range = "0..", .help = "Factor." },
    { "timeout", BW_OPT_DURATION, RICH(timeout_ns), .def = "5s", .range = "100ms..1h",
      .help = "Timeout." },
    { "size", BW_OPT_BYTES, RICH(size_bytes), .def = "64KiB", .range = "..1GiB", .help = "Size." },
    { "goal", BW_OPT_RATIO, RICH(goal_ratio), .def = "99%", .range = "0..100%", .help = "Goal." },
    { "title", BW_OPT_STRING, RICH(title), .range = "1..", .help = "Title." },
    { "color", BW_OPT_ENUM, RICH(color), .def = "green", .names = colors, .help = "Color." },
    { "hosts", BW_OPT_STRINGS, RICH(hosts), .def = "a, b", .help = "Hosts." },
    { "codes", BW_OPT_INTS, RICH(codes), .def = "[200, 204]", .range = "100..599",
      .help = "Codes." },
    { "horizons", BW_OPT_DURATIONS, RICH(horizons_ns), .def = "1h, 24h", .help = "Horizons." },
    { "labels", BW_OPT_MAP, RICH(labels), .def = "{site: here}", .help = "Labels." },
    { "leaf", BW_OPT_GROUP, RICH(leaf), .group = &leaf_group, .help = "In place." },
    { "leaves", BW_OPT_GROUPS, RICH(leaves), .group = &leaf_group, .help = "A list." },
    { "modules", BW_OPT_NAMED, RICH(modules), .group = &leaf_group, .help = "By name." },
    { "raw", BW_OPT_NODE, RICH(raw), .help = "As it is." },
    { "maybe", BW_OPT_GROUP_PTR, RICH(maybe), .group = &leaf_group, .help = "Or not." },
    { "password", BW_OPT_STRING, RICH(password), .range = "4..", .flags = BW_OPT_SECRET,
      .help = "Secret." },
    { "threshold", BW_OPT_NUMBER, RICH(threshold), .def = "NaN", .range = "0..10",
      .help = "Threshold." },
    { "word", BW_OPT_STRING, RICH(word), .flags = BW_OPT_HIDDEN },
    { 0 },
};

const struct bw_opt_group rich_group = { "rich", sizeof(struct rich), rich_rows,
                                         .help = "Every type of row." };
