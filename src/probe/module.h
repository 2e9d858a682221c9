// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/module.h: the option tables of probe modules, in blackbox_exporter's grammar:
 * modules: {NAME: {prober: http, timeout: 5s, http: {…}, tcp: {…}}}. */
#ifndef PROBE_MODULE_H
#define PROBE_MODULE_H

#include "conf/option.h"
#include "probe/probe.h"

extern const struct bw_opt_group bw_probe_module_group;
extern const struct bw_opt_group bw_probe_http_group;
extern const struct bw_opt_group bw_probe_tcp_group;
extern const struct bw_opt_group bw_probe_unix_group;
extern const struct bw_opt_group bw_probe_look_group;
extern const struct bw_opt_group bw_probe_icmp_group;
extern const struct bw_opt_group bw_probe_dns_group;
extern const struct bw_opt_group bw_probe_grpc_group;
extern const struct bw_opt_group bw_probe_websocket_group;
extern const struct bw_opt_group bw_probe_exec_group;
extern const struct bw_opt_group bw_probe_exec_limits_group;
extern const struct bw_opt_group bw_probe_tls_group;

/* ip4, ip6, any: enum bw_ip_preference. */
extern const struct bw_opt_name bw_ip_preference_names[];

/* The rows of a kind that looks names up, for a struct with members of these names that AT() finds:
 * which address of `whose` name. */
#define BW_PROBE_ADDRESS_ROWS(whose)                                                               \
    { "preferred_ip_protocol",         BW_OPT_ENUM,                                                \
      AT(preferred_ip_protocol),       .def = "ip6",                                               \
      .names = bw_ip_preference_names, .help = "Which address of " whose " to use." },             \
    {                                                                                              \
        "ip_protocol_fallback", BW_OPT_BOOL, AT(ip_protocol_fallback),                             \
            .def = "true",                                                                         \
            .help = "Use the other kind of address when there is none, or no route."               \
    }

/* source_ip_address: NULL is any; BW_EINVAL for what is no address. */
enum bw_rc bw_probe_source_check(const char *source, struct bw_err *err);

/* The same, checked before; false: any. */
bool bw_probe_source_read(const char *source, struct bw_address *out);

enum bw_prober {
    BW_PROBER_HTTP,
    BW_PROBER_TCP,
    BW_PROBER_ICMP,
    BW_PROBER_EXEC,
    BW_PROBER_DNS,
    BW_PROBER_GRPC,
    BW_PROBER_WEBSOCKET,
    BW_PROBER_TLS,
    BW_PROBER_UNIX,
    BW_PROBER_COUNT,
};

/* What an assertion that does not hold does to the check. */
enum bw_severity { BW_SEVERITY_UNHEALTHY, BW_SEVERITY_DEGRADED };

enum bw_tls_version {
    BW_TLS_ANY,
    BW_TLS_1_0,
    BW_TLS_1_1,
    BW_TLS_1_2,
    BW_TLS_1_3,
};

struct bw_tls_options {
    bool insecure_skip_verify;
    const char *ca_file;   /* NULL: the system's */
    const char *cert_file; /* our own certificate, with key_file; NULL: none */
    const char *key_file;
    const char *server_name; /* NULL: the target's name */
    int min_version;         /* enum bw_tls_version */
    int max_version;
};

struct bw_header_match {
    const char *header;
    const char *regexp;
    bool allow_missing;
    int severity; /* enum bw_severity */
};

/* A member …_file names a file that holds the text instead, and may change while we run. */
struct bw_basic_auth {
    const char *username;
    const char *password;
    const char *username_file;
    const char *password_file;
};

struct bw_authorization {
    const char *type; /* "Bearer" */
    const char *credentials;
    const char *credentials_file;
};

struct bw_proxy_options {
    const char *url;      /* NULL: none */
    const char *no_proxy; /* "a.example,10.0.0.0/8"; NULL */
    bool from_environment;
    struct bw_pairs connect_header;
};

/* Client credentials (RFC 6749, section 4.4). */
struct bw_oauth2_options {
    const char *client_id;
    const char *client_secret, *client_secret_file;
    struct bw_strings scopes;
    const char *token_url; /* NULL: no oauth2 */
    struct bw_pairs endpoint_params;
    struct bw_tls_options tls_config;
    struct bw_proxy_options proxy;
};

/* A header with any number of values. */
struct bw_http_header_options {
    const char *name;
    struct bw_strings values, secrets, files;
};

/* What a JSON value has to be: one of the three, or none of them when it has to be there. */
struct bw_json_match {
    const char *path;
    const char *equals;
    const char *regexp;
    const char *condition;
    int severity; /* enum bw_severity */
};

struct bw_http_options {
    const char *method;
    struct bw_pairs headers;
    struct bw_items http_headers; /* struct bw_http_header_options */
    const char *body, *body_file;
    struct bw_ints valid_status_codes;     /* empty: 200..299 */
    struct bw_strings valid_http_versions; /* "HTTP/1.1", "HTTP/2.0"; empty: any */
    int preferred_ip_protocol;             /* enum bw_ip_preference */
    bool ip_protocol_fallback;
    bool follow_redirects, no_follow_redirects;
    int64_t max_redirects;
    bool enable_http2;
    bool keep_alive;
    bool fail_if_ssl;
    bool fail_if_not_ssl;
    struct bw_strings fail_if_body_matches_regexp;
    struct bw_strings fail_if_body_not_matches_regexp;
    struct bw_items fail_if_header_matches_regexp;     /* struct bw_header_match */
    struct bw_items fail_if_header_not_matches_regexp; /* struct bw_header_match */
    struct bw_strings warn_if_body_matches_regexp;     /* as fail_if_…, but only DEGRADED */
    struct bw_strings warn_if_body_not_matches_regexp;
    struct bw_items fail_if_body_json_matches; /* struct bw_json_match */
    struct bw_items fail_if_body_json_not_matches;
    struct bw_items warn_if_body_json_matches;
    struct bw_items warn_if_body_json_not_matches;
    uint64_t body_size_limit_bytes;
    const char *compression; /* NULL: none is asked for and none undone */
    struct bw_basic_auth basic_auth;
    struct bw_authorization authorization;
    const char *bearer_token, *bearer_token_file;
    struct bw_oauth2_options oauth2;
    struct bw_proxy_options proxy;
    bool skip_resolve_phase_with_proxy;
    const char *source_ip_address; /* NULL: any */
    struct bw_tls_options tls_config;
};

