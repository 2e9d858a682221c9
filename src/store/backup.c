// SPDX-License-Identifier: GPL-3.0-or-later
/* A complete copy of a store, live or not. It grows under another name beside the target and gets
 * its own only when all of it is on the disk: who sees the target sees a whole copy, whatever
 * happened in between. */
#include "base/mem.h"
#include "store/db.h"
#include "store/reader.h"
#include "store/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Steps of SQLite's machine between two looks at how far it is: a handful copies a row, and a row
 * may be a pack of 50 KB. */
enum { STEPS = 200 };

static enum bw_rc fail_errno(struct bw_err *err, const char *what, const char *path)
{
    return bw_fail(err, errno == ENOSPC || errno == EDQUOT ? BW_EFULL : BW_EIO, "%s '%s': %s", what,
                   path, strerror(errno));
}

/* ---- how far it is ----------------------------------------------------------------------- */

struct watching {
    const struct bw_backup_watch *watch;
    const char *file;
    uint64_t total_bytes;
    bool stopped;
};

static int look(void *ctx)
{
    struct watching *watching = ctx;
    struct stat st;
    const uint64_t size = stat(watching->file, &st) == 0 ? (uint64_t)st.st_size : 0;
    const uint64_t total = watching->total_bytes;
    watching->stopped =
        !watching->watch->fn(watching->watch->ctx, size < total ? size : total, total);
    return watching->stopped;
}

/* What the copy will take: free pages are left out. */
static uint64_t bytes_used(sqlite3 *db)
{
    static const char sql[] = "SELECT (p.page_count - f.freelist_count) * s.page_size FROM "
                              "pragma_page_count p, pragma_freelist_count f, pragma_page_size s";
    sqlite3_stmt *st = NULL;
    uint64_t bytes = 0;
    if (bw_db_prepare(db, sql, &st, NULL) == BW_OK && sqlite3_step(st) == SQLITE_ROW)
        bytes = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return bytes;
}

static enum bw_rc copy(sqlite3 *db, const char *file, const struct bw_backup_watch *watch,
                       struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    struct watching watching = { .watch = watch, .file = file, .total_bytes = bytes_used(db) };
    /* The copy is written by this connection, which otherwise may not write. */
    enum bw_rc rc = bw_db_exec(db, "PRAGMA query_only=OFF", err);
    if (rc == BW_OK)
        rc = bw_db_prepare(db, "VACUUM INTO ?1", &st, err);
    if (rc == BW_OK) {
        if (watch != NULL)
            sqlite3_progress_handler(db, STEPS, look, &watching);
        sqlite3_bind_text(st, 1, file, -1, SQLITE_STATIC);
        if (sqlite3_step(st) != SQLITE_DONE)
            rc = watching.stopped ? bw_fail(err, BW_EIO, "stopped; there is no copy")
                                  : bw_db_fail(db, err, "backup");
    }
    sqlite3_finalize(st);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    return rc;
}

/* ---- the file ---------------------------------------------------------------------------- */

/* An empty file, as private as the store. */
static enum bw_rc make_file(char *file, struct bw_err *err)
{
    const int fd = mkostemp(file, O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "make", file);
    const bool ok = fchmod(fd, 0640) == 0;
    close(fd);
    return ok ? BW_OK : fail_errno(err, "set the mode of", file);
}

static enum bw_rc sync_file(const char *file, int flags, struct bw_err *err)
{
    const int fd = open(file, flags | O_CLOEXEC);
    const bool ok = fd >= 0 && fsync(fd) == 0;
    const int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return ok ? BW_OK : fail_errno(err, "sync", file);
}

/* Gives the file its name unless the name is taken. */
static enum bw_rc publish(const char *file, const char *target, struct bw_err *err)
{
    int done = renameat2(AT_FDCWD, file, AT_FDCWD, target, RENAME_NOREPLACE);
    if (done != 0 && errno == EINVAL) { /* a file system that does not know how */
        done = link(file, target);
        if (done == 0)
            unlink(file);
    }
    if (done != 0)
        return errno == EEXIST ? bw_fail(err, BW_EEXISTS, "'%s' exists", target)
                               : fail_errno(err, "name", target);
    char *folder = bw_strdup(target);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        slash[slash == folder] = '\0';
    sync_file(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY, NULL);
    free(folder);
    return BW_OK;
}

static enum bw_rc copy_to(sqlite3 *db, const char *target, const struct bw_backup_watch *watch,
                          struct bw_err *err)
{
    struct stat st;
    if (lstat(target, &st) == 0)
        return bw_fail(err, BW_EEXISTS, "'%s' exists", target);
    const size_t size = strlen(target) + sizeof ".part-XXXXXX";
    char *file = bw_alloc(size);
    snprintf(file, size, "%s.part-XXXXXX", target);
    enum bw_rc rc = make_file(file, err);
    const bool made = rc == BW_OK;
    if (rc == BW_OK)
        rc = copy(db, file, watch, err);
    if (rc == BW_OK)
        rc = sync_file(file, O_RDWR, err);
    if (rc == BW_OK)
        rc = publish(file, target, err);
    if (rc != BW_OK && made)
        unlink(file);
    free(file);
    return rc;
}

enum bw_rc bw_store_backup(const char *path, const char *target,
                           const struct bw_backup_watch *watch, struct bw_err *err)
{
    struct bw_reader *reader = NULL;
    enum bw_rc rc = bw_reader_open(path, &reader, err);
    if (rc == BW_OK)
        rc = copy_to(reader->db, target, watch, err);
    bw_reader_close(reader);
    return rc;
}
