// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/dns.h"

#include "base/mem.h"
#include "base/num.h"
#include "probe/dns_names.h"

#include <stdlib.h>
#include <string.h>

/* ---- rows ---- */

#define AT(member) offsetof(struct bw_dns_rules, member)

static const struct bw_opt rule_options[] = {
    { "fail_if_matches_regexp", BW_OPT_STRINGS, AT(lists[BW_DNS_IF_MATCHES]),
      .help = "Fail when a record matches one of these." },
    { "fail_if_all_match_regexp", BW_OPT_STRINGS, AT(lists[BW_DNS_IF_ALL_MATCH]),
      .help = "Fail unless every record matches all of these: so blackbox_exporter 0.23 has it, "
              "whatever the name says. A section without records passes." },
    { "fail_if_not_matches_regexp", BW_OPT_STRINGS, AT(lists[BW_DNS_IF_NOT_MATCHES]),
      .help = "Fail when a record does not match one of these, or when there is no record." },
    { "fail_if_none_matches_regexp", BW_OPT_STRINGS, AT(lists[BW_DNS_IF_NONE_MATCHES]),
      .help = "Fail when no record matches any of these." },
    { 0 },
};
#undef AT

static enum bw_rc check_rules(const void *opts, struct bw_err *err)
{
    const struct bw_dns_rules *rules = opts;
    struct bw_regex_list list;
    for (size_t i = 0; i < BW_DNS_RULES; i++) {
        if (bw_regex_list_make(&list, rules->lists[i], err) != BW_OK)
            return bw_wrap(err, BW_EINVAL, "%s", rule_options[i].name);
        bw_regex_list_fini(&list);
    }
    return BW_OK;
}

static const struct bw_opt_group rules_group = {
    .name = "validate_rrs",
    .size = sizeof(struct bw_dns_rules),
    .opts = rule_options,
    .help = "What records must look like. A record is matched as a zone file has it, with tabs: "
            "`example.com.⇥300⇥IN⇥MX⇥10 mail.example.com.`; types without a form of their own as "
            "RFC 3597 writes them.",
    .check = check_rules,
};

#define AT(member) offsetof(struct bw_dns_options, member)

static const struct bw_opt_name transports[] = { { "udp", 0 }, { "tcp", 1 }, { 0 } };

static const struct bw_opt dns_options[] = {
    { "query_name", BW_OPT_STRING, AT(query_name), .range = "1..1024",
      .help = "The name to ask for; needed. A dot at its end changes nothing." },
    { "query_type", BW_OPT_STRING, AT(query_type), .def = "ANY",
      .help = "The type of the records: A, AAAA, MX, SOA, HTTPS, …, or a number as TYPE257." },
    { "query_class", BW_OPT_STRING, AT(query_class), .def = "IN",
      .help = "Their class: IN, CH, HS, ANY, NONE, or a number as CLASS3." },
    { "recursion_desired", BW_OPT_BOOL, AT(recursion_desired), .def = "true",
      .help = "Ask the server to look for what it does not have itself." },
    { "transport_protocol", BW_OPT_ENUM, AT(transport_protocol), .def = "udp", .names = transports,
      .help = "Over UDP one query goes out, without EDNS: an answer has 512 bytes at most, and one "
              "that is truncated passes, with `probe_dns_answer_truncated` 1." },
    { "dns_over_tls", BW_OPT_BOOL, AT(dns_over_tls), .def = "false",
      .help = "DNS over TLS (RFC 7858), over TCP whatever transport_protocol says." },
    { "tls_config", BW_OPT_GROUP, AT(tls_config), .group = &bw_probe_tls_group,
      .help = "For dns_over_tls." },
    BW_PROBE_ADDRESS_ROWS("the server's name"),
    { "source_ip_address", BW_OPT_STRING, AT(source_ip_address),
      .help = "Address of ours to ask from." },
    { "valid_rcodes", BW_OPT_STRINGS, AT(valid_rcodes),
      .help = "Response codes that pass, such as NXDOMAIN; none: NOERROR." },
    { "validate_answer_rrs", BW_OPT_GROUP, AT(validate[BW_DNS_ANSWER]), .group = &rules_group,
      .help = "What the records of the answer section must look like." },
    { "validate_authority_rrs", BW_OPT_GROUP, AT(validate[BW_DNS_AUTHORITY]), .group = &rules_group,
      .help = "Those of the authority section." },
    { "validate_additional_rrs", BW_OPT_GROUP, AT(validate[BW_DNS_ADDITIONAL]),
      .group = &rules_group, .help = "Those of the additional section." },
    { "answer_changes", BW_OPT_BOOL, AT(answer_changes), .def = "true",
      .help = "Tell as an event when the answer differs from that of the run before: in its types "
              "and data, not in its order or TTLs. Four times at once, then one each quarter of "
              "an hour." },
    { 0 },
};
#undef AT

