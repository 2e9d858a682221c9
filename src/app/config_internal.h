// SPDX-License-Identifier: GPL-3.0-or-later
/* app/config_internal.h: what the three steps of loading a configuration share:
 * reading files into one tree, resolving checks, and the rest. */
#ifndef APP_CONFIG_INTERNAL_H
#define APP_CONFIG_INTERNAL_H

#include "app/config.h"
#include "conf/decode.h"
#include "conf/node.h"

struct bw_config_shared;

struct bw_config_loading {
    struct bw_config *config;
    struct bw_arena *arena; /* config->arena */
    struct bw_problems *problems;
    struct bw_conf_ctx ctx;
    struct bw_node *root;    /* the merged document */
    struct bw_node *modules; /* name to module, those of module_files too; may be NULL */
    const struct bw_known_targets *known; /* may be NULL */
    struct bw_config_shared *shared;      /* options that checks without overrides have together */
};

/* Whether nothing has been found wrong at `path` and within it so far: what is sound can be
 * looked at closer although something else is not. */
bool bw_config_is_sound(const struct bw_config_loading *loading, const char *path);

/* The entry of a list in the document, to say where it stands; one text counts as a list of one. */
const struct bw_node *bw_config_entry(const struct bw_node *list, size_t index);

/* For decoding what belongs to `config`, whose folder is that of its files of secrets. */
struct bw_conf_ctx bw_config_ctx(struct bw_config *config, struct bw_arena *arena,
                                 struct bw_problems *problems);

/* The same for a module, which may have been written for blackbox_exporter. */
struct bw_conf_ctx bw_config_module_ctx(const struct bw_config_loading *loading);

/* Reads `file` and what it includes into loading->root and loading->modules, with the modules that
 * are built in below them. */
bool bw_config_read(struct bw_config_loading *loading, const char *file);

/* The same of a text that is no file, and of nothing but what is built in. */
bool bw_config_read_text(struct bw_config_loading *loading, const char *name, const char *text);
bool bw_config_read_recipes(struct bw_config_loading *loading);

/* Whether a module is built in. */
bool bw_config_is_recipe(const struct bw_node *module);

/* Gives the check options of its own. */
void bw_config_set_options(struct bw_config_loading *loading, struct bw_config_check *check,
                           const struct bw_probe_module *options);

/* Fills in the configuration's services and checks from its settings. */
void bw_config_resolve_services(struct bw_config_loading *loading);

/* Adds sources, the targets that are known, their services and checks. After services. */
void bw_config_resolve_discovery(struct bw_config_loading *loading);

/* What stands for each instance of a service in targets and arguments. */
#define BW_INSTANCE_MARK "${instance}"

/* A command without it runs on this machine and is about it. */
#define BW_COMMAND_INSTANCE "localhost"

/* What reports by itself is asked nowhere. */
#define BW_PUSH_INSTANCE "push"

/* Whether an argument names the instance. */
bool bw_config_command_has_instance(struct bw_strings command);

/* Puts the command into a copy of the check's options, with `instance` (NULL: none) for every
 * argument that is the mark, and the program into *out_text. The instance fills whole
 * arguments only, is never the program and never looks like an option: BW_EINVAL. */
enum bw_rc bw_config_command(struct bw_config_loading *loading, struct bw_strings command,
                             const char *instance, struct bw_config_check *check,
                             const char **out_text, struct bw_err *err);

/* Fills in the configuration's canary. Before services are resolved. */
void bw_config_resolve_canary(struct bw_config_loading *loading);

/* Whether the target is an address of this machine's loopback, or "localhost". */
bool bw_config_is_loopback(const char *target);

/* Whether the check, whose kind, target and choice are known, depends on the canary's answer. */
/* Whether what is asked is on this machine, whatever the network does. */
bool bw_config_is_local(const struct bw_probe_ops *ops, const char *target);
bool bw_config_canary_covers(const struct bw_config *config, const struct bw_config_check *check);

/* A zone by its IANA name, kept in the configuration's arena until it is freed; UTC with a
 * problem at `at` when there is none. */
const struct bw_zone *bw_config_zone(struct bw_config_loading *loading, const char *name,
                                     struct bw_place at, const char *path);

#endif
