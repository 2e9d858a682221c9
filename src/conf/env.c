// SPDX-License-Identifier: GPL-3.0-or-later
/* Replaces ${env:NAME} in texts. */
#include "base/limits.h"
#include "base/text.h"
#include "conf/decode.h"

#include <string.h>

static const char opening[] = "${env:";
static const char escaped[] = "$${env:"; /* stands for a literal ${env: */

static size_t name_length(const char *p)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return *p != '\0' && strchr(letters, *p) != NULL ? strspn(p, all) : 0;
}

/* Appends the value of the variable whose name begins at p; returns what comes after the
 * closing brace, or NULL after noting a problem. */
static const char *put_variable(struct bw_conf_ctx *ctx, const struct bw_node *node,
                                const char *path, const char *p, struct bw_buf *out)
{
    const size_t len = name_length(p);
    if (len == 0 || p[len] != '}') {
        bw_problems_add(ctx->problems, node->at, path,
                        "expected ${env:NAME} with letters, digits and _ in NAME");
        return NULL;
    }
    const char *name = bw_arena_strndup(ctx->arena, p, len);
    const char *value = ctx->env(ctx->user, name);
    if (value == NULL) {
        bw_problems_add(ctx->problems, node->at, path, "environment variable %s is not set", name);
        return NULL;
    }
    if (bw_utf8_valid_prefix(value, strlen(value)) != strlen(value)) {
        bw_problems_add(ctx->problems, node->at, path, "environment variable %s is not UTF-8",
                        name);
        return NULL;
    }
    bw_buf_text(out, value);
    return p + len + 1;
}

static bool replace(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                    struct bw_buf *out)
{
    for (const char *p = node->text; *p != '\0';) {
        if (bw_text_starts_with(p, escaped)) {
            bw_buf_text(out, opening);
            p += strlen(escaped);
        } else if (bw_text_starts_with(p, opening)) {
            p = put_variable(ctx, node, path, p + strlen(opening), out);
            if (p == NULL)
                return false;
        } else {
            bw_buf_char(out, *p++);
        }
    }
    if (bw_buf_failed(out))
        bw_problems_add(ctx->problems, node->at, path, "too long with its variables replaced");
    return !bw_buf_failed(out);
}

const char *bw_conf_text(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path)
{
    if (ctx->env == NULL || strstr(node->text, opening) == NULL)
        return node->text;
    struct bw_buf out;
    bw_buf_init(&out, BW_CONF_FILE_BYTES_MAX);
    const char *text = NULL;
    if (replace(ctx, node, path, &out))
        text = bw_arena_strndup(ctx->arena, out.data, out.len);
    bw_buf_fini(&out);
    return text;
}
