// SPDX-License-Identifier: GPL-3.0-or-later
#include "discover/watch.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define GATHER_NS (100 * BW_MS)
#define CHANGES (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ONLYDIR)

struct bw_folder_watch {
    struct bw_poll *poll;
    struct bw_timer *timer;
    bool gathering;
    bw_loop_fn *changed;
    void *ctx;
};

static void on_timer(void *ctx)
{
    struct bw_folder_watch *watch = ctx;
    watch->gathering = false;
    watch->changed(watch->ctx);
}

/* What exactly happened does not matter: everything is read again. */
static void on_events(void *ctx, unsigned events)
{
    (void)events;
    struct bw_folder_watch *watch = ctx;
    char bytes[4096];
    while (read(bw_poll_fd(watch->poll), bytes, sizeof bytes) > 0)
        ;
    if (!watch->gathering)
        bw_timer_start(watch->timer, GATHER_NS, 0);
    watch->gathering = true;
}

struct bw_folder_watch *bw_folder_watch_new(struct bw_loop *loop, bw_loop_fn *changed, void *ctx,
                                            struct bw_err *err)
{
    const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) {
        bw_fail(err, BW_EIO, "inotify: %s", strerror(errno));
        return NULL;
    }
    struct bw_folder_watch *watch = bw_alloc(sizeof *watch);
    watch->changed = changed;
    watch->ctx = ctx;
    watch->poll = bw_poll_open(loop, fd, BW_POLL_READ, on_events, watch, err);
    if (watch->poll == NULL) {
        close(fd);
        free(watch);
        return NULL;
    }
    watch->timer = bw_timer_new(loop, on_timer, watch);
    return watch;
}

void bw_folder_watch_free(struct bw_folder_watch *watch)
{
    if (watch == NULL)
        return;
    bw_timer_free(watch->timer);
    bw_poll_close(watch->poll);
    free(watch);
}

void bw_folder_watch_add(struct bw_folder_watch *watch, const char *folder, const char *file)
{
    struct bw_arena arena = { 0 };
    const char *slash = strrchr(file, '/');
    const char *path = slash == NULL ? "." : bw_arena_strndup(&arena, file, (size_t)(slash - file));
    if (slash == file)
        path = "/";
    else if (file[0] != '/' && folder != NULL)
        path = bw_arena_printf(&arena, "%s/%s", folder, path);
    inotify_add_watch(bw_poll_fd(watch->poll), path, CHANGES);
    bw_arena_fini(&arena);
}
