// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/http.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "base/units.h"

#include <locale.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { URL_BYTES_MAX = 8192, REQUEST_BYTES_USUAL = 240 };

static char *url_part(CURLU *url, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    bool good = curl_url_get(url, part, &text, flags) == CURLUE_OK;
    char *copy = good ? bw_strdup(text) : NULL;
    curl_free(text); /* libcurl 7.88 leaves some when a host has no IDN form */
    return copy;
}

static void take_path(CURLU *parts, struct bw_http_url *url)
{
    char *path = url_part(parts, CURLUPART_PATH, CURLU_URLENCODE);
    char *query = url_part(parts, CURLUPART_QUERY, 0);
    char *user = url_part(parts, CURLUPART_USER, 0);
    char *password = url_part(parts, CURLUPART_PASSWORD, 0);
    struct bw_buf whole;
    bw_buf_init(&whole, 2 * URL_BYTES_MAX);
    bw_buf_text(&whole, path != NULL ? path : "/");
    if (query != NULL)
        bw_buf_printf(&whole, "?%s", query);
    url->path = bw_buf_detach(&whole, NULL);
    url->has_user = user != NULL || password != NULL;
    free(path);
    free(query);
    free(user);
    free(password);
}

static enum bw_rc take_parts(CURLU *parts, struct bw_http_url *url, struct bw_err *err)
{
    char *scheme = url_part(parts, CURLUPART_SCHEME, 0);
    char *port = url_part(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    char *host = url_part(parts, CURLUPART_HOST, CURLU_PUNYCODE);
    uint64_t number = 0;
    bool good = scheme != NULL && port != NULL && host != NULL && host[0] != '\0'
                && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0)
                && bw_parse_uint(port, strlen(port), &number) && number > 0 && number <= UINT16_MAX;
    if (good) {
        size_t len = strlen(host);
        bool bracketed = host[0] == '[' && host[len - 1] == ']';
        url->text = url_part(parts, CURLUPART_URL, 0);
        url->host = bracketed ? bw_strndup(host + 1, len - 2) : bw_strdup(host);
        url->port = (uint16_t)number;
        url->https = scheme[4] == 's';
        size_t size = len + 32;
        url->origin = bw_alloc(size);
        snprintf(url->origin, size, "%s://%s:%u", scheme, host, (unsigned)number);
        const bool usual = number == (url->https ? 443 : 80);
        url->authority = usual ? bw_strdup(host) : bw_strdup(strstr(url->origin, "://") + 3);
        take_path(parts, url);
    }
    free(scheme);
    free(port);
    free(host);
    return good ? BW_OK : bw_fail(err, BW_EINVAL, "only http and https URLs with a host");
}

/* A name of other letters is "xn--…" from here on. libidn2, which libcurl asks, takes it for bytes
 * of the locale, and ours is "C". */
static void name_in_ascii(CURLU *parts)
{
    char *host = url_part(parts, CURLUPART_HOST, 0);
    const char *at = host;
    while (at != NULL && *at != '\0' && (unsigned char)*at < 0x80)
        at++;
    if (at != NULL && *at != '\0') {
        const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
        const locale_t before = utf8 != (locale_t)0 ? uselocale(utf8) : (locale_t)0;
        char *ascii = url_part(parts, CURLUPART_HOST, CURLU_PUNYCODE);
        if (utf8 != (locale_t)0) {
            uselocale(before);
            freelocale(utf8);
        }
        if (ascii != NULL)
            curl_url_set(parts, CURLUPART_HOST, ascii, 0);
        free(ascii);
    }
    free(host);
}

/* "example.com/?next=http://x" has none. */
static bool has_scheme(const char *text)
{
    const char *mark = strstr(text, "://");
    return mark != NULL && strcspn(text, "/?#") > (size_t)(mark - text);
}

enum bw_rc bw_http_url_parse(const char *text, struct bw_http_url *out, struct bw_err *err)
{
    struct bw_http_url url = { 0 };
    size_t len = strlen(text);
    if (len > URL_BYTES_MAX)
        return bw_fail(err, BW_ELIMIT, "URL of %zu bytes", len);
    char *full = bw_alloc(len + 8), shown[96];
    bw_text_hide_userinfo(shown, sizeof shown, text);
    snprintf(full, len + 8, "%s%s", has_scheme(text) ? "" : "http://", text);
    CURLU *parts = curl_url();
    CURLUcode code = curl_url_set(parts, CURLUPART_URL, full, CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OK)
        name_in_ascii(parts);
    enum bw_rc rc = code == CURLUE_OK
                        ? take_parts(parts, &url, err)
                        : bw_fail(err, BW_EINVAL, "'%.80s': %s", shown, curl_url_strerror(code));
    curl_url_cleanup(parts);
    free(full);
    if (rc == BW_OK && url.text != NULL && url.path != NULL) {
        *out = url;
        return BW_OK;
    }
    bw_http_url_fini(&url);
    return rc != BW_OK ? rc : bw_fail(err, BW_EINVAL, "'%.80s' is no URL", shown);
}

