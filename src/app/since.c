// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/since.h"

#include "base/mem.h"
#include "base/text.h"
#include "io/file.h"
#include "store/marks.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char boot_id_file[] = "/proc/sys/kernel/random/boot_id";

enum { BOOT_ID_BYTES_MAX = 63 };

struct bw_since bw_since_now(int64_t now_ms)
{
    struct bw_since now = { .version = BW_VERSION };
    struct timespec up = { 0 };
    char *data = NULL;
    if (bw_file_read(NULL, boot_id_file, BOOT_ID_BYTES_MAX, &data, NULL, NULL) == BW_OK) {
        data[strcspn(data, "\n")] = '\0';
        bw_text_copy(now.boot_id, sizeof now.boot_id, data);
    }
    free(data);
    clock_gettime(CLOCK_BOOTTIME, &up);
    now.booted_ms = now_ms - (int64_t)up.tv_sec * 1000 - up.tv_nsec / 1000000;
    return now;
}

/* What travels to the worker and back. */
struct errand {
    struct bw_core *core;
    struct bw_store *store;
    struct bw_since now;
    struct bw_arena arena;
    const char *boot_id, *version; /* as they were; NULL: the same, or nobody knows */
};

static const char *note(struct errand *errand, const char *name, const char *text)
{
    const char *old = NULL;
    if (text[0] == '\0'
        || bw_store_note(errand->store, name, text, &errand->arena, &old, NULL) != BW_OK
        || old == NULL || strcmp(old, text) == 0)
        return NULL;
    return old;
}

static void run(void *ctx)
{
    struct errand *errand = ctx;
    errand->boot_id = note(errand, "boot_id", errand->now.boot_id);
    errand->version = note(errand, "version", errand->now.version);
}

static void tell_boot(struct bw_core *core, const struct bw_since *now)
{
    bw_core_event(core, &(struct bw_event){ .ts_ms = now->booted_ms,
                                            .kind = BW_EVENT_MARKER,
                                            .subject = { "host", core->node, "" },
                                            .name = BW_EVENT_REBOOTED,
                                            .cause = "this machine was booted" });
}

static void done(void *ctx, bool ran)
{
    struct errand *errand = ctx;
    struct bw_core *core = errand->core;
    if (ran && errand->boot_id != NULL)
        tell_boot(core, &errand->now);
    if (ran && errand->version != NULL)
        bw_core_event(core, &(struct bw_event){
                                .ts_ms = core->started_ms,
                                .kind = BW_EVENT_MARKER,
                                .subject = { "", "", "" },
                                .name = BW_EVENT_VERSION_CHANGED,
                                .cause = bw_arena_printf(&errand->arena, "Bellwether %s, before %s",
                                                         errand->now.version, errand->version) });
    bw_arena_fini(&errand->arena);
    free(errand);
}

void bw_since_look(struct bw_core *core, const struct bw_since *now)
{
    if (core->store == NULL)
        return;
    struct errand *errand = bw_alloc(sizeof *errand);
    errand->core = core;
    errand->store = core->store;
    errand->now = *now;
    if (!bw_work_submit(core->workers, run, done, errand))
        free(errand);
}
