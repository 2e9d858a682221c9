// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/proc.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static size_t count_descriptors(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static void a_file_is_read_anew_each_time_but_opened_once(void **state)
{
    (void)state;
    char folder[] = "/tmp/bw-proc-XXXXXX";
    assert_non_null(mkdtemp(folder));
    write_file(folder, "loadavg", "first");
    struct bw_proc *proc = bw_proc_new(folder);
    struct bw_span text;
    assert_int_equal(bw_proc_read(proc, "loadavg", &text, NULL), BW_OK);
    assert_true(bw_span_is(text, "first"));
    const size_t open_files = count_descriptors();
    write_file(folder, "loadavg", "second, longer");
    assert_int_equal(bw_proc_read(proc, "loadavg", &text, NULL), BW_OK);
    assert_true(bw_span_is(text, "second, longer"));
    assert_int_equal(count_descriptors(), open_files);

    struct bw_err err = { 0 };
    assert_int_equal(bw_proc_read(proc, "missing", &text, &err), BW_ENOTFOUND);
    assert_non_null(strstr(err.text, "/missing: No such file"));
    bw_proc_free(proc);
    char path[256];
    snprintf(path, sizeof path, "%s/loadavg", folder);
    unlink(path);
    rmdir(folder);
}

static void a_folder_is_no_file(void **state)
{
    (void)state;
    struct bw_proc *proc = bw_proc_new(BW_FIXTURES "/proc");
    struct bw_span text;
    struct bw_err err = { 0 };
    for (int i = 0; i < 50; i++)
        assert_int_equal(bw_proc_read(proc, "machine", &text, &err), BW_EIO);
    assert_non_null(strstr(err.text, "read "));
    bw_proc_free(proc);
}

static void a_piece_is_read_whole(void **state)
{
    (void)state;
    struct bw_proc *proc = bw_proc_new(BW_FIXTURES "/proc/machine");
    struct bw_span text;
    struct bw_buf whole;
    bw_buf_init(&whole, 1 << 16);
    assert_int_equal(bw_proc_read(proc, "meminfo", &text, NULL), BW_OK);
    bw_buf_bytes(&whole, text.data, text.len);
    assert_int_equal(bw_proc_read_piece(proc, "meminfo", &text, NULL), BW_OK);
    assert_int_equal(text.len, whole.len);
    assert_memory_equal(text.data, whole.data, whole.len);
    bw_buf_fini(&whole);
    bw_proc_free(proc);
}

/* Only the kernel's lists of mounts tell of changes; all else may have changed at any time. */
static void only_lists_of_mounts_say_that_they_are_the_same(void **state)
{
    (void)state;
    struct bw_proc *proc = bw_proc_new("/proc"), *files = bw_proc_new(BW_FIXTURES "/proc/machine");
    struct bw_span text;
    assert_false(bw_proc_is_unchanged(proc, "self/mounts")); /* not read yet */
    assert_int_equal(bw_proc_read(proc, "self/mounts", &text, NULL), BW_OK);
    bool unchanged = false; /* unless something is mounted on this machine just now, each time */
    for (int i = 0; i < 100 && !unchanged; i++)
        unchanged = bw_proc_is_unchanged(proc, "self/mounts");
    assert_true(unchanged);
    assert_int_equal(bw_proc_read(proc, "self/stat", &text, NULL), BW_OK);
    assert_false(bw_proc_is_unchanged(proc, "self/stat"));
    assert_int_equal(bw_proc_read(files, "self/mounts", &text, NULL), BW_OK);
    assert_false(bw_proc_is_unchanged(files, "self/mounts"));
    bw_proc_free(files);
    bw_proc_free(proc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_anew_each_time_but_opened_once),
        cmocka_unit_test(a_folder_is_no_file),
        cmocka_unit_test(a_piece_is_read_whole),
        cmocka_unit_test(only_lists_of_mounts_say_that_they_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
