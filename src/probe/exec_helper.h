// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/exec_helper.h: the small process between us and a command, so that nothing risky happens
 * between fork and exec in a big process with threads. It is bellwether-exec-helper beside this
 * program; where that is missing, this program itself. Both are called with the words
 * `exec-helper -- CPU-SECONDS MEMORY-BYTES COMMAND ARGUMENT…`.
 *
 *     daemon --posix_spawn--> helper --fork, limits, execve--> command --> its children …
 *                                ^                                              |
 *                                +----- adopts whoever outlives its parent -----+
 *
 * The helper is a subreaper: a command that forks twice and leaves its session is still among
 * the helper's children, and is killed before the helper ends. SIGTERM asks the command to end
 * and kills what is left 2 s later; SIGQUIT kills at once, as does the daemon's own end.
 *
 * Descriptors: 0 is /dev/null, 1 and 2 the command's output, 3 takes one struct bw_exec_report. */
#ifndef PROBE_EXEC_HELPER_H
#define PROBE_EXEC_HELPER_H

#include <stddef.h>
#include <stdint.h>

#define BW_EXEC_HELPER_NAME "exec-helper"
#define BW_EXEC_HELPER_PROGRAM "bellwether-exec-helper"

enum { BW_EXEC_REPORT_FD = 3 };

enum bw_exec_end {
    BW_EXEC_EXITED = 1,     /* value: exit code */
    BW_EXEC_SIGNALLED,      /* value: signal */
    BW_EXEC_MISSING,        /* no such file */
    BW_EXEC_DIRECTORY,      /* the path is a directory */
    BW_EXEC_NOT_EXECUTABLE, /* no permission to run it */
    BW_EXEC_NOT_A_PROGRAM,  /* neither ELF nor #! */
    BW_EXEC_NO_INTERPRETER, /* what stands behind #!, or the dynamic linker, is missing */
    BW_EXEC_FAILED,         /* value: errno */
};

struct bw_exec_report {
    int32_t end; /* enum bw_exec_end */
    int32_t value;
};

/* Does all of it; returns the process's exit code. `argv` is CPU-SECONDS, MEMORY-BYTES and the
 * command, and ends with NULL. */
int bw_exec_helper_run(size_t count, const char *const *argv);

#endif
