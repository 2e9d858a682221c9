// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/exec_options.h: from an exec module's options to a command that can be started. */
#ifndef PROBE_EXEC_OPTIONS_H
#define PROBE_EXEC_OPTIONS_H

#include "base/arena.h"
#include "probe/exec.h"
#include "probe/module.h"

/* Whatever spans options, but for what depends on the machine. */
enum bw_rc bw_exec_options_check(const struct bw_exec_options *options, struct bw_err *err);

/* Fills *out with copies in the arena. Fails when the options do not fit together, there is no
 * such user, or we may not become anybody. */
enum bw_rc bw_exec_options_prepare(const struct bw_exec_options *options, struct bw_arena *arena,
                                   struct bw_exec_command *out, struct bw_err *err);

/* The environment of a command: what each has, our own variables of the `pass` names, then `env`;
 * of one name the last. NULL at the end. In the arena. */
const char *const *bw_exec_environment(struct bw_arena *arena, struct bw_pairs env,
                                       struct bw_strings pass);

#endif
