// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/exec_options.h"

#include "base/num.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- tables ---- */

#define AT(member) offsetof(struct bw_exec_limits, member)

static const struct bw_opt limit_options[] = {
    { "cpu", BW_OPT_DURATION, AT(cpu_ns), .def = "30s", .range = "1s..1h",
      .help = "Processor time, in whole seconds; each process of the command has its own." },
    { "memory", BW_OPT_BYTES, AT(memory_bytes), .def = "1GiB", .range = "1MiB..",
      .help = "Address space of each process." },
    { "output", BW_OPT_BYTES, AT(output_bytes), .def = "64KiB", .range = "1KiB..1MiB",
      .help = "What the command may write; with more it fails as `response_too_large`." },
    { "file_size", BW_OPT_BYTES, AT(file_bytes), .def = "16MiB", .range = "4KiB..",
      .help = "Of one file that it writes; at more it is ended." },
    { "processes", BW_OPT_INT, AT(processes), .def = "0", .range = "0..100000",
      .help =
          "Processes and threads of `user`, all of that user's together, whoever started them: "
          "the system counts by user, and not at all for root, so it needs `user`. 0: as many as "
          "the system allows." },
    { 0 },
};
#undef AT

const struct bw_opt_group bw_probe_exec_limits_group = {
    .name = "limits",
    .size = sizeof(struct bw_exec_limits),
    .opts = limit_options,
    .help = "What a command may use. 256 descriptors and no core dump are fixed.",
};

static const struct bw_opt_name formats[] = { { "nagios", BW_EXEC_NAGIOS },
                                              { "prometheus", BW_EXEC_PROMETHEUS },
                                              { 0 } };

#define AT(member) offsetof(struct bw_exec_options, member)

static const struct bw_opt exec_options[] = {
    { "command", BW_OPT_STRINGS, AT(command), .flags = BW_OPT_HIDDEN,
      .help = "The program's absolute path and its arguments; a check says them as `exec`." },
    { "output", BW_OPT_ENUM, AT(format), .def = "nagios", .names = formats,
      .help =
          "What it writes on standard output. `nagios`: a line for people and performance data. "
          "`prometheus`: metrics in the text format of Prometheus; they become series of the "
          "check, and what it says on standard error is for people." },
    { "user", BW_OPT_STRING, AT(user), .range = "1..256",
      .help = "Whom it runs as: NAME, UID, or either with `:GROUP`; without supplementary groups. "
              "Needs a daemon that runs as root. Default: the daemon's own user." },
    { "cwd", BW_OPT_STRING, AT(folder), .def = "/", .range = "1..4095", .flags = BW_OPT_FOLDER,
      .help = "The folder it starts in; an absolute path." },
    { "env", BW_OPT_MAP, AT(env),
      .help = "Variables of its environment, besides PATH, HOME, LANG, LC_ALL and TZ or instead of "
              "them. `${env:NAME}` in a value is the daemon's own." },
    { "pass_env", BW_OPT_STRINGS, AT(pass_env),
      .help =
          "Names of variables that it gets from the daemon's environment, where they are set." },
    { "limits", BW_OPT_GROUP, AT(limits), .group = &bw_probe_exec_limits_group,
      .help = "What the command may use, unless the check says so itself." },
    { 0 },
};
#undef AT

static enum bw_rc check_group(const void *opts, struct bw_err *err)
{
    return bw_exec_options_check(opts, err);
}

const struct bw_opt_group bw_probe_exec_group = {
    .name = "exec",
    .size = sizeof(struct bw_exec_options),
    .opts = exec_options,
    .help =
        "Runs a command without a shell and judges it by its exit code. With `output: nagios` "
        "as Nagios does: 0 passes, 1 is DEGRADED, 2 fails, 3 says nothing about the target; the "
        "first line of its output is shown, its performance data become `probe_exec_perfdata` and "
        "`probe_exec_perfdata_bound`. With `output: prometheus` 0 passes and all else fails; its "
        "metrics keep their names. The command has an environment of its own (PATH, HOME, LANG, "
        "LC_ALL, TZ), umask 077 and cannot gain privileges (no setuid). After the timeout it gets "
        "SIGTERM, 2 s later SIGKILL, with all that it started; what it leaves behind when it ends "
        "is killed at once. A program that cannot be run is `command_broken`, which says nothing "
        "about the target.",
    .check = check_group,
};

