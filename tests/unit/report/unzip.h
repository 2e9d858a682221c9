// SPDX-License-Identifier: GPL-3.0-or-later
/* Just enough of ZIP (APPNOTE.TXT 4.3) to look into a workbook. */
#ifndef TESTS_REPORT_UNZIP_H
#define TESTS_REPORT_UNZIP_H

#include <stddef.h>

/* Calls fn for every file in the archive, in its order; `text` is NUL-terminated. Returns how
 * many there were, 0 when it is no archive. */
size_t unzip_each(const char *zip, size_t len,
                  void (*fn)(void *ctx, const char *name, const char *text, size_t len), void *ctx);

#endif
