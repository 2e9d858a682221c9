// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/parse.h"

#include "host/proc.h"
#include "metric/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum bw_rc parse_fn(struct bw_span text, struct bw_measures *out, struct bw_err *err);

static enum bw_rc parse_io_pressure(struct bw_span text, struct bw_measures *out,
                                    struct bw_err *err)
{
    double ratio;
    return bw_pressure_parse(text, BW_METRIC_NODE_PRESSURE_IO_WAITING_SECONDS_TOTAL,
                             BW_METRIC_NODE_PRESSURE_IO_STALLED_SECONDS_TOTAL, out, &ratio, err);
}

static enum bw_rc parse_sockstat(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    return bw_sockstat_parse(text, 4096, out, err);
}

static enum bw_rc parse_arp(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    return bw_arp_parse(text, out->arena, out, err);
}

static enum bw_rc parse_limit(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    return bw_cgroup_number_parse("memory.max", text, BW_METRIC_CGROUP_MEMORY_LIMIT_BYTES, out,
                                  err);
}

static enum bw_rc parse_events(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    return bw_cgroup_counters_parse("memory.events", text, out, err);
}

/* BW_UPDATE_GOLDEN=1 in the environment writes the file instead. */
static void compare_golden(const char *name, const char *got)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.txt", BW_GOLDEN, name);
    const bool update = getenv("BW_UPDATE_GOLDEN") != NULL;
    FILE *file = fopen(path, update ? "w" : "r");
    if (file == NULL)
        fail_msg("%s cannot be opened", path);
    static char want[1 << 16];
    memset(want, 0, sizeof want);
    if (update)
        fputs(got, file);
    else if (fread(want, 1, sizeof want - 1, file) > 0)
        assert_string_equal(got, want);
    fclose(file);
}

static const struct {
    const char *name, *path;
    parse_fn *parse;
} files[] = {
    { "cpu", "stat", bw_cpu_parse },
    { "stat", "stat", bw_stat_parse },
    { "meminfo", "meminfo", bw_meminfo_parse },
    { "loadavg", "loadavg", bw_loadavg_parse },
    { "vmstat", "vmstat", bw_vmstat_parse },
    { "filefd", "sys/fs/file-nr", bw_filefd_parse },
    { "netdev", "net/dev", bw_netdev_parse },
    { "diskstats", "diskstats", bw_diskstats_parse },
    { "pressure", "pressure/io", parse_io_pressure },
    { "netstat", "net/netstat", bw_netstat_parse },
    { "snmp", "net/snmp", bw_netstat_parse },
    { "snmp6", "net/snmp6", bw_snmp6_parse },
    { "sockstat", "net/sockstat", parse_sockstat },
    { "sockstat6", "net/sockstat6", parse_sockstat },
    { "conntrack", "net/stat/nf_conntrack", bw_conntrack_parse },
    { "softnet", "net/softnet_stat", bw_softnet_parse },
    { "arp", "net/arp", parse_arp },
};

static void a_machine_is_exposed_as_expected(void **state)
{
    (void)state;
    struct bw_proc *proc = bw_proc_new(BW_FIXTURES "/proc/machine");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct bw_arena arena;
        struct bw_measures m;
        struct bw_buf page;
        struct bw_span text;
        struct bw_err err = { 0 };
        bw_arena_init(&arena);
        bw_measures_init(&m, &arena);
        bw_buf_init(&page, 1 << 16);
        if (bw_proc_read(proc, files[i].path, &text, &err) != BW_OK
            || files[i].parse(text, &m, &err) != BW_OK)
            fail_msg("%s: %s", files[i].name, err.text);
        bw_measures_render(&m, BW_EXPOSITION_TEXT, &page);
        compare_golden(files[i].name, page.data);
        bw_buf_fini(&page);
        bw_arena_fini(&arena);
    }
    bw_proc_free(proc);
}

