// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "damage.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096, RANGE_MAX = 20000, WAL_HEAD = 32, WAL_FRAME = 24 + PAGE };

uint64_t damage_draw(uint64_t *random, uint64_t below)
{
    *random ^= *random << 13, *random ^= *random >> 7, *random ^= *random << 17;
    return below == 0 ? 0 : (*random >> 11) % below;
}

static void name(char out[200], const char *path, const char *ending)
{
    snprintf(out, 200, "%s%s", path, ending);
}

static uint64_t size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

bool damage_copy(const char *from, const char *to)
{
    char piece[65536];
    unlink(to);
    FILE *in = fopen(from, "rb");
    if (in == NULL)
        return false;
    FILE *out = fopen(to, "wb");
    assert_non_null(out);
    for (size_t n; (n = fread(piece, 1, sizeof piece, in)) > 0;)
        assert_int_equal(fwrite(piece, 1, n, out), n);
    fclose(in);
    assert_int_equal(fclose(out), 0);
    return true;
}

void damage_lay_out(const struct damage_images *images, const char *path)
{
    static const char *const endings[] = { "", "-wal", "-shm", ".lock", ".reserve" };
    char from[200], to[200];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        name(from, images->store, endings[i]);
        name(to, path, endings[i]);
        damage_copy(from, to);
    }
}

static void overwrite(const char *path, uint64_t at, const void *bytes, size_t size)
{
    const int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, size, (off_t)at), (ssize_t)size);
    close(fd);
}

static void take(const char *path, uint64_t at, void *out, size_t size)
{
    const int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, out, size, (off_t)at), (ssize_t)size);
    close(fd);
}

/* The schema's version in the header is a number like any other: as a greater one it is a newer
 * store, which is refused. So it stays as it is. */
static bool is_version(const char *path, uint64_t at)
{
    const size_t len = strlen(path);
    return at >= 60 && at < 64 && (len < 4 || strcmp(path + len - 4, "-wal") != 0);
}

bool damage_turn(const char *path, int at)
{
    uint8_t byte;
    if (is_version(path, (uint64_t)at))
        return false;
    take(path, (uint64_t)at, &byte, 1);
    byte = (uint8_t)~byte;
    overwrite(path, (uint64_t)at, &byte, 1);
    return true;
}

static void flip(const char *path, uint64_t *random)
{
    uint64_t at = damage_draw(random, size_of(path));
    uint8_t byte;
    at = is_version(path, at) ? 100 : at;
    if (size_of(path) == 0)
        return;
    take(path, at, &byte, 1);
    byte ^= (uint8_t)(1u << damage_draw(random, 8));
    overwrite(path, at, &byte, 1);
}

static void fill(const char *path, uint64_t *random, bool zeros)
{
    static uint8_t bytes[RANGE_MAX];
    const uint64_t size = size_of(path), at = 64 + damage_draw(random, size > 64 ? size - 64 : 1);
    uint64_t length = 1 + damage_draw(random, damage_draw(random, 3) == 0 ? 64 : RANGE_MAX - 1);
    if (at >= size)
        return;
    length = length < size - at ? length : size - at;
    for (size_t i = 0; i < length; i++)
        bytes[i] = zeros ? 0 : (uint8_t)damage_draw(random, 256);
    overwrite(path, at, bytes, length);
}

/* ---- the database ------------------------------------------------------------------------ */

#define HARM(what)                                                                                 \
    static void what(const struct damage_images *images, const char *path, uint64_t *random)

HARM(flip_bit)
{
    (void)images;
    flip(path, random);
}

HARM(flip_three_bits)
{
    (void)images;
    for (int i = 0; i < 3; i++)
        flip(path, random);
}

/* A bit within `reach` bytes after one of the places where a mark is, that of a body or of a row:
 * elsewhere in the file a bit is seldom met. */
static void flip_after(const char *path, const char *mark, uint64_t reach, uint64_t *random)
{
    static uint8_t all[4 << 20];
    uint64_t found = 0, at = 0;
    const uint64_t size = size_of(path);
    const size_t length = strlen(mark);
    if (size == 0 || size > sizeof all)
        return;
    take(path, 0, all, size);
    for (uint64_t i = PAGE; i + length <= size; i++) {
        if (memcmp(all + i, mark, length) == 0 && damage_draw(random, ++found) == 0)
            at = i;
    }
    at += found == 0 ? 0 : damage_draw(random, reach);
    if (found == 0 || at >= size)
        return;
    const uint8_t byte = all[at] ^ (uint8_t)(1u << damage_draw(random, 8));
    overwrite(path, at, &byte, 1);
}

HARM(flip_in_body)
{
    (void)images;
    static const char *const marks[] = { "BWP1", "BWP1", "BWR1", "BWJ1" };
    flip_after(path, marks[damage_draw(random, 4)], 3500, random);
}

HARM(flip_in_row)
{
    (void)images;
    static const char *const marks[] = { "value{", "tick", "refused" };
    flip_after(path, marks[damage_draw(random, 3)], 24, random);
}

HARM(cut_at_page)
{
    (void)images;
    const uint64_t pages = size_of(path) / PAGE;
    assert_int_equal(truncate(path, (off_t)(damage_draw(random, pages) * PAGE)), 0);
}

HARM(cut_off_whole)
{
    (void)images, (void)random;
    assert_int_equal(truncate(path, 0), 0);
}

HARM(cut_inside)
{
    (void)images;
    assert_int_equal(truncate(path, (off_t)damage_draw(random, size_of(path))), 0);
}

HARM(fill_with_zeros)
{
    (void)images;
    fill(path, random, true);
}

HARM(fill_with_junk)
{
    (void)images;
    fill(path, random, false);
}

