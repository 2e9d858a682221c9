// SPDX-License-Identifier: GPL-3.0-or-later
/* metric/negotiate.h: which exposition format, and whether gzip, a request asks for
 * (RFC 9110 section 12.5; the versions that Prometheus 2 and 3 send). */
#ifndef METRIC_NEGOTIATE_H
#define METRIC_NEGOTIATE_H

#include "metric/registry.h"

/* What to render and the exact Content-Type to answer with (static text). The acceptable type
 * of the highest weight wins, of several the first; when nothing we have is acceptable, or
 * `accept` is NULL, text 0.0.4. */
enum bw_exposition bw_negotiate_exposition(const char *accept, const char **out_content_type);

/* True when gzip is acceptable and not less welcome than no coding at all. */
bool bw_negotiate_gzip(const char *accept_encoding);

#endif
