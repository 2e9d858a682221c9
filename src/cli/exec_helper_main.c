// SPDX-License-Identifier: GPL-3.0-or-later
/* `bellwether exec-helper` as a program of its own, beside bellwether. It needs libc alone: to
 * load bellwether's libraries takes ten times the processor time of a small plugin. */
#include "probe/exec_helper.h"

int main(void)
{
    return bw_exec_helper_run();
}
