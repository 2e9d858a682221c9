// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/dns_message.h"

#include "probe/dns_names.h"

#include <string.h>

enum { LABEL_BYTES_MAX = 63, POINTER = 0xc0, RECORD_HEAD_BYTES = 10 };

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* ---- names as people write them ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One byte of a label, escaped or not; returns what it takes of the text, 0 when it is none. */
static size_t take_byte(const char *text, uint8_t *out)
{
    if (text[0] != '\\') {
        *out = (uint8_t)text[0];
        return 1;
    }
    if (!is_digit(text[1])) {
        *out = (uint8_t)text[1];
        return text[1] != '\0' ? 2 : 0;
    }
    if (!is_digit(text[2]) || !is_digit(text[3]))
        return 0;
    const int value = (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
    *out = (uint8_t)value;
    return value <= UINT8_MAX ? 4 : 0;
}

/* A label and the dot behind it, without its length; returns what it takes of the text. */
static size_t take_label(const char *text, uint8_t *out, size_t *out_len)
{
    size_t used = 0, len = 0;
    while (text[used] != '\0' && text[used] != '.') {
        uint8_t byte;
        const size_t took = take_byte(text + used, &byte);
        if (took == 0 || len == LABEL_BYTES_MAX)
            return 0;
        out[len++] = byte;
        used += took;
    }
    *out_len = len;
    return len == 0 ? 0 : used + (text[used] == '.');
}

bool bw_dns_question_make(struct bw_dns_question *out, const char *name, uint16_t type,
                          uint16_t qclass)
{
    struct bw_dns_question question = { .type = type, .qclass = qclass };
    if (strcmp(name, ".") == 0)
        name = "";
    while (*name != '\0') {
        uint8_t label[LABEL_BYTES_MAX];
        size_t len;
        const size_t took = take_label(name, label, &len);
        if (took == 0 || question.name_len + len + 2 > BW_DNS_NAME_BYTES_MAX)
            return false;
        question.name[question.name_len] = (uint8_t)len;
        memcpy(question.name + question.name_len + 1, label, len);
        question.name_len += len + 1;
        name += took;
    }
    question.name[question.name_len++] = 0;
    *out = question;
    return true;
}

size_t bw_dns_write_query(uint8_t out[BW_DNS_QUERY_BYTES_MAX],
                          const struct bw_dns_question *question, uint16_t id, bool recurse)
{
    memset(out, 0, BW_DNS_HEADER_BYTES);
    put16(out, id);
    put16(out + 2, recurse ? BW_DNS_RD : 0);
    put16(out + 4, 1);
    uint8_t *at = out + BW_DNS_HEADER_BYTES;
    memcpy(at, question->name, question->name_len);
    at += question->name_len;
    put16(at, question->type);
    put16(at + 2, question->qclass);
    return (size_t)(at + 4 - out);
}

/* ---- names on the wire ---- */

static void append_label(const uint8_t *label, size_t len, struct bw_buf *out)
{
    char text[4 * LABEL_BYTES_MAX + 1];
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        const uint8_t c = label[i];
        const bool plain = c >= ' ' && c <= '~';
        if (!plain) {
            text[used++] = '\\';
            text[used++] = (char)('0' + c / 100);
            text[used++] = (char)('0' + c / 10 % 10);
            text[used++] = (char)('0' + c % 10);
            continue;
        }
        if (strchr(". '@;()\"\\", c) != NULL)
            text[used++] = '\\';
        text[used++] = (char)c;
    }
    text[used++] = '.';
    bw_buf_bytes(out, text, used);
}

/* Follows a name; `end` bounds what is not behind a pointer. */
bool bw_dns_print_name(const uint8_t *bytes, size_t end, size_t *at, struct bw_buf *out)
{
    size_t here = *at, bound = *at, wire = 1, behind = 0;
    for (;;) {
        if (here >= end)
            return false;
        const uint8_t len = bytes[here];
        if (len >= POINTER) {
            if (here + 1 >= end)
                return false;
            const size_t target = get16(bytes + here) & 0x3fffu;
            behind = behind == 0 ? here + 2 : behind;
            if (target >= bound) /* backwards only */
                return false;
            end = here;
            here = bound = target;
            continue;
        }
        if (len > LABEL_BYTES_MAX || len >= end - here)
            return false;
        if (len == 0)
            break;
        wire += len + 1u;
        if (wire > BW_DNS_NAME_BYTES_MAX)
            return false;
        if (out != NULL)
            append_label(bytes + here + 1, len, out);
        here += len + 1u;
    }
    if (wire == 1 && out != NULL)
        bw_buf_char(out, '.');
    *at = behind != 0 ? behind : here + 1;
    return true;
}

/* ---- answers ---- */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

/* In either case. Lengths of labels are below 'A'. A name that nothing stands before has no
 * pointer. */
