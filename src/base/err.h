// SPDX-License-Identifier: GPL-3.0-or-later
/* base/err.h: how a function says that the outside world failed it.
 *
 * A function that can fail returns enum bw_rc (BW_OK is 0) and takes a `struct bw_err *`
 * last. The caller owns it, usually on its stack; NULL means "I only want the code".
 * Nothing here allocates, so reporting a failure cannot fail. On success *err is
 * untouched. Context is added on the way up: "load a.yml: line 7: port 99999 ...". */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum bw_rc {
    BW_OK,
    BW_EINVAL,       /* what was given cannot be used as it is */
    BW_ENOTFOUND,    /* no such thing */
    BW_EEXISTS,      /* there is one already */
    BW_EIO,          /* a read, write or connection failed */
    BW_EFULL,        /* no space, or a queue at its ceiling */
    BW_ELIMIT,       /* larger than we accept */
    BW_ECORRUPT,     /* a checksum or a structure is wrong */
    BW_EBUSY,        /* somebody else holds it */
    BW_ETIMEOUT,     /* not in time */
    BW_EUNSUPPORTED, /* understood, but not something we do */
    BW_EDENIED,      /* not allowed */
};

struct bw_err {
    enum bw_rc rc;
    char text[240]; /* one line, no newline, safe to show to an operator */
};

/* Sets *err and returns rc. Control bytes in the text become '?'. */
enum bw_rc bw_fail(struct bw_err *err, enum bw_rc rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the text that is there; returns rc. */
enum bw_rc bw_wrap(struct bw_err *err, enum bw_rc rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "not found", for a program that shows a bare code. */
const char *bw_rc_text(enum bw_rc rc);

#endif
