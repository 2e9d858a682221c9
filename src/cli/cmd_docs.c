// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/settings.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/manual.h"
#include "cli/output.h"
#include "cli/probes_page.h"
#include "conf/document.h"
#include "metric/family.h"
#include "web/route.h"

#include <string.h>

enum { DOCUMENT_BYTES_MAX = 16 << 20 };

static void document_configuration(struct bw_buf *out)
{
    bw_buf_text(out,
                "# Configuration\n\n"
                "One YAML file; `bellwether init` writes one to begin with and `bellwether check`\n"
                "lists every mistake in it. Durations are `500ms`, `15s`, `1m30s`, `7d`; sizes\n"
                "`64KiB`, `4GiB`; ratios `95%` or `0.95`. A value may use `${env:NAME}`; a secret\n"
                "may be read from a file by its key with `_file` behind it. This page is made by\n"
                "`bellwether docs configuration`.\n\n");
    bw_conf_document(out, &bw_settings_group);
}

static void document_routes(struct bw_buf *out)
{
    static const char *const scopes[] = { [BW_SCOPE_NONE] = "none",
                                          [BW_SCOPE_READ] = "read",
                                          [BW_SCOPE_WRITE] = "write",
                                          [BW_SCOPE_ADMIN] = "admin" };
    bw_buf_text(out, "# Routes\n\n"
                     "Everything that is answered over HTTP, and the scope that a request needs\n"
                     "(http.md says how it is given). GET also answers HEAD. This page is made by\n"
                     "`bellwether docs routes`; openapi.yaml has parameters and answers.\n\n"
                     "| Method | Path | Scope | Answers |\n|---|---|---|---|\n");
    for (const struct bw_route *route = bw_routes; route->method != NULL; route++)
        bw_buf_printf(out, "| %s | `%s` | %s | %s |\n", route->method, route->pattern,
                      scopes[route->scope], route->summary);
}

static const struct {
    const char *name;
    void (*write)(struct bw_buf *out);
} documents[] = {
    { "configuration", document_configuration },
    { "metrics", bw_metric_document },
    { "probes", bw_probes_page },
    { "routes", document_routes },
    { "man", NULL }, /* of all commands, which only a call knows */
};

static int run(const struct bw_command *command, const struct bw_call *call)
{
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        if (strcmp(documents[i].name, call->args[0]) != 0)
            continue;
        struct bw_buf out;
        bw_buf_init(&out, DOCUMENT_BYTES_MAX);
        if (documents[i].write != NULL)
            documents[i].write(&out);
        else
            bw_manual(&out, call->table);
        bw_out_buf(&out);
        bw_buf_fini(&out);
        return BW_EXIT_OK;
    }
    return bw_command_usage(command, "there is no document '%s'", call->args[0]);
}

static void complete(struct bw_completion *completion, const struct bw_opt *flag)
{
    for (size_t i = 0; flag == NULL && i < sizeof documents / sizeof *documents; i++)
        bw_completion_add(completion, documents[i].name, NULL);
}

const struct bw_command bw_cmd_docs = {
    .name = "docs",
    .arguments = "configuration|metrics|probes|routes|man",
    .summary = "Print a generated page of the documentation as Markdown",
    .complete = complete,
    .flags = &bw_no_flags,
    .args_min = 1,
    .args_max = 1,
    .usage_exit = BW_EXIT_USAGE,
    .hidden = true,
    .run = run,
};
