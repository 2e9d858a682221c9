// SPDX-License-Identifier: GPL-3.0-or-later
/* store/logmark.h: which log is the store's. SQLite takes whatever lies beside a file for its log,
 * and misses none. So while commits are in the log, the lock file says "log " and the log's first
 * salt, which is random for a new log and one more each time it is begun again. */
#ifndef STORE_LOGMARK_H
#define STORE_LOGMARK_H

enum bw_log_state {
    BW_LOG_ITS_OWN, /* or not to be told */
    BW_LOG_MISSING, /* there was one; something else may have folded it into the store */
    BW_LOG_FOREIGN,
};

enum bw_log_state bw_logmark_look(const char *path);

/* Marks the log that is there now. Failing to costs what the mark is for, no more. */
void bw_logmark_set(const char *path, int lock_fd);
void bw_logmark_clear(int lock_fd);

#endif
