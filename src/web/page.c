// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/page.h"

#include "base/embedded.h"
#include "base/escape.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/units.h"
#include "io/file.h"
#include "mustache/over_value.h"
#include "web/answer.h"
#include "web/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_embedded bw_web_files[];

enum { ETAG_BYTES = 24 };

struct file {
    const char *name;
    char *text;
    size_t size;
    char etag[ETAG_BYTES];
    struct bw_template *compiled; /* of *.mustache, else NULL */
};

struct bw_templates {
    struct bw_template_partials partials;
    size_t count;
    struct file files[];
};

static const struct file *find(const struct bw_templates *templates, const char *name, size_t len)
{
    for (size_t i = 0; i < templates->count; i++)
        if (strlen(templates->files[i].name) == len
            && memcmp(templates->files[i].name, name, len) == 0)
            return &templates->files[i];
    return NULL;
}

/* A template is named without its ".mustache" in other templates. */
static const struct bw_template *find_template(void *ctx, const char *name, size_t len)
{
    char file[64];
    if (len + sizeof ".mustache" > sizeof file)
        return NULL;
    snprintf(file, sizeof file, "%.*s.mustache", (int)len, name);
    const struct file *found = find(ctx, file, strlen(file));
    return found == NULL ? NULL : found->compiled;
}

static enum bw_rc load(struct file *file, const char *folder, const struct bw_embedded *embedded,
                       struct bw_err *err)
{
    file->name = embedded->name;
    enum bw_rc rc = BW_ENOTFOUND;
    if (folder != NULL)
        rc = bw_file_read(folder, embedded->name, BW_TEMPLATE_BYTES_MAX, &file->text, &file->size,
                          err);
    if (rc == BW_ENOTFOUND) {
        file->text = bw_strndup(embedded->data, embedded->size);
        file->size = embedded->size;
        rc = BW_OK;
    }
    if (rc != BW_OK)
        return rc;
    snprintf(file->etag, sizeof file->etag, "\"%016llx\"",
             (unsigned long long)bw_hash(file->text, file->size, 0));
    if (!bw_text_ends_with(file->name, ".mustache"))
        return BW_OK;
    file->compiled = bw_template_compile(file->name, file->text, file->size, err);
    return file->compiled == NULL ? BW_EINVAL : BW_OK;
}

enum bw_rc bw_templates_load(const char *folder, struct bw_templates **out, struct bw_err *err)
{
    size_t count = 0;
    while (bw_web_files[count].name != NULL)
        count++;
    struct bw_templates *templates = bw_alloc(sizeof *templates + count * sizeof *templates->files);
    templates->partials = (struct bw_template_partials){ find_template, templates };
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; i < count && rc == BW_OK; i++) {
        templates->count = i + 1;
        rc = load(&templates->files[i], folder, &bw_web_files[i], err);
    }
    if (rc == BW_OK)
        *out = templates;
    else
        bw_templates_free(templates);
    return rc;
}

void bw_templates_free(struct bw_templates *templates)
{
    if (templates == NULL)
        return;
    for (size_t i = 0; i < templates->count; i++) {
        bw_template_free(templates->files[i].compiled);
        free(templates->files[i].text);
    }
    free(templates);
}

const char *bw_templates_asset(const struct bw_templates *templates, const char *name,
                               size_t *out_size, const char **out_etag)
{
    const struct file *file = find(templates, name, strlen(name));
    if (file == NULL)
        return NULL;
    *out_size = file->size;
    *out_etag = file->etag;
    return file->text;
}

static void add_navigation(struct bw_request *request, struct bw_value *root, const char *current)
{
    static const struct {
        const char *name, *path, *text;
    } entries[] = {
        { "status", "/", "Status" },       { "hosts", "/hosts", "Host" },
        { "trends", "/trends", "Trends" }, { "alerts", "/alerts", "Alerts" },
        { "events", "/events", "Events" }, { "reports", "/reports", "Reports" },
    };
    struct bw_arena *arena = &request->arena;
    struct bw_value *list = bw_value_add_list(arena, root, "navigation");
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_value_add_printf(arena, item, "url", "%s%s", request->site->prefix, entries[i].path);
        bw_value_add_text(arena, item, "text", entries[i].text);
        bw_value_add_bool(arena, item, "current", strcmp(entries[i].name, current) == 0);
    }
}

