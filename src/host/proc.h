// SPDX-License-Identifier: GPL-3.0-or-later
/* host/proc.h: files below /proc (or below a folder that stands for it in tests). They stay
 * open and are read again with pread: half the cost of opening them each time. */
#ifndef HOST_PROC_H
#define HOST_PROC_H

#include "base/err.h"
#include "base/text.h"

struct bw_proc;

struct bw_proc *bw_proc_new(const char *root);
void bw_proc_free(struct bw_proc *proc);

/* Reads root/path whole. *out is valid until the next call. `path` must be a constant: it
 * names the open file. BW_ENOTFOUND, BW_EDENIED, BW_EIO, BW_ELIMIT. */
enum bw_rc bw_proc_read(struct bw_proc *proc, const char *path, struct bw_span *out,
                        struct bw_err *err);

#endif
