// SPDX-License-Identifier: GPL-3.0-or-later
/* Metrics that other programs leave in files: every *.prom of a folder. */
#include "host/host.h"

#include "base/limits.h"
#include "io/file.h"
#include "metric/textformat.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct names {
    const char *items[BW_TEXTFILES_MAX];
    size_t count;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of their names: who comes first keeps a series that two files have. */
static enum bw_rc list_files(struct bw_host *host, struct names *out, struct bw_err *err)
{
    DIR *folder = opendir(host->textfile_folder);
    if (folder == NULL)
        return bw_fail(err, BW_EIO, "open %s: %s", host->textfile_folder, strerror(errno));
    enum bw_rc rc = BW_OK;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.' || !bw_text_ends_with(entry->d_name, ".prom"))
            continue;
        if (out->count == BW_TEXTFILES_MAX) {
            rc = bw_fail(err, BW_ELIMIT, "%s has more than %u files", host->textfile_folder,
                         BW_TEXTFILES_MAX);
            break;
        }
        out->items[out->count++] = bw_arena_strdup(&host->scratch, entry->d_name);
    }
    closedir(folder);
    qsort(out->items, out->count, sizeof *out->items, by_name);
    return rc;
}

/* The time is told only of files that are shown: an old time of a broken file would look like
 * a job that does not run. */
static void add_mtime(const char *path, struct bw_measures *out)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return;
    const int64_t us = (int64_t)info.st_mtim.tv_sec * 1000000 + info.st_mtim.tv_nsec / 1000;
    bw_measures_add(out, BW_METRIC_NODE_TEXTFILE_MTIME_SECONDS, (double)us / 1e6,
                    BW_LABEL_VALUES(path));
}

static enum bw_rc read_one(struct bw_host *host, const char *name, struct bw_text_doc *doc,
                           struct bw_measures *out, struct bw_err *err)
{
    char *text;
    size_t len;
    enum bw_rc rc =
        bw_file_read(host->textfile_folder, name, BW_TEXTFILE_BYTES_MAX, &text, &len, err);
    if (rc != BW_OK)
        return rc;
    const char *path = bw_arena_printf(&host->scratch, "%s/%s", host->textfile_folder, name);
    rc = bw_text_doc_add(doc, name, (struct bw_span){ text, len }, err);
    free(text);
    if (rc != BW_OK)
        return bw_wrap(err, rc, "%s", path);
    add_mtime(path, out);
    return BW_OK;
}

/* One broken file must not take the others away; the first mistake is told. */
static enum bw_rc read_all(struct bw_host *host, struct bw_text_doc *doc, struct bw_measures *out,
                           struct bw_err *err)
{
    struct names names = { 0 };
    enum bw_rc first = list_files(host, &names, err);
    for (size_t i = 0; i < names.count; i++) {
        const enum bw_rc rc = read_one(host, names.items[i], doc, out, first == BW_OK ? err : NULL);
        first = first != BW_OK ? first : rc;
    }
    const enum bw_rc rc = bw_text_doc_measure(doc, out, first == BW_OK ? err : NULL);
    return first != BW_OK ? first : rc;
}

static const struct bw_text_rules rules = { .samples_max = BW_TEXTFILE_SAMPLES_MAX,
                                            .families_max = BW_GUEST_FAMILIES_MAX };

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    if (host->textfile_folder != NULL) {
        struct bw_text_doc doc;
        bw_text_doc_init(&doc, &host->scratch, &rules);
        rc = read_all(host, &doc, out, err);
        bw_text_doc_fini(&doc);
    }
    bw_measures_add(out, BW_METRIC_NODE_TEXTFILE_SCRAPE_ERROR, rc != BW_OK, NULL);
    return rc;
}

const struct bw_sampler_ops bw_sampler_textfile = {
    .name = "textfile",
    .summary = "Metrics that other programs leave in files.",
    .prefixes = { "node_textfile_" },
    .keeps_part = true,
    .shows_guests = true,
    .sample = sample,
};
