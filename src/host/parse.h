// SPDX-License-Identifier: GPL-3.0-or-later
/* host/parse.h: the kernel's files, turned into measures. Pure. Columns that an older kernel
 * does not have are left out, columns and lines that we do not know are skipped, and what
 * cannot be right is BW_EINVAL; *out may then hold a part, which the caller drops. */
#ifndef HOST_PARSE_H
#define HOST_PARSE_H

#include "base/err.h"
#include "base/text.h"
#include "metric/measure.h"

#include <sys/timex.h>

/* Lines of a word and a number: the words that are wanted, and what their numbers are. */
struct bw_word_row {
    const char *word;
    enum bw_family_id family;
};
enum bw_rc bw_words_parse(struct bw_span text, const char *file, const struct bw_word_row *rows,
                          size_t count, struct bw_measures *out, struct bw_err *err);

/* /proc/stat: processors (in USER_HZ, 100 a second) and the rest. */
enum bw_rc bw_cpu_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err);
enum bw_rc bw_stat_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err);

enum bw_rc bw_meminfo_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err);
enum bw_rc bw_loadavg_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err);
enum bw_rc bw_vmstat_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err);

/* /proc/sys/fs/file-nr */
enum bw_rc bw_filefd_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err);

/* /proc/net/dev */
enum bw_rc bw_netdev_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err);

enum bw_rc bw_diskstats_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err);

/* Partitions, loop, RAM and floppy devices, as node_exporter leaves them out. */
bool bw_disk_is_ignored(const char *device);

/* One of /proc/pressure: "some" goes into `waiting`, "full" into `stalled` (BW_METRIC_COUNT: not
 * wanted). *out_avg10_ratio is the "some" of the last 10 s, 0..1. */
enum bw_rc bw_pressure_parse(struct bw_span text, enum bw_family_id waiting,
                             enum bw_family_id stalled, struct bw_measures *out,
                             double *out_avg10_ratio, struct bw_err *err);

/* /proc/net/netstat and /proc/net/snmp; snmp6 has a form of its own. */
enum bw_rc bw_netstat_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err);
enum bw_rc bw_snmp6_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err);

/* /proc/net/sockstat and sockstat6 */
enum bw_rc bw_sockstat_parse(struct bw_span text, uint64_t page_bytes, struct bw_measures *out,
                             struct bw_err *err);

/* /proc/net/stat/nf_conntrack */
enum bw_rc bw_conntrack_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err);

/* /proc/net/softnet_stat */
enum bw_rc bw_softnet_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err);

/* /proc/net/arp; the arena is for the names of devices. */
enum bw_rc bw_arp_parse(struct bw_span text, struct bw_arena *arena, struct bw_measures *out,
                        struct bw_err *err);

/* A network device as rtnetlink(7) describes it. */
struct bw_link {
    char name[16];
    char alias[256];
    char address[64], broadcast[64]; /* "02:fc:00:00:00:01" */
    uint32_t index, lower;           /* lower: of the device that it stands on, else its own */
    uint32_t flags;                  /* IFF_UP and so on, netdevice(7) */
    uint32_t type;                   /* ARPHRD_ETHER and so on */
    uint32_t state;                  /* RFC 2863: 6 is up */
    uint32_t mode, mtu, group, queue_length;
    uint32_t carrier, carrier_changes, carrier_ups, carrier_downs;
    uint64_t nohandler; /* packets that no protocol took */
    bool has_nohandler;
};

/* The messages that answer a RTM_GETLINK dump, NLMSG_DONE included. *out lives in the arena. */
enum bw_rc bw_links_parse(struct bw_span bytes, struct bw_arena *arena, struct bw_link **out,
                          size_t *out_count, struct bw_err *err);

/* os-release(5) */
enum bw_rc bw_os_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err);

/* What adjtimex(2) filled in and returned. */
void bw_timex_measure(const struct timex *clock, int state, struct bw_measures *out);

/* /proc/self/cgroup: the path of our group of version 2; false when there is none. */
bool bw_cgroup_own_path(struct bw_span text, char *out, size_t size);

/* /proc/self/mountinfo: the folder in which that group is seen; false when it is not mounted. */
bool bw_cgroup_mount(struct bw_span text, const char *own, char *out, size_t size);

/* Files of the group. `path` is the file's name: it tells which words count. */
enum bw_rc bw_cgroup_counters_parse(const char *path, struct bw_span text, struct bw_measures *out,
                                    struct bw_err *err);
enum bw_rc bw_cgroup_number_parse(const char *path, struct bw_span text, enum bw_family_id family,
                                  struct bw_measures *out, struct bw_err *err);
enum bw_rc bw_cgroup_cpu_max_parse(struct bw_span text, struct bw_measures *out,
                                   struct bw_err *err);

/* One line of /proc/self/mounts, unescaped. */
struct bw_mount {
    const char *device;
    const char *mountpoint;
    const char *fstype;
    bool readonly;
    bool is_local; /* statfs(2) answers at once: nobody outside is asked for it */
};

/* The mounts that are wanted (node_exporter's default exclusions), each device, type and mount
 * point once. *out lives in the arena. */
enum bw_rc bw_mounts_parse(struct bw_span text, struct bw_arena *arena, struct bw_mount **out,
                           size_t *out_count, struct bw_err *err);

#endif
