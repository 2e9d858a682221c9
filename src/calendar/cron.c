// SPDX-License-Identifier: GPL-3.0-or-later
#include "calendar/cron.h"

#include "base/limits.h"
#include "base/num.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

enum { FIELDS = 5, MINUTES_PER_DAY = 1440, MS_PER_MINUTE = 60000, SEARCH_DAYS = 8 * 366 };

static const char *const month_names[] = { "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL",
                                           "AUG", "SEP", "OCT", "NOV", "DEC", NULL };
static const char *const weekday_names[] = {
    "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", NULL
};

static const struct field {
    const char *name;
    unsigned first, last;
    const char *const *names; /* of first, first + 1, ... */
    const char *expected;
} fields[FIELDS] = {
    { "minute", 0, 59, NULL, "0-59" },
    { "hour", 0, 23, NULL, "0-23" },
    { "day-of-month", 1, 31, NULL, "1-31" },
    { "month", 1, 12, month_names, "1-12 or JAN-DEC" },
    { "day-of-week", 0, 7, weekday_names, "0-7 or SUN-SAT" },
};
enum { WEEKDAY_FIELD = 4 };

static const struct {
    const char *name, *text;
} shorthands[] = {
    { "@hourly", "0 * * * *" },   { "@daily", "0 0 * * *" },   { "@midnight", "0 0 * * *" },
    { "@weekly", "0 0 * * 0" },   { "@monthly", "0 0 1 * *" }, { "@yearly", "0 0 1 1 *" },
    { "@annually", "0 0 1 1 *" },
};

static enum bw_rc bad_field(const struct field *field, struct bw_span item, struct bw_err *err)
{
    return bw_fail(err, BW_EINVAL,
                   "%s: expected * or %s, a range a-b, a step /n or a list of those, not '%.*s'",
                   field->name, field->expected, (int)item.len, item.data);
}

static bool parse_value(const struct field *field, struct bw_span text, unsigned *out)
{
    uint64_t value;
    if (text.len > 0 && bw_parse_uint(text.data, text.len, &value)) {
        *out = (unsigned)value;
        return value >= field->first && value <= field->last;
    }
    for (unsigned i = 0; field->names != NULL && field->names[i] != NULL; i++) {
        if (text.len == 3 && strncasecmp(field->names[i], text.data, 3) == 0) {
            *out = field->first + i;
            return true;
        }
    }
    return false;
}

static bool parse_range(const struct field *field, struct bw_span text, bool has_step,
                        unsigned *first, unsigned *last)
{
    struct bw_span part;
    if (bw_span_is(text, "*")) {
        *first = field->first;
        *last = field == &fields[WEEKDAY_FIELD] ? 6 : field->last;
        return true;
    }
    const bool is_range = memchr(text.data, '-', text.len) != NULL;
    if (!bw_span_split(&text, '-', &part) || !parse_value(field, part, first))
        return false;
    if (!is_range) {
        *last = has_step ? field->last : *first; /* "5/15" counts on from 5 */
        return true;
    }
    if (!parse_value(field, text, last))
        return false;
    if (field == &fields[WEEKDAY_FIELD] && *last == 0 && *first > 0)
        *last = 7; /* FRI-SUN */
    return *first <= *last;
}

/* One item between commas. */
static bool parse_item(const struct field *field, struct bw_span item, uint64_t *bits)
{
    unsigned first = 0, last = 0;
    uint64_t step = 1;
    struct bw_span range;
    const bool has_step = memchr(item.data, '/', item.len) != NULL;
    if (!bw_span_split(&item, '/', &range))
        return false;
    if (has_step && (!bw_parse_uint(item.data, item.len, &step) || step == 0 || step > 59))
        return false;
    if (!parse_range(field, range, has_step, &first, &last))
        return false;
    for (unsigned value = first; value <= last; value += (unsigned)step)
        *bits |= UINT64_C(1) << value;
    return true;
}

static enum bw_rc parse_field(const struct field *field, struct bw_span text, uint64_t *out_bits,
                              struct bw_err *err)
{
    uint64_t bits = 0;
    struct bw_span item;
    if (text.data[text.len - 1] == ',')
        return bad_field(field, text, err);
    while (bw_span_split(&text, ',', &item)) {
        if (item.len == 0 || !parse_item(field, item, &bits))
            return bad_field(field, item, err);
    }
    *out_bits = bits;
    return BW_OK;
}

