// SPDX-License-Identifier: GPL-3.0-or-later
/* Alerts as people read them: what it is about first, then why, then which rule says so. */
#include "base/text.h"
#include "web/parts.h"
#include "web/words.h"

#include <string.h>

/* What an alert's labels say that it is about. */
struct about {
    const char *service, *instance, *check; /* NULL where no label says */
    struct bw_labels labels;
};

static struct about read_labels(struct bw_request *request, const struct bw_view_alert *alert)
{
    struct about about = { NULL };
    const char *metric;
    if (alert->labels == NULL
        || bw_series_parse(&request->arena, alert->labels, &metric, &about.labels) != BW_OK)
        return about;
    about.service = bw_labels_value(about.labels, "service");
    about.instance = bw_labels_value(about.labels, "instance");
    about.check = bw_labels_value(about.labels, "check");
    return about;
}

static const struct bw_view_check *watched(const struct bw_view *view, const struct about *about)
{
    if (about->service == NULL || about->instance == NULL || about->check == NULL)
        return NULL;
    const struct bw_view_service *service = bw_view_service(view, about->service);
    return service == NULL ? NULL
                           : bw_parts_find_check(service, about->instance, about->check, NULL);
}

/* The rule that asks for a status says it by its name and level already. */
static bool asks_for_status(const struct bw_view_alert *alert)
{
    return alert->expr != NULL && bw_text_starts_with(alert->expr, "bellwether_health_status");
}

static void add_who(struct bw_request *request, struct bw_value *item, const struct about *about)
{
    const char *const parts[] = { about->service, about->instance, about->check };
    struct bw_value *who = bw_value_add_list(&request->arena, item, "who");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i] != NULL)
            bw_value_add_text(&request->arena, who, NULL, parts[i]);
    if (about->service == NULL || bw_view_service(request->view, about->service) == NULL)
        return;
    bw_value_add_text(
        &request->arena, item, "url",
        watched(request->view, about) != NULL
            ? bw_parts_check_url(request, about->service, about->instance, about->check)
            : bw_parts_service_url(request, about->service));
}

static void add_chips(struct bw_request *request, struct bw_value *item,
                      const struct bw_view_alert *alert, const struct about *about)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *chips = bw_value_add_list(arena, item, "chips");
    for (size_t i = 0; i < about->labels.count; i++) {
        const struct bw_label *label = &about->labels.items[i];
        if (label->value == about->service || label->value == about->instance
            || label->value == about->check
            || (asks_for_status(alert) && strcmp(label->name, "state") == 0))
            continue;
        bw_value_add_printf(arena, chips, NULL, "%s: %s", label->name, label->value);
    }
    /* Labels that cannot be taken apart are shown as they are. */
    if (about->labels.count == 0 && alert->labels != NULL && strlen(alert->labels) > 2)
        bw_value_add_text(arena, chips, NULL, alert->labels);
}

/* What the check itself says tells more than "1 is == 1". */
static const char *cause_of(const struct bw_view *view, const struct bw_view_alert *alert,
                            const struct about *about)
{
    const struct bw_view_check *check = watched(view, about);
    if (asks_for_status(alert) && check != NULL && check->cause != NULL && check->cause[0] != '\0')
        return check->cause;
    return alert->cause;
}

static void add_alert(struct bw_request *request, struct bw_value *list,
                      const struct bw_view_alert *alert, bool pending)
{
    struct bw_arena *arena = &request->arena;
    const struct about about = read_labels(request, alert);
    struct bw_value *item = bw_value_add_object(arena, list, NULL);
    bw_value_add_text(arena, item, "rule", alert->rule);
    bw_words_level(arena, item, "level", pending ? alert->pending : alert->level);
    add_who(request, item, &about);
    add_chips(request, item, alert, &about);
    bw_words_time(arena, item, "since",
                  alert->active_since_ms != 0 ? alert->active_since_ms : alert->level_since_ms,
                  request->now_ms);
    bw_words_text(arena, item, "cause", cause_of(request->view, alert, &about));
    bw_words_text(arena, item, "expr", alert->expr);
    bw_value_add_text(arena, item, "value", bw_words_metric(arena, "", alert->value));
}

void bw_parts_alerts(struct bw_request *request, struct bw_value *in, const char *key,
                     const char *service, bool pending, size_t max)
{
    const struct bw_view *view = request->view;
    struct bw_value *list = bw_value_add_list(&request->arena, in, key);
    for (size_t i = 0; i < view->alert_count && list->count < max; i++) {
        const struct bw_view_alert *alert = &view->alerts[i];
        if ((alert->level == BW_LEVEL_NONE) != pending)
            continue;
        if (service != NULL) {
            const struct about about = read_labels(request, alert);
            if (about.service == NULL || strcmp(about.service, service) != 0)
                continue;
        }
        add_alert(request, list, alert, pending);
    }
}
