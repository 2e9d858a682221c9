// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/config_check.h"

#include "alert/rule.h"
#include "app/validate.h"
#include "cli/output.h"

#include <stdio.h>

enum { TEXT_BYTES_MAX = 1 << 20 };

static void show_problems(struct bw_problems *problems, const char *before)
{
    struct bw_buf out;
    bw_buf_init(&out, TEXT_BYTES_MAX);
    bw_problems_sort(problems);
    for (size_t i = 0; i < problems->count; i++) {
        bw_buf_text(&out, before);
        bw_problem_print(&problems->items[i], &out);
        bw_buf_char(&out, '\n');
    }
    if (problems->total > problems->count)
        bw_buf_printf(&out, "%sand %zu more\n", before, problems->total - problems->count);
    fwrite(out.data, 1, out.len, stderr);
    bw_buf_fini(&out);
}

struct bw_config *bw_config_open(const char *file)
{
    const struct bw_config_default defaults = { .self = "127.0.0.1:10190" };
    struct bw_problems problems;
    bw_problems_init(&problems);
    struct bw_config *config = bw_config_load_valid(file, &defaults, &problems);
    show_problems(&problems, "");
    bw_problems_fini(&problems);
    if (config != NULL)
        show_problems(&config->warnings, "warning: ");
    return config;
}

static void put_count(struct bw_buf *out, size_t count, const char *what)
{
    bw_buf_printf(out, ", %zu %s%s", count, what, count == 1 ? "" : "s");
}

int bw_config_check(const char *file)
{
    struct bw_config *config = bw_config_open(file);
    if (config == NULL)
        return BW_EXIT_FAILED;
    struct bw_buf out;
    bw_buf_init(&out, TEXT_BYTES_MAX);
    bw_buf_printf(&out, "%s is right: %zu service%s", file != NULL ? file : "the built-in default",
                  config->service_count, config->service_count == 1 ? "" : "s");
    put_count(&out, config->check_count, "check");
    put_count(&out, config->rule_count, "alert rule");
    put_count(&out, config->report_count, "report schedule");
    if (config->warnings.total > 0)
        put_count(&out, config->warnings.total, "warning");
    bw_buf_char(&out, '\n');
    bw_out_buf(&out);
    bw_buf_fini(&out);
    bw_config_free(config);
    return BW_EXIT_OK;
}
