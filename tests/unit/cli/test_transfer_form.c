// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/transfer_form.h"

#include <string.h>

static const struct {
    const char *name;
    bool known;
    enum bw_transfer_form form;
} cases[] = {
    { "openmetrics", true, BW_TRANSFER_OPENMETRICS }, { "csv", true, BW_TRANSFER_CSV },
    { "CSV", false, BW_TRANSFER_OPENMETRICS },        { "cs", false, BW_TRANSFER_OPENMETRICS },
    { "", false, BW_TRANSFER_OPENMETRICS },
};

static void forms_are_known_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum bw_transfer_form form = BW_TRANSFER_OPENMETRICS;
        if (bw_transfer_form_of(cases[i].name, &form) != cases[i].known || form != cases[i].form)
            fail_msg("'%s'", cases[i].name);
    }
}

static void offer(size_t args, const char *word, const char *want)
{
    static const char *const given[] = { "csv" };
    struct bw_arena arena = { 0 };
    struct bw_buf out;
    bw_buf_init(&out, 4096);
    struct bw_completion completion = {
        .arena = &arena, .out = &out, .word = word, .lead = "", .args = given, .arg_count = args
    };
    bw_transfer_form_complete(&completion, NULL);
    if (strncmp(out.data, want, strlen(want)) != 0 || (want[0] == '\0' && out.len > 0))
        fail_msg("%zu arguments and '%s' offer '%s', want '%s'", args, word, out.data, want);
    bw_buf_fini(&out);
    bw_arena_fini(&arena);
}

static void a_form_is_offered_then_files(void **state)
{
    (void)state;
    offer(0, "", "openmetrics\t");
    offer(0, "c", "csv\t");
    offer(0, "x", "");
    offer(1, "", ":files");
    offer(2, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_known_by_name),
        cmocka_unit_test(a_form_is_offered_then_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
