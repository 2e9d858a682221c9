// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum bw_rc rc_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return BW_ENOTFOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return BW_EDENIED;
    case ENOSPC:
    case EDQUOT:
        return BW_EFULL;
    default:
        return BW_EIO;
    }
}

static enum bw_rc fail_errno(struct bw_err *err, const char *what, const char *path)
{
    int error = errno;
    return bw_fail(err, rc_of(error), "%s %s: %s", what, path, strerror(error));
}

/* The path to open; BW_ELIMIT when it does not fit. */
static enum bw_rc join(char out[PATH_MAX], const char *folder, const char *path, struct bw_err *err)
{
    bool bare = folder == NULL || folder[0] == '\0' || path[0] == '/';
    int len =
        bare ? snprintf(out, PATH_MAX, "%s", path) : snprintf(out, PATH_MAX, "%s/%s", folder, path);
    if (len < 0 || len >= PATH_MAX)
        return bw_fail(err, BW_ELIMIT, "path is too long: %.60s...", path);
    return BW_OK;
}

static enum bw_rc read_all(int fd, const char *path, size_t max_bytes, char **out_data,
                           size_t *out_len, struct bw_err *err)
{
    char *data = NULL;
    size_t cap = 0, len = 0;
    for (;;) {
        data = bw_grow(data, &cap, len + 4096, 1);
        ssize_t got = read(fd, data + len, cap - len - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            enum bw_rc rc = fail_errno(err, "read", path);
            free(data);
            return rc;
        }
        len += (size_t)got;
        if (len > max_bytes) {
            free(data);
            return bw_fail(err, BW_ELIMIT, "%s is larger than %zu bytes", path, max_bytes);
        }
        if (got == 0)
            break;
    }
    data[len] = '\0';
    *out_data = data;
    if (out_len != NULL)
        *out_len = len;
    return BW_OK;
}

static enum bw_rc open_regular(const char *full, int *out_fd, struct stat *out_info,
                               struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    /* O_NONBLOCK: opening a FIFO must not wait for somebody to write into it. */
    int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail_errno(err, "open", full);
    if (fstat(fd, out_info) != 0)
        rc = fail_errno(err, "stat", full);
    else if (!S_ISREG(out_info->st_mode))
        rc = bw_fail(err, BW_EINVAL, "%s is not a regular file", full);
    if (rc != BW_OK)
        close(fd);
    else
        *out_fd = fd;
    return rc;
}

enum bw_rc bw_file_read(const char *folder, const char *path, size_t max_bytes, char **out_data,
                        size_t *out_len, struct bw_err *err)
{
    char full[PATH_MAX];
    struct stat info;
    int fd = -1;
    enum bw_rc rc = join(full, folder, path, err);
    if (rc == BW_OK)
        rc = open_regular(full, &fd, &info, err);
    if (rc != BW_OK)
        return rc;
    rc = read_all(fd, full, max_bytes, out_data, out_len, err);
    close(fd);
    return rc;
}

enum bw_rc bw_file_open(const char *folder, const char *path, size_t max_bytes, int *out_fd,
                        size_t *out_size, struct bw_err *err)
{
    char full[PATH_MAX];
    struct stat info = { 0 };
    int fd = -1;
    enum bw_rc rc = join(full, folder, path, err);
    if (rc == BW_OK)
        rc = open_regular(full, &fd, &info, err);
    if (rc != BW_OK)
        return rc;
    if ((size_t)info.st_size > max_bytes) {
        close(fd);
        return bw_fail(err, BW_ELIMIT, "%s is larger than %zu bytes", full, max_bytes);
    }
    *out_fd = fd;
    *out_size = (size_t)info.st_size;
    return BW_OK;
}

static enum bw_rc write_all(int fd, const char *path, const char *data, size_t len,
                            struct bw_err *err)
{
    while (len > 0) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fail_errno(err, "write", path);
        data += put;
        len -= (size_t)put;
    }
    if (fsync(fd) != 0)
        return fail_errno(err, "sync", path);
    return BW_OK;
}

/* Makes the rename itself durable. A file system that cannot sync directories is not a reason
 * to fail: the bytes are safe. */
static void sync_parent(const char *path)
{
    char parent[PATH_MAX];
    snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    if (slash == NULL)
        snprintf(parent, sizeof parent, ".");
    else
        slash[slash == parent ? 1 : 0] = '\0';
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

enum bw_rc bw_file_write(const char *folder, const char *path, const void *data, size_t len,
                         unsigned mode, struct bw_err *err)
{
    char full[PATH_MAX], temp[PATH_MAX];
    enum bw_rc rc = join(full, folder, path, err);
    if (rc != BW_OK)
        return rc;
    if (snprintf(temp, sizeof temp, "%s.XXXXXX", full) >= (int)sizeof temp)
        return bw_fail(err, BW_ELIMIT, "path is too long: %.60s...", full);
    int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "create a temporary file for", full);
    rc = write_all(fd, full, data, len, err);
    if (rc == BW_OK && fchmod(fd, (mode_t)mode) != 0)
        rc = fail_errno(err, "set the mode of", full);
    if (close(fd) != 0 && rc == BW_OK)
        rc = fail_errno(err, "close", full);
    if (rc == BW_OK && rename(temp, full) != 0)
        rc = fail_errno(err, "replace", full);
    if (rc != BW_OK)
        unlink(temp);
    else
        sync_parent(full);
    return rc;
}

enum bw_rc bw_file_make_folder(const char *path, struct bw_err *err)
{
    char part[PATH_MAX];
    enum bw_rc rc = join(part, NULL, path, err);
    if (rc != BW_OK)
        return rc;
    for (char *end = part + 1;; end++) {
        if (*end != '/' && *end != '\0')
            continue;
        char kept = *end;
        *end = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return fail_errno(err, "make the directory", part);
        *end = kept;
        if (kept == '\0')
            break;
    }
    struct stat info;
    if (stat(part, &info) != 0 || !S_ISDIR(info.st_mode))
        return bw_fail(err, BW_EEXISTS, "%s is not a directory", part);
    return BW_OK;
}
