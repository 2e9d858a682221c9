// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/tells.h"

#include "probe/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What a series may have that is of no kind: it is said by /probe, of any. */
static bool is_of_answers(enum bw_family_id family)
{
    return family == BW_METRIC_PROBE_CACHED_AGE_SECONDS;
}

static void every_family_of_probes_is_told_by_a_kind(void **state)
{
    (void)state;
    for (unsigned id = 0; id < BW_METRIC_COUNT; id++) {
        const enum bw_family_id family = (enum bw_family_id)id;
        const char *name = bw_family_row(family)->name;
        bool told = false;
        for (size_t kind = 0; kind <= BW_KIND_PUSH; kind++)
            told = told || bw_kind_tells_family(kind, family);
        if (told != (strncmp(name, "probe_", 6) == 0 && !is_of_answers(family)))
            fail_msg("%s: %s by a kind; see probe/tells.c", name, told ? "told" : "not told");
    }
}

static void every_reason_is_told_by_a_kind(void **state)
{
    (void)state;
    for (int reason = BW_REASON_NONE; reason < BW_REASON_COUNT; reason++) {
        bool told = false;
        for (size_t kind = 0; kind <= BW_KIND_PUSH; kind++)
            told = told || bw_kind_tells_reason(kind, (enum bw_reason)reason);
        if (told != (reason != BW_REASON_NONE))
            fail_msg("'%s': %s", bw_reason_name((enum bw_reason)reason),
                     told ? "told" : "not told");
    }
}

static void kinds_differ(void **state)
{
    (void)state;
    static const struct {
        size_t kind;
        enum bw_family_id family;
        enum bw_reason reason;
        bool family_told, reason_told;
    } cases[] = {
        { BW_PROBER_HTTP, BW_METRIC_PROBE_HTTP_STATUS_CODE, BW_REASON_HTTP_STATUS, true, true },
        { BW_PROBER_TCP, BW_METRIC_PROBE_HTTP_STATUS_CODE, BW_REASON_HTTP_STATUS, false, false },
        { BW_PROBER_EXEC, BW_METRIC_PROBE_IP_PROTOCOL, BW_REASON_COMMAND_CRITICAL, false, true },
        { BW_PROBER_UNIX, BW_METRIC_PROBE_UNIX_PEER_UID, BW_REASON_DNS_NXDOMAIN, true, false },
        { BW_PROBER_ICMP, BW_METRIC_PROBE_SUCCESS, BW_REASON_TLS_EXPIRED, true, false },
        { BW_KIND_PUSH, BW_METRIC_PROBE_TIMEOUT_SECONDS, BW_REASON_PUSH_MISSED, false, true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(bw_kind_tells_family(cases[i].kind, cases[i].family),
                         cases[i].family_told);
        assert_int_equal(bw_kind_tells_reason(cases[i].kind, cases[i].reason),
                         cases[i].reason_told);
    }
}

/* Every word means a family that its kind has, but for those that mean the run itself. */
static void words_mean_families(void **state)
{
    (void)state;
    size_t seen = 0;
    enum bw_family_id family = BW_METRIC_COUNT;
    for (size_t kind = 0; kind <= BW_KIND_PUSH; kind++) {
        struct bw_buf words;
        bw_buf_init(&words, 1024);
        bw_kind_words(kind, &words);
        assert_int_equal(strncmp(words.data, "duration", 8), 0);
        for (char *word = strtok(words.data, ", "); word != NULL; word = strtok(NULL, ", ")) {
            if (!bw_kind_word(kind, word, &family))
                continue;
            if (!bw_kind_tells_family(kind, family))
                fail_msg("%s means %s", word, bw_family_row(family)->name);
            seen++;
        }
        bw_buf_fini(&words);
    }
    assert_true(seen >= 10);
    assert_false(bw_kind_word(BW_PROBER_TCP, "loss", &family));
}

static void every_kind_has_its_phases(void **state)
{
    (void)state;
    for (size_t kind = 0; kind <= BW_KIND_PUSH; kind++) {
        bool any = false;
        for (enum bw_probe_phase phase = 0; phase < BW_PHASE_COUNT; phase++)
            any = any || bw_kind_tells_phase(kind, phase);
        assert_int_equal(any, kind != BW_KIND_PUSH);
        assert_int_equal(bw_kind_of(kind == BW_KIND_PUSH ? NULL : bw_probe_table[kind]), kind);
    }
    assert_false(bw_kind_tells_phase(BW_PROBER_ICMP, BW_PHASE_CONNECT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_of_probes_is_told_by_a_kind),
        cmocka_unit_test(every_reason_is_told_by_a_kind),
        cmocka_unit_test(kinds_differ),
        cmocka_unit_test(words_mean_families),
        cmocka_unit_test(every_kind_has_its_phases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
