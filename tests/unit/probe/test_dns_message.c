// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_server.h"
#include "probe/dns_message.h"
#include "probe/dns_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- records ---- */

/* What blackbox_exporter 0.23 (miekg/dns 1.1.50) prints for a record of x.test with 60 seconds to
 * live and this data; NULL: it refuses the message. */
// clang-format off
static const struct {
    uint16_t type, rclass;
    const char *data;
    const char *text;
} records[] = {
    { 1, 1, "c0000201", "x.test.\t60\tIN\tA\t192.0.2.1" },
    { 28, 1, "20010db8000000000000000000000001", "x.test.\t60\tIN\tAAAA\t2001:db8::1" },
    { 28, 1, "00000000000000000000ffff01020304", "x.test.\t60\tIN\tAAAA\t1.2.3.4" },
    { 28, 1, "00000000000000000000000001020304", "x.test.\t60\tIN\tAAAA\t::102:304" },
    { 28, 1, "00000000000000000000000000000000", "x.test.\t60\tIN\tAAAA\t::" },
    { 28, 1, "00010000000000020000000000000003", "x.test.\t60\tIN\tAAAA\t1:0:0:2::3" },
    { 28, 1, "00010000000200030004000500060007", "x.test.\t60\tIN\tAAAA\t1:0:2:3:4:5:6:7" },
    { 5, 1, "01780179047465737400", "x.test.\t60\tIN\tCNAME\tx.y.test." },
    { 2, 1, "026e73047465737400", "x.test.\t60\tIN\tNS\tns.test." },
    { 12, 1, "04612e62400363206400", "x.test.\t60\tIN\tPTR\ta\\.b\\@.c\\ d." },
    { 39, 1, "c00c", "x.test.\t60\tIN\tDNAME\tx.test." },
    { 15, 1, "000a026d78047465737400", "x.test.\t60\tIN\tMX\t10 mx.test." },
    { 33, 1, "000100021f900173047465737400", "x.test.\t60\tIN\tSRV\t1 2 8080 s.test." },
    { 18, 1, "000103616673047465737400", "x.test.\t60\tIN\tAFSDB\t1 afs.test." },
    { 16, 1, "0568656c6c6f0777226f5c01ff3b", "x.test.\t60\tIN\tTXT\t\"hello\" \"w\\\"o\\\\\\001\\255;\"" },
    { 16, 1, "", "x.test.\t60\tIN\tTXT\t" },
    { 16, 1, "00", "x.test.\t60\tIN\tTXT\t\"\"" },
    { 13, 1, "03637075026f73", "x.test.\t60\tIN\tHINFO\t\"cpu\" \"os\"" },
    { 99, 1, "05763d737066", "x.test.\t60\tIN\tSPF\t\"v=spf\"" },
    { 6, 1, "026e7304746573740004726f6f7404746573740078c404c900000e100000025800015180ffffffff", "x.test.\t60\tIN\tSOA\tns.test. root.test. 2026112201 3600 600 86400 4294967295" },
    { 257, 1, "0005697373756563612e6578616d706c65", "x.test.\t60\tIN\tCAA\t0 issue \"ca.example\"" },
    { 257, 1, "8005696f6465666d5c2261ff2e", "x.test.\t60\tIN\tCAA\t128 iodef \"m\\\"a\\255.\"" },
    { 43, 1, "abcd0802000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "x.test.\t60\tIN\tDS\t43981 8 2 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F" },
    { 48, 1, "01010308000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627", "x.test.\t60\tIN\tDNSKEY\t257 3 8 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJw==" },
    { 46, 1, "0001080200000e106553f10064bb5a801267047465737400736967", "x.test.\t60\tIN\tRRSIG\tA 8 2 3600 20231114221320 20230722042640 4711 test. c2ln" },
    { 47, 1, "01620474657374000006400100000003010140", "x.test.\t60\tIN\tNSEC\tb.test. A MX RRSIG NSEC CAA" },
    { 50, 1, "0100000a02abcd0568656c6c6f000140", "x.test.\t60\tIN\tNSEC3\t1 0 10 ABCD D1IMOR3F A" },
    { 51, 1, "0100000a00", "x.test.\t60\tIN\tNSEC3PARAM\t1 0 10 -" },
    { 50, 1, "0100000a000568656c6c6f000140", "x.test.\t60\tIN\tNSEC3\t1 0 10 - D1IMOR3F A" },
    { 52, 1, "030101c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7", "x.test.\t60\tIN\tTLSA\t3 1 1 c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7" },
    { 44, 1, "0402c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7", "x.test.\t60\tIN\tSSHFP\t4 2 C8C9CACBCCCDCECFD0D1D2D3D4D5D6D7D8D9DADBDCDDDEDFE0E1E2E3E4E5E6E7" },
    { 256, 1, "00010002687474703a2f2f615c622263", "x.test.\t60\tIN\tURI\t1 2 \"http://ab\\\"c\"" },
    { 35, 1, "000100020175074532552b73697005215e225c2100", "x.test.\t60\tIN\tNAPTR\t1 2 \"u\" \"E2U+sip\" \"!^\\\"\\\\!\" ." },
    { 61, 1, "6b6579", "x.test.\t60\tIN\tOPENPGPKEY\ta2V5" },
    { 17, 1, "01610474657374000162047465737400", "x.test.\t60\tIN\tRP\ta.test. b.test." },
    { 65, 1, "000100000100060268320268330003000201bb000400080102030405060708000500036563680006001020010db8000000000000000000000001", "x.test.\t60\tIN\tHTTPS\t1 . alpn=\"h2,h3\" port=\"443\" ipv4hint=\"1.2.3.4,5.6.7.8\" ech=\"ZWNo\" ipv6hint=\"2001:db8::1\"" },
    { 64, 1, "000005616c696173047465737400", "x.test.\t60\tIN\tSVCB\t0 alias.test." },
    { 65, 1, "00010000000004000100040001000504612c5c6200020000000700052f717b3f64029b00066122203b5cff", "x.test.\t60\tIN\tHTTPS\t1 . mandatory=\"alpn,ipv4hint\" alpn=\"a\\\\\\044\\\\\\092b\" no-default-alpn=\"\" dohpath=\"/q{?d\" key667=\"a\\\"\\ \\;\\\\\\255\"" },
    { 14, 1, "01610474657374000162047465737400", "x.test.\t60\tIN\tMINFO\ta.test. b.test." },
    { 62, 1, "000000010003000140", "x.test.\t60\tIN\tCSYNC\t1 3 A" },
    { 63, 1, "000000010101787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878", "x.test.\t60\tIN\tZONEMD\t1 1 1 787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878" },
    { 25, 1, "01010308616263", "x.test.\t60\tIN\tKEY\t257 3 8 YWJj" },
    { 105, 1, "000101020304", "x.test.\t60\tIN\tL32\t1 1.2.3.4" },
    { 107, 1, "0001016c047465737400", "x.test.\t60\tIN\tLP\t1 l.test." },
    { 26, 1, "0001016c047465737400016d047465737400", "x.test.\t60\tIN\tPX\t1 l.test. m.test." },
    { 59, 1, "abcd0802616263", "x.test.\t60\tIN\tCDS\t43981 8 2 616263" },
    { 33, 1, "00010002000300", "x.test.\t60\tIN\tSRV\t1 2 3 ." },
    { 257, 1, "000078", "x.test.\t60\tIN\tCAA\t0  \"x\"" },
    { 1, 1, "3132333435", NULL },
    { 28, 1, "3132333435", NULL },
    { 65, 1, "00010000040000", NULL },
    { 65, 1, "0001000003000161", NULL },
    { 65, 1, "00010000030002616200010003026832", NULL },
    { 47, 1, "01620474657374000000", NULL },
    { 47, 1, "0162047465737400010140000140", NULL },
    { 5, 1, "3f79797979797979797979797979797979797979797979797979797979797979797979797979797979797979797979797979797979797979797979797979797900", "x.test.\t60\tIN\tCNAME\tyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy." },
    { 2, 1, "00", "x.test.\t60\tIN\tNS\t." },
    { 99, 1, "", "x.test.\t60\tIN\tSPF\t" },
    { 6, 1, "", "x.test.\t60\tIN\tSOA\t  0 0 0 0 0" },
    { 43, 1, "0001", "x.test.\t60\tIN\tDS\t1 0 0 " },
    { 46, 1, "0001", "x.test.\t60\tIN\tRRSIG\tA 0 0 0 19700101000000 19700101000000 0  " },
    { 48, 1, "", "x.test.\t60\tIN\tDNSKEY\t0 0 0 " },
    { 44, 1, "01", "x.test.\t60\tIN\tSSHFP\t1 0 " },
    { 52, 1, "", "x.test.\t60\tIN\tTLSA\t0 0 0 " },
    { 257, 1, "", "x.test.\t60\tIN\tCAA\t0  \"\"" },
    { 65, 1, "", "x.test.\t60\tIN\tHTTPS\t0 " },
    { 33, 1, "", "x.test.\t60\tIN\tSRV\t0 0 0 " },
    { 28, 1, "", "x.test.\t60\tIN\tAAAA\t" },
    { 12, 1, "", "x.test.\t60\tIN\tPTR\t" },
    { 35, 1, "", "x.test.\t60\tIN\tNAPTR\t0 0 \"\" \"\" \"\" " },
    { 47, 1, "", "x.test.\t60\tIN\tNSEC\t" },
    { 50, 1, "", "x.test.\t60\tIN\tNSEC3\t0 0 0 - " },
    { 51, 1, "", "x.test.\t60\tIN\tNSEC3PARAM\t0 0 0 -" },
    { 46, 1, "", "x.test.\t60\tIN\tRRSIG\tNone 0 0 0 19700101000000 19700101000000 0  " },
    { 13, 1, "", "x.test.\t60\tIN\tHINFO\t\"\" \"\"" },
    { 256, 1, "", "x.test.\t60\tIN\tURI\t0 0 \"\"" },
    { 61, 1, "", "x.test.\t60\tIN\tOPENPGPKEY\t" },
    { 36, 1, "0001017800", "x.test.\t60\tIN\tKX\t1 x." },
    { 21, 1, "0001017800", "x.test.\t60\tIN\tRT\t1 x." },
    { 18, 1, "0001017800", "x.test.\t60\tIN\tAFSDB\t1 x." },
    { 99, 1, "00", "x.test.\t60\tIN\tSPF\t\"\"" },
    { 16, 1, "0568656c", NULL },
    { 5, 1, "01610062", NULL },
    { 46, 1, "ff00080200000e10ffffffff800000001267047465737400736967", "x.test.\t60\tIN\tRRSIG\tTYPE65280 8 2 3600 21060207062815 20380119031408 4711 test. c2ln" },
    { 65280, 1, "616263", "x.test.\t60\tCLASS1\tTYPE65280\t\\# 3 616263" },
    { 65280, 1, "", "x.test.\t60\tCLASS1\tTYPE65280\t\\# 0 " },
    { 1, 1, "", "x.test.\t60\tIN\tA\t" },
    { 1, 3, "", "x.test.\t60\tCH\tA\t" },
    { 16, 3, "026869", "x.test.\t60\tCH\tTXT\t\"hi\"" },
    { 1, 99, "61626364", "x.test.\t60\tCLASS99\tA\t97.98.99.100" },
    { 1, 254, "61626364", "x.test.\t60\tNONE\tA\t97.98.99.100" },
    { 15, 1, "", "x.test.\t60\tIN\tMX\t0 " },
    /* and what it prints otherwise: as we have no form for these */
    { 29, 1, "0012", "x.test.\t60\tCLASS1\tTYPE29\t\\# 2 0012" },
    { 10, 3, "ff", "x.test.\t60\tCLASS3\tTYPE10\t\\# 1 ff" },
};
// clang-format on

static size_t read_hex(const char *hex, uint8_t *out)
{
    size_t len = 0;
    for (unsigned byte; hex[0] != '\0' && sscanf(hex, "%2x", &byte) == 1; hex += 2)
        out[len++] = (uint8_t)byte;
    return len;
}

static struct bw_dns_question question_of(const char *name, const char *type)
{
    struct bw_dns_question question;
    uint16_t number;
    assert_true(bw_dns_type_parse(type, &number));
    assert_true(bw_dns_question_make(&question, name, number, BW_DNS_IN));
    return question;
}

/* An exact copy on the heap, so that reading beyond the end is seen. */
static uint8_t *exact(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return copy;
}

static struct dns_reply reply_to(const struct bw_dns_question *question, uint16_t id)
{
    uint8_t query[BW_DNS_QUERY_BYTES_MAX];
    struct dns_reply reply;
    const size_t len = bw_dns_write_query(query, question, id, true);
    dns_reply_begin(&reply, query, len, 0);
    return reply;
}

static void records_are_printed_as_blackbox_does(void **state)
{
    (void)state;
    const struct bw_dns_question question = question_of("x.test", "A");
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        uint8_t data[1024];
        struct dns_reply reply = reply_to(&question, 7);
        struct bw_dns_message message;
        struct bw_dns_walk walk = { 0 };
        struct bw_dns_record record;
        struct bw_buf text;
        bw_buf_init(&text, 1u << 16);
        dns_reply_add(&reply, BW_DNS_ANSWER, records[i].type, records[i].rclass, data,
                      read_hex(records[i].data, data));
        uint8_t *bytes = exact(reply.bytes, reply.len);
        assert_null(bw_dns_read(&message, bytes, reply.len));
        assert_int_equal(message.counts[BW_DNS_ANSWER], 1);
        assert_true(bw_dns_next(&message, &walk, &record));
        assert_int_equal(record.section, BW_DNS_ANSWER);
        const bool good = bw_dns_print(&message, &record, &text);
        if (good != (records[i].text != NULL) || (good && strcmp(text.data, records[i].text) != 0))
            fail_msg("type %u, %s: %s%s, expected %s", records[i].type, records[i].data,
                     good ? "" : "broken after ", text.data,
                     records[i].text != NULL ? records[i].text : "that it is broken");
        assert_false(bw_dns_next(&message, &walk, &record));
        bw_buf_fini(&text);
        free(bytes);
    }
}

