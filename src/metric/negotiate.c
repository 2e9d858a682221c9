// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/negotiate.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

/* Weights are thousandths: q has at most three decimals. */
enum { WEIGHT_FULL = 1000 };

/* What we can answer. The first row is the last resort, too. */
static const struct {
    const char *type;
    const char *version;
    enum bw_exposition format;
    const char *plain; /* the Content-Type */
    const char *utf8;  /* the same for who asked for escaping=allow-utf-8 */
    bool unversioned;  /* also what is meant without a version */
} offers[] = {
    { "text/plain", "0.0.4", BW_EXPOSITION_TEXT, "text/plain; version=0.0.4; charset=utf-8",
      "text/plain; version=0.0.4; charset=utf-8", true },
    { "text/plain", "1.0.0", BW_EXPOSITION_TEXT,
      "text/plain; version=1.0.0; charset=utf-8; escaping=underscores",
      "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8", false },
    { "application/openmetrics-text", "1.0.0", BW_EXPOSITION_OPENMETRICS,
      "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
      "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8", true },
    { "application/openmetrics-text", "0.0.1", BW_EXPOSITION_OPENMETRICS,
      "application/openmetrics-text; version=0.0.1; charset=utf-8",
      "application/openmetrics-text; version=0.0.1; charset=utf-8", false },
};

enum { OFFER_COUNT = sizeof offers / sizeof *offers };

/* One element of Accept or Accept-Encoding. */
struct wish {
    struct bw_span what;
    struct bw_span version; /* empty when not given */
    struct bw_span escaping;
    int weight;
};

static bool equals(struct bw_span span, const char *text)
{
    return span.len == strlen(text) && strncasecmp(span.data, text, span.len) == 0;
}

static struct bw_span unquote(struct bw_span span)
{
    if (span.len >= 2 && span.data[0] == '"' && span.data[span.len - 1] == '"')
        return (struct bw_span){ span.data + 1, span.len - 2 };
    return span;
}

/* "0.5" is 500; what is no weight at all counts as 0: better not served than misread. */
static int parse_weight(struct bw_span text)
{
    if (text.len == 0 || (text.data[0] != '0' && text.data[0] != '1')
        || (text.len > 1 && text.data[1] != '.'))
        return 0;
    int weight = (text.data[0] - '0') * WEIGHT_FULL;
    int place = WEIGHT_FULL / 10;
    for (size_t i = 2; i < text.len && place > 0; i++, place /= 10) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return 0;
        weight += (text.data[i] - '0') * place;
    }
    return weight > WEIGHT_FULL ? 0 : weight;
}

static struct wish parse_wish(struct bw_span element)
{
    struct wish wish = { .weight = WEIGHT_FULL };
    struct bw_span part;
    bw_span_split(&element, ';', &part);
    wish.what = bw_span_trim(part);
    while (bw_span_split(&element, ';', &part)) {
        struct bw_span name;
        if (!bw_span_split(&part, '=', &name) || part.data == NULL)
            continue;
        name = bw_span_trim(name);
        part = unquote(bw_span_trim(part));
        if (equals(name, "q"))
            wish.weight = parse_weight(part);
        else if (equals(name, "version"))
            wish.version = part;
        else if (equals(name, "escaping"))
            wish.escaping = part;
    }
    return wish;
}

/* The row that answers a wish, or OFFER_COUNT. */
static size_t find_offer(const struct wish *wish)
{
    if (equals(wish->what, "*/*") || equals(wish->what, "text/*"))
        return 0;
    const bool any = equals(wish->what, "application/*");
    for (size_t i = 0; i < OFFER_COUNT; i++) {
        if (any ? offers[i].format != BW_EXPOSITION_OPENMETRICS
                : !equals(wish->what, offers[i].type))
            continue;
        if (wish->version.len == 0 ? offers[i].unversioned
                                   : equals(wish->version, offers[i].version))
            return i;
    }
    return OFFER_COUNT;
}

enum bw_exposition bw_negotiate_exposition(const char *accept, const char **out_content_type)
{
    size_t best = 0;
    int best_weight = 0;
    bool utf8 = false;
    struct bw_span rest = bw_span_of(accept == NULL ? "" : accept), element;
    while (bw_span_split(&rest, ',', &element)) {
        const struct wish wish = parse_wish(element);
        const size_t offer = find_offer(&wish);
        if (offer == OFFER_COUNT || wish.weight <= best_weight)
            continue;
        best = offer;
        best_weight = wish.weight;
        utf8 = equals(wish.escaping, "allow-utf-8");
    }
    *out_content_type = utf8 ? offers[best].utf8 : offers[best].plain;
    return offers[best].format;
}

bool bw_negotiate_gzip(const char *accept_encoding)
{
    int gzip = -1, identity = -1, any = -1;
    struct bw_span rest = bw_span_of(accept_encoding == NULL ? "" : accept_encoding), element;
    while (bw_span_split(&rest, ',', &element)) {
        const struct wish wish = parse_wish(element);
        if (equals(wish.what, "gzip") || equals(wish.what, "x-gzip"))
            gzip = wish.weight;
        else if (equals(wish.what, "identity"))
            identity = wish.weight;
        else if (equals(wish.what, "*"))
            any = wish.weight;
    }
    if (gzip < 0)
        gzip = any;
    return gzip > 0 && gzip >= identity;
}
