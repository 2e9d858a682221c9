// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/quota.h"

#include "base/mem.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of SQLite's WAL: its header, and that of a frame, which begins with the page's number. */
enum { WAL_HEADER_BYTES = 32, FRAME_BYTES = 24, PAGE_BYTES = 4096 };

/* A piece of the index serves that many frames. */
enum { INDEX_PIECE_BYTES = 32768, FRAMES_A_PIECE = 4062 };

struct bw_quota {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    char name[40];
    uint64_t max_bytes;
    uint64_t db_bytes, wal_bytes;
    uint64_t due_bytes; /* of the file, once all frames since the WAL began are in it */
    bool refused;
};

struct file {
    sqlite3_file base;
    sqlite3_file *real;
    struct bw_quota *quota;
    bool is_wal;
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct file *)file)->real;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t weigh(uint64_t db_bytes, uint64_t wal_bytes)
{
    const uint64_t pieces = wal_bytes / (FRAMES_A_PIECE * (FRAME_BYTES + PAGE_BYTES)) + 1;
    return db_bytes + wal_bytes + pieces * INDEX_PIECE_BYTES;
}

uint64_t bw_quota_file_bytes(const struct bw_quota *quota)
{
    return larger(quota->db_bytes, quota->due_bytes);
}

uint64_t bw_quota_used(const struct bw_quota *quota)
{
    return weigh(bw_quota_file_bytes(quota), quota->wal_bytes);
}

/* What is no larger than it is now is fine, however much that is. */
static bool may_be(struct bw_quota *quota, uint64_t db_bytes, uint64_t wal_bytes)
{
    const uint64_t bytes = weigh(db_bytes, wal_bytes);
    const bool fine = bytes <= quota->max_bytes || bytes <= bw_quota_used(quota);
    quota->refused = quota->refused || !fine;
    return fine;
}

static uint32_t page_of(const uint8_t *frame)
{
    return (uint32_t)frame[0] << 24 | (uint32_t)frame[1] << 16 | (uint32_t)frame[2] << 8 | frame[3];
}

/* --- files ------------------------------------------------------------------------------ */

static int write_wal(struct file *file, const void *bytes, int size, sqlite3_int64 at)
{
    struct bw_quota *quota = file->quota;
    const uint64_t wal_bytes = larger(quota->wal_bytes, (uint64_t)at + (uint64_t)size);
    uint64_t due_bytes = quota->due_bytes;
    if (at == 0) /* begun anew: all of it is in the file */
        due_bytes = 0;
    else if (size == FRAME_BYTES)
        due_bytes = larger(due_bytes, (uint64_t)page_of(bytes) * PAGE_BYTES);
    if (!may_be(quota, larger(quota->db_bytes, due_bytes), wal_bytes))
        return SQLITE_FULL;
    const int rc = file->real->pMethods->xWrite(file->real, bytes, size, at);
    if (rc == SQLITE_OK) {
        quota->wal_bytes = wal_bytes;
        quota->due_bytes = due_bytes;
    }
    return rc;
}

/* Folding the WAL in was counted when it was written. */
static int write_db(struct file *file, const void *bytes, int size, sqlite3_int64 at)
{
    struct bw_quota *quota = file->quota;
    const uint64_t db_bytes = larger(quota->db_bytes, (uint64_t)at + (uint64_t)size);
    if (quota->wal_bytes == 0 && !may_be(quota, db_bytes, 0))
        return SQLITE_FULL;
    const int rc = file->real->pMethods->xWrite(file->real, bytes, size, at);
    if (rc == SQLITE_OK)
        quota->db_bytes = db_bytes;
    return rc;
}

static int file_write(sqlite3_file *base, const void *bytes, int size, sqlite3_int64 at)
{
    struct file *file = (struct file *)base;
    return file->is_wal ? write_wal(file, bytes, size, at) : write_db(file, bytes, size, at);
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct file *file = (struct file *)base;
    const int rc = file->real->pMethods->xTruncate(file->real, size);
    if (rc == SQLITE_OK && file->is_wal) {
        file->quota->wal_bytes = (uint64_t)size;
        if (size == 0)
            file->quota->due_bytes = 0;
    } else if (rc == SQLITE_OK) {
        file->quota->db_bytes = (uint64_t)size;
    }
    return rc;
}

static int file_close(sqlite3_file *base)
{
    sqlite3_file *real = real_of(base);
    const int rc = real->pMethods->xClose(real);
    base->pMethods = NULL;
    return rc;
}

static int file_read(sqlite3_file *base, void *bytes, int size, sqlite3_int64 at)
{
    return real_of(base)->pMethods->xRead(real_of(base), bytes, size, at);
}

static int file_sync(sqlite3_file *base, int flags)
{
    return real_of(base)->pMethods->xSync(real_of(base), flags);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *out)
{
    return real_of(base)->pMethods->xFileSize(real_of(base), out);
}

static int file_lock(sqlite3_file *base, int level)
{
    return real_of(base)->pMethods->xLock(real_of(base), level);
}

static int file_unlock(sqlite3_file *base, int level)
{
    return real_of(base)->pMethods->xUnlock(real_of(base), level);
}

static int file_check_lock(sqlite3_file *base, int *out)
{
    return real_of(base)->pMethods->xCheckReservedLock(real_of(base), out);
}

