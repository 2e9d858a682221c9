// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/http_secret.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/units.h"
#include "conf/decode.h"
#include "io/file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool bw_http_is_field_value(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    }
    return true;
}

static enum bw_rc take(struct bw_http_secret *secret, char *text, size_t len, struct bw_err *err)
{
    /* Editors and `echo` add a line end. */
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        text[--len] = '\0';
    if (len == 0 || strlen(text) != len || !bw_http_is_field_value(text))
        return bw_fail(err, BW_EINVAL, "%s: %s", secret->path,
                       len == 0 ? "the file is empty" : "the file is no single line of text");
    const size_t size = strlen(secret->before) + len + 1;
    char *whole = bw_alloc(size);
    snprintf(whole, size, "%s%s", secret->before, text);
    free(secret->old);
    secret->old = *secret->into;
    *secret->into = whole;
    return BW_OK;
}

static enum bw_rc read_body(struct bw_http_secret *file, struct bw_err *err)
{
    char *text;
    size_t len;
    const enum bw_rc rc = bw_file_read(NULL, file->path, BW_CONF_FILE_BYTES_MAX, &text, &len, err);
    if (rc != BW_OK)
        return rc;
    if (strlen(text) != len) {
        free(text);
        return bw_fail(err, BW_EINVAL, "%s: the file holds a NUL byte", file->path);
    }
    free(*file->into);
    *file->into = text;
    return BW_OK;
}

static enum bw_rc read_again(struct bw_http_secret *secret, struct bw_err *err)
{
    char *text;
    size_t len;
    if (secret->is_body)
        return read_body(secret, err);
    enum bw_rc rc = bw_file_read(NULL, secret->path, BW_CONF_SECRET_BYTES_MAX, &text, &len, err);
    if (rc != BW_OK)
        return rc;
    rc = take(secret, text, len, err);
    explicit_bzero(text, len);
    free(text);
    return rc;
}

static enum bw_rc open_in(struct bw_http_secret *secret, const char *folder, const char *path,
                          struct bw_err *err)
{
    char full[PATH_MAX];
    const bool bare = folder == NULL || folder[0] == '\0' || path[0] == '/';
    snprintf(full, sizeof full, "%s%s%s", bare ? "" : folder, bare ? "" : "/", path);
    secret->path = bw_strdup(full);
    if (stat(full, &secret->seen) != 0)
        return bw_fail(err, BW_ENOTFOUND, "%s: no such file", full);
    return read_again(secret, err);
}

enum bw_rc bw_http_secret_open(struct bw_http_secret *secret, const char *folder, const char *path,
                               const char *before, char **into, struct bw_err *err)
{
    *secret = (struct bw_http_secret){ .before = before, .into = into };
    return open_in(secret, folder, path, err);
}

enum bw_rc bw_http_body_file_open(struct bw_http_secret *file, const char *folder, const char *path,
                                  char **into, struct bw_err *err)
{
    *file = (struct bw_http_secret){ .before = "", .into = into, .is_body = true };
    return open_in(file, folder, path, err);
}

enum bw_rc bw_http_secret_refresh(struct bw_http_secret *secret, int64_t now_ns, struct bw_err *err)
{
    struct stat now;
    const struct stat *seen = &secret->seen;
    if (secret->looked_ns != 0 && now_ns - secret->looked_ns < BW_SECOND)
        return BW_OK;
    secret->looked_ns = now_ns;
    if (stat(secret->path, &now) != 0)
        return bw_fail(err, BW_ENOTFOUND, "%s: no such file", secret->path);
    if (now.st_ino == seen->st_ino && now.st_size == seen->st_size
        && now.st_mtim.tv_sec == seen->st_mtim.tv_sec
        && now.st_mtim.tv_nsec == seen->st_mtim.tv_nsec)
        return BW_OK;
    const enum bw_rc rc = read_again(secret, err);
    if (rc == BW_OK)
        secret->seen = now;
    return rc;
}

void bw_http_secret_fini(struct bw_http_secret *secret)
{
    free(secret->path);
    free(secret->old);
    *secret = (struct bw_http_secret){ 0 };
}
