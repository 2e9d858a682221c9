// SPDX-License-Identifier: GPL-3.0-or-later
/* Lists in files (file_sd). */
#include "io/file.h"
#include "base/limits.h"
#include "discover/kinds.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

static enum bw_rc file_check(const char *from, struct bw_err *err)
{
    enum bw_list_format format;
    const char *slash = strrchr(from, '/');
    const char *star = strchr(from, '*');
    if (!bw_list_format_of(from, &format))
        return bw_fail(err, BW_EINVAL, "'%s' ends neither in .json nor in .yml or .yaml", from);
    if (star != NULL && (strchr(star + 1, '*') != NULL || (slash != NULL && star < slash)))
        return bw_fail(err, BW_EINVAL, "'%s': one '*', in the last part of the path", from);
    return BW_OK;
}

static void read_one(struct bw_discovery_ask *ask, const char *path)
{
    const struct bw_label found = { "__meta_filepath", path };
    enum bw_list_format format;
    struct bw_err err;
    char *data = NULL;
    size_t size;
    bw_list_format_of(path, &format);
    enum bw_rc rc = bw_file_read(NULL, path, BW_CONF_FILE_BYTES_MAX, &data, &size, &err);
    if (rc == BW_OK) {
        rc = bw_target_list_read(ask->arena, format, data, size, found, ask->out, &err);
        if (rc != BW_OK)
            bw_wrap(&err, rc, "%s", path);
    } else if (rc == BW_ENOTFOUND) {
        rc = BW_OK; /* it has gone, and its targets with it */
    }
    free(data);
    if (rc != BW_OK)
        bw_discovery_keep(ask, found, &err);
}

static void file_ask(struct bw_discovery_ask *ask)
{
    for (size_t i = 0; i < ask->spec->from.count && !bw_discovery_is_stopped(ask); i++) {
        const char *folder = ask->spec->folder, *pattern = ask->spec->from.items[i];
        glob_t found = { 0 };
        if (pattern[0] != '/' && folder != NULL && strcmp(folder, ".") != 0)
            pattern = bw_arena_printf(ask->arena, "%s/%s", folder, pattern);
        if (glob(pattern, 0, NULL, &found) == 0) {
            for (size_t k = 0; k < found.gl_pathc && k < BW_DISCOVERED_FILES_MAX; k++)
                read_one(ask, found.gl_pathv[k]);
        }
        globfree(&found);
    }
}

const struct bw_discovery_ops bw_discovery_file = { "file", file_check, file_ask };
