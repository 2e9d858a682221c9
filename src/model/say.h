// SPDX-License-Identifier: GPL-3.0-or-later
/* model/say.h: values and times as people read them, in a caller's room, which is returned. */
#ifndef MODEL_SAY_H
#define MODEL_SAY_H

#include <stdint.h>

enum { BW_SAY_MAX = 48 };

/* "85 ms", "1.25 s", "3m 20s", "2d 4h"; a dash for NaN. */
const char *bw_say_seconds(char out[BW_SAY_MAX], double seconds);

/* "97 %", one digit more below ten; a dash for NaN. */
const char *bw_say_percent(char out[BW_SAY_MAX], double ratio);

/* A value of a metric in its unit, which its name ends with: "4.2 GiB", "97 %", "0.31". Of a
 * counter (_total) it is the rate that is said: "1.5 MiB/s", and of one of seconds the share of
 * the time: "42 %". */
const char *bw_say_metric(char out[BW_SAY_MAX], const char *metric, double value);

/* "14:02" on the day of `now_ms`, else "20 Nov 14:02", with its year when that is half a year away
 * or more. UTC. */
const char *bw_say_clock(char out[BW_SAY_MAX], int64_t ms, int64_t now_ms);

#endif