/* What odd kernels and broken files say: an error's text, or how many measures come out. */
static const struct {
    const char *name;
    parse_fn *parse;
    const char *text;
    const char *error;
    size_t count;
} oddities[] = {
    { "empty stat", bw_cpu_parse, "", "no line of a processor", 0 },
    { "only the sum", bw_cpu_parse, "cpu  1 2 3 4\n", "no line of a processor", 0 },
    { "a kernel of four columns", bw_cpu_parse, "cpu0 1 2 3 4\n", NULL, 4 },
    { "too few columns", bw_cpu_parse, "cpu0 1 2 3\n", "cpu0 has 3 numbers", 0 },
    { "more columns than we know", bw_cpu_parse, "cpu0 1 2 3 4 5 6 7 8 9 10 11 12\n", NULL, 10 },
    { "a counter at its end", bw_cpu_parse, "cpu0 18446744073709551615 2 3 4\n", NULL, 4 },
    { "a counter beyond it", bw_cpu_parse, "cpu0 18446744073709551616 2 3 4\n",
      "cpu0 has 0 numbers", 0 },
    { "garbage", bw_cpu_parse, "cpu0 \xff\xfe x\n", "cpu0 has 0 numbers", 0 },
    { "cpufreq is no processor", bw_cpu_parse, "cpufreq 1 2 3 4\ncpu3 1 2 3 4\n", NULL, 4 },
    { "no boot time", bw_stat_parse, "ctxt 1\n", NULL, 1 },
    { "a boot time without a number", bw_stat_parse, "btime\n", "'btime' without", 0 },
    { "an empty file", bw_stat_parse, "\n\n", "nothing in it", 0 },
    { "empty meminfo", bw_meminfo_parse, "", "nothing in it", 0 },
    { "unknown fields only", bw_meminfo_parse, "NewThing: 5 kB\n", "nothing in it", 0 },
    { "a field without a colon", bw_meminfo_parse, "MemTotal 5 kB\n", "'MemTotal 5 kB'", 0 },
    { "a field without a number", bw_meminfo_parse, "MemTotal:\n", "'MemTotal' without", 0 },
    { "a very long field", bw_meminfo_parse,
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      "AAAAAAAAAAAA: 1 kB\nMemFree: 1 kB\n",
      NULL, 1 },
    { "two loads", bw_loadavg_parse, "0.1 0.2\n", "three numbers", 0 },
    { "a negative load", bw_loadavg_parse, "-0.1 0.2 0.3\n", "three numbers", 0 },
    { "a load that is none", bw_loadavg_parse, "NaN 0.2 0.3\n", "three numbers", 0 },
    { "no loads", bw_loadavg_parse, "", "three numbers", 0 },
    { "an old vmstat", bw_vmstat_parse, "pgpgin 1\npgpgout 2\n", NULL, 2 },
    { "a broken vmstat", bw_vmstat_parse, "pgpgin one\n", "'pgpgin' without", 0 },
    { "an empty vmstat", bw_vmstat_parse, "", "nothing in it", 0 },
    { "short file-nr", bw_filefd_parse, "1 0\n", "three numbers", 0 },
    { "no devices", bw_netdev_parse, "Inter-| Receive\n face |bytes\n", NULL, 0 },
    { "an empty net/dev", bw_netdev_parse, "", "no heading", 0 },
    { "a name glued to its number", bw_netdev_parse,
      "a|b\neth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", NULL, 16 },
    { "an alias", bw_netdev_parse, "a|b\neth0:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", NULL,
      16 },
    { "a column short", bw_netdev_parse, "a|b\neth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n",
      "eth0 has 15 numbers", 0 },
    { "a device without a name", bw_netdev_parse, "a|b\n : 1 2\n", "without a device", 0 },
    { "no disks", bw_diskstats_parse, "", "empty", 0 },
    { "a kernel of eleven columns", bw_diskstats_parse, "8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n", NULL,
      12 },
    { "a kernel of fifteen", bw_diskstats_parse, "8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n",
      NULL, 16 },
    { "a short line", bw_diskstats_parse, "8 0 sda 1 2 3 4\n", "sda has 4 numbers", 0 },
    { "half a line", bw_diskstats_parse, "8 0\n", "without a device", 0 },
    { "a kernel without full", parse_io_pressure, "some avg10=0.00 total=1\n", NULL, 1 },
    { "pressure without a total", parse_io_pressure, "some avg10=0.00\n", "expected avg10=", 0 },
    { "no pressure", parse_io_pressure, "", "no line 'some'", 0 },
    { "no processors", bw_softnet_parse, "", "softnet_stat: empty", 0 },
    { "an old softnet_stat", bw_softnet_parse, "0000000f 00000000 00000001\n", NULL, 3 },
    { "two columns", bw_softnet_parse, "0 0 0\n00000001 00000002\n", "line 2 has 2 numbers", 0 },
    { "no digits", bw_softnet_parse, "0000000g 0 0\n", "line 1 has 0 numbers", 0 },
    { "nine digits", bw_softnet_parse, "000000001 0 0\n", "line 1 has 0 numbers", 0 },
    { "no neighbours", parse_arp, "IP address HW type\n", NULL, 0 },
    { "an empty arp", parse_arp, "", "no heading", 0 },
    { "a neighbour nowhere", parse_arp, "IP\n192.0.2.1 0x1 0x2 02:fc:00:00:00:05 *\n",
      "without a device", 0 },
    { "an empty netstat", bw_netstat_parse, "", "empty", 0 },
    { "names without values", bw_netstat_parse, "Tcp: InSegs OutSegs\n", "without its line", 0 },
    { "values of another", bw_netstat_parse, "Tcp: InSegs\nUdp: 1\n", "without its line", 0 },
    { "a value short", bw_netstat_parse, "Tcp: InSegs OutSegs\nTcp: 1\n", "more names", 0 },
    { "a value more", bw_netstat_parse, "Tcp: InSegs\nTcp: 1 2\n", NULL, 1 },
    { "a value that is none", bw_netstat_parse, "Tcp: InSegs\nTcp: x\n", "no number", 0 },
    { "values we do not want", bw_netstat_parse, "Tcp: MaxConn\nTcp: -1\n", NULL, 0 },
    { "a protocol of the future", bw_netstat_parse, "Tcp7: InSegs\nTcp7: 1\n", NULL, 0 },
    { "no colon", bw_netstat_parse, "Tcp InSegs\nTcp 1\n", "without its line", 0 },
    { "no IPv6", bw_snmp6_parse, "", NULL, 0 },
    { "IPv6", bw_snmp6_parse, "Ip6InOctets 5\nUdp6InErrors 6\nnonsense 7\n", NULL, 2 },
    { "IPv6 without a value", bw_snmp6_parse, "Ip6InOctets\n", "without a value", 0 },
    { "IPv6 with a bad value", bw_snmp6_parse, "Ip6InOctets 1x\n", "no number", 0 },
    { "nothing but a six", bw_snmp6_parse, "6 6\n", NULL, 0 },
    { "an empty sockstat", parse_sockstat, "", "empty", 0 },
    { "no protocol", parse_sockstat, "TCP inuse 1\n", "without a protocol", 0 },
    { "a field without a number", parse_sockstat, "TCP: inuse\n", "'inuse' without", 0 },
    { "pages and bytes", parse_sockstat, "TCP: mem 3 novelty 4\n", NULL, 2 },
    { "conntrack without a heading", bw_conntrack_parse, "", "no heading", 0 },
    { "conntrack without processors", bw_conntrack_parse, "entries found\n", NULL, 0 },
    { "an older conntrack", bw_conntrack_parse, "entries found drop\n1 2 3\n", NULL, 2 },
    { "a short line of conntrack", bw_conntrack_parse, "entries found drop\n1 2\n", NULL, 1 },
    { "conntrack in decimal", bw_conntrack_parse, "entries found\n1 -2\n", "no number", 0 },
    { "more than 64 bits", bw_conntrack_parse, "found\n11112222333344445\n", "no number", 0 },
    { "an os without a name", bw_os_parse, "VERSION_ID=1\n", "neither ID", 0 },
    { "a rolling os", bw_os_parse, "ID=arch\nBUILD_ID=rolling\n", NULL, 1 },
    { "an os with all", bw_os_parse,
      "# comment\nID=fedora\nNAME='Fed ora'\nVERSION_ID=\"39.\"\nSUPPORT_END=2024-11-12\n", NULL,
      3 },
    { "a version that is a word", bw_os_parse, "ID=x\nVERSION_ID=sid\n", NULL, 1 },
    { "an end that is no date", bw_os_parse, "ID=x\nSUPPORT_END=2024-99-12\n", NULL, 1 },
    { "an open quote", bw_os_parse, "ID=\"x\n", "ID: a quote is not closed", 0 },
    { "no equals", bw_os_parse, "ID\n", "without '='", 0 },
    { "an empty os-release", bw_os_parse, "", "neither ID", 0 },
    { "no limit", parse_limit, "max\n", NULL, 0 },
    { "a limit", parse_limit, "4096\n", NULL, 1 },
    { "a limit that is none", parse_limit, "-1\n", "expected a number or max", 0 },
    { "an empty limit", parse_limit, "", "expected a number or max", 0 },
    { "events we do not know", parse_events, "sock_throttled 1\noom_kill 2\n", NULL, 1 },
    { "events without a number", parse_events, "oom\n", "'oom' without", 0 },
    { "no limit of processors", bw_cgroup_cpu_max_parse, "max 100000\n", NULL, 0 },
    { "two thirds", bw_cgroup_cpu_max_parse, "200000 300000\n", NULL, 1 },
    { "no period", bw_cgroup_cpu_max_parse, "200000\n", "a period", 0 },
    { "a period of nothing", bw_cgroup_cpu_max_parse, "200000 0\n", "a period", 0 },
    { "an empty cpu.max", bw_cgroup_cpu_max_parse, "", "number or max", 0 },
};

