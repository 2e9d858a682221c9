// SPDX-License-Identifier: GPL-3.0-or-later
/* conf/option.h: option tables. A module states its options once, as rows; parsing,
 * defaults, error messages, `--help` and docs/configuration.md all come from the rows.
 * conf/ knows no feature: it sees only tables.
 *
 *     static const struct bw_opt tcp_options[] = {
 *         { "send", BW_OPT_STRING, offsetof(struct tcp_opts, send),
 *           .help = "Bytes to write once connected." },
 *         { "connect_timeout", BW_OPT_DURATION, offsetof(struct tcp_opts, connect_timeout_ns),
 *           .def = "2s", .range = "1ms..10m", .help = "Give up on the handshake after this." },
 *         { 0 },
 *     };
 *     const struct bw_opt_group bw_tcp_group = { "tcp", sizeof(struct tcp_opts), tcp_options };
 */
#ifndef CONF_OPTION_H
#define CONF_OPTION_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_node;
struct bw_opt_group;

enum bw_opt_type {
    BW_OPT_BOOL = 1,  /* bool */
    BW_OPT_INT,       /* int64_t */
    BW_OPT_NUMBER,    /* double */
    BW_OPT_DURATION,  /* int64_t, nanoseconds */
    BW_OPT_BYTES,     /* uint64_t */
    BW_OPT_RATIO,     /* double: "95%" or 0.95 */
    BW_OPT_STRING,    /* const char *; NULL when absent and without default */
    BW_OPT_ENUM,      /* int: the value of one of `names` */
    BW_OPT_STRINGS,   /* struct bw_strings; one string counts as a list of one */
    BW_OPT_INTS,      /* struct bw_ints */
    BW_OPT_DURATIONS, /* struct bw_ints, nanoseconds */
    BW_OPT_MAP,       /* struct bw_pairs: text to text, in file order */
    BW_OPT_MULTIMAP,  /* the same, where a name may have a list of texts: a pair for each */
    BW_OPT_GROUP,     /* the struct of `group`, in place */
    BW_OPT_GROUPS,    /* struct bw_items: a list of structs of `group` */
    BW_OPT_NAMED,     /* struct bw_items: a mapping of name to `group`; the name goes into the
                         member of the group's row `key` */
    BW_OPT_NODE,      /* const struct bw_node *: kept as read, for its owner to decode */
    BW_OPT_GROUP_PTR, /* const struct of `group` *, NULL when the key is absent */
};

enum bw_opt_flag {
    BW_OPT_REQUIRED = 1,
    BW_OPT_SECRET = 2, /* never shown; also accepts NAME_file, which app/ reads */
    BW_OPT_HIDDEN = 4, /* not in docs */
    BW_OPT_FILE = 8,   /* a text that names a file: shells complete it */
    BW_OPT_FOLDER = 16,
    BW_OPT_OWN_FILE = 32, /* a secret whose NAME_file is a row of its own */
    BW_OPT_REFUSED = 64,  /* a key that others know: `help` says why it is none here; hidden */
};

/* A word and what it means; a list ends with a NULL name. */
struct bw_opt_name {
    const char *name;
    int value;
};

/* One row. A list of rows ends with a NULL name. */
struct bw_opt {
    const char *name;
    enum bw_opt_type type;
    size_t offset;     /* of the member in the group's struct */
    const char *def;   /* default as text, parsed like a value; NULL: all zero */
    const char *help;  /* one or two sentences */
    const char *range; /* "1..65535", "100ms..1h", "0..": both ends included; NULL: any */
    const struct bw_opt_name *names;
    const struct bw_opt_group *group;
    unsigned flags;
};

/* A struct that rows fill in. */
struct bw_opt_group {
    const char *name; /* as in docs: "tcp", "service" */
    size_t size;      /* bytes of the struct */
    const struct bw_opt *opts;
    const char *key;  /* row whose string holds the name of a BW_OPT_NAMED entry */
    const char *help; /* a paragraph for the docs, or NULL */

    /* Rules that span options; NULL when the rows say it all. */
    enum bw_rc (*check)(const void *opts, struct bw_err *err);
};

struct bw_strings {
    const char *const *items;
    size_t count;
};

struct bw_ints {
    const int64_t *items;
    size_t count;
};

struct bw_pair {
    const char *name;
    const char *value;
};

struct bw_pairs {
    const struct bw_pair *items;
    size_t count;
};

/* `count` structs of the row's group, one after the other. */
struct bw_items {
    void *items;
    size_t count;
};

#endif
