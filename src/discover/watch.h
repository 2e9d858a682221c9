// SPDX-License-Identifier: GPL-3.0-or-later
/* discover/watch.h: tells when something in the folders of files has changed (inotify). Folders,
 * because who writes a file well renames a new one over it. Loop thread. */
#ifndef DISCOVER_WATCH_H
#define DISCOVER_WATCH_H

#include "io/loop.h"

struct bw_folder_watch;

/* `changed` is called once for what comes together within a tenth of a second. NULL with *err set
 * when the system refuses. */
struct bw_folder_watch *bw_folder_watch_new(struct bw_loop *loop, bw_loop_fn *changed, void *ctx,
                                            struct bw_err *err);

/* NULL is fine. */
void bw_folder_watch_free(struct bw_folder_watch *watch);

/* The folder of the file as well; twice is fine. One that is not there is not watched: ask again
 * now and then. */
void bw_folder_watch_add(struct bw_folder_watch *watch, const char *folder, const char *file);

#endif
