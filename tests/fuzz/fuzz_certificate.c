// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates as a peer or a file has them, and what protocols say before TLS. */
#include "base/text.h"
#include "probe/starttls.h"
#include "probe/tls_look.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
    if (!good)
        abort();
}

static void need_safe(const char *text)
{
    need(bw_utf8_valid_prefix(text, strlen(text)) == strlen(text));
    for (; *text != '\0'; text++)
        need((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void look_at(STACK_OF(X509) * chain)
{
    const struct bw_tls_plan plan = { .insecure_skip_verify = false };
    struct bw_arena arena = { 0 };
    struct bw_measures measures;
    bw_measures_init(&measures, &arena);
    struct bw_probe_outcome out = { .measures = &measures };
    struct bw_tls_watch watch = { .plan = &plan, .out = &out, .lenient = true, .finished = true };
    const struct bw_tls_look look = { .staple = "none" };
    struct bw_tls_memory *memory = bw_tls_memory_new();
    bw_tls_take_chain(&watch, chain);
    bw_tls_name_matches(sk_X509_value(chain, 0), "a.test");
    bw_tls_look_judge(&watch, memory);
    bw_tls_measure(&watch);
    bw_tls_look_measure(&look, &watch, chain);
    size_t rows = 0;
    for (size_t i = 0; i < measures.count; i++) {
        const struct bw_family *family = bw_family_row(measures.items[i].family);
        for (size_t k = 0; k < family->label_count; k++)
            need_safe(measures.items[i].labels[k]);
        rows += measures.items[i].family == BW_METRIC_PROBE_TLS_CERTIFICATE_INFO;
    }
    need(rows > 0 && rows <= BW_TLS_SHOWN_MAX);
    bw_tls_memory_free(memory);
    bw_arena_fini(&arena);
}

static void read_answer(bw_starttls_reader_fn *reader, const char *bytes, size_t size)
{
    struct bw_starttls_heard heard = { .taken = 0 };
    if (reader(bytes, size, &heard))
        need(heard.taken <= size);
    else
        need_safe(heard.wrong);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *exact = malloc(size + 1); /* one byte too many is seen, and malloc(0) is not asked for */
    char *bytes = exact + 1;
    need(exact != NULL);
    if (size > 0)
        memcpy(bytes, data, size);
    STACK_OF(X509) *chain = bw_tls_read_certificates(bytes, size);
    if (chain != NULL)
        look_at(chain);
    sk_X509_pop_free(chain, X509_free);
    read_answer(bw_starttls_read_ldap, bytes, size);
    read_answer(bw_starttls_read_mysql, bytes, size);
    read_answer(bw_starttls_read_postgres, bytes, size);
    free(exact);
    return 0;
}
