// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/mem.h"
#include "base/units.h"
#include "store/rollups.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(void *ctx, enum bw_log_level level, const char *message)
{
    struct fixture *f = ctx;
    pthread_mutex_lock(&f->lock);
    const size_t used = strlen(f->said);
    snprintf(f->said + used, sizeof f->said - used, "%s %s\n", bw_log_level_name(level), message);
    pthread_mutex_unlock(&f->lock);
}

bool fixture_has_said(struct fixture *f, const char *text)
{
    pthread_mutex_lock(&f->lock);
    const bool has = strstr(f->said, text) != NULL;
    pthread_mutex_unlock(&f->lock);
    return has;
}

static int64_t wall_ms(void *ctx)
{
    return ((struct fixture *)ctx)->wall_ms;
}

int fixture_setup(void **state)
{
    struct fixture *f = bw_alloc(sizeof *f);
    snprintf(f->folder, sizeof f->folder, "%s", "/tmp/bw_store_XXXXXX");
    if (mkdtemp(f->folder) == NULL)
        return -1;
    snprintf(f->path, sizeof f->path, "%s/data.db", f->folder);
    f->wall_ms = T0;
    pthread_mutex_init(&f->lock, NULL);
    f->opts = bw_storage_defaults();
    f->opts.path = f->path;
    f->opts.commit_interval_ns = 20 * BW_MS;
    f->hooks = (struct bw_store_hooks){ f, say, wall_ms };
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    bw_store_close(f->store);
    DIR *dir = opendir(f->folder);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char name[400];
        snprintf(name, sizeof name, "%s/%s", f->folder, entry->d_name);
        unlink(name);
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(f->folder);
    free(f);
    return 0;
}

void fixture_open(struct fixture *f)
{
    struct bw_err err = { .text = "" };
    if (bw_store_open(&f->opts, &f->hooks, &f->store, &err) != BW_OK)
        fail_msg("open: %s", err.text);
}

void fixture_close(struct fixture *f)
{
    bw_store_close(f->store);
    f->store = NULL;
}

void fixture_flush(struct fixture *f)
{
    struct bw_err err = { .text = "" };
    if (bw_store_flush(f->store, 60 * BW_SECOND, &err) != BW_OK)
        fail_msg("flush: %s; said: %s", err.text, f->said);
}

void fixture_pack(struct fixture *f)
{
    struct bw_err err = { .text = "" };
    if (bw_store_checkpoint(f->store, 60 * BW_SECOND, &err) != BW_OK)
        fail_msg("checkpoint: %s; said: %s", err.text, f->said);
}

void fixture_roll_up(struct fixture *f)
{
    struct bw_reader *reader = NULL;
    struct bw_err err = { .text = "" };
    bw_store_trust_clock(f->store, true);
    assert_int_equal(bw_reader_open(f->path, &reader, &err), BW_OK);
    for (bool made = true; made;) {
        if (bw_store_roll_up(f->store, reader, &made, &err) != BW_OK)
            fail_msg("%s", err.text);
        fixture_flush(f);
    }
    bw_reader_close(reader);
}

uint32_t fixture_series(struct fixture *f, const char *metric, const char *instance)
{
    const struct bw_label labels[] = { { "instance", instance } };
    return bw_store_series(f->store, metric, (struct bw_labels){ labels, 1 });
}

void fixture_append(struct fixture *f, uint32_t series, int64_t ts_ms, double value)
{
    const struct bw_sample sample = { series, ts_ms, value };
    assert_true(bw_store_append(f->store, &sample, 1));
}

struct text {
    char *out;
    size_t size;
};

static bool put_points(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct text *text = ctx;
    (void)series;
    for (size_t i = 0; i < count; i++) {
        const size_t used = strlen(text->out);
        snprintf(text->out + used, text->size - used, "%lld:%g ", (long long)(points[i].ts_ms - T0),
                 points[i].value);
    }
    return true;
}

struct bw_damage fixture_points(struct fixture *f, uint32_t series, int64_t from_ms, int64_t to_ms,
                                char *out, size_t size)
{
    struct bw_reader *reader = NULL;
    struct bw_err err = { .text = "" };
    struct bw_damage damage = { 0 };
    struct text text = { out, size };
    out[0] = '\0';
    if (bw_reader_open(f->path, &reader, &err) != BW_OK
        || bw_reader_scan(reader, &series, 1, from_ms, to_ms, put_points, &text, &damage, &err)
               != BW_OK)
        fail_msg("scan: %s", err.text);
    bw_reader_close(reader);
    return damage;
}

static int first_number(void *ctx, int columns, char **values, char **names)
{
    (void)names;
    if (columns > 0 && values[0] != NULL)
        *(int64_t *)ctx = strtoll(values[0], NULL, 10);
    return 0;
}

int64_t fixture_sql(struct fixture *f, const char *sql)
{
    sqlite3 *db = NULL;
    char *text = NULL;
    int64_t number = 0;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    if (sqlite3_exec(db, sql, first_number, &number, &text) != SQLITE_OK)
        fail_msg("%s: %s", sql, text);
    sqlite3_close(db);
    return number;
}
