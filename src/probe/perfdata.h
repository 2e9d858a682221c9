// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/perfdata.h: the output of a monitoring plugin (Nagios Plugin Development Guidelines,
 * section 2): text for people and, behind `|`, what was measured:
 *
 *     DISK OK - free space: / 3326 MB | '/'=2643MB;5948;5958;0;5968 inode=58%;
 *     more text | load1=0.5;;;0
 *     load5=0.3
 *
 * Pure; the bytes are hostile. */
#ifndef PROBE_PERFDATA_H
#define PROBE_PERFDATA_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* The first line up to `|`, without blanks around it. */
struct bw_span bw_plugin_text(struct bw_span output);

/* A range that a plugin judges by, in the measurement's unit. NaN: there is no such end; the 0 that
 * a range of one number begins with is none either. */
struct bw_perfdata_range {
    double min, max;
    bool inside; /* it warns in the range (@), not outside of it */
};

struct bw_perfdata {
    struct bw_span label; /* as it stands; '' inside quotes is still two characters */
    bool quoted;
    double value;      /* in `unit` */
    const char *unit;  /* "seconds", "bytes", "ratio", "counter", "" or `own_unit` */
    char own_unit[16]; /* a unit that we do not know, as given */
    struct bw_perfdata_range warning, critical;
    double min, max; /* of what the value can be; NaN: not said */
};

/* Where in the output the reader stands. */
struct bw_perfdata_reader {
    struct bw_span rest; /* of the output, behind `part` */
    struct bw_span part; /* perfdata that is not read yet */
    bool first, tail;    /* the first line; all lines are perfdata */
};

struct bw_perfdata_reader bw_perfdata_begin(struct bw_span output);

/* The next measurement; ones that are malformed, or whose value is U (unknown), are skipped.
 * False at the end. */
bool bw_perfdata_next(struct bw_perfdata_reader *reader, struct bw_perfdata *out);

/* The label as text: quotes undone, at most size - 1 bytes, safe to show. */
void bw_perfdata_label(char *out, size_t size, const struct bw_perfdata *item);

#endif
