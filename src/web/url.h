// SPDX-License-Identifier: GPL-3.0-or-later
/* web/url.h: takes a request target apart (RFC 9112 section 3.2, RFC 3986): decoded path
 * segments and query parameters. Pure. */
#ifndef WEB_URL_H
#define WEB_URL_H

#include "base/arena.h"
#include "base/err.h"

#include <stddef.h>

enum { BW_URL_SEGMENTS_MAX = 12, BW_URL_PARAMS_MAX = 32, BW_URL_BYTES_MAX = 8192 };

struct bw_url_param {
    const char *name;
    const char *value; /* "" without one */
};

struct bw_url {
    const char *authority; /* of an absolute target ("http://host/…"), else NULL */
    const char *path;      /* as it was sent, without the query */
    const char *query;     /* as it was sent, "" without one */
    const char *segments[BW_URL_SEGMENTS_MAX]; /* "/a/b%20c" is "a", "b c"; "/" has none */
    size_t segment_count;
    struct bw_url_param params[BW_URL_PARAMS_MAX];
    size_t param_count;
};

/* BW_EINVAL: not a path, a broken escape, a NUL or invalid UTF-8. BW_ELIMIT: longer, deeper or
 * with more parameters than we accept. Texts live in the arena. */
enum bw_rc bw_url_parse(struct bw_arena *arena, const char *text, struct bw_url *out,
                        struct bw_err *err);

/* The first value of a query parameter, or NULL. */
const char *bw_url_param(const struct bw_url *url, const char *name);

/* All values of a parameter that may be repeated; returns how many. */
size_t bw_url_params(const struct bw_url *url, const char *name,
                     const char *out[BW_URL_PARAMS_MAX]);

#endif
