// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/files.h"

#include "base/buf.h"
#include "base/civil.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { NAME_BYTES = PATH_MAX, LISTEN_BACKLOG = 16 };

/* f_type of file systems that live on another machine: NFS, SMB, CIFS, SMB2. */
static const unsigned long network_types[] = { 0x6969, 0x517b, 0xff534d42, 0xfe534d42 };

static void beside(char out[NAME_BYTES], const char *path, const char *suffix)
{
    snprintf(out, NAME_BYTES, "%s%s", path, suffix);
}

static uint64_t size_of(const char *name)
{
    struct stat st;
    return stat(name, &st) == 0 ? (uint64_t)st.st_size : 0;
}

enum bw_rc bw_files_make_folder(const char *path, struct bw_err *err)
{
    const char *slash = strrchr(path, '/');
    if (strlen(path) > PATH_MAX - 40)
        return bw_fail(err, BW_EINVAL, "storage path is too long");
    if (slash == NULL || slash == path)
        return BW_OK;
    char *folder = bw_strndup(path, (size_t)(slash - path));
    enum bw_rc rc = BW_OK;
    if (mkdir(folder, 0750) != 0 && errno != EEXIST)
        rc = bw_fail(err, errno == ENOSPC ? BW_EFULL : BW_EIO, "make folder '%s': %s", folder,
                     strerror(errno));
    free(folder);
    return rc;
}

void bw_files_make_private(const char *path)
{
    /* Only a file that was not there is opened: closing a descriptor of a database that this
     * process reads would drop SQLite's locks. A failure is SQLite's to report. */
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd >= 0)
        close(fd);
}

static enum bw_rc refuse_network(int fd, const char *path, struct bw_err *err)
{
    struct statfs fs;
    if (fstatfs(fd, &fs) != 0)
        return BW_OK;
    for (size_t i = 0; i < sizeof network_types / sizeof *network_types; i++) {
        if (((unsigned long)fs.f_type & 0xffffffff) == network_types[i])
            return bw_fail(err, BW_EUNSUPPORTED,
                           "'%s' is on a network file system, where locks cannot be relied on;"
                           " choose a local disk",
                           path);
    }
    return BW_OK;
}

enum bw_rc bw_files_lock(const char *path, int *out_fd, struct bw_err *err)
{
    char name[NAME_BYTES];
    beside(name, path, ".lock");
    const int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return bw_fail(err, errno == ENOSPC ? BW_EFULL : BW_EIO, "open '%s': %s", name,
                       strerror(errno));
    enum bw_rc rc = refuse_network(fd, path, err);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (rc == BW_OK && fcntl(fd, F_OFD_SETLK, &lock) != 0)
        rc = errno == EAGAIN || errno == EACCES
                 ? bw_fail(err, BW_EBUSY, "'%s' is in use by another daemon", path)
                 : bw_fail(err, BW_EIO, "lock '%s': %s", name, strerror(errno));
    if (rc != BW_OK) {
        close(fd);
        return rc;
    }
    *out_fd = fd;
    return BW_OK;
}

uint64_t bw_files_free_bytes(int fd)
{
    struct statvfs fs;
    return fstatvfs(fd, &fs) != 0 ? UINT64_MAX : (uint64_t)fs.f_bavail * fs.f_frsize;
}

void bw_files_keep_reserve(const char *path, int lock_fd, uint64_t bytes)
{
    char name[NAME_BYTES];
    beside(name, path, ".reserve");
    if (access(name, F_OK) == 0
        || bw_files_free_bytes(lock_fd) < BW_STORE_FREE_BYTES_MIN + 2 * bytes)
        return;
    const int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return;
    if (posix_fallocate(fd, 0, (off_t)bytes) != 0)
        unlink(name);
    close(fd);
}

bool bw_files_release_reserve(const char *path)
{
    char name[NAME_BYTES];
    beside(name, path, ".reserve");
    return unlink(name) == 0;
}

/* --- quarantine ------------------------------------------------------------------------ */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The folder of the database, and what names of files beside it begin with. */
static char *split(const char *path, const char *suffix, char out_prefix[NAME_BYTES])
{
    const char *slash = strrchr(path, '/');
    beside(out_prefix, slash == NULL ? path : slash + 1, suffix);
    return slash == NULL ? bw_strdup(".") : bw_strndup(path, (size_t)(slash - path) + 1);
}

