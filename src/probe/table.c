// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/table.h"

#include "probe/module.h"

#include <string.h>

extern const struct bw_probe_ops bw_probe_http;
extern const struct bw_probe_ops bw_probe_tcp;
extern const struct bw_probe_ops bw_probe_icmp;
extern const struct bw_probe_ops bw_probe_exec;
extern const struct bw_probe_ops bw_probe_dns;
extern const struct bw_probe_ops bw_probe_grpc;
extern const struct bw_probe_ops bw_probe_websocket;
extern const struct bw_probe_ops bw_probe_look;
extern const struct bw_probe_ops bw_probe_unix;

const struct bw_probe_ops *const bw_probe_table[] = {
    [BW_PROBER_HTTP] = &bw_probe_http,
    [BW_PROBER_TCP] = &bw_probe_tcp,
    [BW_PROBER_ICMP] = &bw_probe_icmp,
    [BW_PROBER_EXEC] = &bw_probe_exec,
    [BW_PROBER_DNS] = &bw_probe_dns,
    [BW_PROBER_GRPC] = &bw_probe_grpc,
    [BW_PROBER_WEBSOCKET] = &bw_probe_websocket,
    [BW_PROBER_TLS] = &bw_probe_look,
    [BW_PROBER_UNIX] = &bw_probe_unix,
    [BW_PROBER_COUNT] = NULL,
};

const struct bw_probe_ops *bw_probe_find(const char *name)
{
    for (size_t i = 0; bw_probe_table[i] != NULL; i++) {
        if (strcmp(bw_probe_table[i]->name, name) == 0)
            return bw_probe_table[i];
    }
    return NULL;
}
