// SPDX-License-Identifier: GPL-3.0-or-later
/* store/writer.h: the inside of a store: what its lock guards and what only its writer thread
 * touches. For store.c, load.c, rescue.c and writer.c. */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "store/classes.h"
#include "store/heads.h"
#include "store/registry.h"
#include "store/rollups.h"
#include "store/rows.h"
#include "store/store.h"
#include "store/task.h"

#include <pthread.h>
#include <sqlite3.h>

#define BW_SERIES_TEXT_BYTES_MAX (64 << 10)
#define BW_LANE_SAMPLES_MAX (1u << 20)
#define BW_LANE_ROW_BYTES_MAX (64u << 20)

/* What waits for a commit. */
struct bw_lane {
    struct bw_journal_row samples;
    struct bw_row *first_row, *last_row;
    size_t rows;
    size_t row_bytes;
    int64_t oldest_ns; /* when its oldest thing came; 0: empty */
};

/* Series that were deleted since the store was opened, by rising id. */
struct bw_erased {
    uint32_t *ids;
    size_t count, cap;
};

struct bw_quota;

struct bw_store {
    /* Constant after open. */
    struct bw_storage_opts opts;
    struct bw_store_hooks hooks;
    char *path;
    int lock_fd;
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t wake; /* for the writer */
    pthread_cond_t done; /* for who waits in flush */

    /* Guarded by `lock`. */
    struct bw_store_registry registry;
    struct bw_store_classes *classes;
    struct bw_rollups rollups;
    struct bw_lane lane;
    struct bw_store_task *tasks; /* that wait for the writer, in order */
    int64_t last_event_id, last_report_id;
    uint64_t flush_wanted, flush_done; /* flush calls, counted */
    uint64_t packs_wanted, packs_done; /* likewise, checkpoint calls */
    bool stop;
    bool clock_trusted;
    bool has_socket;
    bool overflow_told;
    bool rests;              /* the writer waits for something to write */
    int64_t batch_oldest_ns; /* 0: the writer holds nothing */
    size_t batch_samples, batch_rows;
    struct bw_store_stats stats;

    /* The writer's (and of open, before the writer starts). */
    sqlite3 *db;
    sqlite3_stmt *insert_journal;
    struct bw_row_writer row_writer;
    struct bw_heads heads;
    struct bw_erased erased;
    uint64_t erasures;                /* how often it has grown; read by anybody */
    struct bw_lane batch;             /* taken from the lane, not yet committed */
    struct bw_rollup_rewinds rewinds; /* of the batch */
    uint64_t seq;                     /* last committed journal row */
    uint64_t trimmed_seq;
    uint64_t batch_flush, batch_packs; /* what the batch answers */
    int64_t next_ns;                   /* of the next commit */
    int64_t next_care_ns;              /* of retention and the like */
    int64_t next_release_ns;           /* of pages that SQLite keeps */
    int64_t rest_ns;                   /* until when nothing is due; 0: look at next_ns */
    bool cared;                        /* nothing was written since care was taken */
    int64_t trouble_said_ns, drop_said_ns;
    uint64_t dropped_said;
    bool care_trusted;       /* the clock, when care was taken last */
    bool failing;            /* the last commit did */
    bool in_trouble;         /* something failed since a whole step went well */
    uint64_t troubles;       /* failures, counted */
    uint64_t wal_said_bytes; /* how large it was when it was said last; 0: not large */
    uint32_t expiry_turn;    /* the group whose packs were looked at last for their age */
    uint32_t turn;           /* the group whose head was looked at last */
    struct bw_quota *quota;  /* of all that `db` writes */
    uint64_t other_bytes;    /* of files beside the store, and when they were counted */
    int64_t counted_ns;
    int64_t short_said_ns;  /* that less than a day of samples has room; 0: never */
    uint64_t journal_bytes; /* of its rows, about */
    bool short_of_room;     /* the ceiling refused a pack or a task */
    bool log_marked;        /* store/logmark.h, since the file was opened */
    bool suspect;           /* SQLite calls the file corrupt */
    bool blank;             /* the file was begun anew and has not yet what memory holds */
    int64_t doubted_ns;     /* when it was suspect last and nothing was found; 0: never */
};

int64_t bw_store_now_ns(void);
int64_t bw_store_wall_ms(const struct bw_store *store);
void bw_store_say(const struct bw_store *store, enum bw_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A number for what a series is about: equal for siblings, which come at the same times. */
uint64_t bw_store_target_of(struct bw_labels labels);

/* The id of a series by its name, 0 when there is none; and how many more may be added. */
uint32_t bw_store_find_series(struct bw_store *store, const char *name);
uint64_t bw_store_series_room(struct bw_store *store);

/* With the lock held, and room made sure of: puts a row into the lane and wakes the writer. */
void bw_store_put_row(struct bw_store *store, struct bw_row *row);

/* Hands over one row by any thread, copied; false when the lane is full, counted. */
bool bw_store_put_cells(struct bw_store *store, enum bw_row_op op, const struct bw_cells *cells);

/* Puts a row at the end of a lane; false when it is full. Takes the row when true. */
bool bw_lane_put_row(struct bw_lane *lane, struct bw_row *row, int64_t now_ns);

/* Reads registry, groups and journal of store->db into memory. */
enum bw_rc bw_store_load(struct bw_store *store, struct bw_err *err);

/* Moves the series of groups whose series are no longer all of one class, as a changed
 * configuration leaves them, to groups of their classes (docs/format.md). Before the writer starts,
 * after loading. Only BW_ECORRUPT is a failure: else what could not be moved stays where it is. */
enum bw_rc bw_store_move_series(struct bw_store *store, struct bw_err *err);

/* The class of a series by its name; `id` 0 or unknown: that of what matches no other. */
const struct bw_retention_opts *bw_store_class_of(const struct bw_store *store, uint32_t id);

/* Writes one row of the journal inside the caller's transaction. */
enum bw_rc bw_store_insert_journal(struct bw_store *store, uint64_t seq, struct bw_journal_row *row,
                                   struct bw_err *err);

/* Closes a suspect file, checks and opens it again; a corrupt one is moved aside and a fresh
 * one gets what memory holds: the series with their ids, and the samples not yet in packs.
 * On failure call it again later; store->db may be NULL until then. */
enum bw_rc bw_store_rescue(struct bw_store *store, struct bw_err *err);

/* Opens store->path and prepares what the writer needs, memory left alone. */
enum bw_rc bw_store_open_file(struct bw_store *store, struct bw_err *err);
void bw_store_close_file(struct bw_store *store);

/* Writes what waits, each in a transaction of its own; true when there was any. *err is that of
 * the last one that failed. */
bool bw_store_write_tasks(struct bw_store *store, struct bw_err *err);

/* Gives the free pages back to the system, in steps. */
enum bw_rc bw_store_give_back(struct bw_store *store, struct bw_err *err);

void bw_erased_add(struct bw_erased *erased, uint32_t id);

/* True for a row about a series that is no more: leave it out. */
bool bw_erased_refuses(const struct bw_erased *erased, const struct bw_row *row);

/* Answers what waits with BW_EBUSY. */
void bw_store_refuse_tasks(struct bw_store *store, const char *why);

/* Moves the file aside as *.corrupt-<time> and says so, and why. */
enum bw_rc bw_store_quarantine(struct bw_store *store, const char *why, struct bw_err *err);

/* The writer thread; ends after `stop`, with everything on disk that could be. */
void *bw_store_write_loop(void *store);

#endif
