// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/probes_page.h: docs/probes.md, as far as tables know it. */
#ifndef CLI_PROBES_PAGE_H
#define CLI_PROBES_PAGE_H

#include "base/buf.h"

/* A section for each kind: options, metrics, reasons. Where people have written something a line
 * `<!-- include: NAME.md -->` stands, which `./dev docs` replaces by docs/probes.d/NAME.md. */
void bw_probes_page(struct bw_buf *out);

#endif
