// SPDX-License-Identifier: GPL-3.0-or-later
/* app/core.h: what every part of the daemon stands on. Loop thread, unless a member says
 * otherwise. The parts know the core and what they own; they do not know each other: the
 * daemon (app/daemon.c) connects them. */
#ifndef APP_CORE_H
#define APP_CORE_H

#include "app/config.h"
#include "app/publish.h"
#include "app/record.h"
#include "health/check.h"
#include "io/clock.h"
#include "io/loop.h"
#include "io/work.h"
#include "model/records.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

enum { BW_CORE_EVENTS_MAX = 200 };

/* Whether we can see, as the self-canary (app/canary.h) has found out. All zeros without one. */
struct bw_core_sight {
    bool blind;
    uint64_t spells;                /* how often `blind` has changed */
    int64_t since_ms;               /* when it became what it is; 0: never */
    uint64_t answered;              /* the latest round of the canary that was seen */
    char words[256];                /* "none of 2 canary targets answers"; "" while we see */
    char cause[BW_CAUSE_BYTES_MAX]; /* "we cannot see: none of …": of what is UNKNOWN for it */
};

/* Failures that were written down in the present second: app/failures.h. */
struct bw_core_failures {
    int64_t second_ms;
    unsigned in_second;
};

struct bw_core {
    struct bw_loop *loop;
    struct bw_wall wall;
    struct bw_work_pool *workers;
    struct bw_store *store; /* NULL while there is none */
    struct bw_publisher *publisher;
    struct bw_recorder *recorder;
    const struct bw_config *config; /* the one in force */
    const char *node;               /* this machine's name */
    struct bw_core_failures failures;
    struct bw_core_sight sight;
    int64_t started_ms;
    bool view_is_stale;          /* something that a view shows has changed */
    int64_t view_due_ns;         /* monotonic: while it is stale, when the next one comes */
    int64_t view_shown_ns;       /* monotonic: when the last view was published */
    uint64_t view_acquired;      /* bw_publisher_acquired() when it last changed … */
    int64_t view_acquired_ns;    /* … and when that was seen */
    struct bw_timer *view_timer; /* publishes the next one; NULL: nobody does */
    struct bw_event *events;     /* ring of the newest, texts on the heap */
    size_t event_count, event_next;
    size_t view_bytes; /* what the last view took */
    uint64_t event_totals[BW_EVENT_MARKER + 1];
};

/* The wall clock as samples are stamped, Unix ms. */
int64_t bw_core_now_ms(struct bw_core *core);

/* Something that a view shows has changed: the next view comes at once, or a quarter of a second
 * after the last one, whichever is later; a whole second when nobody has looked for ten. */
void bw_core_view_changed(struct bw_core *core);

/* The same for what always changes, ages and the values of this machine: when nobody has looked
 * for ten seconds, a view for it alone comes five seconds after the last one. */
void bw_core_view_aged(struct bw_core *core);

/* Makes an event known: to the store, the log and the next view. Texts are copied. */
void bw_core_event(struct bw_core *core, const struct bw_event *event);

/* The same for something that happened to the daemon itself: "started", "reloaded". */
void bw_core_system_event(struct bw_core *core, const char *name, const char *cause);

/* The same for one that the store has already, its id set. */
void bw_core_stored_event(struct bw_core *core, const struct bw_event *event);

/* The event of this id, if it is one of the newest, is no more. */
void bw_core_forget_event(struct bw_core *core, int64_t id);

/* Puts an event from the store behind the others, for views; nothing else happens. */
void bw_core_remember_event(struct bw_core *core, const struct bw_event *event);

/* The i-th newest event, or NULL. */
const struct bw_event *bw_core_recent_event(const struct bw_core *core, size_t i);

void bw_core_free_events(struct bw_core *core);

#endif
