// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates in a file, which may lie where reading takes its time: read and verified on a
 * worker. */
#include "base/mem.h"
#include "probe/tls_look.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1 << 20, CERTIFICATES_MAX = 1000 };

struct bw_tls_file {
    char *path;
    X509_STORE *store;
    struct bw_tls_filed filed;
    bw_tls_file_done_fn *done; /* NULL: cancelled */
    void *ctx;
};

/* ---- parsing ---- */

/* OpenSSL would ask whoever sits at the terminal. */
static int no_password(char *buf, int size, int writing, void *ctx)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

static bool read_pem(STACK_OF(X509) * chain, BIO *bio)
{
    X509 *certificate;
    while (sk_X509_num(chain) < CERTIFICATES_MAX
           && (certificate = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL)
        sk_X509_push(chain, certificate);
    const unsigned long code = ERR_peek_last_error();
    return sk_X509_num(chain) > 0 && ERR_GET_LIB(code) == ERR_LIB_PEM
           && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

static bool read_der(STACK_OF(X509) * chain, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    X509 *certificate = d2i_X509(NULL, &at, (long)len);
    return certificate != NULL && sk_X509_push(chain, certificate) > 0;
}

STACK_OF(X509) * bw_tls_read_certificates(const void *bytes, size_t len)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    BIO *bio = len > FILE_BYTES_MAX ? NULL : BIO_new_mem_buf(bytes, (int)len);
    ERR_clear_error();
    const bool good =
        chain != NULL && bio != NULL
        && (read_pem(chain, bio) || (sk_X509_num(chain) == 0 && read_der(chain, bytes, len)));
    ERR_clear_error();
    BIO_free(bio);
    if (good)
        return chain;
    sk_X509_pop_free(chain, X509_free);
    return NULL;
}

/* ---- on the worker ---- */

static void fail(struct bw_tls_filed *filed, enum bw_reason reason, const char *what)
{
    filed->reason = reason;
    snprintf(filed->error, sizeof filed->error, "%s", what);
}

/* The file's bytes: the caller's to free. Never waits for a pipe's other end. */
static char *load(const char *path, size_t *out_len, struct bw_tls_filed *filed)
{
    struct stat about;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)
        || about.st_size > FILE_BYTES_MAX) {
        const enum bw_reason reason = fd >= 0           ? BW_REASON_ASSERTION_TLS
                                      : errno == EACCES ? BW_REASON_NOT_PERMITTED
                                      : errno == EMFILE ? BW_REASON_LOCAL_LIMIT
                                                        : BW_REASON_ASSERTION_TLS;
        fail(filed, reason, fd < 0 ? strerror(errno) : "no plain file of at most 1 MiB");
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    char *bytes = bw_alloc((size_t)FILE_BYTES_MAX);
    ssize_t got;
    *out_len = 0;
    while (*out_len < FILE_BYTES_MAX
           && (got = read(fd, bytes + *out_len, FILE_BYTES_MAX - *out_len)) > 0)
        *out_len += (size_t)got;
    close(fd);
    return bytes;
}

static int note_fault(int ok, X509_STORE_CTX *context)
{
    int *first = X509_STORE_CTX_get_app_data(context);
    if (!ok && *first == X509_V_OK)
        *first = X509_STORE_CTX_get_error(context);
    return 1;
}

static void verify(struct bw_tls_filed *filed, X509_STORE *store)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    filed->verify_error = X509_V_OK;
    if (context == NULL
        || X509_STORE_CTX_init(context, store, sk_X509_value(filed->chain, 0), filed->chain) != 1) {
        filed->verify_error = X509_V_ERR_UNSPECIFIED;
    } else {
        X509_STORE_CTX_set_app_data(context, &filed->verify_error);
        X509_STORE_CTX_set_verify_cb(context, note_fault);
        X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(context), BW_TLS_AUTH_LEVEL);
        X509_verify_cert(context);
        if (filed->verify_error == X509_V_OK)
            filed->verified_s = bw_tls_earliest_s(X509_STORE_CTX_get0_chain(context));
    }
    X509_STORE_CTX_free(context);
    ERR_clear_error();
}

static void on_worker(void *ctx)
{
    struct bw_tls_file *file = ctx;
    struct bw_tls_filed *filed = &file->filed;
    size_t len = 0;
    char *bytes = load(file->path, &len, filed);
    if (bytes == NULL)
        return;
    filed->chain = bw_tls_read_certificates(bytes, len);
    free(bytes);
    if (filed->chain == NULL)
        fail(filed, BW_REASON_ASSERTION_TLS, "no certificate in PEM or DER that can be read");
    else
        verify(filed, file->store);
}

/* ---- on the loop ---- */

static void on_finished(void *ctx, bool ran)
{
    struct bw_tls_file *file = ctx;
    if (!ran)
        fail(&file->filed, BW_REASON_INTERNAL, "the workers have ended");
    if (file->done != NULL)
        file->done(file->ctx, &file->filed);
    else
        sk_X509_pop_free(file->filed.chain, X509_free);
    X509_STORE_free(file->store);
    free(file->path);
    free(file);
}

struct bw_tls_file *bw_tls_file_start(struct bw_probe_engine *engine, const char *path,
                                      X509_STORE *store, bw_tls_file_done_fn *done, void *ctx,
                                      struct bw_err *err)
{
    struct bw_work_pool *workers = bw_engine_workers(engine, err);
    if (workers == NULL)
        return NULL;
    struct bw_tls_file *file = bw_alloc(sizeof *file);
    X509_STORE_up_ref(store);
    *file =
        (struct bw_tls_file){ .path = bw_strdup(path), .store = store, .done = done, .ctx = ctx };
    if (bw_work_submit(workers, on_worker, on_finished, file))
        return file;
    X509_STORE_free(store);
    free(file->path);
    free(file);
    bw_fail(err, BW_ELIMIT, "no worker is free to read the file");
    return NULL;
}

void bw_tls_file_cancel(struct bw_tls_file *file)
{
    if (file != NULL)
        file->done = NULL;
}