static enum bw_rc read_question(const struct bw_dns_options *o, struct bw_dns_question *out,
                                struct bw_err *err)
{
    uint16_t type, qclass;
    if (!bw_dns_type_parse(o->query_type, &type))
        return bw_fail(err, BW_EINVAL, "query_type: '%.40s' is no type", o->query_type);
    if (!bw_dns_class_parse(o->query_class, &qclass))
        return bw_fail(err, BW_EINVAL, "query_class: '%.40s' is no class", o->query_class);
    if (!bw_dns_question_make(out, o->query_name, type, qclass))
        return bw_fail(err, BW_EINVAL, "query_name: '%.80s' is no name", o->query_name);
    return BW_OK;
}

enum bw_rc bw_dns_options_check(const struct bw_dns_options *o, struct bw_err *err)
{
    struct bw_dns_question question;
    unsigned rcode;
    if (o->query_name == NULL)
        return bw_fail(err, BW_EINVAL, "query_name must be set");
    if (bw_probe_source_check(o->source_ip_address, err) != BW_OK)
        return BW_EINVAL;
    for (size_t i = 0; i < o->valid_rcodes.count; i++) {
        if (!bw_dns_rcode_parse(o->valid_rcodes.items[i], &rcode))
            return bw_fail(err, BW_EINVAL, "valid_rcodes: '%.40s' is no response code",
                           o->valid_rcodes.items[i]);
    }
    return read_question(o, &question, err);
}

/* Without a check of its own: only the module's knows whether these options are of use. */
const struct bw_opt_group bw_probe_dns_group = {
    .name = "dns",
    .size = sizeof(struct bw_dns_options),
    .opts = dns_options,
    .help = "Asks a name server one question. The target is the server: HOST, HOST:PORT or "
            "[IPv6]:PORT, by default port 53, or 853 with dns_over_tls.",
};

/* ---- plans ---- */

static enum bw_rc prepare_patterns(struct bw_dns_plan *plan, const struct bw_dns_options *o,
                                   struct bw_err *err)
{
    for (int section = 0; section < BW_DNS_SECTIONS; section++) {
        for (int rule = 0; rule < BW_DNS_RULES; rule++) {
            const enum bw_rc rc = bw_regex_list_make(&plan->patterns[section][rule],
                                                     o->validate[section].lists[rule], err);
            if (rc != BW_OK)
                return rc;
        }
    }
    return BW_OK;
}

static char *text_of(const struct bw_dns_plan *plan, const struct bw_dns_options *o)
{
    struct bw_buf text;
    bw_buf_init(&text, 4096);
    bw_buf_printf(&text, "query for %s %s %s over %s%s", o->query_name, o->query_class,
                  o->query_type,
                  plan->tls   ? "TLS"
                  : plan->tcp ? "TCP"
                              : "UDP",
                  plan->recurse ? ", recursion desired" : "");
    char *out = bw_buf_detach(&text, NULL);
    return out != NULL ? out : bw_strdup("");
}

