// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/throttle.h"

#include "base/mem.h"
#include "base/units.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#define WINDOW_NS (60 * BW_SECOND)

struct guesser {
    struct bw_client client;
    int64_t until_ns; /* the end of its minute; 0: a free place */
    unsigned failures;
};

struct bw_throttle {
    pthread_mutex_t lock; /* guards all below */
    struct guesser guessers[BW_THROTTLE_CLIENTS_MAX];
};

struct bw_throttle *bw_throttle_new(void)
{
    struct bw_throttle *throttle = bw_alloc(sizeof *throttle);
    pthread_mutex_init(&throttle->lock, NULL);
    return throttle;
}

void bw_throttle_free(struct bw_throttle *throttle)
{
    if (throttle == NULL)
        return;
    pthread_mutex_destroy(&throttle->lock);
    free(throttle);
}

/* Its place, or, with `make`, the one whose minute ends first. */
static struct guesser *find(struct bw_throttle *throttle, const struct bw_client *client,
                            int64_t now_ns, bool make)
{
    struct guesser *oldest = &throttle->guessers[0];
    for (size_t i = 0; i < BW_THROTTLE_CLIENTS_MAX; i++) {
        struct guesser *guesser = &throttle->guessers[i];
        if (guesser->until_ns > now_ns && bw_client_is(&guesser->client, client))
            return guesser;
        if (guesser->until_ns < oldest->until_ns)
            oldest = guesser;
    }
    if (make)
        *oldest = (struct guesser){ .client = *client, .until_ns = now_ns + WINDOW_NS };
    return make ? oldest : NULL;
}

void bw_throttle_failed(struct bw_throttle *throttle, const struct bw_client *client,
                        int64_t now_ns)
{
    pthread_mutex_lock(&throttle->lock);
    find(throttle, client, now_ns, true)->failures++;
    pthread_mutex_unlock(&throttle->lock);
}

unsigned bw_throttle_wait_s(struct bw_throttle *throttle, const struct bw_client *client,
                            int64_t now_ns)
{
    pthread_mutex_lock(&throttle->lock);
    const struct guesser *guesser = find(throttle, client, now_ns, false);
    unsigned wait_s = 0;
    if (guesser != NULL && guesser->failures >= BW_THROTTLE_FAILURES_MAX)
        wait_s = (unsigned)((guesser->until_ns - now_ns + BW_SECOND - 1) / BW_SECOND);
    pthread_mutex_unlock(&throttle->lock);
    return wait_s;
}
