// SPDX-License-Identifier: GPL-3.0-or-later
/* Files of the kernel that have a word and a number in each line. */
#include "host/parse.h"
#include "host/scan.h"

/* One line; false when it has a word that we know and no number. */
static bool take_line(struct bw_span line, const struct bw_word_row *row, struct bw_measures *out)
{
    uint64_t value;
    if (!bw_scan_uint(&line, &value))
        return false;
    bw_measures_add(out, row->family, (double)value, NULL);
    return true;
}

enum bw_rc bw_words_parse(struct bw_span text, const char *file, const struct bw_word_row *rows,
                          size_t count, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span line, word;
    bool any = false;
    while (bw_scan_line(&text, &line)) {
        bw_scan_word(&line, &word);
        for (size_t i = 0; i < count; i++) {
            if (!bw_scan_is(word, rows[i].word))
                continue;
            if (!take_line(line, &rows[i], out))
                return bw_fail(err, BW_EINVAL, "%s: '%s' without a number", file, rows[i].word);
            any = true;
        }
    }
    return any ? BW_OK : bw_fail(err, BW_EINVAL, "%s: nothing in it that we know", file);
}
