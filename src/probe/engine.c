// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/engine.h"

#include "base/mem.h"
#include "base/text.h"
#include "probe/exec.h"
#include "probe/icmp.h"

#include <assert.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORKERS = 2, WORKERS_QUEUE_MAX = 256 };

/* A store that was loaded. Reading Debian's 140 certificates takes 20 ms of CPU. */
struct trust {
    char *path; /* "": the system's */
    X509_STORE *store;
    struct timespec changed;
    off_t size;
    struct trust *next;
};

/* Of all engines: what the validation of a configuration has read on a worker, the loop need not
 * read again when it takes the configuration over. The last engine empties it. */
static struct {
    pthread_mutex_t lock;
    struct trust *first;
    size_t engines;
} trusted = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void join_trusted(void)
{
    pthread_mutex_lock(&trusted.lock);
    trusted.engines++;
    pthread_mutex_unlock(&trusted.lock);
}

static void leave_trusted(void)
{
    pthread_mutex_lock(&trusted.lock);
    trusted.engines--;
    while (trusted.engines == 0 && trusted.first != NULL) {
        struct trust *trust = trusted.first;
        trusted.first = trust->next;
        X509_STORE_free(trust->store);
        free(trust->path);
        free(trust);
    }
    pthread_mutex_unlock(&trusted.lock);
}

/* Variables of the environment, which a configuration may use anywhere, by their names: AUTH_TOKEN,
 * DB_PASSWORD. A desktop's sessions are none. */
static void hide_environment(struct bw_mask *mask)
{
    enum { VALUE_BYTES_MIN = 4 };
    for (char *const *at = environ; at != NULL && *at != NULL; at++) {
        const char *value = strchr(*at, '=');
        if (value != NULL && strlen(value + 1) >= VALUE_BYTES_MIN
            && !bw_text_starts_with(*at, "XDG_") && !bw_text_starts_with(*at, "DBUS_")
            && bw_mask_is_secret_name(*at, (size_t)(value - *at)))
            bw_mask_add(mask, value + 1);
    }
}

struct bw_probe_engine *bw_probe_engine_new(struct bw_loop *loop, struct bw_resolver *resolver,
                                            struct bw_err *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        bw_fail(err, BW_EIO, "libcurl does not start");
        return NULL;
    }
    struct bw_curl_loop *curl = bw_curl_loop_new(loop, err);
    if (curl == NULL) {
        curl_global_cleanup();
        return NULL;
    }
    struct bw_probe_engine *engine = bw_alloc(sizeof *engine);
    *engine = (struct bw_probe_engine){ .loop = loop, .resolver = resolver, .curl = curl };
    hide_environment(&engine->hidden);
    join_trusted();
    return engine;
}

void bw_probe_engine_free(struct bw_probe_engine *engine)
{
    if (engine == NULL)
        return;
    assert(engine->runs == 0);
    bw_work_pool_free(engine->workers, BW_WORK_CANCEL);
    bw_curl_loop_free(engine->curl);
    bw_icmp_free(engine->icmp);
    bw_exec_children_free(engine->exec);
    leave_trusted();
    curl_global_cleanup();
    bw_mask_fini(&engine->hidden);
    for (size_t i = 0; i < engine->spare.count; i++)
        free(engine->spare.items[i].notes);
    for (struct bw_run_room *room = engine->rooms, *next; room != NULL; room = next) {
        next = room->next;
        free(room);
    }
    free(engine);
}

struct bw_icmp *bw_engine_icmp(struct bw_probe_engine *engine)
{
    if (engine->icmp == NULL)
        engine->icmp = bw_icmp_new(engine->loop);
    return engine->icmp;
}

struct bw_exec_children *bw_engine_exec(struct bw_probe_engine *engine)
{
    if (engine->exec == NULL)
        engine->exec = bw_exec_children_new(engine->loop);
    return engine->exec;
}

void bw_probe_engine_reap(struct bw_probe_engine *engine)
{
    bw_exec_reap_strangers(engine->exec);
}

struct bw_work_pool *bw_engine_workers(struct bw_probe_engine *engine, struct bw_err *err)
{
    if (engine->workers == NULL)
        engine->workers = bw_work_pool_new(engine->loop, WORKERS, WORKERS_QUEUE_MAX, err);
    return engine->workers;
}

/* One file with all certificates where there is one: OpenSSL's own default on Debian is a
 * directory that it searches again for every issuer. */
static const char *system_file(void)
{
    static const char debian[] = "/etc/ssl/certs/ca-certificates.crt";
    const char *file = getenv(X509_get_default_cert_file_env());
    if (file != NULL)
        return file;
    return access(debian, R_OK) == 0 ? debian : NULL;
}

static X509_STORE *load(const char *file, struct bw_err *err)
{
    X509_STORE *store = X509_STORE_new();
    bool loaded = store != NULL
                  && (file != NULL ? X509_STORE_load_file(store, file) == 1
                                   : X509_STORE_set_default_paths(store) == 1);
    ERR_clear_error();
    if (loaded)
        return store;
    X509_STORE_free(store);
    bw_fail(err, BW_EINVAL, "%s: no certificates can be read from it",
            file != NULL ? file : "the system's certificates");
    return NULL;
}

static struct trust *find(const char *key)
{
    for (struct trust *trust = trusted.first; trust != NULL; trust = trust->next) {
        if (strcmp(trust->path, key) == 0)
            return trust;
    }
    struct trust *trust = bw_alloc(sizeof *trust);
    *trust = (struct trust){ .path = bw_strdup(key), .next = trusted.first };
    trusted.first = trust;
    return trust;
}

static X509_STORE *up_to_date(const char *path, struct bw_err *err)
{
    struct trust *trust = find(path != NULL ? path : "");
    const char *file = path != NULL ? path : system_file();
    struct stat info = { 0 };
    if (file != NULL && stat(file, &info) != 0) {
        bw_fail(err, BW_ENOTFOUND, "%s: no such file", file);
        return NULL;
    }
    bool same = trust->store != NULL && info.st_size == trust->size
                && info.st_mtim.tv_sec == trust->changed.tv_sec
                && info.st_mtim.tv_nsec == trust->changed.tv_nsec;
    if (!same) {
        X509_STORE *store = load(file, err);
        if (store == NULL)
            return NULL;
        X509_STORE_free(trust->store); /* plans that use the old one hold it */
        trust->store = store;
        trust->size = info.st_size;
        trust->changed = info.st_mtim;
    }
    X509_STORE_up_ref(trust->store);
    return trust->store;
}

X509_STORE *bw_engine_trust(const char *path, struct bw_err *err)
{
    pthread_mutex_lock(&trusted.lock);
    X509_STORE *store = up_to_date(path, err);
    pthread_mutex_unlock(&trusted.lock);
    return store;
}
