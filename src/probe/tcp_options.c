// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/greeting.h"
#include "probe/tcp_labels.h"

#include "base/mem.h"
#include "base/num.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AT(member) offsetof(struct bw_tcp_step, member)

static const struct bw_opt step_options[] = {
    { "expect", BW_OPT_STRING, AT(expect),
      .help = "Regular expression that a line of the peer must match; lines before are skipped." },
    { "expect_bytes", BW_OPT_STRING, AT(expect_bytes), .range = "1..65536",
      .help = "Exactly the bytes that the peer must send next." },
    { "send", BW_OPT_STRING, AT(send),
      .help = "Line to send, with a newline after it; ${1} is the first group of expect, ${NAME} "
              "one that is named. Nothing is sent if nothing is left." },
    { "starttls", BW_OPT_BOOL, AT(starttls), .def = "false",
      .help = "Change to TLS after this step." },
    { "labels", BW_OPT_GROUPS, AT(labels), .group = &bw_tcp_label_group,
      .help = "What to tell of the line that matched expect, as labels of `probe_expect_info`; at "
              "most 16 in a dialogue, each name once." },
    { 0 },
};
#undef AT

static enum bw_rc step_check(const void *opts, struct bw_err *err)
{
    const struct bw_tcp_step *step = opts;
    if (step->expect != NULL && step->expect_bytes != NULL)
        return bw_fail(err, BW_EINVAL, "expect and expect_bytes exclude each other");
    if (step->labels.count > 0 && step->expect == NULL)
        return bw_fail(err, BW_EINVAL, "labels need expect");
    return step->expect != NULL ? bw_regex_check(step->expect, err) : BW_OK;
}

static const struct bw_opt_group step_group = {
    .name = "query_response",
    .size = sizeof(struct bw_tcp_step),
    .opts = step_options,
    .help = "One step of a TCP dialogue.",
    .check = step_check,
};

static const struct bw_opt_name greeting_names[] = {
    { "none", BW_GREETING_NONE },
    { "mysql", BW_GREETING_MYSQL },
    { "postgres", BW_GREETING_POSTGRES },
    { 0 },
};

#define AT(member) offsetof(struct bw_tcp_options, member)

static const struct bw_opt tcp_options[] = {
    { "query_response", BW_OPT_GROUPS, AT(query_response), .group = &step_group,
      .help = "What to say and what to hear once connected, in this order." },
    { "protocol", BW_OPT_ENUM, AT(protocol), .def = "none", .names = greeting_names,
      .help = "Instead of query_response: a database that does not talk in lines. Passes when it "
              "answers to a user `bellwether`, who need not exist." },
    BW_PROBE_ADDRESS_ROWS("a name"),
    { "source_ip_address", BW_OPT_STRING, AT(source_ip_address),
      .help = "Address of ours to connect from." },
    { "tls", BW_OPT_BOOL, AT(tls), .def = "false", .help = "Speak TLS from the first byte." },
    { "tls_config", BW_OPT_GROUP, AT(tls_config), .group = &bw_probe_tls_group,
      .help = "For tls and starttls." },
    { 0 },
};
#undef AT

static enum bw_rc tcp_check(const void *opts, struct bw_err *err)
{
    const struct bw_tcp_options *o = opts;
    if (o->protocol != BW_GREETING_NONE && o->query_response.count > 0)
        return bw_fail(err, BW_EINVAL, "protocol and query_response exclude each other");
    const enum bw_rc rc = bw_tcp_labels_check(&o->query_response, err);
    return rc == BW_OK ? bw_probe_source_check(o->source_ip_address, err) : rc;
}

const struct bw_opt_group bw_probe_tcp_group = {
    .name = "tcp",
    .size = sizeof(struct bw_tcp_options),
    .opts = tcp_options,
    .help = "Connects to HOST:PORT and may hold a dialogue.",
    .check = tcp_check,
};

#define AT(member) offsetof(struct bw_unix_options, member)

static const struct bw_opt unix_options[] = {
    { "query_response", BW_OPT_GROUPS, AT(query_response), .group = &step_group,
      .help = "What to say and what to hear once connected, in this order, as for tcp." },
    { "tls", BW_OPT_BOOL, AT(tls), .def = "false", .help = "Speak TLS from the first byte." },
    { "tls_config", BW_OPT_GROUP, AT(tls_config), .group = &bw_probe_tls_group,
      .help = "For tls and starttls; the name to expect is server_name." },
    { 0 },
};
#undef AT

static enum bw_rc unix_check(const void *opts, struct bw_err *err)
{
    return bw_tcp_labels_check(&((const struct bw_unix_options *)opts)->query_response, err);
}

const struct bw_opt_group bw_probe_unix_group = {
    .name = "unix",
    .size = sizeof(struct bw_unix_options),
    .opts = unix_options,
    .help = "Connects to a stream socket of this machine: a path, or @NAME for one without a file; "
            "and may hold a dialogue. A full queue of connections is tried again until there is "
            "room.",
    .check = unix_check,
};

