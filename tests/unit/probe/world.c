// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include "base/text.h"
#include "base/units.h"
#include "conf/decode.h"
#include "conf/problems.h"
#include "conf/yaml.h"
#include "peer.h"
#include "probe/tells.h"

#include <stdio.h>
#include <string.h>

void world_open(struct world *w, const char *servers)
{
    memset(w, 0, sizeof *w);
    char nowhere[32];
    snprintf(nowhere, sizeof nowhere, "127.0.0.1:%u", peer_closed_port());
    const struct bw_resolver_options options = { .servers = servers != NULL ? servers : nowhere,
                                                 .try_ns = 100 * BW_MS };
    w->loop = bw_loop_new();
    w->resolver = bw_resolver_new(w->loop, &options, NULL);
    assert_non_null(w->resolver);
    w->engine = bw_probe_engine_new(w->loop, w->resolver, NULL);
    assert_non_null(w->engine);
}

void world_close(struct world *w)
{
    bw_probe_engine_free(w->engine);
    bw_resolver_free(w->resolver);
    bw_loop_free(w->loop);
    bw_arena_fini(&w->arena);
}

struct bw_probe_module world_module(struct world *w, enum bw_prober prober)
{
    struct bw_probe_module module;
    bw_conf_defaults(&w->arena, &bw_probe_module_group, &module);
    module.prober = (int)prober;
    return module;
}

const char *world_config(struct world *w, const char *yaml, struct bw_probe_module *out)
{
    struct bw_problems problems;
    struct bw_buf said;
    bw_problems_init(&problems);
    bw_buf_init(&said, 65536);
    struct bw_conf_ctx ctx = { .arena = &w->arena, .problems = &problems };
    const struct bw_node *root = bw_yaml_read("t.yml", yaml, strlen(yaml), &w->arena, &problems);
    if (root != NULL)
        bw_conf_decode(&ctx, root, "", &bw_probe_module_group, out);
    bw_problems_print(&problems, &said);
    const char *text = world_text(w, "%s", said.data);
    bw_buf_fini(&said);
    bw_problems_fini(&problems);
    return text;
}

/* However a run ended: its transcript is one line or more, bounded, and safe to show. */
static void take_transcript(struct world *w, const struct bw_probe_result *result)
{
    struct bw_buf out;
    bw_buf_init(&out, 2 * BW_TRANSCRIPT_BYTES_MAX);
    bw_probe_tell(result, &out);
    assert_true(out.len > 0 && out.len <= BW_TRANSCRIPT_BYTES_MAX);
    assert_int_equal(bw_utf8_valid_prefix(out.data, out.len), out.len);
    for (size_t i = 0; i < out.len; i++)
        assert_true((unsigned char)out.data[i] >= 0x20 || out.data[i] == '\n');
    memcpy(w->told, out.data, out.len + 1);
    bw_buf_fini(&out);
}

/* probe/tells.c knows all that a run says. */
static void expect_told(const struct bw_probe_ops *ops, const struct bw_probe_result *result)
{
    const size_t kind = bw_kind_of(ops);
    for (enum bw_probe_phase phase = 0; phase < BW_PHASE_COUNT; phase++) {
        if (result->phase_seen[phase] && !bw_kind_tells_phase(kind, phase))
            fail_msg("probe/tells.c: %s has phase %s", ops->name, bw_probe_phase_name(phase));
    }
    for (size_t i = 0; i < result->measures->count; i++) {
        const enum bw_family_id family = result->measures->items[i].family;
        if (!bw_kind_tells_family(kind, family))
            fail_msg("probe/tells.c: %s has %s", ops->name, bw_family_row(family)->name);
    }
    if (result->reason != BW_REASON_NONE && !bw_kind_tells_reason(kind, result->reason))
        fail_msg("probe/tells.c: %s has %s", ops->name, bw_reason_name(result->reason));
}

static void on_done(void *ctx, const struct bw_probe_result *result)
{
    struct world *w = ctx;
    w->done++;
    take_transcript(w, result);
    expect_told(w->ops, result);
    w->result = *result;
    w->retried[0] = '\0';
    if (result->retried_detail != NULL)
        snprintf(w->retried, sizeof w->retried, "%s", result->retried_detail);
    snprintf(w->change, sizeof w->change, "%s", result->change != NULL ? result->change : "");
    /* Into our arena: the run's is gone after this. */
    bw_measures_init(&w->measures, &w->arena);
    for (size_t i = 0; i < result->measures->count; i++) {
        const struct bw_measure *m = &result->measures->items[i];
        bw_measures_add_part(&w->measures, m->family, m->part, m->bound, m->value, m->labels);
    }
    bw_loop_stop(w->loop);
}

void world_run(struct world *w, const struct bw_probe_module *module,
               const struct bw_probe_request *request)
{
    struct bw_err err;
    struct bw_probe_plan *plan = bw_probe_plan_new(w->engine, module, NULL, &err);
    if (plan == NULL)
        fail_msg("%s", err.text);
    struct bw_probe_request full = *request;
    full.plan = plan;
    w->ops = bw_probe_plan_ops(plan);
    w->done = 0;
    bw_probe_start(w->engine, &full, on_done, w);
    assert_int_equal(w->done, 0); /* never from inside start */
    bw_probe_plan_free(plan);     /* the run keeps it */
    bw_loop_run(w->loop);
    assert_int_equal(w->done, 1);
}

void world_probe(struct world *w, const struct bw_probe_module *module, const char *target,
                 int64_t timeout_ns)
{
    const struct bw_probe_request request = { .target = { .text = target },
                                              .timeout_ns = timeout_ns };
    world_run(w, module, &request);
}

void world_expect(const struct world *w, const char *story, enum bw_reason reason,
                  const char *detail)
{
    if (w->result.reason != reason || strstr(w->result.detail, detail) == NULL)
        fail_msg("%s: %s, '%s'; expected %s, '%s'", story, bw_reason_name(w->result.reason),
                 w->result.detail, bw_reason_name(reason), detail);
    assert_true(w->result.duration_ns < 20 * BW_SECOND);
}

void world_refused(struct world *w, enum bw_prober prober, const char *scheme)
{
    world_open(w, NULL);
    const struct bw_probe_module module = world_module(w, prober);
    const char *target = world_text(w, "%s127.0.0.1:%u", scheme, peer_closed_port());
    world_probe(w, &module, target, BW_SECOND);
    assert_int_equal(w->result.reason, BW_REASON_CONNECT_REFUSED);
    assert_int_equal(w->result.last_phase, BW_PHASE_CONNECT);
}

double world_value(const struct world *w, enum bw_family_id family, const char *label)
{
    double value = 0;
    if (!bw_measures_value(&w->measures, family, label != NULL ? BW_LABEL_VALUES(label) : NULL,
                           &value))
        fail_msg("no %s", bw_family_row(family)->name);
    return value;
}

bool world_has(const struct world *w, enum bw_family_id family)
{
    double value;
    return bw_measures_value(&w->measures, family, NULL, &value);
}
