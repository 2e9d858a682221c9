// SPDX-License-Identifier: GPL-3.0-or-later
/* docs/compatibility.md says which of the names that others ask for we have: held to the table. */
#include "metric/family.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* The rows of the tables: | collector | `name`, `name` | present or why not | */
static size_t check_row(const char *names, const char *verdict)
{
    const bool present = bw_text_starts_with(verdict, "present");
    char name[128];
    size_t count = 0;
    for (const char *at = names; at < verdict && (at = strchr(at, '`')) != NULL && at < verdict;) {
        const size_t len = strcspn(at + 1, "`");
        enum bw_family_id id;
        assert_true(len > 0 && len < sizeof name);
        memcpy(name, at + 1, len);
        name[len] = '\0';
        if (bw_family_by_name(name, &id) != present)
            fail_msg("%s is said to be %s", name, present ? "present" : "absent");
        at += len + 2;
        count++;
    }
    return count;
}

static void the_tables_tell_the_truth(void **state)
{
    (void)state;
    FILE *file = fopen(BW_DOCS "/compatibility.md", "r");
    assert_non_null(file);
    static char line[1 << 14];
    size_t count = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        const char *names = line[0] == '|' ? strstr(line, " | `node_") : NULL;
        if (names == NULL)
            continue;
        const char *verdict = strstr(names + 3, " | ");
        assert_non_null(verdict);
        verdict += 3;
        if (!bw_text_starts_with(verdict, "present") && !bw_text_starts_with(verdict, "absent: "))
            fail_msg("neither present nor absent: %s", line);
        count += check_row(names, verdict);
    }
    fclose(file);
    assert_true(count > 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_tell_the_truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
