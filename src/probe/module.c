// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/module.h"

#include "base/units.h"

#include <string.h>

const struct bw_opt_name bw_ip_preference_names[] = {
    { "ip4", BW_IP_4 }, { "ip6", BW_IP_6 }, { "any", BW_IP_ANY }, { NULL, 0 }
};

static const struct bw_opt_name prober_names[] = { { "http", BW_PROBER_HTTP },
                                                   { "tcp", BW_PROBER_TCP },
                                                   { "icmp", BW_PROBER_ICMP },
                                                   { "exec", BW_PROBER_EXEC },
                                                   { "dns", BW_PROBER_DNS },
                                                   { "grpc", BW_PROBER_GRPC },
                                                   { "websocket", BW_PROBER_WEBSOCKET },
                                                   { "tls", BW_PROBER_TLS },
                                                   { "unix", BW_PROBER_UNIX },
                                                   { NULL, 0 } };

static const struct bw_opt_name tls_version_names[] = {
    { "TLS10", BW_TLS_1_0 },
    { "TLS11", BW_TLS_1_1 },
    { "TLS12", BW_TLS_1_2 },
    { "TLS13", BW_TLS_1_3 },
    { NULL, 0 },
};

#define AT(member) offsetof(struct bw_tls_options, member)

static const struct bw_opt tls_options[] = {
    { "insecure_skip_verify", BW_OPT_BOOL, AT(insecure_skip_verify), .def = "false",
      .help = "Pass whatever is wrong with the certificate. Its expiry is still measured." },
    { "ca_file", BW_OPT_STRING, AT(ca_file),
      .help = "PEM file with the certificates to trust, instead of the system's." },
    { "cert_file", BW_OPT_STRING, AT(cert_file),
      .help = "PEM file with our own certificate and its chain, for servers that ask." },
    { "key_file", BW_OPT_STRING, AT(key_file), .help = "PEM file with the key of cert_file." },
    { "server_name", BW_OPT_STRING, AT(server_name), .range = "1..253",
      .help = "Name to ask for and to expect in the certificate, instead of the target's." },
    { "min_version", BW_OPT_ENUM, AT(min_version), .names = tls_version_names,
      .help = "Oldest TLS version to accept; the default is OpenSSL's, TLS12 on Debian 12." },
    { "max_version", BW_OPT_ENUM, AT(max_version), .names = tls_version_names,
      .help = "Newest TLS version to offer." },
    { 0 },
};
#undef AT

static enum bw_rc tls_check(const void *opts, struct bw_err *err)
{
    const struct bw_tls_options *o = opts;
    if ((o->cert_file == NULL) != (o->key_file == NULL))
        return bw_fail(err, BW_EINVAL, "cert_file and key_file are needed together");
    if (o->max_version != BW_TLS_ANY && o->min_version > o->max_version)
        return bw_fail(err, BW_EINVAL, "min_version is above max_version");
    return BW_OK;
}

const struct bw_opt_group bw_probe_tls_group = {
    .name = "tls_config",
    .size = sizeof(struct bw_tls_options),
    .opts = tls_options,
    .help = "How the peer's certificate is judged, and our own.",
    .check = tls_check,
};

bool bw_probe_source_read(const char *source, struct bw_address *out)
{
    return source != NULL && bw_address_parse(source, out);
}

enum bw_rc bw_probe_source_check(const char *source, struct bw_err *err)
{
    struct bw_address address;
    if (source == NULL || bw_probe_source_read(source, &address))
        return BW_OK;
    return bw_fail(err, BW_EINVAL, "source_ip_address: '%.60s' is no address", source);
}

#define AT(member) offsetof(struct bw_probe_module, member)

static const struct bw_opt module_options[] = {
    { "name", BW_OPT_STRING, AT(name), .flags = BW_OPT_HIDDEN, .help = "The key in modules." },
    { "prober", BW_OPT_ENUM, AT(prober), .names = prober_names, .flags = BW_OPT_REQUIRED,
      .help = "The kind of probe." },
    { "timeout", BW_OPT_DURATION, AT(timeout_ns), .range = "10ms..1h",
      .help = "For the whole probe: name lookup, connection, TLS, answer and retries. "
              "Default: the timeout of the check, or the global one." },
    { "parameters", BW_OPT_STRINGS, AT(parameters), .range = "1..256",
      .help = "Options that a request to /probe may set by URL parameters of the same names, such "
              "as `dns.query_name` or `http.headers.X-Env`; at most 16." },
    { "http", BW_OPT_GROUP, AT(http), .group = &bw_probe_http_group,
      .help = "Options of prober http." },
    { "tcp", BW_OPT_GROUP, AT(tcp), .group = &bw_probe_tcp_group,
      .help = "Options of prober tcp." },
    { "icmp", BW_OPT_GROUP, AT(icmp), .group = &bw_probe_icmp_group,
      .help = "Options of prober icmp." },
    { "exec", BW_OPT_GROUP, AT(exec), .group = &bw_probe_exec_group,
      .help = "Options of prober exec." },
    { "dns", BW_OPT_GROUP, AT(dns), .group = &bw_probe_dns_group,
      .help = "Options of prober dns." },
    { "grpc", BW_OPT_GROUP, AT(grpc), .group = &bw_probe_grpc_group,
      .help = "Options of prober grpc." },
    { "websocket", BW_OPT_GROUP, AT(websocket), .group = &bw_probe_websocket_group,
      .help = "Options of prober websocket." },
    { "tls", BW_OPT_GROUP, AT(tls), .group = &bw_probe_look_group,
      .help = "Options of prober tls." },
    { "unix", BW_OPT_GROUP, AT(local), .group = &bw_probe_unix_group,
      .help = "Options of prober unix." },
    { 0 },
};
#undef AT

static enum bw_rc module_check(const void *opts, struct bw_err *err)
{
    const struct bw_probe_module *module = opts;
    if (module->prober == BW_PROBER_DNS && bw_dns_options_check(&module->dns, err) != BW_OK)
        return bw_wrap(err, BW_EINVAL, "dns");
    return BW_OK;
}

const struct bw_opt_group bw_probe_module_group = {
    .name = "module",
    .size = sizeof(struct bw_probe_module),
    .opts = module_options,
    .key = "name",
    .help = "A way to probe, in blackbox_exporter's grammar.",
    .check = module_check,
};
