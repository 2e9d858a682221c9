// SPDX-License-Identifier: GPL-3.0-or-later
/* A name server's answer: read, walked over and printed. The first byte is the id, and also cuts
 * a name out of the rest for a question. */
#include "probe/dns_message.h"
#include "probe/dns_names.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
    if (!good)
        abort();
}

/* Printed text is ASCII without control bytes but for the tabs between fields, and EDNS's lines. */
static void check_text(const struct bw_buf *text, uint16_t type)
{
    for (size_t i = 0; i < text->len; i++) {
        const char c = text->data[i];
        need((c >= ' ' && c <= '~') || c == '\t' || (c == '\n' && type == BW_DNS_OPT));
    }
}

static void walk_over(const struct bw_dns_message *message)
{
    struct bw_dns_walk walk = { 0 };
    struct bw_dns_record record;
    size_t seen[BW_DNS_SECTIONS] = { 0 };
    struct bw_buf text;
    bw_buf_init(&text, TEXT_BYTES_MAX);
    while (bw_dns_next(message, &walk, &record)) {
        uint32_t serial;
        seen[record.section]++;
        need(record.data_at + record.data_len <= message->len);
        bw_buf_clear(&text);
        bw_dns_print(message, &record, &text);
        check_text(&text, record.type);
        bw_dns_serial(message, &record, &serial);
    }
    need(memcmp(seen, message->counts, sizeof seen) == 0);
    bw_buf_fini(&text);
}

/* What is asked is answered by an answer to it, and by none to another. */
static void ask(const uint8_t *bytes, size_t len, uint16_t id)
{
    char name[512];
    uint8_t query[BW_DNS_QUERY_BYTES_MAX];
    struct bw_dns_question question;
    const size_t take = len < sizeof name ? len : sizeof name - 1;
    memcpy(name, bytes, take);
    name[take] = '\0';
    if (!bw_dns_question_make(&question, name, id, 1))
        return;
    need(question.name_len <= BW_DNS_NAME_BYTES_MAX);
    const size_t size = bw_dns_write_query(query, &question, id, true);
    need(!bw_dns_answers(query, size, &question, id));
    query[2] |= 0x80;
    need(bw_dns_answers(query, size, &question, id));
    need(!bw_dns_answers(query, size, &question, id ^ 1));
    query[size - 1] ^= 1;
    need(!bw_dns_answers(query, size, &question, id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bw_dns_message message;
    const size_t len = size - 1;
    uint8_t *exact = malloc(len > 0 ? len : 1); /* so that one byte too many is seen */
    need(exact != NULL);
    memcpy(exact, data + 1, len);
    ask(exact, len, data[0]);
    if (bw_dns_read(&message, exact, len) == NULL)
        walk_over(&message);
    free(exact);
    return 0;
}
