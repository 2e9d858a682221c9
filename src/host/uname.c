// SPDX-License-Identifier: GPL-3.0-or-later
/* The name of the kernel: uname(2). */
#include "host/host.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    (void)host;
    struct utsname name;
    if (uname(&name) != 0)
        return bw_fail(err, BW_EIO, "uname: %s", strerror(errno));
    bw_measures_add(out, BW_METRIC_NODE_UNAME_INFO, 1,
                    BW_LABEL_VALUES(name.sysname, name.release, name.version, name.machine,
                                    name.nodename, name.domainname));
    return BW_OK;
}

const struct bw_sampler_ops bw_sampler_uname = {
    .name = "uname",
    .summary = "Name, release and version of the kernel.",
    .prefixes = { "node_uname_" },
    .sample = sample,
};
