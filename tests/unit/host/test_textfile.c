// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/bw-textfile-XXXXXX";

static void put(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void take_away(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(unlink(path), 0);
}

static struct bw_host *a_host(void **state)
{
    return *state;
}

/* One reading; what it says goes into *m. */
static enum bw_rc read_files(struct bw_host *host, struct bw_arena *arena, struct bw_measures *m,
                             struct bw_err *err)
{
    static const char *const names[] = { "textfile" };
    const struct bw_strings collectors = { names, 1 };
    bw_arena_init(arena);
    bw_measures_init(m, arena);
    return bw_host_sample(host, &collectors, m, err);
}

static double value_of(const struct bw_measures *m, const char *name)
{
    enum bw_family_id id;
    double value = -1;
    if (!bw_family_by_name(name, &id) || !bw_measures_value(m, id, NULL, &value))
        return -1;
    return value;
}

static void files_are_shown_with_their_time(void **state)
{
    struct bw_arena arena;
    struct bw_measures m;
    struct bw_err err = { 0 };
    put("b.prom", "# TYPE f_raid gauge\nf_raid{disk=\"a\"} 1\nf_raid{disk=\"b\"} 0\n");
    put("a.prom", "f_backup_ok 1\n");
    put("c.prom.tmp", "not for us");
    put(".d.prom", "neither is this");
    if (read_files(a_host(state), &arena, &m, &err) != BW_OK)
        fail_msg("%s", err.text);
    assert_true(value_of(&m, "f_backup_ok") == 1);
    assert_true(value_of(&m, "f_raid") == 1);
    assert_true(value_of(&m, "node_textfile_scrape_error") == 0);
    assert_true(value_of(&m, "node_textfile_mtime_seconds") > 1e9);
    assert_true(value_of(&m, "node_scrape_collector_success") == 1);
    assert_int_equal(m.count, 3 + 2 + 1 + 2);
    bw_arena_fini(&arena);
}

static void a_broken_file_is_told_and_the_others_stay(void **state)
{
    struct bw_arena arena;
    struct bw_measures m;
    struct bw_err err = { 0 };
    put("aa.prom", "f_half 1\nf_broken");
    assert_int_equal(read_files(a_host(state), &arena, &m, &err), BW_EINVAL);
    assert_non_null(strstr(err.text, "collector textfile: /tmp/bw-textfile-"));
    assert_non_null(strstr(err.text, "aa.prom: line 2: the text ends within a line"));
    assert_true(value_of(&m, "f_backup_ok") == 1);
    assert_true(value_of(&m, "f_half") == -1);
    assert_true(value_of(&m, "node_textfile_scrape_error") == 1);
    assert_true(value_of(&m, "node_scrape_collector_success") == 0);
    take_away("aa.prom");
    bw_arena_fini(&arena);
}

static void what_is_no_file_is_told_and_not_waited_for(void **state)
{
    struct bw_arena arena;
    struct bw_measures m;
    struct bw_err err = { 0 };
    char path[128];
    snprintf(path, sizeof path, "%s/pipe.prom", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(read_files(a_host(state), &arena, &m, &err), BW_EINVAL);
    assert_non_null(strstr(err.text, "pipe.prom is not a regular file"));
    assert_true(value_of(&m, "f_backup_ok") == 1);
    take_away("pipe.prom");
    bw_arena_fini(&arena);
}

static void our_own_metrics_cannot_be_replaced(void **state)
{
    struct bw_arena arena;
    struct bw_measures m;
    struct bw_err err = { 0 };
    put("evil.prom", "node_load1 99\nf_good 1\n");
    assert_int_equal(read_files(a_host(state), &arena, &m, &err), BW_EEXISTS);
    assert_true(value_of(&m, "node_load1") == -1);
    assert_true(value_of(&m, "f_good") == 1);
    assert_true(value_of(&m, "node_textfile_scrape_error") == 1);
    take_away("evil.prom");
    bw_arena_fini(&arena);
}

static void types_must_agree_between_files(void **state)
{
    struct bw_arena arena;
    struct bw_measures m;
    struct bw_err err = { 0 };
    put("z.prom", "# TYPE f_raid counter\nf_raid{disk=\"z\"} 1\n");
    assert_int_equal(read_files(a_host(state), &arena, &m, &err), BW_EINVAL);
    assert_non_null(strstr(err.text, "z.prom: line 1: f_raid has another type already"));
    assert_true(value_of(&m, "f_raid") == 1);
    take_away("z.prom");
    bw_arena_fini(&arena);
}

static void a_filter_for_the_collector_shows_what_was_read(void **state)
{
    (void)state;
    static const char *const names[] = { "textfile" };
    struct bw_arena arena;
    struct bw_family_filter filter;
    bool mine = false, own = false;
    bw_arena_init(&arena);
    assert_int_equal(bw_sampler_filter(names, 1, &arena, &filter, NULL), BW_OK);
    for (size_t i = 0; i < filter.count; i++) {
        mine = mine || strcmp(filter.prefixes[i], "f_raid") == 0;
        own = own || strcmp(filter.prefixes[i], "node_textfile_") == 0;
    }
    assert_true(mine && own);
    bw_arena_fini(&arena);
}

static void a_folder_that_is_gone_is_told(void **state)
{
    struct bw_arena arena;
    struct bw_measures m;
    struct bw_err err = { 0 };
    bw_host_set_textfile_folder(a_host(state), "/nonexistent/folder");
    assert_int_equal(read_files(a_host(state), &arena, &m, &err), BW_EIO);
    assert_true(value_of(&m, "node_textfile_scrape_error") == 1);
    bw_arena_fini(&arena);
    bw_host_set_textfile_folder(a_host(state), NULL);
    assert_int_equal(read_files(a_host(state), &arena, &m, &err), BW_OK);
    assert_true(value_of(&m, "node_textfile_scrape_error") == 0);
    bw_arena_fini(&arena);
    bw_host_set_textfile_folder(a_host(state), folder);
}

static int set_up(void **state)
{
    assert_non_null(mkdtemp(folder));
    struct bw_host *host = bw_host_new(NULL);
    bw_host_set_textfile_folder(host, folder);
    *state = host;
    return 0;
}

static int tear_down(void **state)
{
    bw_host_free(*state);
    static const char *const left[] = { "a.prom", "b.prom", "c.prom.tmp", ".d.prom" };
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        take_away(left[i]);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_shown_with_their_time),
        cmocka_unit_test(a_broken_file_is_told_and_the_others_stay),
        cmocka_unit_test(what_is_no_file_is_told_and_not_waited_for),
        cmocka_unit_test(our_own_metrics_cannot_be_replaced),
        cmocka_unit_test(types_must_agree_between_files),
        cmocka_unit_test(a_filter_for_the_collector_shows_what_was_read),
        cmocka_unit_test(a_folder_that_is_gone_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
