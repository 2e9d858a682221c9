// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/http_json.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "expr/condition.h"
#include "probe/module.h"
#include "probe/regex.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

static const struct bw_opt_name severity_names[] = { { "unhealthy", BW_SEVERITY_UNHEALTHY },
                                                     { "degraded", BW_SEVERITY_DEGRADED },
                                                     { NULL, 0 } };

#define AT(member) offsetof(struct bw_json_match, member)
static const struct bw_opt json_match_options[] = {
    { "path", BW_OPT_STRING, AT(path), .flags = BW_OPT_REQUIRED, .range = "0..1024",
      .help = "Where the value is: a JSON pointer (/items/0/name) or JSONPath ($.items[0].name, "
              "with [*] and .* for all, [-1] for the last, .length() for how many). With several "
              "values one that fits is enough." },
    { "equals", BW_OPT_STRING, AT(equals),
      .help = "The text it has to be; of numbers, true, false and null as JSON writes them." },
    { "regexp", BW_OPT_STRING, AT(regexp), .help = "Regular expression on the same text." },
    { "condition", BW_OPT_STRING, AT(condition),
      .help = "Condition on a number: `> 5`, `<= 0.5`, `!= 0`. Without any of the three the value "
              "only has to be there." },
    { "severity", BW_OPT_ENUM, AT(severity), .def = "unhealthy", .names = severity_names,
      .help = "What it makes of the check: UNHEALTHY or only DEGRADED." },
    { 0 },
};
#undef AT

static enum bw_rc check_match(const void *opts, struct bw_err *err)
{
    const struct bw_json_match *match = opts;
    const struct bw_items one = { (void *)(uintptr_t)match, 1 };
    struct bw_json_tests tests;
    if ((match->equals != NULL) + (match->regexp != NULL) + (match->condition != NULL) > 1)
        return bw_fail(err, BW_EINVAL, "equals, regexp and condition exclude each other");
    const enum bw_rc rc = bw_json_tests_make(&tests, &one, err);
    if (rc == BW_OK)
        bw_json_tests_fini(&tests);
    return rc;
}

const struct bw_opt_group bw_json_match_group = {
    .name = "json_match",
    .size = sizeof(struct bw_json_match),
    .opts = json_match_options,
    .help = "An assertion on a value of a JSON body. A body that is not JSON, is longer than 4 MiB "
            "or deeper than 100 levels fails every one of them.",
    .check = check_match,
};

/* ---- paths ---- */

enum step_kind { STEP_NAME, STEP_INDEX, STEP_EITHER, STEP_ALL, STEP_LENGTH };

/* EITHER is a pointer's number: an index in a list, a name in an object. */
struct step {
    enum step_kind kind;
    char *name;
    int64_t index;
};

enum { STEPS_MAX = 64 };

struct bw_json_path {
    struct step steps[STEPS_MAX];
    size_t count;
};

void bw_json_path_free(struct bw_json_path *path)
{
    for (size_t i = 0; path != NULL && i < path->count; i++)
        free(path->steps[i].name);
    free(path);
}

static bool add_step(struct bw_json_path *path, enum step_kind kind, char *name, int64_t index)
{
    if (path->count == STEPS_MAX) {
        free(name);
        return false;
    }
    path->steps[path->count++] = (struct step){ kind, name, index };
    return true;
}

/* "a~1b" is "a/b", "a~0b" is "a~b". */
static char *unescape(const char *text, size_t len)
{
    char *name = bw_strndup(text, len), *to = name;
    for (const char *from = name; *from != '\0'; from++) {
        const bool escape = from[0] == '~' && (from[1] == '0' || from[1] == '1');
        *to++ = (char)(!escape ? *from : from[1] == '0' ? '~' : '/');
        from += escape;
    }
    *to = '\0';
    return name;
}