void *bw_dns_prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                     struct bw_err *err)
{
    (void)engine;
    const struct bw_dns_options *o = options;
    if (bw_dns_options_check(o, err) != BW_OK)
        return NULL;
    struct bw_dns_plan *plan = bw_alloc(sizeof *plan);
    plan->query_name = bw_strdup(o->query_name);
    plan->recurse = o->recursion_desired;
    plan->tls = o->dns_over_tls;
    plan->tcp = o->dns_over_tls || o->transport_protocol != 0;
    plan->answer_changes = o->answer_changes;
    plan->query_text = text_of(plan, o);
    plan->preference = (enum bw_ip_preference)o->preferred_ip_protocol;
    plan->fallback = o->ip_protocol_fallback;
    plan->has_source = bw_probe_source_read(o->source_ip_address, &plan->source);
    plan->rcode_count = o->valid_rcodes.count;
    plan->rcodes = bw_alloc_array(plan->rcode_count + 1, sizeof *plan->rcodes);
    for (size_t i = 0; i < plan->rcode_count; i++)
        bw_dns_rcode_parse(o->valid_rcodes.items[i], &plan->rcodes[i]);
    if (read_question(o, &plan->question, err) == BW_OK && prepare_patterns(plan, o, err) == BW_OK
        && (!plan->tls || bw_tls_plan_make(&plan->tls_plan, &o->tls_config, folder, err) == BW_OK))
        return plan;
    bw_dns_release(plan);
    return NULL;
}

void bw_dns_release(void *prepared)
{
    struct bw_dns_plan *plan = prepared;
    for (int section = 0; section < BW_DNS_SECTIONS; section++) {
        for (int rule = 0; rule < BW_DNS_RULES; rule++)
            bw_regex_list_fini(&plan->patterns[section][rule]);
    }
    free(plan->rcodes);
    free(plan->query_name);
    free(plan->query_text);
    bw_tls_plan_fini(&plan->tls_plan);
    free(plan);
}

/* ---- targets ---- */

/* Where the host ends; its port behind it, if it has one. Colons without brackets are an IPv6
 * address, unless there is just one. */
static bool split(const char *text, size_t *out_len, const char **out_port)
{
    const char *colon = strrchr(text, ':');
    *out_len = strlen(text);
    *out_port = NULL;
    if (text[0] == '[') {
        const char *close = strchr(text, ']');
        if (close == NULL || (close[1] != '\0' && close[1] != ':'))
            return false;
        *out_len = (size_t)(close + 1 - text);
        *out_port = close[1] == ':' ? close + 2 : NULL;
    } else if (colon != NULL && memchr(text, ':', (size_t)(colon - text)) == NULL) {
        *out_len = (size_t)(colon - text);
        *out_port = colon + 1;
    }
    return true;
}

enum bw_rc bw_dns_target_parse(const char *text, struct bw_dns_target *out, struct bw_err *err)
{
    struct bw_dns_target target = { .port = 0 };
    struct bw_address address;
    size_t len;
    const char *port;
    uint64_t number = 0;
    if (!split(text, &len, &port) || len == 0 || len >= sizeof target.host
        || (port != NULL
            && (!bw_parse_uint(port, strlen(port), &number) || number == 0 || number > UINT16_MAX)))
        return bw_fail(err, BW_EINVAL, "'%.80s' is not HOST, HOST:PORT or [IPv6]:PORT", text);
    memcpy(target.host, text, len);
    target.host[len] = '\0';
    target.port = (uint16_t)number;
    if (!bw_address_parse(target.host, &address) && strpbrk(target.host, ":/[]@ \t\r\n") != NULL)
        return bw_fail(err, BW_EINVAL, "'%.80s' is not HOST, HOST:PORT or [IPv6]:PORT", text);
    *out = target;
    return BW_OK;
}
