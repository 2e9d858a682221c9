// SPDX-License-Identifier: GPL-3.0-or-later
/* A kernel's answer over rtnetlink(7), made by hand. */
#include "host/host.h"
#include "host/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* ---- making answers ----------------------------------------------------------------------- */

static void pad(struct bw_buf *out)
{
    while (out->len % 4 != 0)
        bw_buf_char(out, '\0');
}

static void put_attribute(struct bw_buf *out, unsigned short type, const void *data, size_t len)
{
    const struct rtattr head = { .rta_len = (unsigned short)(sizeof head + len), .rta_type = type };
    bw_buf_bytes(out, (const char *)&head, sizeof head);
    bw_buf_bytes(out, data, len);
    pad(out);
}

static void put_number(struct bw_buf *out, unsigned short type, uint32_t value)
{
    put_attribute(out, type, &value, sizeof value);
}

static void put_byte(struct bw_buf *out, unsigned short type, uint8_t value)
{
    put_attribute(out, type, &value, sizeof value);
}

static void put_message(struct bw_buf *out, unsigned short type, const struct bw_buf *body)
{
    const struct nlmsghdr head = { .nlmsg_len = (uint32_t)(sizeof head + body->len),
                                   .nlmsg_type = type };
    bw_buf_bytes(out, (const char *)&head, sizeof head);
    bw_buf_bytes(out, body->data, body->len);
    pad(out);
}

struct device {
    const char *name;
    int index;
    unsigned flags;
    uint8_t state, carrier;
    uint32_t changes;
};

static const struct device eth0 = { "eth0", 4, 0x11043, 6, 1, 3 };
static const struct device down = { "eth1", 5, 0x1002, 2, 0, 0 };

static void put_device(struct bw_buf *out, const struct device *device)
{
    static const unsigned char address[] = { 2, 0xfc, 0, 0, 0, 1 };
    const struct rtnl_link_stats64 stats = { .rx_nohandler = 9 };
    const struct ifinfomsg info = { .ifi_type = 1,
                                    .ifi_index = device->index,
                                    .ifi_flags = device->flags };
    struct bw_buf body;
    bw_buf_init(&body, 1 << 16);
    bw_buf_bytes(&body, (const char *)&info, sizeof info);
    put_attribute(&body, IFLA_IFNAME, device->name, strlen(device->name) + 1);
    put_attribute(&body, IFLA_ADDRESS, address, sizeof address);
    put_attribute(&body, IFLA_IFALIAS, "to the world", 12);
    put_number(&body, IFLA_MTU, 1400);
    put_number(&body, IFLA_TXQLEN, 1000);
    put_byte(&body, IFLA_OPERSTATE, device->state);
    put_byte(&body, IFLA_CARRIER, device->carrier);
    put_number(&body, IFLA_CARRIER_CHANGES, device->changes);
    put_number(&body, IFLA_CARRIER_UP_COUNT, (device->changes + 1) / 2);
    put_attribute(&body, IFLA_STATS64, &stats, sizeof stats);
    put_message(out, RTM_NEWLINK, &body);
    bw_buf_fini(&body);
}

static void put_end(struct bw_buf *out, unsigned short type, int32_t code)
{
    struct bw_buf body;
    bw_buf_init(&body, 64);
    bw_buf_bytes(&body, (const char *)&code, sizeof code);
    put_message(out, type, &body);
    bw_buf_fini(&body);
}

/* ---- reading them ------------------------------------------------------------------------- */

static const struct device *shown[2];
static size_t shown_count;

static enum bw_rc fake_ask(int *fd, struct bw_buf *out, struct bw_err *err)
{
    (void)fd;
    (void)err;
    for (size_t i = 0; i < shown_count; i++)
        put_device(out, shown[i]);
    put_end(out, NLMSG_DONE, 0);
    return BW_OK;
}

static double value_of(const struct bw_measures *m, enum bw_family_id family, const char *device)
{
    double value = -1;
    bw_measures_value(m, family, BW_LABEL_VALUES(device), &value);
    return value;
}

static void sample(struct bw_host *host, struct bw_arena *arena, struct bw_measures *m)
{
    static const char *const names[] = { "netclass" };
    const struct bw_strings collectors = { names, 1 };
    struct bw_err err = { 0 };
    bw_arena_init(arena);
    bw_measures_init(m, arena);
    if (bw_host_sample(host, &collectors, m, &err) != BW_OK)
        fail_msg("%s", err.text);
}