static void edns_is_said_in_its_own_way(void **state)
{
    (void)state;
    const struct bw_dns_question question = question_of("x.test", "A");
    struct dns_reply reply = reply_to(&question, 7);
    struct bw_dns_message message;
    struct bw_dns_walk walk = { 0 };
    struct bw_dns_record record;
    struct bw_buf text;
    bw_buf_init(&text, 1000);
    dns_reply_add_edns(&reply, 0x01008000);
    assert_null(bw_dns_read(&message, reply.bytes, reply.len));
    assert_int_equal(message.rcode, 16); /* its upper bits */
    assert_true(bw_dns_next(&message, &walk, &record));
    assert_int_equal(record.section, BW_DNS_ADDITIONAL);
    assert_true(bw_dns_print(&message, &record, &text));
    assert_string_equal(text.data,
                        "\n;; OPT PSEUDOSECTION:\n; EDNS: version 0; flags: do; udp: 1232");
    bw_buf_fini(&text);
}

/* ---- names and numbers ---- */

static void questions_are_made_of_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *wire; /* NULL: it is none */
    } cases[] = {
        { "a.test", "01610474657374"
                    "00" },
        { "a.test.", "01610474657374"
                     "00" },
        { ".", "00" },
        { "", "00" },
        { "a\\.b", "03612e62"
                   "00" },
        { "\\065\\000", "024100"
                        "00" },
        { "_http._tcp", "055f68747470"
                        "045f746370"
                        "00" },
        { "a..b", NULL },
        { ".a", NULL },
        { "a\\", NULL },
        { "a\\25", NULL },
        { "a\\256", NULL },
        { "a123456789012345678901234567890123456789012345678901234567890123", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_dns_question question;
        uint8_t wire[64];
        const bool made = bw_dns_question_make(&question, cases[i].name, 1, 1);
        if (made != (cases[i].wire != NULL))
            fail_msg("'%s'", cases[i].name);
        if (!made)
            continue;
        assert_int_equal(question.name_len, read_hex(cases[i].wire, wire));
        assert_memory_equal(question.name, wire, question.name_len);
    }
    char longest[300] = "", name[64];
    memset(name, 'x', 62);
    memcpy(name + 62, ".", 2);
    for (int i = 0; i < 4; i++)
        strncat(longest, name, sizeof longest - strlen(longest) - 1);
    struct bw_dns_question question;
    assert_true(bw_dns_question_make(&question, longest, 1, 1)); /* 4 * 63 + 1 bytes */
    strncat(longest, "a", 2);
    assert_true(bw_dns_question_make(&question, longest, 1, 1));
    assert_int_equal(question.name_len, BW_DNS_NAME_BYTES_MAX);
    strncat(longest, "a", 2);
    assert_false(bw_dns_question_make(&question, longest, 1, 1));
}

