// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/way.h"

#include "base/units.h"

#include <string.h>

struct bw_lookup *bw_way_begin(struct bw_probe_engine *engine, struct bw_probe_outcome *out,
                               const struct bw_lookup_query *query, bw_lookup_done_fn *done,
                               void *ctx)
{
    char address[BW_ADDRESS_TEXT_MAX];
    struct bw_lookup_query patient = *query;
    patient.timeout_ns = BW_HOUR; /* the run's deadline comes first */
    if (out->way != NULL && strcmp(out->way->name, query->name) == 0) {
        bw_address_format(address, &out->way->address);
        patient.name = address; /* is itself */
        patient.fallback = true;
    }
    bw_trail_add(out, BW_TRAIL_LOOKUP, query->name, strlen(query->name));
    return bw_lookup_start(engine->resolver, &patient, done, ctx);
}

bool bw_way_take_proxy(struct bw_probe_outcome *out, const struct bw_lookup_result *result,
                       const char *name, struct bw_address *out_address)
{
    if (result->reason != BW_REASON_NONE) {
        bw_probe_fail(out, result->reason, "%s: %s", name, result->detail);
        return false;
    }
    *out_address = result->addresses[0];
    bw_trail_note(out, BW_TRAIL_ADDRESSES, result->addresses,
                  result->count * sizeof *result->addresses);
    return true;
}

bool bw_way_take(struct bw_probe_outcome *out, const struct bw_lookup_result *result,
                 const char *name, struct bw_address *out_address)
{
    struct bw_way *way = out->way;
    if (!bw_way_take_proxy(out, result, name, out_address))
        return false;
    if (way != NULL && way->name[0] == '\0' && strlen(name) < sizeof way->name) {
        memcpy(way->name, name, strlen(name) + 1);
        way->address = *out_address;
        way->found(way->ctx, name, result->addresses, result->count);
    }
    return true;
}

bool bw_way_go(struct bw_probe_outcome *out, const struct bw_probe_target *target,
               const struct bw_trail_peer *peer)
{
    bw_trail_add(out, BW_TRAIL_CONNECT, peer, sizeof *peer);
    if (target->filter == NULL || target->filter(target->filter_ctx, &peer->address))
        return true;
    bw_probe_fail(out, BW_REASON_CONNECT_FAILED, "this address is not allowed");
    return false;
}
