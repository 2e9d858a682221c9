// SPDX-License-Identifier: GPL-3.0-or-later
/* File systems: /proc/self/mounts, fstab(5) and statfs(2). */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* The kernel writes blanks, tabs, newlines and backslashes as \040 and so on. */
static char *unescape(struct bw_arena *arena, struct bw_span word)
{
    char *out = bw_arena_alloc(arena, word.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < word.len; i++) {
        const char *c = word.data + i;
        if (*c == '\\' && i + 3 < word.len && is_octal(c[1]) && is_octal(c[2]) && is_octal(c[3])) {
            out[len++] = (char)((c[1] - '0') * 64 + (c[2] - '0') * 8 + (c[3] - '0'));
            i += 3;
        } else {
            out[len++] = *c;
        }
    }
    return out;
}

static bool is_below(const char *path, const char *folder)
{
    const size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* node_exporter's default:
 * ^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/) */
static bool is_ignored_mountpoint(const char *path)
{
    static const char *const folders[] = { "/dev", "/proc", "/sys" };
    static const char *const insides[] = { "/run/credentials/", "/var/lib/docker/",
                                           "/var/lib/containers/storage/" };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (is_below(path, folders[i]))
            return true;
    }
    for (size_t i = 0; i < sizeof insides / sizeof *insides; i++) {
        if (bw_text_starts_with(path, insides[i]) && path[strlen(insides[i])] != '\0')
            return true;
    }
    return false;
}

static bool is_ignored_type(const char *fstype)
{
    static const char *const types[] = {
        "autofs",    "binfmt_misc", "bpf",   "cgroup",  "cgroup2",   "configfs",   "debugfs",
        "devpts",    "devtmpfs",    "erofs", "fusectl", "hugetlbfs", "iso9660",    "mqueue",
        "nsfs",      "overlay",     "proc",  "procfs",  "pstore",    "rpc_pipefs", "securityfs",
        "selinuxfs", "squashfs",    "sysfs", "tracefs",
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(fstype, types[i]) == 0)
            return true;
    }
    return false;
}

/* What lives in this machine's kernel, memory or disks and answers statfs(2) out of memory. All
 * else may wait for somebody: a server, a program of a user, an automounter. */
static bool is_local_type(const char *fstype)
{
    static const char *const types[] = {
        "cgroup", "cgroup2", "devpts", "devtmpfs", "exfat", "ext2", "ext3", "ext4",
        "f2fs",   "proc",    "ramfs",  "sysfs",    "tmpfs", "vfat", "xfs",
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(fstype, types[i]) == 0)
            return true;
    }
    return false;
}

static bool has_option(struct bw_span options, const char *name)
{
    struct bw_span option;
    while (bw_span_split(&options, ',', &option)) {
        if (bw_span_is(option, name))
            return true;
    }
    return false;
}

static bool is_listed(const struct bw_mount *mounts, size_t count, const struct bw_mount *mount)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(mounts[i].mountpoint, mount->mountpoint) == 0
            && strcmp(mounts[i].device, mount->device) == 0
            && strcmp(mounts[i].fstype, mount->fstype) == 0)
            return true;
    }
    return false;
}

static size_t count_lines(struct bw_span text)
{
    struct bw_span line;
    size_t count = 0;
    while (bw_scan_line(&text, &line))
        count++;
    return count;
}

/* The way to a mount point leads over the mounts above it, so these must be local as well.
 * `remote`: where those that are not stand. */
static void tell_local(struct bw_mount *mounts, size_t count, const char *const *remote,
                       size_t remote_count)
{
    for (size_t i = 0; i < count; i++) {
        mounts[i].is_local = is_local_type(mounts[i].fstype);
        for (size_t k = 0; k < remote_count && mounts[i].is_local; k++)
            mounts[i].is_local =
                strcmp(remote[k], "/") != 0 && !is_below(mounts[i].mountpoint, remote[k]);
    }
}

enum bw_rc bw_mounts_parse(struct bw_span text, struct bw_arena *arena, struct bw_mount **out,
                           size_t *out_count, struct bw_err *err)
{
    const size_t lines = count_lines(text);
    if (lines == 0)
        return bw_fail(err, BW_EINVAL, "mounts: empty");
    struct bw_mount *mounts = bw_arena_array(arena, lines, sizeof *mounts);
    const char **remote = bw_arena_array(arena, lines, sizeof *remote);
    struct bw_span line, device, mountpoint, fstype, options;
    size_t count = 0, remote_count = 0;
    while (bw_scan_line(&text, &line)) {
        if (!bw_scan_word(&line, &device) || !bw_scan_word(&line, &mountpoint)
            || !bw_scan_word(&line, &fstype) || !bw_scan_word(&line, &options))
            return bw_fail(err, BW_EINVAL, "mounts: a line of less than four columns");
        const struct bw_mount mount = {
            .device = unescape(arena, device),
            .mountpoint = unescape(arena, mountpoint),
            .fstype = unescape(arena, fstype),
            .readonly = has_option(options, "ro"),
        };
        if (!is_local_type(mount.fstype))
            remote[remote_count++] = mount.mountpoint;
        if (!is_ignored_mountpoint(mount.mountpoint) && !is_ignored_type(mount.fstype)
            && !is_listed(mounts, count, &mount))
            mounts[count++] = mount;
    }
    tell_local(mounts, count, remote, remote_count);
    *out = mounts;
    *out_count = count;
    return BW_OK;
}

