// SPDX-License-Identifier: GPL-3.0-or-later
#include "discover/discover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s", "/tmp/bw_discover_XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    remove_file("a.json");
    remove_file("b.yml");
    return rmdir(folder);
}

/* Addresses of what is found now, one after the other, after what was found before. */
static enum bw_rc ask(struct bw_arena *arena, struct bw_target_list *list, char addresses[256],
                      struct bw_err *err)
{
    static const char *const patterns[] = { "*.json", "b.yml", "none.json" };
    static const bool never;
    const struct bw_discovery_spec spec = { .kind = BW_DISCOVERY_FILE,
                                            .from = { patterns, 3 },
                                            .folder = folder };
    struct bw_target_list out;
    const enum bw_rc rc = bw_discovery_ask(&spec, list, &never, arena, &out, err);
    *list = out;
    addresses[0] = '\0';
    for (size_t i = 0; i < out.count; i++) {
        strcat(addresses, bw_labels_value(out.items[i], "__address__"));
        strcat(addresses, " ");
    }
    return rc;
}

static void a_file_that_is_wrong_keeps_its_targets(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_target_list list = { 0 };
    struct bw_err err = { .text = "" };
    char have[256], want[128];
    write_file("a.json", "[{\"targets\":[\"a:1\"]}]");
    write_file("b.yml", "- targets: ['b:1', 'b:2']\n");
    assert_int_equal(ask(&arena, &list, have, &err), BW_OK);
    assert_string_equal(have, "a:1 b:1 b:2 ");
    snprintf(want, sizeof want, "%s/a.json", folder);
    assert_string_equal(bw_labels_value(list.items[0], "__meta_filepath"), want);
    /* One is wrong, the other has changed: both hold. */
    write_file("a.json", "[{\"targets\":");
    write_file("b.yml", "- targets: ['b:3']\n");
    assert_int_equal(ask(&arena, &list, have, &err), BW_EINVAL);
    assert_string_equal(have, "a:1 b:3 ");
    assert_non_null(strstr(err.text, "/a.json: line 1: "));
    /* What has gone has no targets. */
    remove_file("a.json");
    assert_int_equal(ask(&arena, &list, have, &err), BW_OK);
    assert_string_equal(have, "b:3 ");
    bw_arena_fini(&arena);
}

static void patterns_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        bool good;
    } cases[] = { { "a.json", true },   { "/x/*.yml", true },  { "x/a*.yaml", true },
                  { "a.txt", false },   { "*/a.json", false }, { "x/*a*.json", false },
                  { "a.json/b", false } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_err err;
        if ((bw_discovery_check(BW_DISCOVERY_FILE, cases[i].pattern, &err) == BW_OK)
            != cases[i].good)
            fail_msg("%s", cases[i].pattern);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_that_is_wrong_keeps_its_targets, make_folder,
                                        remove_folder),
        cmocka_unit_test(patterns_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
