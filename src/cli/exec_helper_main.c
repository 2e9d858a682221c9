// SPDX-License-Identifier: GPL-3.0-or-later
/* `bellwether exec-helper` as a program of its own, beside bellwether. It needs libc alone: to
 * load bellwether's libraries takes ten times the processor time of a small plugin. */
#include "probe/exec_helper.h"

int main(int argc, char **argv)
{
    const char *const *words = (const char *const *)argv;
    return argc < 4 ? 125 : bw_exec_helper_run((size_t)argc - 3, words + 3);
}
