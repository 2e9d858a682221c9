// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/mem.h"
#include "probe/http_json.h"
#include "probe/http_secret.h"
#include "probe/http_token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TOKEN_BYTES_MAX = 32 << 10 };

/* Beyond that an end is as good as none. */
enum { EXPIRES_S_MAX = 365 * 86400 };

static const char *type_of(const struct bw_json_document *document)
{
    const char *type = bw_json_member(document, "token_type");
    return type == NULL || type[0] == '\0' || strcasecmp(type, "bearer") == 0 ? "Bearer" : type;
}

static int64_t life_of(const struct bw_json_document *document)
{
    double seconds;
    if (!bw_json_member_number(document, "expires_in", &seconds) || !(seconds >= 1))
        return 0;
    return seconds < EXPIRES_S_MAX ? (int64_t)seconds : EXPIRES_S_MAX;
}

static bool refuse(const struct bw_json_document *document, int status, struct bw_err *err)
{
    const char *error = document != NULL ? bw_json_member(document, "error") : NULL;
    bw_fail(err, BW_EINVAL, "the token endpoint answers with status %d%s%.80s", status,
            error != NULL ? ": " : "", error != NULL ? error : "");
    return false;
}

static bool take(struct bw_token_answer *out, const struct bw_json_document *document,
                 struct bw_err *err)
{
    const char *text = bw_json_member(document, "access_token");
    const char *type = type_of(document);
    if (text == NULL || text[0] == '\0' || strlen(text) > TOKEN_BYTES_MAX || strlen(type) > 64
        || !bw_http_is_field_value(text) || !bw_http_is_field_value(type)) {
        bw_fail(err, BW_EINVAL, "the token endpoint's answer has no access_token that can be used");
        return false;
    }
    const size_t size = strlen(type) + strlen(text) + 2;
    out->text = bw_alloc(size);
    snprintf(out->text, size, "%s %s", type, text);
    out->expires_s = life_of(document);
    return true;
}

bool bw_token_answer_read(struct bw_token_answer *out, int status, const char *body, size_t len,
                          struct bw_err *err)
{
    struct bw_json_document *document = bw_json_read(body, len, NULL);
    bool good = false;
    if (status < 200 || status > 299)
        refuse(document, status, err);
    else if (document == NULL)
        bw_fail(err, BW_EINVAL, "the token endpoint's answer is not JSON");
    else
        good = take(out, document, err);
    bw_json_document_free(document);
    return good;
}
