// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/http_secret.h: a text that stands in a file which may be replaced while we run: a password
 * that somebody changes, a token that somebody renews, the body of a request. Looked at once a
 * second at most. */
#ifndef PROBE_HTTP_SECRET_H
#define PROBE_HTTP_SECRET_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct bw_http_secret {
    char *path;
    const char *before; /* what stands before it where it is used: "Bearer "; a literal, or "" */
    char **into;        /* whose text it replaces, `before` included; freed by whoever owns that */
    char *old;          /* the text before the last change, which peers may still say; or NULL */
    bool is_body;       /* all of the file, lines and all; else one line, for a header */
    struct stat seen;
    int64_t looked_ns; /* monotonic */
};

/* Reads the file for the first time. A relative path starts at `folder`. Any thread. */
enum bw_rc bw_http_secret_open(struct bw_http_secret *secret, const char *folder, const char *path,
                               const char *before, char **into, struct bw_err *err);

/* The same for the body of a request, of at most BW_CONF_FILE_BYTES_MAX, which is no header's: it
 * may have lines. */
enum bw_rc bw_http_body_file_open(struct bw_http_secret *file, const char *folder, const char *path,
                                  char **into, struct bw_err *err);

/* Reads it again if it has changed. On failure *into stays as it is. */
enum bw_rc bw_http_secret_refresh(struct bw_http_secret *secret, int64_t now_ns,
                                  struct bw_err *err);
void bw_http_secret_fini(struct bw_http_secret *secret);

/* Whether it may stand in a header: a line end in it would begin another. NULL may. */
bool bw_http_is_field_value(const char *text);

#endif
