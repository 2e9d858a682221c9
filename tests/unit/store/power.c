// SPDX-License-Identifier: GPL-3.0-or-later
#include "power.h"

#include "disk.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES = 3, SECTOR = 512, ROUNDS_ALL = 100 };

static const char *const endings[FILES] = { "", "-wal", "-journal" };

/* A write, or a truncation to `at` when it has no bytes. */
struct change {
    int64_t at;
    size_t size;
    uint8_t *bytes;
};

struct content {
    uint8_t *bytes;
    size_t size, cap;
};

struct file {
    char path[128];
    bool there;   /* now */
    bool durable; /* its name is */
    struct content synced;
    struct change *changes; /* since the last sync */
    size_t count, cap;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file files[FILES];
static int calls_left;
static int64_t told, told_at_cut;
static bool cut;

static void write_at(struct content *content, size_t at, const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return;
    const size_t end = at + size;
    content->bytes = bw_grow(content->bytes, &content->cap, end, 1);
    if (at > content->size)
        memset(content->bytes + content->size, 0, at - content->size);
    memcpy(content->bytes + at, bytes, size);
    content->size = end > content->size ? end : content->size;
}

static void resize(struct content *content, size_t size)
{
    content->bytes = bw_grow(content->bytes, &content->cap, size + 1, 1);
    if (size > content->size)
        memset(content->bytes + content->size, 0, size - content->size);
    content->size = size;
}

static void drop_changes(struct file *file)
{
    for (size_t i = 0; i < file->count; i++)
        free(file->changes[i].bytes);
    file->count = 0;
}

static void sync_file(struct file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        const struct change *c = &file->changes[i];
        if (c->bytes == NULL)
            resize(&file->synced, (size_t)c->at);
        else
            write_at(&file->synced, (size_t)c->at, c->bytes, c->size);
    }
    drop_changes(file);
    /* Its folder is synced with it: so are the names of those beside it. */
    for (size_t i = 0; i < FILES; i++)
        files[i].durable = files[i].durable || files[i].there;
}

static void vanish(struct file *file)
{
    drop_changes(file);
    file->synced.size = 0;
    file->durable = false;
}

static void note_change(struct file *file, const void *bytes, size_t size, int64_t at)
{
    file->changes = bw_grow(file->changes, &file->cap, file->count + 1, sizeof *file->changes);
    struct change *c = &file->changes[file->count++];
    *c = (struct change){ .at = at, .size = size };
    if (bytes != NULL) {
        c->bytes = bw_alloc(size);
        memcpy(c->bytes, bytes, size);
    }
}

static void note(struct file *file, enum disk_call call, const void *bytes, int size, int64_t at)
{
    switch (call) {
    case DISK_OPEN:
        if (!file->there)
            vanish(file); /* what was deleted there has gone before the new one came */
        file->there = true;
        break;
    case DISK_DELETE:
        file->there = false;
        if (size != 0)
            vanish(file);
        break;
    case DISK_SYNC:
        sync_file(file);
        break;
    default:
        note_change(file, bytes, (size_t)size, at);
    }
}

static bool changes_something(enum disk_call call)
{
    return call == DISK_WRITE || call == DISK_TRUNCATE || call == DISK_SYNC || call == DISK_DELETE;
}

static void watch(enum disk_call call, const char *path, const void *bytes, int size, int64_t at)
{
    if (call != DISK_OPEN && !changes_something(call))
        return;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < FILES && !cut; i++) {
        if (strcmp(files[i].path, path) != 0)
            continue;
        if (changes_something(call) && --calls_left == 0) {
            told_at_cut = told;
            cut = true;
        } else {
            note(&files[i], call, bytes, size, at);
        }
    }
    pthread_mutex_unlock(&lock);
}

static void load(struct file *file)
{
    uint8_t piece[4096];
    FILE *in = fopen(file->path, "rb");
    file->there = file->durable = in != NULL;
    file->synced.size = 0;
    for (size_t n; in != NULL && (n = fread(piece, 1, sizeof piece, in)) > 0;)
        write_at(&file->synced, file->synced.size, piece, n);
    if (in != NULL)
        fclose(in);
}

void power_watch(const char *path, int calls)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < FILES; i++) {
        snprintf(files[i].path, sizeof files[i].path, "%s%s", path, endings[i]);
        drop_changes(&files[i]);
        load(&files[i]);
    }
    calls_left = calls;
    told = -1;
    cut = false;
    pthread_mutex_unlock(&lock);
    atomic_store(&disk.watch, watch);
}

bool power_is_cut(void)
{
    pthread_mutex_lock(&lock);
    const bool is = cut;
    pthread_mutex_unlock(&lock);
    return is;
}

void power_tell(int64_t tick)
{
    pthread_mutex_lock(&lock);
    told = tick;
    pthread_mutex_unlock(&lock);
}

int64_t power_told(void)
{
    return cut ? told_at_cut : told;
}

/* --- what is left ------------------------------------------------------------------------ */

static unsigned draw(uint64_t *random, unsigned below)
{
    *random ^= *random << 13, *random ^= *random >> 7, *random ^= *random << 17;
    return (unsigned)((*random >> 20) % below);
}

/* Of each sector that was written to, what came through in `percent` of the cases. */
static void apply_torn(struct content *content, const struct change *c, unsigned percent,
                       uint64_t *random)
{
    if (c->bytes == NULL) {
        if (draw(random, ROUNDS_ALL) < percent)
            resize(content, (size_t)c->at);
        return;
    }
    for (size_t done = 0, part; done < c->size; done += part) {
        const size_t at = (size_t)c->at + done;
        part = SECTOR - at % SECTOR;
        part = part < c->size - done ? part : c->size - done;
        if (draw(random, ROUNDS_ALL) < percent)
            write_at(content, at, c->bytes + done, part);
    }
}

static void leave_file(const struct file *file, const char *path, unsigned percent,
                       uint64_t *random)
{
    const bool is_left =
        file->there ? file->durable || draw(random, 2) == 0 : file->durable && draw(random, 2) == 0;
    if (!is_left)
        return;
    struct content content = { .size = 0 };
    write_at(&content, 0, file->synced.bytes, file->synced.size);
    for (size_t i = 0; i < file->count; i++)
        apply_torn(&content, &file->changes[i], percent, random);
    FILE *out = fopen(path, "wb");
    const size_t put =
        out == NULL || content.size == 0 ? 0 : fwrite(content.bytes, 1, content.size, out);
    if (out == NULL || put != content.size || fclose(out) != 0)
        abort();
    free(content.bytes);
}

/* The index is shared memory: after a restart its file may hold anything. */
static void leave_junk(const char *path, uint64_t *random)
{
    FILE *out = fopen(path, "wb");
    for (int i = 0; out != NULL && i < 32768; i++)
        fputc((int)draw(random, 256), out);
    if (out != NULL)
        fclose(out);
}

void power_leave(const char *path, uint64_t *random)
{
    static const unsigned percents[] = { 0, 15, 50, 85, 100 };
    char name[160];
    atomic_store(&disk.watch, NULL);
    for (size_t i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        unlink(name);
        leave_file(&files[i], name, percents[draw(random, 5)], random);
        drop_changes(&files[i]);
    }
    snprintf(name, sizeof name, "%s-shm", path);
    unlink(name);
    if (draw(random, 2) == 0)
        leave_junk(name, random);
    for (size_t i = 0; i < FILES; i++) {
        free(files[i].changes);
        free(files[i].synced.bytes);
        files[i] = (struct file){ .there = false };
    }
}
