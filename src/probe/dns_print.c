// SPDX-License-Identifier: GPL-3.0-or-later
/* Records as text. What a type's data is made of is one line of a table; a field is read, checked
 * and printed by one small function. Data that ends early leaves the rest of the fields at their
 * zero, as miekg/dns does; data that ends in the middle of a field is broken. */
#include "probe/dns_message.h"

#include "base/civil.h"
#include "probe/dns_names.h"

#include <stdio.h>
#include <string.h>

/* The data of one record, read from front to back. */
struct reader {
    const uint8_t *bytes; /* of the message */
    size_t at, end;
    bool broken;
};

/* `size` bytes of the data; NULL, broken, when they are not there. */
static const uint8_t *take(struct reader *in, size_t size)
{
    if (in->end - in->at < size) {
        in->broken = true;
        return NULL;
    }
    in->at += size;
    return in->bytes + in->at - size;
}

static bool is_empty(const struct reader *in)
{
    return in->at == in->end;
}

/* A number of so many bytes; 0 at the end of the data. */
static uint32_t take_number(struct reader *in, size_t size)
{
    const uint8_t *at = is_empty(in) ? NULL : take(in, size);
    uint32_t number = 0;
    for (size_t i = 0; at != NULL && i < size; i++)
        number = number << 8 | at[i];
    return number;
}

/* ---- fields ---- */

static void put_byte(struct reader *in, struct bw_buf *out)
{
    bw_buf_uint(out, take_number(in, 1));
}

static void put_short(struct reader *in, struct bw_buf *out)
{
    bw_buf_uint(out, take_number(in, 2));
}

static void put_long(struct reader *in, struct bw_buf *out)
{
    bw_buf_uint(out, take_number(in, 4));
}

static void append_type(uint16_t type, struct bw_buf *out)
{
    const char *name = bw_dns_type_name(type);
    bw_buf_text(out, name != NULL ? name : "TYPE");
    if (name == NULL)
        bw_buf_uint(out, type);
}

static void put_type(struct reader *in, struct bw_buf *out)
{
    append_type((uint16_t)take_number(in, 2), out);
}

/* RFC 4034 section 3.2: "20260101000000". */
static void put_time(struct reader *in, struct bw_buf *out)
{
    const struct bw_civil at = bw_civil_from_ms((int64_t)take_number(in, 4) * 1000);
    bw_buf_printf(out, "%04d%02d%02d%02d%02d%02d", (int)at.year, at.month, at.day, at.hour,
                  at.minute, at.second);
}

static void put_name(struct reader *in, struct bw_buf *out)
{
    if (!is_empty(in) && !bw_dns_print_name(in->bytes, in->end, &in->at, out))
        in->broken = true;
}

static void put_ip4(struct reader *in, struct bw_buf *out)
{
    const uint8_t *at = is_empty(in) ? NULL : take(in, 4);
    if (at != NULL)
        bw_buf_printf(out, "%u.%u.%u.%u", at[0], at[1], at[2], at[3]);
}

/* The longest run of zeros, two words at least (RFC 5952). */
static void find_zeros(const unsigned words[8], int *out_at, int *out_count)
{
    for (int i = 0; i < 8; i++) {
        int count = 0;
        while (i + count < 8 && words[i + count] == 0)
            count++;
        if (count > *out_count && count > 1) {
            *out_at = i;
            *out_count = count;
        }
    }
}

static void append_ip6(const uint8_t *at, struct bw_buf *out)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    unsigned words[8];
    int zeros = 8, count = 0;
    if (memcmp(at, mapped, sizeof mapped) == 0) { /* as Go does it */
        bw_buf_printf(out, "%u.%u.%u.%u", at[12], at[13], at[14], at[15]);
        return;
    }
    for (int i = 0; i < 8; i++)
        words[i] = (unsigned)at[2 * i] << 8 | at[2 * i + 1];
    find_zeros(words, &zeros, &count);
    for (int i = 0; i < 8; i++) {
        if (i == zeros) {
            bw_buf_text(out, "::");
            i += count - 1;
            continue;
        }
        bw_buf_printf(out, "%s%x", i > 0 && i != zeros + count ? ":" : "", words[i]);
    }
}

static void put_ip6(struct reader *in, struct bw_buf *out)
{
    const uint8_t *at = is_empty(in) ? NULL : take(in, 16);
    if (at != NULL)
        append_ip6(at, out);
}