static bool read_pointer(struct bw_json_path *path, const char *text)
{
    while (*text == '/') {
        const size_t len = strcspn(++text, "/");
        int64_t index;
        const bool number = bw_parse_int(text, len, &index) && index >= 0;
        if (!add_step(path, number ? STEP_EITHER : STEP_NAME, unescape(text, len),
                      number ? index : 0))
            return false;
        text += len;
    }
    return *text == '\0';
}

/* ['name'] or ["name"], with \ before a quote or another \. */
static const char *read_quoted(struct bw_json_path *path, const char *text)
{
    const char quote = *text++;
    char *name = bw_alloc(strlen(text) + 1);
    size_t len = 0;
    while (*text != quote && *text != '\0') {
        text += *text == '\\' && text[1] != '\0';
        name[len++] = *text++;
    }
    if (!add_step(path, STEP_NAME, name, 0) || text[0] != quote || text[1] != ']')
        return NULL;
    return text + 2;
}

static const char *read_bracket(struct bw_json_path *path, const char *text)
{
    int64_t index;
    if (*text == '\'' || *text == '"')
        return read_quoted(path, text);
    const size_t len = strcspn(text, "]");
    if (text[len] == '\0')
        return NULL;
    if (len == 1 && *text == '*')
        return add_step(path, STEP_ALL, NULL, 0) ? text + 2 : NULL;
    if (!bw_parse_int(text, len, &index) || !add_step(path, STEP_INDEX, NULL, index))
        return NULL;
    return text + len + 1;
}

static const char *read_name(struct bw_json_path *path, const char *text)
{
    static const char length[] = "length()";
    if (strcmp(text, length) == 0)
        return add_step(path, STEP_LENGTH, NULL, 0) ? text + sizeof length - 1 : NULL;
    const size_t len = strcspn(text, ".[]()?@'\" ");
    if (len == 0)
        return NULL;
    if (len == 1 && *text == '*')
        return add_step(path, STEP_ALL, NULL, 0) ? text + 1 : NULL;
    return add_step(path, STEP_NAME, bw_strndup(text, len), 0) ? text + len : NULL;
}

static bool read_steps(struct bw_json_path *path, const char *text)
{
    for (text++; text != NULL && *text != '\0';)
        text = *text == '.'   ? read_name(path, text + 1)
               : *text == '[' ? read_bracket(path, text + 1)
                              : NULL;
    return text != NULL;
}

struct bw_json_path *bw_json_path_new(const char *text, struct bw_err *err)
{
    struct bw_json_path *path = bw_alloc(sizeof *path);
    if (text[0] == '$' ? read_steps(path, text) : read_pointer(path, text))
        return path;
    bw_json_path_free(path);
    bw_fail(err, BW_EINVAL,
            "path '%.80s': expected a JSON pointer such as /items/0/name, or $.items[0].name "
            "of at most %d steps",
            text, STEPS_MAX);
    return NULL;
}

/* ---- tests ---- */

struct bw_json_test {
    struct bw_json_path *path;
    char *equals;
    struct bw_regex *regex;
    bool has_condition;
    struct bw_condition condition;
    bool only_warns;
    char text[160];
};

static void tell(struct bw_json_test *test, const struct bw_json_match *match)
{
    char *out = test->text;
    const size_t size = sizeof test->text;
    if (match->equals != NULL)
        snprintf(out, size, "%.80s equals '%.60s'", match->path, match->equals);
    else if (match->regexp != NULL)
        snprintf(out, size, "%.80s matches '%.60s'", match->path, match->regexp);
    else if (match->condition != NULL)
        snprintf(out, size, "%.80s %.60s", match->path, match->condition);
    else
        snprintf(out, size, "%.80s is there", match->path);
}