static void add_mount(struct bw_measures *out, const struct bw_mount *mount,
                      const struct bw_statfs_answer *answer)
{
    const char *const labels[] = { mount->device, mount->fstype, mount->mountpoint };
    bw_measures_add(out, BW_METRIC_NODE_FILESYSTEM_DEVICE_ERROR, answer->error != 0, labels);
    bw_measures_add(out, BW_METRIC_NODE_FILESYSTEM_READONLY, mount->readonly, labels);
    if (answer->error != 0)
        return;
    const struct statfs *values = &answer->values;
    const double block_bytes = (double)values->f_bsize;
    const struct {
        enum bw_family_id family;
        double value;
    } rows[] = {
        { BW_METRIC_NODE_FILESYSTEM_SIZE_BYTES, (double)values->f_blocks * block_bytes },
        { BW_METRIC_NODE_FILESYSTEM_FREE_BYTES, (double)values->f_bfree * block_bytes },
        { BW_METRIC_NODE_FILESYSTEM_AVAIL_BYTES, (double)values->f_bavail * block_bytes },
        { BW_METRIC_NODE_FILESYSTEM_FILES, (double)values->f_files },
        { BW_METRIC_NODE_FILESYSTEM_FILES_FREE, (double)values->f_ffree },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        bw_measures_add(out, rows[i].family, rows[i].value, labels);
}

/* ---- a round --------------------------------------------------------------------------- */

/* The mounts as they were when they changed last. */
struct bw_host_mounts {
    struct bw_arena arena;
    const char *path;
    struct bw_mount *items;
    size_t count;
    bool known;
};

void bw_host_mounts_free(struct bw_host_mounts *mounts)
{
    if (mounts == NULL)
        return;
    bw_arena_fini(&mounts->arena);
    free(mounts);
}

/* The first process sees the mounts of the machine; where it may not be read, ours must do. */
static enum bw_rc read_mounts(struct bw_host *host, struct bw_span *out, struct bw_err *err)
{
    static const char all[] = "1/mounts", ours[] = "self/mounts";
    if (host->mounts->path == NULL && bw_proc_read(host->proc, all, out, NULL) == BW_OK) {
        host->mounts->path = all;
        return BW_OK;
    }
    if (host->mounts->path == NULL)
        host->mounts->path = ours;
    const enum bw_rc rc = bw_proc_read(host->proc, host->mounts->path, out, err);
    if (rc != BW_OK)
        host->mounts->path = NULL;
    return rc;
}

static enum bw_rc refresh_mounts(struct bw_host *host, struct bw_err *err)
{
    if (host->mounts == NULL)
        host->mounts = bw_alloc(sizeof *host->mounts);
    struct bw_host_mounts *mounts = host->mounts;
    if (mounts->known && bw_proc_is_unchanged(host->proc, mounts->path))
        return BW_OK;
    struct bw_span text;
    mounts->known = false;
    bw_arena_fini(&mounts->arena);
    enum bw_rc rc = read_mounts(host, &text, err);
    if (rc == BW_OK)
        rc = bw_mounts_parse(text, &mounts->arena, &mounts->items, &mounts->count, err);
    mounts->known = rc == BW_OK;
    return rc;
}

/* Whoever may hang is asked on a thread of its own. */
static void ask_remote(struct bw_host *host, struct bw_statfs_answer *answers)
{
    const struct bw_host_mounts *mounts = host->mounts;
    const char **paths = bw_arena_array(&host->scratch, mounts->count + 1, sizeof *paths);
    struct bw_statfs_answer *got = bw_arena_array(&host->scratch, mounts->count + 1, sizeof *got);
    size_t count = 0;
    for (size_t i = 0; i < mounts->count; i++) {
        if (!mounts->items[i].is_local)
            paths[count++] = mounts->items[i].mountpoint;
    }
    if (count > 0)
        bw_statfs_ask(host->statfs, paths, count, BW_STATFS_DEADLINE_MS, got);
    for (size_t i = mounts->count; i-- > 0;) {
        if (!mounts->items[i].is_local)
            answers[i] = got[--count];
    }
}

static void ask_local(const struct bw_host *host, struct bw_statfs_answer *answers)
{
    const struct bw_host_mounts *mounts = host->mounts;
    for (size_t i = 0; i < mounts->count; i++) {
        if (mounts->items[i].is_local
            && host->ask_statfs(mounts->items[i].mountpoint, &answers[i].values) != 0)
            answers[i].error = errno;
    }
}

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    const enum bw_rc rc = refresh_mounts(host, err);
    if (rc != BW_OK)
        return rc;
    const struct bw_host_mounts *mounts = host->mounts;
    struct bw_statfs_answer *answers =
        bw_arena_array(&host->scratch, mounts->count + 1, sizeof *answers);
    ask_local(host, answers);
    ask_remote(host, answers);
    for (size_t i = 0; i < mounts->count; i++)
        add_mount(out, &mounts->items[i], &answers[i]);
    return BW_OK;
}

const struct bw_sampler_ops bw_sampler_filesystem = {
    .name = "filesystem",
    .summary = "Size and free space of file systems, and those that do not answer.",
    .prefixes = { "node_filesystem_" },
    .sample = sample,
};