/* `special` bytes get a backslash, those that are not printable become \ddd. */
static void append_escaped(const uint8_t *at, size_t len, const char *special, struct bw_buf *out)
{
    for (size_t i = 0; i < len; i++) {
        if (at[i] < ' ' || at[i] > '~') {
            const char ddd[] = { '\\', (char)('0' + at[i] / 100), (char)('0' + at[i] / 10 % 10),
                                 (char)('0' + at[i] % 10) };
            bw_buf_bytes(out, ddd, sizeof ddd);
            continue;
        }
        if (strchr(special, at[i]) != NULL)
            bw_buf_char(out, '\\');
        bw_buf_char(out, (char)at[i]);
    }
}

static void append_string(struct reader *in, struct bw_buf *out)
{
    const uint8_t *size = is_empty(in) ? NULL : take(in, 1);
    const uint8_t *at = size != NULL ? take(in, *size) : NULL;
    if (at != NULL)
        append_escaped(at, *size, "\"\\", out);
}

static void put_string(struct reader *in, struct bw_buf *out)
{
    bw_buf_char(out, '"');
    append_string(in, out);
    bw_buf_char(out, '"');
}

static void put_strings(struct reader *in, struct bw_buf *out)
{
    for (bool first = true; !is_empty(in) && !in->broken; first = false) {
        if (!first)
            bw_buf_char(out, ' ');
        put_string(in, out);
    }
}

/* All that is left, as one text. A backslash takes the byte behind it along, as miekg/dns reads
 * these; a lone one is left out. */
static void put_rest(struct reader *in, struct bw_buf *out)
{
    bw_buf_char(out, '"');
    while (!is_empty(in)) {
        const uint8_t *at = take(in, 1);
        if (*at == '\\' && !is_empty(in))
            at = take(in, 1);
        else if (*at == '\\')
            break;
        append_escaped(at, 1, "\"\\", out);
    }
    bw_buf_char(out, '"');
}

static void append_hex(const uint8_t *at, size_t len, const char *digits, struct bw_buf *out)
{
    for (size_t i = 0; i < len; i++) {
        const char pair[] = { digits[at[i] >> 4], digits[at[i] & 0xf] };
        bw_buf_bytes(out, pair, sizeof pair);
    }
}

static const char lower_hex[] = "0123456789abcdef", upper_hex[] = "0123456789ABCDEF";

static void put_hex(struct reader *in, struct bw_buf *out)
{
    const size_t len = in->end - in->at;
    append_hex(take(in, len), len, lower_hex, out);
}

static void put_upper_hex(struct reader *in, struct bw_buf *out)
{
    const size_t len = in->end - in->at;
    append_hex(take(in, len), len, upper_hex, out);
}

static void put_salt(struct reader *in, struct bw_buf *out)
{
    const size_t len = take_number(in, 1);
    const uint8_t *at = take(in, len);
    if (len == 0)
        bw_buf_char(out, '-');
    else if (at != NULL)
        append_hex(at, len, upper_hex, out);
}

/* RFC 4648: a digit for so many bits; base64 is filled up to whole groups of four. */
static void append_base(const uint8_t *at, size_t len, unsigned bits, const char *digits,
                        struct bw_buf *out)
{
    unsigned held = 0, count = 0;
    size_t written = 0;
    for (size_t i = 0; i < len; i++) {
        held = (held << 8 | at[i]) & 0xffff;
        for (count += 8; count >= bits; written++) {
            count -= bits;
            bw_buf_char(out, digits[held >> count & ((1u << bits) - 1)]);
        }
    }
    if (count > 0) {
        bw_buf_char(out, digits[held << (bits - count) & ((1u << bits) - 1)]);
        written++;
    }
    if (bits == 6 && written % 4 != 0)
        bw_buf_fill(out, '=', 4 - written % 4);
}

static void append_base64(const uint8_t *at, size_t len, struct bw_buf *out)
{
    append_base(at, len, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
                out);
}

static void put_base64(struct reader *in, struct bw_buf *out)
{
    const size_t len = in->end - in->at;
    append_base64(take(in, len), len, out);
}

/* The next owner of NSEC3 (RFC 5155). */
static void put_hash(struct reader *in, struct bw_buf *out)
{
    const size_t len = take_number(in, 1);
    const uint8_t *at = take(in, len);
    if (at != NULL)
        append_base(at, len, 5, "0123456789ABCDEFGHIJKLMNOPQRSTUV", out);
}

