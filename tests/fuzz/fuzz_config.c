// SPDX-License-Identifier: GPL-3.0-or-later
/* Any bytes as a configuration file: refused with a problem or decoded, and what was decoded
 * keeps its table's ranges. A file that is read is also merged with itself. */
#include "../unit/conf/fixture.h"

#include "conf/yaml.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 forgets a buffer for a single-quoted text with many '' in it. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml";
}

static const char *env(void *user, const char *name)
{
    (void)user;
    return strcmp(name, "X") == 0 ? "value" : NULL;
}

static enum bw_rc read_file(void *user, const char *path, const char *config_file,
                            struct bw_buf *out, struct bw_err *err)
{
    (void)user, (void)config_file;
    if (strlen(path) > 8)
        return bw_fail(err, BW_ENOTFOUND, "%s: no such file", path);
    bw_buf_text(out, path);
    return BW_OK;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_leaf(const struct leaf *leaf)
{
    must(leaf->name != NULL && strlen(leaf->name) >= 1 && strlen(leaf->name) <= 16);
    must(leaf->timeout_ns >= 1000000 && leaf->port >= 0 && leaf->port <= 65535);
}

static void check_rich(const struct rich *rich)
{
    must(rich->port >= 1 && rich->port <= 65535);
    must(rich->factor >= 0 && rich->goal_ratio >= 0 && rich->goal_ratio <= 1);
    must(rich->color >= RED && rich->color <= BLUE);
    for (size_t i = 0; i < rich->hosts.count; i++)
        must(rich->hosts.items[i] != NULL);
    for (size_t i = 0; i < rich->codes.count; i++)
        must(rich->codes.items[i] >= 100 && rich->codes.items[i] <= 599);
    for (size_t i = 0; i < rich->leaves.count; i++)
        check_leaf((const struct leaf *)rich->leaves.items + i);
    for (size_t i = 0; i < rich->modules.count; i++)
        check_leaf((const struct leaf *)rich->modules.items + i);
    must(rich->password == NULL || strlen(rich->password) >= 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_arena arena = { 0 };
    struct bw_problems problems = { 0 };
    struct bw_buf said;
    struct rich rich;
    struct bw_conf_ctx ctx = {
        .arena = &arena, .problems = &problems, .env = env, .read_file = read_file
    };
    bw_buf_init(&said, 1u << 20);
    struct bw_node *root = bw_yaml_read("fuzz.yml", (const char *)data, size, &arena, &problems);
    must((root == NULL) == (problems.total > 0));
    if (root != NULL) {
        const bool good = bw_conf_decode(&ctx, root, "", &rich_group, &rich);
        must(good == (problems.total == 0));
        if (good)
            check_rich(&rich);
        struct bw_node *again =
            bw_yaml_read("again.yml", (const char *)data, size, &arena, &problems);
        must(again != NULL && again->kind == root->kind);
        bw_node_merge(root, again, &problems);
    }
    bw_problems_print(&problems, &said);
    must(!bw_buf_failed(&said));
    bw_buf_fini(&said);
    bw_problems_fini(&problems);
    bw_arena_fini(&arena);
    return 0;
}
