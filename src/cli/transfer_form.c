// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/transfer_form.h"

#include <string.h>

static const struct {
    const char *name;
    enum bw_transfer_form form;
    const char *help;
} forms[] = {
    { "openmetrics", BW_TRANSFER_OPENMETRICS, "OpenMetrics text with times" },
    { "csv", BW_TRANSFER_CSV, "Columns: metric, labels, time, value" },
};

bool bw_transfer_form_of(const char *name, enum bw_transfer_form *out)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(forms[i].name, name) != 0)
            continue;
        *out = forms[i].form;
        return true;
    }
    return false;
}

void bw_transfer_form_complete(struct bw_completion *completion, const struct bw_opt *flag)
{
    if (flag != NULL)
        return;
    for (size_t i = 0; completion->arg_count == 0 && i < sizeof forms / sizeof *forms; i++)
        bw_completion_add(completion, forms[i].name, forms[i].help);
    if (completion->arg_count == 1)
        bw_completion_files(completion);
}
