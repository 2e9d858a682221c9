// SPDX-License-Identifier: GPL-3.0-or-later
/* Properties of network devices. One question over rtnetlink(7) answers nearly all of them for
 * all devices at once; what only /sys/class/net knows changes with the cable or not at all, and
 * is read when the carrier changed, else once a minute. */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/units.h"
#include "io/file.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the kernel's answer ----------------------------------------------------------------- */

static uint32_t number_of(struct bw_span data)
{
    uint32_t value = 0;
    uint8_t byte = 0;
    if (data.len >= sizeof value)
        memcpy(&value, data.data, sizeof value);
    else if (data.len > 0) {
        memcpy(&byte, data.data, 1);
        value = byte;
    }
    return value;
}

/* "02:fc:00:00:00:01" */
static void set_address(char *out, size_t size, struct bw_span data)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < data.len && at + 4 <= size; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%02x", i == 0 ? "" : ":",
                               (unsigned)(unsigned char)data.data[i]);
}

static void set_text(char *out, size_t size, struct bw_span data)
{
    bw_scan_text((struct bw_span){ data.data, strnlen(data.data, data.len) }, out, size);
}

static void set_stats(struct bw_link *link, struct bw_span data)
{
    const size_t at = offsetof(struct rtnl_link_stats64, rx_nohandler);
    link->has_nohandler = data.len >= at + sizeof link->nohandler;
    if (link->has_nohandler)
        memcpy(&link->nohandler, data.data + at, sizeof link->nohandler);
}

static void set_number(struct bw_link *link, unsigned type, uint32_t value)
{
    static const struct {
        unsigned type;
        size_t offset;
    } rows[] = {
        { IFLA_MTU, offsetof(struct bw_link, mtu) },
        { IFLA_LINK, offsetof(struct bw_link, lower) },
        { IFLA_TXQLEN, offsetof(struct bw_link, queue_length) },
        { IFLA_OPERSTATE, offsetof(struct bw_link, state) },
        { IFLA_LINKMODE, offsetof(struct bw_link, mode) },
        { IFLA_GROUP, offsetof(struct bw_link, group) },
        { IFLA_CARRIER, offsetof(struct bw_link, carrier) },
        { IFLA_CARRIER_CHANGES, offsetof(struct bw_link, carrier_changes) },
        { IFLA_CARRIER_UP_COUNT, offsetof(struct bw_link, carrier_ups) },
        { IFLA_CARRIER_DOWN_COUNT, offsetof(struct bw_link, carrier_downs) },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].type == type)
            memcpy((char *)link + rows[i].offset, &value, sizeof value);
    }
}

static void set_attribute(struct bw_link *link, unsigned type, struct bw_span data)
{
    switch (type) {
    case IFLA_IFNAME:
        set_text(link->name, sizeof link->name, data);
        break;
    case IFLA_IFALIAS:
        set_text(link->alias, sizeof link->alias, data);
        break;
    case IFLA_ADDRESS:
        set_address(link->address, sizeof link->address, data);
        break;
    case IFLA_BROADCAST:
        set_address(link->broadcast, sizeof link->broadcast, data);
        break;
    case IFLA_STATS64:
        set_stats(link, data);
        break;
    default:
        set_number(link, type, number_of(data));
    }
}

/* Takes `size` bytes off the front, and what fills them up to a multiple of four. */
static bool take(struct bw_span *rest, size_t size, struct bw_span *out)
{
    const size_t padded = (size + 3) & ~(size_t)3;
    if (rest->len < size)
        return false;
    *out = (struct bw_span){ rest->data, size };
    const size_t gone = padded < rest->len ? padded : rest->len;
    *rest = (struct bw_span){ rest->data + gone, rest->len - gone };
    return true;
}

enum { TYPE_MASK = 0x3fff }; /* NLA_TYPE_MASK, as a number that is not negative */

