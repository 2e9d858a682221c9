// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/transfer_form.h: the formats of `import` and `export`, by name. */
#ifndef CLI_TRANSFER_FORM_H
#define CLI_TRANSFER_FORM_H

#include "cli/complete.h"
#include "transfer/reader.h"

#include <stdbool.h>

bool bw_transfer_form_of(const char *name, enum bw_transfer_form *out);

/* Offers the formats, and files behind one. */
void bw_transfer_form_complete(struct bw_completion *completion, const struct bw_opt *flag);

#endif
