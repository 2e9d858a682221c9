// SPDX-License-Identifier: GPL-3.0-or-later
/* app/daemon_internal.h: the daemon's parts, for the files that connect them:
 *
 *   daemon.c          starts everything in order and ends it in reverse
 *   daemon_config.c   the configuration in force; reloads
 *   daemon_pulse.c    what goes on by itself: views, own metrics, memory given back
 *   daemon_web.c      what the front end asks of it
 *
 * What is not about connecting belongs into a part of its own. */
#ifndef APP_DAEMON_INTERNAL_H
#define APP_DAEMON_INTERNAL_H

#include "app/alerting.h"
#include "app/canary.h"
#include "app/compacting.h"
#include "app/control.h"
#include "app/core.h"
#include "app/daemon.h"
#include "app/discovery.h"
#include "app/hostwatch.h"
#include "app/marking.h"
#include "app/probing.h"
#include "app/pushed.h"
#include "app/pushing.h"
#include "app/reloader.h"
#include "app/reporting.h"
#include "app/rolling.h"
#include "app/roster.h"
#include "app/selfmetrics.h"
#include "app/since.h"
#include "app/storage.h"
#include "app/timetable.h"
#include "app/trend_picture.h"
#include "app/trending.h"
#include "app/vigil.h"
#include "app/watch.h"
#include "web/web.h"

enum { BW_DAEMON_SIGNALS = 4 };

struct bw_daemon {
    const struct bw_daemon_options *options;
    struct bw_core core;
    struct bw_config *config;
    struct bw_resolver *resolver;
    struct bw_roster *roster;
    struct bw_watch *watch;
    struct bw_canary *canary;
    struct bw_probing *probing;
    struct bw_pushing *pushing;
    struct bw_timetable *timetable;
    struct bw_hostwatch *hostwatch;
    struct bw_alerting *alerting;
    struct bw_trending *trending;
    struct bw_vigil *vigil;
    struct bw_trend_pictures *trend_pictures;
    struct bw_reporting *reporting;
    struct bw_compacting *compacting;
    struct bw_rolling *rolling;
    struct bw_storage *storage;
    struct bw_control *control;
    struct bw_marking *marking;
    struct bw_web *web;
    struct bw_timer *self_timer, *rest_timer;
    unsigned rests; /* so often memory was given back */
    uint64_t asked; /* bw_publisher_asked() when own metrics were refreshed last */
    struct bw_discovery *discovery;
    struct bw_pushed *pushed;
    struct bw_reloader *reloader;
    struct bw_config_default defaults;
    struct bw_signal *signals[BW_DAEMON_SIGNALS];
    struct bw_publication *self_publication;
    struct bw_source *self_source;
    struct bw_self self;
    char *config_message;
    char node[256];
    bool stopping;
    bool ready; /* written once before the front end may say so; read by its threads */
};

/* ---- daemon_config.c ---- */

/* Loads and validates the file of the options, or the built-in default. NULL with problems. */
struct bw_config *bw_daemon_load(const struct bw_daemon *daemon, struct bw_problems *problems);

/* Makes a validated configuration the one in force, which takes it; what the old one knew
 * carries on. After an error the old one holds, and `config` is the caller's. */
enum bw_rc bw_daemon_apply(struct bw_daemon *daemon, struct bw_config *config, struct bw_err *err);

/* A reload has loaded something, or found mistakes: bw_reloader_take_fn. */
bool bw_daemon_take_config(void *ctx, struct bw_config *config, struct bw_problems *problems,
                           char *message, size_t size);

/* Gives the reloader the hooks for targets that are found. */
void bw_daemon_join_discovery(struct bw_daemon *daemon);

/* A list of targets has changed: bw_loop_fn. */
void bw_daemon_targets_changed(void *ctx);

void bw_daemon_log_problems(struct bw_problems *problems, enum bw_log_level level);

/* ---- daemon_pulse.c ---- */

void bw_daemon_make_pulse(struct bw_daemon *daemon);

/* Measures and shows the first time, at once. */
void bw_daemon_start_pulse(struct bw_daemon *daemon);
void bw_daemon_stop_pulse(struct bw_daemon *daemon);
void bw_daemon_free_pulse(struct bw_daemon *daemon);

/* Each of the two now, and not only when it is due. */
void bw_daemon_publish_view(struct bw_daemon *daemon);
void bw_daemon_refresh_self(struct bw_daemon *daemon);

/* ---- daemon_web.c ---- */

enum bw_rc bw_daemon_start_web(struct bw_daemon *daemon, struct bw_err *err);

/* Has the front end listen on the store's control socket, if there is one. */
enum bw_rc bw_daemon_add_control(struct bw_daemon *daemon, struct bw_err *err);

#endif
