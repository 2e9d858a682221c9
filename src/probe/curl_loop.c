// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/engine.h"

#include "base/mem.h"
#include "base/units.h"

#include <stdlib.h>

struct bw_curl_loop {
    struct bw_loop *loop;
    CURLM *multi;
    struct bw_timer *timer;
};

/* A socket that curl wants watched. */
struct watch {
    struct bw_curl_loop *curl;
    curl_socket_t socket;
    struct bw_poll *poll;
    unsigned events;
};

static void reap(struct bw_curl_loop *curl)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(curl->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result;
        struct bw_curl_slot *slot = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
        curl_multi_remove_handle(curl->multi, slot->easy);
        slot->done(slot->ctx, result);
    }
}

static void on_ready(void *ctx, unsigned events)
{
    struct watch *watch = ctx;
    struct bw_curl_loop *curl = watch->curl;
    int action = 0, running;
    if ((events & BW_POLL_READ) != 0)
        action |= CURL_CSELECT_IN;
    if ((events & BW_POLL_WRITE) != 0)
        action |= CURL_CSELECT_OUT;
    /* An error stops the watch; what came before it may take curl more than one turn to read. */
    bw_poll_start(watch->poll, watch->events);
    curl_multi_socket_action(curl->multi, watch->socket, action, &running);
    reap(curl); /* the watch may be gone now */
}

static void on_timer(void *ctx)
{
    struct bw_curl_loop *curl = ctx;
    int running;
    curl_multi_socket_action(curl->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    reap(curl);
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *ctx, void *assigned)
{
    (void)easy;
    struct bw_curl_loop *curl = ctx;
    struct watch *watch = assigned;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            bw_poll_free(watch->poll);
            free(watch);
            curl_multi_assign(curl->multi, socket, NULL);
        }
        return 0;
    }
    const unsigned events = ((what & CURL_POLL_IN) != 0 ? (unsigned)BW_POLL_READ : 0)
                            | ((what & CURL_POLL_OUT) != 0 ? (unsigned)BW_POLL_WRITE : 0);
    if (watch == NULL) {
        watch = bw_alloc(sizeof *watch);
        *watch = (struct watch){ .curl = curl, .socket = socket };
        watch->poll = bw_poll_open(curl->loop, socket, events, on_ready, watch, NULL);
        if (watch->poll == NULL) {
            /* The transfer ends by its deadline. An error here would make libcurl give up
             * the whole multi handle, and every later probe with it. */
            free(watch);
            return 0;
        }
        curl_multi_assign(curl->multi, socket, watch);
    }
    watch->events = events;
    bw_poll_start(watch->poll, events);
    return 0;
}

static int on_timeout(CURLM *multi, long ms, void *ctx)
{
    (void)multi;
    struct bw_curl_loop *curl = ctx;
    if (ms < 0)
        bw_timer_stop(curl->timer);
    else
        bw_timer_start(curl->timer, ms * BW_MS, 0);
    return 0;
}

struct bw_curl_loop *bw_curl_loop_new(struct bw_loop *loop, struct bw_err *err)
{
    CURLM *multi = curl_multi_init();
    if (multi == NULL) {
        bw_fail(err, BW_EIO, "libcurl does not start");
        return NULL;
    }
    struct bw_curl_loop *curl = bw_alloc(sizeof *curl);
    *curl = (struct bw_curl_loop){ .loop = loop, .multi = multi };
    curl->timer = bw_timer_new(loop, on_timer, curl);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, curl);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, curl);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    return curl;
}

void bw_curl_loop_free(struct bw_curl_loop *curl)
{
    if (curl == NULL)
        return;
    curl_multi_cleanup(curl->multi);
    bw_timer_free(curl->timer);
    free(curl);
}

bool bw_curl_loop_add(struct bw_curl_loop *curl, struct bw_curl_slot *slot)
{
    curl_easy_setopt(slot->easy, CURLOPT_PRIVATE, slot);
    return curl_multi_add_handle(curl->multi, slot->easy) == CURLM_OK;
}

void bw_curl_loop_remove(struct bw_curl_loop *curl, struct bw_curl_slot *slot)
{
    curl_multi_remove_handle(curl->multi, slot->easy);
}
