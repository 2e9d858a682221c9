// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/grpc.h"

#include "base/mem.h"
#include "base/text.h"
#include "probe/tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AT(member) offsetof(struct bw_grpc_options, member)

static const struct bw_opt grpc_options[] = {
    { "service", BW_OPT_STRING, AT(service), .def = "", .range = "0..1024",
      .help = "The service whose health is asked for; empty: that of the server as a whole." },
    { "tls", BW_OPT_BOOL, AT(tls), .def = "false",
      .help = "Speak TLS; without it HTTP/2 begins at once, in the clear." },
    { "tls_config", BW_OPT_GROUP, AT(tls_config), .group = &bw_probe_tls_group,
      .help = "For tls." },
    { "metadata", BW_OPT_MULTIMAP, AT(metadata),
      .help = "Metadata to send with the call, such as `authorization: Bearer …`; a list sends a "
              "name several times. Values do not show in transcripts." },
    BW_PROBE_ADDRESS_ROWS("a name"),
    { 0 },
};
#undef AT

/* Names that are the protocol's own; a name with "-bin" would need its value in base64. */
static bool is_metadata_name(const char *name)
{
    static const char *const taken[] = { "te", "content-type", "connection", "host", "user-agent" };
    const size_t len = strlen(name);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        if (strcasecmp(name, taken[i]) == 0)
            return false;
    }
    return len > 0 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-.") == len
           && strncmp(name, "grpc-", 5) != 0;
}

static bool is_metadata_value(const char *value)
{
    while (*value >= 0x20 && *value <= 0x7e)
        value++;
    return *value == '\0';
}

static enum bw_rc check_options(const void *opts, struct bw_err *err)
{
    const struct bw_grpc_options *o = opts;
    for (size_t i = 0; i < o->metadata.count; i++) {
        const struct bw_pair *pair = &o->metadata.items[i];
        if (!is_metadata_name(pair->name))
            return bw_fail(err, BW_EINVAL,
                           "metadata: '%.60s' is no name for it: small letters, digits, '-', '_' "
                           "and '.', and none of the protocol's own",
                           pair->name);
        if (!is_metadata_value(pair->value))
            return bw_fail(err, BW_EINVAL, "metadata: the value of '%.60s' is not printable ASCII",
                           pair->name);
    }
    return BW_OK;
}

const struct bw_opt_group bw_probe_grpc_group = {
    .name = "grpc",
    .size = sizeof(struct bw_grpc_options),
    .opts = grpc_options,
    .help = "Asks for the health of a service with grpc.health.v1.Health/Check. The target is "
            "HOST:PORT.",
    .check = check_options,
};

/* ---- plans ---- */

static void add_header(struct bw_http_plan *http, const char *name, const char *value)
{
    http->headers[http->header_count++] =
        (struct bw_http_header){ bw_strdup(name), bw_strdup(value), false };
}

static void make_request(struct bw_grpc_plan *plan, const struct bw_grpc_options *o)
{
    struct bw_http_plan *http = &plan->http;
    *http = (struct bw_http_plan){
        .method = bw_strdup("POST"),
        .preference = (enum bw_ip_preference)o->preferred_ip_protocol,
        .fallback = o->ip_protocol_fallback,
        .enable_http2 = true,
        .keep_alive = true, /* HTTP/2 knows no "Connection: close" */
        .body_bytes_max = BW_GRPC_HEAD_BYTES + BW_GRPC_MESSAGE_BYTES_MAX,
    };
    http->headers = bw_alloc_array(o->metadata.count + 2, sizeof *http->headers);
    add_header(http, "content-type", "application/grpc");
    add_header(http, "te", "trailers");
    for (size_t i = 0; i < o->metadata.count; i++)
        add_header(http, o->metadata.items[i].name, o->metadata.items[i].value);
    bw_buf_init(&plan->message, BW_GRPC_SERVICE_BYTES_MAX + 64);
    bw_grpc_write_request(&plan->message, o->service);
}

void *bw_grpc_prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                      struct bw_err *err)
{
    (void)engine;
    const struct bw_grpc_options *o = options;
    struct bw_grpc_plan *plan = bw_alloc(sizeof *plan);
    plan->tls = o->tls;
    plan->service = bw_strdup(o->service);
    make_request(plan, o);
    enum bw_rc rc = check_options(o, err);
    if (rc == BW_OK && bw_buf_failed(&plan->message))
        rc = bw_fail(err, BW_ELIMIT, "service: more than %d bytes", BW_GRPC_SERVICE_BYTES_MAX);
    if (rc == BW_OK && o->tls)
        rc = bw_tls_plan_make(&plan->http.tls_plan, &o->tls_config, folder, err);
    if (rc == BW_OK)
        return plan;
    bw_grpc_release(plan);
    return NULL;
}

void bw_grpc_release(void *prepared)
{
    struct bw_grpc_plan *plan = prepared;
    struct bw_http_plan *http = &plan->http;
    for (size_t i = 0; i < http->header_count; i++) {
        free(http->headers[i].name);
        free(http->headers[i].value);
    }
    free(http->headers);
    free(http->method);
    bw_tls_plan_fini(&http->tls_plan);
    bw_buf_fini(&plan->message);
    free(plan->service);
    free(plan);
}

void bw_grpc_secrets(const void *prepared, struct bw_mask *mask)
{
    const struct bw_http_plan *http = &((const struct bw_grpc_plan *)prepared)->http;
    for (size_t i = 2; i < http->header_count; i++) { /* after the two of the protocol */
        const char *value = http->headers[i].value, *blank = strrchr(value, ' ');
        bw_mask_add(mask, value);
        if (blank != NULL)
            bw_mask_add(mask, blank + 1);
    }
}

/* ---- targets ---- */

enum bw_rc bw_grpc_target_parse(const char *text, bool tls, struct bw_http_url *out,
                                struct bw_err *err)
{
    char bare[320], url[400];
    struct bw_tcp_target at;
    const char *begin = strncmp(text, "http://", 7) == 0    ? text + 7
                        : strncmp(text, "https://", 8) == 0 ? text + 8
                                                            : text;
    const size_t len = begin == text ? strlen(begin) : strcspn(begin, "/?#");
    if (len >= sizeof bare)
        return bw_fail(err, BW_EINVAL, "'%.80s' is not HOST:PORT", text);
    memcpy(bare, begin, len);
    bare[len] = '\0';
    if (bw_tcp_target_parse(bare, &at, err) != BW_OK)
        return err->rc;
    snprintf(url, sizeof url, "%s://%s/grpc.health.v1.Health/Check", tls ? "https" : "http", bare);
    return bw_http_url_parse(url, out, err);
}