static bool is_same_name(const uint8_t *name, const struct bw_dns_question *question)
{
    for (size_t i = 0; i < question->name_len; i++) {
        if (lower(name[i]) != lower(question->name[i]))
            return false;
    }
    return true;
}

bool bw_dns_answers(const uint8_t *bytes, size_t len, const struct bw_dns_question *question,
                    uint16_t id)
{
    if (len < BW_DNS_HEADER_BYTES || get16(bytes) != id || (get16(bytes + 2) & BW_DNS_QR) == 0)
        return false;
    const uint16_t count = get16(bytes + 4);
    if (count == 0 || len == BW_DNS_HEADER_BYTES)
        return true; /* servers that make nothing of a query may leave it out */
    const uint8_t *at = bytes + BW_DNS_HEADER_BYTES;
    if (count != 1 || len - BW_DNS_HEADER_BYTES < question->name_len + 4)
        return false;
    const uint8_t *tail = at + question->name_len;
    return is_same_name(at, question) && get16(tail) == question->type
           && get16(tail + 2) == question->qclass;
}

/* Reads one record's frame at *at and moves behind it. */
static bool read_record(const uint8_t *bytes, size_t len, size_t *at, struct bw_dns_record *out)
{
    struct bw_dns_record record = { .section = out->section, .name_at = *at };
    size_t here = *at;
    if (!bw_dns_print_name(bytes, len, &here, NULL) || len - here < RECORD_HEAD_BYTES)
        return false;
    record.type = get16(bytes + here);
    record.rclass = get16(bytes + here + 2);
    record.ttl = get32(bytes + here + 4);
    record.data_len = get16(bytes + here + 8);
    record.data_at = here + RECORD_HEAD_BYTES;
    if (record.data_len > len - record.data_at)
        return false;
    *at = record.data_at + record.data_len;
    *out = record;
    return true;
}

static const char *skip_questions(const struct bw_dns_message *message, size_t *at)
{
    for (unsigned left = get16(message->bytes + 4); left > 0 && *at < message->len; left--) {
        if (!bw_dns_print_name(message->bytes, message->len, at, NULL) || message->len - *at < 4)
            return "its question is broken";
        *at += 4;
    }
    return NULL;
}

/* Counts in the header are a stranger's: what counts is what is there. */
static const char *count_records(struct bw_dns_message *message)
{
    size_t at = message->records_at;
    for (int section = 0; section < BW_DNS_SECTIONS; section++) {
        unsigned left = get16(message->bytes + 6 + 2 * section);
        for (; left > 0 && at < message->len; left--) {
            struct bw_dns_record record = { .section = (enum bw_dns_section)section };
            if (!read_record(message->bytes, message->len, &at, &record))
                return "a record is cut off or broken";
            message->counts[section]++;
            if (record.type == BW_DNS_OPT && section == BW_DNS_ADDITIONAL)
                message->rcode |= record.ttl >> 24 << 4;
        }
    }
    return NULL;
}

const char *bw_dns_read(struct bw_dns_message *out, const uint8_t *bytes, size_t len)
{
    if (len < BW_DNS_HEADER_BYTES)
        return "it is shorter than a header";
    struct bw_dns_message message = { .bytes = bytes, .len = len, .flags = get16(bytes + 2) };
    message.rcode = message.flags & 0xfu;
    size_t at = BW_DNS_HEADER_BYTES;
    const char *wrong = skip_questions(&message, &at);
    message.records_at = at;
    if (wrong == NULL)
        wrong = count_records(&message);
    if (wrong == NULL)
        *out = message;
    return wrong;
}

static enum bw_dns_section section_of(const struct bw_dns_message *message, size_t number)
{
    int section = 0;
    while (section + 1 < BW_DNS_SECTIONS && number >= message->counts[section])
        number -= message->counts[section++];
    return (enum bw_dns_section)section;
}

bool bw_dns_next(const struct bw_dns_message *message, struct bw_dns_walk *walk,
                 struct bw_dns_record *out)
{
    size_t total = 0;
    for (int i = 0; i < BW_DNS_SECTIONS; i++)
        total += message->counts[i];
    if (walk->done == total)
        return false;
    if (walk->done == 0)
        walk->at = message->records_at;
    struct bw_dns_record record = { .section = section_of(message, walk->done) };
    if (!read_record(message->bytes, message->len, &walk->at, &record))
        return false;
    walk->done++;
    *out = record;
    return true;
}

bool bw_dns_serial(const struct bw_dns_message *message, const struct bw_dns_record *record,
                   uint32_t *out)
{
    size_t at = record->data_at;
    const size_t end = record->data_at + record->data_len;
    if (record->type != BW_DNS_SOA || !bw_dns_print_name(message->bytes, end, &at, NULL)
        || !bw_dns_print_name(message->bytes, end, &at, NULL) || end - at < 4)
        return false;
    *out = get32(message->bytes + at);
    return true;
}
