// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/marker.h"

#include "base/buf.h"
#include "base/civil.h"
#include "base/limits.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Between the tags of a marker's name; no tag has it in it. */
#define BETWEEN ", "

struct reading {
    struct bw_arena *arena;
    int64_t now_ms;
    struct bw_event *out;
    struct bw_err *err;
};

/* Lines of a log and cells of a table are what it becomes: no control characters. */
static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

/* Text of 1 to `most` bytes that is a line. */
static const char *take_text(const struct reading *r, const char *key, const json_t *value,
                             size_t most)
{
    const char *text = json_string_value(value);
    const size_t len = json_string_length(value);
    if (text != NULL && len >= 1 && len <= most && strlen(text) == len && is_plain(text))
        return bw_arena_strdup(r->arena, text);
    bw_fail(r->err, BW_EINVAL, "%s: expected one line of text, at most %zu bytes.", key, most);
    return NULL;
}

static bool read_text(const struct reading *r, const json_t *value)
{
    r->out->cause = take_text(r, "text", value, BW_MARKER_TEXT_BYTES_MAX);
    return r->out->cause != NULL;
}

static bool read_service(const struct reading *r, const json_t *value)
{
    r->out->subject.service = take_text(r, "service", value, BW_NAME_BYTES_MAX);
    return r->out->subject.service != NULL;
}

static bool read_instance(const struct reading *r, const json_t *value)
{
    r->out->subject.instance = take_text(r, "instance", value, BW_NAME_BYTES_MAX);
    return r->out->subject.instance != NULL;
}

static bool read_check(const struct reading *r, const json_t *value)
{
    r->out->subject.check = take_text(r, "check", value, BW_NAME_BYTES_MAX);
    return r->out->subject.check != NULL;
}

static bool read_ts(const struct reading *r, const json_t *value)
{
    int64_t ts_ms = 0;
    if (json_is_integer(value))
        ts_ms = json_integer_value(value);
    else if (!json_is_string(value)
             || !bw_parse_rfc3339(json_string_value(value), json_string_length(value), &ts_ms)) {
        bw_fail(r->err, BW_EINVAL,
                "ts: expected Unix milliseconds, or a time such as \"2026-11-22T14:02:00Z\".");
        return false;
    }
    if (ts_ms > r->now_ms + BW_MARKER_AHEAD_MS || ts_ms <= 0) {
        bw_fail(r->err, BW_EINVAL, "ts: expected a time that has passed, in milliseconds.");
        return false;
    }
    r->out->ts_ms = ts_ms < r->now_ms ? ts_ms : r->now_ms;
    return true;
}

static bool read_tags(const struct reading *r, const json_t *value)
{
    char name[BW_MARKER_TAGS_MAX * (BW_MARKER_TAG_BYTES_MAX + sizeof BETWEEN)] = "";
    const size_t count = json_array_size(value);
    size_t used = 0;
    if (!json_is_array(value) || count > BW_MARKER_TAGS_MAX) {
        bw_fail(r->err, BW_EINVAL, "tags: expected a list of at most %u.", BW_MARKER_TAGS_MAX);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const char *tag = take_text(r, "tags", json_array_get(value, i), BW_MARKER_TAG_BYTES_MAX);
        if (tag == NULL)
            return false;
        if (strchr(tag, ',') != NULL) {
            bw_fail(r->err, BW_EINVAL, "tags: expected tags without commas.");
            return false;
        }
        used +=
            (size_t)snprintf(name + used, sizeof name - used, "%s%s", i > 0 ? BETWEEN : "", tag);
    }
    if (count > 0)
        r->out->name = bw_arena_strdup(r->arena, name);
    return true;
}

static const struct {
    const char *key;
    bool (*read)(const struct reading *r, const json_t *value);
} members[] = {
    { "text", read_text },         { "tags", read_tags },   { "service", read_service },
    { "instance", read_instance }, { "check", read_check }, { "ts", read_ts },
    { "time", read_ts },
};

static bool read_member(const struct reading *r, const char *key, const json_t *value)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (strcmp(members[i].key, key) == 0)
            return json_is_null(value) || members[i].read(r, value);
    bw_fail(r->err, BW_EINVAL,
            "%.40s: there is no such key; expected text, tags, service, instance, check, ts.",
            is_plain(key) ? key : "?");
    return false;
}

static enum bw_rc check_whole(const struct bw_event *marker, struct bw_err *err)
{
    const struct bw_subject *subject = &marker->subject;
    if (marker->cause == NULL)
        return bw_fail(err, BW_EINVAL, "text: it is missing.");
    if (subject->service[0] == '\0' && (subject->instance[0] != '\0' || subject->check[0] != '\0'))
        return bw_fail(err, BW_EINVAL, "service: it is needed beside instance and check.");
    return BW_OK;
}

enum bw_rc bw_marker_read(struct bw_arena *arena, const char *text, size_t size, int64_t now_ms,
                          struct bw_event *out, struct bw_err *err)
{
    json_error_t problem;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &problem);
    if (!json_is_object(root)) {
        json_decref(root);
        return bw_fail(err, BW_EINVAL,
                       "Expected a JSON object such as {\"text\": \"deploy 1.4\"}.");
    }
    *out = (struct bw_event){ .ts_ms = now_ms,
                              .kind = BW_EVENT_MARKER,
                              .subject = { "", "", "" },
                              .name = BW_EVENT_MARKED,
                              .to = BW_MARKER_SET };
    const struct reading r = { arena, now_ms, out, err };
    const char *key;
    json_t *value;
    bool fine = true;
    json_object_foreach(root, key, value)
    {
        fine = fine && read_member(&r, key, value);
    }
    json_decref(root);
    return fine ? check_whole(out, err) : BW_EINVAL;
}

static void tell_tags(struct bw_arena *arena, struct bw_value *item, const char *name)
{
    struct bw_value *tags = bw_value_add_list(arena, item, "tags");
    while (name != NULL && strcmp(name, BW_EVENT_MARKED) != 0) {
        const char *end = strstr(name, BETWEEN);
        const size_t len = end != NULL ? (size_t)(end - name) : strlen(name);
        bw_value_add_text(arena, tags, NULL, bw_arena_strndup(arena, name, len));
        name = end != NULL ? end + strlen(BETWEEN) : NULL;
    }
}

static void tell_part(struct bw_arena *arena, struct bw_value *item, const char *key,
                      const char *part)
{
    bw_value_add_text(arena, item, key, part[0] != '\0' ? bw_arena_strdup(arena, part) : NULL);
}

void bw_marker_tell(struct bw_arena *arena, struct bw_value *in, const struct bw_event *marker)
{
    struct bw_value *item = bw_value_add_object(arena, in, NULL);
    bw_value_add_int(arena, item, "id", marker->id);
    bw_value_add_int(arena, item, "ts", marker->ts_ms);
    tell_tags(arena, item, marker->name);
    tell_part(arena, item, "text", marker->cause);
    tell_part(arena, item, "service", marker->subject.service);
    tell_part(arena, item, "instance", marker->subject.instance);
    tell_part(arena, item, "check", marker->subject.check);
    bw_value_add_bool(arena, item, "found", marker->to != BW_MARKER_SET);
}
