// SPDX-License-Identifier: GPL-3.0-or-later
#define PCRE2_CODE_UNIT_WIDTH 8

#include "cli/commands.h"
#include "cli/output.h"
#include "store/db.h"

#include <curl/curl.h>
#include <gsl/gsl_version.h>
#include <jansson.h>
#include <libdeflate.h>
#include <libfyaml.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <pcre2.h>
#include <sqlite3.h>
#include <xlsxwriter.h>

static const char *curl_text(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}

static const char *pcre2_text(void)
{
    static char text[64]; /* "10.42 2022-12-11"; pcre2_config says at most 24 */
    return pcre2_config(PCRE2_CONFIG_VERSION, text) > 0 ? text : "unknown";
}

static const char *openssl_text(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}

static const char *gsl_text(void)
{
    return gsl_version;
}

static const char *deflate_text(void)
{
    return LIBDEFLATE_VERSION_STRING;
}

/* The libraries that are loaded now, which may be newer than those we were built with. */
static const struct {
    const char *name;
    const char *(*version)(void);
} libraries[] = {
    { "SQLite", sqlite3_libversion },
    { "libcurl", curl_text },
    { "OpenSSL", openssl_text },
    { "libmicrohttpd", MHD_get_version },
    { "GSL", gsl_text },
    { "libfyaml", fy_library_version },
    { "jansson", jansson_version_str },
    { "libdeflate", deflate_text },
    { "PCRE2", pcre2_text },
    { "libxlsxwriter", lxw_version },
};

static int run(const struct bw_command *command, const struct bw_call *call)
{
    (void)command;
    (void)call;
    struct bw_buf out;
    bw_buf_init(&out, 64u << 10);
    bw_buf_text(&out, "bellwether " BW_VERSION "\n");
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        bw_buf_printf(&out, "%-14s %s\n", libraries[i].name, libraries[i].version());
    if (bw_db_has_wal_reset_race(sqlite3_libversion_number()))
        bw_buf_text(&out,
                    "This SQLite has the WAL-reset race: nothing but the daemon may write to its "
                    "store.\n");
    bw_out_buf(&out);
    bw_buf_fini(&out);
    return BW_EXIT_OK;
}

const struct bw_command bw_cmd_version = {
    .name = "version",
    .arguments = "",
    .summary = "Show the versions of bellwether and of its libraries",
    .flags = &bw_no_flags,
    .usage_exit = BW_EXIT_USAGE,
    .run = run,
};