static void devices_are_told_as_files_would(void **state)
{
    (void)state;
    struct bw_host *host = bw_host_new(BW_FIXTURES "/proc/machine");
    struct bw_arena arena;
    struct bw_measures m;
    bw_host_set_root(host, BW_FIXTURES "/root/machine");
    bw_host_set_links(host, fake_ask);
    shown[0] = &eth0;
    shown[1] = &down;
    shown_count = 2;
    for (int round = 0; round < 2; round++) {
        sample(host, &arena, &m);
        double info = -1;
        assert_true(bw_measures_value(
            &m, BW_METRIC_NODE_NETWORK_INFO,
            BW_LABEL_VALUES("02:fc:00:00:00:01", "", "eth0", "full", "to the world", "up"), &info));
        assert_true(value_of(&m, BW_METRIC_NODE_NETWORK_UP, "eth0") == 1);
        assert_true(value_of(&m, BW_METRIC_NODE_NETWORK_CARRIER, "eth0") == 1);
        assert_true(value_of(&m, BW_METRIC_NODE_NETWORK_CARRIER_CHANGES_TOTAL, "eth0") == 3);
        assert_true(value_of(&m, BW_METRIC_NODE_NETWORK_FLAGS, "eth0") == 0x1003);
        assert_true(value_of(&m, BW_METRIC_NODE_NETWORK_MTU_BYTES, "eth0") == 1400);
        assert_true(value_of(&m, BW_METRIC_NODE_NETWORK_SPEED_BYTES, "eth0") == 1250000000);
        assert_true(value_of(&m, BW_METRIC_NODE_NETWORK_DEVICE_ID, "eth0") == 31);
        assert_true(value_of(&m, BW_METRIC_NODE_NETWORK_IFACE_LINK, "eth0") == 4);
        assert_true(value_of(&m, BW_METRIC_NODE_NETWORK_RECEIVE_NOHANDLER_TOTAL, "eth0") == 9);
        /* What is switched off has no carrier to speak of, and no file says how fast it is. */
        assert_true(value_of(&m, BW_METRIC_NODE_NETWORK_UP, "eth1") == 0);
        assert_true(value_of(&m, BW_METRIC_NODE_NETWORK_CARRIER, "eth1") == -1);
        assert_true(value_of(&m, BW_METRIC_NODE_NETWORK_SPEED_BYTES, "eth1") == -1);
        bw_arena_fini(&arena);
    }
    bw_host_free(host);
}

static void this_machine_answers(void **state)
{
    (void)state;
    struct bw_host *host = bw_host_new(NULL);
    for (int round = 0; round < 3; round++) {
        struct bw_arena arena;
        struct bw_measures m;
        sample(host, &arena, &m);
        double success = -1;
        bw_measures_value(&m, BW_METRIC_NODE_SCRAPE_COLLECTOR_SUCCESS, NULL, &success);
        /* A sandbox may forbid to ask; then there is nothing else. */
        if (success == 1)
            assert_true(value_of(&m, BW_METRIC_NODE_NETWORK_MTU_BYTES, "lo") > 0);
        else
            assert_int_equal(m.count, 2);
        bw_arena_fini(&arena);
    }
    bw_host_free(host);
}

/* ---- what is broken ------------------------------------------------------------------------ */

static void a_cut_answer_is_refused_wherever_it_is_cut(void **state)
{
    (void)state;
    struct bw_buf whole;
    bw_buf_init(&whole, 1 << 16);
    shown[0] = &eth0;
    shown_count = 1;
    fake_ask(NULL, &whole, NULL);
    for (size_t len = 0; len < whole.len; len++) {
        struct bw_arena arena;
        struct bw_link *links;
        size_t count;
        bw_arena_init(&arena);
        assert_int_equal(
            bw_links_parse((struct bw_span){ whole.data, len }, &arena, &links, &count, NULL),
            BW_EINVAL);
        bw_arena_fini(&arena);
    }
    bw_buf_fini(&whole);
}

static void what_the_kernel_refuses_is_told(void **state)
{
    (void)state;
    struct bw_buf answer;
    struct bw_arena arena;
    struct bw_link *links;
    size_t count;
    struct bw_err err = { 0 };
    bw_buf_init(&answer, 1 << 10);
    bw_arena_init(&arena);
    put_end(&answer, NLMSG_ERROR, -1);
    assert_int_equal(
        bw_links_parse((struct bw_span){ answer.data, answer.len }, &arena, &links, &count, &err),
        BW_EIO);
    assert_string_equal(err.text, "rtnetlink: links: Operation not permitted");
    bw_arena_fini(&arena);
    bw_buf_fini(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_are_told_as_files_would),
        cmocka_unit_test(this_machine_answers),
        cmocka_unit_test(a_cut_answer_is_refused_wherever_it_is_cut),
        cmocka_unit_test(what_the_kernel_refuses_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
