// SPDX-License-Identifier: GPL-3.0-or-later
/* Lists over HTTP (http_sd). */
#include "base/limits.h"
#include "base/text.h"
#include "discover/kinds.h"

#include <string.h>
#include <strings.h>

static enum bw_rc http_check(const char *from, struct bw_err *err)
{
    if (!bw_text_starts_with(from, "http://") && !bw_text_starts_with(from, "https://"))
        return bw_fail(err, BW_EINVAL, "expected a URL that begins with http:// or https://");
    return BW_OK;
}

static bool is_json(const char *type)
{
    static const char json[] = "application/json";
    const size_t len = sizeof json - 1;
    return type != NULL && strncasecmp(type, json, len) == 0
           && (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

static enum bw_rc judge(const struct bw_discovery_answer *answer, struct bw_err *err)
{
    if (answer == NULL)
        return bw_fail(err, BW_EIO, "nothing was asked");
    if (answer->fault != NULL)
        return bw_fail(err, BW_EIO, "%s", answer->fault);
    if (answer->status != 200)
        return bw_fail(err, BW_EIO, "status %d, expected 200", answer->status);
    if (!is_json(answer->type))
        return bw_fail(err, BW_EINVAL, "content type '%.60s', expected application/json",
                       answer->type != NULL ? answer->type : "");
    return BW_OK;
}

static void http_ask(struct bw_discovery_ask *ask)
{
    char shown[160]; /* never with user and password: labels are for all to see */
    const struct bw_discovery_answer *answer = ask->spec->answer;
    struct bw_err err = { .rc = BW_OK };
    bw_text_hide_userinfo(shown, sizeof shown, ask->spec->from.items[0]);
    const struct bw_label found = { "__meta_url", bw_arena_strdup(ask->arena, shown) };
    enum bw_rc rc = judge(answer, &err);
    if (rc == BW_OK)
        rc = bw_target_list_read(ask->arena, BW_LIST_JSON, answer->body, answer->len, found,
                                 ask->out, &err);
    if (rc == BW_OK)
        return;
    bw_wrap(&err, rc, "%s", shown);
    bw_discovery_keep(ask, found, &err);
}

const struct bw_discovery_ops bw_discovery_http = { "http", http_check, http_ask };
