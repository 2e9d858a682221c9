// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is written to standard error meanwhile. */
static FILE *caught;
static int kept = -1;

static void catch (void)
{
    fflush(stderr);
    caught = tmpfile();
    assert_non_null(caught);
    kept = dup(STDERR_FILENO);
    dup2(fileno(caught), STDERR_FILENO);
}

static void release(char *out, size_t size)
{
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(caught);
    out[fread(out, 1, size - 1, caught)] = '\0';
    fclose(caught);
}

static void nobody_looks_nothing_is_drawn(void **state)
{
    (void)state;
    char text[400];
    catch ();
    struct bw_progress progress = bw_progress_begin(); /* a file is no terminal */
    bw_progress_show(&progress, 50, 100);
    bw_progress_hide(&progress);
    release(text, sizeof text);
    assert_string_equal(text, "");
}

static void a_bar_grows_and_goes(void **state)
{
    (void)state;
    char text[400];
    catch ();
    struct bw_progress progress = { .shown = true, .percent = -1 };
    bw_progress_hide(&progress); /* nothing is there to take away */
    bw_progress_show(&progress, 512, 1024);
    bw_progress_show(&progress, 513, 1024); /* the same percent: not drawn again */
    bw_progress_show(&progress, 1024, 1024);
    bw_progress_hide(&progress);
    bw_progress_show(&progress, 3 << 20, 0); /* of nobody knows how much */
    release(text, sizeof text);
    assert_string_equal(text, "\r[###############...............]  50 % of 1 KiB\x1b[K"
                              "\r[##############################] 100 % of 1 KiB\x1b[K"
                              "\r\x1b[K\r3 MiB\x1b[K");
}

static void what_is_counted_has_a_name(void **state)
{
    (void)state;
    char text[400];
    catch ();
    struct bw_progress progress = { .shown = true, .percent = -1, .unit = "analyses" };
    bw_progress_show(&progress, 5, 20);
    release(text, sizeof text);
    assert_non_null(strstr(text, " 25 % of 20 analyses"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_looks_nothing_is_drawn),
        cmocka_unit_test(a_bar_grows_and_goes),
        cmocka_unit_test(what_is_counted_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
