// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/units.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/output.h"
#include "cli/probe_module.h"
#include "cli/show_probe.h"
#include "conf/guess.h"
#include "io/clock.h"
#include "probe/run.h"
#include "probe/table.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT_NS (5 * BW_SECOND)

enum { TEXT, JSON };

struct probe_opts {
    const char *module;
    const char *config_file;
    int64_t timeout_ns;
    int format;
    int resolve_mode;
    bool verbose;
};

static const struct bw_opt_name formats[] = { { "text", TEXT }, { "json", JSON }, { 0 } };
static const struct bw_opt_name resolve_modes[] = {
    { "first", BW_RESOLVE_FIRST }, { "each", BW_RESOLVE_EACH }, { "any", BW_RESOLVE_ANY }, { 0 }
};

#define AT(member) offsetof(struct probe_opts, member)

static const struct bw_opt rows[] = {
    { "module", BW_OPT_STRING, AT(module),
      .help = "Options of the probe: an entry of `modules` in the configuration, or one that is "
              "built in." },
    { "config.file", BW_OPT_STRING, AT(config_file), .flags = BW_OPT_FILE,
      .help = "Where --module is looked up: a configuration, or a file of modules." },
    { "timeout", BW_OPT_DURATION, AT(timeout_ns), .range = "0s..10m",
      .help = "What the whole probe may take; 0 is what the module says, else 5s." },
    { "format", BW_OPT_ENUM, AT(format), .def = "text", .names = formats,
      .help = "How the result is written." },
    { "resolve-mode", BW_OPT_ENUM, AT(resolve_mode), .def = "first", .names = resolve_modes,
      .help = "Which addresses of the target's name are asked: the first, each, or by turns until any passes." },
    { "verbose", BW_OPT_BOOL, AT(verbose), .def = "false",
      .help = "Tell what was tried, step by step, with secrets left out." },
    { 0 },
};

static enum bw_rc check_opts(const void *given, struct bw_err *err)
{
    const struct probe_opts *opts = given;
    if (opts->module == NULL && opts->config_file != NULL)
        return bw_fail(err, BW_EINVAL, "--config.file needs --module, the entry that is meant");
    return BW_OK;
}

static const struct bw_opt_group group = {
    .name = "probe", .size = sizeof(struct probe_opts), .opts = rows, .check = check_opts
};

/* What one probe needs to run, and where its result goes. */
struct stage {
    struct bw_loop *loop;
    struct bw_resolver *resolver;
    struct bw_probe_engine *engine;
    struct bw_probe_plan *plan;
    const struct probe_opts *opts;
    struct bw_probe_subject subject;
    struct bw_buf told;
    enum bw_verdict verdict;
};

static void on_done(void *ctx, const struct bw_probe_result *result)
{
    struct stage *stage = ctx;
    const struct bw_terminal terminal = bw_terminal_look();
    struct bw_buf out;
    bw_buf_init(&out, 1u << 20);
    bw_buf_init(&stage->told, 2 * BW_TRANSCRIPT_BYTES_MAX);
    if (stage->opts->verbose)
        bw_probe_tell(result, &stage->told);
    stage->subject.transcript = stage->opts->verbose
                                    ? (struct bw_span){ stage->told.data, stage->told.len }
                                    : (struct bw_span){ NULL, 0 };
    if (stage->opts->format == JSON)
        bw_show_probe_json(&out, &stage->subject, result);
    else
        bw_show_probe_text(&out, &terminal, &stage->subject, result, bw_wall_system_ms());
    bw_out_buf(&out);
    bw_buf_fini(&stage->told);
    bw_buf_fini(&out);
    stage->verdict = bw_probe_verdict(result);
    bw_loop_stop(stage->loop);
}

static bool build(struct stage *stage, const struct bw_probe_module *module, const char *folder,
                  struct bw_err *err)
{
    stage->resolver = bw_resolver_new(stage->loop, NULL, err);
    if (stage->resolver != NULL)
        stage->engine = bw_probe_engine_new(stage->loop, stage->resolver, err);
    if (stage->engine != NULL)
        stage->plan = bw_probe_plan_new(stage->engine, module, folder, err);
    return stage->plan != NULL;
}

static int64_t timeout_of(const struct stage *stage)
{
    const int64_t own_ns = bw_probe_plan_timeout_ns(stage->plan);
    if (stage->opts->timeout_ns > 0)
        return stage->opts->timeout_ns;
    return own_ns > 0 ? own_ns : TIMEOUT_NS;
}

static int run_stage(const struct bw_command *command, struct stage *stage,
                     const struct bw_probe_module *module, const char *folder)
{
    struct bw_err err;
    int code = BW_VERDICT_UNKNOWN;
    stage->loop = bw_loop_new();
    if (build(stage, module, folder, &err)) {
        const struct bw_probe_request request = {
            .plan = stage->plan,
            .target = { .text = stage->subject.target },
            .timeout_ns = timeout_of(stage),
            .resolve_mode = (enum bw_resolve_mode)stage->opts->resolve_mode,
            .tell = stage->opts->verbose,
        };
        bw_probe_start(stage->engine, &request, on_done, stage);
        bw_loop_run(stage->loop);
        code = (int)stage->verdict;
    } else {
        bw_command_failed(command, "%s", err.text);
    }
    bw_probe_plan_free(stage->plan);
    bw_probe_engine_free(stage->engine);
    bw_resolver_free(stage->resolver);
    bw_loop_free(stage->loop);
    return code;
}

