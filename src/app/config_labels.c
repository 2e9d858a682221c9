// SPDX-License-Identifier: GPL-3.0-or-later
/* Labels that users give: which names are theirs, and which of them a series has. */
#include "app/config_resolve.h"
#include "base/limits.h"
#include "base/text.h"

#include <string.h>

static size_t add_labels(struct bw_label *out, size_t count, struct bw_pairs pairs)
{
    for (size_t i = 0; i < pairs.count && count < BW_LABELS_MAX; i++)
        out[count++] = (struct bw_label){ pairs.items[i].name, pairs.items[i].value };
    return count;
}

bool bw_config_label_is_ours(const char *name)
{
    static const char *const taken[] = { "service", "instance", "check", "module" };
    for (size_t k = 0; k < sizeof taken / sizeof *taken; k++) {
        if (strcmp(name, taken[k]) == 0)
            return true;
    }
    return false;
}

void bw_config_check_label_names(struct bw_config_loading *loading, const struct bw_node *owner,
                                 const char *path, struct bw_pairs labels)
{
    const struct bw_node *map = bw_node_find(owner, "labels");
    path = bw_conf_path_key(loading->arena, path, "labels");
    for (size_t i = 0; i < labels.count; i++) {
        const char *name = labels.items[i].name;
        const struct bw_place at = bw_node_find(map, name)->key_at;
        if (!bw_label_name_is_valid(name) || bw_text_starts_with(name, "__"))
            bw_problems_add(loading->problems, at, path, "'%s' is not a label name", name);
        if (bw_config_label_is_ours(name))
            bw_problems_add(loading->problems, at, path, "label '%s' is ours", name);
    }
}

struct bw_labels bw_config_labels(struct bw_config_resolving *r,
                                  const struct bw_check_settings *check, const struct bw_node *at,
                                  const char *path)
{
    const size_t wanted = r->loading->config->settings.global.labels.count
                          + r->service->labels.count + (check != NULL ? check->labels.count : 0);
    struct bw_label labels[BW_LABELS_MAX];
    if (wanted > BW_LABELS_MAX)
        bw_problems_add(r->loading->problems, at->at, path,
                        "more than %u labels, global ones included", BW_LABELS_MAX);
    size_t count = add_labels(labels, 0, r->loading->config->settings.global.labels);
    count = add_labels(labels, count, r->service->labels);
    if (check != NULL)
        count = add_labels(labels, count, check->labels);
    return bw_labels_make(r->loading->arena, labels, count);
}