static void oddities_are_errors_or_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof oddities / sizeof *oddities; i++) {
        struct bw_arena arena;
        struct bw_measures m;
        struct bw_err err = { 0 };
        bw_arena_init(&arena);
        bw_measures_init(&m, &arena);
        const enum bw_rc rc = oddities[i].parse(bw_span_of(oddities[i].text), &m, &err);
        if (oddities[i].error != NULL) {
            if (rc != BW_EINVAL || strstr(err.text, oddities[i].error) == NULL)
                fail_msg("%s: rc %d, '%s'", oddities[i].name, (int)rc, err.text);
        } else if (rc != BW_OK || m.count != oddities[i].count) {
            fail_msg("%s: rc %d, %zu measures, '%s'", oddities[i].name, (int)rc, m.count, err.text);
        }
        bw_arena_fini(&arena);
    }
}

static void partitions_and_loops_are_no_disks(void **state)
{
    (void)state;
    static const char *const ignored[] = { "loop0", "ram15", "zram0", "fd0",      "sda1",
                                           "hdb12", "vda1",  "xvda2", "nvme0n1p1" };
    static const char *const wanted[] = { "sda",     "vda",  "xvda", "nvme0n1", "dm-0",
                                          "mmcblk0", "sr0",  "md0",  "loop",    "sdaa1",
                                          "zram",    "fd0x", "sd1" };
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        assert_true(bw_disk_is_ignored(ignored[i]));
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_false(bw_disk_is_ignored(wanted[i]));
}

