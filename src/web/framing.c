// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/framing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A token of RFC 9110 section 5.6.2: a blank before the colon is how one reader sees a
 * Content-Length that another does not. */
static bool is_token(const char *text)
{
    static const char good[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return text[0] != '\0' && text[strspn(text, good)] == '\0';
}

static bool has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
            return true;
    return false;
}

void bw_framing_add(struct bw_framing *framing, const char *name, const char *value)
{
    value = value == NULL ? "" : value;
    framing->headers++;
    framing->hosts += strcasecmp(name, "Host") == 0;
    if (!is_token(name) || has_control(value))
        framing->has_odd_header = true;
    if (strcasecmp(name, "Transfer-Encoding") == 0) {
        framing->transfer_encodings++;
        framing->is_chunked = strcasecmp(value, "chunked") == 0;
    }
    if (strcasecmp(name, "Content-Length") == 0) {
        framing->content_lengths++;
        framing->length = strtoull(value, NULL, 10);
    }
}

struct bw_framing_verdict bw_framing_check(const struct bw_framing *f, const char *version)
{
    const bool is_old = strcmp(version, "HTTP/1.0") == 0;
    const struct {
        bool bad;
        struct bw_framing_verdict verdict;
    } rules[] = {
        { f->headers > BW_FRAMING_HEADERS_MAX, { 431, "There are too many headers." } },
        { f->has_odd_header, { 400, "A header has a name or a value that is not allowed." } },
        { f->content_lengths + f->transfer_encodings > 1,
          { 400, "The length of the body is stated more than once." } },
        { f->transfer_encodings > 0 && is_old,
          { 400, "A Transfer-Encoding is not for HTTP/1.0." } },
        { f->transfer_encodings > 0 && !f->is_chunked,
          { 501, "No Transfer-Encoding but chunked is understood." } },
        { f->hosts > 1, { 400, "There is more than one Host header." } },
        { f->hosts == 0 && !is_old, { 400, "The Host header is missing." } },
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].bad)
            return rules[i].verdict;
    return (struct bw_framing_verdict){ 0, NULL };
}

bool bw_framing_has_body(const struct bw_framing *framing)
{
    return framing->length > 0 || framing->transfer_encodings > 0;
}