void bw_http_url_fini(struct bw_http_url *url)
{
    free(url->text);
    free(url->host);
    free(url->origin);
    free(url->authority);
    free(url->path);
    *url = (struct bw_http_url){ 0 };
}

const char *bw_http_tls_name(const struct bw_http_plan *plan, const struct bw_http_url *url,
                             const char *asked, char **owned)
{
    struct bw_http_url other = { 0 };
    struct bw_err ignored;
    if (plan->tls_plan.server_name != NULL)
        return plan->tls_plan.server_name;
    if (asked == NULL || bw_http_url_parse(asked, &other, &ignored) != BW_OK)
        return url->host;
    free(*owned);
    *owned = bw_strdup(other.host);
    bw_http_url_fini(&other);
    return *owned;
}

char *bw_http_url_follow(const struct bw_http_url *from, const char *location)
{
    const unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE | CURLU_ALLOW_SPACE;
    CURLU *parts = curl_url();
    char *to = NULL;
    if (curl_url_set(parts, CURLUPART_URL, from->text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK
        && curl_url_set(parts, CURLUPART_URL, location, flags) == CURLUE_OK)
        to = url_part(parts, CURLUPART_URL, 0);
    curl_url_cleanup(parts);
    return to != NULL ? to : bw_strdup(location);
}

/* ---- the request ---- */

static bool has_header(const struct bw_http_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->header_count; i++) {
        if (strcasecmp(plan->headers[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Headers that a foreign origin may see. Any other may hold a key. */
static bool is_harmless(const char *name)
{
    return strncasecmp(name, "accept", 6) == 0 || strcasecmp(name, "user-agent") == 0;
}

struct curl_slist *bw_http_add_header(struct curl_slist *list, const char *name, const char *value)
{
    const size_t size = strlen(name) + strlen(value) + 3;
    char *line = bw_alloc(size);
    /* "Name;" is curl's way to send an empty value; "Name:" would take the header out. */
    if (value[strspn(value, " \t")] != '\0')
        snprintf(line, size, "%s: %s", name, value);
    else
        snprintf(line, size, "%s;", name);
    struct curl_slist *longer = curl_slist_append(list, line);
    free(line);
    return longer != NULL ? longer : list;
}

static struct curl_slist *make_headers(const struct bw_http_hop *hop)
{
    const struct bw_http_plan *plan = hop->plan;
    struct curl_slist *list = NULL;
    if (hop->trusted && hop->host_header != NULL)
        list = bw_http_add_header(list, "Host", hop->host_header);
    for (size_t i = 0; i < plan->header_count; i++) {
        const struct bw_http_header *header = &plan->headers[i];
        bool replaced = hop->host_header != NULL && strcasecmp(header->name, "host") == 0;
        if (!replaced && (hop->trusted || (!header->secret && is_harmless(header->name))))
            list = bw_http_add_header(list, header->name, header->value);
    }
    if (hop->trusted && plan->authorization != NULL)
        list = bw_http_add_header(list, "Authorization", plan->authorization);
    if (hop->left_ns > 0) {
        char left[32]; /* eight digits at most */
        snprintf(left, sizeof left, "%lldm", (long long)(hop->left_ns / BW_MS % 100000000));
        list = bw_http_add_header(list, "grpc-timeout", left);
    }
    /* The peer closes first then: who does keeps the port busy for a minute. */
    if (!plan->keep_alive && !has_header(plan, "connection"))
        list = bw_http_add_header(list, "Connection", "close");
    return list;
}

const char *bw_http_request_body(const struct bw_http_hop *hop)
{
    static const char *const giving[] = { "POST", "PUT", "PATCH" };
    if (hop->plain_get || strcmp(hop->plan->method, "HEAD") == 0)
        return NULL;
    const char *body = hop->plan->body;
    for (size_t i = 0; i < sizeof giving / sizeof *giving; i++) {
        if (body == NULL && strcmp(hop->plan->method, giving[i]) == 0)
            body = "";
    }
    return body;
}

/* What libcurl would send unasked. */
static struct curl_slist *without_extras(struct curl_slist *list, const struct bw_http_hop *hop)
{
    list = curl_slist_append(list, "Expect:"); /* no waiting for "100 Continue" */
    if (list != NULL && bw_http_request_body(hop) != NULL && !has_header(hop->plan, "content-type"))
        list = curl_slist_append(list, "Content-Type:"); /* curl would call it a form */
    return list;
}

static void set_method(CURL *easy, const struct bw_http_hop *hop)
{
    const struct bw_http_plan *plan = hop->plan;
    const char *method = hop->plain_get ? "GET" : plan->method;
    if (strcmp(method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    const char *body = bw_http_request_body(hop);
    if (hop->message != NULL) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)hop->message->len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, hop->message->data);
    } else if (body != NULL) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body); /* its file may change meanwhile */
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    } else if (strcmp(method, "GET") != 0) {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    }
}

/* Sends the connection to the address that was chosen, without curl's own name lookup: that
 * would be a thread each. With a proxy it is where that shall connect to. */
static struct curl_slist *make_route(const struct bw_http_hop *hop)
{
    if (hop->address == NULL)
        return NULL;
    char address[BW_ADDRESS_TEXT_MAX], route[BW_ADDRESS_TEXT_MAX + 16];
    struct bw_address bare = *hop->address;
    bare.scope = 0; /* curl wants it apart */
    bw_address_format(address, &bare);
    bool ip6 = bare.family == AF_INET6;
    snprintf(route, sizeof route, ip6 ? "::[%s]:%u" : "::%s:%u", address, hop->url->port);
    return curl_slist_append(NULL, route);
}

/* In the clear nobody is asked whether he speaks HTTP/2. */
static long http_version(const struct bw_http_hop *hop)
{
    if (hop->message != NULL && !hop->url->https)
        return CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
    return hop->plan->enable_http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
}

static bool names_header(const char *line, const char *name)
{
    const size_t len = strlen(name);
    return strncasecmp(line, name, len) == 0 && (line[len] == ':' || line[len] == ';');
}

static bool is_named(const struct curl_slist *headers, const char *name)
{
    for (; headers != NULL; headers = headers->next) {
        if (names_header(headers->data, name))
            return true;
    }
    return false;
}

/* Through an HTTP proxy a request in the clear is asked for as a whole URL: that of the address,
 * with the name in the header, so that the proxy has nothing to look up. */
static char *url_by_address(const struct bw_http_hop *hop, struct curl_slist **headers)
{
    char address[BW_ADDRESS_TEXT_MAX];
    bw_address_format(address, hop->address);
    const bool ip6 = hop->address->family == AF_INET6;
    const size_t size = strlen(address) + strlen(hop->url->path) + 24;
    char *url = bw_alloc(size);
    snprintf(url, size, ip6 ? "http://[%s]:%u%s" : "http://%s:%u%s", address, hop->url->port,
             hop->url->path);
    if (!is_named(*headers, "Host"))
        *headers = bw_http_add_header(*headers, "Host", hop->url->authority);
    return url;
}

/* Never what the environment says. The proxy's name is looked up already. */
static void set_proxy(CURL *easy, const struct bw_http_hop *hop)
{
    const struct bw_http_proxy *proxy = hop->proxy;
    char address[BW_ADDRESS_TEXT_MAX], text[BW_ADDRESS_TEXT_MAX + 24];
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (proxy == NULL)
        return;
    bw_address_format(address, hop->proxy_address);
    const char *scheme = !proxy->socks ? "http" : hop->address == NULL ? "socks5h" : "socks5";
    const bool ip6 = hop->proxy_address->family == AF_INET6;
    snprintf(text, sizeof text, ip6 ? "%s://[%s]:%u" : "%s://%s:%u", scheme, address, proxy->port);
    curl_easy_setopt(easy, CURLOPT_PROXY, text);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (proxy->username != NULL) {
        curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, proxy->username);
        curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD,
                         proxy->password != NULL ? proxy->password : "");
    }
    curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    if (hop->url->https && !proxy->socks)
        curl_easy_setopt(easy, CURLOPT_PROXYHEADER, hop->plan->proxies.connect_headers);
}

