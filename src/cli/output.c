// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/output.h"

#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The first thing that went wrong with standard output; 0: nothing. */
static int out_errno;

static void remember(int error)
{
    if (out_errno == 0)
        out_errno = error != 0 ? error : EIO;
}

static bool put(const char *bytes, size_t len)
{
    errno = 0;
    if (out_errno == 0 && fwrite(bytes, 1, len, stdout) != len)
        remember(errno);
    return out_errno == 0;
}

bool bw_out_buf(struct bw_buf *buf)
{
    if (bw_buf_failed(buf))
        remember(EFBIG);
    const bool ok = put(buf->data, buf->len);
    bw_buf_clear(buf);
    return ok;
}

bool bw_out_text(const char *text)
{
    return put(text, strlen(text));
}

int bw_out_finish(int code)
{
    errno = 0;
    if (out_errno == 0 && (fflush(stdout) != 0 || ferror(stdout)))
        remember(errno);
    if (out_errno == 0 || out_errno == EPIPE)
        return code;
    fprintf(stderr, "bellwether: standard output: %s; what was shown is not complete\n",
            strerror(out_errno));
    return BW_EXIT_FAILED;
}

void bw_out_count(struct bw_buf *out, uint64_t count, const char *one, const char *many)
{
    bw_buf_uint(out, count);
    bw_buf_char(out, ' ');
    bw_buf_text(out, count == 1 ? one : many);
}