static void numbers_have_names_both_ways(void **state)
{
    (void)state;
    char word[BW_DNS_WORD_MAX];
    uint16_t number;
    unsigned rcode;
    for (unsigned type = 0; type <= UINT16_MAX; type++) {
        bw_dns_type_text(word, (uint16_t)type);
        assert_true(bw_dns_type_parse(word, &number));
        assert_int_equal(number, type);
        bw_dns_class_text(word, (uint16_t)type);
        assert_true(bw_dns_class_parse(word, &number));
        assert_int_equal(number, type);
    }
    assert_true(bw_dns_type_parse("TYPE257", &number) && number == 257);
    bw_dns_type_text(word, number);
    assert_string_equal(word, "CAA");
    assert_true(bw_dns_rcode_parse("NOTIMPL", &rcode) && rcode == 4);
    bw_dns_rcode_text(word, 4);
    assert_string_equal(word, "NOTIMP");
    bw_dns_rcode_text(word, 4095);
    assert_string_equal(word, "RCODE4095");
    static const char *const wrong[] = { "a", "TYPE", "TYPE65536", "TYPE-1", "type1", "" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(bw_dns_type_parse(wrong[i], &number));
        assert_false(bw_dns_class_parse(wrong[i], &number));
        assert_false(bw_dns_rcode_parse(wrong[i], &rcode));
    }
}

