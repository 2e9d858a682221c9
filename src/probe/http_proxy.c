// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/http_proxy.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "conf/node.h"
#include "io/resolve.h"
#include "probe/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- a proxy's URL ---- */

static void fini(struct bw_http_proxy *proxy)
{
    free(proxy->host);
    free(proxy->username);
    free(proxy->password);
    free(proxy->shown);
    *proxy = (struct bw_http_proxy){ 0 };
}

static char *part_of(CURLU *url, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    const bool good = curl_url_get(url, part, &text, flags) == CURLUE_OK;
    char *copy = good ? bw_strdup(text) : NULL;
    curl_free(text);
    return copy;
}

static enum bw_rc take_scheme(struct bw_http_proxy *proxy, const char *scheme, struct bw_err *err)
{
    if (strcmp(scheme, "https") == 0)
        return bw_fail(err, BW_EINVAL, "proxy_url: TLS to the proxy itself is not supported");
    proxy->by_name = strcmp(scheme, "socks5h") == 0;
    proxy->socks = proxy->by_name || strcmp(scheme, "socks5") == 0;
    if (proxy->socks || strcmp(scheme, "http") == 0)
        return BW_OK;
    return bw_fail(err, BW_EINVAL, "proxy_url: expected http://, socks5:// or socks5h://");
}

/* "HOST:PORT" for people, and the host without brackets. */
static void name_proxy(struct bw_http_proxy *proxy)
{
    const size_t len = strlen(proxy->host);
    proxy->shown = bw_alloc(len + 8);
    snprintf(proxy->shown, len + 8, "%s:%u", proxy->host, (unsigned)proxy->port);
    if (proxy->host[0] == '[' && proxy->host[len - 1] == ']') {
        memmove(proxy->host, proxy->host + 1, len - 2);
        proxy->host[len - 2] = '\0';
    }
}

static enum bw_rc take_address(struct bw_http_proxy *proxy, const char *scheme, const char *port,
                               struct bw_err *err)
{
    uint64_t number = 0;
    if (scheme == NULL || proxy->host == NULL || proxy->host[0] == '\0')
        return bw_fail(err, BW_EINVAL, "proxy_url: it has no host");
    const enum bw_rc rc = take_scheme(proxy, scheme, err);
    if (rc != BW_OK)
        return rc;
    if (port != NULL && !bw_parse_uint(port, strlen(port), &number))
        return bw_fail(err, BW_EINVAL, "proxy_url: '%.40s' is no port", port);
    proxy->port = number != 0 ? (uint16_t)number : proxy->socks ? 1080 : 80;
    name_proxy(proxy);
    return BW_OK;
}

static enum bw_rc take_parts(struct bw_http_proxy *proxy, CURLU *url, struct bw_err *err)
{
    char *scheme = part_of(url, CURLUPART_SCHEME, 0);
    char *port = part_of(url, CURLUPART_PORT, 0);
    proxy->host = part_of(url, CURLUPART_HOST, 0);
    proxy->username = part_of(url, CURLUPART_USER, CURLU_URLDECODE);
    proxy->password = part_of(url, CURLUPART_PASSWORD, CURLU_URLDECODE);
    const enum bw_rc rc = take_address(proxy, scheme, port, err);
    free(scheme);
    free(port);
    return rc;
}