/* Names in `folder` that begin with `prefix` and end as a database does, not as a WAL. */
static size_t list_files(const char *folder, const char *prefix, char ***out_names)
{
    size_t count = 0, cap = 0;
    char **names = NULL;
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        const size_t len = strlen(entry->d_name);
        const bool wal = len > 4 && strcmp(entry->d_name + len - 4, "-wal") == 0;
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || wal)
            continue;
        names = bw_grow(names, &cap, count + 1, sizeof *names);
        names[count++] = bw_strdup(entry->d_name);
    }
    closedir(dir);
    if (count > 0)
        qsort(names, count, sizeof *names, by_text);
    *out_names = names;
    return count;
}

/* Bytes of a file that was moved aside and of its WAL, which both go when `gone`. */
static uint64_t weigh_corrupt(const char *folder, const char *file, bool gone)
{
    static const char *const endings[] = { "", "-wal" };
    uint64_t bytes = 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct bw_buf name;
        bw_buf_init(&name, 2 * NAME_BYTES);
        bw_buf_printf(&name, "%s/%s%s", folder, file, endings[i]);
        if (!bw_buf_failed(&name)) {
            bytes += size_of(name.data);
            if (gone)
                unlink(name.data);
        }
        bw_buf_fini(&name);
    }
    return bytes;
}

size_t bw_files_trim_corrupt(const char *path, uint64_t bytes_max)
{
    char prefix[NAME_BYTES];
    char *folder = split(path, ".corrupt-", prefix);
    char **names = NULL;
    const size_t count = list_files(folder, prefix, &names);
    uint64_t bytes = 0;
    size_t removed = 0;
    for (size_t i = count; i-- > 0;) { /* newest first */
        bytes += weigh_corrupt(folder, names[i], false);
        if (count - i > BW_STORE_CORRUPT_FILES_MAX || bytes > bytes_max) {
            weigh_corrupt(folder, names[i], true);
            removed++;
        }
        free(names[i]);
    }
    free(names);
    free(folder);
    return removed;
}

/* ".corrupt-20261121T223853.123Z": sorts by time, valid on every file system. */
static void corrupt_suffix(char out[40], int64_t now_ms)
{
    const struct bw_civil t = bw_civil_from_ms(now_ms);
    snprintf(out, 40, ".corrupt-%04d%02d%02dT%02d%02d%02d.%03dZ", (int)(t.year % 10000), t.month,
             t.day, t.hour, t.minute, t.second, t.ms);
}

enum bw_rc bw_files_quarantine(const char *path, int64_t now_ms, struct bw_err *err)
{
    char suffix[40], from[NAME_BYTES], to[NAME_BYTES];
    corrupt_suffix(suffix, now_ms);
    beside(to, path, suffix);
    if (rename(path, to) != 0)
        return bw_fail(err, BW_EIO, "move '%s' aside: %s", path, strerror(errno));
    beside(from, path, "-wal");
    snprintf(suffix + strlen(suffix), sizeof suffix - strlen(suffix), "-wal");
    beside(to, path, suffix);
    struct stat st;
    if (stat(from, &st) == 0 && st.st_size == 0)
        unlink(from);
    else
        rename(from, to);
    beside(from, path, "-shm");
    unlink(from);
    bw_files_trim_corrupt(path, UINT64_MAX);
    return BW_OK;
}

/* --- copies from before a migration ------------------------------------------------------- */

char *bw_files_copy_name(const char *path, int version)
{
    char name[NAME_BYTES], suffix[32];
    snprintf(suffix, sizeof suffix, ".before-%d", version);
    beside(name, path, suffix);
    return bw_strdup(name);
}

/* Bytes of the copies that were last written before that, which go when `gone`; `but` stays. */
static uint64_t weigh_copies(const char *path, int64_t before_ms, bool gone, const char *but)
{
    char prefix[NAME_BYTES], name[NAME_BYTES];
    char *folder = split(path, ".before-", prefix);
    char **names = NULL;
    uint64_t bytes = 0;
    const size_t count = list_files(folder, prefix, &names);
    for (size_t i = 0; i < count; i++) {
        struct stat st;
        beside(name, folder, folder[strlen(folder) - 1] == '/' ? "" : "/");
        const size_t len = strlen(name);
        snprintf(name + len, sizeof name - len, "%s", names[i]);
        free(names[i]);
        if ((but != NULL && strcmp(name, but) == 0) || stat(name, &st) != 0
            || (before_ms != 0 && (int64_t)st.st_mtim.tv_sec * 1000 >= before_ms))
            continue;
        bytes += (uint64_t)st.st_size;
        if (gone)
            unlink(name);
    }
    free(names);
    free(folder);
    return bytes;
}

