// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/probe_module.h: the options of one probe from the command line. */
#ifndef CLI_PROBE_MODULE_H
#define CLI_PROBE_MODULE_H

#include "base/arena.h"
#include "conf/problems.h"
#include "probe/module.h"

/* The options of a kind when nobody says otherwise; dns asks for the SOA of the root. */
const struct bw_probe_module *bw_probe_module_plain(struct bw_arena *arena, enum bw_prober kind);

/* The module of that name in a configuration or a file that holds `modules` only; the rest of
 * the file may be wrong. NULL with what is wrong in `problems`. */
const struct bw_probe_module *bw_probe_module_read(struct bw_arena *arena, const char *file,
                                                   const char *name, struct bw_problems *problems);

/* Calls for the name of each module of the file; for nothing when it cannot be read. */
void bw_probe_module_names(struct bw_arena *arena, const char *file,
                           void (*take)(void *ctx, const char *name), void *ctx);

/* Where relative paths in the file start. */
const char *bw_probe_module_folder(struct bw_arena *arena, const char *file);

#endif