/* ---- what is not believed ---- */

static void only_answers_to_the_query_count(void **state)
{
    (void)state;
    const struct bw_dns_question question = question_of("x.test", "A");
    const struct bw_dns_question loud = question_of("X.TesT", "A");
    const struct bw_dns_question other_name = question_of("y.test", "A");
    const struct bw_dns_question longer = question_of("x.test.a", "A");
    const struct bw_dns_question other_type = question_of("x.test", "AAAA");
    struct dns_reply reply = reply_to(&question, 7);
    assert_true(bw_dns_answers(reply.bytes, reply.len, &question, 7));
    assert_true(bw_dns_answers(reply.bytes, reply.len, &loud, 7));
    assert_false(bw_dns_answers(reply.bytes, reply.len, &question, 8));
    assert_false(bw_dns_answers(reply.bytes, reply.len, &other_name, 7));
    assert_false(bw_dns_answers(reply.bytes, reply.len, &longer, 7));
    assert_false(bw_dns_answers(reply.bytes, reply.len, &other_type, 7));
    for (size_t len = 0; len < reply.len; len++) {
        uint8_t *cut = exact(reply.bytes, len);
        assert_true(bw_dns_answers(cut, len, &question, 7) == (len == BW_DNS_HEADER_BYTES));
        free(cut);
    }
    reply.bytes[5] = 0; /* no question at all: some servers leave it out */
    assert_true(bw_dns_answers(reply.bytes, BW_DNS_HEADER_BYTES, &question, 7));
    reply.bytes[5] = 1;
    reply.bytes[2] &= 0x7f; /* a query */
    assert_false(bw_dns_answers(reply.bytes, reply.len, &question, 7));
}

