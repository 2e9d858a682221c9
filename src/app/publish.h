// SPDX-License-Identifier: GPL-3.0-or-later
/* app/publish.h: what other threads may see: the metrics page and the newest view.
 *
 * The loop fills a publication and commits it. A scrape that renders just then holds the
 * registry; the loop does not wait for it but keeps what it has and tries again soon, so a
 * slow reader can never delay a check. */
#ifndef APP_PUBLISH_H
#define APP_PUBLISH_H

#include "io/loop.h"
#include "metric/measure.h"
#include "metric/registry.h"
#include "model/view.h"

struct bw_publisher;
struct bw_publication;

struct bw_publisher *bw_publisher_new(struct bw_loop *loop);
void bw_publisher_free(struct bw_publisher *publisher);

/* The shapes of what is shown, for the loop's thread; they go with the publisher. */
struct bw_shapes *bw_publisher_shapes(struct bw_publisher *publisher);

/* What one source shows on /metrics; as bw_block_new. Loop thread. */
struct bw_publication *bw_publication_new(struct bw_publisher *publisher,
                                          const struct bw_metric_label *common, size_t count,
                                          const char *collision_prefix);

/* Gone with the next scrape; NULL is fine. */
void bw_publication_free(struct bw_publication *publication);

/* An empty list to fill; valid until the commit that takes it. */
struct bw_measures *bw_publication_begin(struct bw_publication *publication);

/* The list as it was committed last, to change some of it. */
struct bw_measures *bw_publication_reopen(struct bw_publication *publication);

/* Shows what the list holds, now or within some milliseconds. */
void bw_publication_commit(struct bw_publication *publication);

/* Both at once for measures that are there already: they are copied only when they must wait.
 * `shape`, of the publisher's, is what they are known to be; or NULL. */
void bw_publication_show(struct bw_publication *publication, const struct bw_measures *measures,
                         const struct bw_shape *shape);

/* Appends the page. Any thread. */
void bw_publisher_render(struct bw_publisher *publisher, enum bw_exposition format,
                         const struct bw_family_filter *filter, struct bw_buf *out);

/* How often anybody took the page or a view: nobody sees what is refreshed between. Any thread. */
uint64_t bw_publisher_asked(const struct bw_publisher *publisher);

/* How often anybody took a view. Any thread. */
uint64_t bw_publisher_acquired(const struct bw_publisher *publisher);

/* Series shown, and those left out as duplicates. Loop thread. */
size_t bw_publisher_series(struct bw_publisher *publisher);
size_t bw_publisher_hidden(struct bw_publisher *publisher);

/* Replaces the view (heap memory whose arena is its own; takes it). The old one is freed after
 * its last reader. */
void bw_publisher_show(struct bw_publisher *publisher, struct bw_view *view);

/* The newest view, NULL before the first. Any thread; give it back with release. */
const struct bw_view *bw_publisher_acquire(struct bw_publisher *publisher);
void bw_publisher_release(struct bw_publisher *publisher, const struct bw_view *view);

#endif
