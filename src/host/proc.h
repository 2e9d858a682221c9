// SPDX-License-Identifier: GPL-3.0-or-later
/* host/proc.h: files below /proc (or below a folder that stands for it in tests). They stay
 * open and are read again with pread: half the cost of opening them each time. */
#ifndef HOST_PROC_H
#define HOST_PROC_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>

struct bw_proc;

struct bw_proc *bw_proc_new(const char *root);
void bw_proc_free(struct bw_proc *proc);

/* Reads root/path whole. *out is valid until the next call. `path` must be a constant: it
 * names the open file. BW_ENOTFOUND, BW_EDENIED, BW_EIO, BW_ELIMIT. */
enum bw_rc bw_proc_read(struct bw_proc *proc, const char *path, struct bw_span *out,
                        struct bw_err *err);

/* The same for a file that the kernel makes in one piece, as it does with all but long lists: what
 * one read leaves room behind is the whole, and no second one must tell so. */
enum bw_rc bw_proc_read_piece(struct bw_proc *proc, const char *path, struct bw_span *out,
                              struct bw_err *err);

/* The same for a list of lines that are all below 1 KB: the kernel hands out as many whole lines as
 * a page holds, so that half a page is the whole list, and no second read must tell so. */
enum bw_rc bw_proc_read_list(struct bw_proc *proc, const char *path, struct bw_span *out,
                             struct bw_err *err);

/* Whether a list of mounts (mounts, mountinfo) is still what was read last: proc(5) says that such
 * a descriptor tells of changes. False for other files, and for those that are not open. */
bool bw_proc_is_unchanged(const struct bw_proc *proc, const char *path);

#endif