static enum bw_rc parse_link(struct bw_span body, struct bw_link *out, struct bw_err *err)
{
    struct ifinfomsg info;
    struct bw_span head, attribute;
    *out = (struct bw_link){ 0 };
    if (!take(&body, sizeof info, &head))
        return bw_fail(err, BW_EINVAL, "rtnetlink: a link without its head");
    memcpy(&info, head.data, sizeof info);
    out->index = (uint32_t)info.ifi_index;
    out->type = info.ifi_type;
    out->flags = info.ifi_flags;
    out->lower = out->index;
    while (body.len > 0) {
        struct rtattr rta;
        if (body.len < sizeof rta)
            return bw_fail(err, BW_EINVAL, "rtnetlink: a part of an attribute");
        memcpy(&rta, body.data, sizeof rta);
        if (rta.rta_len < sizeof rta || !take(&body, rta.rta_len, &attribute))
            return bw_fail(err, BW_EINVAL, "rtnetlink: an attribute of %u bytes", rta.rta_len);
        attribute.data += sizeof rta;
        attribute.len -= sizeof rta;
        set_attribute(out, rta.rta_type & TYPE_MASK, attribute);
    }
    return out->name[0] != '\0' ? BW_OK : bw_fail(err, BW_EINVAL, "rtnetlink: a nameless link");
}

/* The next message without its head; false at the end. */
static bool next_message(struct bw_span *bytes, unsigned *out_type, struct bw_span *out)
{
    struct nlmsghdr head;
    if (bytes->len < sizeof head)
        return false;
    memcpy(&head, bytes->data, sizeof head);
    if (head.nlmsg_len < sizeof head || !take(bytes, head.nlmsg_len, out))
        return false;
    out->data += sizeof head;
    out->len -= sizeof head;
    *out_type = head.nlmsg_type;
    return true;
}

static size_t count_links(struct bw_span bytes)
{
    struct bw_span body;
    unsigned type;
    size_t count = 0;
    while (next_message(&bytes, &type, &body))
        count += type == RTM_NEWLINK;
    return count;
}

enum bw_rc bw_links_parse(struct bw_span bytes, struct bw_arena *arena, struct bw_link **out,
                          size_t *out_count, struct bw_err *err)
{
    struct bw_link *links = bw_arena_array(arena, count_links(bytes) + 1, sizeof *links);
    struct bw_span body;
    unsigned type;
    size_t count = 0;
    bool whole = false;
    while (!whole && next_message(&bytes, &type, &body)) {
        whole = type == NLMSG_DONE;
        if (type == NLMSG_ERROR)
            return bw_fail(err, BW_EIO, "rtnetlink: links: %s", strerror(-(int)number_of(body)));
        const enum bw_rc rc = type == RTM_NEWLINK ? parse_link(body, &links[count++], err) : BW_OK;
        if (rc != BW_OK)
            return rc;
    }
    *out = links;
    *out_count = count;
    return whole ? BW_OK : bw_fail(err, BW_EINVAL, "rtnetlink: the list of links has no end");
}

/* ---- asking ------------------------------------------------------------------------------ */

static bool is_whole(struct bw_span bytes)
{
    struct bw_span body;
    unsigned type;
    while (next_message(&bytes, &type, &body)) {
        if (type == NLMSG_DONE || type == NLMSG_ERROR)
            return true;
    }
    return false;
}

