// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/logmark.h"

#include "base/buf.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the first salt is in a log's header: SQLite's file format, section 4.1. */
enum { HEADER_BYTES = 32, SALT_AT = 16, MARK_BYTES = 13 };

/* A log is begun again every few minutes at most: more would be longer than anybody's lifetime of
 * a process, and one in four thousand foreign ones is within it. */
#define BEGUN_AGAIN_MAX (1u << 20)

/* What a file beside the store begins with; how much of it there is. */
static size_t read_beside(const char *path, const char *suffix, void *out, size_t size)
{
    struct bw_buf name;
    bw_buf_init(&name, 8 << 10);
    bw_buf_printf(&name, "%s%s", path, suffix);
    const int fd = bw_buf_failed(&name) ? -1 : open(name.data, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bw_buf_fini(&name);
    const ssize_t got = fd < 0 ? 0 : pread(fd, out, size, 0);
    if (fd >= 0)
        close(fd);
    return got < 0 ? 0 : (size_t)got;
}

static bool read_salt(const char *path, uint32_t *out)
{
    uint8_t head[HEADER_BYTES];
    if (read_beside(path, "-wal", head, sizeof head) != sizeof head)
        return false;
    const uint8_t *salt = head + SALT_AT;
    *out = (uint32_t)salt[0] << 24 | (uint32_t)salt[1] << 16 | (uint32_t)salt[2] << 8 | salt[3];
    return true;
}

static bool read_mark(const char *path, uint32_t *out)
{
    char mark[MARK_BYTES + 1] = "", *end = mark;
    if (read_beside(path, ".lock", mark, MARK_BYTES) != MARK_BYTES || strncmp(mark, "log ", 4) != 0)
        return false;
    *out = (uint32_t)strtoul(mark + 4, &end, 16);
    return end == mark + MARK_BYTES - 1 && *end == '\n';
}

enum bw_log_state bw_logmark_look(const char *path)
{
    uint32_t marked = 0, salt = 0;
    if (!read_mark(path, &marked))
        return BW_LOG_ITS_OWN;
    if (!read_salt(path, &salt))
        return BW_LOG_MISSING;
    return salt - marked <= BEGUN_AGAIN_MAX ? BW_LOG_ITS_OWN : BW_LOG_FOREIGN;
}

void bw_logmark_set(const char *path, int lock_fd)
{
    char mark[MARK_BYTES + 1];
    uint32_t salt = 0;
    if (!read_salt(path, &salt))
        return;
    snprintf(mark, sizeof mark, "log %08x\n", salt);
    if (pwrite(lock_fd, mark, MARK_BYTES, 0) != MARK_BYTES)
        bw_logmark_clear(lock_fd);
}

void bw_logmark_clear(int lock_fd)
{
    (void)!ftruncate(lock_fd, 0);
}
