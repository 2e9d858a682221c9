// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/output.h: standard output that notices when it is not heard. A reader that hung up
 * (`bellwether query … | head`) ends the writing quietly; a full disk is an error. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "base/buf.h"

#include <stdbool.h>

/* Writes the buffer to standard output and empties it. False when there is no use in writing
 * on; why is remembered for bw_out_finish(). A buffer that has failed counts as an error. */
bool bw_out_buf(struct bw_buf *buf);
bool bw_out_text(const char *text);

/* Flushes. Returns `code`, or BW_EXIT_FAILED, said on stderr, when something that was written
 * did not arrive; a reader that hung up is not a failure. */
int bw_out_finish(int code);

/* "1 pack", "2 packs". */
void bw_out_count(struct bw_buf *out, uint64_t count, const char *one, const char *many);

#endif
