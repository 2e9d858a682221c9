// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/regex.h: patterns on what a peer sent (RE2's grammar, by PCRE2 without JIT). The peer
 * chooses the text, so a search has a budget of time and memory and may end without a verdict. */
#ifndef PROBE_REGEX_H
#define PROBE_REGEX_H

#include "base/buf.h"
#include "base/err.h"
#include "base/units.h"
#include "conf/option.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_regex;

/* NULL with *err set when the pattern does not compile; the text says where. */
struct bw_regex *bw_regex_new(const char *pattern, struct bw_err *err);
void bw_regex_free(struct bw_regex *regex);

/* Whether it compiles; BW_EINVAL. */
enum bw_rc bw_regex_check(const char *pattern, struct bw_err *err);

const char *bw_regex_pattern(const struct bw_regex *regex);

enum bw_regex_verdict {
    BW_REGEX_NO,
    BW_REGEX_YES,
    BW_REGEX_GAVE_UP, /* over the budget */
};

/* Patience for all searches of one try on the loop: long enough for any sane pattern on what is
 * searched there, short enough that no other probe is late. Who tries a megabyte on a worker may
 * take longer: 5 to 35 ms a pattern are usual. */
#define BW_REGEX_LOOP_NS (50 * BW_MS)
#define BW_REGEX_WORKER_NS (500 * BW_MS)

/* Longer texts that are not UTF-8 are searched as they are: what is broken in them matches nothing.
 */
#define BW_REGEX_BROKEN_BYTES_MAX (4u << 20)

/* Does the pattern match anywhere in the bytes? After YES the groups of this match are kept in
 * the regex until its next search. The time it takes goes off *left_ns, shared by all searches
 * of a try; with nothing left it gives up. */
enum bw_regex_verdict bw_regex_search(struct bw_regex *regex, const char *text, size_t len,
                                      int64_t *left_ns);

/* The same without groups, on any thread: several may use one regex at a time. */
enum bw_regex_verdict bw_regex_test(const struct bw_regex *regex, const char *text, size_t len,
                                    int64_t *left_ns);

/* Appends `text` with ${1}, $1, ${name} and $name replaced by the groups of the last match (of
 * `searched` as it was given to bw_regex_search); $$ is a dollar. A name without braces is as long
 * as can be, so $1x is ${1x}; groups that there are not are empty (Go's regexp.Expand). */
void bw_regex_expand(const struct bw_regex *regex, const char *searched, const char *text,
                     struct bw_buf *out);

/* Lists: all or nothing. */
struct bw_regex_list {
    struct bw_regex **items;
    size_t count;
};

enum bw_rc bw_regex_list_make(struct bw_regex_list *out, struct bw_strings patterns,
                              struct bw_err *err);
void bw_regex_list_fini(struct bw_regex_list *list);

#endif
