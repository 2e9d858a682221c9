// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/selfmetrics.h"

void bw_self_measure_build(struct bw_measures *out)
{
    bw_measures_add(out, BW_METRIC_BUILD_INFO, 1, BW_LABEL_VALUES(BW_VERSION, __VERSION__));
}

void bw_self_measure_config(const struct bw_self *self, struct bw_measures *out)
{
    bw_measures_add(out, BW_METRIC_CONFIG_LAST_RELOAD_SUCCESSFUL, self->reload_ok ? 1 : 0, NULL);
    bw_measures_add(out, BW_METRIC_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS,
                    (double)self->reload_ok_ms / 1000, NULL);
    bw_measures_add(out, BW_METRIC_CONFIG_RELOADS_TOTAL, (double)self->reloads_ok,
                    BW_LABEL_VALUES("success"));
    bw_measures_add(out, BW_METRIC_CONFIG_RELOADS_TOTAL, (double)self->reloads_failed,
                    BW_LABEL_VALUES("failure"));
    bw_measures_add(out, BW_METRIC_CLOCK_STEPS_TOTAL, (double)self->clock_steps, NULL);
}

static void measure_open_store(const struct bw_store_stats *stats, struct bw_measures *out)
{
    const struct {
        enum bw_family_id family;
        double value;
    } plain[] = {
        { BW_METRIC_STORE_LAG_SECONDS, stats->lag_seconds },
        { BW_METRIC_STORE_COMMITS_TOTAL, (double)stats->commits_total },
        { BW_METRIC_STORE_SAMPLES_TOTAL, (double)stats->samples_total },
        { BW_METRIC_STORE_SERIES, (double)stats->series },
        { BW_METRIC_STORE_SERIES_REFUSED_TOTAL, (double)stats->refused_series_total },
        { BW_METRIC_STORE_JOURNAL_ROWS, (double)stats->journal_rows },
        { BW_METRIC_STORE_RETENTION_DELETED_TOTAL, (double)stats->expired_packs_total },
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        bw_measures_add(out, plain[i].family, plain[i].value, NULL);
    bw_measures_add(out, BW_METRIC_STORE_QUEUE_DEPTH, (double)stats->queued_samples,
                    BW_LABEL_VALUES("samples"));
    bw_measures_add(out, BW_METRIC_STORE_QUEUE_DEPTH, (double)stats->queued_rows,
                    BW_LABEL_VALUES("rows"));
    bw_measures_add(out, BW_METRIC_STORE_SAMPLES_DROPPED_TOTAL,
                    (double)stats->dropped_samples_total, BW_LABEL_VALUES("queue_full"));
    bw_measures_add(out, BW_METRIC_STORE_SAMPLES_DROPPED_TOTAL,
                    (double)stats->too_old_samples_total, BW_LABEL_VALUES("too_old"));
    bw_measures_add(out, BW_METRIC_STORE_SAMPLES_REPEATED_TOTAL,
                    (double)stats->repeated_samples_total, BW_LABEL_VALUES("same"));
    bw_measures_add(out, BW_METRIC_STORE_SAMPLES_REPEATED_TOTAL,
                    (double)stats->conflicting_samples_total, BW_LABEL_VALUES("conflict"));
    bw_measures_add(out, BW_METRIC_STORE_ERRORS_TOTAL, (double)stats->commit_errors_total,
                    BW_LABEL_VALUES("commit"));
    bw_measures_add(out, BW_METRIC_STORE_ERRORS_TOTAL, (double)stats->damaged_total,
                    BW_LABEL_VALUES("checksum"));
    bw_measures_add(out, BW_METRIC_STORE_BYTES, (double)stats->bytes, BW_LABEL_VALUES("database"));
    bw_measures_add(out, BW_METRIC_STORE_PACKS, (double)stats->packs, BW_LABEL_VALUES("all"));
    bw_measures_add(out, BW_METRIC_STORE_PACKS_WRITTEN_TOTAL, (double)stats->packs_written_total,
                    BW_LABEL_VALUES("hot"));
    bw_measures_add(out, BW_METRIC_STORE_PACKS_WRITTEN_TOTAL,
                    (double)stats->cold_packs_written_total, BW_LABEL_VALUES("cold"));
}

void bw_self_measure_store(struct bw_core *core, struct bw_measures *out)
{
    struct bw_store_stats stats = { 0 };
    if (core->store != NULL)
        bw_store_stats(core->store, &stats);
    bw_measures_add(out, BW_METRIC_STORE_UP, core->store != NULL && !stats.failing ? 1 : 0, NULL);
    if (core->store != NULL)
        measure_open_store(&stats, out);
    bw_measures_add(out, BW_METRIC_METRIC_SERIES_DROPPED,
                    (double)bw_publisher_hidden(core->publisher), NULL);
}

void bw_self_measure_events(const struct bw_core *core, struct bw_measures *out)
{
    static const char *const kinds[] = { [BW_EVENT_STATUS] = "status",
                                         [BW_EVENT_ALERT] = "alert",
                                         [BW_EVENT_SYSTEM] = "system",
                                         [BW_EVENT_MARKER] = "marker" };
    for (int kind = BW_EVENT_STATUS; kind <= BW_EVENT_MARKER; kind++)
        bw_measures_add(out, BW_METRIC_EVENTS_TOTAL, (double)core->event_totals[kind],
                        BW_LABEL_VALUES(kinds[kind]));
}
