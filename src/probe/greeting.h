// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/greeting.h: how databases that do not talk in lines introduce themselves, so far that who
 * answers is known to be one that takes connections. Pure.
 *
 *     mysql      server: greeting -- we: a user without password --> server: anything but "too
 * many" postgres   we: a user's startup --> server: an authentication request, or an error that
 * only one that is up makes
 *
 * The user is `bellwether`, who need not exist. A connection that is dropped after the greeting
 * alone counts against us at MySQL, until the host is blocked (max_connect_errors). */
#ifndef PROBE_GREETING_H
#define PROBE_GREETING_H

#include "probe/starttls.h"

enum bw_greeting {
    BW_GREETING_NONE,
    BW_GREETING_MYSQL,
    BW_GREETING_POSTGRES,
    BW_GREETING_COUNT,
};

extern const struct bw_starttls_talk bw_greetings[BW_GREETING_COUNT];

/* A server's first packet, and what it can do: CLIENT_… flags, the lower half. */
bool bw_mysql_read_greeting(const char *bytes, size_t len, struct bw_starttls_heard *out,
                            unsigned *out_flags);

bw_starttls_reader_fn bw_greeting_read_mysql;        /* its manual, "Protocol::HandshakeV10" */
bw_starttls_reader_fn bw_greeting_read_mysql_answer; /* "Generic Response Packets" */
bw_starttls_reader_fn bw_greeting_read_postgres;     /* its manual, "Message Formats" */

#endif
