// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/security.h"

#include "base/limits.h"
#include "conf/decode.h"
#include "conf/yaml.h"
#include "io/file.h"
#include "web/route.h"

#include <stdlib.h>
#include <string.h>

struct security_opts {
    struct bw_items tokens;
    const struct bw_node *basic_auth_users;
    const struct bw_node *tls_server_config;
    const struct bw_node *rate_limit;
    const struct bw_node *http_server_config;
};

static const struct bw_opt_name scopes[] = {
    { "read", BW_SCOPE_READ },
    { "write", BW_SCOPE_WRITE },
    { "admin", BW_SCOPE_ADMIN },
    { NULL, 0 },
};

static enum bw_rc check_token(const void *opts, struct bw_err *err)
{
    const struct bw_security_token *token = opts;
    if (token->token == NULL)
        return bw_fail(err, BW_EINVAL, "expected 'token' or 'token_file'");
    size_t len = strlen(token->token);
    if (len < BW_TOKEN_BYTES_MIN || len > BW_TOKEN_BYTES_MAX)
        return bw_fail(err, BW_EINVAL, "expected a token of %d to %d bytes", BW_TOKEN_BYTES_MIN,
                       BW_TOKEN_BYTES_MAX);
    return BW_OK;
}

static const struct bw_opt token_rows[] = {
    { "name", BW_OPT_STRING, offsetof(struct bw_security_token, name), .flags = BW_OPT_REQUIRED,
      .range = "1..64", .help = "What the token is for, to tell it from others." },
    { "scope", BW_OPT_ENUM, offsetof(struct bw_security_token, scope), .names = scopes,
      .flags = BW_OPT_REQUIRED,
      .help = "What it allows; write includes read, admin includes both. Once there is a token "
              "of scope read, reading needs one." },
    { "token", BW_OPT_STRING, offsetof(struct bw_security_token, token), .flags = BW_OPT_SECRET,
      .help = "16 to 256 bytes, better in a file of its own." },
    { 0 },
};

static const struct bw_opt_group token_group = {
    "token",
    sizeof(struct bw_security_token),
    token_rows,
    .check = check_token,
};

static const struct bw_opt security_rows[] = {
    { "tokens", BW_OPT_GROUPS, offsetof(struct security_opts, tokens), .group = &token_group,
      .help = "Bearer tokens that clients may present." },
    { "basic_auth_users", BW_OPT_NODE, offsetof(struct security_opts, basic_auth_users),
      .flags = BW_OPT_HIDDEN },
    { "tls_server_config", BW_OPT_NODE, offsetof(struct security_opts, tls_server_config),
      .flags = BW_OPT_HIDDEN },
    { "rate_limit", BW_OPT_NODE, offsetof(struct security_opts, rate_limit),
      .flags = BW_OPT_HIDDEN },
    { "http_server_config", BW_OPT_NODE, offsetof(struct security_opts, http_server_config),
      .flags = BW_OPT_HIDDEN },
    { 0 },
};

const struct bw_opt_group bw_security_group = {
    "web.config.file",
    sizeof(struct security_opts),
    security_rows,
    .help = "Who may do what over HTTP. A file of its own, so that it can have its own rights.",
};

/* Silence about a key that protects would be a hole: better not to start. */
static void refuse_unsupported(const struct security_opts *opts, struct bw_problems *problems)
{
    const struct bw_node *const refused[] = { opts->basic_auth_users, opts->tls_server_config,
                                              opts->rate_limit, opts->http_server_config };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (refused[i] != NULL)
            bw_problems_add(problems, refused[i]->key_at, refused[i]->key,
                            "not supported by this version");
}

static enum bw_rc read_secret(void *user, const char *path, const char *config_file,
                              struct bw_buf *out, struct bw_err *err)
{
    (void)user;
    char *folder = strdup(config_file);
    char *slash = folder == NULL ? NULL : strrchr(folder, '/');
    if (slash != NULL)
        *slash = '\0';
    char *data = NULL;
    size_t size = 0;
    enum bw_rc rc = bw_file_read(slash == NULL ? NULL : folder, path, BW_CONF_SECRET_BYTES_MAX,
                                 &data, &size, err);
    if (rc == BW_OK)
        bw_buf_bytes(out, data, size);
    free(data);
    free(folder);
    return rc;
}

static const char *variable(void *user, const char *name)
{
    (void)user;
    return getenv(name);
}

static bool decode(struct bw_arena *arena, const char *path, const char *data, size_t size,
                   struct bw_problems *problems, struct bw_security *out)
{
    struct bw_conf_ctx ctx = {
        .arena = arena, .problems = problems, .env = variable, .read_file = read_secret
    };
    struct security_opts opts;
    struct bw_node *root = bw_yaml_read(path, data, size, arena, problems);
    if (root == NULL || !bw_conf_decode(&ctx, root, "", &bw_security_group, &opts))
        return false;
    refuse_unsupported(&opts, problems);
    *out = (struct bw_security){ opts.tokens.items, opts.tokens.count };
    return problems->total == 0;
}

enum bw_rc bw_security_read(struct bw_arena *arena, const char *path, struct bw_security *out,
                            struct bw_err *err)
{
    char *data;
    size_t size;
    enum bw_rc rc = bw_file_read(NULL, path, BW_CONF_FILE_BYTES_MAX, &data, &size, err);
    if (rc != BW_OK)
        return rc;
    struct bw_problems problems;
    bw_problems_init(&problems);
    if (!decode(arena, bw_arena_strdup(arena, path), data, size, &problems, out)) {
        struct bw_buf text;
        bw_buf_init(&text, BW_CONF_FILE_BYTES_MAX);
        bw_problems_print(&problems, &text);
        for (size_t i = 0; i < text.len; i++)
            if (text.data[i] == '\n')
                text.data[i] = i + 1 < text.len ? ';' : ' ';
        rc = bw_fail(err, BW_EINVAL, "%s", text.data);
        bw_buf_fini(&text);
    }
    bw_problems_fini(&problems);
    free(data);
    return rc;
}
