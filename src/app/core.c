// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/core.h"

#include "app/log.h"
#include "base/mem.h"
#include "base/units.h"

#include <stdlib.h>

/* While somebody looks, and when nobody has for a while: making a view of a thousand checks takes
 * longer than running a few of them. */
#define VIEW_WATCHED_NS (250 * BW_MS)
#define VIEW_UNWATCHED_NS BW_SECOND
#define VIEW_AGED_NS (5 * BW_SECOND)
#define LOOKS_ON_NS (10 * BW_SECOND)

int64_t bw_core_now_ms(struct bw_core *core)
{
    return bw_wall_now_ms(&core->wall);
}

static bool is_watched(struct bw_core *core)
{
    const uint64_t views = bw_publisher_acquired(core->publisher);
    if (views != core->view_acquired) {
        core->view_acquired = views;
        core->view_acquired_ns = bw_loop_mono_ns();
    }
    return bw_loop_mono_ns() - core->view_acquired_ns < LOOKS_ON_NS;
}

static void plan_view(struct bw_core *core, int64_t unwatched_ns)
{
    const int64_t due_ns =
        core->view_shown_ns + (is_watched(core) ? VIEW_WATCHED_NS : unwatched_ns);
    if (core->view_is_stale && core->view_due_ns <= due_ns)
        return;
    core->view_is_stale = true;
    core->view_due_ns = due_ns;
    if (core->view_timer != NULL)
        bw_timer_start(core->view_timer, due_ns - bw_loop_mono_ns(), 0);
}

void bw_core_view_changed(struct bw_core *core)
{
    plan_view(core, VIEW_UNWATCHED_NS);
}

void bw_core_view_aged(struct bw_core *core)
{
    plan_view(core, VIEW_AGED_NS);
}

static void free_texts(struct bw_event *event)
{
    free((void *)(uintptr_t)event->subject.service);
    free((void *)(uintptr_t)event->subject.instance);
    free((void *)(uintptr_t)event->subject.check);
    free((void *)(uintptr_t)event->name);
    free((void *)(uintptr_t)event->cause);
}

static const char *copy(const char *text)
{
    return bw_strdup(text != NULL ? text : "");
}

void bw_core_remember_event(struct bw_core *core, const struct bw_event *event)
{
    if (core->events == NULL)
        core->events = bw_alloc_array(BW_CORE_EVENTS_MAX, sizeof *core->events);
    struct bw_event *slot = &core->events[core->event_next];
    free_texts(slot);
    *slot = *event;
    slot->subject.service = copy(event->subject.service);
    slot->subject.instance = copy(event->subject.instance);
    slot->subject.check = copy(event->subject.check);
    slot->name = copy(event->name);
    slot->cause = copy(event->cause);
    core->event_next = (core->event_next + 1) % BW_CORE_EVENTS_MAX;
    if (core->event_count < BW_CORE_EVENTS_MAX)
        core->event_count++;
    bw_core_view_changed(core);
}

const struct bw_event *bw_core_recent_event(const struct bw_core *core, size_t i)
{
    if (i >= core->event_count)
        return NULL;
    return &core->events[(core->event_next + BW_CORE_EVENTS_MAX - 1 - i) % BW_CORE_EVENTS_MAX];
}

/* Those that came after it move up. */
void bw_core_forget_event(struct bw_core *core, int64_t id)
{
    for (size_t i = 0; i < core->event_count; i++) {
        size_t at = (core->event_next + BW_CORE_EVENTS_MAX - 1 - i) % BW_CORE_EVENTS_MAX;
        if (core->events[at].id != id)
            continue;
        free_texts(&core->events[at]);
        for (; i > 0; i--) {
            const size_t next = (at + 1) % BW_CORE_EVENTS_MAX;
            core->events[at] = core->events[next];
            at = next;
        }
        core->events[at] = (struct bw_event){ 0 };
        core->event_next = at;
        core->event_count--;
        bw_core_view_changed(core);
        return;
    }
}

void bw_core_free_events(struct bw_core *core)
{
    for (size_t i = 0; core->events != NULL && i < BW_CORE_EVENTS_MAX; i++)
        free_texts(&core->events[i]);
    free(core->events);
    core->events = NULL;
    core->event_count = core->event_next = 0;
}

/* "HEALTHY" or "warning": what from and to of an event mean. */
static const char *state_name(const struct bw_event *event, int state)
{
    if (event->kind == BW_EVENT_ALERT)
        return bw_level_name((enum bw_level)state);
    return bw_status_name((enum bw_status)state);
}

static enum bw_log_level level_of(const struct bw_event *event)
{
    const bool bad = (event->kind == BW_EVENT_STATUS && event->to == BW_UNHEALTHY)
                     || (event->kind == BW_EVENT_ALERT && event->to >= BW_LEVEL_WARNING);
    return bad ? BW_LOG_WARN : BW_LOG_INFO;
}

static void log_event(const struct bw_event *event)
{
    if (event->kind == BW_EVENT_SYSTEM) {
        const struct bw_log_field fields[] = { { "cause", event->cause }, { NULL, NULL } };
        bw_log(BW_LOG_INFO, "daemon", event->name, fields);
        return;
    }
    const bool is_marker = event->kind == BW_EVENT_MARKER;
    struct bw_log_field fields[8] = { { NULL, NULL } };
    size_t n = 0;
    const struct bw_log_field all[] = {
        { "service", event->subject.service },
        { "instance", event->subject.instance },
        { "check", event->subject.check },
        { "alert", is_marker ? NULL : event->name },
        { "from", is_marker ? NULL : state_name(event, event->from) },
        { "to", is_marker ? NULL : state_name(event, event->to) },
        { "cause", event->cause },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i].value != NULL && all[i].value[0] != '\0')
            fields[n++] = all[i];
    }
    bw_log(level_of(event), event->kind == BW_EVENT_ALERT ? "alert" : "health",
           is_marker                       ? event->name
           : event->kind == BW_EVENT_ALERT ? "alert changed"
                                           : "status changed",
           fields);
}

void bw_core_stored_event(struct bw_core *core, const struct bw_event *event)
{
    log_event(event);
    bw_core_remember_event(core, event);
    core->event_totals[event->kind]++;
}

void bw_core_event(struct bw_core *core, const struct bw_event *event)
{
    bw_core_stored_event(core, event);
    if (core->store != NULL && !bw_store_put_event(core->store, event))
        bw_log(BW_LOG_ERROR, "store", "an event could not be queued: the disk has failed for long",
               NULL);
}

void bw_core_system_event(struct bw_core *core, const char *name, const char *cause)
{
    bw_core_event(core, &(struct bw_event){ .ts_ms = bw_core_now_ms(core),
                                            .kind = BW_EVENT_SYSTEM,
                                            .subject = { "", "", "" },
                                            .name = name,
                                            .cause = cause });
}
