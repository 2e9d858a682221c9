// SPDX-License-Identifier: GPL-3.0-or-later
/* The exec probe: runs a monitoring plugin and takes its word. */
#include "probe/exec.h"

#include "base/mem.h"
#include "io/clock.h"
#include "model/records.h"
#include "probe/exec_options.h"
#include "probe/exec_output.h"
#include "probe/perfdata.h"
#include "probe/trail.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- plans ---- */

struct plan {
    struct bw_arena arena; /* of the command's words */
    struct bw_exec_command command;
    int format; /* enum bw_exec_format */
};

static void release_plan(void *prepared)
{
    struct plan *plan = prepared;
    bw_arena_fini(&plan->arena);
    free(plan);
}

static void *prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                     struct bw_err *err)
{
    (void)engine, (void)folder;
    const struct bw_exec_options *o = options;
    struct plan *plan = bw_alloc(sizeof *plan);
    bw_arena_init(&plan->arena);
    plan->format = o->format;
    if (bw_exec_options_prepare(o, &plan->arena, &plan->command, err) == BW_OK)
        return plan;
    release_plan(plan);
    return NULL;
}

/* ---- one try ---- */

struct bw_probe_try {
    const struct plan *plan;
    const struct bw_probe_target *target;
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

/* What the command says of itself: on standard error if there is nothing else, or what else there
 * is is for machines. Quoted here, where a NUL does not end it. */
static void words_of(const struct bw_probe_try *t, char out[BW_PROBE_DETAIL_BYTES_MAX])
{
    struct bw_span said = { "", 0 };
    if (t->plan->format != BW_EXEC_PROMETHEUS)
        said = bw_plugin_text(span_of(bw_exec_output(t->child)));
    if (said.len == 0)
        said = bw_plugin_text(span_of(bw_exec_errors(t->child)));
    bw_probe_quote(out, BW_PROBE_DETAIL_BYTES_MAX, said.data, said.len);
}

/* A command of which no earlier run is known has nothing to compare with. */
static void compare_births(struct bw_probe_try *t, const struct bw_births *births)
{
    struct bw_probe_memory *memory = t->target->memory;
    if (memory == NULL)
        return;
    if (memory->data == NULL)
        memory->data = bw_alloc(sizeof(struct bw_births_memory));
    t->out->change = bw_births_compare(memory->data, births, bw_wall_system_ms());
}

/* The exit code's verdict of a command that writes metrics: its words are on standard error. */
static void judge_metrics(struct bw_probe_try *t, int code, const char *words)
{
    struct bw_err err;
    struct bw_births births;
    const enum bw_rc rc =
        bw_exec_measure_text(span_of(bw_exec_output(t->child)), t->out->measures, &births, &err);
    if (code == 0)
        compare_births(t, &births);
    bw_measures_add(t->out->measures, BW_METRIC_PROBE_EXEC_OUTPUT_ERROR, rc != BW_OK, NULL);
    if (rc != BW_OK)
        bw_trail_say(t->out, "metrics were left out: %s", err.text);
    if (code != 0)
        bw_probe_fail(t->out, BW_REASON_COMMAND_CRITICAL, "exit code %d%s%s", code,
                      words[0] != '\0' ? ": " : "", words);
    else if (rc != BW_OK)
        bw_probe_warn(t->out, "metrics were left out: %s", err.text);
    else
        bw_probe_say(t->out, "%s", words);
}

static void judge_plugin(struct bw_probe_try *t, int code, const char *words)
{
    words = words[0] != '\0' ? words : "it said nothing";
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
    bw_exec_measure_perfdata(span_of(bw_exec_output(t->child)), t->out->measures);
}

static void judge_exit(struct bw_probe_try *t, int code)
{
    char words[BW_PROBE_DETAIL_BYTES_MAX];
    words_of(t, words);
    bw_measures_add(t->out->measures, BW_METRIC_PROBE_EXEC_EXIT_CODE, code, NULL);
    if (t->plan->format == BW_EXEC_PROMETHEUS)
        judge_metrics(t, code, words);
    else
        judge_plugin(t, code, words);
}

static void judge_signal(struct bw_probe_try *t, int number)
{
    const char *name = sigabbrev_np(number);
    if (number == SIGXCPU)
        bw_probe_fail(t->out, BW_REASON_COMMAND_BROKEN,
                      "it used up its processor time, limits.cpu");
    else if (number == SIGXFSZ)
        bw_probe_fail(t->out, BW_REASON_COMMAND_BROKEN,
                      "it wrote more into a file than limits.file_size");
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

static void judge_execve(struct bw_probe_try *t, int error)
{
    if (error == EAGAIN && t->plan->command.processes > 0)
        bw_probe_fail(t->out, BW_REASON_LOCAL_LIMIT,
                      "its user has more processes than limits.processes");
    else
        bw_probe_fail(t->out, BW_REASON_COMMAND_BROKEN, "%s: %s", t->plan->command.argv[0],
                      strerror(error));
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
                      (unsigned long long)t->plan->command.output_bytes);
        break;
    case BW_EXEC_REFUSED:
        bw_probe_fail(t->out, BW_REASON_LOCAL_LIMIT, "no process for a command: %s",
                      strerror(report.value));
        break;
    case BW_EXEC_NO_USER:
        bw_probe_fail(t->out, BW_REASON_NOT_PERMITTED, "cannot become the user of this command: %s",
                      strerror(report.value));
        break;
    case BW_EXEC_NO_FOLDER:
        bw_probe_fail(t->out, BW_REASON_COMMAND_BROKEN, "cannot enter %s: %s",
                      t->plan->command.folder, strerror(report.value));
        break;
    case BW_EXEC_FAILED:
        judge_execve(t, report.value);
        break;
    default:
        bw_probe_fail(t->out, BW_REASON_COMMAND_BROKEN, "%s: %s", t->plan->command.argv[0],
                      why_not((enum bw_exec_end)report.end));
    }
}

