// SPDX-License-Identifier: GPL-3.0-or-later
/* What a disk holds after the power failed: everything up to each file's last sync, and of what
 * came later any sectors, in any order. */
#ifndef TESTS_STORE_POWER_H
#define TESTS_STORE_POWER_H

#include <stdbool.h>
#include <stdint.h>

/* Watches the database at `path` with its WAL and journal, as they are now, until the power fails
 * at the n-th call that changes one of them. From then on the disk of this process is an echo. */
void power_watch(const char *path, int calls);
bool power_is_cut(void);

/* Tells what is acknowledged by now; `power_told` is what was when the power failed. */
void power_tell(int64_t told);
int64_t power_told(void);

/* Ends the watch and leaves at `path` what came through. */
void power_leave(const char *path, uint64_t *random);

#endif