#define AT(member) offsetof(struct bw_look_options, member)

static const struct bw_opt_name starttls_names[] = {
    { "none", BW_STARTTLS_NONE },
    { "smtp", BW_STARTTLS_SMTP },
    { "imap", BW_STARTTLS_IMAP },
    { "pop3", BW_STARTTLS_POP3 },
    { "ftp", BW_STARTTLS_FTP },
    { "ldap", BW_STARTTLS_LDAP },
    { "mysql", BW_STARTTLS_MYSQL },
    { "postgres", BW_STARTTLS_POSTGRES },
    { 0 },
};

static const struct bw_opt look_options[] = {
    { "starttls", BW_OPT_ENUM, AT(starttls), .def = "none", .names = starttls_names,
      .help = "The protocol to speak until it changes to TLS; none: TLS from the first byte." },
    { "certificate_changes", BW_OPT_BOOL, AT(certificate_changes), .def = "true",
      .help = "Tell as an event when the first certificate is another than in the run before." },
    BW_PROBE_ADDRESS_ROWS("a name"),
    { "source_ip_address", BW_OPT_STRING, AT(source_ip_address),
      .help = "Address of ours to connect from." },
    { "tls_config", BW_OPT_GROUP, AT(tls_config), .group = &bw_probe_tls_group,
      .help = "How to judge. Old versions are agreed to, so that the certificates can be read; one "
              "below min_version (TLS12) fails then." },
    { 0 },
};
#undef AT

static enum bw_rc look_check(const void *opts, struct bw_err *err)
{
    return bw_probe_source_check(((const struct bw_look_options *)opts)->source_ip_address, err);
}

const struct bw_opt_group bw_probe_look_group = {
    .name = "tls",
    .size = sizeof(struct bw_look_options),
    .opts = look_options,
    .help =
        "Looks at the certificates that HOST:PORT shows, or at those in `file:/PATH` (PEM, leaf "
        "first, or one in DER; the name is held against tls_config.server_name there, if that "
        "is set). All of them are measured whatever is wrong; nothing is said over TLS.",
    .check = look_check,
};

static enum bw_rc prepare_steps(struct bw_tcp_plan *plan, const struct bw_items *items,
                                struct bw_err *err)
{
    const struct bw_tcp_step *steps = items->items;
    plan->steps = bw_alloc_array(items->count + 1, sizeof *plan->steps);
    plan->step_count = items->count;
    for (size_t i = 0; i < items->count; i++) {
        struct bw_tcp_plan_step *step = &plan->steps[i];
        step->send = bw_strdup(steps[i].send);
        step->expect_bytes = bw_strdup(steps[i].expect_bytes);
        step->starttls = steps[i].starttls;
        plan->uses_tls = plan->uses_tls || step->starttls;
        if (steps[i].expect == NULL)
            continue;
        step->expect = bw_regex_new(steps[i].expect, err);
        if (step->expect == NULL)
            return bw_wrap(err, BW_EINVAL, "query_response[%zu].expect", i);
    }
    return bw_tcp_labels_prepare(plan, items, err);
}

static enum bw_rc prepare_talk(struct bw_tcp_plan *plan, const struct bw_starttls_talk *talk,
                               struct bw_err *err)
{
    plan->steps = bw_alloc_array(talk->count + 1, sizeof *plan->steps);
    plan->step_count = talk->count;
    for (size_t i = 0; i < talk->count; i++) {
        const struct bw_starttls_step *from = &talk->steps[i];
        struct bw_tcp_plan_step *step = &plan->steps[i];
        step->reader = from->reader;
        step->message = from->message.len > 0 ? &from->message : NULL;
        step->send = bw_strdup(from->send);
        step->starttls = plan->looks && i + 1 == talk->count;
        step->expect = from->expect != NULL ? bw_regex_new(from->expect, err) : NULL;
        step->refusal = from->refusal != NULL ? bw_regex_new(from->refusal, err) : NULL;
        if ((from->expect != NULL && step->expect == NULL)
            || (from->refusal != NULL && step->refusal == NULL))
            return BW_EINVAL;
    }
    return BW_OK;
}

/* The plan, whole, or NULL; `rc` is what became of it so far. */
static struct bw_tcp_plan *complete(struct bw_tcp_plan *plan, enum bw_rc rc,
                                    const struct bw_tls_options *tls, const char *folder,
                                    struct bw_err *err)
{
    if (rc == BW_OK && plan->uses_tls)
        rc = bw_tls_plan_make(&plan->tls_plan, tls, folder, err);
    if (rc == BW_OK)
        return plan;
    bw_tcp_release(plan);
    return NULL;
}

void *bw_tcp_prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                     struct bw_err *err)
{
    (void)engine;
    const struct bw_tcp_options *o = options;
    struct bw_tcp_plan *plan = bw_alloc(sizeof *plan);
    plan->preference = (enum bw_ip_preference)o->preferred_ip_protocol;
    plan->fallback = o->ip_protocol_fallback;
    plan->tls = plan->uses_tls = o->tls;
    plan->has_source = bw_probe_source_read(o->source_ip_address, &plan->source);
    const enum bw_rc rc = o->protocol != BW_GREETING_NONE
                              ? prepare_talk(plan, &bw_greetings[o->protocol], err)
                              : prepare_steps(plan, &o->query_response, err);
    return complete(plan, rc, &o->tls_config, folder, err);
}

