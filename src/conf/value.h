// SPDX-License-Identifier: GPL-3.0-or-later
/* conf/value.h: decodes what needs no other table: scalars, lists of scalars, maps of text.
 * Used inside conf/. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/decode.h"

/* Each writes the struct's member at `member`; false after noting a problem. */
bool bw_conf_value_scalar(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                          const struct bw_opt *row, void *member);
bool bw_conf_value_list(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                        const struct bw_opt *row, void *member);
bool bw_conf_value_map(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                       const struct bw_opt *row, void *member);

/* The content of the file that NAME_file names. */
bool bw_conf_value_secret_file(struct bw_conf_ctx *ctx, const struct bw_node *node,
                               const char *path, const struct bw_opt *row, void *member);

/* Notes "expected a mapping, found a list"; returns false. */
bool bw_conf_value_wrong_kind(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                              const char *expected);

#endif
