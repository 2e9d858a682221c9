// SPDX-License-Identifier: GPL-3.0-or-later
/* The operating system: os-release(5). */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

#include "base/civil.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { VALUE_BYTES_MAX = 256, FIELD_COUNT = 12 };

/* In the order of the labels of node_os_info. */
static const char *const fields[FIELD_COUNT] = {
    "BUILD_ID",    "ID",      "ID_LIKE",    "IMAGE_ID", "IMAGE_VERSION",    "NAME",
    "PRETTY_NAME", "VARIANT", "VARIANT_ID", "VERSION",  "VERSION_CODENAME", "VERSION_ID",
};

enum { FIELD_ID = 1, FIELD_ID_LIKE = 2, FIELD_NAME = 5, FIELD_VERSION_ID = 11 };

struct release {
    char values[FIELD_COUNT][VALUE_BYTES_MAX];
    char support_end[VALUE_BYTES_MAX];
};

/* Undoes the quoting of a shell, as far as os-release(5) allows it. What does not fit is cut. */
static bool unquote(struct bw_span text, char *out)
{
    const char quote =
        text.len > 0 && (text.data[0] == '"' || text.data[0] == '\'') ? text.data[0] : '\0';
    size_t at = quote != '\0', len = 0;
    for (; at < text.len && text.data[at] != quote; at++) {
        if (text.data[at] == '\\' && quote != '\'' && at + 1 < text.len)
            at++;
        if (len < VALUE_BYTES_MAX - 1)
            out[len++] = text.data[at];
    }
    out[len] = '\0';
    return quote == '\0' || at + 1 == text.len;
}

static char *value_for(struct release *release, struct bw_span key)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (bw_span_is(key, fields[i]))
            return release->values[i];
    }
    return bw_span_is(key, "SUPPORT_END") ? release->support_end : NULL;
}

static enum bw_rc read_fields(struct bw_span text, struct release *release, struct bw_err *err)
{
    struct bw_span line, key;
    while (bw_scan_line(&text, &line)) {
        line = bw_span_trim(line);
        if (line.data[0] == '#')
            continue;
        if (!bw_span_split(&line, '=', &key) || line.data == NULL)
            return bw_fail(err, BW_EINVAL, "os-release: a line without '='");
        char *value = value_for(release, key);
        if (value != NULL && !unquote(line, value))
            return bw_fail(err, BW_EINVAL, "os-release: %.*s: a quote is not closed",
                           (int)(key.len < 40 ? key.len : 40), key.data);
    }
    return BW_OK;
}

/* "22.04.3" is 22.04; rolling releases have none. */
static void add_version(const struct release *release, struct bw_measures *out)
{
    const char *text = release->values[FIELD_VERSION_ID];
    size_t len = strspn(text, "0123456789");
    if (len > 0 && text[len] == '.')
        len += 1 + strspn(text + len + 1, "0123456789");
    if (len > 0 && text[len - 1] == '.')
        len--;
    double version;
    if (!bw_parse_double(text, len, &version))
        return;
    bw_measures_add(out, BW_METRIC_NODE_OS_VERSION, version,
                    BW_LABEL_VALUES(release->values[FIELD_ID], release->values[FIELD_ID_LIKE],
                                    release->values[FIELD_NAME]));
}

static void add_support_end(const struct release *release, struct bw_measures *out)
{
    char text[VALUE_BYTES_MAX + 16];
    int64_t end_ms;
    bw_text_copy(text, VALUE_BYTES_MAX, release->support_end);
    const size_t len = strlen(text);
    memcpy(text + len, "T00:00:00Z", 11);
    if (len > 0 && bw_parse_rfc3339(text, len + 10, &end_ms))
        bw_measures_add(out, BW_METRIC_NODE_OS_SUPPORT_END_TIMESTAMP_SECONDS, (double)end_ms / 1000,
                        NULL);
}

static enum bw_rc parse(struct bw_span text, struct release *release, struct bw_err *err)
{
    const enum bw_rc rc = read_fields(text, release, err);
    if (rc != BW_OK)
        return rc;
    if (release->values[FIELD_ID][0] == '\0' && release->values[FIELD_NAME][0] == '\0')
        return bw_fail(err, BW_EINVAL, "os-release: neither ID nor NAME");
    return BW_OK;
}

static void measure(const struct release *release, struct bw_measures *out)
{
    const char *labels[FIELD_COUNT];
    for (size_t i = 0; i < FIELD_COUNT; i++)
        labels[i] = release->values[i];
    bw_measures_add(out, BW_METRIC_NODE_OS_INFO, 1, labels);
    add_version(release, out);
    add_support_end(release, out);
}

enum bw_rc bw_os_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    struct release release = { 0 };
    const enum bw_rc rc = parse(text, &release, err);
    if (rc == BW_OK)
        measure(&release, out);
    return rc;
}

/* ---- a round --------------------------------------------------------------------------- */

/* What the file said, and which file it was: an upgrade puts a new one in its place. */
struct bw_host_release {
    struct release release;
    bool known;
    ino_t inode;
    off_t bytes;
    struct timespec changed;
};

void bw_host_release_free(struct bw_host_release *release)
{
    free(release);
}

static bool is_same_file(const struct bw_host_release *seen, const struct stat *now)
{
    return seen->known && seen->inode == now->st_ino && seen->bytes == now->st_size
           && seen->changed.tv_sec == now->st_ctim.tv_sec
           && seen->changed.tv_nsec == now->st_ctim.tv_nsec;
}

static enum bw_rc read_release(struct bw_host *host, const char *path, struct release *out,
                               struct bw_err *err)
{
    char *text;
    size_t len;
    enum bw_rc rc = bw_file_read(host->root, path, BW_OS_RELEASE_BYTES_MAX, &text, &len, err);
    if (rc != BW_OK)
        return rc;
    *out = (struct release){ 0 };
    rc = parse((struct bw_span){ text, len }, out, err);
    free(text);
    return rc;
}

/* BW_ENOTFOUND when there is no such file. */
static enum bw_rc refresh(struct bw_host *host, const char *path, struct bw_err *err)
{
    struct bw_host_release *seen = host->release;
    struct stat now;
    char whole[PATH_MAX];
    snprintf(whole, sizeof whole, "%s/%s", host->root, path);
    const bool there = stat(whole, &now) == 0;
    if (there && is_same_file(seen, &now))
        return BW_OK;
    const enum bw_rc rc = read_release(host, path, &seen->release, err);
    seen->known = there && rc == BW_OK;
    if (seen->known) {
        seen->inode = now.st_ino;
        seen->bytes = now.st_size;
        seen->changed = now.st_ctim;
    }
    return rc;
}

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    if (host->release == NULL)
        host->release = bw_alloc(sizeof *host->release);
    enum bw_rc rc = refresh(host, "etc/os-release", err);
    if (rc == BW_ENOTFOUND)
        rc = refresh(host, "usr/lib/os-release", err);
    if (rc == BW_OK)
        measure(&host->release->release, out);
    return bw_host_absent(rc);
}

const struct bw_sampler_ops bw_sampler_os = {
    .name = "os",
    .summary = "Name and version of the operating system.",
    .prefixes = { "node_os_" },
    .sample = sample,
};