static enum bw_rc receive(int fd, struct bw_buf *out, struct bw_err *err)
{
    enum { ROOM_BYTES = 32 << 10 };
    size_t batch = 0; /* where the last piece begins: messages do not span two */
    do {
        char *room = bw_buf_reserve(out, ROOM_BYTES);
        if (room == NULL)
            return bw_fail(err, BW_ELIMIT, "rtnetlink: more than %u bytes of links",
                           BW_PROC_FILE_BYTES_MAX);
        const ssize_t got = recv(fd, room, ROOM_BYTES, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return bw_fail(err, BW_EIO, "rtnetlink: %s", strerror(got < 0 ? errno : EPIPE));
        batch = out->len;
        out->len += (size_t)got;
    } while (!is_whole((struct bw_span){ out->data + batch, out->len - batch }));
    return BW_OK;
}

static enum bw_rc ask(int fd, struct bw_buf *out, struct bw_err *err)
{
    const struct {
        struct nlmsghdr head;
        struct ifinfomsg body;
    } question = { .head = { .nlmsg_len = sizeof question,
                             .nlmsg_type = RTM_GETLINK,
                             .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };
    if (send(fd, &question, sizeof question, 0) != (ssize_t)sizeof question)
        return bw_fail(err, BW_EIO, "rtnetlink: %s", strerror(errno));
    return receive(fd, out, err);
}

enum bw_rc bw_links_ask(int *fd, struct bw_buf *out, struct bw_err *err)
{
    if (*fd < 0)
        *fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (*fd < 0) /* a sandbox may keep us from it */
        return bw_fail(err, BW_EUNSUPPORTED, "rtnetlink: %s", strerror(errno));
    const enum bw_rc rc = ask(*fd, out, err);
    if (rc != BW_OK) { /* the rest of an answer must not be taken for the next one */
        close(*fd);
        *fd = -1;
    }
    return rc;
}

/* ---- what only files say ------------------------------------------------------------------ */

#define LOOK_EVERY_NS (60 * BW_SECOND)
/* The kernel announces every change of a link but that of its counter of packets that nobody took.
 */
#define ASK_EVERY_NS (10 * BW_SECOND)

enum { FILE_BYTES_MAX = 64 };

/* Of one device; -1 in `numbers` has a meaning of its own, so what is absent is told apart. */
struct lasting {
    char name[16];
    uint32_t index, carrier_changes;
    int64_t look_again_ns;
    struct {
        bool known;
        int64_t value;
    } numbers[4];
    char duplex[16];
};

static const struct {
    const char *file;
    enum bw_family_id family;
    double multiplier;
} lasting_numbers[] = {
    { "addr_assign_type", BW_METRIC_NODE_NETWORK_ADDRESS_ASSIGN_TYPE, 1 },
    { "name_assign_type", BW_METRIC_NODE_NETWORK_NAME_ASSIGN_TYPE, 1 },
    { "dev_id", BW_METRIC_NODE_NETWORK_DEVICE_ID, 1 },
    { "speed", BW_METRIC_NODE_NETWORK_SPEED_BYTES, 1e6 / 8 }, /* it says megabits a second */
};

struct bw_host_links {
    int fd;               /* -1: not open */
    int news;             /* on which the kernel announces changes; -1: not open */
    int64_t ask_again_ns; /* until then `answer` holds unless there is news; 0: it does not */
    struct bw_buf answer;
    struct lasting *items;
    size_t count, cap;
};

void bw_host_links_free(struct bw_host_links *links)
{
    if (links == NULL)
        return;
    if (links->fd >= 0)
        close(links->fd);
    if (links->news >= 0)
        close(links->news);
    bw_buf_fini(&links->answer);
    free(links->items);
    free(links);
}

/* Files that cannot be read have nothing to say: a device that is down has no speed. */
static bool read_word(const struct bw_host *host, const char *device, const char *file, char *out)
{
    char path[96], *text;
    size_t len;
    snprintf(path, sizeof path, "sys/class/net/%s/%s", device, file);
    if (bw_file_read(host->root, path, FILE_BYTES_MAX, &text, &len, NULL) != BW_OK)
        return false;
    bw_scan_text(bw_span_trim((struct bw_span){ text, len }), out, FILE_BYTES_MAX);
    free(text);
    return true;
}

/* "-1", "10000", "0x0" */
static bool parse_number(const char *word, int64_t *out)
{
    char *end;
    if (!bw_text_starts_with(word, "0x"))
        return bw_parse_int(word, strlen(word), out);
    *out = strtoll(word + 2, &end, 16);
    return end != word + 2 && *end == '\0';
}

static void look(const struct bw_host *host, const struct bw_link *link, struct lasting *out)
{
    char word[FILE_BYTES_MAX];
    for (size_t i = 0; i < sizeof lasting_numbers / sizeof *lasting_numbers; i++)
        out->numbers[i].known = read_word(host, link->name, lasting_numbers[i].file, word)
                                && parse_number(word, &out->numbers[i].value);
    const bool has_duplex = read_word(host, link->name, "duplex", word);
    bw_text_copy(out->duplex, sizeof out->duplex, has_duplex ? word : "");
    out->carrier_changes = link->carrier_changes;
    out->look_again_ns = host->round_ns + LOOK_EVERY_NS;
}

static struct lasting *lasting_of(struct bw_host_links *links, const struct bw_link *link)
{
    for (size_t i = 0; i < links->count; i++) {
        struct lasting *item = &links->items[i];
        if (item->index == link->index && strcmp(item->name, link->name) == 0)
            return item;
    }
    if (links->count == links->cap)
        links->items = bw_grow(links->items, &links->cap, links->count + 1, sizeof *links->items);
    struct lasting *item = &links->items[links->count++];
    *item = (struct lasting){ .index = link->index };
    bw_text_copy(item->name, sizeof item->name, link->name);
    return item;
}

/* Devices of containers come and go with ever new names. */
static void forget_old(struct bw_host *host)
{
    struct bw_host_links *links = host->links;
    size_t kept = 0;
    for (size_t i = 0; i < links->count; i++) {
        if (links->items[i].look_again_ns + LOOK_EVERY_NS > host->round_ns)
            links->items[kept++] = links->items[i];
    }
    links->count = kept;
}

/* ---- a round ------------------------------------------------------------------------------ */

/* RFC 2863, as the kernel spells them in /sys/class/net/DEVICE/operstate. */
static const char *const states[] = { "unknown", "notpresent", "down", "lowerlayerdown",
                                      "testing", "dormant",    "up" };

enum { STATE_COUNT = sizeof states / sizeof *states, STATE_UP = 6 };

static void add_info(const struct bw_link *link, const struct lasting *lasting,
                     struct bw_measures *out)
{
    bw_measures_add(out, BW_METRIC_NODE_NETWORK_INFO, 1,
                    BW_LABEL_VALUES(link->address, link->broadcast, link->name, lasting->duplex,
                                    link->alias,
                                    states[link->state < STATE_COUNT ? link->state : 0]));
    bw_measures_add(out, BW_METRIC_NODE_NETWORK_UP, link->state == STATE_UP,
                    BW_LABEL_VALUES(link->name));
}

/* Whether there is a carrier can only be told of a device that is switched on. */
static void add_carrier(const struct bw_link *link, struct bw_measures *out)
{
    const char *const labels[] = { link->name };
    if ((link->flags & IFF_UP) == 0)
        return;
    bw_measures_add(out, BW_METRIC_NODE_NETWORK_CARRIER, link->carrier, labels);
    bw_measures_add(out, BW_METRIC_NODE_NETWORK_DORMANT, (link->flags & IFF_DORMANT) != 0, labels);
}

static void add_link(const struct bw_link *link, const struct lasting *lasting,
                     struct bw_measures *out)
{
    /* The file of the flags does not show what follows from the carrier. */
    const uint32_t volatile_flags = IFF_RUNNING | IFF_LOWER_UP | IFF_DORMANT;
    const struct {
        enum bw_family_id family;
        double value;
    } rows[] = {
        { BW_METRIC_NODE_NETWORK_CARRIER_CHANGES_TOTAL, link->carrier_changes },
        { BW_METRIC_NODE_NETWORK_CARRIER_UP_CHANGES_TOTAL, link->carrier_ups },
        { BW_METRIC_NODE_NETWORK_CARRIER_DOWN_CHANGES_TOTAL, link->carrier_downs },
        { BW_METRIC_NODE_NETWORK_FLAGS, link->flags & ~volatile_flags },
        { BW_METRIC_NODE_NETWORK_IFACE_ID, link->index },
        { BW_METRIC_NODE_NETWORK_IFACE_LINK, link->lower },
        { BW_METRIC_NODE_NETWORK_IFACE_LINK_MODE, link->mode },
        { BW_METRIC_NODE_NETWORK_MTU_BYTES, link->mtu },
        { BW_METRIC_NODE_NETWORK_NET_DEV_GROUP, link->group },
        { BW_METRIC_NODE_NETWORK_PROTOCOL_TYPE, link->type },
        { BW_METRIC_NODE_NETWORK_TRANSMIT_QUEUE_LENGTH, link->queue_length },
    };
    const char *const labels[] = { link->name };
    add_info(link, lasting, out);
    add_carrier(link, out);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        bw_measures_add(out, rows[i].family, rows[i].value, labels);
    for (size_t i = 0; i < sizeof lasting_numbers / sizeof *lasting_numbers; i++) {
        if (lasting->numbers[i].known)
            bw_measures_add(out, lasting_numbers[i].family,
                            (double)lasting->numbers[i].value * lasting_numbers[i].multiplier,
                            labels);
    }
    if (link->has_nohandler)
        bw_measures_add(out, BW_METRIC_NODE_NETWORK_RECEIVE_NOHANDLER_TOTAL,
                        (double)link->nohandler, labels);
}

static void open_news(struct bw_host_links *links)
{
    const struct sockaddr_nl group = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
    links->news = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (links->news < 0 || bind(links->news, (const struct sockaddr *)&group, sizeof group) == 0)
        return;
    close(links->news); /* then they are asked for each time */
    links->news = -1;
}

/* Takes all announcements; what they say is asked for. */
static bool has_news(const struct bw_host_links *links)
{
    char byte;
    bool any = links->news < 0;
    while (links->news >= 0
           && (recv(links->news, &byte, sizeof byte, 0) >= 0 || errno == ENOBUFS || errno == EINTR))
        any = true;
    return any;
}

static enum bw_rc refresh_answer(struct bw_host *host, struct bw_err *err)
{
    struct bw_host_links *links = host->links;
    if (links->news < 0 && host->ask_links == bw_links_ask)
        open_news(links); /* before asking: nothing is missed in between */
    if (!has_news(links) && host->round_ns < links->ask_again_ns)
        return BW_OK;
    bw_buf_clear(&links->answer);
    const enum bw_rc rc = host->ask_links(&links->fd, &links->answer, err);
    links->ask_again_ns = rc == BW_OK ? host->round_ns + ASK_EVERY_NS : 0;
    return rc;
}

static enum bw_rc read_links(struct bw_host *host, struct bw_link **out, size_t *out_count,
                             struct bw_err *err)
{
    if (host->links == NULL) {
        host->links = bw_alloc(sizeof *host->links);
        host->links->fd = host->links->news = -1;
        bw_buf_init(&host->links->answer, BW_PROC_FILE_BYTES_MAX);
    }
    const enum bw_rc rc = refresh_answer(host, err);
    if (rc != BW_OK)
        return rc;
    const struct bw_buf *answer = &host->links->answer;
    return bw_links_parse((struct bw_span){ answer->data, answer->len }, &host->scratch, out,
                          out_count, err);
}

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    struct bw_link *links = NULL;
    size_t count = 0;
    const enum bw_rc rc = read_links(host, &links, &count, err);
    if (rc != BW_OK)
        return rc;
    for (size_t i = 0; i < count; i++) {
        struct lasting *lasting = lasting_of(host->links, &links[i]);
        if (host->round_ns >= lasting->look_again_ns
            || lasting->carrier_changes != links[i].carrier_changes)
            look(host, &links[i], lasting);
        add_link(&links[i], lasting, out);
    }
    forget_old(host);
    return BW_OK;
}

const struct bw_sampler_ops bw_sampler_netclass = {
    .name = "netclass",
    .summary = "State, speed and other properties of network devices.",
    .prefixes = { "node_network_address_", "node_network_carrier", "node_network_device_id",
                  "node_network_dormant", "node_network_flags", "node_network_iface_",
                  "node_network_info", "node_network_mtu_", "node_network_name_",
                  "node_network_net_dev_", "node_network_protocol_",
                  "node_network_receive_nohandler_", "node_network_speed_",
                  "node_network_transmit_queue_", "node_network_up" },
    .sample = sample,
};
