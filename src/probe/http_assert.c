// SPDX-License-Identifier: GPL-3.0-or-later
/* Whether an answer is as it should be. */
#include "probe/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool status_is_valid(const struct bw_http_plan *plan, int status)
{
    if (plan->status_count == 0)
        return status >= 200 && status < 300;
    for (size_t i = 0; i < plan->status_count; i++) {
        if (plan->statuses[i] == status)
            return true;
    }
    return false;
}

static void judge_status(const struct bw_http_plan *plan, int status, struct bw_probe_outcome *out)
{
    if (status_is_valid(plan, status))
        return;
    char wanted[80] = "2xx";
    size_t used = 0;
    for (size_t i = 0; i < plan->status_count && used + 8 < sizeof wanted; i++)
        used += (size_t)snprintf(wanted + used, sizeof wanted - used, "%s%d", i > 0 ? ", " : "",
                                 (int)plan->statuses[i]);
    bw_probe_fail(out, BW_REASON_HTTP_STATUS, "status %d, expected %s", status, wanted);
}

static void judge_connection(const struct bw_http_plan *plan, const struct bw_http_answer *answer,
                             bool https, struct bw_probe_outcome *out)
{
    if (plan->versions != 0 && (plan->versions & answer->version) == 0)
        bw_probe_fail(out, BW_REASON_HTTP_PROTOCOL, "%s is not among the valid versions",
                      bw_http_version_name(answer->version));
    if (plan->fail_if_ssl && https)
        bw_probe_fail(out, BW_REASON_ASSERTION_TLS, "the answer came over TLS");
    if (plan->fail_if_not_ssl && !https)
        bw_probe_fail(out, BW_REASON_ASSERTION_TLS, "the answer did not come over TLS");
}

/* True when one of the patterns matches, or is expected to and does not. A search that was
 * given up is neither: it counts against the answer. */
static bool judge_body_list(const struct bw_regex_list *list, const struct bw_buf *body,
                            bool want_match, bool only_warns, int64_t *left_ns,
                            struct bw_probe_outcome *out)
{
    bool wrong = false;
    for (size_t i = 0; i < list->count; i++) {
        enum bw_regex_verdict verdict =
            bw_regex_test(list->items[i], body->data, body->len, left_ns);
        if (verdict == (want_match ? BW_REGEX_YES : BW_REGEX_NO))
            continue;
        const char *what = verdict == BW_REGEX_GAVE_UP ? "took too long to match"
                           : want_match                ? "does not match"
                                                       : "matches";
        const char *pattern = bw_regex_pattern(list->items[i]);
        if (only_warns)
            bw_probe_warn(out, "the body %s '%.80s'", what, pattern);
        else
            bw_probe_fail(out, BW_REASON_ASSERTION_BODY, "the body %s '%.80s'", what, pattern);
        wrong = wrong || !only_warns;
    }
    return wrong;
}

static void blame(struct bw_probe_outcome *out, bool only_warns, const char *what,
                  const char *detail)
{
    if (only_warns)
        bw_probe_warn(out, "%s%s", what, detail);
    else
        bw_probe_fail(out, BW_REASON_ASSERTION_BODY, "%s%s", what, detail);
}

/* A test that was given up counts against the answer; so does each on a body that is not JSON. */
static void judge_json_list(const struct bw_json_tests *tests,
                            const struct bw_json_document *document, const struct bw_err *why,
                            bool want_match, bool only_warns, int64_t *left_ns,
                            struct bw_probe_outcome *out)
{
    for (size_t i = 0; i < tests->count; i++) {
        const bool warns = only_warns || bw_json_test_only_warns(tests, i);
        if (document == NULL) {
            blame(out, warns, "the body is not JSON: ", why->text);
            continue;
        }
        const enum bw_json_verdict verdict = bw_json_test(tests, i, document, left_ns);
        if (verdict == (want_match ? BW_JSON_YES : BW_JSON_NO))
            continue;
        blame(out, warns,
              verdict == BW_JSON_GAVE_UP ? "JSON: took too long: "
              : want_match               ? "JSON: it is not so that "
                                         : "JSON: ",
              bw_json_test_text(tests, i));
    }
}

