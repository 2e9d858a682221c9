// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/http_proxy.h: which requests go through a proxy, and which. Only what the configuration
 * says counts; the environment has a say when that says so. Pure but for the environment. */
#ifndef PROBE_HTTP_PROXY_H
#define PROBE_HTTP_PROXY_H

#include "probe/mask.h"
#include "probe/module.h"

#include <curl/curl.h>

struct bw_http_url;

struct bw_http_proxy {
    bool socks;   /* SOCKS5; else HTTP */
    bool by_name; /* socks5h: it always looks names up itself */
    char *host;   /* without brackets */
    uint16_t port;
    char *username, *password; /* or NULL */
    char *shown;               /* "host:port", for people */
};

struct bw_http_proxies {
    struct bw_http_proxy http, https; /* by the URL's scheme; without a host: none */
    char *no_proxy;                   /* or NULL */
    bool spares_loopback;             /* as Go's lists of exceptions do */
    struct curl_slist *connect_headers;
};

/* What is wrong with the options as such. */
enum bw_rc bw_http_proxy_check(const struct bw_proxy_options *options, struct bw_err *err);

enum bw_rc bw_http_proxies_make(struct bw_http_proxies *out, const struct bw_proxy_options *options,
                                struct bw_err *err);
void bw_http_proxies_fini(struct bw_http_proxies *proxies);

/* NULL: the request goes straight to its target. */
const struct bw_http_proxy *bw_http_proxy_for(const struct bw_http_proxies *proxies,
                                              const struct bw_http_url *url);

void bw_http_proxies_secrets(const struct bw_http_proxies *proxies, struct bw_mask *mask);

/* Rows of an option struct with a struct bw_proxy_options at this offset. */
#define BW_HTTP_PROXY_ROWS(at)                                                                     \
    { "proxy_url", BW_OPT_STRING, (at) + offsetof(struct bw_proxy_options, url),                   \
      .help = "Send requests through this proxy: http://HOST:PORT, socks5:// or socks5h://, with " \
              "user:password@ if it wants them." },                                                \
        { "no_proxy", BW_OPT_STRING, (at) + offsetof(struct bw_proxy_options, no_proxy),           \
          .help = "Go straight to these: names (with their subdomains), addresses and networks, "  \
                  "separated by commas, each with a port if only that is meant. Loopback then "    \
                  "never goes through the proxy." },                                               \
        { "proxy_from_environment", BW_OPT_BOOL,                                                   \
          (at) + offsetof(struct bw_proxy_options, from_environment), .def = "false",              \
          .help = "Take proxies from HTTP_PROXY, HTTPS_PROXY and NO_PROXY." },                     \
    {                                                                                              \
        "proxy_connect_header", BW_OPT_MULTIMAP,                                                   \
            (at) + offsetof(struct bw_proxy_options, connect_header),                              \
            .help = "Headers for the proxy when it is asked to connect (https through an HTTP "    \
                    "proxy)."                                                                      \
    }

#endif
