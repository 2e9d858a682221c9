// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/http.h"

#include "base/civil.h"
#include "base/num.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

/* What the headers of an ordinary answer take: growing towards that in steps costs more than all
 * else that is done with them. */
enum { HEADER_BYTES_USUAL = 480 };

void bw_http_answer_init(struct bw_http_answer *answer, const struct bw_http_plan *plan)
{
    *answer = (struct bw_http_answer){ .content_length = -1 };
    bw_buf_init(&answer->headers, 2 * BW_PROBE_HEADER_BYTES_MAX);
    bw_buf_init(&answer->body, plan->body_bytes_max);
}

void bw_http_answer_fini(struct bw_http_answer *answer)
{
    bw_buf_fini(&answer->headers);
    bw_buf_fini(&answer->body);
}

static void clear_response(struct bw_http_answer *answer)
{
    answer->status = 0;
    answer->content_length = -1;
    answer->last_modified_s = 0;
    bw_buf_clear(&answer->headers);
}

void bw_http_answer_clear(struct bw_http_answer *answer)
{
    clear_response(answer);
    answer->place = BW_HTTP_BEFORE;
    answer->header_bytes = 0;
    answer->header_lines = 0;
    answer->body_bytes = 0;
    bw_buf_clear(&answer->body);
}

/* "HTTP/1.1 200 OK" */
static void take_status(struct bw_http_answer *answer, struct bw_span line)
{
    struct bw_span version, code = { 0 };
    clear_response(answer);
    bw_buf_reserve(&answer->headers, HEADER_BYTES_USUAL);
    bw_span_split(&line, ' ', &version);
    bw_span_split(&line, ' ', &code);
    answer->version = bw_span_is(version, "HTTP/1.0")   ? BW_HTTP_1_0
                      : bw_span_is(version, "HTTP/1.1") ? BW_HTTP_1_1
                                                        : BW_HTTP_2;
    uint64_t status = 0;
    const bool http = version.len > 5 && memcmp(version.data, "HTTP/", 5) == 0;
    if (http && code.data != NULL && bw_parse_uint(code.data, code.len, &status) && status < 1000)
        answer->status = (int)status;
}

static bool is_name(struct bw_span name, const char *text)
{
    return name.len == strlen(text) && strncasecmp(name.data, text, name.len) == 0;
}

static int two_digits(const char *s)
{
    const bool digits = s[0] >= '0' && s[0] <= '9' && s[1] >= '0' && s[1] <= '9';
    return digits ? (s[0] - '0') * 10 + s[1] - '0' : -1;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", the one form that servers send (RFC 9110, section 5.6.7).
 * Whatever else is left to curl_getdate(), which takes a tenth of our work on an answer. */
static bool read_date(const char *text, size_t len, int64_t *out_s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const char form[] = "xxx, 00 xxx 0000 00:00:00 GMT";
    if (len != sizeof form - 1)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (form[i] != 'x' && form[i] != '0' && form[i] != text[i])
            return false;
    }
    int month = 0;
    while (month < 12 && memcmp(months + month * 3, text + 8, 3) != 0)
        month++;
    const int century = two_digits(text + 12), year = two_digits(text + 14);
    const struct bw_civil date = { .year = century * 100 + year,
                                   .month = month + 1,
                                   .day = two_digits(text + 5),
                                   .hour = two_digits(text + 17),
                                   .minute = two_digits(text + 20),
                                   .second = two_digits(text + 23) };
    if (month == 12 || century < 19 || year < 0 || date.day < 1
        || date.day > bw_days_in_month(date.year, date.month) || date.hour < 0 || date.hour > 23
        || date.minute < 0 || date.minute > 59 || date.second < 0 || date.second > 59)
        return false;
    *out_s = bw_civil_to_ms(&date) / 1000;
    return true;
}

