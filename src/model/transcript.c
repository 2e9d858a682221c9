// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/transcript.h"

#include <string.h>

static const struct {
    char sign;
    const char *name;
} marks[BW_TRANSCRIPT_MARKS] = {
    [BW_TRANSCRIPT_NOTE] = { '*', "note" },       [BW_TRANSCRIPT_SENT] = { '>', "sent" },
    [BW_TRANSCRIPT_HEARD] = { '<', "heard" },     [BW_TRANSCRIPT_CONTENT] = { '|', "content" },
    [BW_TRANSCRIPT_VERDICT] = { '!', "verdict" },
};

char bw_transcript_sign(enum bw_transcript_mark mark)
{
    return marks[mark].sign;
}

const char *bw_transcript_mark_name(enum bw_transcript_mark mark)
{
    return marks[mark].name;
}

static bool is_time(struct bw_span text)
{
    bool digits = text.len > 0;
    for (size_t i = 0; digits && i < text.len; i++)
        digits = (text.data[i] >= '0' && text.data[i] <= '9') || text.data[i] == '.';
    return digits;
}

static bool find_mark(struct bw_span text, enum bw_transcript_mark *out)
{
    for (size_t i = 0; text.len == 1 && i < BW_TRANSCRIPT_MARKS; i++) {
        if (marks[i].sign == text.data[0]) {
            *out = (enum bw_transcript_mark)i;
            return true;
        }
    }
    return false;
}

bool bw_transcript_next(struct bw_span *rest, struct bw_transcript_line *out)
{
    struct bw_span line, time, sign = { 0 };
    if (rest->len == 0 || !bw_span_split(rest, '\n', &line))
        return false;
    *out = (struct bw_transcript_line){ .at_ms = { "", 0 }, .words = line };
    if (!bw_span_split(&line, ' ', &time) || !is_time(time) || !bw_span_split(&line, ' ', &sign)
        || !find_mark(sign, &out->mark))
        return true;
    out->at_ms = time;
    out->words = line.data != NULL ? line : (struct bw_span){ "", 0 };
    return true;
}
