// SPDX-License-Identifier: GPL-3.0-or-later
/* The exec probe: runs a monitoring plugin and takes its word. */
#include "probe/exec.h"

#include "base/mem.h"
#include "base/units.h"
#include "probe/module.h"
#include "probe/perfdata.h"
#include "probe/trail.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_BYTES_MAX = 128, UNIT_BYTES_MAX = 64 };

/* ---- options ---- */

#define AT(member) offsetof(struct bw_exec_limits, member)

static const struct bw_opt limit_options[] = {
    { "cpu", BW_OPT_DURATION, AT(cpu_ns), .def = "30s", .range = "1s..1h",
      .help = "Processor time, in whole seconds; each process of the command has its own." },
    { "memory", BW_OPT_BYTES, AT(memory_bytes), .def = "1GiB", .range = "1MiB..",
      .help = "Address space of each process." },
    { "output", BW_OPT_BYTES, AT(output_bytes), .def = "64KiB", .range = "1KiB..1MiB",
      .help = "What the command may write; with more it fails as `response_too_large`." },
    { 0 },
};
#undef AT

const struct bw_opt_group bw_probe_exec_limits_group = {
    .name = "limits",
    .size = sizeof(struct bw_exec_limits),
    .opts = limit_options,
    .help = "What a command may use. 256 descriptors, files of 16 MiB and no core dump are fixed.",
};

#define AT(member) offsetof(struct bw_exec_options, member)

static const struct bw_opt exec_options[] = {
    { "command", BW_OPT_STRINGS, AT(command), .flags = BW_OPT_HIDDEN,
      .help = "The program's absolute path and its arguments; a check says them as `exec`." },
    { "limits", BW_OPT_GROUP, AT(limits), .group = &bw_probe_exec_limits_group,
      .help = "What the command may use, unless the check says so itself." },
    { 0 },
};
#undef AT

static enum bw_rc check_options(const void *opts, struct bw_err *err)
{
    const struct bw_strings command = ((const struct bw_exec_options *)opts)->command;
    if (command.count > BW_EXEC_ARGUMENTS_MAX)
        return bw_fail(err, BW_ELIMIT, "a command of more than %u words", BW_EXEC_ARGUMENTS_MAX);
    size_t bytes = 0;
    for (size_t i = 0; i < command.count; i++)
        bytes += strlen(command.items[i]) + 1;
    if (bytes > BW_EXEC_COMMAND_BYTES_MAX)
        return bw_fail(err, BW_ELIMIT, "a command of more than %u bytes",
                       BW_EXEC_COMMAND_BYTES_MAX);
    if (command.count > 0 && command.items[0][0] != '/')
        return bw_fail(err, BW_EINVAL, "'%.80s' is not an absolute path", command.items[0]);
    return BW_OK;
}

const struct bw_opt_group bw_probe_exec_group = {
    .name = "exec",
    .size = sizeof(struct bw_exec_options),
    .opts = exec_options,
    .help = "Runs a command without a shell and judges it as Nagios does: exit code 0 passes, 1 is "
            "DEGRADED, 2 fails, 3 says nothing about the target. The first line of its output is "
            "shown, its performance data become `probe_exec_perfdata`. The command has an "
            "environment of its own (PATH, HOME, LANG, LC_ALL, TZ), `/` as its folder, umask 077 "
            "and cannot gain privileges (no setuid). After the timeout it gets SIGTERM, 2 s later "
            "SIGKILL, with all that it started.",
    .check = check_options,
};

/* ---- plans ---- */

struct plan {
    struct bw_exec_limits limits;
    size_t count;
    char *argv[]; /* count and a NULL */
};

static void release_plan(void *prepared)
{
    struct plan *plan = prepared;
    for (size_t i = 0; i < plan->count; i++)
        free(plan->argv[i]);
    free(plan);
}

static void *prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                     struct bw_err *err)
{
    (void)engine, (void)folder;
    const struct bw_exec_options *o = options;
    if (check_options(o, err) != BW_OK)
        return NULL;
    struct plan *plan = bw_alloc(sizeof *plan + (o->command.count + 1) * sizeof *plan->argv);
    plan->limits = o->limits;
    plan->count = o->command.count;
    for (size_t i = 0; i < plan->count; i++)
        plan->argv[i] = bw_strdup(o->command.items[i]);
    return plan;
}

/* ---- one try ---- */

struct bw_probe_try {
    const struct plan *plan;
    struct bw_probe_outcome *out;
    bw_probe_try_done_fn *done;
    void *ctx;
    struct bw_exec_child *child;
};

static void release(struct bw_probe_try *t)
{
    bw_exec_drop(t->child);
    free(t);
}

static struct bw_span span_of(const struct bw_buf *buf)
{
    return (struct bw_span){ buf->data, buf->len };
}