static void mounts_are_unescaped_filtered_and_listed_once(void **state)
{
    (void)state;
    struct bw_proc *proc = bw_proc_new(BW_FIXTURES "/proc/machine");
    struct bw_arena arena;
    struct bw_span text;
    struct bw_mount *mounts;
    size_t count;
    bw_arena_init(&arena);
    assert_int_equal(bw_proc_read(proc, "self/mounts", &text, NULL), BW_OK);
    assert_int_equal(bw_mounts_parse(text, &arena, &mounts, &count, NULL), BW_OK);
    assert_int_equal(count, 4);
    assert_string_equal(mounts[0].mountpoint, "/");
    assert_false(mounts[0].readonly);
    assert_string_equal(mounts[1].mountpoint, "/mnt/my disk");
    assert_true(mounts[1].readonly);
    assert_string_equal(mounts[2].device, "server:/export");
    assert_string_equal(mounts[3].mountpoint, "/run");
    struct bw_err err = { 0 };
    assert_int_equal(bw_mounts_parse(bw_span_of("/dev/vda /\n"), &arena, &mounts, &count, &err),
                     BW_EINVAL);
    assert_int_equal(bw_mounts_parse(bw_span_of(""), &arena, &mounts, &count, &err), BW_EINVAL);
    bw_arena_fini(&arena);
    bw_proc_free(proc);
}

