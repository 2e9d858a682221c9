// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/grpc.h: the parts of the gRPC probe: its plan and its target. */
#ifndef PROBE_GRPC_H
#define PROBE_GRPC_H

#include "probe/grpc_message.h"
#include "probe/http.h"

struct bw_grpc_plan {
    struct bw_http_plan http; /* the request, but for its message */
    struct bw_buf message;    /* a frame */
    char *service;
    bool tls;
};

void *bw_grpc_prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                      struct bw_err *err);
void bw_grpc_release(void *prepared);

/* All values of the metadata: any may be a key. */
void bw_grpc_secrets(const void *prepared, struct bw_mask *mask);

/* "host:port" or "[::1]:port", with http:// or https:// before it and a path behind it, which say
 * nothing, as in blackbox_exporter. The URL is that of the check. */
enum bw_rc bw_grpc_target_parse(const char *text, bool tls, struct bw_http_url *out,
                                struct bw_err *err);

#endif
