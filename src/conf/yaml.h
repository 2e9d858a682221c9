// SPDX-License-Identifier: GPL-3.0-or-later
/* conf/yaml.h: YAML 1.2 text to nodes. Refused, each with its place: invalid UTF-8 and NUL
 * bytes, a second document, a key twice in one mapping, keys that are not text, tags,
 * anchors of keys, aliases of what there is not or not whole yet, nesting over BW_CONF_DEPTH_MAX,
 * more than BW_CONF_KEYS_MAX keys in a mapping, more than BW_CONF_FILE_BYTES_MAX bytes, more than
 * BW_CONF_COPIED_MAX values by aliases. `yes` and `on` are text. */
#ifndef CONF_YAML_H
#define CONF_YAML_H

#include "conf/node.h"
#include "conf/problems.h"

/* Reads one document; an empty one is an empty mapping. `file` is the name that messages
 * show. Everything is copied into `arena`. NULL when something was wrong: `problems` says
 * what. */
struct bw_node *bw_yaml_read(const char *file, const char *data, size_t size,
                             struct bw_arena *arena, struct bw_problems *problems);

#endif