static int find_kind(const char *name)
{
    for (int i = 0; bw_probe_table[i] != NULL; i++) {
        if (strcmp(bw_probe_table[i]->name, name) == 0)
            return i;
    }
    return -1;
}

static int unknown_kind(const struct bw_command *command, const char *name)
{
    struct bw_guess guess = bw_guess_of(name);
    char kinds[160] = "";
    for (size_t i = 0; bw_probe_table[i] != NULL; i++) {
        const size_t len = strlen(kinds);
        snprintf(kinds + len, sizeof kinds - len, "%s%s", i == 0 ? "" : ", ",
                 bw_probe_table[i]->name);
        bw_guess_try(&guess, bw_probe_table[i]->name);
    }
    if (guess.best != NULL)
        return bw_command_usage(command, "there is no kind of probe '%s', did you mean '%s'?", name,
                                guess.best);
    return bw_command_usage(command, "there is no kind of probe '%s'; there are %s", name, kinds);
}

/* NULL with everything said that is wrong with the module. */
static const struct bw_probe_module *module_of(const struct bw_command *command,
                                               const struct bw_call *call, int kind)
{
    const struct probe_opts *opts = call->opts;
    if (opts->module == NULL)
        return bw_probe_module_plain(call->arena, (enum bw_prober)kind);
    struct bw_problems problems;
    struct bw_buf text;
    bw_problems_init(&problems);
    bw_buf_init(&text, 1u << 20);
    const struct bw_probe_module *module =
        bw_probe_module_read(call->arena, opts->config_file, opts->module, &problems);
    bw_problems_print(&problems, &text);
    fwrite(text.data, 1, text.len, stderr);
    bw_buf_fini(&text);
    bw_problems_fini(&problems);
    if (module != NULL && module->prober != kind) {
        bw_command_failed(command, "module '%s' is for %s, not for %s", opts->module,
                          bw_probe_table[module->prober]->name, bw_probe_table[kind]->name);
        return NULL;
    }
    return module;
}

static int run(const struct bw_command *command, const struct bw_call *call)
{
    const struct probe_opts *opts = call->opts;
    const char *target = call->args[1];
    struct bw_err err;
    const int kind = find_kind(call->args[0]);
    if (kind < 0)
        return unknown_kind(command, call->args[0]);
    if (bw_probe_table[kind]->check_target(target, &err) != BW_OK)
        return bw_command_usage(command, "%s (a target of %s is %s)", err.text, call->args[0],
                                bw_probe_table[kind]->target_help);
    const struct bw_probe_module *module = module_of(command, call, kind);
    if (module == NULL)
        return BW_VERDICT_UNKNOWN;
    struct bw_probe_module own = *module;
    if (kind == BW_PROBER_EXEC && own.exec.command.count == 0)
        own.exec.command = (struct bw_strings){ &call->args[1], 1 };
    struct stage stage = {
        .opts = opts,
        .subject = { .kind = call->args[0], .target = target, .module = opts->module },
        .verdict = BW_VERDICT_UNKNOWN
    };
    return run_stage(command, &stage, &own, bw_probe_module_folder(call->arena, opts->config_file));
}

static void list_kinds(struct bw_buf *out)
{
    bw_buf_text(out, "\nKinds:\n");
    for (size_t i = 0; bw_probe_table[i] != NULL; i++)
        bw_buf_printf(out, "  %-6s %-12s %s\n", bw_probe_table[i]->name,
                      bw_probe_table[i]->target_help, bw_probe_table[i]->summary);
}

static void add_module(void *ctx, const char *name)
{
    bw_completion_add(ctx, name, NULL);
}

static void complete(struct bw_completion *completion, const struct bw_opt *flag)
{
    const char *file = bw_completion_given(completion, "config.file");
    if (flag != NULL && strcmp(flag->name, "module") == 0)
        bw_probe_module_names(completion->arena, file, add_module, completion);
    for (size_t i = 0; flag == NULL && completion->arg_count == 0 && bw_probe_table[i] != NULL; i++)
        bw_completion_add(completion, bw_probe_table[i]->name, bw_probe_table[i]->summary);
    if (flag == NULL && completion->arg_count == 1
        && find_kind(completion->args[0]) == BW_PROBER_EXEC)
        bw_completion_files(completion); /* its target is a command */
}

const struct bw_command bw_cmd_probe = {
    .name = "probe",
    .arguments = "KIND TARGET",
    .summary = "Probe a target once and show its phases and a verdict",
    .text = "  bellwether probe http https://example.com/\n"
            "  bellwether probe tcp db.example.com:5432 --timeout=2s\n"
            "  bellwether probe dns 192.0.2.53 (for the SOA of the root, unless a module says)\n"
            "Exits as a Nagios plugin: 0 OK, 1 warning (degraded), 2 critical (failed), 3 unknown\n"
            "(it could not be tried).\n",
    .more = list_kinds,
    .complete = complete,
    .flags = &group,
    .args_min = 2,
    .args_max = 2,
    .usage_exit = BW_VERDICT_UNKNOWN,
    .run = run,
};
