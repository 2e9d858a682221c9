// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/exec_guard.h: the process that starts one command, hears it, and outlives all that it
 * started; and what guard and helper share. For files of this folder; libc alone.
 *
 * A guard is a subreaper: a command that forks twice and leaves its session is still among the
 * guard's children, and is killed before the guard reports. SIGTERM asks the command to end and
 * kills what is left 2 s later; SIGQUIT kills at once, as does the helper's end. */
#ifndef PROBE_EXEC_GUARD_H
#define PROBE_EXEC_GUARD_H

#include "probe/exec_helper.h"

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

/* What an order is followed by. The lists end with NULL. */
struct bw_exec_words {
    const char *const *argv;
    const char *const *envp;
    const char *folder;
};

/* In the process that `helper` forked for it. Returns the exit code: 0 when the report is sent, or
 * nobody asks for it. */
int bw_exec_guard_run(const struct bw_exec_order *order, const struct bw_exec_words *words,
                      pid_t helper);

int64_t bw_exec_mono_ns(void);

/* From now on SIGCHLD, SIGTERM and SIGQUIT arrive only while bw_exec_wait() waits. */
void bw_exec_hold_signals(void);

/* Waits for a descriptor, a signal, or so long; below 0: for ever. */
void bw_exec_wait(struct pollfd *fds, size_t count, int64_t ns);

/* Whether the signal came since it was last asked. */
bool bw_exec_came(int number);

/* A signal for the children that the kernel lists as ours, but those that are `spared` (NULL:
 * none); SIGKILL for their groups, too. Returns how many there were. */
size_t bw_exec_signal_children(int number, bool (*spared)(pid_t pid));

/* Sends the report with what was written; waits while the daemon does not read. */
void bw_exec_tell(const struct bw_exec_report *report, const char *out, const char *err);

#endif
