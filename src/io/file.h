// SPDX-License-Identifier: GPL-3.0-or-later
/* io/file.h: whole files, in and out. Blocks: on the loop only for small local files. Any
 * thread. */
#ifndef IO_FILE_H
#define IO_FILE_H

#include "base/err.h"

#include <stddef.h>

/* Reads the whole file, at most max_bytes of it, into heap memory that the caller frees; a
 * NUL follows the bytes and is not counted. A relative path starts at `folder` (NULL: the
 * working directory). BW_ENOTFOUND, BW_EDENIED, BW_ELIMIT when it is larger, BW_EINVAL when it
 * is no regular file, BW_EIO. out_len may be NULL. */
enum bw_rc bw_file_read(const char *folder, const char *path, size_t max_bytes, char **out_data,
                        size_t *out_len, struct bw_err *err);

/* Opens a regular file of at most max_bytes for reading; the caller closes *out_fd. Errors as
 * above. */
enum bw_rc bw_file_open(const char *folder, const char *path, size_t max_bytes, int *out_fd,
                        size_t *out_size, struct bw_err *err);

/* Replaces the file in one step: a reader, or a power cut, sees the old bytes or the new ones
 * and never a part. `mode` as for open(2), 0644 or 0600. */
enum bw_rc bw_file_write(const char *folder, const char *path, const void *data, size_t len,
                         unsigned mode, struct bw_err *err);

/* Makes the directory and its parents where they are missing (mode 0755). */
enum bw_rc bw_file_make_folder(const char *path, struct bw_err *err);

#endif
