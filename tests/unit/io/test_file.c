// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/bw-file-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int drop_folder(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static size_t entries(const char *path)
{
    size_t count = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count - 2;
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    char *data = NULL;
    size_t len = 0;
    struct bw_err err;
    assert_int_equal(bw_file_write(folder, "a", "one\0two", 7, 0600, &err), BW_OK);
    assert_int_equal(bw_file_read(folder, "a", 7, &data, &len, &err), BW_OK);
    assert_int_equal(len, 7);
    assert_memory_equal(data, "one\0two", 8); /* with the NUL after it */
    free(data);
    assert_int_equal(bw_file_write(folder, "a", "", 0, 0644, &err), BW_OK);
    assert_int_equal(bw_file_read(folder, "a", 0, &data, &len, &err), BW_OK);
    assert_int_equal(len, 0);
    free(data);
    char path[64];
    snprintf(path, sizeof path, "%s/a", folder);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0644);
    assert_int_equal(entries(folder), 1); /* no temporary file stays */
}

static void large_files_are_read_whole_or_refused(void **state)
{
    (void)state;
    static char big[100000];
    memset(big, 'x', sizeof big);
    char *data = NULL;
    size_t len = 0;
    struct bw_err err;
    assert_int_equal(bw_file_write(folder, "big", big, sizeof big, 0644, &err), BW_OK);
    assert_int_equal(bw_file_read(folder, "big", sizeof big, &data, &len, &err), BW_OK);
    assert_int_equal(len, sizeof big);
    assert_memory_equal(data, big, sizeof big);
    free(data);
    assert_int_equal(bw_file_read(folder, "big", sizeof big - 1, &data, &len, &err), BW_ELIMIT);
    int fd = -1;
    char first = 0;
    assert_int_equal(bw_file_open(folder, "big", sizeof big - 1, &fd, &len, &err), BW_ELIMIT);
    assert_int_equal(bw_file_open(folder, "nothing", 10, &fd, &len, &err), BW_ENOTFOUND);
    assert_int_equal(bw_file_open(NULL, folder, 10, &fd, &len, &err), BW_EINVAL);
    assert_int_equal(fd, -1);
    assert_int_equal(bw_file_open(folder, "big", sizeof big, &fd, &len, &err), BW_OK);
    assert_int_equal(len, sizeof big);
    assert_int_equal(read(fd, &first, 1), 1);
    assert_int_equal(first, 'x');
    close(fd);
}

static void failures_have_their_code(void **state)
{
    (void)state;
    char *data = NULL;
    struct bw_err err;
    assert_int_equal(bw_file_read(folder, "missing", 10, &data, NULL, &err), BW_ENOTFOUND);
    assert_non_null(strstr(err.text, "missing"));
    assert_int_equal(bw_file_read(NULL, folder, 10, &data, NULL, &err), BW_EINVAL);
    char fifo[64];
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(bw_file_read(NULL, fifo, 10, &data, NULL, &err), BW_EINVAL);
    assert_int_equal(bw_file_write(folder, "no/such/place", "x", 1, 0644, &err), BW_ENOTFOUND);
    assert_null(data);
}

static void a_failed_replacement_leaves_the_old_file(void **state)
{
    (void)state;
    struct bw_err err;
    char path[64];
    snprintf(path, sizeof path, "%s/taken", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    size_t before = entries(folder);
    assert_int_not_equal(bw_file_write(folder, "taken", "x", 1, 0644, &err), BW_OK);
    assert_int_equal(entries(folder), before);
}

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    struct bw_err err;
    char path[64];
    snprintf(path, sizeof path, "%s/x/y/z", folder);
    assert_int_equal(bw_file_make_folder(path, &err), BW_OK);
    assert_int_equal(bw_file_make_folder(path, &err), BW_OK);
    snprintf(path, sizeof path, "%s/a", folder);
    assert_int_equal(bw_file_make_folder(path, &err), BW_EEXISTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(large_files_are_read_whole_or_refused),
        cmocka_unit_test(failures_have_their_code),
        cmocka_unit_test(a_failed_replacement_leaves_the_old_file),
        cmocka_unit_test(folders_are_made_with_their_parents),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
