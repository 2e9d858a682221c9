// SPDX-License-Identifier: GPL-3.0-or-later
/* A path on the first line, any body after it: whatever they are, they are judged or refused. */
#include "base/mem.h"
#include "base/units.h"
#include "probe/http_json.h"
#include "probe/module.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const char *path, const char *body, size_t len)
{
    const struct bw_json_match matches[] = {
        { .path = path },
        { .path = path, .equals = "ok" },
        { .path = path, .regexp = "^o" },
        { .path = path, .condition = "> 5" },
    };
    const struct bw_items items = { (void *)(uintptr_t)matches, 4 };
    struct bw_json_tests tests;
    int64_t left_ns = BW_HOUR;
    if (bw_json_tests_make(&tests, &items, NULL) != BW_OK)
        return;
    struct bw_json_document *document = bw_json_read(body, len, NULL);
    for (size_t i = 0; document != NULL && i < tests.count; i++) {
        /* What is nowhere is not equal to anything. */
        if (bw_json_test(&tests, i, document, &left_ns) == BW_JSON_YES
            && bw_json_test(&tests, 0, document, &left_ns) != BW_JSON_YES)
            abort();
    }
    bw_json_document_free(document);
    bw_json_tests_fini(&tests);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    if (end == NULL)
        return 0;
    const size_t path_len = (size_t)(end - data), len = size - path_len - 1;
    char *path = bw_strndup((const char *)data, path_len);
    char *body = malloc(len + 1); /* of its own length, so that reading beyond it is seen */
    memcpy(body, end + 1, len);
    judge(path, body, len);
    free(body);
    free(path);
    return 0;
}
