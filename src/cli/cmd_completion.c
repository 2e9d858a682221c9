// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/embedded.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/output.h"
#include "conf/guess.h"

#include <string.h>

extern const struct bw_embedded bw_shell_scripts[]; /* completion.bash and its like */

static const char prefix[] = "completion.";

static int run(const struct bw_command *command, const struct bw_call *call)
{
    struct bw_guess guess = bw_guess_of(call->args[0]);
    for (const struct bw_embedded *script = bw_shell_scripts; script->name != NULL; script++) {
        const char *shell = script->name + strlen(prefix);
        bw_guess_try(&guess, shell);
        if (strcmp(shell, call->args[0]) != 0)
            continue;
        bw_out_text(script->data);
        return BW_EXIT_OK;
    }
    return bw_command_usage(command, "there is no script for '%s', %s", call->args[0],
                            guess.best != NULL && strcmp(guess.best, "zsh") == 0
                                ? "did you mean zsh?"
                                : "only for bash, zsh and fish");
}

static void complete(struct bw_completion *completion, const struct bw_opt *flag)
{
    const struct bw_embedded *script = bw_shell_scripts;
    for (; flag == NULL && script->name != NULL; script++)
        bw_completion_add(completion, script->name + strlen(prefix), NULL);
}

const struct bw_command bw_cmd_completion = {
    .name = "completion",
    .arguments = "bash|zsh|fish",
    .summary = "Print the script by which a shell completes commands, flags and values",
    .text = "  source <(bellwether completion bash)                    # ~/.bashrc\n"
            "  source <(bellwether completion zsh)                     # ~/.zshrc, after compinit\n"
            "  bellwether completion fish | source                     # config.fish\n",
    .complete = complete,
    .flags = &bw_no_flags,
    .args_min = 1,
    .args_max = 1,
    .usage_exit = BW_EXIT_USAGE,
    .run = run,
};
