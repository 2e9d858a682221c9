// SPDX-License-Identifier: GPL-3.0-or-later
#include "discover/kept.h"

#include "base/limits.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], inner[80];
static const struct bw_kept_lists kept = { inner, "store.db" };

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s", "/tmp/bw_kept_XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(inner, sizeof inner, "%s/in", folder);
    return 0;
}

/* How many files there are; `path` is one of them. */
static size_t count_files(char *path, size_t size)
{
    size_t count = 0;
    DIR *dir = opendir(inner);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, size, "%s/%s", inner, entry->d_name);
        count++;
    }
    if (dir != NULL)
        closedir(dir);
    return count;
}

static int remove_folder(void **state)
{
    (void)state;
    char path[512];
    while (count_files(path, sizeof path) > 0)
        unlink(path);
    rmdir(inner);
    return rmdir(folder);
}

static void put_bytes(const char *name, const void *bytes, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", inner, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static enum bw_rc keep_text(const char *source, const char *text)
{
    struct bw_arena arena = { 0 };
    struct bw_target_list list = { 0 };
    struct bw_err err;
    const struct bw_label found = { "__meta_url", "http://sd/" };
    assert_int_equal(
        bw_target_list_read(&arena, BW_LIST_JSON, text, strlen(text), found, &list, &err), BW_OK);
    const enum bw_rc rc = bw_kept_list_write(&kept, source, &list, &err);
    bw_arena_fini(&arena);
    return rc;
}

/* What is kept, as text; "-" for nothing, "damaged". */
static void expect_kept(const char *source, const char *want)
{
    struct bw_arena arena = { 0 };
    struct bw_target_list list = { 0 };
    struct bw_err err;
    struct bw_buf out;
    bw_buf_init(&out, 4096);
    const enum bw_rc rc = bw_kept_list_read(&kept, source, &arena, &list, &err);
    if (rc != BW_OK)
        bw_buf_text(&out, rc == BW_ENOTFOUND ? "-" : "damaged");
    for (size_t i = 0; i < list.count; i++)
        bw_series_text(&out, "", list.items[i]);
    assert_string_equal(out.data, want);
    bw_buf_fini(&out);
    bw_arena_fini(&arena);
}

#define META "__meta_url=\"http://sd/\""

static void a_list_is_there_again(void **state)
{
    (void)state;
    expect_kept("http a", "-");
    assert_int_equal(keep_text("http a", "[{\"targets\":[\"a:1\",\"\xc3\xbc:2\"],\"labels\":"
                                         "{\"t\":\"\\\"x\\\\\\n\"}},{\"targets\":[\"c\"]}]"),
                     BW_OK);
    expect_kept("http a", "{__address__=\"a:1\"," META ",t=\"\\\"x\\\\\\n\"}"
                          "{__address__=\"\xc3\xbc:2\"," META ",t=\"\\\"x\\\\\\n\"}"
                          "{__address__=\"c\"," META "}");
    expect_kept("http b", "-");
    assert_int_equal(keep_text("http a", "[]"), BW_OK); /* nobody is something, too */
    expect_kept("http a", "");
}

/* As many labels as a target may bring, and where it was found besides. */
static void labels_up_to_the_limit_are_kept(void **state)
{
    (void)state;
    struct bw_buf text;
    bw_buf_init(&text, 65536);
    bw_buf_text(&text, "[{\"targets\":[\"a\"],\"labels\":{");
    for (unsigned i = 0; i < BW_DISCOVERED_LABELS_MAX; i++)
        bw_buf_printf(&text, "%s\"l%u\":\"v\"", i > 0 ? "," : "", i);
    bw_buf_text(&text, "}}]");
    assert_int_equal(keep_text("http a", text.data), BW_OK);
    bw_buf_fini(&text);

    struct bw_arena arena = { 0 };
    struct bw_target_list list = { 0 };
    struct bw_err err;
    assert_int_equal(bw_kept_list_read(&kept, "http a", &arena, &list, &err), BW_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].count, BW_DISCOVERED_LABELS_MAX + 2);
    bw_arena_fini(&arena);
}

static void damage_is_told_from_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } damaged[] = { { "", 0 },
                    { "[{\"targets\":[\"a:1\"", 18 },
                    { "\0\0\0\0", 4 },
                    { "{}", 2 },
                    { "[{\"targets\":[7]}]", 17 },
                    { "[{\"targets\":[\"a\"]},{\"targets\":[\"\xff\"]}]", 38 } };
    char path[512];
    assert_int_equal(keep_text("http a", "[{\"targets\":[\"a:1\"]}]"), BW_OK);
    assert_int_equal(count_files(path, sizeof path), 1);
    const char *name = strrchr(path, '/') + 1;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        put_bytes(name, damaged[i].bytes, damaged[i].size);
        expect_kept("http a", "damaged");
    }
    assert_int_equal(keep_text("http a", "[{\"targets\":[\"b\"]}]"), BW_OK);
    expect_kept("http a", "{__address__=\"b\"," META "}");
}

static void others_are_swept_away(void **state)
{
    (void)state;
    static const char *const stay[] = { "http b" };
    char path[512];
    assert_int_equal(keep_text("http a", "[{\"targets\":[\"a\"]}]"), BW_OK);
    assert_int_equal(count_files(path, sizeof path), 1);
    strcat(path, ".Ab12cd");
    put_bytes(strrchr(path, '/') + 1, "[", 1); /* a write that was cut short */
    assert_int_equal(keep_text("http b", "[{\"targets\":[\"b\"]}]"), BW_OK);
    put_bytes("other.db.0123456789abcdef.json", "[]", 2); /* of another store */
    put_bytes("store.db.note.json", "[]", 2);             /* somebody's */
    bw_kept_lists_sweep(&kept, stay, 1);
    expect_kept("http a", "-");
    expect_kept("http b", "{__address__=\"b\"," META "}");
    assert_int_equal(count_files(path, sizeof path), 3);
    bw_kept_lists_sweep(&kept, NULL, 0);
    assert_int_equal(count_files(path, sizeof path), 2);
}

static void a_folder_that_cannot_be_is_an_error(void **state)
{
    (void)state;
    struct bw_err err;
    const struct bw_target_list none = { 0 };
    const struct bw_kept_lists nowhere = { "/dev/null/lists", "store.db" };
    assert_int_not_equal(bw_kept_list_write(&nowhere, "http a", &none, &err), BW_OK);
    bw_kept_lists_sweep(&nowhere, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_list_is_there_again, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(labels_up_to_the_limit_are_kept, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(damage_is_told_from_nothing, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(others_are_swept_away, make_folder, remove_folder),
        cmocka_unit_test(a_folder_that_cannot_be_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
