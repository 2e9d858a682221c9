// SPDX-License-Identifier: GPL-3.0-or-later
/* Notes of a run told as a transcript: the first line of the input is a secret, each line after it
 * a note whose first byte is its kind. */
#include "base/limits.h"
#include "model/transcript.h"
#include "probe/trail.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
    if (!good)
        abort();
}

static void take_notes(struct bw_probe_outcome *out, struct bw_span rest)
{
    struct bw_span line;
    while (bw_span_split(&rest, '\n', &line)) {
        const unsigned kind = line.len > 0 ? (unsigned char)line.data[0] : 0;
        if (line.len > 1)
            bw_trail_note(out, (enum bw_trail_kind)(kind % (BW_TRAIL_KINDS + 1)), line.data + 1,
                          line.len - 1);
        if (kind == 'c')
            bw_trail_chapter(out);
    }
}

/* Long enough not to stand in our own words, and not made of what replaces or escapes others. */
static bool can_be_told(struct bw_span secret)
{
    return secret.len >= 12 && memchr(secret.data, '*', secret.len) == NULL
           && memchr(secret.data, '\\', secret.len) == NULL
           && memchr(secret.data, ' ', secret.len) == NULL;
}

/* The end of an escape may look like the beginning of the secret: "\\x8c" before "o-horse". */
static bool stands_in(struct bw_span words, struct bw_span secret)
{
    const char *at = words.data, *end = words.data + words.len;
    while ((at = memmem(at, (size_t)(end - at), secret.data, secret.len)) != NULL) {
        const size_t before = (size_t)(at - words.data) < 3 ? (size_t)(at - words.data) : 3;
        if (memchr(at - before, '\\', before) == NULL)
            return true;
        at++;
    }
    return false;
}

static void need_safe(const struct bw_buf *told, struct bw_span secret)
{
    struct bw_span rest = { told->data, told->len };
    struct bw_transcript_line line;
    need(!bw_buf_failed(told) && told->len > 0 && told->len <= BW_TRANSCRIPT_BYTES_MAX);
    need(bw_utf8_valid_prefix(told->data, told->len) == told->len);
    for (size_t i = 0; i < told->len; i++)
        need((unsigned char)told->data[i] >= 0x20 || told->data[i] == '\n');
    while (bw_transcript_next(&rest, &line)) {
        need(line.at_ms.len > 0);
        need(!can_be_told(secret) || !stands_in(line.words, secret));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);
    memcpy(copy, data, size);
    copy[size] = '\0';
    struct bw_span rest = { copy, size }, secret = { copy, 0 };
    struct bw_trail trail = { .notes = NULL };
    struct bw_probe_outcome out = { .trail = &trail };
    struct bw_mask mask = { .count = 0 };
    struct bw_probe_result result = { .reason = BW_REASON_HTTP_STATUS, .detail = "status 500" };
    bw_span_split(&rest, '\n', &secret);
    char *text = strndup(secret.data, secret.len);
    secret = bw_span_of(text); /* up to a NUL: options are texts */
    bw_mask_add(&mask, text);
    trail.start_ns = bw_loop_mono_ns();
    take_notes(&out, rest);
    need(trail.len <= BW_TRAIL_BYTES_MAX);
    struct bw_buf told;
    bw_buf_init(&told, 2 * BW_TRANSCRIPT_BYTES_MAX);
    bw_trail_tell(&trail, &mask, &result, &told);
    need_safe(&told, secret);
    bw_buf_fini(&told);
    bw_mask_fini(&mask);
    free(trail.notes);
    free(text);
    free(copy);
    return 0;
}
