// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/tcp_labels.h"
#include "probe/trail.h"

#include <stdlib.h>
#include <string.h>

enum { STAGE_EXPECT, STAGE_BYTES, STAGE_SEND, STAGE_STARTTLS, STAGE_COUNT };

/* A line that is longer is no line; a peer that sends more in all is not answering us. */
#define LINE_BYTES_MAX BW_PROBE_HEADER_BYTES_MAX
#define TOTAL_BYTES_MAX BW_PROBE_BODY_BYTES_MAX
#define OUT_BYTES_MAX (64u << 10)

void bw_dialogue_init(struct bw_dialogue *dialogue, const struct bw_tcp_plan *plan)
{
    *dialogue = (struct bw_dialogue){ .plan = plan, .regex_ns = BW_REGEX_LOOP_NS };
    /* Reads are small against this, so what does not fit is too long for a line anyway. */
    bw_buf_init(&dialogue->in, 2 * LINE_BYTES_MAX);
    bw_buf_init(&dialogue->out, OUT_BYTES_MAX);
}

void bw_dialogue_fini(struct bw_dialogue *dialogue)
{
    bw_buf_fini(&dialogue->in);
    bw_buf_fini(&dialogue->out);
    for (size_t i = 0; i < dialogue->plan->label_count; i++)
        free(dialogue->found[i]);
}

void bw_dialogue_feed(struct bw_dialogue *dialogue, const void *bytes, size_t len)
{
    dialogue->received += len;
    bw_buf_bytes(&dialogue->in, bytes, len);
}

void bw_dialogue_close(struct bw_dialogue *dialogue)
{
    dialogue->closed = true;
}

static void consume(struct bw_buf *in, size_t len)
{
    memmove(in->data, in->data + len, in->len - len);
    in->len -= len;
    in->data[in->len] = '\0';
}

/* Where the first line ends and how many bytes it takes with its end; false: not yet. At the
 * end of the stream the rest is a line too. */
static bool find_line(const struct bw_dialogue *dialogue, size_t *out_len, size_t *out_taken)
{
    const struct bw_buf *in = &dialogue->in;
    const char *end = memchr(in->data, '\n', in->len);
    if (end == NULL && (!dialogue->closed || in->len == 0))
        return false;
    size_t len = end != NULL ? (size_t)(end - in->data) : in->len;
    *out_taken = len + (end != NULL ? 1 : 0);
    *out_len = len > 0 && in->data[len - 1] == '\r' ? len - 1 : len;
    return true;
}

/* The number that people count a step by. */
static size_t step_number(const struct bw_dialogue *dialogue)
{
    return dialogue->step + 1;
}

static enum bw_dialogue_want fail_closed(struct bw_dialogue *dialogue, const char *wanted,
                                         struct bw_probe_outcome *out)
{
    dialogue->regex_failed = true;
    if (dialogue->last_line[0] != '\0')
        bw_probe_fail(out, BW_REASON_ASSERTION_REPLY,
                      "step %zu: no line matched '%.60s' until the end; the last was '%s'",
                      step_number(dialogue), wanted, dialogue->last_line);
    else
        bw_probe_fail(out, BW_REASON_CONNECTION_CLOSED,
                      "step %zu: closed before a line matched '%.60s'", step_number(dialogue),
                      wanted);
    return BW_DIALOGUE_FAILED;
}

static enum bw_dialogue_want too_long(struct bw_dialogue *dialogue, struct bw_probe_outcome *out)
{
    bw_probe_fail(out, BW_REASON_RESPONSE_TOO_LARGE, "step %zu: more than %u bytes",
                  step_number(dialogue),
                  dialogue->received > TOTAL_BYTES_MAX ? TOTAL_BYTES_MAX : LINE_BYTES_MAX);
    return BW_DIALOGUE_FAILED;
}

