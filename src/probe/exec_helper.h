// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/exec_helper.h: the small process between us and the commands: bellwether-exec-helper
 * beside this program; where that is missing, this program itself. Both are called with the word
 * `exec-helper` and one end of a socket as descriptor 3.
 *
 *     daemon --orders--> helper --fork--> guard --limits, execve--> command --> its children …
 *        ^                  ^               |  ^                                       |
 *        |                  +-- adopts what a killed guard leaves, and kills it        |
 *        +-------------- reports -----------+  +------ adopts who outlives its parent -+
 *
 * There is one helper for all commands: to begin one costs the daemon a message, whatever its
 * size, and to fork costs the helper little because it is small. Each command has a guard
 * (probe/exec_guard.h), which sends the report.
 *
 * The socket keeps the borders of messages (SOCK_SEQPACKET). Towards the helper a message is one
 * or more orders, each followed by the command's words, its variables and its folder,
 * NUL-terminated. Back comes one report, followed by bytes of standard output, then of standard
 * error. The daemon closing its end, or dying, ends all of them and whatever they started. */
#ifndef PROBE_EXEC_HELPER_H
#define PROBE_EXEC_HELPER_H

#include "base/limits.h"

#include <stddef.h>
#include <stdint.h>

#define BW_EXEC_HELPER_NAME "exec-helper"
#define BW_EXEC_HELPER_PROGRAM "bellwether-exec-helper"

enum {
    BW_EXEC_SOCKET = 3,
    BW_EXEC_MESSAGE_BYTES_MAX = 128 << 10, /* orders together */
    BW_EXEC_OUTPUT_BYTES_MAX = 64 << 10,   /* in one report; a long output takes several */
    BW_EXEC_COMMANDS_MAX = 4096,           /* at once */
    BW_EXEC_VARIABLES_ALL_MAX = BW_EXEC_VARIABLES_MAX + 5,
};

/* As uid: the command is whoever we are. */
#define BW_EXEC_SAME_USER UINT32_MAX

enum bw_exec_order_kind {
    BW_EXEC_RUN = 1,
    BW_EXEC_STOP, /* SIGTERM, SIGKILL 2 s later */
};

struct bw_exec_order {
    uint32_t bytes; /* with the words */
    uint32_t kind;  /* enum bw_exec_order_kind */
    uint64_t id;    /* who is meant; chosen by the daemon, never twice */
    uint64_t cpu_s, memory_bytes, output_bytes, file_bytes;
    uint64_t processes; /* 0: no limit */
    uint32_t uid, gid;  /* BW_EXEC_SAME_USER */
    uint32_t words;     /* of argv */
    uint32_t variables; /* of the environment, NAME=VALUE */
};

enum bw_exec_end {
    BW_EXEC_RUNS,           /* not yet: output so far */
    BW_EXEC_EXITED,         /* value: exit code */
    BW_EXEC_SIGNALLED,      /* value: signal */
    BW_EXEC_TOO_MUCH,       /* it wrote more than it may; it is being ended */
    BW_EXEC_MISSING,        /* no such file */
    BW_EXEC_DIRECTORY,      /* the path is a directory */
    BW_EXEC_NOT_EXECUTABLE, /* no permission to run it */
    BW_EXEC_NOT_A_PROGRAM,  /* neither ELF nor #! */
    BW_EXEC_NO_INTERPRETER, /* what stands behind #!, or the dynamic linker, is missing */
    BW_EXEC_NO_USER,        /* it cannot become the user: errno `value` */
    BW_EXEC_NO_FOLDER,      /* it cannot enter its folder: errno `value` */
    BW_EXEC_FAILED,         /* execve() gave errno `value` */
    BW_EXEC_REFUSED,        /* no process or pipe for it: errno `value` */
    BW_EXEC_LOST,           /* its guard or the helper was killed */
};

struct bw_exec_report {
    uint64_t id;
    int32_t end; /* enum bw_exec_end; after any but RUNS nothing follows */
    int32_t value;
    uint32_t out_bytes, err_bytes;
};

/* The helper's whole life; returns the process's exit code. */
int bw_exec_helper_run(void);

#endif