/* False when libcurl does not take it. */
static bool set_url(CURL *easy, const struct bw_http_hop *hop, struct curl_slist **headers,
                    struct curl_slist **out_connect_to)
{
    if (hop->proxy != NULL && !hop->proxy->socks && !hop->url->https && hop->address != NULL) {
        char *url = url_by_address(hop, headers);
        const bool good = curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
        free(url);
        *out_connect_to = NULL;
        return good;
    }
    *out_connect_to = make_route(hop);
    if (hop->address != NULL && hop->address->scope != 0)
        curl_easy_setopt(easy, CURLOPT_ADDRESS_SCOPE, (long)hop->address->scope);
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, *out_connect_to);
    return curl_easy_setopt(easy, CURLOPT_URL, hop->url->text) == CURLE_OK
           && (*out_connect_to != NULL || hop->address == NULL);
}

bool bw_http_request(CURL *easy, const struct bw_http_hop *hop, struct curl_slist **out_headers,
                     struct curl_slist **out_connect_to)
{
    const struct bw_http_plan *plan = hop->plan;
    *out_headers = without_extras(make_headers(hop), hop);
    const bool has_url = set_url(easy, hop, out_headers, out_connect_to);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set_proxy(easy, hop);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Bellwether/" BW_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, *out_headers);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, http_version(hop));
    if (plan->compression != NULL)
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, plan->compression);
    if (hop->trusted && plan->username != NULL) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERNAME, plan->username);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, plan->password != NULL ? plan->password : "");
    }
    set_method(easy, hop);
    return has_url && *out_headers != NULL;
}