static bool is_refused(struct bw_dialogue *dialogue, const struct bw_tcp_plan_step *step,
                       const char *line, size_t len, struct bw_probe_outcome *out)
{
    if (step->refusal == NULL
        || bw_regex_search(step->refusal, line, len, &dialogue->regex_ns) != BW_REGEX_YES)
        return false;
    bw_probe_fail(out, BW_REASON_ASSERTION_REPLY, "refused: '%s'", dialogue->last_line);
    return true;
}

/* Messages of protocols without lines. */
static enum bw_dialogue_want expect_message(struct bw_dialogue *dialogue,
                                            const struct bw_tcp_plan_step *step,
                                            struct bw_probe_outcome *out)
{
    struct bw_starttls_heard heard = { .taken = 0 };
    if (!step->reader(dialogue->in.data, dialogue->in.len, &heard)) {
        bw_probe_fail(out, BW_REASON_ASSERTION_REPLY, "%s", heard.wrong);
        return BW_DIALOGUE_FAILED;
    }
    if (heard.taken > 0) {
        bw_trail_note(out, BW_TRAIL_HEARD, dialogue->in.data, heard.taken);
        consume(&dialogue->in, heard.taken);
        return BW_DIALOGUE_SEND;
    }
    if (!dialogue->closed && dialogue->in.len <= LINE_BYTES_MAX)
        return BW_DIALOGUE_READ;
    bw_probe_fail(out, BW_REASON_CONNECTION_CLOSED,
                  dialogue->plan->looks ? "closed before it changed to TLS"
                                        : "closed before it had introduced itself");
    return BW_DIALOGUE_FAILED;
}

/* SEND stands for "go on with the next stage" here. */
static enum bw_dialogue_want expect_line(struct bw_dialogue *dialogue,
                                         const struct bw_tcp_plan_step *step,
                                         struct bw_probe_outcome *out)
{
    size_t len, taken;
    while (find_line(dialogue, &len, &taken)) {
        const char *line = dialogue->in.data;
        if (len > LINE_BYTES_MAX)
            return too_long(dialogue, out);
        enum bw_regex_verdict verdict =
            bw_regex_search(step->expect, line, len, &dialogue->regex_ns);
        bw_probe_quote(dialogue->last_line, sizeof dialogue->last_line, line, len);
        bw_trail_note(out, BW_TRAIL_HEARD, line, len);
        if (verdict == BW_REGEX_GAVE_UP) {
            bw_probe_fail(out, BW_REASON_ASSERTION_REPLY,
                          "step %zu: matching '%.60s' took too long", step_number(dialogue),
                          bw_regex_pattern(step->expect));
            return BW_DIALOGUE_FAILED;
        }
        if (verdict == BW_REGEX_NO && is_refused(dialogue, step, line, len, out))
            return BW_DIALOGUE_FAILED;
        if (verdict == BW_REGEX_YES && step->send != NULL)
            bw_regex_expand(step->expect, line, step->send, &dialogue->out);
        if (verdict == BW_REGEX_YES)
            bw_tcp_labels_find(dialogue, line, out);
        consume(&dialogue->in, taken);
        if (verdict == BW_REGEX_YES)
            return BW_DIALOGUE_SEND;
    }
    if (dialogue->closed)
        return fail_closed(dialogue, bw_regex_pattern(step->expect), out);
    if (dialogue->in.len > LINE_BYTES_MAX)
        return too_long(dialogue, out);
    return BW_DIALOGUE_READ;
}