/* What may be asked without a thread of its own. */
static void only_what_stands_on_local_mounts_is_local(void **state)
{
    (void)state;
    static const struct {
        const char *mounts, *local; /* of those that are shown, in their order: y or n */
    } cases[] = {
        { "/dev/vda / ext4 rw\n/dev/vdb /srv xfs rw\ntmpfs /run tmpfs rw\n", "yyy" },
        { "/dev/vda / ext4 rw\nsrv:/x /net nfs4 rw\n/dev/vdb /net/disk ext4 rw\n", "ynn" },
        { "/dev/vda / ext4 rw\nsrv:/x /net nfs4 rw\n/dev/vdb /network ext4 rw\n", "yny" },
        { "srv:/root / nfs4 rw\ntmpfs /run tmpfs rw\n", "nn" },
        { "/dev/vda / ext4 rw\nauto /home autofs rw\n/dev/vdc /home/a ext4 rw\n", "yn" },
        { "/dev/vda / ext4 rw\nme /home/me fuse.sshfs rw\n/dev/vdb /b btrfs rw\n", "ynn" },
        { "overlay / overlay rw\ntmpfs /run tmpfs rw\n", "n" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_arena arena;
        struct bw_mount *mounts;
        size_t count;
        bw_arena_init(&arena);
        assert_int_equal(
            bw_mounts_parse(bw_span_of(cases[i].mounts), &arena, &mounts, &count, NULL), BW_OK);
        assert_int_equal(count, strlen(cases[i].local));
        for (size_t k = 0; k < count; k++) {
            if (mounts[k].is_local != (cases[i].local[k] == 'y'))
                fail_msg("case %zu: %s", i, mounts[k].mountpoint);
        }
        bw_arena_fini(&arena);
    }
}

static void our_group_is_found_where_it_is_mounted(void **state)
{
    (void)state;
    static const struct {
        const char *cgroup, *mountinfo, *folder;
    } cases[] = {
        { "0::/a/b\n", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 x rw\n", "/sys/fs/cgroup/a/b" },
        { "4:memory:/m\n0::/u\n", "1 2 0:1 / /sys/fs/cgroup/unified rw shared:1 - cgroup2 x rw\n",
          "/sys/fs/cgroup/unified/u" },
        { "0::/\n", "30 23 0:26 / /cg rw - cgroup2 x rw\n", "/cg/" },
        { "0::/pod/c1\n", "30 23 0:26 /pod /cg rw - cgroup2 x rw\n", "/cg/c1" },
        { "0::/pods\n", "30 23 0:26 /pod /cg rw - cgroup2 x rw\n", NULL },
        { "0::/a\n", "30 23 0:26 / /cg rw - cgroup x rw,memory\n", NULL },
        { "0::/a\n", "30 23 0:26 /\n\n", NULL },
        { "4:memory:/m\n", "30 23 0:26 / /cg rw - cgroup2 x rw\n", NULL },
        { "0::\n", "30 23 0:26 / /cg rw - cgroup2 x rw\n", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char own[64], folder[64];
        const bool found =
            bw_cgroup_own_path(bw_span_of(cases[i].cgroup), own, sizeof own)
            && bw_cgroup_mount(bw_span_of(cases[i].mountinfo), own, folder, sizeof folder);
        if (found != (cases[i].folder != NULL) || (found && strcmp(folder, cases[i].folder) != 0))
            fail_msg("case %zu: %s", i, found ? folder : "not found");
    }
    char small[8];
    assert_false(bw_cgroup_own_path(bw_span_of("0::/longer/than/that\n"), small, sizeof small));
    assert_false(bw_cgroup_mount(bw_span_of("1 2 0:1 / /sys/fs/cgroup rw - cgroup2 x rw\n"), "/a",
                                 small, sizeof small));
}

static double clock_value(const struct timex *clock, int answer, enum bw_family_id family)
{
    struct bw_arena arena;
    struct bw_measures m;
    double value = -1;
    bw_arena_init(&arena);
    bw_measures_init(&m, &arena);
    bw_timex_measure(clock, answer, &m);
    assert_int_equal(m.count, 17);
    assert_true(bw_measures_value(&m, family, NULL, &value));
    bw_arena_fini(&arena);
    return value;
}

static void the_clock_counts_in_nanoseconds_when_it_says_so(void **state)
{
    (void)state;
    struct timex clock = { .offset = -1500, .freq = 65536 * 100, .maxerror = 2500, .tick = 10000 };
    assert_true(clock_value(&clock, TIME_OK, BW_METRIC_NODE_TIMEX_OFFSET_SECONDS) == -0.0015);
    assert_true(clock_value(&clock, TIME_OK, BW_METRIC_NODE_TIMEX_MAXERROR_SECONDS) == 0.0025);
    assert_true(clock_value(&clock, TIME_OK, BW_METRIC_NODE_TIMEX_FREQUENCY_ADJUSTMENT_RATIO)
                == 1.0001);
    assert_true(clock_value(&clock, TIME_OK, BW_METRIC_NODE_TIMEX_SYNC_STATUS) == 1);
    assert_true(clock_value(&clock, TIME_ERROR, BW_METRIC_NODE_TIMEX_SYNC_STATUS) == 0);
    assert_true(clock_value(&clock, TIME_WAIT, BW_METRIC_NODE_TIMEX_SYNC_STATUS) == 1);
    clock.status = STA_NANO;
    assert_true(clock_value(&clock, TIME_OK, BW_METRIC_NODE_TIMEX_OFFSET_SECONDS) == -1500 / 1e9);
    assert_true(clock_value(&clock, TIME_OK, BW_METRIC_NODE_TIMEX_STATUS) == STA_NANO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_is_exposed_as_expected),
        cmocka_unit_test(oddities_are_errors_or_understood),
        cmocka_unit_test(partitions_and_loops_are_no_disks),
        cmocka_unit_test(mounts_are_unescaped_filtered_and_listed_once),
        cmocka_unit_test(only_what_stands_on_local_mounts_is_local),
        cmocka_unit_test(our_group_is_found_where_it_is_mounted),
        cmocka_unit_test(the_clock_counts_in_nanoseconds_when_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