/* ---- the request, written by us ---- */

/* Headers that change how a request is framed or sent: libcurl knows what to do then. */
static bool is_framing(const char *name)
{
    static const char *const names[] = { "connection", "content-length",    "expect", "te",
                                         "trailer",    "transfer-encoding", "upgrade" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

bool bw_http_plan_is_plain(const struct bw_http_plan *plan)
{
    for (size_t i = 0; i < plan->header_count; i++) {
        if (is_framing(plan->headers[i].name))
            return false;
    }
    return plan->compression == NULL;
}

bool bw_http_is_plain(const struct bw_http_hop *hop)
{
    return hop->plan->plain && !hop->url->https && !hop->url->has_user && hop->proxy == NULL;
}

/* Unless the configuration has one. */
static void write_default(struct bw_buf *out, const struct curl_slist *headers, const char *name,
                          const char *value)
{
    if (is_named(headers, name))
        return;
    bw_buf_text(out, name);
    bw_buf_text(out, ": ");
    bw_buf_text(out, value);
    bw_buf_text(out, "\r\n");
}

static void write_basic(struct bw_buf *out, const struct bw_http_plan *plan)
{
    const char *password = plan->password != NULL ? plan->password : "";
    const size_t size = strlen(plan->username) + strlen(password) + 2;
    char *pair = bw_alloc(size);
    snprintf(pair, size, "%s:%s", plan->username, password);
    bw_buf_text(out, "Authorization: Basic ");
    char *room = bw_buf_reserve(out, size / 3 * 4 + 5); /* with a NUL */
    if (room != NULL)
        out->len +=
            (size_t)EVP_EncodeBlock((unsigned char *)room, (unsigned char *)pair, (int)size - 1);
    bw_buf_text(out, "\r\n");
    free(pair);
}

/* libcurl's way to write them: see append(). */
static void write_header(struct bw_buf *out, const char *line)
{
    const size_t name = strcspn(line, ":;");
    if (line[name] == ';' && line[name + 1] == '\0') {
        bw_buf_bytes(out, line, name);
        bw_buf_text(out, ":\r\n");
    } else {
        bw_buf_text(out, line);
        bw_buf_text(out, "\r\n");
    }
}

/* First of all: RFC 9110, section 7.2. */
static void write_host(struct bw_buf *out, const struct curl_slist *headers,
                       const struct bw_http_url *url)
{
    write_default(out, headers, "Host", url->authority);
    for (; headers != NULL; headers = headers->next) {
        if (names_header(headers->data, "Host"))
            write_header(out, headers->data);
    }
}

bool bw_http_write_request(struct bw_buf *out, const struct bw_http_hop *hop,
                           struct curl_slist **out_headers)
{
    const struct bw_http_plan *plan = hop->plan;
    const char *method = hop->plain_get ? "GET" : plan->method;
    const char *body = bw_http_request_body(hop);
    *out_headers = make_headers(hop);
    bw_buf_reserve(out, REQUEST_BYTES_USUAL);
    bw_buf_text(out, method);
    bw_buf_char(out, ' ');
    bw_buf_text(out, hop->url->path);
    bw_buf_text(out, " HTTP/1.1\r\n");
    write_host(out, *out_headers, hop->url);
    if (hop->trusted && plan->username != NULL && !is_named(*out_headers, "Authorization"))
        write_basic(out, plan);
    write_default(out, *out_headers, "User-Agent", "Bellwether/" BW_VERSION);
    write_default(out, *out_headers, "Accept", "*/*");
    for (const struct curl_slist *header = *out_headers; header != NULL; header = header->next) {
        if (!names_header(header->data, "Host"))
            write_header(out, header->data);
    }
    if (body != NULL)
        bw_buf_printf(out, "Content-Length: %zu\r\n", strlen(body));
    bw_buf_text(out, "\r\n");
    if (body != NULL)
        bw_buf_text(out, body);
    return !bw_buf_failed(out);
}
