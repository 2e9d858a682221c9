// SPDX-License-Identifier: GPL-3.0-or-later
/* transfer/reader.h: reads samples out of a text of any length, fed to it in pieces.
 *
 *     bytes --feed--> lines --> name (looked up by its spelling), value, time --> sink
 *                       \-----> what is wrong, with its line's number ---------> sink
 *
 * OpenMetrics here is every form of transfer/sample_text.h; `# EOF` ends it. CSV begins with a
 * line that names its columns, in any order: metric, time, value, and each label by its own name
 * (or label:NAME, should that be one of the three); separated by comma, semicolon or tab. An
 * empty cell is no label. Pure; holds at most 1 MiB of text and 32 MiB of names. */
#ifndef TRANSFER_READER_H
#define TRANSFER_READER_H

#include "base/err.h"
#include "model/labels.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_TRANSFER_LINE_BYTES_MAX (1u << 20)
#define BW_TRANSFER_COLUMNS_MAX 512u

enum bw_transfer_form { BW_TRANSFER_OPENMETRICS, BW_TRANSFER_CSV };

/* All members are needed. */
struct bw_transfer_sink {
    void *ctx;

    /* Gives a series a number, 1 or above, by which its samples come; 0 with *err when it is not
     * taken. Asked again for a name it was asked for before, it gives the same. */
    uint32_t (*series)(void *ctx, const char *metric, struct bw_labels labels, struct bw_err *err);
    void (*sample)(void *ctx, uint32_t series, int64_t ts_ms, double value);

    /* A line that is left out; the first is 1. */
    void (*bad)(void *ctx, uint64_t line, const char *why);
};

struct bw_transfer_reader;

/* `sink` is copied. */
struct bw_transfer_reader *bw_transfer_reader_new(enum bw_transfer_form form,
                                                  const struct bw_transfer_sink *sink);
void bw_transfer_reader_free(struct bw_transfer_reader *reader);

/* The next piece. BW_EINVAL when the whole text is of no use: a CSV whose first line does not
 * name the columns. */
enum bw_rc bw_transfer_reader_feed(struct bw_transfer_reader *reader, const void *bytes,
                                   size_t size, struct bw_err *err);

/* After the last piece: reads a last line without an end. */
enum bw_rc bw_transfer_reader_finish(struct bw_transfer_reader *reader, struct bw_err *err);

/* Lines so far; whether `# EOF` was there, after which nothing is read. */
uint64_t bw_transfer_reader_lines(const struct bw_transfer_reader *reader);
bool bw_transfer_reader_is_ended(const struct bw_transfer_reader *reader);

#endif