/* ---- rules ---- */

static enum bw_rc check_command(struct bw_strings command, struct bw_err *err)
{
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

static enum bw_rc check_name(const char *name, struct bw_err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    const bool digit = name[0] >= '0' && name[0] <= '9';
    return name[0] != '\0' && !digit && name[strspn(name, letters)] == '\0'
               ? BW_OK
               : bw_fail(err, BW_EINVAL, "'%.80s' is no name of a variable", name);
}

static enum bw_rc check_names(const struct bw_exec_options *o, struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; i < o->env.count && rc == BW_OK; i++)
        rc = check_name(o->env.items[i].name, err);
    for (size_t i = 0; i < o->pass_env.count && rc == BW_OK; i++)
        rc = check_name(o->pass_env.items[i], err);
    if (rc == BW_OK && o->env.count + o->pass_env.count > BW_EXEC_VARIABLES_MAX)
        rc = bw_fail(err, BW_ELIMIT, "more than %u variables", BW_EXEC_VARIABLES_MAX);
    return rc;
}

enum bw_rc bw_exec_options_check(const struct bw_exec_options *options, struct bw_err *err)
{
    const enum bw_rc rc = check_command(options->command, err);
    if (rc != BW_OK)
        return rc;
    if (options->folder != NULL && options->folder[0] != '/')
        return bw_fail(err, BW_EINVAL, "cwd: '%.80s' is not an absolute path", options->folder);
    return check_names(options, err);
}

/* ---- the environment ---- */

struct variables {
    struct bw_arena *arena;
    const char **items;
    size_t count;
};

static void set(struct variables *variables, const char *name, const char *value)
{
    const size_t len = strlen(name);
    size_t at = 0;
    while (at < variables->count
           && (strncmp(variables->items[at], name, len) != 0 || variables->items[at][len] != '='))
        at++;
    variables->count += at == variables->count;
    variables->items[at] = bw_arena_printf(variables->arena, "%s=%s", name, value);
}

static void pass(struct variables *variables, const char *name)
{
    const char *value = getenv(name);
    if (value != NULL)
        set(variables, name, value);
}

