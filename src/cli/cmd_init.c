// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/defaults.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int say_made(const char *file)
{
    struct bw_buf out;
    bw_buf_init(&out, 16u << 10);
    bw_buf_printf(&out,
                  "wrote %s. Next:\n"
                  "  bellwether check %s\n"
                  "  bellwether serve --config.file=%s\n",
                  file, file, file);
    bw_out_buf(&out);
    bw_buf_fini(&out);
    return BW_EXIT_OK;
}

/* Fails on a file that is there in the same step that makes it: two at once cannot both win. */
static int write_new(const struct bw_command *command, const char *file)
{
    const int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST)
        return bw_command_failed(command,
                                 "%s exists and is left as it is; name another file, or use "
                                 "'bellwether init -' to read the text",
                                 file);
    if (fd < 0)
        return bw_command_failed(command, "cannot make %s: %s", file, strerror(errno));
    FILE *stream = fdopen(fd, "w");
    const bool written = fputs(bw_starter_config, stream) >= 0 && fflush(stream) == 0;
    if (fclose(stream) != 0 || !written) {
        const int error = errno;
        unlink(file);
        return bw_command_failed(command, "cannot write %s: %s", file, strerror(error));
    }
    return say_made(file);
}

static int run(const struct bw_command *command, const struct bw_call *call)
{
    const char *file = call->arg_count > 0 ? call->args[0] : "bellwether.yml";
    if (strcmp(file, "-") != 0)
        return write_new(command, file);
    bw_out_text(bw_starter_config);
    return BW_EXIT_OK;
}

const struct bw_command bw_cmd_init = {
    .name = "init",
    .arguments = "[FILE]",
    .summary = "Write a commented configuration to begin with",
    .text = "FILE is bellwether.yml when it is not named; - writes to standard output. A file\n"
            "that is there is never overwritten.\n",
    .complete = bw_complete_file_arguments,
    .flags = &bw_no_flags,
    .args_max = 1,
    .usage_exit = BW_EXIT_USAGE,
    .run = run,
};