/* The arguments are configured, and one of them may be a password: they are counted. */
static void tell_start(const struct plan *plan, struct bw_probe_outcome *out)
{
    size_t count = 0;
    while (plan->command.argv[count + 1] != NULL)
        count++;
    bw_trail_say_at(out, out->phase_start_ns, "running %s with %zu argument%s",
                    plan->command.argv[0], count, count == 1 ? "" : "s");
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
static void mask_arguments(const char *const *argv, struct bw_mask *mask)
{
    for (size_t i = 1; argv[0] != NULL && argv[i] != NULL; i++) {
        const char *arg = argv[i], *next = argv[i + 1] != NULL ? argv[i + 1] : "";
        bw_mask_add_from(mask, arg);
        if (arg[0] != '-' || strchr(arg, '=') != NULL)
            continue;
        const bool password = strcmp(arg, "-p") == 0 || strcmp(arg, "-a") == 0;
        if (bw_mask_is_secret_name(arg, strlen(arg))
            || (password && next[strspn(next, "0123456789")] != '\0'))
            bw_mask_add(mask, next);
    }
}

static void secrets(const void *prepared, struct bw_mask *mask)
{
    const struct plan *plan = prepared;
    mask_arguments(plan->command.argv, mask);
    for (const char *const *at = plan->command.envp; *at != NULL; at++) {
        const char *value = strchr(*at, '=') + 1;
        bw_mask_add_from(mask, value);
        if (bw_mask_is_secret_name(*at, (size_t)(value - 1 - *at)))
            bw_mask_add(mask, value);
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
    struct bw_err err;
    const struct plan *plan = prepared;
    if (plan->command.argv[0] == NULL) {
        bw_probe_fail(out, BW_REASON_INTERNAL, "the module has no command");
        return NULL;
    }
    struct bw_probe_try *t = bw_alloc(sizeof *t);
    /* What is run stands in the configuration, never in a request: of the target only what earlier
     * runs left is looked at. */
    *t = (struct bw_probe_try){
        .plan = plan, .target = target, .out = out, .done = done, .ctx = ctx
    };
    bw_probe_enter(out, BW_PHASE_PROCESSING);
    tell_start(plan, out);
    t->child = bw_exec_spawn(bw_engine_exec(engine), &plan->command, on_ended, t, &err);
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
    .forget = free,
    .change_name = BW_EVENT_RESTARTED,
    .check_target = check_target,
    .start = start,
    .settle = settle,
    .cancel = release,
};
