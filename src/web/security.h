// SPDX-License-Identifier: GPL-3.0-or-later
/* web/security.h: the file behind --web.config.file: exporter-toolkit's grammar, of which this
 * version knows the words, plus
 *
 *     tokens: [{name: deploy, scope: write, token_file: deploy.token}]
 */
#ifndef WEB_SECURITY_H
#define WEB_SECURITY_H

#include "base/arena.h"
#include "base/err.h"
#include "conf/option.h"

enum { BW_TOKEN_BYTES_MIN = 16, BW_TOKEN_BYTES_MAX = 256 };

struct bw_security_token {
    const char *name;
    int scope; /* enum bw_scope */
    const char *token;
};

struct bw_security {
    const struct bw_security_token *tokens;
    size_t token_count;
};

/* For docs. */
extern const struct bw_opt_group bw_security_group;

/* Texts live in the arena. Mistakes with file:line:col in *err, as many as fit. */
enum bw_rc bw_security_read(struct bw_arena *arena, const char *path, struct bw_security *out,
                            struct bw_err *err);

#endif
