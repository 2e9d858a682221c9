// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "app/log.h"
#include "base/mem.h"
#include "base/units.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a folder -------------------------------------------------------------------------- */

void folder_make(struct folder *folder)
{
    snprintf(folder->path, sizeof folder->path, "%s", "/tmp/bw_app_XXXXXX");
    assert_non_null(mkdtemp(folder->path));
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat, (void)type, (void)ftw;
    return remove(path);
}

void folder_remove(struct folder *folder)
{
    nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *folder_file(const struct folder *folder, const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder->path, name);
    return path;
}

void folder_write(const struct folder *folder, const char *name, const char *text)
{
    const char *slash = strchr(name, '/');
    if (slash != NULL) {
        char inner[512];
        snprintf(inner, sizeof inner, "%s/%.*s", folder->path, (int)(slash - name), name);
        mkdir(inner, 0700);
    }
    FILE *file = fopen(folder_file(folder, name), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

void folder_problems(const struct folder *folder, struct bw_problems *problems, struct bw_buf *out)
{
    struct bw_buf all;
    char prefix[sizeof folder->path + 1];
    const size_t len = (size_t)snprintf(prefix, sizeof prefix, "%s/", folder->path);
    bw_buf_init(&all, 1u << 20);
    bw_problems_print(problems, &all);
    const char *text = all.data;
    for (const char *mark; (mark = strstr(text, prefix)) != NULL; text = mark + len)
        bw_buf_bytes(out, text, (size_t)(mark - text));
    bw_buf_text(out, text);
    bw_buf_fini(&all);
}

struct bw_config *folder_config(const struct folder *folder, const char *text)
{
    struct bw_problems problems = { 0 };
    folder_write(folder, "c.yml", text);
    struct bw_config *config =
        bw_config_load(folder_file(folder, "c.yml"), &(struct bw_config_default){ 0 }, &problems);
    struct bw_buf said;
    bw_buf_init(&said, 1u << 20);
    folder_problems(folder, &problems, &said);
    if (config == NULL)
        fail_msg("does not load:\n%s", said.data);
    bw_buf_fini(&said);
    bw_problems_fini(&problems);
    return config;
}

static bool is_as_wanted(const char *said, const char *want)
{
    const size_t len = strlen(want);
    if (len > 0 && want[len - 1] == '*')
        return strncmp(said, want, len - 1) == 0 && strchr(said, '\n')[1] == '\0';
    return strcmp(said, want) == 0;
}

bool folder_refuses(const char *yaml, const char *want)
{
    struct folder folder;
    struct bw_problems problems = { 0 };
    struct bw_buf said;
    folder_make(&folder);
    bw_buf_init(&said, 1u << 16);
    folder_write(&folder, "c.yml", yaml);
    struct bw_config *config =
        bw_config_load(folder_file(&folder, "c.yml"), &(struct bw_config_default){ 0 }, &problems);
    folder_problems(&folder, &problems, &said);
    const bool good = config == NULL && is_as_wanted(said.data, want);
    if (!good)
        print_error("%s\n--- said:\n%s--- wanted:\n%s\n", yaml, said.data, want);
    bw_config_free(config);
    bw_buf_fini(&said);
    bw_problems_fini(&problems);
    folder_remove(&folder);
    return good;
}

/* ---- a core ---------------------------------------------------------------------------- */

static void open_store(struct bench *bench)
{
    struct bw_storage_opts opts = bw_storage_defaults();
    struct bw_err err = { .text = "" };
    opts.path = folder_file(&bench->folder, "data.db");
    opts.commit_interval_ns = 20 * BW_MS;
    if (bw_store_open(&opts, &(struct bw_store_hooks){ 0 }, &bench->core.store, &err) != BW_OK)
        fail_msg("open: %s", err.text);
    bw_recorder_set_store(bench->core.recorder, bench->core.store);
}

void bench_make(struct bench *bench, const char *config, bool store)
{
    *bench = (struct bench){ 0 };
    bw_log_setup(BW_LOG_ERROR, BW_LOG_LOGFMT);
    folder_make(&bench->folder);
    bench->config = folder_config(&bench->folder, config);
    struct bw_core *core = &bench->core;
    core->loop = bw_loop_new();
    core->publisher = bw_publisher_new(core->loop);
    core->started_ms = bw_core_now_ms(core);
    core->recorder = bw_recorder_new(core->started_ms, bw_publisher_shapes(core->publisher));
    core->config = bench->config;
    core->node = "here";
    if (store)
        open_store(bench);
}

void bench_remove(struct bench *bench)
{
    bw_store_close(bench->core.store);
    bw_core_free_events(&bench->core);
    bw_recorder_free(bench->core.recorder);
    bw_publisher_free(bench->core.publisher);
    bw_loop_free(bench->core.loop);
    bw_config_free(bench->config);
    folder_remove(&bench->folder);
}

int bench_open(void **state, const char *config)
{
    struct bench *bench = bw_alloc(sizeof *bench);
    bench_make(bench, config, true);
    *state = bench;
    return 0;
}

int bench_close(void **state)
{
    bench_remove(*state);
    free(*state);
    return 0;
}

static void add_service(struct bw_roster *roster, const struct bw_config *config, size_t index)
{
    struct bw_roster_service *service = bw_roster_add_service(roster, &config->services[index]);
    for (size_t i = 0; i < config->check_count; i++) {
        const struct bw_config_check *check = &config->checks[i];
        if (strcmp(check->service, service->name) != 0)
            continue;
        const struct bw_roster_spec spec = { .service = check->service,
                                             .instance = check->instance,
                                             .name = check->name,
                                             .kind = check->kind,
                                             .target = check->target,
                                             .module = check->module,
                                             .weight = check->weight,
                                             .rule = check->health,
                                             .interval_ms = check->schedule.interval_ns / BW_MS };
        bw_roster_add_check(roster, service, &spec);
    }
}

struct bw_roster *bench_roster(struct bench *bench, const struct bw_config *config)
{
    struct bw_roster *roster = bw_roster_new(&bench->core);
    for (size_t i = 0; i < config->service_count; i++)
        add_service(roster, config, i);
    bw_roster_settle(roster);
    return roster;
}

bool bench_feed(struct bw_roster *roster, const char *service, const char *instance,
                const char *check, const char *story)
{
    static const char signs[] = "+!-?";
    static const struct bw_outcome outcomes[] = {
        { BW_OUTCOME_PASS, BW_REASON_NONE, NULL },
        { BW_OUTCOME_WARN, BW_REASON_NONE, "slow" },
        { BW_OUTCOME_FAIL, BW_REASON_CONNECT_REFUSED, NULL },
        { BW_OUTCOME_LOST, BW_REASON_LOCAL_LIMIT, NULL },
    };
    struct bw_roster_check *found =
        bw_roster_check(roster, &(struct bw_subject){ service, instance, check });
    bool changed = false;
    assert_non_null(found);
    for (; *story != '\0'; story++) {
        const struct bw_outcome *outcome = &outcomes[strchr(signs, *story) - signs];
        const struct bw_roster_result result = {
            .ts_ms = 1000, .duration_s = 0.25, .reason = outcome->reason, .attempts = 1
        };
        changed = bw_roster_feed(roster, found, outcome, &result);
    }
    return changed;
}

void bench_wait(struct bench *bench, int64_t ms)
{
    bw_core_now_ms(&bench->core); /* so that there is a clock to move */
    bench->core.wall.now_ns += ms * BW_MS;
}

void bench_flush(struct bench *bench)
{
    struct bw_err err = { .text = "" };
    if (bw_store_flush(bench->core.store, 20 * BW_SECOND, &err) != BW_OK)
        fail_msg("flush: %s", err.text);
}

void bench_page(struct bench *bench, const char *start, struct bw_buf *out)
{
    struct bw_buf page;
    bw_buf_init(&page, 1u << 24);
    bw_publisher_render(bench->core.publisher, BW_EXPOSITION_TEXT, NULL, &page);
    for (const char *line = page.data, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        if (strncmp(line, start, strlen(start)) == 0)
            bw_buf_bytes(out, line, (size_t)(end + 1 - line));
    }
    bw_buf_fini(&page);
}

void bench_events(struct bench *bench, struct bw_buf *out)
{
    static const char *const kinds[] = { "", "status", "alert", "system", "marker" };
    for (size_t i = bench->core.event_count; i-- > 0;) {
        const struct bw_event *event = bw_core_recent_event(&bench->core, i);
        const bool alert = event->kind == BW_EVENT_ALERT;
        bw_buf_printf(out, "%s %s/%s/%s %s%s%s>%s: %s\n", kinds[event->kind],
                      event->subject.service, event->subject.instance, event->subject.check,
                      event->name, event->name[0] != '\0' ? " " : "",
                      alert ? bw_level_name((enum bw_level)event->from)
                            : bw_status_name((enum bw_status)event->from),
                      alert ? bw_level_name((enum bw_level)event->to)
                            : bw_status_name((enum bw_status)event->to),
                      event->cause);
    }
    bw_core_free_events(&bench->core);
}