const char *const *bw_exec_environment(struct bw_arena *arena, struct bw_pairs env,
                                       struct bw_strings passed)
{
    struct variables all = { .arena = arena };
    all.items = bw_arena_array(arena, env.count + passed.count + 6, sizeof *all.items);
    set(&all, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    set(&all, "HOME", "/");
    set(&all, "LANG", "C");
    set(&all, "LC_ALL", "C");
    pass(&all, "TZ");
    for (size_t i = 0; i < passed.count; i++)
        pass(&all, passed.items[i]);
    for (size_t i = 0; i < env.count; i++)
        set(&all, env.items[i].name, env.items[i].value);
    all.items[all.count] = NULL;
    return all.items;
}

static enum bw_rc check_size(const char *const *envp, struct bw_err *err)
{
    size_t bytes = 0;
    for (; *envp != NULL; envp++)
        bytes += strlen(*envp) + 1;
    return bytes <= BW_EXEC_ENVIRONMENT_BYTES_MAX
               ? BW_OK
               : bw_fail(err, BW_ELIMIT, "variables of more than %u bytes",
                         BW_EXEC_ENVIRONMENT_BYTES_MAX);
}

/* ---- the user ---- */

enum { ENTRY_BYTES_MAX = 64 << 10 }; /* of passwd or group */

static bool parse_id(const char *text, uint32_t *out)
{
    int64_t number;
    if (!bw_parse_int(text, strlen(text), &number) || number < 0 || number >= BW_EXEC_SAME_USER)
        return false;
    *out = (uint32_t)number;
    return true;
}

/* A number needs no entry, but without one it has no group. */
static enum bw_rc find_user(const char *name, struct bw_arena *arena, struct bw_exec_command *out,
                            bool *out_has_group, struct bw_err *err)
{
    struct passwd entry, *found = NULL;
    char *room = bw_arena_alloc(arena, ENTRY_BYTES_MAX);
    const bool number = parse_id(name, &out->uid);
    const int error = number ? getpwuid_r(out->uid, &entry, room, ENTRY_BYTES_MAX, &found)
                             : getpwnam_r(name, &entry, room, ENTRY_BYTES_MAX, &found);
    *out_has_group = found != NULL;
    if (found == NULL && !number)
        return bw_fail(err, BW_EINVAL, "there is no user '%.80s'%s%s", name, error != 0 ? ": " : "",
                       error != 0 ? strerror(error) : "");
    if (found != NULL) {
        out->uid = found->pw_uid;
        out->gid = found->pw_gid;
    }
    return BW_OK;
}

static enum bw_rc find_group(const char *name, struct bw_arena *arena, struct bw_exec_command *out,
                             struct bw_err *err)
{
    struct group entry, *found = NULL;
    char *room = bw_arena_alloc(arena, ENTRY_BYTES_MAX);
    if (parse_id(name, &out->gid))
        return BW_OK;
    getgrnam_r(name, &entry, room, ENTRY_BYTES_MAX, &found);
    if (found == NULL)
        return bw_fail(err, BW_EINVAL, "there is no group '%.80s'", name);
    out->gid = found->gr_gid;
    return BW_OK;
}

static enum bw_rc resolve_user(const char *text, struct bw_arena *scratch,
                               struct bw_exec_command *out, struct bw_err *err)
{
    const char *colon = strchr(text, ':');
    const size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);
    bool has_group = false;
    enum bw_rc rc = find_user(bw_arena_strndup(scratch, text, len), scratch, out, &has_group, err);
    if (rc == BW_OK && colon != NULL)
        rc = find_group(colon + 1, scratch, out, err);
    else if (rc == BW_OK && !has_group)
        rc = bw_fail(err, BW_EINVAL, "there is no user %s to know its group of: say %s:GROUP", text,
                     text);
    if (rc == BW_OK && geteuid() != 0)
        rc = bw_fail(err, BW_EINVAL, "user: only a daemon that runs as root can become '%.80s'",
                     text);
    return rc;
}

static enum bw_rc find_whom(const struct bw_exec_options *options, struct bw_exec_command *out,
                            struct bw_err *err)
{
    struct bw_arena scratch;
    enum bw_rc rc = BW_OK;
    bw_arena_init(&scratch);
    out->uid = out->gid = BW_EXEC_SAME_USER;
    if (options->user != NULL)
        rc = resolve_user(options->user, &scratch, out, err);
    if (rc == BW_OK && out->processes > 0 && (out->uid == BW_EXEC_SAME_USER || out->uid == 0))
        rc = bw_fail(err, BW_EINVAL,
                     "limits.processes counts all processes of a user: it needs `user`, and one "
                     "that is not root");
    bw_arena_fini(&scratch);
    return rc;
}

/* ---- all of it ---- */

enum bw_rc bw_exec_options_prepare(const struct bw_exec_options *options, struct bw_arena *arena,
                                   struct bw_exec_command *out, struct bw_err *err)
{
    const struct bw_strings words = options->command;
    enum bw_rc rc = bw_exec_options_check(options, err);
    if (rc != BW_OK)
        return rc;
    const char **argv = bw_arena_array(arena, words.count + 1, sizeof *argv);
    for (size_t i = 0; i < words.count; i++)
        argv[i] = bw_arena_strdup(arena, words.items[i]);
    *out = (struct bw_exec_command){
        .argv = argv,
        .envp = bw_exec_environment(arena, options->env, options->pass_env),
        .folder = bw_arena_strdup(arena, options->folder != NULL ? options->folder : "/"),
        .cpu_ns = options->limits.cpu_ns,
        .memory_bytes = options->limits.memory_bytes,
        .output_bytes = options->limits.output_bytes,
        .file_bytes = options->limits.file_bytes,
        .processes = (uint64_t)options->limits.processes,
    };
    rc = check_size(out->envp, err);
    return rc == BW_OK ? find_whom(options, out, err) : rc;
}
