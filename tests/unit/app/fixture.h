// SPDX-License-Identifier: GPL-3.0-or-later
/* What the tests of app/ share: a folder of their own, and a core to stand on. */
#ifndef TESTS_APP_FIXTURE_H
#define TESTS_APP_FIXTURE_H

#include "app/config.h"
#include "app/core.h"
#include "app/roster.h"

/* ---- a folder -------------------------------------------------------------------------- */

struct folder {
    char path[256];
};

void folder_make(struct folder *folder);

/* With all that is in it. */
void folder_remove(struct folder *folder);

/* Writes the file, whose name may hold one folder, made when it is missing. */
void folder_write(const struct folder *folder, const char *name, const char *text);

/* The path of a file in it; good until the next four calls. */
const char *folder_file(const struct folder *folder, const char *name);

/* The problems, sorted, a line each, with the folder's path taken out of every line. */
void folder_problems(const struct folder *folder, struct bw_problems *problems, struct bw_buf *out);

/* Loads the text as c.yml of the folder; must go well. Warnings are allowed. */
struct bw_config *folder_config(const struct folder *folder, const char *text);

/* Whether the text, as c.yml of a folder of its own, is refused for these problems, a line each
 * with an end. A '*' at the end of `want` stands for the rest of its one line. Prints what is
 * otherwise. */
bool folder_refuses(const char *yaml, const char *want);

/* ---- a core ---------------------------------------------------------------------------- */

/* A core with a loop, a publisher, a recorder and the configuration of a text; with a store in
 * the folder when `store` says so. Events are logged nowhere. */
struct bench {
    struct folder folder;
    struct bw_core core;
    struct bw_config *config;
};

void bench_make(struct bench *bench, const char *config, bool store);
void bench_remove(struct bench *bench);

/* The same for cmocka: *state is a bench with a store. */
int bench_open(void **state, const char *config);
int bench_close(void **state);

/* A roster of the bench's configuration, settled. */
struct bw_roster *bench_roster(struct bench *bench, const struct bw_config *config);

/* Feeds outcomes to a check, one a character: '+' pass, '!' warning, '-' refused connection,
 * '?' lost. True when the last one changed its status. */
bool bench_feed(struct bw_roster *roster, const char *service, const char *instance,
                const char *check, const char *story);

/* Moves the bench's clock on, by less than a minute. */
void bench_wait(struct bench *bench, int64_t ms);

/* Waits until all that was handed to the store is on disk. */
void bench_flush(struct bench *bench);

/* The lines of the metrics page that start with `start`, as they stand there. */
void bench_page(struct bench *bench, const char *start, struct bw_buf *out);

/* The newest events, newest last, a line each: "kind service/instance/check name from>to: cause",
 * and forgets them. */
void bench_events(struct bench *bench, struct bw_buf *out);

#endif
