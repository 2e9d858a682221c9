// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/proc.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES_MAX = 64, READ_BYTES = 16 << 10, SHORT_BYTES = 2 << 10 };

/* After which reading a file is known to be at its end. */
enum ending {
    END_EMPTY, /* one that gives nothing */
    END_SHORT, /* a first one below SHORT_BYTES, too */
    END_PIECE, /* any that leaves room */
};

struct open_file {
    const char *path;
    int fd;
};

struct bw_proc {
    char *root;
    struct open_file files[FILES_MAX];
    size_t count;
    struct bw_buf text;
};

struct bw_proc *bw_proc_new(const char *root)
{
    struct bw_proc *proc = bw_alloc(sizeof *proc);
    proc->root = bw_strdup(root);
    bw_buf_init(&proc->text, BW_PROC_FILE_BYTES_MAX);
    return proc;
}

void bw_proc_free(struct bw_proc *proc)
{
    if (proc == NULL)
        return;
    for (size_t i = 0; i < proc->count; i++)
        close(proc->files[i].fd);
    bw_buf_fini(&proc->text);
    free(proc->root);
    free(proc);
}

static enum bw_rc fail_errno(struct bw_err *err, const char *verb, const char *root,
                             const char *path)
{
    const int number = errno;
    const enum bw_rc rc = number == ENOENT                      ? BW_ENOTFOUND
                          : number == EACCES || number == EPERM ? BW_EDENIED
                                                                : BW_EIO;
    return bw_fail(err, rc, "%s %s/%s: %s", verb, root, path, strerror(number));
}

static enum bw_rc open_below(const char *root, const char *path, int *out_fd, struct bw_err *err)
{
    struct bw_buf name;
    bw_buf_init(&name, 4096);
    bw_buf_printf(&name, "%s/%s", root, path);
    const int fd =
        bw_buf_failed(&name) ? (errno = ENAMETOOLONG, -1) : open(name.data, O_RDONLY | O_CLOEXEC);
    const enum bw_rc rc = fd < 0 ? fail_errno(err, "open", root, path) : BW_OK;
    bw_buf_fini(&name);
    if (rc == BW_OK)
        *out_fd = fd;
    return rc;
}

/* NULL when there is none. */
static const struct open_file *find_file(const struct bw_proc *proc, const char *path)
{
    for (size_t i = 0; i < proc->count; i++) {
        if (proc->files[i].path == path || strcmp(proc->files[i].path, path) == 0)
            return &proc->files[i];
    }
    return NULL;
}

static void forget_file(struct bw_proc *proc, struct open_file *file)
{
    close(file->fd);
    *file = proc->files[--proc->count];
}

static enum bw_rc ensure_open(struct bw_proc *proc, const char *path, struct open_file **out,
                              struct bw_err *err)
{
    const struct open_file *known = find_file(proc, path);
    *out = known == NULL ? NULL : &proc->files[known - proc->files];
    if (known != NULL)
        return BW_OK;
    if (proc->count == FILES_MAX)
        return bw_fail(err, BW_EFULL, "open %s/%s: too many files", proc->root, path);
    int fd;
    const enum bw_rc rc = open_below(proc->root, path, &fd, err);
    if (rc != BW_OK)
        return rc;
    *out = &proc->files[proc->count++];
    **out = (struct open_file){ .path = path, .fd = fd };
    return BW_OK;
}

static bool is_end(enum ending ending, size_t got, size_t total)
{
    return got == 0 || (ending == END_PIECE && got < READ_BYTES)
           || (ending == END_SHORT && total < SHORT_BYTES);
}

static enum bw_rc read_all(struct bw_proc *proc, const struct open_file *file, enum ending ending,
                           struct bw_err *err)
{
    bw_buf_clear(&proc->text);
    for (;;) {
        char *room = bw_buf_reserve(&proc->text, READ_BYTES);
        if (room == NULL)
            return bw_fail(err, BW_ELIMIT, "read %s/%s: larger than %u bytes", proc->root,
                           file->path, BW_PROC_FILE_BYTES_MAX);
        const ssize_t got = pread(file->fd, room, READ_BYTES, (off_t)proc->text.len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(err, "read", proc->root, file->path);
        proc->text.len += (size_t)got;
        if (is_end(ending, (size_t)got, proc->text.len))
            return BW_OK;
    }
}

static enum bw_rc read_file(struct bw_proc *proc, const char *path, enum ending ending,
                            struct bw_span *out, struct bw_err *err)
{
    struct open_file *file;
    enum bw_rc rc = ensure_open(proc, path, &file, err);
    if (rc == BW_OK)
        rc = read_all(proc, file, ending, err);
    /* A descriptor can outlive what it names, such as a module's file; the next reading
     * opens it anew. */
    if (rc != BW_OK && file != NULL)
        forget_file(proc, file);
    if (rc == BW_OK)
        *out = (struct bw_span){ proc->text.data, proc->text.len };
    return rc;
}

enum bw_rc bw_proc_read(struct bw_proc *proc, const char *path, struct bw_span *out,
                        struct bw_err *err)
{
    return read_file(proc, path, END_EMPTY, out, err);
}

enum bw_rc bw_proc_read_piece(struct bw_proc *proc, const char *path, struct bw_span *out,
                              struct bw_err *err)
{
    return read_file(proc, path, END_PIECE, out, err);
}

enum bw_rc bw_proc_read_list(struct bw_proc *proc, const char *path, struct bw_span *out,
                             struct bw_err *err)
{
    return read_file(proc, path, END_SHORT, out, err);
}

/* Every other file is always ready for writing. */
bool bw_proc_is_unchanged(const struct bw_proc *proc, const char *path)
{
    const struct open_file *file = find_file(proc, path);
    if (file == NULL)
        return false;
    struct pollfd news = { .fd = file->fd, .events = POLLPRI | POLLOUT };
    return poll(&news, 1, 0) == 0;
}