uint64_t bw_files_copy_bytes(const char *path, int64_t before_ms)
{
    return weigh_copies(path, before_ms, false, NULL);
}

uint64_t bw_files_remove_copies(const char *path, int64_t before_ms)
{
    return weigh_copies(path, before_ms, true, NULL);
}

static bool sync_name(const char *name, int flags)
{
    const int fd = open(name, flags | O_CLOEXEC);
    const bool ok = fd >= 0 && fsync(fd) == 0;
    const int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return ok;
}

enum bw_rc bw_files_publish_copy(const char *path, int version, struct bw_err *err)
{
    char prefix[NAME_BYTES], part[NAME_BYTES];
    char *folder = split(path, "", prefix), *name = bw_files_copy_name(path, version);
    beside(part, name, ".part");
    enum bw_rc rc = BW_OK;
    if (!sync_name(part, O_RDWR) || rename(part, name) != 0
        || !sync_name(folder, O_RDONLY | O_DIRECTORY))
        rc = bw_fail(err, errno == ENOSPC || errno == EDQUOT ? BW_EFULL : BW_EIO, "write '%s': %s",
                     name, strerror(errno));
    else
        weigh_copies(path, 0, true, name);
    free(folder);
    free(name);
    return rc;
}

/* "-wal" and "-shm" are counted where they grow; a name that only begins alike is not ours. */
static bool is_beside(const char *ending)
{
    return ending[0] == '.'
           || (ending[0] == '-' && strcmp(ending, "-wal") != 0 && strcmp(ending, "-shm") != 0);
}

uint64_t bw_files_other_bytes(const char *path)
{
    char base[NAME_BYTES];
    char *folder = split(path, "", base);
    uint64_t bytes = 0;
    struct stat st;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (strncmp(entry->d_name, base, strlen(base)) == 0
            && is_beside(entry->d_name + strlen(base))
            && fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0
            && S_ISREG(st.st_mode))
            bytes += (uint64_t)st.st_size;
    }
    if (dir != NULL)
        closedir(dir);
    free(folder);
    return bytes;
}

bool bw_files_quarantine_log(const char *path, int64_t now_ms)
{
    char suffix[48], from[NAME_BYTES], to[NAME_BYTES];
    corrupt_suffix(suffix, now_ms);
    snprintf(suffix + strlen(suffix), sizeof suffix - strlen(suffix), "-log");
    beside(from, path, "-wal");
    beside(to, path, suffix);
    if (size_of(from) == 0 || rename(from, to) != 0)
        return false;
    beside(from, path, "-shm");
    unlink(from);
    return true;
}

uint64_t bw_files_wal_bytes(const char *path)
{
    char wal[NAME_BYTES];
    beside(wal, path, "-wal");
    return size_of(wal);
}

bool bw_files_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

uint64_t bw_files_bytes(const char *path)
{
    return size_of(path) + bw_files_wal_bytes(path);
}

/* --- control socket -------------------------------------------------------------------- */

static int listening_socket(const struct sockaddr_un *address)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    /* The mode of the socket's inode before bind() puts it into the folder: nobody can connect
     * in between, and the process-wide umask stays alone. */
    if (fchmod(fd, 0600) != 0 || bind(fd, (const struct sockaddr *)address, sizeof *address) != 0
        || chmod(address->sun_path, 0600) != 0 || listen(fd, LISTEN_BACKLOG) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

enum bw_rc bw_files_listen(const char *path, int *out_fd, struct bw_err *err)
{
    char name[NAME_BYTES];
    beside(name, path, ".sock");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(name) >= sizeof address.sun_path)
        return bw_fail(err, BW_EINVAL, "'%s': longer than the %zu bytes a socket's name may have",
                       name, sizeof address.sun_path - 1);
    snprintf(address.sun_path, sizeof address.sun_path, "%.*s", (int)sizeof address.sun_path - 1,
             name);
    unlink(name);
    const int fd = listening_socket(&address);
    if (fd < 0)
        return bw_fail(err, BW_EIO, "listen on '%s': %s", name, strerror(errno));
    *out_fd = fd;
    return BW_OK;
}

void bw_files_remove_socket(const char *path)
{
    char name[NAME_BYTES];
    beside(name, path, ".sock");
    unlink(name);
}
