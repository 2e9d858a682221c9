// SPDX-License-Identifier: GPL-3.0-or-later
/* The front end's side of the daemon. Its hooks are called on any thread. */
#include "app/daemon_internal.h"
#include "app/log.h"

static const struct bw_view *hook_acquire(void *ctx)
{
    return bw_publisher_acquire(((struct bw_daemon *)ctx)->core.publisher);
}

static void hook_release(void *ctx, const struct bw_view *view)
{
    bw_publisher_release(((struct bw_daemon *)ctx)->core.publisher, view);
}

static void hook_metrics(void *ctx, enum bw_exposition format,
                         const struct bw_family_filter *filter, struct bw_buf *out)
{
    bw_publisher_render(((struct bw_daemon *)ctx)->core.publisher, format, filter, out);
}

static bool hook_is_ready(void *ctx, const char **out_why)
{
    struct bw_daemon *daemon = ctx;
    const bool ready = __atomic_load_n(&daemon->ready, __ATOMIC_ACQUIRE);
    if (!ready)
        *out_why = "it has not started yet, or it is about to stop";
    return ready;
}

static void hook_reload(void *ctx, void (*done)(void *reply, bool ok, const char *message),
                        void *reply)
{
    struct bw_daemon *daemon = ctx;
    bw_reloader_wish(daemon->reloader, done, reply);
}

static void hook_probe(void *ctx, const struct bw_probe_order *order, bw_probe_reply_fn *done,
                       void *reply)
{
    bw_probing_ask(((struct bw_daemon *)ctx)->probing, order, done, reply);
}

static enum bw_rc hook_change_store(void *ctx, const struct bw_store_order *order,
                                    struct bw_buf *out, struct bw_err *err)
{
    return bw_control_change(((struct bw_daemon *)ctx)->control, order, out, err);
}

static enum bw_rc hook_change_targets(void *ctx, const struct bw_target_order *order,
                                      struct bw_buf *out, struct bw_err *err)
{
    return bw_pushed_change(((struct bw_daemon *)ctx)->pushed, order, out, err);
}

static void hook_push(void *ctx, const struct bw_push_report *report, bw_push_done_fn *done,
                      void *reply)
{
    bw_pushing_report(((struct bw_daemon *)ctx)->pushing, report, done, reply);
}

static enum bw_rc hook_trend_picture(void *ctx, const char *store,
                                     const struct bw_trend_record *record,
                                     struct bw_trend_picture *out, struct bw_err *err)
{
    return bw_trend_pictures_draw(((struct bw_daemon *)ctx)->trend_pictures, store, record, out,
                                  err);
}

static enum bw_rc hook_set_marker(void *ctx, const struct bw_event *marker, int64_t *out_id,
                                  struct bw_err *err)
{
    return bw_marking_set(((struct bw_daemon *)ctx)->marking, marker, out_id, err);
}

static enum bw_rc hook_drop_marker(void *ctx, int64_t id, struct bw_err *err)
{
    return bw_marking_drop(((struct bw_daemon *)ctx)->marking, id, err);
}

static void hook_say(void *ctx, enum bw_log_level level, const char *message)
{
    (void)ctx;
    bw_log(level, "web", message, NULL);
}

enum bw_rc bw_daemon_add_control(struct bw_daemon *daemon, struct bw_err *err)
{
    const int control = bw_storage_control(daemon->storage);
    return control >= 0 ? bw_web_add_control(daemon->web, control, err) : BW_OK;
}

enum bw_rc bw_daemon_start_web(struct bw_daemon *daemon, struct bw_err *err)
{
    static const char *const by_default[] = { "127.0.0.1:10190" };
    const struct bw_daemon_options *in = daemon->options;
    const struct bw_web_options options = {
        .listen = in->listen.count > 0 ? in->listen : (struct bw_strings){ by_default, 1 },
        .external_url = in->external_url,
        .route_prefix = in->route_prefix,
        .security_file = in->web_config_file,
        .store = daemon->core.store != NULL ? bw_store_path(daemon->core.store) : NULL,
        .archive = bw_reporting_folder(daemon->reporting),
        .template_folder = in->template_folder,
        .page_size = daemon->core.config->settings.web.page_size,
    };
    const struct bw_web_hooks hooks = { .ctx = daemon,
                                        .view_acquire = hook_acquire,
                                        .view_release = hook_release,
                                        .metrics = hook_metrics,
                                        .is_ready = hook_is_ready,
                                        .reload = hook_reload,
                                        .probe = hook_probe,
                                        .change_store = hook_change_store,
                                        .change_targets = hook_change_targets,
                                        .push = hook_push,
                                        .trend_picture = hook_trend_picture,
                                        .set_marker = hook_set_marker,
                                        .drop_marker = hook_drop_marker,
                                        .say = hook_say };
    const enum bw_rc rc = bw_web_start(&options, &hooks, daemon->core.workers, &daemon->web, err);
    if (rc != BW_OK)
        return rc;
    for (size_t i = 0; bw_web_address(daemon->web, i) != NULL; i++)
        bw_logf(BW_LOG_INFO, "web", "listening on http://%s/", bw_web_address(daemon->web, i));
    return bw_daemon_add_control(daemon, err);
}
