// SPDX-License-Identifier: GPL-3.0-or-later
#include "discover/kept.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "bellwether.db.0123456789abcdef.json": a source's name may be any text. */
enum { HASH_CHARS = 16 };
#define SUFFIX ".json"

static char *file_of(const struct bw_kept_lists *kept, const char *source)
{
    struct bw_arena arena = { 0 };
    char *file = bw_strdup(bw_arena_printf(&arena, "%s.%0*" PRIx64 SUFFIX, kept->prefix, HASH_CHARS,
                                           bw_hash_text(source, 0)));
    bw_arena_fini(&arena);
    return file;
}

enum bw_rc bw_kept_list_write(const struct bw_kept_lists *kept, const char *source,
                              const struct bw_target_list *list, struct bw_err *err)
{
    struct bw_buf text;
    char *file = file_of(kept, source);
    bw_buf_init(&text, BW_KEPT_LIST_BYTES_MAX);
    bw_target_list_write(list, &text);
    enum bw_rc rc = bw_file_make_folder(kept->folder, err);
    if (rc == BW_OK && bw_buf_failed(&text))
        rc = bw_fail(err, BW_ELIMIT, "more than %u bytes", BW_KEPT_LIST_BYTES_MAX);
    if (rc == BW_OK)
        rc = bw_file_write(kept->folder, file, text.data, text.len, 0600, err);
    bw_buf_fini(&text);
    free(file);
    return rc;
}

enum bw_rc bw_kept_list_read(const struct bw_kept_lists *kept, const char *source,
                             struct bw_arena *arena, struct bw_target_list *list,
                             struct bw_err *err)
{
    char *data = NULL, *file = file_of(kept, source);
    size_t size;
    enum bw_rc rc = bw_file_read(kept->folder, file, BW_KEPT_LIST_BYTES_MAX, &data, &size, err);
    if (rc == BW_OK) {
        rc = bw_target_list_recall(arena, data, size, list, err);
        if (rc != BW_OK)
            bw_wrap(err, rc, "%s/%s", kept->folder, file);
    }
    free(data);
    free(file);
    return rc;
}

/* Or what is left of one that was being written. */
static bool is_list(const struct bw_kept_lists *kept, const char *file)
{
    const size_t prefix = strlen(kept->prefix);
    const char *hash = file + prefix + 1;
    return bw_text_starts_with(file, kept->prefix) && file[prefix] == '.'
           && strspn(hash, "0123456789abcdef") == HASH_CHARS
           && bw_text_starts_with(hash + HASH_CHARS, SUFFIX);
}

void bw_kept_lists_sweep(const struct bw_kept_lists *kept, const char *const *sources, size_t count)
{
    DIR *folder = opendir(kept->folder);
    char **files = bw_alloc_array(count + 1, sizeof *files);
    for (size_t i = 0; i < count; i++)
        files[i] = file_of(kept, sources[i]);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        bool wanted = !is_list(kept, entry->d_name);
        for (size_t i = 0; i < count && !wanted; i++)
            wanted = strcmp(files[i], entry->d_name) == 0;
        if (!wanted)
            unlinkat(dirfd(folder), entry->d_name, 0);
    }
    if (folder != NULL)
        closedir(folder);
    for (size_t i = 0; i < count; i++)
        free(files[i]);
    free(files);
}
