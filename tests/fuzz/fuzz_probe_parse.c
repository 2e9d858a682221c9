// SPDX-License-Identifier: GPL-3.0-or-later
/* What probes read from peers and targets, by the first byte: a URL, HOST:PORT, the header
 * lines of an answer with its assertions, a TCP dialogue, text to quote. */
#include "base/text.h"
#include "probe/http.h"
#include "probe/tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
    if (!good)
        abort();
}

static void fuzz_url(const char *text)
{
    struct bw_http_url url;
    if (bw_http_url_parse(text, &url, NULL) != BW_OK)
        return;
    need(strncmp(url.text, url.https ? "https://" : "http://", url.https ? 8 : 7) == 0);
    need(url.host[0] != '\0' && url.port != 0);
    bw_http_url_fini(&url);
}

static void fuzz_target(const char *text)
{
    struct bw_tcp_target target;
    if (bw_tcp_target_parse(text, &target, NULL) == BW_OK)
        need(target.host[0] != '\0' && target.port != 0);
}

static void fuzz_answer(const char *text, size_t len)
{
    struct bw_regex *regex = bw_regex_new("a+b|^$", NULL);
    char name[] = "x-a";
    struct bw_http_header_check check = { .name = name, .regex = regex, .want_match = true };
    const struct bw_http_plan plan = { .body_bytes_max = 1000,
                                       .header_checks = &check,
                                       .header_check_count = 1 };
    struct bw_probe_outcome out = { 0 };
    struct bw_http_answer answer;
    bw_http_answer_init(&answer, &plan);
    struct bw_span rest = { text, len }, line;
    while (bw_span_split(&rest, '\n', &line)
           && bw_http_answer_header(&answer, line.data, line.len)) {
    }
    need(answer.header_lines <= BW_PROBE_HEADER_LINES_MAX + 1);
    bw_http_judge_head(&plan, &answer, false, &out);
    if (out.reason == BW_REASON_NONE)
        bw_http_judge_body(&plan, &answer.body, BW_REGEX_LOOP_NS, &out);
    need((out.detail[0] != '\0') == (out.reason != BW_REASON_NONE));
    bw_http_answer_fini(&answer);
    bw_regex_free(regex);
}

/* Feeds the bytes in pieces whose lengths the bytes themselves give. */
static void fuzz_dialogue(const uint8_t *data, size_t len)
{
    char pong[] = "PONG ${1}", end[] = "end";
    struct bw_tcp_plan_step steps[] = { { .expect = bw_regex_new("^PING (.*)$", NULL),
                                          .send = pong },
                                        { .expect_bytes = end, .starttls = true } };
    const struct bw_tcp_plan plan = { .steps = steps, .step_count = 2 };
    struct bw_probe_outcome out = { 0 };
    struct bw_dialogue dialogue;
    bw_dialogue_init(&dialogue, &plan);
    for (;;) {
        enum bw_dialogue_want want = bw_dialogue_next(&dialogue, &out);
        if (want == BW_DIALOGUE_PASSED || want == BW_DIALOGUE_FAILED) {
            need((want == BW_DIALOGUE_FAILED) == (out.reason != BW_REASON_NONE));
            break;
        }
        if (want != BW_DIALOGUE_READ)
            continue;
        need(!dialogue.closed);
        size_t piece = len == 0 ? 0 : 1 + data[0] % len;
        if (piece == 0)
            bw_dialogue_close(&dialogue);
        bw_dialogue_feed(&dialogue, data, piece);
        data += piece;
        len -= piece;
    }
    bw_dialogue_fini(&dialogue);
    bw_regex_free(steps[0].expect);
}

static void fuzz_quote(const uint8_t *data, size_t len)
{
    char out[40];
    bw_probe_quote(out, sizeof out, data, len);
    need(bw_utf8_valid_prefix(out, strlen(out)) == strlen(out));
    for (const char *at = out; *at != '\0'; at++)
        need((unsigned char)*at >= 0x20 && *at != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *text = malloc(size);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    switch (data[0] % 5) {
    case 0:
        fuzz_url(text);
        break;
    case 1:
        fuzz_target(text);
        break;
    case 2:
        fuzz_answer(text, size - 1);
        break;
    case 3:
        fuzz_dialogue(data + 1, size - 1);
        break;
    default:
        fuzz_quote(data + 1, size - 1);
        break;
    }
    free(text);
    return 0;
}
