// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/probing_answer.h"

#include "base/escape.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/units.h"

#include <math.h>
#include <string.h>

#define SCRAPE_S_DEFAULT 120.0

/* ---- metrics --------------------------------------------------------------------------- */

bool bw_probing_is_blackbox(const char *family)
{
    static const char *const families[] = {
        "probe_success",
        "probe_duration_seconds",
        "probe_dns_lookup_time_seconds",
        "probe_ip_protocol",
        "probe_ip_addr_hash",
        "probe_failed_due_to_regex",
        "probe_expect_info",
        "probe_http_duration_seconds",
        "probe_http_status_code",
        "probe_http_version",
        "probe_http_content_length",
        "probe_http_uncompressed_body_length",
        "probe_http_redirects",
        "probe_http_ssl",
        "probe_http_last_modified_timestamp_seconds",
        "probe_ssl_earliest_cert_expiry",
        "probe_ssl_last_chain_expiry_timestamp_seconds",
        "probe_ssl_last_chain_info",
        "probe_tls_version_info",
        "probe_tls_cipher_info",
        "probe_icmp_duration_seconds",
        "probe_icmp_reply_hop_limit",
        "probe_dns_duration_seconds",
        "probe_dns_answer_rrs",
        "probe_dns_authority_rrs",
        "probe_dns_additional_rrs",
        "probe_dns_query_succeeded",
        "probe_dns_serial",
        "probe_grpc_duration_seconds",
        "probe_grpc_status_code",
        "probe_grpc_healthcheck_response",
        "probe_grpc_ssl",
        "probe_websocket_duration_seconds",
        "probe_websocket_status_code",
        "probe_websocket_connection_upgraded",
        "probe_websocket_failed_due_to_regex",
    };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (strcmp(families[i], family) == 0)
            return true;
    }
    return false;
}

static bool is_shown(enum bw_family_id id, bool extra)
{
    const char *family = bw_family_row(id)->name;
    if (id == BW_METRIC_PROBE_CACHED_AGE_SECONDS)
        return true; /* somebody has asked for just that */
    return extra ? bw_text_starts_with(family, "probe_") : bw_probing_is_blackbox(family);
}

void bw_probing_write_metrics(const struct bw_measures *measures, bool extra,
                              enum bw_exposition format, struct bw_buf *out)
{
    struct bw_arena arena;
    struct bw_measures shown;
    bw_arena_init(&arena);
    bw_measures_init(&shown, &arena);
    for (size_t i = 0; i < measures->count; i++) {
        const struct bw_measure *item = &measures->items[i];
        if (is_shown(item->family, extra))
            bw_measures_add_part(&shown, item->family, item->part, item->bound, item->value,
                                 item->labels);
    }
    bw_measures_render(&shown, format, out);
    bw_arena_fini(&arena);
}

/* ---- words ----------------------------------------------------------------------------- */

void bw_probing_write_quoted(const char *text, struct bw_buf *out)
{
    bw_buf_char(out, '"');
    bw_escape_label(out, text, strlen(text));
    bw_buf_char(out, '"');
}

void bw_probing_write_masked(const struct bw_buf *text, const struct bw_mask *mask,
                             struct bw_buf *out)
{
    struct bw_span rest = { text->data, text->len };
    struct bw_span line;
    while (rest.len > 0 && bw_span_split(&rest, '\n', &line)) {
        char shown[BW_TRAIL_NOTE_BYTES_MAX];
        if (mask == NULL) {
            bw_buf_bytes(out, line.data, line.len);
        } else {
            const size_t len = bw_mask_copy(mask, shown, sizeof shown, line.data, line.len, false);
            bw_buf_bytes(out, shown, len);
        }
        bw_buf_char(out, '\n');
    }
}

static bool is_plain(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.";
    return text[0] != '\0' && text[strspn(text, plain)] == '\0';
}

static void write_text(const char *text, struct bw_buf *out)
{
    if (is_plain(text)) {
        bw_buf_text(out, text);
        return;
    }
    bw_buf_char(out, '"');
    bw_escape_json(out, text, strlen(text));
    bw_buf_char(out, '"');
}

static void write_node(const struct bw_node *node, size_t indent, bool is_secret,
                       struct bw_buf *out);

static void write_children(const struct bw_node *node, size_t indent, bool is_secret,
                           struct bw_buf *out)
{
    for (const struct bw_node *child = node->first; child != NULL; child = child->next) {
        bw_buf_fill(out, ' ', indent);
        if (node->kind == BW_NODE_LIST) {
            bw_buf_char(out, '-');
        } else {
            write_text(child->key, out);
            bw_buf_char(out, ':');
        }
        const bool hides = node->kind == BW_NODE_MAP
                           && bw_mask_is_secret_name(child->key, strlen(child->key))
                           && child->kind == BW_NODE_SCALAR;
        write_node(child, indent + 2, is_secret || hides, out);
    }
}

static void write_node(const struct bw_node *node, size_t indent, bool is_secret,
                       struct bw_buf *out)
{
    if (node->kind != BW_NODE_SCALAR && node->count > 0) {
        bw_buf_char(out, '\n');
        write_children(node, indent, is_secret, out);
        return;
    }
    bw_buf_char(out, ' ');
    if (node->kind != BW_NODE_SCALAR)
        bw_buf_text(out, node->kind == BW_NODE_MAP ? "{}" : "[]");
    else if (is_secret)
        bw_buf_text(out, "<secret>");
    else if (!bw_node_is_null(node))
        write_text(node->text, out);
    bw_buf_char(out, '\n');
}

void bw_probing_write_module(const struct bw_node *module, struct bw_buf *out)
{
    write_children(module, 0, false, out);
}

/* ---- time ------------------------------------------------------------------------------ */

int64_t bw_probing_timeout_ns(int64_t module_ns, double scrape_s, int64_t offset_ns)
{
    const double scrape_ns = (scrape_s > 0 ? scrape_s : SCRAPE_S_DEFAULT) * (double)BW_SECOND;
    const double most_ns = fmax(scrape_ns - (double)offset_ns, 0);
    if (module_ns > 0 && ((double)module_ns < most_ns || !(most_ns > 0)))
        return module_ns;
    /* Neither says how long: what the scrape takes is too long, but no time at all is no probe. */
    return (int64_t)(most_ns > 0 ? most_ns : scrape_ns) + 1;
}