/* What the command says of itself: on standard error if there is nothing else. Quoted here, where
 * a NUL does not end it. */
static void words_of(const struct bw_probe_try *t, char out[BW_PROBE_DETAIL_BYTES_MAX])
{
    struct bw_span said = bw_plugin_text(span_of(bw_exec_output(t->child)));
    if (said.len == 0)
        said = bw_plugin_text(span_of(bw_exec_errors(t->child)));
    bw_probe_quote(out, BW_PROBE_DETAIL_BYTES_MAX, said.data, said.len);
}

static bool was_measured(const struct bw_probe_try *t, const char *label)
{
    const struct bw_measures *m = t->out->measures;
    for (size_t i = 0; i < m->count; i++) {
        if (m->items[i].family == BW_METRIC_PROBE_EXEC_PERFDATA
            && strcmp(m->items[i].labels[0], label) == 0)
            return true;
    }
    return false;
}

static void measure_perfdata(struct bw_probe_try *t)
{
    struct bw_perfdata_reader reader = bw_perfdata_begin(span_of(bw_exec_output(t->child)));
    struct bw_perfdata item;
    for (unsigned i = 0; i < BW_EXEC_PERFDATA_MAX && bw_perfdata_next(&reader, &item); i++) {
        char label[LABEL_BYTES_MAX], unit[UNIT_BYTES_MAX];
        bw_perfdata_label(label, sizeof label, &item);
        bw_probe_quote(unit, sizeof unit, item.unit, strlen(item.unit));
        if (!was_measured(t, label))
            bw_measures_add(t->out->measures, BW_METRIC_PROBE_EXEC_PERFDATA, item.value,
                            BW_LABEL_VALUES(label, unit));
    }
}

static void judge_exit(struct bw_probe_try *t, int code)
{
    char words[BW_PROBE_DETAIL_BYTES_MAX];
    words_of(t, words);
    if (words[0] == '\0')
        snprintf(words, sizeof words, "it said nothing");
    bw_measures_add(t->out->measures, BW_METRIC_PROBE_EXEC_EXIT_CODE, code, NULL);
    switch (code) {
    case 0:
        bw_probe_say(t->out, "%s", words);
        break;
    case 1:
        bw_probe_warn(t->out, "%s", words);
        break;
    case 2:
        bw_probe_fail(t->out, BW_REASON_COMMAND_CRITICAL, "%s", words);
        break;
    case 3:
        bw_probe_fail(t->out, BW_REASON_COMMAND_UNKNOWN, "%s", words);
        break;
    default:
        bw_probe_fail(t->out, BW_REASON_COMMAND_BROKEN, "exit code %d, which is no plugin's: %s",
                      code, words);
        return;
    }
    measure_perfdata(t);
}

static void judge_signal(struct bw_probe_try *t, int number)
{
    const char *name = sigabbrev_np(number);
    if (number == SIGXCPU)
        bw_probe_fail(t->out, BW_REASON_COMMAND_BROKEN,
                      "it used up its processor time, limits.cpu");
    else
        bw_probe_fail(t->out, BW_REASON_COMMAND_BROKEN, "it was ended by signal %d (SIG%s)", number,
                      name != NULL ? name : "?");
}

static const char *why_not(enum bw_exec_end end)
{
    static const char *const texts[] = {
        [BW_EXEC_MISSING] = "no such file",
        [BW_EXEC_DIRECTORY] = "it is a directory",
        [BW_EXEC_NOT_EXECUTABLE] = "it is not executable for us",
        [BW_EXEC_NOT_A_PROGRAM] = "it is no program: neither ELF nor a script with #!",
        [BW_EXEC_NO_INTERPRETER] = "the interpreter that it needs is missing",
        [BW_EXEC_LOST] = "its helper was ended",
    };
    return texts[end];
}

static void judge(struct bw_probe_try *t)
{
    const struct bw_exec_report report = bw_exec_report(t->child);
    switch (report.end) {
    case BW_EXEC_EXITED:
        judge_exit(t, report.value);
        break;
    case BW_EXEC_SIGNALLED:
        judge_signal(t, report.value);
        break;
    case BW_EXEC_TOO_MUCH:
        bw_probe_fail(t->out, BW_REASON_RESPONSE_TOO_LARGE, "more than %llu bytes of output",
                      (unsigned long long)t->plan->limits.output_bytes);
        break;
    case BW_EXEC_REFUSED:
        bw_probe_fail(t->out, BW_REASON_LOCAL_LIMIT, "no process for a command: %s",
                      strerror(report.value));
        break;
    case BW_EXEC_FAILED:
        bw_probe_fail(t->out, BW_REASON_COMMAND_BROKEN, "%s: %s", t->plan->argv[0],
                      strerror(report.value));
        break;
    default:
        bw_probe_fail(t->out, BW_REASON_COMMAND_BROKEN, "%s: %s", t->plan->argv[0],
                      why_not((enum bw_exec_end)report.end));
    }
}

