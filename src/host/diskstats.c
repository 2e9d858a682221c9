// SPDX-License-Identifier: GPL-3.0-or-later
/* Disks: /proc/diskstats, the kernel's Documentation/admin-guide/iostats.rst. */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

#include <string.h>

/* Columns after major, minor and name; a sector is 512 bytes, times are milliseconds. */
static const struct {
    enum bw_family_id family;
    double multiplier, divisor;
} columns[] = {
    { BW_METRIC_NODE_DISK_READS_COMPLETED_TOTAL, 1, 1 },
    { BW_METRIC_NODE_DISK_READS_MERGED_TOTAL, 1, 1 },
    { BW_METRIC_NODE_DISK_READ_BYTES_TOTAL, 512, 1 },
    { BW_METRIC_NODE_DISK_READ_TIME_SECONDS_TOTAL, 1, 1000 },
    { BW_METRIC_NODE_DISK_WRITES_COMPLETED_TOTAL, 1, 1 },
    { BW_METRIC_NODE_DISK_WRITES_MERGED_TOTAL, 1, 1 },
    { BW_METRIC_NODE_DISK_WRITTEN_BYTES_TOTAL, 512, 1 },
    { BW_METRIC_NODE_DISK_WRITE_TIME_SECONDS_TOTAL, 1, 1000 },
    { BW_METRIC_NODE_DISK_IO_NOW, 1, 1 },
    { BW_METRIC_NODE_DISK_IO_TIME_SECONDS_TOTAL, 1, 1000 },
    { BW_METRIC_NODE_DISK_IO_TIME_WEIGHTED_SECONDS_TOTAL, 1, 1000 },
    { BW_METRIC_NODE_DISK_DISCARDS_COMPLETED_TOTAL, 1, 1 },
    { BW_METRIC_NODE_DISK_DISCARDS_MERGED_TOTAL, 1, 1 },
    { BW_METRIC_NODE_DISK_DISCARDED_SECTORS_TOTAL, 1, 1 },
    { BW_METRIC_NODE_DISK_DISCARD_TIME_SECONDS_TOTAL, 1, 1000 },
    { BW_METRIC_NODE_DISK_FLUSH_REQUESTS_TOTAL, 1, 1 },
    { BW_METRIC_NODE_DISK_FLUSH_REQUESTS_TIME_SECONDS_TOTAL, 1, 1000 },
};

enum { COLUMN_COUNT = sizeof columns / sizeof *columns, COLUMNS_MIN = 11 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Skips digits; NULL when there are none. */
static const char *skip_digits(const char *text)
{
    if (!is_digit(*text))
        return NULL;
    while (is_digit(*text))
        text++;
    return text;
}

/* "sda1" of "sda": letters of a disk, then its number. */
static bool is_lettered_partition(const char *device)
{
    static const char *const families[] = { "hd", "sd", "vd", "xvd" };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (!bw_text_starts_with(device, families[i]))
            continue;
        const char *letter = device + strlen(families[i]);
        if (*letter < 'a' || *letter > 'z')
            continue;
        const char *end = skip_digits(letter + 1);
        if (end != NULL && *end == '\0')
            return true;
    }
    return false;
}

/* "nvme0n1p1" */
static bool is_nvme_partition(const char *device)
{
    const char *at = device;
    static const char *const parts[] = { "nvme", "n", "p" };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!bw_text_starts_with(at, parts[i]))
            return false;
        at = skip_digits(at + strlen(parts[i]));
        if (at == NULL)
            return false;
    }
    return *at == '\0';
}

bool bw_disk_is_ignored(const char *device)
{
    static const char *const numbered[] = { "ram", "zram", "loop", "fd" };
    for (size_t i = 0; i < sizeof numbered / sizeof *numbered; i++) {
        if (!bw_text_starts_with(device, numbered[i]))
            continue;
        const char *end = skip_digits(device + strlen(numbered[i]));
        if (end != NULL && *end == '\0')
            return true;
    }
    return is_lettered_partition(device) || is_nvme_partition(device);
}

static enum bw_rc parse_device(struct bw_span line, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span major, minor, name;
    if (!bw_scan_word(&line, &major) || !bw_scan_word(&line, &minor) || !bw_scan_word(&line, &name))
        return bw_fail(err, BW_EINVAL, "diskstats: a line without a device");
    char device[128], major_text[16], minor_text[16];
    bw_scan_text(name, device, sizeof device);
    if (bw_disk_is_ignored(device))
        return BW_OK;
    uint64_t values[COLUMN_COUNT];
    const size_t count = bw_scan_uints(&line, values, COLUMN_COUNT);
    if (count < COLUMNS_MIN)
        return bw_fail(err, BW_EINVAL, "diskstats: %s has %zu numbers, expected 11 or more", device,
                       count);
    for (size_t i = 0; i < count; i++)
        bw_measures_add(out, columns[i].family,
                        (double)values[i] * columns[i].multiplier / columns[i].divisor,
                        BW_LABEL_VALUES(device));
    bw_measures_add(out, BW_METRIC_NODE_DISK_INFO, 1,
                    BW_LABEL_VALUES(device, bw_scan_text(major, major_text, sizeof major_text),
                                    bw_scan_text(minor, minor_text, sizeof minor_text)));
    return BW_OK;
}

enum bw_rc bw_diskstats_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span line;
    bool any = false;
    while (bw_scan_line(&text, &line)) {
        const enum bw_rc rc = parse_device(line, out, err);
        if (rc != BW_OK)
            return rc;
        any = true;
    }
    return any ? BW_OK : bw_fail(err, BW_EINVAL, "diskstats: empty");
}

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span text;
    const enum bw_rc rc = bw_proc_read_list(host->proc, "diskstats", &text, err);
    return rc != BW_OK ? rc : bw_diskstats_parse(text, out, err);
}

const struct bw_sampler_ops bw_sampler_diskstats = {
    .name = "diskstats",
    .summary = "What each disk read and wrote, and how long it took.",
    .prefixes = { "node_disk_" },
    .sample = sample,
};
