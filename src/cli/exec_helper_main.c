// SPDX-License-Identifier: GPL-3.0-or-later
/* `bellwether exec-helper` as a program of its own, beside bellwether. It needs libc alone: to
 * load bellwether's libraries takes ten times the processor time of a small plugin. */
#include "probe/exec_helper.h"

#include <unistd.h>

int main(void)
{
    /* Not by return: there is nothing to flush, the daemon waits, and a sanitizer that looks for
     * leaks at the end may wait for ever where signals are held. */
    _exit(bw_exec_helper_run());
}