static int64_t date_of(struct bw_span value)
{
    char text[64];
    int64_t seconds = 0;
    if (read_date(value.data, value.len, &seconds))
        return seconds > 0 ? seconds : 0;
    if (value.len >= sizeof text)
        return 0;
    memcpy(text, value.data, value.len);
    text[value.len] = '\0';
    const time_t when = curl_getdate(text, NULL);
    return when > 0 ? (int64_t)when : 0;
}

/* "5, 5" is two headers that somebody made one (RFC 9110, section 8.6). */
static struct bw_span first_word(struct bw_span value)
{
    struct bw_span word = value;
    bw_span_split(&value, ',', &word);
    return bw_span_trim(word);
}

static void take_field(struct bw_http_answer *answer, struct bw_span name, struct bw_span value)
{
    int64_t length;
    bw_buf_bytes(&answer->headers, name.data, name.len);
    bw_buf_char(&answer->headers, '\0');
    bw_buf_bytes(&answer->headers, value.data, value.len);
    bw_buf_char(&answer->headers, '\0');
    if (is_name(name, "content-length")) {
        const struct bw_span first = first_word(value);
        if (bw_parse_int(first.data, first.len, &length) && length >= 0)
            answer->content_length = length;
    }
    if (is_name(name, "last-modified"))
        answer->last_modified_s = date_of(value);
}

/* A line that begins with a blank goes on with the value before it (RFC 9112, section 5.2). */
static void continue_field(struct bw_http_answer *answer, struct bw_span more)
{
    if (answer->headers.len == 0)
        return;
    answer->headers.len--; /* the NUL */
    const bool empty = answer->headers.data[answer->headers.len - 1] == '\0';
    if (!empty && more.len > 0)
        bw_buf_char(&answer->headers, ' ');
    bw_buf_bytes(&answer->headers, more.data, more.len);
    bw_buf_char(&answer->headers, '\0');
}

static void take_line(struct bw_http_answer *answer, const char *line, struct bw_span text)
{
    struct bw_span name;
    const bool folded = line[0] == ' ' || line[0] == '\t';
    if (text.len == 0 && !folded) {
        answer->place = answer->status < 200 ? BW_HTTP_BEFORE : BW_HTTP_AFTER_HEAD;
    } else if (answer->place == BW_HTTP_BEFORE) {
        take_status(answer, text);
        answer->place = BW_HTTP_IN_HEAD;
    } else if (answer->place == BW_HTTP_IN_HEAD && folded) {
        continue_field(answer, text);
    } else if (answer->place == BW_HTTP_IN_HEAD && memchr(text.data, ':', text.len) != NULL) {
        bw_span_split(&text, ':', &name);
        take_field(answer, bw_span_trim(name), bw_span_trim(text));
    }
}

bool bw_http_answer_header(struct bw_http_answer *answer, const char *line, size_t len)
{
    answer->header_bytes += len;
    answer->header_lines++;
    if (answer->header_bytes > BW_PROBE_HEADER_BYTES_MAX
        || answer->header_lines > BW_PROBE_HEADER_LINES_MAX)
        return false;
    take_line(answer, line, bw_span_trim((struct bw_span){ line, len }));
    return true;
}

const char *bw_http_answer_value(const struct bw_http_answer *answer, const char *name)
{
    const char *at = answer->headers.data, *end = at + answer->headers.len;
    while (at < end) {
        const char *value = at + strlen(at) + 1;
        if (strcasecmp(at, name) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

bool bw_http_answer_body(struct bw_http_answer *answer, const struct bw_http_plan *plan,
                         const char *bytes, size_t len)
{
    answer->body_bytes += len;
    if (answer->body_bytes > plan->body_bytes_max)
        return false;
    if (plan->keeps_body)
        bw_buf_bytes(&answer->body, bytes, len);
    return true;
}

const char *bw_http_version_name(enum bw_http_version version)
{
    return version == BW_HTTP_1_0 ? "HTTP/1.0" : version == BW_HTTP_1_1 ? "HTTP/1.1" : "HTTP/2.0";
}