/* The arguments are configured, and one of them may be a password: they are counted. */
static void tell_start(const struct plan *plan, struct bw_probe_outcome *out)
{
    bw_trail_say_at(out, out->phase_start_ns, "running %s with %zu argument%s", plan->argv[0],
                    plan->count - 1, plan->count == 2 ? "" : "s");
}

static void tell(const struct bw_probe_try *t, bool ended)
{
    const struct bw_exec_report report = bw_exec_report(t->child);
    const struct bw_buf *output = bw_exec_output(t->child), *errors = bw_exec_errors(t->child);
    if (output->len > 0)
        bw_trail_note(t->out, BW_TRAIL_OUTPUT, output->data, output->len);
    if (errors->len > 0)
        bw_trail_note(t->out, BW_TRAIL_ERRORS, errors->data, errors->len);
    if (ended && report.end == BW_EXEC_EXITED)
        bw_trail_say(t->out, "exit code %d", report.value);
    else if (ended && report.end == BW_EXEC_SIGNALLED)
        bw_trail_say(t->out, "ended by signal %d", report.value);
}

/* "-p SECRET", "--password SECRET", "--password=SECRET". A short option says nothing of what it
 * stands for, but -p is a password as often as a port: then a number. */
static void secrets(const void *prepared, struct bw_mask *mask)
{
    const struct plan *plan = prepared;
    for (size_t i = 1; i < plan->count; i++) {
        const char *arg = plan->argv[i], *next = i + 1 < plan->count ? plan->argv[i + 1] : "";
        const size_t len = strlen(arg);
        bw_mask_add_from(mask, arg);
        if (arg[0] != '-' || strchr(arg, '=') != NULL)
            continue;
        const bool password = strcmp(arg, "-p") == 0 || strcmp(arg, "-a") == 0;
        if (bw_mask_is_secret_name(arg, len)
            || (password && next[strspn(next, "0123456789")] != '\0'))
            bw_mask_add(mask, next);
    }
}

static void on_ended(void *ctx)
{
    struct bw_probe_try *t = ctx;
    bw_probe_try_done_fn *done = t->done;
    void *done_ctx = t->ctx;
    bw_probe_leave(t->out);
    judge(t);
    if (bw_trail_is_wanted(t->out))
        tell(t, true);
    release(t);
    done(done_ctx);
}

/* The deadline: what it says so far may tell why it hangs. */
static void settle(struct bw_probe_try *t)
{
    char words[BW_PROBE_DETAIL_BYTES_MAX];
    words_of(t, words);
    tell(t, false);
    if (words[0] != '\0')
        bw_probe_fail(t->out, BW_REASON_TIMEOUT, "still running, said: %s", words);
}

static struct bw_probe_try *start(struct bw_probe_engine *engine, void *prepared,
                                  const struct bw_probe_target *target,
                                  struct bw_probe_outcome *out, bw_probe_try_done_fn *done,
                                  void *ctx)
{
    (void)target; /* what is run stands in the configuration, never in a request */
    struct bw_err err;
    const struct plan *plan = prepared;
    if (plan->count == 0) {
        bw_probe_fail(out, BW_REASON_INTERNAL, "the module has no command");
        return NULL;
    }
    const struct bw_exec_command command = { .argv = (const char *const *)plan->argv,
                                             .cpu_ns = plan->limits.cpu_ns,
                                             .memory_bytes = plan->limits.memory_bytes,
                                             .output_bytes = plan->limits.output_bytes };
    struct bw_probe_try *t = bw_alloc(sizeof *t);
    *t = (struct bw_probe_try){ .plan = plan, .out = out, .done = done, .ctx = ctx };
    bw_probe_enter(out, BW_PHASE_PROCESSING);
    tell_start(plan, out);
    t->child = bw_exec_spawn(bw_engine_exec(engine), &command, on_ended, t, &err);
    if (t->child != NULL)
        return t;
    bw_probe_fail(out, BW_REASON_LOCAL_LIMIT, "%s", err.text);
    free(t);
    return NULL;
}

static enum bw_rc check_target(const char *text, struct bw_err *err)
{
    return text[0] == '/' ? BW_OK
                          : bw_fail(err, BW_EINVAL, "'%.80s' is not an absolute path", text);
}

extern const struct bw_probe_ops bw_probe_exec;
const struct bw_probe_ops bw_probe_exec = {
    .name = "exec",
    .summary = "Runs a monitoring plugin, without a shell and within limits.",
    .target_help = "/PATH/TO/COMMAND",
    .options = &bw_probe_exec_group,
    .prepare = prepare,
    .release = release_plan,
    .secrets = secrets,
    .check_target = check_target,
    .start = start,
    .settle = settle,
    .cancel = release,
};
