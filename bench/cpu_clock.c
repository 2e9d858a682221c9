// SPDX-License-Identifier: GPL-3.0-or-later
/* The processor time of other processes: user and system, of all their threads, ended ones too.
 * Usage: cpu_clock PID...; prints the sum in nanoseconds. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long long cpu_ns(const char *pid)
{
    clockid_t id;
    struct timespec t;
    const long number = strtol(pid, NULL, 10);
    if (number <= 0 || clock_getcpuclockid((pid_t)number, &id) != 0 || clock_gettime(id, &t) != 0) {
        fprintf(stderr, "cpu_clock: there is no process %s\n", pid);
        exit(1);
    }
    return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

int main(int argc, char **argv)
{
    long long sum = 0;
    for (int i = 1; i < argc; i++)
        sum += cpu_ns(argv[i]);
    printf("%lld\n", sum);
    return 0;
}
