// SPDX-License-Identifier: GPL-3.0-or-later
/* The layout is SQLite's (its file format, section 4): a header of 32 bytes, then frames, each of
 * a header of 24 bytes and a page. A frame counts when it has the salts of the file's header and
 * the right running checksum; recovery ends at the first that does not, without a word, and
 * commits behind it are gone. */
#include "store/wal.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEADER_BYTES = 32, FRAME_BYTES = 24, PAGE_BYTES_MIN = 512, PAGE_BYTES_MAX = 65536 };

#define MAGIC 0x377f0682u /* and one more when checksums are of big-endian words */

struct wal {
    FILE *file;
    bool big_endian_sums;
    uint32_t page_bytes;
    uint32_t salts[2];
    uint32_t sums[2];
    uint8_t *page;
};

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint32_t little_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

/* `size` is a multiple of 8. */
static void add_sums(struct wal *wal, const uint8_t *bytes, size_t size)
{
    uint32_t (*const word)(const uint8_t *) = wal->big_endian_sums ? big_endian : little_endian;
    for (size_t i = 0; i < size; i += 8) {
        wal->sums[0] += word(bytes + i) + wal->sums[1];
        wal->sums[1] += word(bytes + i + 4) + wal->sums[0];
    }
}

static bool sums_are(const struct wal *wal, const uint8_t *bytes)
{
    return big_endian(bytes) == wal->sums[0] && big_endian(bytes + 4) == wal->sums[1];
}

static bool read_header(struct wal *wal)
{
    uint8_t head[HEADER_BYTES];
    if (fread(head, 1, sizeof head, wal->file) != sizeof head)
        return false;
    const uint32_t magic = big_endian(head);
    wal->big_endian_sums = (magic & 1) != 0;
    wal->page_bytes = big_endian(head + 8);
    wal->salts[0] = big_endian(head + 16);
    wal->salts[1] = big_endian(head + 20);
    add_sums(wal, head, 24);
    return (magic & ~1u) == MAGIC && sums_are(wal, head + 24) && wal->page_bytes >= PAGE_BYTES_MIN
           && wal->page_bytes <= PAGE_BYTES_MAX && wal->page_bytes % 8 == 0;
}

/* Commits of this log's own from the first frame on that is not as it was written. One salt is
 * enough to be its own: a frame from before the log was begun again has neither. But what was torn
 * may have one of each, so only both count for more than the last commit. */
static enum bw_wal_state look_at_frames(struct wal *wal)
{
    uint8_t head[FRAME_BYTES];
    bool broken = false;
    int sure = 0, likely = 0;
    while (sure < 2 && fread(head, 1, sizeof head, wal->file) == sizeof head
           && fread(wal->page, 1, wal->page_bytes, wal->file) == wal->page_bytes) {
        const bool first = big_endian(head + 8) == wal->salts[0];
        const bool second = big_endian(head + 12) == wal->salts[1];
        if (!broken) {
            add_sums(wal, head, 8);
            add_sums(wal, wal->page, wal->page_bytes);
            broken = !first || !second || !sums_are(wal, head + 16);
        }
        if (broken && big_endian(head + 4) != 0) {
            sure += first && second;
            likely += first || second;
        }
    }
    return sure >= 2 ? BW_WAL_DAMAGED : likely > 0 ? BW_WAL_TORN : BW_WAL_WHOLE;
}

/* SQLite passes over all of a log whose header is not as it was written. Shorter than a frame it
 * never held a commit. */
static enum bw_wal_state look_at_headless(struct wal *wal)
{
    const bool held_some = fseek(wal->file, 0, SEEK_END) == 0
                           && ftell(wal->file) >= HEADER_BYTES + FRAME_BYTES + PAGE_BYTES_MIN;
    return held_some ? BW_WAL_DAMAGED : BW_WAL_WHOLE;
}

enum bw_wal_state bw_wal_look(const char *path)
{
    struct bw_buf name;
    bw_buf_init(&name, 8 << 10);
    bw_buf_printf(&name, "%s-wal", path);
    struct wal wal = { .file = bw_buf_failed(&name) ? NULL : fopen(name.data, "rbe") };
    bw_buf_fini(&name);
    if (wal.file == NULL)
        return BW_WAL_WHOLE;
    enum bw_wal_state state;
    if (read_header(&wal)) {
        wal.page = bw_alloc(wal.page_bytes);
        state = look_at_frames(&wal);
        free(wal.page);
    } else {
        state = look_at_headless(&wal);
    }
    fclose(wal.file);
    return state;
}