static enum bw_dialogue_want expect_bytes(struct bw_dialogue *dialogue, const char *wanted,
                                          struct bw_probe_outcome *out)
{
    size_t len = strlen(wanted);
    size_t have = dialogue->in.len < len ? dialogue->in.len : len;
    if (memcmp(dialogue->in.data, wanted, have) != 0) {
        char got[64];
        bw_probe_quote(got, sizeof got, dialogue->in.data, have);
        bw_probe_fail(out, BW_REASON_ASSERTION_REPLY, "step %zu: other bytes came: '%s'",
                      step_number(dialogue), got);
    } else if (have == len) {
        bw_trail_note(out, BW_TRAIL_HEARD, dialogue->in.data, len);
        consume(&dialogue->in, len);
        return BW_DIALOGUE_SEND;
    } else if (!dialogue->closed) {
        return BW_DIALOGUE_READ;
    } else {
        bw_probe_fail(out, BW_REASON_CONNECTION_CLOSED,
                      "step %zu: closed after %zu of %zu expected bytes", step_number(dialogue),
                      have, len);
    }
    dialogue->bytes_failed = true;
    return BW_DIALOGUE_FAILED;
}

static void say_message(struct bw_dialogue *dialogue, const struct bw_bytes *message,
                        struct bw_probe_outcome *out)
{
    bw_buf_bytes(&dialogue->out, message->bytes, message->len);
    bw_trail_note(out, BW_TRAIL_SENT, message->bytes, message->len);
}

/* One stage of the current step. SEND with an empty `out` means "done, go on". */
static enum bw_dialogue_want run_stage(struct bw_dialogue *dialogue,
                                       const struct bw_tcp_plan_step *step,
                                       struct bw_probe_outcome *out)
{
    switch (dialogue->stage) {
    case STAGE_EXPECT:
        return step->expect == NULL ? BW_DIALOGUE_SEND : expect_line(dialogue, step, out);
    case STAGE_BYTES:
        if (step->reader != NULL)
            return expect_message(dialogue, step, out);
        return step->expect_bytes == NULL ? BW_DIALOGUE_SEND
                                          : expect_bytes(dialogue, step->expect_bytes, out);
    case STAGE_SEND:
        if (step->message != NULL)
            say_message(dialogue, step->message, out);
        if (step->send == NULL)
            return BW_DIALOGUE_SEND;
        if (step->expect == NULL)
            bw_buf_text(&dialogue->out, step->send);
        if (bw_buf_failed(&dialogue->out))
            return too_long(dialogue, out);
        if (dialogue->out.len == 0)
            return BW_DIALOGUE_SEND;
        bw_buf_char(&dialogue->out, '\n');
        bw_trail_note(out, BW_TRAIL_SENT, dialogue->out.data, dialogue->out.len);
        return BW_DIALOGUE_SEND;
    default:
        if (!step->starttls)
            return BW_DIALOGUE_SEND;
        /* Anything that came in the clear after the last line was not said by who proves
         * itself next. */
        if (dialogue->in.len == 0)
            return BW_DIALOGUE_STARTTLS;
        bw_probe_fail(out, BW_REASON_ASSERTION_REPLY, "step %zu: data in the clear before TLS",
                      step_number(dialogue));
        return BW_DIALOGUE_FAILED;
    }
}

enum bw_dialogue_want bw_dialogue_next(struct bw_dialogue *dialogue, struct bw_probe_outcome *out)
{
    bool sent = dialogue->stage == STAGE_STARTTLS;
    if (sent)
        bw_buf_clear(&dialogue->out);
    if (bw_buf_failed(&dialogue->in) || dialogue->received > TOTAL_BYTES_MAX)
        return too_long(dialogue, out);
    while (dialogue->step < dialogue->plan->step_count) {
        unsigned stage = dialogue->stage;
        enum bw_dialogue_want want =
            run_stage(dialogue, &dialogue->plan->steps[dialogue->step], out);
        if (want == BW_DIALOGUE_READ || want == BW_DIALOGUE_FAILED)
            return want;
        dialogue->stage = (stage + 1) % STAGE_COUNT;
        if (dialogue->stage == STAGE_EXPECT)
            dialogue->step++;
        if (want == BW_DIALOGUE_STARTTLS)
            return want;
        if (stage == STAGE_SEND && dialogue->out.len > 0)
            return BW_DIALOGUE_SEND;
    }
    return BW_DIALOGUE_PASSED;
}
