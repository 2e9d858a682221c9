// SPDX-License-Identifier: GPL-3.0-or-later
/* Records of names (dns_sd): SRV, A, AAAA. */
#include "base/limits.h"
#include "discover/kinds.h"

#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <string.h>
#include <sys/select.h>

/* How long one wait is at most: so soon a wish to stop is heard. */
enum { TURN_US = 200000 };

struct lookup {
    struct bw_discovery_ask *ask;
    const char *name;
    bool done;
    enum bw_rc rc;
    struct bw_err err;
};

static enum bw_rc dns_check(const char *from, struct bw_err *err)
{
    if (from[0] == '\0' || strlen(from) > 255)
        return bw_fail(err, BW_EINVAL, "expected a name");
    return BW_OK;
}

/* "_http._tcp.example.com." as Prometheus writes what a name server says. */
static const char *dotted(struct lookup *lookup, const char *host)
{
    return bw_arena_printf(lookup->ask->arena, "%s.", host);
}

static void add(struct lookup *lookup, const char *address, struct bw_label target,
                struct bw_label port)
{
    struct bw_label labels[5];
    size_t count = 0;
    labels[count++] = (struct bw_label){ "__address__", address };
    labels[count++] = (struct bw_label){ "__meta_dns_name", lookup->name };
    if (target.name != NULL)
        labels[count++] = target;
    if (port.name != NULL)
        labels[count++] = port;
    struct bw_discovery_ask *ask = lookup->ask;
    lookup->rc = bw_target_list_add(ask->arena, ask->out, labels, count, &lookup->err);
}

static int take_srv(struct lookup *lookup, const unsigned char *answer, int len)
{
    struct ares_srv_reply *first = NULL;
    const int status = ares_parse_srv_reply(answer, len, &first);
    struct bw_arena *arena = lookup->ask->arena;
    for (const struct ares_srv_reply *one = first; one != NULL && lookup->rc == BW_OK;
         one = one->next)
        add(lookup, bw_arena_printf(arena, "%s:%u", dotted(lookup, one->host), one->port),
            (struct bw_label){ "__meta_dns_srv_record_target", dotted(lookup, one->host) },
            (struct bw_label){ "__meta_dns_srv_record_port",
                               bw_arena_printf(arena, "%u", one->port) });
    ares_free_data(first);
    return status;
}

static int take_addresses(struct lookup *lookup, const unsigned char *answer, int len)
{
    const struct bw_discovery_spec *spec = lookup->ask->spec;
    struct ares_addrttl found4[BW_RESOLVED_ADDRESSES_MAX];
    struct ares_addr6ttl found6[BW_RESOLVED_ADDRESSES_MAX];
    int count = BW_RESOLVED_ADDRESSES_MAX;
    const bool six = spec->record == BW_RECORD_AAAA;
    const int status = six ? ares_parse_aaaa_reply(answer, len, NULL, found6, &count)
                           : ares_parse_a_reply(answer, len, NULL, found4, &count);
    for (int i = 0; status == ARES_SUCCESS && i < count && lookup->rc == BW_OK; i++) {
        char text[INET6_ADDRSTRLEN];
        const void *address =
            six ? (const void *)&found6[i].ip6addr : (const void *)&found4[i].ipaddr;
        if (inet_ntop(six ? AF_INET6 : AF_INET, address, text, sizeof text) == NULL)
            continue;
        add(lookup,
            bw_arena_printf(lookup->ask->arena, six ? "[%s]:%u" : "%s:%u", text, spec->port),
            (struct bw_label){ 0 }, (struct bw_label){ 0 });
    }
    return status;
}

/* A name without such records has no targets; a server that fails leaves those there were. */
static void on_answer(void *ctx, int status, int timeouts, unsigned char *answer, int len)
{
    (void)timeouts;
    struct lookup *lookup = ctx;
    lookup->done = true;
    if (status == ARES_SUCCESS)
        status = lookup->ask->spec->record == BW_RECORD_SRV ? take_srv(lookup, answer, len)
                                                            : take_addresses(lookup, answer, len);
    if (status != ARES_SUCCESS && status != ARES_ENODATA && status != ARES_ENOTFOUND)
        lookup->rc = bw_fail(&lookup->err, BW_EIO, "%s: %s", lookup->name, ares_strerror(status));
}

static void wait_for(ares_channel channel, struct lookup *lookup)
{
    while (!lookup->done && !bw_discovery_is_stopped(lookup->ask)) {
        struct timeval longest = { .tv_usec = TURN_US }, wait;
        fd_set readers, writers;
        FD_ZERO(&readers);
        FD_ZERO(&writers);
        const int count = ares_fds(channel, &readers, &writers);
        select(count, &readers, &writers, NULL, ares_timeout(channel, &longest, &wait));
        ares_process(channel, &readers, &writers);
    }
}

static enum bw_rc open_channel(const struct bw_discovery_spec *spec, ares_channel *out,
                               struct bw_err *err)
{
    enum { TRIES = 2 };
    struct ares_options options = { .timeout = (int)(spec->timeout_ns / 1000000 / TRIES),
                                    .tries = TRIES };
    int status = ares_init_options(out, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
    if (status == ARES_SUCCESS && spec->servers != NULL) {
        status = ares_set_servers_ports_csv(*out, spec->servers);
        if (status != ARES_SUCCESS)
            ares_destroy(*out);
    }
    return status == ARES_SUCCESS ? BW_OK : bw_fail(err, BW_EIO, "%s", ares_strerror(status));
}

static void look_up(struct bw_discovery_ask *ask, const char *name)
{
    static const int types[] = {
        [BW_RECORD_SRV] = ns_t_srv, [BW_RECORD_A] = ns_t_a, [BW_RECORD_AAAA] = ns_t_aaaa
    };
    struct lookup lookup = { .ask = ask, .name = name };
    const size_t before = ask->out->count;
    ares_channel channel;
    lookup.rc = open_channel(ask->spec, &channel, &lookup.err);
    if (lookup.rc == BW_OK) {
        ares_search(channel, name, ns_c_in, types[ask->spec->record], on_answer, &lookup);
        wait_for(channel, &lookup);
        ares_destroy(channel); /* what is under way ends in on_answer() */
    }
    if (lookup.rc == BW_OK)
        return;
    ask->out->count = before;
    bw_discovery_keep(ask, (struct bw_label){ "__meta_dns_name", name }, &lookup.err);
}

static void dns_ask(struct bw_discovery_ask *ask)
{
    for (size_t i = 0; i < ask->spec->from.count && !bw_discovery_is_stopped(ask); i++)
        look_up(ask, ask->spec->from.items[i]);
}

const struct bw_discovery_ops bw_discovery_dns = { "dns", dns_check, dns_ask };
