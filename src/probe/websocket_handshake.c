// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/websocket.h"

#include "base/text.h"

#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

/* What every server adds to the key (RFC 6455, section 1.3). */
static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

void bw_websocket_key(const uint8_t nonce[BW_WEBSOCKET_NONCE_BYTES],
                      char out_key[BW_WEBSOCKET_KEY_MAX], char out_accept[BW_WEBSOCKET_KEY_MAX])
{
    char text[BW_WEBSOCKET_KEY_MAX + sizeof magic];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    EVP_EncodeBlock((unsigned char *)out_key, nonce, BW_WEBSOCKET_NONCE_BYTES);
    const size_t len = strlen(out_key);
    memcpy(text, out_key, len);
    memcpy(text + len, magic, sizeof magic - 1);
    EVP_Digest(text, len + sizeof magic - 1, digest, &digest_len, EVP_sha1(), NULL);
    EVP_EncodeBlock((unsigned char *)out_accept, digest, (int)digest_len);
}

static void write_field(struct bw_buf *out, const char *name, const char *value)
{
    bw_buf_text(out, name);
    bw_buf_text(out, ": ");
    bw_buf_text(out, value);
    bw_buf_text(out, "\r\n");
}

void bw_websocket_write_request(struct bw_buf *out, const struct bw_websocket_plan *plan,
                                const struct bw_http_url *url, const char *host, const char *key)
{
    const struct bw_http_plan *http = &plan->http;
    bool has_host = false, has_agent = false;
    for (size_t i = 0; i < http->header_count; i++) {
        has_host = has_host || strcasecmp(http->headers[i].name, "host") == 0;
        has_agent = has_agent || strcasecmp(http->headers[i].name, "user-agent") == 0;
    }
    bw_buf_printf(out, "GET %s HTTP/1.1\r\n", url->path);
    if (host != NULL || !has_host)
        write_field(out, "Host", host != NULL ? host : url->authority);
    write_field(out, "Upgrade", "websocket");
    write_field(out, "Connection", "Upgrade");
    write_field(out, "Sec-WebSocket-Key", key);
    write_field(out, "Sec-WebSocket-Version", "13");
    if (plan->subprotocols != NULL)
        write_field(out, "Sec-WebSocket-Protocol", plan->subprotocols);
    if (!has_agent)
        write_field(out, "User-Agent", "Bellwether/" BW_VERSION);
    for (size_t i = 0; i < http->header_count; i++) {
        if (host == NULL || strcasecmp(http->headers[i].name, "host") != 0)
            write_field(out, http->headers[i].name, http->headers[i].value);
    }
    bw_buf_text(out, "\r\n");
}

/* Is the word among those of a list with commas? */
static bool names(const char *list, const char *word)
{
    struct bw_span rest = { list, list != NULL ? strlen(list) : 0 }, each;
    while (rest.data != NULL && bw_span_split(&rest, ',', &each)) {
        each = bw_span_trim(each);
        if (each.len == strlen(word) && strncasecmp(each.data, word, each.len) == 0)
            return true;
    }
    return false;
}

static void fail_on(struct bw_probe_outcome *out, const char *header, const char *value)
{
    char shown[100];
    bw_probe_quote(shown, sizeof shown, value != NULL ? value : "",
                   value != NULL ? strlen(value) : 0);
    if (value == NULL)
        bw_probe_fail(out, BW_REASON_WEBSOCKET_PROTOCOL, "the answer has no %s", header);
    else
        bw_probe_fail(out, BW_REASON_WEBSOCKET_PROTOCOL, "%s is '%s'", header, shown);
}

void bw_websocket_judge(const struct bw_websocket_plan *plan, const struct bw_http_answer *answer,
                        const char *accept, struct bw_probe_outcome *out)
{
    const char *upgrade = bw_http_answer_value(answer, "Upgrade");
    const char *connection = bw_http_answer_value(answer, "Connection");
    const char *accepted = bw_http_answer_value(answer, "Sec-WebSocket-Accept");
    const char *extensions = bw_http_answer_value(answer, "Sec-WebSocket-Extensions");
    const char *protocol = bw_http_answer_value(answer, "Sec-WebSocket-Protocol");
    if (answer->status != 101)
        bw_probe_fail(out, BW_REASON_HTTP_STATUS, "status %d, expected 101", answer->status);
    else if (answer->version != BW_HTTP_1_1)
        bw_probe_fail(out, BW_REASON_WEBSOCKET_PROTOCOL, "an answer in %s, not HTTP/1.1",
                      bw_http_version_name(answer->version));
    else if (!names(upgrade, "websocket"))
        fail_on(out, "Upgrade", upgrade);
    else if (!names(connection, "upgrade"))
        fail_on(out, "Connection", connection);
    else if (accepted == NULL || strcmp(accepted, accept) != 0)
        bw_probe_fail(out, BW_REASON_WEBSOCKET_PROTOCOL,
                      "Sec-WebSocket-Accept is not what our key makes of it");
    else if (extensions != NULL && extensions[0] != '\0') /* we have offered none */
        fail_on(out, "Sec-WebSocket-Extensions", extensions);
    else if (protocol != NULL ? !names(plan->subprotocols, protocol) : plan->subprotocols != NULL)
        fail_on(out, "Sec-WebSocket-Protocol", protocol);
}