static enum bw_rc make_test(struct bw_json_test *test, const struct bw_json_match *match,
                            struct bw_err *err)
{
    tell(test, match);
    test->only_warns = match->severity == BW_SEVERITY_DEGRADED;
    test->equals = bw_strdup(match->equals);
    test->path = bw_json_path_new(match->path, err);
    if (test->path == NULL)
        return BW_EINVAL;
    if (match->regexp != NULL && (test->regex = bw_regex_new(match->regexp, err)) == NULL)
        return BW_EINVAL;
    test->has_condition = match->condition != NULL;
    return test->has_condition
               ? bw_condition_parse(match->condition, BW_UNIT_NUMBER, &test->condition, err)
               : BW_OK;
}

enum bw_rc bw_json_tests_make(struct bw_json_tests *out, const struct bw_items *matches,
                              struct bw_err *err)
{
    const struct bw_json_match *items = matches->items;
    struct bw_json_tests tests = { bw_alloc_array(matches->count + 1, sizeof *tests.items), 0 };
    enum bw_rc rc = BW_OK;
    while (tests.count < matches->count && rc == BW_OK) {
        rc = make_test(&tests.items[tests.count], &items[tests.count], err);
        tests.count++;
    }
    if (rc == BW_OK)
        *out = tests;
    else
        bw_json_tests_fini(&tests);
    return rc;
}

void bw_json_tests_fini(struct bw_json_tests *tests)
{
    for (size_t i = 0; i < tests->count; i++) {
        bw_json_path_free(tests->items[i].path);
        free(tests->items[i].equals);
        bw_regex_free(tests->items[i].regex);
    }
    free(tests->items);
    *tests = (struct bw_json_tests){ 0 };
}

const char *bw_json_test_text(const struct bw_json_tests *tests, size_t i)
{
    return tests->items[i].text;
}

bool bw_json_test_only_warns(const struct bw_json_tests *tests, size_t i)
{
    return tests->items[i].only_warns;
}

/* ---- documents ---- */

struct bw_json_document {
    json_t *root;
};

/* jansson calls itself for each level. */
static bool is_too_deep(const char *text, size_t len)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == '{' || text[i] == '['))
            depth++;
        else if (!quoted && (text[i] == '}' || text[i] == ']') && depth > 0)
            depth--;
        if (depth > BW_PROBE_JSON_DEPTH_MAX)
            return true;
    }
    return false;
}

struct bw_json_document *bw_json_read(const char *text, size_t len, struct bw_err *err)
{
    json_error_t error;
    json_t *root = NULL;
    if (len > BW_PROBE_JSON_BYTES_MAX)
        bw_fail(err, BW_ELIMIT, "it is longer than %u bytes", BW_PROBE_JSON_BYTES_MAX);
    else if (is_too_deep(text, len))
        bw_fail(err, BW_ELIMIT, "it is deeper than %u levels", BW_PROBE_JSON_DEPTH_MAX);
    else if ((root = json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error)) == NULL)
        bw_fail(err, BW_EINVAL, "line %d, column %d: %.100s", error.line, error.column, error.text);
    if (root == NULL)
        return NULL;
    struct bw_json_document *document = bw_alloc(sizeof *document);
    document->root = root;
    return document;
}

void bw_json_document_free(struct bw_json_document *document)
{
    if (document != NULL)
        json_decref(document->root);
    free(document);
}

/* ---- judging ---- */

static bool number_of(const json_t *value, double *out)
{
    if (json_is_number(value)) {
        *out = json_number_value(value);
        return true;
    }
    return json_is_string(value)
           && bw_parse_double(json_string_value(value), json_string_length(value), out);
}

const char *bw_json_member(const struct bw_json_document *document, const char *name)
{
    const json_t *value = json_object_get(document->root, name);
    const char *text = json_string_value(value);
    return text != NULL && strlen(text) == json_string_length(value) ? text : NULL;
}

bool bw_json_member_number(const struct bw_json_document *document, const char *name, double *out)
{
    const json_t *value = json_object_get(document->root, name);
    return value != NULL && number_of(value, out);
}