HARM(swap_pages)
{
    (void)images;
    uint8_t a[PAGE], b[PAGE];
    const uint64_t pages = size_of(path) / PAGE;
    const uint64_t i = 1 + damage_draw(random, pages - 1), k = 1 + damage_draw(random, pages - 1);
    take(path, i * PAGE, a, PAGE);
    take(path, k * PAGE, b, PAGE);
    overwrite(path, i * PAGE, b, PAGE);
    overwrite(path, k * PAGE, a, PAGE);
}

/* A write that never came to the disk: the page is as it was before, and sound by itself. */
HARM(take_older_page)
{
    uint8_t page[PAGE], now[PAGE];
    const uint64_t old = size_of(images->older) / PAGE, new = size_of(path) / PAGE;
    const uint64_t pages = old < new ? old : new;
    for (int tries = 0; tries < 100; tries++) {
        const uint64_t at = (1 + damage_draw(random, pages - 1)) * PAGE;
        take(images->older, at, page, PAGE);
        take(path, at, now, PAGE);
        if (memcmp(page, now, PAGE) == 0)
            continue;
        overwrite(path, at, page, PAGE);
        return;
    }
}

HARM(tear_page)
{
    uint8_t half[PAGE / 2];
    const uint64_t old = size_of(images->older) / PAGE, new = size_of(path) / PAGE;
    const uint64_t at = (1 + damage_draw(random, (old < new ? old : new) - 1)) * PAGE;
    take(images->older, at, half, sizeof half);
    overwrite(path, at, half, sizeof half);
}

HARM(harm_header)
{
    (void)images;
    uint64_t at = damage_draw(random, 100);
    at = is_version(path, at) ? 28 : at;
    const uint8_t byte = (uint8_t)damage_draw(random, 256);
    overwrite(path, at, &byte, 1);
}

/* ---- the log ----------------------------------------------------------------------------- */

HARM(flip_in_log)
{
    (void)images;
    char wal[200];
    name(wal, path, "-wal");
    flip(wal, random);
}

HARM(junk_in_log)
{
    (void)images;
    char wal[200];
    name(wal, path, "-wal");
    fill(wal, random, damage_draw(random, 2) == 0);
}

HARM(cut_log)
{
    (void)images;
    char wal[200];
    name(wal, path, "-wal");
    const uint64_t frames = size_of(wal) / WAL_FRAME;
    const uint64_t at = damage_draw(random, 2) == 0
                            ? damage_draw(random, size_of(wal))
                            : WAL_HEAD + damage_draw(random, frames) * WAL_FRAME;
    assert_int_equal(truncate(wal, (off_t)at), 0);
}

HARM(remove_log)
{
    (void)images;
    (void)random;
    char wal[200];
    name(wal, path, "-wal");
    assert_int_equal(unlink(wal), 0);
}

HARM(take_foreign_log)
{
    (void)random;
    char from[200], to[200];
    name(from, images->foreign, "-wal");
    name(to, path, "-wal");
    assert_true(damage_copy(from, to));
}

/* As who restores a backup and leaves the log of what was there. */
HARM(take_older_store)
{
    (void)random;
    assert_true(damage_copy(images->older, path));
}

/* ---- beside it --------------------------------------------------------------------------- */

static void junk_at(const char *path, const char *ending, uint64_t *random)
{
    char file[200];
    uint8_t bytes[32768];
    name(file, path, ending);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)damage_draw(random, 256);
    overwrite(file, 0, bytes, sizeof bytes);
}

HARM(junk_in_index)
{
    (void)images;
    junk_at(path, "-shm", random);
}

HARM(junk_beside)
{
    (void)images;
    junk_at(path, ".lock", random);
    junk_at(path, ".reserve", random);
}

const struct damage_kind damage_kinds[] = {
    { "a flipped bit", DAMAGE_HARMS, false, false, flip_bit },
    { "three flipped bits", DAMAGE_HARMS, false, false, flip_three_bits },
    { "a bit of a body", DAMAGE_HARMS, false, false, flip_in_body },
    { "a bit of a row", DAMAGE_HARMS, false, false, flip_in_row },
    { "cut between pages", DAMAGE_HARMS, false, false, cut_at_page },
    { "cut anywhere", DAMAGE_HARMS, false, false, cut_inside },
    { "emptied", DAMAGE_HARMS, false, false, cut_off_whole },
    { "zeros", DAMAGE_HARMS, false, false, fill_with_zeros },
    { "junk", DAMAGE_HARMS, false, false, fill_with_junk },
    { "two pages swapped", DAMAGE_HARMS, false, false, swap_pages },
    { "a page as it was earlier", DAMAGE_TAKES_BACK, false, false, take_older_page },
    { "half a page as it was earlier", DAMAGE_HARMS, false, false, tear_page },
    { "the header", DAMAGE_HARMS, false, false, harm_header },
    { "a flipped bit in the log", DAMAGE_HARMS, true, true, flip_in_log },
    { "junk in the log", DAMAGE_HARMS, true, true, junk_in_log },
    { "the log cut", DAMAGE_CUTS_LOG, true, true, cut_log },
    { "no log", DAMAGE_TAKES_LOG, true, true, remove_log },
    { "the log of another store", DAMAGE_HARMS, true, true, take_foreign_log },
    { "an older store under the log", DAMAGE_HARMS, true, true, take_older_store },
    { "junk in the log's index", DAMAGE_NOTHING, false, true, junk_in_index },
    { "junk in lock and reserve", DAMAGE_NOTHING, false, true, junk_beside },
};
const int damage_kind_count = sizeof damage_kinds / sizeof *damage_kinds;