/* However it is cut, or whatever byte of it is another, a message is read to its end or refused. */
static void broken_messages_are_refused_or_harmless(void **state)
{
    (void)state;
    const struct bw_dns_question question = question_of("x.test", "MX");
    static const uint8_t exchange[] = { 0, 10, 2, 'm', 'x', 0xc0, 12 };
    struct dns_reply reply = reply_to(&question, 7);
    dns_reply_add(&reply, BW_DNS_ANSWER, 15, 1, exchange, sizeof exchange);
    dns_reply_add(&reply, BW_DNS_AUTHORITY, 15, 1, exchange, sizeof exchange);
    size_t refused = 0;
    for (size_t at = 0; at <= reply.len; at++) {
        for (unsigned value = 0; value < 256; value += 5) {
            uint8_t *bytes = exact(reply.bytes, at == reply.len ? value % at : reply.len);
            const size_t len = at == reply.len ? value % at : reply.len;
            struct bw_dns_message message;
            struct bw_dns_walk walk = { 0 };
            struct bw_dns_record record;
            struct bw_buf text;
            bw_buf_init(&text, 1u << 16);
            if (at < len)
                bytes[at] = (uint8_t)value;
            refused += bw_dns_read(&message, bytes, len) != NULL;
            if (bw_dns_read(&message, bytes, len) == NULL) {
                while (bw_dns_next(&message, &walk, &record))
                    bw_dns_print(&message, &record, &text);
            }
            bw_buf_fini(&text);
            free(bytes);
        }
    }
    assert_true(refused > 100);
}

