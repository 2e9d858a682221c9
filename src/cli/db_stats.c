// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/db_stats.h"

#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>

struct tier {
    const char *key, *words;
    uint64_t bytes;
};

enum { TIERS = 10 };

static void list_tiers(const struct bw_store_usage *usage, struct tier tiers[TIERS])
{
    const struct tier all[TIERS] = {
        { "open", "open packs", usage->open_bytes },
        { "hot", "hot packs", usage->hot_bytes },
        { "cold", "cold packs", usage->cold_bytes },
        { "journal", "journal", usage->journal_bytes },
        { "rollups_1m", "minutes", usage->rollup_bytes[0] },
        { "rollups_1h", "hours", usage->rollup_bytes[1] },
        { "rollups_1d", "days", usage->rollup_bytes[2] },
        { "free", "free pages", usage->free_bytes },
        { "other", "all else, indexes", usage->other_bytes },
        { "wal", "WAL", usage->wal_bytes },
    };
    for (size_t i = 0; i < TIERS; i++)
        tiers[i] = all[i];
}

static double bytes_a_sample(const struct bw_usage_part *part)
{
    return part->samples > 0 ? (double)part->bytes / (double)part->samples : 0;
}

static void put_parts(struct bw_buf *out, const char *title, const struct bw_usage_part *parts,
                      size_t count)
{
    if (count == 0)
        return;
    bw_buf_printf(out, "\n%10s %10s %8s %10s %8s  %s\n", "packs", "roll-ups", "a sample", "samples",
                  "series", title);
    for (size_t i = 0; i < count; i++) {
        char packs[BW_DURATION_TEXT_MAX], rollups[BW_DURATION_TEXT_MAX];
        bw_format_bytes(packs, parts[i].bytes);
        bw_format_bytes(rollups, parts[i].rollup_bytes);
        bw_buf_printf(out, "%10s %10s %8.2f %10" PRIu64 " %8" PRIu64 "  %s\n", packs, rollups,
                      bytes_a_sample(&parts[i]), parts[i].samples, parts[i].series, parts[i].name);
    }
}

void bw_db_stats_text(struct bw_buf *out, const struct bw_store_usage *usage)
{
    struct tier tiers[TIERS];
    list_tiers(usage, tiers);
    bw_buf_char(out, '\n');
    for (size_t i = 0; i < TIERS; i++) {
        char size[BW_DURATION_TEXT_MAX];
        bw_format_bytes(size, tiers[i].bytes);
        bw_buf_printf(out, "%-22s %s\n", tiers[i].words, size);
    }
    put_parts(out, "metric", usage->metrics, usage->metric_count);
    if (usage->metrics_in_all > usage->metric_count)
        bw_buf_printf(out, "%10s and %zu more metrics\n", "",
                      usage->metrics_in_all - usage->metric_count);
    put_parts(out, "largest series", usage->series, usage->series_count);
    if (usage->damaged > 0)
        bw_buf_printf(out, "\n%" PRIu64 " damaged parts are not counted\n", usage->damaged);
}

static void list_parts(struct bw_json *json, const char *key, const char *name,
                       const struct bw_usage_part *parts, size_t count)
{
    bw_json_key(json, key);
    bw_json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        bw_json_open(json, '{');
        bw_json_member_text(json, name, parts[i].name);
        bw_json_member_int(json, "series", (int64_t)parts[i].series);
        bw_json_member_int(json, "samples", (int64_t)parts[i].samples);
        bw_json_member_int(json, "pack_bytes", (int64_t)parts[i].bytes);
        bw_json_member_int(json, "rollup_bytes", (int64_t)parts[i].rollup_bytes);
        bw_json_member_double(json, "bytes_a_sample", bytes_a_sample(&parts[i]));
        bw_json_close(json, '}');
    }
    bw_json_close(json, ']');
}

void bw_db_stats_json(struct bw_json *json, const struct bw_store_usage *usage)
{
    struct tier tiers[TIERS];
    list_tiers(usage, tiers);
    bw_json_key(json, "tier_bytes");
    bw_json_open(json, '{');
    for (size_t i = 0; i < TIERS; i++)
        bw_json_member_int(json, tiers[i].key, (int64_t)tiers[i].bytes);
    bw_json_close(json, '}');
    list_parts(json, "metrics", "metric", usage->metrics, usage->metric_count);
    bw_json_member_int(json, "metrics_in_all", (int64_t)usage->metrics_in_all);
    list_parts(json, "top_series", "name", usage->series, usage->series_count);
    bw_json_member_int(json, "damaged", (int64_t)usage->damaged);
}