/* As curl and Go do it, "proxy:3128" is an HTTP proxy. */
static enum bw_rc parse(struct bw_http_proxy *out, const char *text, struct bw_err *err)
{
    const size_t size = strlen(text) + 8;
    char *full = bw_alloc(size);
    snprintf(full, size, "%s%s", strstr(text, "://") != NULL ? "" : "http://", text);
    CURLU *url = curl_url();
    *out = (struct bw_http_proxy){ 0 };
    enum bw_rc rc = curl_url_set(url, CURLUPART_URL, full, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK
                        ? take_parts(out, url, err)
                        : bw_fail(err, BW_EINVAL, "proxy_url: it is no URL");
    curl_url_cleanup(url);
    free(full);
    if (rc != BW_OK)
        fini(out);
    return rc;
}

/* ---- headers for it ---- */

static enum bw_rc read_headers(const struct bw_pairs *headers, struct curl_slist **out,
                               struct bw_err *err)
{
    *out = NULL;
    for (size_t i = 0; i < headers->count; i++) {
        const struct bw_pair *pair = &headers->items[i];
        if (bw_http_is_field_name(pair->name) && bw_http_is_field_value(pair->value)) {
            *out = bw_http_add_header(*out, pair->name, pair->value);
            continue;
        }
        curl_slist_free_all(*out);
        *out = NULL;
        return bw_fail(err, BW_EINVAL, "proxy_connect_header: '%.60s' is no header", pair->name);
    }
    return BW_OK;
}

/* ---- all of it ---- */

enum bw_rc bw_http_proxy_check(const struct bw_proxy_options *o, struct bw_err *err)
{
    struct bw_http_proxies proxies;
    const bool has_url = o->url != NULL && o->url[0] != '\0';
    if (o->from_environment && has_url)
        return bw_fail(err, BW_EINVAL, "proxy_url and proxy_from_environment exclude each other");
    if (o->from_environment && o->no_proxy != NULL)
        return bw_fail(err, BW_EINVAL, "no_proxy and proxy_from_environment exclude each other");
    if (o->no_proxy != NULL && !has_url)
        return bw_fail(err, BW_EINVAL, "no_proxy without proxy_url");
    if (o->connect_header.count > 0 && !has_url && !o->from_environment)
        return bw_fail(err, BW_EINVAL, "proxy_connect_header without a proxy");
    const enum bw_rc rc = bw_http_proxies_make(&proxies, o, err);
    if (rc == BW_OK)
        bw_http_proxies_fini(&proxies);
    return rc;
}

static const char *environment(const char *upper, const char *lower)
{
    const char *value = getenv(upper);
    if (value == NULL || value[0] == '\0')
        value = getenv(lower);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

enum bw_rc bw_http_proxies_make(struct bw_http_proxies *out, const struct bw_proxy_options *o,
                                struct bw_err *err)
{
    const char *http = o->url, *https = o->url, *except = o->no_proxy;
    if (o->from_environment) {
        http = environment("HTTP_PROXY", "http_proxy");
        https = environment("HTTPS_PROXY", "https_proxy");
        except = environment("NO_PROXY", "no_proxy");
    }
    struct bw_http_proxies proxies = { .spares_loopback = o->from_environment || except != NULL };
    enum bw_rc rc = BW_OK;
    if (http != NULL && http[0] != '\0')
        rc = parse(&proxies.http, http, err);
    if (rc == BW_OK && https != NULL && https[0] != '\0')
        rc = parse(&proxies.https, https, err);
    if (rc == BW_OK)
        rc = read_headers(&o->connect_header, &proxies.connect_headers, err);
    proxies.no_proxy = bw_strdup(except);
    if (rc == BW_OK)
        *out = proxies;
    else
        bw_http_proxies_fini(&proxies);
    return rc;
}

void bw_http_proxies_fini(struct bw_http_proxies *proxies)
{
    fini(&proxies->http);
    fini(&proxies->https);
    free(proxies->no_proxy);
    curl_slist_free_all(proxies->connect_headers);
    *proxies = (struct bw_http_proxies){ 0 };
}

void bw_http_proxies_secrets(const struct bw_http_proxies *proxies, struct bw_mask *mask)
{
    bw_mask_add(mask, proxies->http.password);
    bw_mask_add(mask, proxies->https.password);
    for (const struct curl_slist *line = proxies->connect_headers; line; line = line->next) {
        const char *value = strstr(line->data, ": ");
        bw_mask_add(mask, value != NULL ? value + 2 : NULL);
    }
}

/* ---- exceptions ---- */

static bool is_loopback(const char *host)
{
    struct bw_address address;
    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (!bw_address_parse(host, &address))
        return false;
    return address.family == AF_INET ? (ntohl(address.ip4.s_addr) >> 24) == 127
                                     : IN6_IS_ADDR_LOOPBACK(&address.ip6);
}

static bool in_network(const struct bw_address *network, uint64_t bits,
                       const struct bw_address *address)
{
    const bool ip4 = network->family == AF_INET;
    if (address->family != network->family || bits > (ip4 ? 32 : 128))
        return false;
    const unsigned char *a = ip4 ? (const void *)&address->ip4 : (const void *)&address->ip6;
    const unsigned char *n = ip4 ? (const void *)&network->ip4 : (const void *)&network->ip6;
    const unsigned rest = (unsigned)(bits % 8);
    return memcmp(a, n, bits / 8) == 0
           && (rest == 0 || (a[bits / 8] ^ n[bits / 8]) >> (8 - rest) == 0);
}

/* "example.com" is that and all below it, ".example.com" only what is below. */
static bool covers_name(const char *entry, const char *host)
{
    const char *bare = entry[0] == '*' && entry[1] == '.' ? entry + 1 : entry;
    const size_t len = strlen(host), tail = strlen(bare);
    if (bare[0] != '.' && strcasecmp(bare, host) == 0)
        return true;
    const size_t dotted = bare[0] == '.' ? tail : tail + 1;
    return tail > 0 && len > dotted && host[len - dotted] == '.'
           && strcasecmp(host + len - tail, bare) == 0;
}

/* An entry without its port, which must be that of the URL if there is one. */
static bool take_port(char *entry, uint16_t port)
{
    char *colon = strrchr(entry, ':');
    uint64_t number;
    const bool has_port = colon != NULL && (strchr(entry, ':') == colon || colon[-1] == ']')
                          && bw_parse_uint(colon + 1, strlen(colon + 1), &number);
    if (!has_port)
        return true;
    *colon = '\0';
    return number == port;
}

static bool covers(char *entry, const struct bw_http_url *url)
{
    struct bw_address address, network;
    uint64_t bits;
    if (strcmp(entry, "*") == 0)
        return true;
    if (!take_port(entry, url->port))
        return false;
    char *slash = strchr(entry, '/');
    const bool literal = bw_address_parse(url->host, &address);
    if (slash != NULL) {
        *slash = '\0';
        return literal && bw_address_parse(entry, &network)
               && bw_parse_uint(slash + 1, strlen(slash + 1), &bits)
               && in_network(&network, bits, &address);
    }
    if (bw_address_parse(entry, &network))
        return literal && in_network(&network, network.family == AF_INET ? 32 : 128, &address);
    return !literal && covers_name(entry, url->host);
}

static bool is_spared(const char *list, const struct bw_http_url *url)
{
    struct bw_span rest = bw_span_of(list), part;
    bool spared = false;
    while (!spared && bw_span_split(&rest, ',', &part)) {
        part = bw_span_trim(part);
        char *entry = bw_strndup(part.data, part.len);
        spared = entry[0] != '\0' && covers(entry, url);
        free(entry);
    }
    return spared;
}

const struct bw_http_proxy *bw_http_proxy_for(const struct bw_http_proxies *proxies,
                                              const struct bw_http_url *url)
{
    const struct bw_http_proxy *proxy = url->https ? &proxies->https : &proxies->http;
    if (proxy->host == NULL || (proxies->spares_loopback && is_loopback(url->host))
        || (proxies->no_proxy != NULL && is_spared(proxies->no_proxy, url)))
        return NULL;
    return proxy;
}
