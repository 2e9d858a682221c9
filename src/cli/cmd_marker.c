// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/live.h"
#include "cli/storage.h"
#include "io/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_FILE_BYTES_MAX = 4096 };

struct marker_opts {
    const char *service, *instance, *check, *ts;
    struct bw_strings tags;
    const char *url, *token_file;
    const char *storage_path;
};

#define AT(member) offsetof(struct marker_opts, member)

static const struct bw_opt rows[] = {
    { "service", BW_OPT_STRING, AT(service), .range = "1..256",
      .help = "The service that was changed; default: it concerns all that is watched." },
    { "instance", BW_OPT_STRING, AT(instance), .range = "1..256",
      .help = "The instance of it that was changed." },
    { "check", BW_OPT_STRING, AT(check), .range = "1..256", .help = "The check that was changed." },
    { "tag", BW_OPT_STRINGS, AT(tags), .help = "What it was, such as deploy; repeatable." },
    { "ts", BW_OPT_STRING, AT(ts), .range = "1..40",
      .help = "When it was, as 2026-11-22T14:02:00Z; default: now." },
    { "url", BW_OPT_STRING, AT(url), .range = "1..2048",
      .help = "The daemon, as http://monitor:10190; default: the one that has the store." },
    { "token-file", BW_OPT_STRING, AT(token_file), .range = "1..4096", .flags = BW_OPT_FILE,
      .help = "A file with a token of scope write, for --url." },
    BW_STORAGE_ROW(AT(storage_path)),
    { 0 },
};

static const struct bw_opt_group group = { .name = "marker",
                                           .size = sizeof(struct marker_opts),
                                           .opts = rows };

static void put_part(struct bw_json *json, const char *key, const char *text)
{
    if (text != NULL)
        bw_json_member_text(json, key, text);
}

static void write_body(const struct marker_opts *opts, const char *text, struct bw_buf *out)
{
    struct bw_json json = bw_json_to(out);
    bw_json_open(&json, '{');
    bw_json_member_text(&json, "text", text);
    put_part(&json, "service", opts->service);
    put_part(&json, "instance", opts->instance);
    put_part(&json, "check", opts->check);
    put_part(&json, "ts", opts->ts);
    bw_json_key(&json, "tags");
    bw_json_open(&json, '[');
    for (size_t i = 0; i < opts->tags.count; i++)
        bw_json_text(&json, opts->tags.items[i]);
    bw_json_close(&json, ']');
    bw_json_close(&json, '}');
}

/* The first line of the file; NULL with *err set. The caller frees what is in *out_data. */
static const char *read_token(const char *file, char **out_data, struct bw_err *err)
{
    if (bw_file_read(NULL, file, TOKEN_FILE_BYTES_MAX, out_data, NULL, err) != BW_OK)
        return NULL;
    (*out_data)[strcspn(*out_data, "\r\n")] = '\0';
    return *out_data;
}

static struct bw_live *connect_to(const struct bw_call *call, struct bw_err *err)
{
    static const volatile sig_atomic_t never = 0;
    const struct marker_opts *opts = call->opts;
    char *data = NULL;
    const char *token = NULL;
    if (opts->url == NULL)
        return bw_live_new(bw_storage_path(call->arena, opts->storage_path), &never);
    if (opts->token_file != NULL && (token = read_token(opts->token_file, &data, err)) == NULL)
        return NULL;
    struct bw_live *live = bw_live_new_at(opts->url, token, &never);
    free(data);
    return live;
}

static int show(const struct bw_command *command, const struct marker_opts *opts, json_t *answer)
{
    printf("marker %llu\n", (unsigned long long)bw_live_count(answer, "id"));
    if (json_is_false(json_object_get(answer, "watched")))
        fprintf(stderr,
                "bellwether %s: it is written down, but nothing is watched that is called so: %s\n",
                command->name, opts->service);
    json_decref(answer);
    return BW_EXIT_OK;
}

static int run(const struct bw_command *command, const struct bw_call *call)
{
    const struct marker_opts *opts = call->opts;
    struct bw_err err = { .rc = BW_OK };
    struct bw_buf body;
    json_t *answer = NULL;
    if (opts->token_file != NULL && opts->url == NULL)
        return bw_command_usage(command, "--token-file is for --url");
    struct bw_live *live = connect_to(call, &err);
    if (live == NULL)
        return bw_command_failed(command, "%s", err.text);
    bw_buf_init(&body, BW_WEB_MARKER_BYTES_MAX);
    write_body(opts, call->args[0], &body);
    enum bw_rc rc = bw_buf_failed(&body) ? bw_fail(&err, BW_ELIMIT, "that is too long") : BW_OK;
    if (rc == BW_OK)
        rc = bw_live_post(live, "/api/v1/markers", body.data, body.len, &answer, &err);
    bw_buf_fini(&body);
    bw_live_free(live);
    if (rc == BW_ENOTFOUND && opts->url == NULL)
        return bw_command_failed(command, "%s; name its store with --storage.path, or --url",
                                 err.text);
    if (rc != BW_OK)
        return bw_command_failed(command, "%s", err.text);
    return show(command, opts, answer);
}

const struct bw_command bw_cmd_marker = {
    .name = "marker",
    .arguments = "TEXT",
    .summary = "Says that something was changed: trends and charts show what came of it",
    .text = "Examples:\n"
            "  bellwether marker \"checkout 1.4\" --tag=deploy --service=checkout\n"
            "  bellwether marker \"new router\" --url=http://monitor:10190 "
            "--token-file=bellwether.token\n",
    .flags = &group,
    .args_min = 1,
    .args_max = 1,
    .usage_exit = BW_EXIT_USAGE,
    .run = run,
};
