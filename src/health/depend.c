// SPDX-License-Identifier: GPL-3.0-or-later
#include "health/depend.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct node {
    size_t *parents;
    size_t count, cap;
    size_t walk;         /* number of the last walk that reached it */
    size_t reached_from; /* on that walk */
};

struct entry {
    char *name;
    size_t number;
};

struct bw_depend {
    struct node *nodes;
    size_t count;
    struct entry *by_name; /* sorted */
    const char **names;    /* borrowed from by_name, by number */
    size_t *queue;         /* of a walk; each service enters it once */
    size_t walk;           /* number of the last walk: cheaper than clearing marks */
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    const int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

struct bw_depend *bw_depend_new(const char *const *names, size_t count)
{
    struct bw_depend *d = bw_alloc(sizeof *d);
    const size_t room = count > 0 ? count : 1;
    d->count = count;
    d->nodes = bw_alloc_array(room, sizeof *d->nodes);
    d->by_name = bw_alloc_array(room, sizeof *d->by_name);
    d->names = bw_alloc_array(room, sizeof *d->names);
    d->queue = bw_alloc_array(room, sizeof *d->queue);
    for (size_t i = 0; i < count; i++) {
        d->by_name[i] = (struct entry){ .name = bw_strdup(names[i]), .number = i };
        d->names[i] = d->by_name[i].name;
    }
    qsort(d->by_name, count, sizeof *d->by_name, compare_entries);
    return d;
}

void bw_depend_free(struct bw_depend *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; i < d->count; i++) {
        free(d->nodes[i].parents);
        free(d->by_name[i].name);
    }
    free(d->nodes);
    free(d->by_name);
    free(d->names);
    free(d->queue);
    free(d);
}

/* Goes from `start` to all that it needs, nearest first, until `stop` says true of one, which
 * is returned; BW_DEPEND_NONE when it says so of none. `start` itself is not asked. */
typedef bool stop_fn(const void *ctx, size_t service);
static size_t walk(struct bw_depend *d, size_t start, stop_fn *stop, const void *ctx)
{
    size_t head = 0, tail = 0;
    d->walk++;
    d->nodes[start].walk = d->walk;
    d->queue[tail++] = start;
    while (head < tail) {
        const size_t at = d->queue[head++];
        for (size_t i = 0; i < d->nodes[at].count; i++) {
            const size_t parent = d->nodes[at].parents[i];
            if (d->nodes[parent].walk == d->walk)
                continue;
            d->nodes[parent].walk = d->walk;
            d->nodes[parent].reached_from = at;
            if (stop(ctx, parent))
                return parent;
            d->queue[tail++] = parent;
        }
    }
    return BW_DEPEND_NONE;
}

static bool is_service(const void *ctx, size_t service)
{
    return service == *(const size_t *)ctx;
}

/* "checkout -> database -> checkout", after a walk from `parent` that reached `service`. */
static enum bw_rc fail_cycle(const struct bw_depend *d, size_t service, size_t parent,
                             struct bw_err *err)
{
    /* The walk's trail leads backwards; the queue is free to turn it round. */
    size_t count = 0;
    for (size_t at = service; at != parent; at = d->nodes[at].reached_from)
        d->queue[count++] = at;
    struct bw_buf text;
    bw_buf_init(&text, 1u << 20);
    bw_buf_printf(&text, "%s -> %s", d->names[service], d->names[parent]);
    while (count > 0)
        bw_buf_printf(&text, " -> %s", d->names[d->queue[--count]]);
    const enum bw_rc rc = bw_fail(err, BW_EINVAL, "services depend on each other in a circle: %s",
                                  bw_buf_failed(&text) ? d->names[service] : text.data);
    bw_buf_fini(&text);
    return rc;
}

enum bw_rc bw_depend_add(struct bw_depend *d, size_t service, size_t parent, struct bw_err *err)
{
    assert(service < d->count && parent < d->count);
    if (service == parent)
        return bw_fail(err, BW_EINVAL, "a service cannot depend on itself: %s -> %s",
                       d->names[service], d->names[service]);
    struct node *node = &d->nodes[service];
    for (size_t i = 0; i < node->count; i++)
        if (node->parents[i] == parent)
            return BW_OK;
    if (walk(d, parent, is_service, &service) != BW_DEPEND_NONE)
        return fail_cycle(d, service, parent, err);
    node->parents = bw_grow(node->parents, &node->cap, node->count + 1, sizeof *node->parents);
    node->parents[node->count++] = parent;
    return BW_OK;
}

/* First entry whose name is not before `name`. */
static size_t lower_bound(const struct bw_depend *d, const char *name)
{
    size_t from = 0, to = d->count;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (strcmp(d->by_name[middle].name, name) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static enum bw_rc fail_unknown(const struct bw_depend *d, const char *name, struct bw_err *err)
{
    const char *nearest = NULL;
    unsigned least = 3; /* further than two edits is another word */
    for (size_t i = 0; i < d->count; i++) {
        const unsigned distance = bw_text_distance(name, d->by_name[i].name);
        if (distance < least) {
            least = distance;
            nearest = d->by_name[i].name;
        }
    }
    if (nearest == NULL)
        return bw_fail(err, BW_ENOTFOUND, "there is no service '%s'", name);
    return bw_fail(err, BW_ENOTFOUND, "there is no service '%s'; did you mean '%s'?", name,
                   nearest);
}

enum bw_rc bw_depend_add_named(struct bw_depend *d, size_t service, const char *parent,
                               struct bw_err *err)
{
    const size_t at = lower_bound(d, parent);
    if (at == d->count || strcmp(d->by_name[at].name, parent) != 0)
        return fail_unknown(d, parent, err);
    return bw_depend_add(d, service, d->by_name[at].number, err);
}

void bw_depend_order(const struct bw_depend *d, size_t *out)
{
    /* Depth first, with the trail on a heap stack: a chain of services may be long. */
    struct step {
        size_t service, next; /* index of the parent to look at next */
    } *trail = bw_alloc_array(d->count > 0 ? d->count : 1, sizeof *trail);
    bool *seen = bw_alloc_array(d->count > 0 ? d->count : 1, sizeof *seen);
    size_t written = 0;
    for (size_t start = 0; start < d->count; start++) {
        size_t depth = 0;
        if (!seen[start]) {
            seen[start] = true;
            trail[depth++] = (struct step){ start, 0 };
        }
        while (depth > 0) {
            struct step *top = &trail[depth - 1];
            const struct node *node = &d->nodes[top->service];
            if (top->next == node->count) {
                out[written++] = top->service;
                depth--;
                continue;
            }
            const size_t parent = node->parents[top->next++];
            if (!seen[parent]) {
                seen[parent] = true;
                trail[depth++] = (struct step){ parent, 0 };
            }
        }
    }
    free(seen);
    free(trail);
}

static bool is_unhealthy(const void *ctx, size_t service)
{
    return ((const enum bw_status *)ctx)[service] == BW_UNHEALTHY;
}

size_t bw_depend_unhealthy_parent(struct bw_depend *d, const enum bw_status *statuses,
                                  size_t service)
{
    assert(service < d->count);
    return walk(d, service, is_unhealthy, statuses);
}