struct bw_tcp_step {
    const char *expect;       /* pattern on a line, or NULL */
    const char *expect_bytes; /* exact bytes, or NULL */
    const char *send;         /* a line to send, or NULL; ${1} is the first group of `expect` */
    bool starttls;            /* after the rest of the step */
    struct bw_items labels;   /* struct bw_tcp_label_options */
};

/* A label of probe_expect_info. */
struct bw_tcp_label_options {
    const char *name;
    const char *value; /* ${1} is the first group of the step's `expect` */
};

struct bw_tcp_options {
    struct bw_items query_response; /* struct bw_tcp_step */
    int protocol;                   /* enum bw_greeting */
    int preferred_ip_protocol;
    bool ip_protocol_fallback;
    const char *source_ip_address; /* NULL: any */
    bool tls;
    struct bw_tls_options tls_config;
};

struct bw_unix_options {
    struct bw_items query_response; /* struct bw_tcp_step */
    bool tls;
    struct bw_tls_options tls_config;
};

/* Kind tls. */
struct bw_look_options {
    int starttls; /* enum bw_starttls */
    int preferred_ip_protocol;
    bool ip_protocol_fallback;
    const char *source_ip_address; /* NULL: any */
    bool certificate_changes;
    struct bw_tls_options tls_config;
};

struct bw_icmp_options {
    int preferred_ip_protocol;
    bool ip_protocol_fallback;
    const char *source_ip_address; /* NULL: any */
    int64_t payload_size;          /* 0: 56 */
    bool dont_fragment;
    int64_t ttl;   /* 0: the system's */
    int64_t count; /* requests of one probe */
    int64_t interval_ns;
    double fail_if_loss_above; /* ratios */
    double warn_if_loss_above;
};

struct bw_exec_limits {
    int64_t cpu_ns;
    uint64_t memory_bytes; /* of address space */
    uint64_t output_bytes; /* on standard output and standard error together */
    uint64_t file_bytes;   /* of one file that it writes */
    int64_t processes;     /* of the user, all together; 0: as many as the system allows */
};

/* What a command writes on its standard output. */
enum bw_exec_format { BW_EXEC_NAGIOS, BW_EXEC_PROMETHEUS };

struct bw_exec_options {
    struct bw_strings command; /* the program's path and its arguments */
    int format;                /* enum bw_exec_format */
    const char *user;          /* "nagios", "998:998"; NULL: ours */
    const char *folder;
    struct bw_pairs env;
    struct bw_strings pass_env; /* names of our variables */
    struct bw_exec_limits limits;
};

/* Patterns on the records of one section of an answer, by enum bw_dns_rule. */
struct bw_dns_rules {
    struct bw_strings lists[4];
};

struct bw_dns_options {
    const char *query_name; /* NULL: not set, which only other kinds may leave so */
    const char *query_type;
    const char *query_class;
    bool recursion_desired;
    int transport_protocol; /* 0: UDP, 1: TCP */
    bool dns_over_tls;
    struct bw_tls_options tls_config;
    int preferred_ip_protocol;
    bool ip_protocol_fallback;
    const char *source_ip_address; /* NULL: any */
    struct bw_strings valid_rcodes;
    struct bw_dns_rules validate[3]; /* answer, authority, additional */
    bool answer_changes;
};

/* Whether the options make a question. */
enum bw_rc bw_dns_options_check(const struct bw_dns_options *options, struct bw_err *err);

struct bw_grpc_options {
    const char *service;
    bool tls;
    struct bw_tls_options tls_config;
    struct bw_pairs metadata;
    int preferred_ip_protocol; /* enum bw_ip_preference */
    bool ip_protocol_fallback;
};

struct bw_websocket_step {
    const char *expect; /* pattern on a message, or NULL */
    const char *send;   /* a message to send, or NULL; ${1} is the first group of `expect` */
};

struct bw_websocket_options {
    struct bw_items query_response; /* struct bw_websocket_step */
    struct bw_pairs headers;
    struct bw_strings subprotocols;
    int preferred_ip_protocol; /* enum bw_ip_preference */
    bool ip_protocol_fallback;
    struct bw_tls_options tls_config;
};

struct bw_probe_module {
    const char *name;
    int prober;                   /* enum bw_prober */
    int64_t timeout_ns;           /* 0: what the check or the global section says */
    struct bw_strings parameters; /* paths of options that a request may set: app/parameters.h */
    struct bw_http_options http;
    struct bw_tcp_options tcp;
    struct bw_icmp_options icmp;
    struct bw_exec_options exec;
    struct bw_dns_options dns;
    struct bw_grpc_options grpc;
    struct bw_websocket_options websocket;
    struct bw_look_options tls;
    struct bw_unix_options local; /* kind unix: some compilers have made that word a 1 */
};

#endif
