// SPDX-License-Identifier: GPL-3.0-or-later
/* Commands of exec checks: argument by argument, nothing is ever put together as text that
 * something else would take apart again. */
#include "app/config_internal.h"

#include <string.h>

bool bw_config_command_has_instance(struct bw_strings command)
{
    for (size_t i = 0; i < command.count; i++) {
        if (strstr(command.items[i], BW_INSTANCE_MARK) != NULL)
            return true;
    }
    return false;
}

static enum bw_rc fill_argument(const char *argument, size_t index, const char *instance,
                                const char **out, struct bw_err *err)
{
    *out = argument;
    if (instance == NULL || strstr(argument, BW_INSTANCE_MARK) == NULL)
        return BW_OK;
    if (strcmp(argument, BW_INSTANCE_MARK) != 0)
        return bw_fail(err, BW_EINVAL, "'%.80s': '" BW_INSTANCE_MARK "' fills whole arguments only",
                       argument);
    if (index == 0)
        return bw_fail(err, BW_EINVAL, "'" BW_INSTANCE_MARK "' cannot be the program");
    if (instance[0] == '-')
        return bw_fail(err, BW_EINVAL, "instance '%.80s' would be taken for an option", instance);
    *out = instance;
    return BW_OK;
}

enum bw_rc bw_config_command(struct bw_config_loading *loading, struct bw_strings command,
                             const char *instance, struct bw_config_check *check,
                             const char **out_text, struct bw_err *err)
{
    const char **argv = bw_arena_array(loading->arena, command.count, sizeof *argv);
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; i < command.count && rc == BW_OK; i++)
        rc = fill_argument(command.items[i], i, instance, &argv[i], err);
    *out_text = command.items[0]; /* arguments may hold passwords */
    if (rc != BW_OK)
        return rc;
    struct bw_probe_module *options = bw_arena_alloc(loading->arena, sizeof *options);
    *options = *check->options;
    options->exec.command = (struct bw_strings){ argv, command.count };
    bw_config_set_options(loading, check, options);
    return bw_probe_exec_group.check(&options->exec, err);
}
