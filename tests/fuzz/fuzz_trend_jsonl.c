// SPDX-License-Identifier: GPL-3.0-or-later
/* Any line is answered with JSON in which every number makes sense, or refused; asked again, the
 * answer is the same to the last bit. */
#include "../unit/trend/answers.h"
#include "trend/jsonl.h"

#include <gsl/gsl_errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Of a forecast of thousands of steps the most time goes into writing it. */
enum { TWICE_BYTES_MAX = 64 << 10 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lines(const json_t *question, const struct bw_buf *out)
{
    const char *rest = out->data;
    for (const char *end; (end = strchr(rest, '\n')) != NULL; rest = end + 1) {
        json_t *answer = json_loadb(rest, (size_t)(end - rest), 0, NULL);
        if (answer == NULL || answer_fault(question, answer) != NULL)
            abort();
        json_decref(answer);
    }
    if (*rest != '\0')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_trend_scratch *scratch = bw_trend_scratch_new();
    struct bw_buf out, again;
    struct bw_err err;
    gsl_set_error_handler_off();
    bw_buf_init(&out, 64u << 20);
    bw_buf_init(&again, 64u << 20);
    const enum bw_rc rc = bw_trend_jsonl(scratch, (const char *)data, size, NULL, NULL, &out, &err);
    if ((rc == BW_OK) != (out.len > 0))
        abort();
    if (rc == BW_OK) {
        json_t *question = json_loadb((const char *)data, size, 0, NULL);
        check_lines(question, &out);
        json_decref(question);
    }
    if (rc == BW_OK && out.len < TWICE_BYTES_MAX) {
        bw_trend_jsonl(scratch, (const char *)data, size, NULL, NULL, &again, &err);
        if (again.len != out.len || memcmp(again.data, out.data, out.len) != 0)
            abort();
    }
    bw_buf_fini(&out);
    bw_buf_fini(&again);
    bw_trend_scratch_free(scratch);
    return 0;
}
