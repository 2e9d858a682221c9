// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/reloader.h"

#include "app/validate.h"
#include "base/mem.h"
#include "base/units.h"

#include <stdlib.h>

/* So long a reload waits for further wishes, which it then answers too. */
#define GATHER_NS (50 * BW_MS)

struct wish {
    struct bw_reloader *reloader;
    bw_reloader_done_fn *done;
    void *reply;
    struct wish *next;
};

struct bw_reloader {
    struct bw_core *core;
    const char *file;
    const struct bw_config_default *defaults;
    bw_reloader_take_fn *take;
    void *ctx;
    struct bw_reloader_targets targets;
    struct bw_timer *timer;
    bool gathering; /* the timer runs */
    bool loading;   /* a worker has it */
    bool whole;     /* what is gathered is a reload, not only for targets */
    bool again;     /* asked for while a worker had it */
    bool refresh;   /* the same for targets only */
    bool stopped;
    struct wish *gathered; /* for the reload that begins next */
    struct wish *answered; /* by the one under way */
};

static void on_timer(void *ctx);

struct bw_reloader *bw_reloader_new(struct bw_core *core, const char *file,
                                    const struct bw_config_default *defaults,
                                    bw_reloader_take_fn *take, void *ctx)
{
    struct bw_reloader *reloader = bw_alloc(sizeof *reloader);
    reloader->core = core;
    reloader->file = file;
    reloader->defaults = defaults;
    reloader->take = take;
    reloader->ctx = ctx;
    reloader->timer = bw_timer_new(core->loop, on_timer, reloader);
    return reloader;
}

void bw_reloader_set_targets(struct bw_reloader *reloader,
                             const struct bw_reloader_targets *targets)
{
    reloader->targets = *targets;
}

static void answer(struct wish **wishes, bool ok, const char *message)
{
    struct wish *next, *wish = *wishes;
    *wishes = NULL;
    for (; wish != NULL; wish = next) {
        next = wish->next;
        wish->done(wish->reply, ok, message);
        free(wish);
    }
}

static void refuse_all(struct bw_reloader *reloader)
{
    answer(&reloader->gathered, false, "the daemon is about to stop");
    answer(&reloader->answered, false, "the daemon is about to stop");
}

/* ---- one reload ------------------------------------------------------------------------ */

struct errand {
    struct bw_reloader *reloader;
    const struct bw_config *base; /* the one in force, of which only targets change; else NULL */
    struct bw_config_default defaults;
    struct bw_known_targets *known;
    struct bw_problems problems;
    struct bw_config *config;
};

static void load(void *ctx)
{
    struct errand *errand = ctx;
    errand->config =
        errand->base != NULL
            ? bw_config_with_targets_valid(errand->base, errand->known, &errand->problems)
            : bw_config_load_valid(errand->reloader->file, &errand->defaults, &errand->problems);
    if (errand->config == NULL)
        return;
    errand->config->known = errand->known; /* whose lists it uses */
    errand->known = NULL;
}

/* What was asked for while this was under way begins now. */
static void go_on(struct bw_reloader *reloader)
{
    const bool again = reloader->again, refresh = reloader->refresh;
    reloader->again = reloader->refresh = false;
    if (again)
        bw_reloader_ask(reloader);
    else if (refresh)
        bw_reloader_refresh(reloader);
}

static void loaded(void *ctx, bool ran)
{
    struct errand *errand = ctx;
    struct bw_reloader *reloader = errand->reloader;
    char message[512];
    reloader->loading = false;
    if (!ran || reloader->stopped) {
        bw_config_free(errand->config); /* whoever waited was told */
    } else {
        bw_reloader_take_fn *take = errand->base != NULL ? reloader->targets.take : reloader->take;
        const bool ok =
            take(reloader->ctx, errand->config, &errand->problems, message, sizeof message);
        if (errand->base == NULL)
            answer(&reloader->answered, ok, message);
        go_on(reloader);
    }
    bw_known_targets_free(errand->known);
    bw_problems_fini(&errand->problems);
    free(errand);
}

static void on_timer(void *ctx)
{
    struct bw_reloader *reloader = ctx;
    struct errand *errand = bw_alloc(sizeof *errand);
    errand->reloader = reloader;
    bw_problems_init(&errand->problems);
    if (reloader->defaults != NULL)
        errand->defaults = *reloader->defaults;
    if (reloader->targets.known != NULL)
        errand->known = reloader->targets.known(reloader->ctx);
    errand->defaults.known = errand->known;
    if (!reloader->whole)
        errand->base = reloader->targets.in_force(reloader->ctx);
    reloader->loading = bw_work_submit(reloader->core->workers, load, loaded, errand);
    if (!reloader->loading) { /* too much work waits: soon, then */
        bw_known_targets_free(errand->known);
        free(errand);
        bw_timer_start(reloader->timer, GATHER_NS, 0);
        return;
    }
    reloader->gathering = false;
    if (!reloader->whole)
        return;
    reloader->whole = false;
    reloader->answered = reloader->gathered;
    reloader->gathered = NULL;
}

/* ---- wishes ---------------------------------------------------------------------------- */

static void gather(struct bw_reloader *reloader)
{
    if (!reloader->gathering)
        bw_timer_start(reloader->timer, GATHER_NS, 0);
    reloader->gathering = true;
}

void bw_reloader_ask(struct bw_reloader *reloader)
{
    if (reloader->stopped)
        return;
    if (reloader->loading) {
        reloader->again = true;
        return;
    }
    reloader->whole = true;
    gather(reloader);
}

void bw_reloader_refresh(struct bw_reloader *reloader)
{
    if (reloader->stopped)
        return;
    if (reloader->loading)
        reloader->refresh = true;
    else
        gather(reloader);
}

static void take_wish(void *ctx)
{
    struct wish *wish = ctx;
    struct bw_reloader *reloader = wish->reloader;
    wish->next = reloader->gathered;
    reloader->gathered = wish;
    if (reloader->stopped)
        refuse_all(reloader);
    else
        bw_reloader_ask(reloader);
}

void bw_reloader_wish(struct bw_reloader *reloader, bw_reloader_done_fn *done, void *reply)
{
    struct wish *wish = bw_alloc(sizeof *wish);
    *wish = (struct wish){ reloader, done, reply, NULL };
    bw_loop_post(reloader->core->loop, take_wish, wish);
}

void bw_reloader_stop(struct bw_reloader *reloader)
{
    reloader->stopped = true;
    bw_timer_free(reloader->timer);
    reloader->timer = NULL;
    refuse_all(reloader);
}

void bw_reloader_free(struct bw_reloader *reloader)
{
    free(reloader);
}
