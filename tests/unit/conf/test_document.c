// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/document.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static size_t occurrences(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, part)) != NULL; p++)
        n++;
    return n;
}

static void a_table_becomes_sections(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "## rich\n\nEvery type of row.\n\n| Key | Type | Default | Range | Meaning |\n",
        "| `enabled` | true or false | `true` |  | On or off. |\n",
        "| `port` | whole number | `80` | `1..65535` | Port \\| pipe. |\n",
        "| `color` | one of `red`, `green`, `blue` | `green` |  | Color. |\n",
        "| `horizons` | list of durations | `1h, 24h` |  | Horizons. |\n",
        "| `threshold` | number |  | `0..10` | Threshold. |\n",
        "| `leaf` | [leaf](#leaf) |  |  | In place. |\n",
        "| `leaves` | list of [leaf](#leaf) |  |  | A list. |\n",
        "| `modules` | mapping of names to [leaf](#leaf) |  |  | By name. |\n",
        "| `password` or `password_file` | text, secret |  | `4..` | Secret. |\n",
        "\n## leaf\n\nThe smallest group.\n\n",
        "| `name` | text | required | `1..16` | What it is called. |\n",
    };
    struct bw_buf out;
    bw_buf_init(&out, 1u << 20);
    bw_conf_document(&out, &rich_group);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (strstr(out.data, lines[i]) == NULL)
            fail_msg("missing: %s in\n%s", lines[i], out.data);
    }
    assert_int_equal(occurrences(out.data, "## leaf\n"), 1);
    assert_int_equal(occurrences(out.data, "`word`"), 0);
    bw_buf_fini(&out);
}

/* Groups that hold themselves, as routes do, end. */
static void a_circle_is_written_once(void **state)
{
    (void)state;
    static struct bw_opt_group route = { .name = "Route (alerts)",
                                         .size = sizeof(struct bw_items) };
    static const struct bw_opt rows[] = {
        { "routes", BW_OPT_GROUPS, 0, .group = &route, .help = "Children." }, { 0 }
    };
    struct bw_buf out;
    bw_buf_init(&out, 1u << 20);
    route.opts = rows;
    bw_conf_document(&out, &route);
    assert_int_equal(occurrences(out.data, "## Route (alerts)"), 1);
    assert_non_null(strstr(out.data, "list of [Route (alerts)](#route-alerts)"));
    bw_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_becomes_sections),
        cmocka_unit_test(a_circle_is_written_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
