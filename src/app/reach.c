// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/reach.h"

#include "conf/node.h"

#include <string.h>

/* Not to be reached by "everything": what is on our link alone, and where clouds tell a machine
 * its secrets. */
static const char *const guarded[] = {
    "169.254.0.0/16",   "fe80::/10",          "fd00:ec2::/32",
    "fd20:ce::254/128", "100.100.100.200/32", "192.0.0.192/32",
    "168.63.129.16/32", "0.0.0.0/8",          "::/128",
    "224.0.0.0/4",      "255.255.255.255/32", "ff00::/8",
};

/* The guarded network that the address is in; false when it is in none. */
static bool find_guarded(const struct bw_address *address, struct bw_network *out)
{
    for (size_t i = 0; i < sizeof guarded / sizeof *guarded; i++) {
        if (bw_network_parse(guarded[i], out) && bw_network_contains(out, address))
            return true;
    }
    return false;
}

bool bw_reach_allows(const struct bw_config_reach *reach, bool trusted,
                     const struct bw_address *address)
{
    const struct bw_address plain = bw_address_plain(address);
    struct bw_network guard;
    const bool is_guarded = find_guarded(&plain, &guard);
    if (!is_guarded && (trusted || reach->any))
        return true;
    for (size_t i = 0; i < reach->count; i++) {
        const struct bw_network *listed = &reach->networks[i];
        if (bw_network_contains(listed, &plain)
            && (!is_guarded || bw_network_includes(&guard, listed)))
            return true;
    }
    return false;
}

bool bw_reach_is_proxied(const struct bw_probe_module *options)
{
    return options->prober == BW_PROBER_HTTP
           && (options->http.proxy.url != NULL || options->http.proxy.from_environment);
}

static void take_network(const struct bw_node *node, struct bw_problems *problems,
                         struct bw_network *networks, size_t *count)
{
    if (node->kind == BW_NODE_SCALAR && bw_network_parse(node->text, &networks[*count]))
        ++*count;
    else
        bw_problems_add(problems, node->at, "web.probe_targets",
                        "expected a network such as 10.0.0.0/8 or fd00::/8");
}

void bw_reach_resolve(const struct bw_node *node, struct bw_arena *arena,
                      struct bw_problems *problems, struct bw_config_reach *out)
{
    *out = (struct bw_config_reach){ .any = false };
    if (node == NULL || bw_node_is_null(node))
        return;
    if (node->kind == BW_NODE_SCALAR && strcmp(node->text, "any") == 0) {
        out->any = true;
    } else if (node->kind == BW_NODE_LIST) {
        struct bw_network *networks = bw_arena_array(arena, node->count + 1, sizeof *networks);
        for (const struct bw_node *child = node->first; child != NULL; child = child->next)
            take_network(child, problems, networks, &out->count);
        out->networks = networks;
    } else {
        bw_problems_add(problems, node->at, "web.probe_targets",
                        "expected 'any' or a list of networks such as [10.0.0.0/8]");
    }
}
