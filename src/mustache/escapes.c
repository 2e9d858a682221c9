// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/escape.h"
#include "mustache/template.h"

#include <string.h>

static void escape_nothing(struct bw_buf *out, const char *text, size_t len)
{
    bw_buf_bytes(out, text, len);
}

static const struct {
    const char *name;
    bw_template_escape_fn *escape;
} escapes[] = {
    { "html", bw_escape_html }, { "csv", bw_escape_csv },   { "md", bw_escape_md },
    { "json", bw_escape_json }, { "none", escape_nothing },
};

bw_template_escape_fn *bw_template_escape_named(const char *name)
{
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        if (strcmp(escapes[i].name, name) == 0)
            return escapes[i].escape;
    }
    return NULL;
}