void *bw_unix_prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                      struct bw_err *err)
{
    (void)engine;
    const struct bw_unix_options *o = options;
    struct bw_tcp_plan *plan = bw_alloc(sizeof *plan);
    plan->local = true;
    plan->tls = plan->uses_tls = o->tls;
    return complete(plan, prepare_steps(plan, &o->query_response, err), &o->tls_config, folder,
                    err);
}

void *bw_look_prepare(struct bw_probe_engine *engine, const void *options, const char *folder,
                      struct bw_err *err)
{
    (void)engine;
    const struct bw_look_options *o = options;
    struct bw_tcp_plan *plan = bw_alloc(sizeof *plan);
    plan->preference = (enum bw_ip_preference)o->preferred_ip_protocol;
    plan->fallback = o->ip_protocol_fallback;
    plan->looks = plan->uses_tls = true;
    plan->tells_changes = o->certificate_changes;
    plan->tls = o->starttls == BW_STARTTLS_NONE;
    plan->has_source = bw_probe_source_read(o->source_ip_address, &plan->source);
    return complete(plan, prepare_talk(plan, &bw_starttls_talks[o->starttls], err), &o->tls_config,
                    folder, err);
}

void bw_tcp_release(void *prepared)
{
    struct bw_tcp_plan *plan = prepared;
    for (size_t i = 0; i < plan->step_count; i++) {
        bw_regex_free(plan->steps[i].expect);
        bw_regex_free(plan->steps[i].refusal);
        free(plan->steps[i].expect_bytes);
        free(plan->steps[i].send);
    }
    free(plan->steps);
    bw_tcp_labels_release(plan);
    bw_tls_plan_fini(&plan->tls_plan);
    free(plan);
}

/* ---- secrets ---- */

/* "AUTH", "PASS", "LOGIN": in SMTP, POP, IMAP, FTP, Redis, memcached, … */
static bool announces_password(const char *line)
{
    static const char *const words[] = { "auth",  "authenticate", "pass",     "password",
                                         "login", "identify",     "nickserv", "hello" };
    char word[16];
    while (*line != '\0') {
        const size_t len = strcspn(line, " \t\r\n");
        for (size_t i = 0; i < sizeof words / sizeof *words && len < sizeof word; i++) {
            if (strlen(words[i]) == len && strncasecmp(words[i], line, len) == 0)
                return true;
        }
        line += len + strspn(line + len, " \t\r\n");
    }
    return false;
}

/* Every word but the first; where a group of the peer's goes in, what stands on both sides. */
static void hide_words(const char *line, bool all, struct bw_mask *mask)
{
    char word[512];
    for (bool first = !all; *line != '\0'; first = false) {
        const size_t len = strcspn(line, " \t\r\n$");
        if (!first && len > 0 && len < sizeof word) {
            memcpy(word, line, len);
            word[len] = '\0';
            bw_mask_add(mask, word);
        }
        line += len;
        line += line[0] == '$' && line[1] == '{' ? strcspn(line, "}") : 0;
        line += strspn(line, " \t\r\n$}");
    }
}

/* From the word that announces a password on, all that is said may be one: user names and
 * passwords come alone on their lines where the peer asks for them. */
void bw_tcp_secrets(const void *prepared, struct bw_mask *mask)
{
    const struct bw_tcp_plan *plan = prepared;
    bool announced = false;
    for (size_t i = 0; i < plan->step_count; i++) {
        const char *line = plan->steps[i].send;
        if (line == NULL)
            continue;
        const bool announces = announces_password(line);
        bw_mask_add_from(mask, line);
        if (announces || announced)
            hide_words(line, !announces, mask);
        announced = announced || announces;
    }
}

enum bw_rc bw_tcp_target_parse(const char *text, struct bw_tcp_target *out, struct bw_err *err)
{
    struct bw_tcp_target target;
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (colon == NULL || !bw_parse_uint(colon + 1, strlen(colon + 1), &port) || port == 0
        || port > UINT16_MAX)
        return bw_fail(err, BW_EINVAL, "'%.80s' is not HOST:PORT", text);
    size_t len = (size_t)(colon - text);
    bool bracketed = len > 2 && text[0] == '[' && colon[-1] == ']';
    if (bracketed) {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof target.host || (!bracketed && memchr(text, ':', len) != NULL)
        || memchr(text, '/', len) != NULL)
        return bw_fail(err, BW_EINVAL, "'%.80s' is not HOST:PORT (IPv6 as [::1]:80)", text);
    memcpy(target.host, text, len);
    target.host[len] = '\0';
    target.port = (uint16_t)port;
    *out = target;
    return BW_OK;
}
