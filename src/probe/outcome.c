// SPDX-License-Identifier: GPL-3.0-or-later
/* What every kind of probe needs to write its outcome. */
#include "probe/probe.h"

#include "base/text.h"
#include "base/units.h"
#include "probe/trail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const *bw_probe_phase_label(enum bw_probe_phase phase)
{
    static const char *const names[BW_PHASE_COUNT + 1] = {
        [BW_PHASE_RESOLVE] = "resolve",   [BW_PHASE_CONNECT] = "connect",
        [BW_PHASE_TLS] = "tls",           [BW_PHASE_PROCESSING] = "processing",
        [BW_PHASE_TRANSFER] = "transfer", [BW_PHASE_COUNT] = "",
    };
    return &names[phase < BW_PHASE_COUNT ? phase : BW_PHASE_COUNT];
}

const char *bw_probe_phase_name(enum bw_probe_phase phase)
{
    return *bw_probe_phase_label(phase);
}

/* One byte that cannot stand as it is; returns how long its escape is. */
static size_t escape_byte(char out[8], unsigned char c)
{
    const char *named = c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\t' ? "\\t" : NULL;
    int len = named != NULL ? snprintf(out, 8, "%s", named) : snprintf(out, 8, "\\x%02x", c);
    return (size_t)len;
}

/* C0, DEL, and the C1 controls that are two bytes in UTF-8. */
static bool is_control(const unsigned char *at, size_t valid)
{
    return at[0] < 0x20 || at[0] == 0x7f || (valid > 1 && at[0] == 0xc2 && at[1] < 0xa0);
}

static size_t sequence_length(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

void bw_probe_quote(char *out, size_t size, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    size_t used = 0;
    while (len > 0) {
        size_t valid = bw_utf8_valid_prefix((const char *)at, len < 4 ? len : 4);
        size_t take = sequence_length(at[0]);
        char escaped[8];
        const char *put = (const char *)at;
        size_t put_len = take;
        if (valid < take || is_control(at, valid)) {
            take = 1;
            put_len = escape_byte(escaped, at[0]);
            put = escaped;
        }
        if (used + put_len >= size)
            break;
        memcpy(out + used, put, put_len);
        used += put_len;
        at += take;
        len -= take;
    }
    out[used] = '\0';
}

static void put_text(char out[BW_PROBE_DETAIL_BYTES_MAX], const char *format, va_list args)
{
    char raw[2 * BW_PROBE_DETAIL_BYTES_MAX];
    int len = vsnprintf(raw, sizeof raw, format, args);
    size_t have = len < 0 ? 0 : (size_t)len < sizeof raw ? (size_t)len : sizeof raw - 1;
    bw_probe_quote(out, BW_PROBE_DETAIL_BYTES_MAX, raw, have);
}

void bw_probe_fail(struct bw_probe_outcome *out, enum bw_reason reason, const char *format, ...)
{
    if (out->reason != BW_REASON_NONE)
        return;
    out->reason = reason;
    va_list args;
    va_start(args, format);
    put_text(out->detail, format, args);
    va_end(args);
}

void bw_probe_say(struct bw_probe_outcome *out, const char *format, ...)
{
    if (out->reason != BW_REASON_NONE)
        return;
    va_list args;
    va_start(args, format);
    put_text(out->detail, format, args);
    va_end(args);
}

void bw_probe_warn(struct bw_probe_outcome *out, const char *format, ...)
{
    if (out->warned)
        return;
    out->warned = true;
    va_list args;
    va_start(args, format);
    put_text(out->warning, format, args);
    va_end(args);
}

void bw_probe_leave(struct bw_probe_outcome *out)
{
    if (out->phase_start_ns == 0)
        return;
    out->phase_ns[out->phase] += bw_loop_mono_ns() - out->phase_start_ns;
    out->phase_start_ns = 0;
}

static void note_phase(struct bw_probe_outcome *out, enum bw_probe_phase phase, int64_t now_ns)
{
    const unsigned char number = (unsigned char)phase;
    if (out->trail == NULL)
        return;
    out->trail->last_ns = now_ns;
    bw_trail_add(out, BW_TRAIL_PHASE, &number, 1);
}

void bw_probe_enter(struct bw_probe_outcome *out, enum bw_probe_phase phase)
{
    int64_t now_ns = bw_loop_mono_ns();
    note_phase(out, phase, now_ns);
    if (out->phase_start_ns != 0)
        out->phase_ns[out->phase] += now_ns - out->phase_start_ns;
    out->phase = phase;
    out->phase_seen[phase] = true;
    out->phase_start_ns = now_ns;
}

void bw_probe_measure_lookup(struct bw_probe_outcome *out)
{
    bw_measures_add(out->measures, BW_METRIC_PROBE_DNS_LOOKUP_TIME_SECONDS,
                    (double)out->phase_ns[BW_PHASE_RESOLVE] / BW_SECOND, NULL);
}

void bw_probe_measure_address(struct bw_probe_outcome *out, const struct bw_address *address)
{
    bool ip4 = address->family == AF_INET;
    const unsigned char *bytes =
        ip4 ? (const unsigned char *)&address->ip4 : (const unsigned char *)&address->ip6;
    uint32_t hash = 2166136261u; /* FNV-1a, 32 bits */
    for (size_t i = 0; i < (ip4 ? 4u : 16u); i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    bw_measures_add(out->measures, BW_METRIC_PROBE_IP_PROTOCOL, ip4 ? 4 : 6, NULL);
    bw_measures_add(out->measures, BW_METRIC_PROBE_IP_ADDR_HASH, hash, NULL);
}

enum bw_reason bw_probe_errno_reason(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return BW_REASON_CONNECT_REFUSED;
    case ETIMEDOUT:
        return BW_REASON_CONNECT_TIMEOUT;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL: /* all local ports are taken */
        return BW_REASON_LOCAL_LIMIT;
    default:
        return BW_REASON_CONNECT_FAILED;
    }
}
