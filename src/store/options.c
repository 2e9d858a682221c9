// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/options.h"

#include "base/units.h"
#include "model/picker.h"

#define RETENTION(member) offsetof(struct bw_retention_opts, member)
#define STORAGE(member) offsetof(struct bw_storage_opts, member)

static const struct bw_opt retention_options[] = {
    { "raw", BW_OPT_DURATION, RETENTION(raw_ns), .def = "30d", .range = "1h..100y",
      .help = "How long every single sample is kept." },
    { "1m", BW_OPT_DURATION, RETENTION(minute_ns), .def = "180d", .range = "1h..100y",
      .help = "How long the aggregates of a minute are kept." },
    { "1h", BW_OPT_DURATION, RETENTION(hour_ns), .def = "3y", .range = "1h..100y",
      .help = "How long the aggregates of an hour are kept." },
    { "1d", BW_OPT_DURATION, RETENTION(day_ns), .def = "10y", .range = "1h..100y",
      .help = "How long the aggregates of a day are kept." },
    { 0 },
};

static const struct bw_opt_group retention_group = {
    "retention", sizeof(struct bw_retention_opts), retention_options,
    .help = "How long each tier of the data is kept."
};

#define CLASS(member) offsetof(struct bw_retention_class, member)

static const struct bw_opt class_retention_options[] = {
    { "raw", BW_OPT_DURATION, RETENTION(raw_ns), .range = "1h..100y",
      .help = "How long every single sample of these series is kept." },
    { "1m", BW_OPT_DURATION, RETENTION(minute_ns), .range = "1h..100y",
      .help = "How long their aggregates of a minute are kept." },
    { "1h", BW_OPT_DURATION, RETENTION(hour_ns), .range = "1h..100y",
      .help = "How long their aggregates of an hour are kept." },
    { "1d", BW_OPT_DURATION, RETENTION(day_ns), .range = "1h..100y",
      .help = "How long their aggregates of a day are kept." },
    { 0 },
};

static enum bw_rc check_class_retention(const void *opts, struct bw_err *err)
{
    const struct bw_retention_opts *kept = opts;
    if (kept->raw_ns == 0 && kept->minute_ns == 0 && kept->hour_ns == 0 && kept->day_ns == 0)
        return bw_fail(err, BW_EINVAL, "needs at least one of raw, 1m, 1h, 1d");
    return BW_OK;
}

static const struct bw_opt_group class_retention_group = {
    "class retention", sizeof(struct bw_retention_opts), class_retention_options,
    .help = "How long each tier of a class is kept; what is not named is kept as"
            " `storage.retention` says.",
    .check = check_class_retention
};

static const struct bw_opt class_options[] = {
    { "match", BW_OPT_MAP, CLASS(match), .flags = BW_OPT_REQUIRED,
      .help = "Label to regular expression; all must match in whole. `__name__` is the metric." },
    { "retention", BW_OPT_GROUP, CLASS(retention), .group = &class_retention_group,
      .flags = BW_OPT_REQUIRED, .help = "How long they are kept, by tier." },
    { 0 },
};

static enum bw_rc check_class(const void *opts, struct bw_err *err)
{
    const struct bw_retention_class *class = opts;
    struct bw_picker *picker = NULL;
    if (class->match.count == 0)
        return bw_fail(err, BW_EINVAL,
                       "'match' names no label: what holds for all series belongs into"
                       " storage.retention");
    const enum bw_rc rc = bw_retention_class_picker(class, &picker, err);
    bw_picker_free(picker);
    return rc;
}

static const struct bw_opt_group class_group = {
    "retention class", sizeof(struct bw_retention_class), class_options,
    .help = "Other retention for some series: the first class that a series matches holds."
            " Series that are kept for different times never share a pack. What was stored before"
            " the configuration changed is kept as the class says that its series has now; packs"
            " that series of several classes share from then, for the longest of their times. A"
            " finer tier may be kept for longer than a coarser one: the finer then answers.",
    .check = check_class
};

static const struct bw_opt storage_options[] = {
    { "path", BW_OPT_STRING, STORAGE(path),
      .help = "The database file; its folder is made when it is missing." },
    { "commit_interval", BW_OPT_DURATION, STORAGE(commit_interval_ns), .def = "1s",
      .range = "10ms..1m", .help = "How often data is made durable: what a power cut may lose." },
    { "max_bytes", BW_OPT_BYTES, STORAGE(max_bytes), .def = "4GiB", .range = "8MiB..",
      .help = "Ceiling on the bytes of the database and all files beside it (log, reserve, what was"
              " moved aside), never exceeded; the oldest samples go first." },
    { "max_series", BW_OPT_INT, STORAGE(max_series), .def = "100000", .range = "1..10000000",
      .help = "Ceiling on the number of stored series; more are refused and counted." },
    { "max_late", BW_OPT_DURATION, STORAGE(max_late_ns), .def = "1d", .range = "1m..10y",
      .help =
          "A sample may come so late and out of order; roll-ups are made again for it. Older ones"
          " are refused and counted. What is imported may be of any age." },
    { "retention", BW_OPT_GROUP, STORAGE(retention), .group = &retention_group,
      .help = "How long each tier is kept." },
    { "classes", BW_OPT_GROUPS, STORAGE(classes), .group = &class_group,
      .help = "Other retention for some series." },
    { 0 },
};

const struct bw_opt_group bw_storage_group = { "storage", sizeof(struct bw_storage_opts),
                                               storage_options,
                                               .help = "Where and how long data is kept." };

struct bw_storage_opts bw_storage_defaults(void)
{
    return (struct bw_storage_opts){
        .commit_interval_ns = BW_SECOND,
        .max_bytes = UINT64_C(4) << 30,
        .max_series = 100000,
        .retention = { 30 * BW_DAY, 180 * BW_DAY, 3 * 365 * BW_DAY, 10 * 365 * BW_DAY },
    };
}