/* RFC 4034 section 4.1.2: windows of 256 types, rising, none empty; a blank before each type. */
static void put_types(struct reader *in, struct bw_buf *out)
{
    int last = -1;
    while (!is_empty(in) && !in->broken) {
        const uint8_t *head = take(in, 2);
        const uint8_t *bits = head != NULL ? take(in, head[1]) : NULL;
        if (bits == NULL || head[0] <= last || head[1] == 0 || head[1] > 32) {
            in->broken = true;
            return;
        }
        last = head[0];
        for (unsigned i = 0; i < head[1] * 8u; i++) {
            if ((bits[i / 8] & 0x80u >> i % 8) == 0)
                continue;
            bw_buf_char(out, ' ');
            append_type((uint16_t)(head[0] * 256u + i), out);
        }
    }
}

/* ---- SVCB and HTTPS (RFC 9460) ---- */

enum { MANDATORY, ALPN, NO_ALPN, PORT, IP4_HINT, ECH, IP6_HINT, DOH_PATH, KEYS_KNOWN };

static void append_key(unsigned key, struct bw_buf *out)
{
    static const char *const names[KEYS_KNOWN] = {
        [MANDATORY] = "mandatory", [ALPN] = "alpn",         [NO_ALPN] = "no-default-alpn",
        [PORT] = "port",           [IP4_HINT] = "ipv4hint", [ECH] = "ech",
        [IP6_HINT] = "ipv6hint",   [DOH_PATH] = "dohpath",
    };
    if (key < KEYS_KNOWN)
        bw_buf_text(out, names[key]);
    else
        bw_buf_printf(out, "key%u", key);
}

/* A comma in a protocol's name is escaped twice: for the list and for the text. */
static void append_protocols(struct reader *in, struct bw_buf *out)
{
    for (bool first = true; !is_empty(in) && !in->broken; first = false) {
        const uint8_t *size = take(in, 1);
        const uint8_t *at = take(in, *size);
        if (!first)
            bw_buf_char(out, ',');
        for (size_t i = 0; at != NULL && i < *size; i++) {
            if (at[i] == ',' || at[i] == '\\')
                bw_buf_text(out, at[i] == ',' ? "\\\\\\044" : "\\\\\\092");
            else
                append_escaped(at + i, 1, "\"; ", out);
        }
    }
}

/* Items of one size, with commas between. */
static void append_items(struct reader *in, unsigned key, size_t size, struct bw_buf *out)
{
    in->broken = in->broken || is_empty(in);
    for (bool first = true; !is_empty(in) && !in->broken; first = false) {
        const uint8_t *at = take(in, size);
        if (at == NULL)
            return;
        if (!first)
            bw_buf_char(out, ',');
        if (key == MANDATORY)
            append_key((unsigned)at[0] << 8 | at[1], out);
        else if (key == IP4_HINT)
            bw_buf_printf(out, "%u.%u.%u.%u", at[0], at[1], at[2], at[3]);
        else
            append_ip6(at, out);
    }
}

static void append_value(struct reader *in, unsigned key, struct bw_buf *out)
{
    const size_t len = in->end - in->at;
    if (key == MANDATORY || key == IP4_HINT || key == IP6_HINT) {
        append_items(in, key, key == MANDATORY ? 2 : key == IP4_HINT ? 4 : 16, out);
    } else if (key == ALPN) {
        append_protocols(in, out);
    } else if (key == PORT && len == 2) {
        put_short(in, out);
    } else if (key == ECH) {
        put_base64(in, out);
    } else if (key != NO_ALPN && key != PORT) {
        append_escaped(take(in, len), len, "\"; \\", out);
    }
    in->broken = in->broken || !is_empty(in);
}

static void put_parameters(struct reader *in, struct bw_buf *out)
{
    int last = -1;
    while (!is_empty(in) && !in->broken) {
        const uint8_t *head = take(in, 4);
        const size_t len = head != NULL ? (size_t)(head[2] << 8 | head[3]) : 0;
        struct reader value = { .bytes = in->bytes, .at = in->at, .end = in->at + len };
        const int key = head != NULL ? head[0] << 8 | head[1] : -1;
        if (take(in, len) == NULL || key <= last) {
            in->broken = true;
            return;
        }
        bw_buf_char(out, ' ');
        append_key((unsigned)key, out);
        bw_buf_text(out, "=\"");
        append_value(&value, (unsigned)key, out);
        bw_buf_char(out, '"');
        in->broken = value.broken;
        last = key;
    }
}

/* ---- types ---- */

typedef void put_fn(struct reader *in, struct bw_buf *out);