static size_t split_fields(const char *text, struct bw_span out[FIELDS])
{
    size_t count = 0;
    for (text += strspn(text, " \t"); *text != '\0'; count++) {
        const size_t len = strcspn(text, " \t");
        if (count < FIELDS)
            out[count] = (struct bw_span){ text, len };
        text += len;
        text += strspn(text, " \t");
    }
    return count;
}

static const char *expand_shorthand(const char *text)
{
    for (size_t i = 0; i < sizeof shorthands / sizeof *shorthands; i++) {
        if (strcasecmp(shorthands[i].name, text) == 0)
            return shorthands[i].text;
    }
    return NULL;
}

enum bw_rc bw_cron_parse(const char *text, struct bw_cron *out, struct bw_err *err)
{
    struct bw_span span[FIELDS] = { 0 };
    uint64_t bits[FIELDS] = { 0 };
    if (strlen(text) > BW_CRON_BYTES_MAX)
        return bw_fail(err, BW_ELIMIT, "a schedule of more than %u bytes", BW_CRON_BYTES_MAX);
    const char *plain = text[0] == '@' ? expand_shorthand(text) : text;
    if (plain == NULL)
        return bw_fail(err, BW_EINVAL,
                       "expected @hourly, @daily, @weekly, @monthly, @yearly or five fields, "
                       "not '%s'",
                       text);
    const size_t count = split_fields(plain, span);
    if (count != FIELDS)
        return bw_fail(err, BW_EINVAL,
                       "expected five fields (minute hour day-of-month month day-of-week), "
                       "found %zu in '%s'",
                       count, text);
    for (size_t i = 0; i < FIELDS; i++) {
        const enum bw_rc rc = parse_field(&fields[i], span[i], &bits[i], err);
        if (rc != BW_OK)
            return rc;
    }
    *out = (struct bw_cron){ .minutes = bits[0],
                             .hours = (uint32_t)bits[1],
                             .days = (uint32_t)bits[2],
                             .months = (uint32_t)bits[3],
                             .weekdays = (uint8_t)((bits[4] | bits[4] >> 7) & 0x7f),
                             .any_day = span[2].data[0] == '*',
                             .any_weekday = span[4].data[0] == '*' };
    return BW_OK;
}

static bool day_matches(const struct bw_cron *cron, int64_t day)
{
    const struct bw_civil date = bw_civil_from_ms(day * MINUTES_PER_DAY * MS_PER_MINUTE);
    const bool by_day = (cron->days >> date.day & 1) != 0;
    const bool by_weekday = (cron->weekdays >> bw_weekday(day) & 1) != 0;
    if ((cron->months >> date.month & 1) == 0)
        return false;
    return cron->any_day || cron->any_weekday ? by_day && by_weekday : by_day || by_weekday;
}

static bool minute_matches(const struct bw_cron *cron, int minute)
{
    return (cron->hours >> (minute / 60) & 1) != 0 && (cron->minutes >> (minute % 60) & 1) != 0;
}

/* The first firing after `after_ms` among the minutes of one local day. */
static bool next_of_day(const struct bw_cron *cron, const struct bw_zone *zone, int64_t day,
                        int minute, int64_t after_ms, int64_t *out_ms)
{
    for (; minute < MINUTES_PER_DAY; minute++) {
        if (!minute_matches(cron, minute))
            continue;
        const int64_t local_ms = (day * MINUTES_PER_DAY + minute) * MS_PER_MINUTE;
        const struct bw_civil local = bw_civil_from_ms(local_ms);
        int64_t at_ms;
        bw_zone_to_ms(zone, &local, &at_ms);
        if (at_ms > after_ms) { /* not so in the second pass of a repeated hour */
            *out_ms = at_ms;
            return true;
        }
    }
    return false;
}

bool bw_cron_next(const struct bw_cron *cron, const struct bw_zone *zone, int64_t after_ms,
                  int64_t *out_ms)
{
    const struct bw_civil now = bw_zone_local(zone, after_ms);
    const int64_t today = bw_days_from_civil(now.year, now.month, now.day);
    int minute = now.hour * 60 + now.minute + 1;
    for (int64_t day = today; day <= today + SEARCH_DAYS; day++, minute = 0) {
        if (day_matches(cron, day) && next_of_day(cron, zone, day, minute, after_ms, out_ms))
            return true;
    }
    return false;
}
