// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/alert_kind.h"
#include "base/mem.h"
#include "model/picker.h"

#include <stdlib.h>
#include <string.h>

/* An expression over the latest values. */
struct gaze {
    struct bw_expr *expr;
    struct bw_picker **pickers; /* by selector of expr */
    bool about_status;          /* it looks at statuses of checks */
};

static void gaze_free(void *made)
{
    struct gaze *gaze = made;
    if (gaze == NULL)
        return;
    for (size_t i = 0; gaze->pickers != NULL && i < bw_expr_selector_count(gaze->expr); i++)
        bw_picker_free(gaze->pickers[i]);
    free(gaze->pickers);
    bw_expr_free(gaze->expr);
    free(gaze);
}

static enum bw_rc gaze_make(const struct bw_alert_rule *rule, bool guests, void **out,
                            struct bw_err *err)
{
    struct gaze *gaze = bw_alloc(sizeof *gaze);
    enum bw_rc rc = bw_expr_parse(rule->expr, &gaze->expr, err);
    const size_t count = rc == BW_OK ? bw_expr_selector_count(gaze->expr) : 0;
    if (rc == BW_OK)
        gaze->pickers = bw_alloc_array(count + 1, sizeof(struct bw_picker *));
    for (size_t i = 0; rc == BW_OK && i < count; i++)
        rc = bw_alert_kind_picker(bw_expr_selector(gaze->expr, i), guests, &gaze->pickers[i], err);
    if (rc != BW_OK) {
        gaze_free(gaze);
        return rc;
    }
    gaze->about_status = strstr(rule->expr, "bellwether_health_status") != NULL;
    *out = gaze;
    return BW_OK;
}

/* What happens while one rule is evaluated. */
struct looking {
    const struct gaze *gaze;
    struct bw_alert_round *round;
    struct bw_expr_vector *out; /* of the selector at hand */
};

static void pick(void *ctx, const struct bw_latest *latest)
{
    const struct looking *looking = ctx;
    bw_expr_vector_add(looking->out, bw_alert_labels_text(looking->round->arena, latest->labels),
                       latest->value);
    bw_alert_round_saw(looking->round, latest->labels);
}

static void resolve(void *ctx, size_t selector, struct bw_expr_vector *out)
{
    struct looking *looking = ctx;
    looking->out = out;
    bw_recorder_each(looking->round->core->recorder, looking->gaze->pickers[selector],
                     looking->round->now_ms - BW_ALERT_STALE_MS, pick, looking);
    if (out->count == 0)
        bw_alert_round_missed(looking->round, bw_expr_selector(looking->gaze->expr, selector));
}

static enum bw_rc gaze_look(void *made, struct bw_alert_round *round, struct bw_expr_vector *out,
                            struct bw_err *err)
{
    struct looking looking = { .gaze = made, .round = round };
    return bw_expr_eval(looking.gaze->expr, resolve, &looking, out, err);
}

/* A rule about a check's status says "1 == 1"; what people want to read is why the check has
 * that status. Other rules speak for themselves. */
static const char *gaze_cause(void *made, const struct bw_alert_round *round,
                              const struct bw_alert_intent *intent, struct bw_arena *arena)
{
    const struct gaze *gaze = made;
    if (intent->to == BW_LEVEL_NONE || round->roster == NULL || !gaze->about_status)
        return intent->cause;
    const struct bw_subject subject = bw_alert_subject(arena, intent->labels);
    const struct bw_roster_check *check = bw_roster_check(round->roster, &subject);
    const char *cause = check != NULL ? bw_roster_cause(round->roster, check) : "";
    return cause[0] != '\0' ? cause : intent->cause;
}

const struct bw_alert_kind_ops bw_alert_kind_expr = {
    .make = gaze_make,
    .free = gaze_free,
    .look = gaze_look,
    .cause = gaze_cause,
};
