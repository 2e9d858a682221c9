// SPDX-License-Identifier: GPL-3.0-or-later
#include "disk.h"

#include <errno.h>
#include <sqlite3.h>
#include <stddef.h>
#include <unistd.h>

struct disk disk;

struct disk_file {
    sqlite3_file base;
    sqlite3_file *real;
    const char *path; /* SQLite's, as long as the file is open */
};

static sqlite3_vfs *real_vfs;
static _Thread_local int last_error; /* of a call that was made to fail; 0: the real one's */

static bool is_to_fail(enum disk_call call)
{
    const int calls = atomic_load(&disk.calls);
    int left = atomic_load(&disk.countdown);
    if (left == 0 || ((calls == 0 ? DISK_CHANGES : calls) & (int)call) == 0)
        return false;
    if (left > 1) {
        atomic_fetch_sub(&disk.countdown, 1);
        return false;
    }
    const int failed = atomic_fetch_add(&disk.failed, 1) + 1;
    const int patience = atomic_load(&disk.patience);
    if (!atomic_load(&disk.sticky) || (patience > 0 && failed >= patience))
        atomic_store(&disk.countdown, 0);
    const int error = atomic_load(&disk.error);
    last_error = error == 0 ? EIO : error;
    return true;
}

/* As the Unix VFS says it. */
static int failure(int usual)
{
    if (last_error == ENOSPC && usual == SQLITE_IOERR_WRITE)
        return SQLITE_FULL;
    return usual;
}

static void look(enum disk_call call, const char *path, const void *bytes, int size, int64_t at)
{
    disk_watch_fn *const watch = atomic_load(&disk.watch);
    if (watch != NULL && path != NULL)
        watch(call, path, bytes, size, at);
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct disk_file *)file)->real;
}

static const char *path_of(sqlite3_file *file)
{
    return ((struct disk_file *)file)->path;
}

static int disk_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int disk_read(sqlite3_file *file, void *out, int size, sqlite3_int64 at)
{
    if (is_to_fail(DISK_READ))
        return SQLITE_IOERR_READ;
    look(DISK_READ, path_of(file), NULL, size, at);
    return real_of(file)->pMethods->xRead(real_of(file), out, size, at);
}

static int disk_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
    if (is_to_fail(DISK_WRITE))
        return failure(SQLITE_IOERR_WRITE);
    look(DISK_WRITE, path_of(file), bytes, size, at);
    return real_of(file)->pMethods->xWrite(real_of(file), bytes, size, at);
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (is_to_fail(DISK_TRUNCATE))
        return SQLITE_IOERR_TRUNCATE;
    look(DISK_TRUNCATE, path_of(file), NULL, 0, size);
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int disk_sync(sqlite3_file *file, int flags)
{
    if (atomic_load(&disk.sync_us) > 0)
        usleep((useconds_t)atomic_load(&disk.sync_us));
    if (is_to_fail(DISK_SYNC))
        return SQLITE_IOERR_FSYNC;
    look(DISK_SYNC, path_of(file), NULL, 0, 0);
    (void)flags; /* nobody cuts the real power: the kernel's memory is as good, and quick */
    return SQLITE_OK;
}

static int disk_size(sqlite3_file *file, sqlite3_int64 *out)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), out);
}

static int disk_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int disk_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int disk_check_lock(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int disk_control(sqlite3_file *file, int op, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int disk_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int disk_traits(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int disk_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    *out = NULL;
    return is_to_fail(DISK_SHM)
               ? SQLITE_IOERR_SHMMAP
               : real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int disk_shm_lock(sqlite3_file *file, int from, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), from, count, flags);
}

static void disk_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int disk_shm_unmap(sqlite3_file *file, int gone)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), gone);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_check_lock,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_traits,
    .xShmMap = disk_shm_map,
    .xShmLock = disk_shm_lock,
    .xShmBarrier = disk_shm_barrier,
    .xShmUnmap = disk_shm_unmap,
};

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    struct disk_file *opened = (struct disk_file *)file;
    opened->base.pMethods = NULL;
    if (is_to_fail(DISK_OPEN))
        return SQLITE_CANTOPEN;
    opened->real = (sqlite3_file *)(opened + 1);
    opened->path = name;
    look(DISK_OPEN, name, NULL, 0, 0);
    const int rc = real_vfs->xOpen(real_vfs, name, opened->real, flags, out);
    opened->base.pMethods = rc == SQLITE_OK ? &methods : NULL;
    return rc;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    if (is_to_fail(DISK_DELETE))
        return SQLITE_IOERR_DELETE;
    look(DISK_DELETE, name, NULL, sync, 0);
    return real_vfs->xDelete(real_vfs, name, sync);
}

static int disk_last_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    const int error = last_error;
    last_error = 0;
    return error != 0 ? error : real_vfs->xGetLastError(real_vfs, size, out);
}

int disk_install(void)
{
    static sqlite3_vfs vfs;
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "disk";
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(struct disk_file) + real_vfs->szOsFile;
    vfs.xOpen = disk_open;
    vfs.xDelete = disk_delete;
    vfs.xGetLastError = disk_last_error;
    return sqlite3_vfs_register(&vfs, 1);
}

void disk_heal(void)
{
    atomic_store(&disk.countdown, 0);
    atomic_store(&disk.sticky, false);
    atomic_store(&disk.patience, 0);
    atomic_store(&disk.calls, 0);
    atomic_store(&disk.error, 0);
    atomic_store(&disk.sync_us, 0);
    atomic_store(&disk.failed, 0);
}
