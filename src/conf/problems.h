// SPDX-License-Identifier: GPL-3.0-or-later
/* conf/problems.h: the list of mistakes in a configuration, so that one run tells all:
 *
 *     bellwether.yml:12:14: services[1].checks[0].timeout: expected a duration ...
 */
#ifndef CONF_PROBLEMS_H
#define CONF_PROBLEMS_H

#include "base/arena.h"
#include "base/buf.h"
#include "conf/node.h"

struct bw_problem {
    struct bw_place at;
    const char *path; /* "services[1].name", "" for the document */
    const char *message;
    size_t order; /* of arrival */
};

struct bw_problems {
    struct bw_arena arena;
    struct bw_problem *items; /* sorted by bw_problems_sort() */
    size_t count;             /* kept, at most BW_CONF_ERRORS_MAX */
    size_t cap;
    size_t total; /* found: more than `count` when some were only counted */
};

/* All zeros is an empty list too. */
void bw_problems_init(struct bw_problems *problems);
void bw_problems_fini(struct bw_problems *problems);

/* Copies everything. Control bytes in the message become '?'. */
void bw_problems_add(struct bw_problems *problems, struct bw_place at, const char *path,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

/* By file, line, column, then arrival. */
void bw_problems_sort(struct bw_problems *problems);

/* Sorts, then writes a line each, and "and N more" when the list was full. */
void bw_problems_print(struct bw_problems *problems, struct bw_buf *out);

/* One problem without a newline. */
void bw_problem_print(const struct bw_problem *problem, struct bw_buf *out);

/* "bellwether.yml:12:14"; only the file where the line is unknown. */
void bw_place_print(struct bw_place at, struct bw_buf *out);

#endif