static void add_blindness(struct bw_request *request, struct bw_value *list)
{
    const struct bw_view_sight *sight = &request->view->sight;
    struct bw_arena *arena = &request->arena;
    char lasted[BW_DURATION_TEXT_MAX];
    const int64_t away_s =
        request->now_ms > sight->since_ms ? (request->now_ms - sight->since_ms) / 1000 : 0;
    bw_format_duration_short(lasted, away_s * BW_SECOND);
    bw_value_add_printf(arena, list, NULL,
                        "We cannot see: %s since %s (%s). What goes over the network is UNKNOWN "
                        "until they do; the time counts neither as up nor as down.",
                        sight->words, bw_words_clock(arena, sight->since_ms, request->now_ms),
                        lasted);
}

static void add_warnings(struct bw_request *request, struct bw_value *root)
{
    const struct bw_view *view = request->view;
    struct bw_arena *arena = &request->arena;
    struct bw_value *list = bw_value_add_list(arena, root, "warnings");
    if (view == NULL)
        return;
    if (view->sight.blind)
        add_blindness(request, list);
    if (!view->config_ok)
        bw_value_add_printf(arena, list, NULL,
                            "The new configuration was refused, the old one runs on: %s",
                            view->config_message == NULL ? "" : view->config_message);
    if (!view->store_ok)
        bw_value_add_printf(arena, list, NULL, "Nothing is being remembered: %s",
                            view->store_message == NULL ? "" : view->store_message);
}

static void add_asset(struct bw_request *request, struct bw_value *root, const char *key,
                      const char *file, const char *path)
{
    size_t size;
    const char *etag = "";
    bw_templates_asset(request->site->templates, file, &size, &etag);
    int len = (int)strlen(etag) - 2;
    bw_value_add_printf(&request->arena, root, key, "%s%s?%.*s", request->site->prefix, path,
                        len > 0 ? len : 0, etag + 1);
}

struct bw_value *bw_page_begin(struct bw_request *request, const char *title, const char *current)
{
    const struct bw_view *view = request->view;
    struct bw_arena *arena = &request->arena;
    struct bw_value *root = bw_value_object(arena);
    bw_value_add_text(arena, root, "title", title);
    bw_value_add_text(arena, root, "site",
                      view == NULL || view->title == NULL ? "Bellwether" : view->title);
    bw_words_text(arena, root, "node", view == NULL ? NULL : view->node);
    bw_value_add_text(arena, root, "prefix", request->site->prefix);
    bw_value_add_text(arena, root, "version", BW_VERSION);
    add_asset(request, root, "style_url", "bellwether.css", "/style.css");
    add_asset(request, root, "script_url", "bellwether.js", "/script.js");
    bw_words_time(arena, root, "now", request->now_ms / 1000 * 1000, request->now_ms);
    add_navigation(request, root, current);
    add_warnings(request, root);
    return root;
}

static bool render(struct bw_request *request, const char *name, const struct bw_value *root,
                   struct bw_err *err)
{
    struct bw_templates *templates = request->site->templates;
    const struct bw_template *page = find_template(templates, name, strlen(name));
    if (page == NULL)
        return bw_fail(err, BW_ENOTFOUND, "no template '%s'", name) == BW_OK;
    return bw_template_render_value(page, root, &templates->partials, bw_escape_html,
                                    &request->answer.body, err)
           == BW_OK;
}

void bw_page_render(struct bw_request *request, const char *name, const struct bw_value *root)
{
    struct bw_err err = { 0 };
    bw_answer_begin(request, "text/html; charset=utf-8");
    if (render(request, name, root, &err))
        bw_answer_compress(request);
    else
        bw_answer_problem(request, 500, "%s", err.text);
}

bool bw_page_error(struct bw_request *request, unsigned status, const char *detail)
{
    struct bw_err err = { 0 };
    struct bw_value *root = bw_page_begin(request, bw_http_status_text(status), "");
    bw_value_add_int(&request->arena, root, "status", (int64_t)status);
    bw_value_add_text(&request->arena, root, "detail", detail);
    request->answer.type = "text/html; charset=utf-8";
    if (render(request, "page-error", root, &err))
        return true;
    bw_buf_clear(&request->answer.body);
    return false;
}
