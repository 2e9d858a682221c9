// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/starttls.h: how protocols change to TLS after a word in the clear. Pure: tables and
 * readers of a peer's bytes. */
#ifndef PROBE_STARTTLS_H
#define PROBE_STARTTLS_H

#include <stdbool.h>
#include <stddef.h>

struct bw_bytes {
    const void *bytes;
    size_t len;
};

struct bw_starttls_heard {
    size_t taken;      /* the first message has so many bytes; 0: it is not whole yet */
    const char *wrong; /* why it will not go on */
};

/* False: refused, or no message of this protocol. */
typedef bool bw_starttls_reader_fn(const char *bytes, size_t len, struct bw_starttls_heard *out);

enum bw_starttls {
    BW_STARTTLS_NONE,
    BW_STARTTLS_SMTP,
    BW_STARTTLS_IMAP,
    BW_STARTTLS_POP3,
    BW_STARTTLS_FTP,
    BW_STARTTLS_LDAP,
    BW_STARTTLS_POSTGRES,
    BW_STARTTLS_MYSQL,
    BW_STARTTLS_COUNT,
};

/* First something is heard, then something said; TLS begins after the last step. */
struct bw_starttls_step {
    const char *expect, *refusal;  /* patterns on lines; or NULL */
    bw_starttls_reader_fn *reader; /* or NULL */
    const char *send;              /* a line; or NULL */
    struct bw_bytes message;       /* or empty */
};

enum { BW_STARTTLS_STEPS_MAX = 4 };

struct bw_starttls_talk {
    size_t count;
    struct bw_starttls_step steps[BW_STARTTLS_STEPS_MAX];
};

extern const struct bw_starttls_talk bw_starttls_talks[BW_STARTTLS_COUNT];

bw_starttls_reader_fn bw_starttls_read_ldap;     /* RFC 4511 section 4.14.2 */
bw_starttls_reader_fn bw_starttls_read_postgres; /* its manual, "SSL Session Encryption" */
bw_starttls_reader_fn bw_starttls_read_mysql;    /* its manual, "Protocol::HandshakeV10" */

#endif