/* Letters of the layouts below. */
static put_fn *const fields['z' + 1] = {
    ['b'] = put_byte,   ['w'] = put_short,     ['l'] = put_long,       ['t'] = put_type,
    ['T'] = put_time,   ['n'] = put_name,      ['4'] = put_ip4,        ['6'] = put_ip6,
    ['s'] = put_string, ['S'] = put_strings,   ['c'] = append_string,  ['r'] = put_rest,
    ['x'] = put_hex,    ['X'] = put_upper_hex, ['B'] = put_base64,     ['a'] = put_salt,
    ['h'] = put_hash,   ['m'] = put_types,     ['p'] = put_parameters,
};

// clang-format off
static const struct {
    uint16_t type;
    const char *layout; /* fields, and blanks between them */
} layouts[] = {
    { 1, "4" }, { 28, "6" }, { 5, "n" }, { 2, "n" }, { 6, "n n l l l l l" }, { 15, "w n" },
    { 16, "S" }, { 12, "n" }, { 33, "w w w n" }, { 46, "t b b l T T w n B" }, { 48, "w b b B" },
    { 43, "w b b X" }, { 47, "nm" }, { 50, "b b w a hm" }, { 65, "w np" }, { 64, "w np" },
    { 257, "b c r" }, { 52, "b b b x" },
    { 3, "n" }, { 4, "n" }, { 7, "n" }, { 8, "n" }, { 9, "n" }, { 13, "s s" }, { 14, "n n" },
    { 17, "n n" }, { 18, "w n" }, { 21, "w n" }, { 23, "n" }, { 24, "t b b l T T w n B" },
    { 25, "w b b B" }, { 26, "w n n" }, { 35, "w w s s s n" }, { 36, "w n" }, { 39, "n" },
    { 44, "b b X" }, { 49, "B" }, { 51, "b b w a" }, { 53, "b b b x" }, { 56, "S" },
    { 57, "w b b B" }, { 58, "n n" }, { 59, "w b b X" }, { 60, "w b b B" }, { 61, "B" },
    { 62, "l wm" }, { 63, "l b b x" }, { 99, "S" }, { 105, "w 4" }, { 107, "w n" },
    { 256, "w w r" }, { 258, "S" }, { 32768, "w b b X" }, { 32769, "w b b X" },
    { 0, NULL },
};
// clang-format on

static const char *layout_of(uint16_t type)
{
    size_t i = 0;
    while (layouts[i].layout != NULL && layouts[i].type != type)
        i++;
    return layouts[i].layout;
}

bool bw_dns_print_data(const struct bw_dns_message *message, const struct bw_dns_record *record,
                       struct bw_buf *out)
{
    struct reader in = { .bytes = message->bytes,
                         .at = record->data_at,
                         .end = record->data_at + record->data_len };
    const char *layout = layout_of(record->type);
    if (layout == NULL) {
        bw_buf_printf(out, "\\# %zu ", record->data_len);
        put_hex(&in, out);
        return true;
    }
    for (; *layout != '\0' && !in.broken; layout++) {
        if (*layout == ' ')
            bw_buf_char(out, ' ');
        else
            fields[(unsigned char)*layout](&in, out);
    }
    return !in.broken && is_empty(&in);
}

/* ---- records ---- */

/* EDNS (RFC 6891): not a record but a way to say more; its options are left out. */
static void print_edns(const struct bw_dns_record *record, struct bw_buf *out)
{
    bw_buf_printf(out, "\n;; OPT PSEUDOSECTION:\n; EDNS: version %u; flags: %s; udp: %u",
                  (unsigned)(record->ttl >> 16 & 0xff), record->ttl & 0x8000 ? "do" : "",
                  record->rclass);
}

bool bw_dns_print(const struct bw_dns_message *message, const struct bw_dns_record *record,
                  struct bw_buf *out)
{
    char type[BW_DNS_WORD_MAX], class_name[BW_DNS_WORD_MAX];
    size_t at = record->name_at;
    if (record->type == BW_DNS_OPT) {
        print_edns(record, out);
        return true;
    }
    if (layout_of(record->type) != NULL) {
        bw_dns_type_text(type, record->type);
        bw_dns_class_text(class_name, record->rclass);
    } else { /* RFC 3597 */
        snprintf(type, sizeof type, "TYPE%u", record->type);
        snprintf(class_name, sizeof class_name, "CLASS%u", record->rclass);
    }
    if (!bw_dns_print_name(message->bytes, message->len, &at, out))
        return false;
    bw_buf_char(out, '\t');
    bw_buf_uint(out, record->ttl);
    bw_buf_char(out, '\t');
    bw_buf_text(out, class_name);
    bw_buf_char(out, '\t');
    bw_buf_text(out, type);
    bw_buf_char(out, '\t');
    return bw_dns_print_data(message, record, out);
}