static void judge_json(const struct bw_http_plan *plan, const struct bw_buf *body, int64_t *left_ns,
                       struct bw_probe_outcome *out)
{
    if (plan->json_fails.count + plan->json_needs.count + plan->json_warns.count
            + plan->json_wants.count
        == 0)
        return;
    struct bw_err why = { 0 };
    struct bw_json_document *document = bw_json_read(body->data, body->len, &why);
    judge_json_list(&plan->json_fails, document, &why, false, false, left_ns, out);
    judge_json_list(&plan->json_needs, document, &why, true, false, left_ns, out);
    judge_json_list(&plan->json_warns, document, &why, false, true, left_ns, out);
    judge_json_list(&plan->json_wants, document, &why, true, true, left_ns, out);
    bw_json_document_free(document);
}

bool bw_http_judge_body(const struct bw_http_plan *plan, const struct bw_buf *body,
                        int64_t patience_ns, struct bw_probe_outcome *out)
{
    int64_t left_ns = patience_ns;
    judge_json(plan, body, &left_ns, out);
    bool fails = judge_body_list(&plan->body_fails, body, false, false, &left_ns, out);
    bool needs = judge_body_list(&plan->body_needs, body, true, false, &left_ns, out);
    judge_body_list(&plan->body_warns, body, false, true, &left_ns, out);
    judge_body_list(&plan->body_wants, body, true, true, &left_ns, out);
    return fails || needs;
}

/* How a header does against a check: the values that are there, and whether one matched. */
static enum bw_regex_verdict header_matches(const struct bw_http_answer *answer,
                                            const struct bw_http_header_check *check,
                                            int64_t *left_ns, size_t *out_values)
{
    const char *at = answer->headers.data;
    const char *end = at + answer->headers.len;
    enum bw_regex_verdict verdict = BW_REGEX_NO;
    *out_values = 0;
    while (at < end) {
        const char *value = at + strlen(at) + 1;
        size_t len = strlen(value);
        if (strcasecmp(at, check->name) == 0) {
            (*out_values)++;
            if (verdict == BW_REGEX_NO)
                verdict = bw_regex_test(check->regex, value, len, left_ns);
        }
        at = value + len + 1;
    }
    return verdict;
}

/* As with a body, a search that was given up counts against the answer. */
static bool judge_header(const struct bw_http_header_check *check,
                         const struct bw_http_answer *answer, int64_t *left_ns,
                         struct bw_probe_outcome *out)
{
    size_t values;
    enum bw_regex_verdict verdict = header_matches(answer, check, left_ns, &values);
    if (values == 0 ? check->allow_missing
                    : verdict == (check->want_match ? BW_REGEX_YES : BW_REGEX_NO))
        return false;
    const char *what = values == 0                   ? "is missing"
                       : verdict == BW_REGEX_GAVE_UP ? "took too long to match"
                       : verdict == BW_REGEX_YES     ? "matches"
                                                     : "does not match";
    if (check->only_warns)
        bw_probe_warn(out, "header %.60s %s '%.80s'", check->name, what,
                      bw_regex_pattern(check->regex));
    else
        bw_probe_fail(out, BW_REASON_ASSERTION_HEADER, "header %.60s %s '%.80s'", check->name, what,
                      bw_regex_pattern(check->regex));
    return !check->only_warns;
}

bool bw_http_judge_head(const struct bw_http_plan *plan, const struct bw_http_answer *answer,
                        bool https, struct bw_probe_outcome *out)
{
    bool regex = false;
    int64_t left_ns = BW_REGEX_LOOP_NS;
    judge_status(plan, answer->status, out);
    judge_connection(plan, answer, https, out);
    for (size_t i = 0; i < plan->header_check_count; i++)
        regex = judge_header(&plan->header_checks[i], answer, &left_ns, out) || regex;
    return regex;
}