static void pointers_go_backwards_only(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes; /* in hex, from offset 0 */
        size_t at;
        const char *text; /* NULL: refused */
    } cases[] = {
        { "plain", "016100", 0, "a." },
        { "back",
          "016100"
          "0162c000",
          3, "b.a." },
        { "to itself", "c000", 0, NULL },
        { "to its own label", "0161c000", 0, NULL },
        { "forwards",
          "c002"
          "016100",
          0, NULL },
        { "into what it is in",
          "0161"
          "0162c002",
          0, NULL },
        { "beyond the end", "c0ff", 0, NULL },
        { "half a pointer", "c0", 0, NULL },
        { "two steps",
          "016100"
          "0162c000"
          "0163c003",
          7, "c.b.a." },
        { "a label of another kind", "4100", 0, NULL },
        { "without an end", "0161", 0, NULL },
        { "a label that is cut", "0561", 0, NULL },
        { "the root", "00", 0, "." },
        { "the root by a pointer",
          "00"
          "c000",
          1, "." },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t raw[64];
        const size_t len = read_hex(cases[i].bytes, raw);
        uint8_t *bytes = exact(raw, len);
        size_t at = cases[i].at;
        struct bw_buf text;
        bw_buf_init(&text, 2000);
        const bool good = bw_dns_print_name(bytes, len, &at, &text);
        if (good != (cases[i].text != NULL) || (good && strcmp(text.data, cases[i].text) != 0))
            fail_msg("%s: %s", cases[i].name, text.data);
        assert_int_equal(at, good ? len : cases[i].at);
        bw_buf_fini(&text);
        free(bytes);
    }
}

/* 128 labels of a byte with pointers from one to the next: as long as names may be, and longer. */
static void long_names_end(void **state)
{
    (void)state;
    uint8_t bytes[1024] = { 1, 'a', 0 };
    size_t len = 3, start = 0;
    for (unsigned labels = 2; labels < 140; labels++) {
        bytes[len] = 1;
        bytes[len + 1] = 'a';
        bytes[len + 2] = (uint8_t)(0xc0 | start >> 8);
        bytes[len + 3] = (uint8_t)start;
        start = len;
        len += 4;
        size_t at = start;
        assert_true(bw_dns_print_name(bytes, len, &at, NULL) == (2 * labels + 1 <= 255));
    }
}

static void counts_are_of_what_is_there(void **state)
{
    (void)state;
    const struct bw_dns_question question = question_of("x.test", "SOA");
    static const uint8_t soa[] = { 0, 0, 0x78, 0xc3, 0x35, 0x99, 0, 0, 0, 1, 0,
                                   0, 0, 2,    0,    0,    0,    3, 0, 0, 0, 4 };
    struct dns_reply reply = reply_to(&question, 7);
    struct bw_dns_message message;
    struct bw_dns_walk walk = { 0 };
    struct bw_dns_record record;
    uint32_t serial;
    dns_reply_add(&reply, BW_DNS_ANSWER, 6, 1, soa, sizeof soa);
    reply.bytes[6] = 0xff; /* says 65281 records */
    assert_null(bw_dns_read(&message, reply.bytes, reply.len));
    assert_int_equal(message.counts[BW_DNS_ANSWER], 1);
    assert_true(bw_dns_next(&message, &walk, &record));
    assert_true(bw_dns_serial(&message, &record, &serial));
    assert_int_equal(serial, 2026059161);
    record.data_len = 5;
    assert_false(bw_dns_serial(&message, &record, &serial));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_printed_as_blackbox_does),
        cmocka_unit_test(edns_is_said_in_its_own_way),
        cmocka_unit_test(questions_are_made_of_names),
        cmocka_unit_test(numbers_have_names_both_ways),
        cmocka_unit_test(only_answers_to_the_query_count),
        cmocka_unit_test(broken_messages_are_refused_or_harmless),
        cmocka_unit_test(pointers_go_backwards_only),
        cmocka_unit_test(long_names_end),
        cmocka_unit_test(counts_are_of_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
