// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/units.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/storage.h"
#include "cli/terminal.h"
#include "store/sql.h"

#include <inttypes.h>
#include <stdio.h>

struct query_opts {
    const char *storage_path;
    int format;
    int64_t timeout_ns;
};

#define AT(member) offsetof(struct query_opts, member)

static const struct bw_opt rows[] = {
    BW_STORAGE_ROW(AT(storage_path)),
    { "format", BW_OPT_ENUM, AT(format), .def = "table", .names = bw_listing_formats,
      .help = "How rows are written." },
    { "timeout", BW_OPT_DURATION, AT(timeout_ns), .def = "1m", .range = "0..1d",
      .help = "End the query after so long; 0 is never." },
    { 0 },
};

static const struct bw_opt_group group = { .name = "query",
                                           .size = sizeof(struct query_opts),
                                           .opts = rows };

/* One query on its way to standard output. */
struct answer {
    struct bw_listing listing;
    enum bw_listing_format format;
    bool begun;
};

static bool write_out(void *ctx, struct bw_buf *text)
{
    (void)ctx;
    return bw_out_buf(text);
}

static bool take_columns(void *ctx, const char *const *names, size_t count)
{
    struct answer *answer = ctx;
    bw_listing_begin(&answer->listing, answer->format, bw_terminal_look().utf8, names, count,
                     write_out, NULL);
    answer->begun = true;
    return true;
}

static void take_blob(struct bw_listing *listing, size_t len)
{
    char text[48];
    const int n = snprintf(text, sizeof text, "(%zu bytes)", len);
    bw_listing_add_text(listing, text, (size_t)n);
}

static bool take_row(void *ctx, const struct bw_sql_value *values, size_t count)
{
    struct bw_listing *listing = &((struct answer *)ctx)->listing;
    for (size_t i = 0; i < count; i++) {
        switch (values[i].kind) {
        case BW_SQL_NULL:
            bw_listing_null(listing);
            break;
        case BW_SQL_INT:
            bw_listing_int(listing, values[i].integer);
            break;
        case BW_SQL_NUMBER:
            bw_listing_number(listing, values[i].number);
            break;
        case BW_SQL_TEXT:
            bw_listing_add_text(listing, values[i].text, values[i].len);
            break;
        case BW_SQL_BLOB:
            take_blob(listing, values[i].len);
            break;
        }
    }
    return bw_listing_row(listing);
}

static int run(const struct bw_command *command, const struct bw_call *call)
{
    const struct query_opts *opts = call->opts;
    struct answer answer = { .format = (enum bw_listing_format)opts->format };
    const struct bw_sql_sink sink = { &answer, take_columns, take_row };
    struct bw_damage damage = { 0 };
    struct bw_err err;
    const enum bw_rc rc = bw_sql_run(bw_storage_path(call->arena, opts->storage_path),
                                     call->args[0], opts->timeout_ns, &sink, &damage, &err);
    if (answer.begun)
        bw_listing_end(&answer.listing);
    const uint64_t missing = damage.packs + damage.journal_rows + damage.rows;
    if (missing > 0)
        fprintf(stderr,
                "bellwether query: %" PRIu64
                " parts of the store failed their checksum and are missing "
                "here; 'bellwether db verify' lists them\n",
                missing);
    if (rc == BW_ENOTFOUND)
        return bw_command_failed(command, "%s; name the store with --storage.path", err.text);
    if (rc == BW_ETIMEOUT)
        return bw_command_failed(command, "%s; --timeout allows more", err.text);
    return rc == BW_OK ? BW_EXIT_OK : bw_command_failed(command, "%s", err.text);
}

const struct bw_command bw_cmd_query = {
    .name = "query",
    .arguments = "SQL",
    .summary = "Run one SQL statement over the store, samples included, without changing it",
    .text =
        "Samples are the table samples(metric, labels, series, ts, value): ts in Unix ms, labels\n"
        "as JSON. Its hidden columns service, instance, check_name and match narrow it cheaply:\n"
        "  bellwether query \"SELECT ts, value FROM samples\n"
        "     WHERE match='probe_duration_seconds{service=\\\"shop\\\"}' AND ts > 1700000000000\"\n"
        "Other tables: event, check_state, alert_state, trend_result, series, report_archive.\n",
    .flags = &group,
    .args_min = 1,
    .args_max = 1,
    .usage_exit = BW_EXIT_USAGE,
    .run = run,
};