static enum bw_json_verdict judge_text(const struct bw_json_test *test, const char *text,
                                       size_t len, int64_t *left_ns)
{
    if (test->equals != NULL)
        return strlen(test->equals) == len && memcmp(test->equals, text, len) == 0 ? BW_JSON_YES
                                                                                   : BW_JSON_NO;
    switch (bw_regex_test(test->regex, text, len, left_ns)) {
    case BW_REGEX_YES:
        return BW_JSON_YES;
    case BW_REGEX_GAVE_UP:
        return BW_JSON_GAVE_UP;
    default:
        return BW_JSON_NO;
    }
}

static enum bw_json_verdict judge(const struct bw_json_test *test, const json_t *value,
                                  int64_t *left_ns)
{
    double number;
    if (test->has_condition)
        return number_of(value, &number) && bw_condition_holds(&test->condition, number)
                   ? BW_JSON_YES
                   : BW_JSON_NO;
    if (test->equals == NULL && test->regex == NULL)
        return BW_JSON_YES;
    if (json_is_string(value))
        return judge_text(test, json_string_value(value), json_string_length(value), left_ns);
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (text == NULL)
        return BW_JSON_NO;
    const enum bw_json_verdict verdict = judge_text(test, text, strlen(text), left_ns);
    free(text);
    return verdict;
}

static enum bw_json_verdict walk(const struct bw_json_test *test, size_t at, json_t *value,
                                 int64_t *left_ns);

/* How many: of an object's members, a list's values, a text's bytes. */
static enum bw_json_verdict walk_length(const struct bw_json_test *test, size_t at,
                                        const json_t *value, int64_t *left_ns)
{
    if (!json_is_array(value) && !json_is_object(value) && !json_is_string(value))
        return BW_JSON_NO;
    const size_t length = json_is_array(value)    ? json_array_size(value)
                          : json_is_object(value) ? json_object_size(value)
                                                  : json_string_length(value);
    json_t *count = json_integer((json_int_t)length);
    const enum bw_json_verdict verdict = walk(test, at, count, left_ns);
    json_decref(count);
    return verdict;
}

static enum bw_json_verdict walk_all(const struct bw_json_test *test, size_t at, json_t *value,
                                     int64_t *left_ns)
{
    enum bw_json_verdict verdict = BW_JSON_NO;
    const char *key;
    json_t *child;
    for (size_t i = 0; i < json_array_size(value) && verdict == BW_JSON_NO; i++)
        verdict = walk(test, at, json_array_get(value, i), left_ns);
    if (!json_is_object(value))
        return verdict;
    json_object_foreach(value, key, child)
    {
        if (verdict == BW_JSON_NO)
            verdict = walk(test, at, child, left_ns);
    }
    return verdict;
}

static json_t *item(json_t *list, int64_t index)
{
    const int64_t count = (int64_t)json_array_size(list);
    const int64_t at = index < 0 ? index + count : index;
    return at >= 0 && at < count ? json_array_get(list, (size_t)at) : NULL;
}

/* NULL is no value: there is none of that name. */
static enum bw_json_verdict walk(const struct bw_json_test *test, size_t at, json_t *value,
                                 int64_t *left_ns)
{
    if (value == NULL)
        return BW_JSON_NO;
    if (at == test->path->count)
        return judge(test, value, left_ns);
    const struct step *step = &test->path->steps[at];
    switch (step->kind) {
    case STEP_LENGTH:
        return walk_length(test, at + 1, value, left_ns);
    case STEP_ALL:
        return walk_all(test, at + 1, value, left_ns);
    case STEP_INDEX:
        return walk(test, at + 1, item(value, step->index), left_ns);
    case STEP_EITHER:
        if (json_is_array(value))
            return walk(test, at + 1, item(value, step->index), left_ns);
        break;
    case STEP_NAME:
        break;
    }
    return walk(test, at + 1, json_object_get(value, step->name), left_ns);
}

enum bw_json_verdict bw_json_test(const struct bw_json_tests *tests, size_t i,
                                  const struct bw_json_document *document, int64_t *left_ns)
{
    return walk(&tests->items[i], 0, document->root, left_ns);
}