static int file_control(sqlite3_file *base, int op, void *arg)
{
    return real_of(base)->pMethods->xFileControl(real_of(base), op, arg);
}

static int file_sector_size(sqlite3_file *base)
{
    return real_of(base)->pMethods->xSectorSize(real_of(base));
}

static int file_characteristics(sqlite3_file *base)
{
    return real_of(base)->pMethods->xDeviceCharacteristics(real_of(base));
}

static int file_shm_map(sqlite3_file *base, int piece, int size, int extend, void volatile **out)
{
    return real_of(base)->pMethods->xShmMap(real_of(base), piece, size, extend, out);
}

static int file_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    return real_of(base)->pMethods->xShmLock(real_of(base), offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *base)
{
    real_of(base)->pMethods->xShmBarrier(real_of(base));
}

static int file_shm_unmap(sqlite3_file *base, int remove)
{
    return real_of(base)->pMethods->xShmUnmap(real_of(base), remove);
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* --- the VFS ---------------------------------------------------------------------------- */

static void take_size(struct file *file)
{
    sqlite3_int64 size = 0;
    if (file->real->pMethods->xFileSize(file->real, &size) != SQLITE_OK)
        return;
    if (file->is_wal)
        file->quota->wal_bytes = (uint64_t)size;
    else
        file->quota->db_bytes = (uint64_t)size;
}

static int quota_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out)
{
    struct bw_quota *quota = vfs->pAppData;
    struct file *file = (struct file *)base;
    if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0)
        return quota->real->xOpen(quota->real, name, base, flags, out);
    file->real = (sqlite3_file *)(file + 1);
    file->quota = quota;
    file->is_wal = (flags & SQLITE_OPEN_WAL) != 0;
    file->real->pMethods = NULL;
    const int rc = quota->real->xOpen(quota->real, name, file->real, flags, out);
    base->pMethods = file->real->pMethods == NULL ? NULL : &file_methods;
    if (!file->is_wal)
        quota->due_bytes = quota->wal_bytes = 0;
    if (rc == SQLITE_OK && base->pMethods != NULL)
        take_size(file);
    return rc;
}

static int quota_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    struct bw_quota *quota = vfs->pAppData;
    const size_t len = strlen(name);
    const int rc = quota->real->xDelete(quota->real, name, sync);
    if (rc == SQLITE_OK && len > 4 && strcmp(name + len - 4, "-wal") == 0)
        quota->wal_bytes = quota->due_bytes = 0;
    return rc;
}

static sqlite3_vfs *real_vfs(sqlite3_vfs *vfs)
{
    return ((struct bw_quota *)vfs->pAppData)->real;
}

static int quota_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    return real_vfs(vfs)->xAccess(real_vfs(vfs), name, flags, out);
}

static int quota_full_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    return real_vfs(vfs)->xFullPathname(real_vfs(vfs), name, size, out);
}

static int quota_randomness(sqlite3_vfs *vfs, int size, char *out)
{
    return real_vfs(vfs)->xRandomness(real_vfs(vfs), size, out);
}

static int quota_sleep(sqlite3_vfs *vfs, int us)
{
    return real_vfs(vfs)->xSleep(real_vfs(vfs), us);
}

static int quota_time(sqlite3_vfs *vfs, double *out)
{
    return real_vfs(vfs)->xCurrentTime(real_vfs(vfs), out);
}

static int quota_time_ms(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    return real_vfs(vfs)->xCurrentTimeInt64(real_vfs(vfs), out);
}

static int quota_last_error(sqlite3_vfs *vfs, int size, char *out)
{
    return real_vfs(vfs)->xGetLastError(real_vfs(vfs), size, out);
}

struct bw_quota *bw_quota_new(void)
{
    struct bw_quota *quota = bw_alloc(sizeof *quota);
    quota->real = sqlite3_vfs_find(NULL);
    quota->max_bytes = UINT64_MAX;
    snprintf(quota->name, sizeof quota->name, "bw-quota-%p", (void *)quota);
    quota->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = (int)sizeof(struct file) + quota->real->szOsFile,
        .mxPathname = quota->real->mxPathname,
        .zName = quota->name,
        .pAppData = quota,
        .xOpen = quota_open,
        .xDelete = quota_delete,
        .xAccess = quota_access,
        .xFullPathname = quota_full_name,
        .xRandomness = quota_randomness,
        .xSleep = quota_sleep,
        .xCurrentTime = quota_time,
        .xGetLastError = quota_last_error,
        .xCurrentTimeInt64 = quota_time_ms,
    };
    sqlite3_vfs_register(&quota->vfs, 0);
    return quota;
}

void bw_quota_free(struct bw_quota *quota)
{
    if (quota == NULL)
        return;
    sqlite3_vfs_unregister(&quota->vfs);
    free(quota);
}

const char *bw_quota_vfs(const struct bw_quota *quota)
{
    return quota->name;
}

void bw_quota_set_max(struct bw_quota *quota, uint64_t bytes)
{
    quota->max_bytes = bytes;
}

void bw_quota_note_size(struct bw_quota *quota, uint64_t bytes)
{
    quota->due_bytes = larger(quota->due_bytes, bytes);
}

bool bw_quota_has_refused(struct bw_quota *quota)
{
    const bool refused = quota->refused;
    quota->refused = false;
    return refused;
}
