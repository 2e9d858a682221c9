// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/control.h"

#include "fixture.h"
#include "store/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct scene {
    struct bench bench;
    struct bw_control *control;
};

static int open_scene(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    bench_make(&scene->bench, "", true);
    scene->control = bw_control_new();
    bw_control_set_store(scene->control, scene->bench.core.store);
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    bw_control_free(scene->control);
    bench_remove(&scene->bench);
    free(scene);
    return 0;
}

static enum bw_rc ask(struct scene *scene, const struct bw_store_order *order, struct bw_buf *out,
                      struct bw_err *err)
{
    bw_buf_init(out, 1u << 20);
    err->text[0] = '\0';
    return bw_control_change(scene->control, order, out, err);
}

/* A part of an import; the answer has these words. id NULL: a first one; its id comes back. */
static void import(struct scene *scene, char id[17], bool last, const char *text, const char *want)
{
    const struct bw_store_order order = { .change = BW_CHANGE_IMPORT,
                                          .id = id[0] != '\0' ? id : NULL,
                                          .last = last,
                                          .text = text,
                                          .size = strlen(text) };
    struct bw_buf out;
    struct bw_err err;
    if (ask(scene, &order, &out, &err) != BW_OK)
        fail_msg("%s: %s", text, err.text);
    if (strstr(out.data, want) == NULL)
        fail_msg("%s: answered %s, want %s", text, out.data, want);
    snprintf(id, 17, "%.16s", strstr(out.data, "\"id\":\"") + 6);
    bw_buf_fini(&out);
}

static void expect_refused(struct scene *scene, const struct bw_store_order *order, enum bw_rc want)
{
    struct bw_buf out;
    struct bw_err err;
    assert_int_equal(ask(scene, order, &out, &err), want);
    assert_true(err.text[0] != '\0');
    bw_buf_fini(&out);
}

static bool count_series(void *ctx, const struct bw_series_info *series)
{
    (void)series;
    ++*(int *)ctx;
    return true;
}

static void expect_series(struct scene *scene, int want)
{
    struct bw_reader *reader = NULL;
    int count = 0;
    bench_flush(&scene->bench);
    assert_int_equal(bw_reader_open(folder_file(&scene->bench.folder, "data.db"), &reader, NULL),
                     BW_OK);
    assert_int_equal(bw_reader_series(reader, NULL, count_series, &count, NULL, NULL), BW_OK);
    bw_reader_close(reader);
    assert_int_equal(count, want);
}

/* Lines are counted over all parts, and end where they end. */
static void an_import_comes_in_parts(void **state)
{
    struct scene *scene = *state;
    char id[17] = "", other[17] = "";
    import(scene, id, false, "", "\"samples\":0");
    strcpy(other, id);
    import(scene, other, false, "a 1 1700000000\nnonsense\na 2 1700000015\nb{x=\"y\"} ",
           "\"line\":2");
    assert_string_equal(other, id);
    import(scene, id, true, "7 1700000000\n",
           "\"done\":true,\"series\":2,\"samples\":3,\"added\":3,\"present\":0,\"replaced\":0");
    expect_series(scene, 2);
    id[0] = '\0';
    import(scene, id, true, "a 1 1700000000\na 3 1700000015\n",
           "\"added\":0,\"present\":1,\"replaced\":1");
}

static void one_change_at_a_time(void **state)
{
    struct scene *scene = *state;
    char id[17] = "";
    import(scene, id, false, "a 1 1700000000\n", "\"done\":false");
    const struct bw_store_order begun[] = {
        { .change = BW_CHANGE_IMPORT, .text = "" },
        { .change = BW_CHANGE_COMPACT },
        { .change = BW_CHANGE_DELETE },
    };
    for (size_t i = 0; i < sizeof begun / sizeof *begun; i++)
        expect_refused(scene, &begun[i], BW_EBUSY);
    const struct bw_store_order strange[] = {
        { .change = BW_CHANGE_IMPORT, .id = "0123456789abcdef", .text = "" },
        { .change = BW_CHANGE_COMPACT, .id = id },
    };
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        expect_refused(scene, &strange[i], BW_ENOTFOUND);
    bw_control_rest(scene->control); /* not for long enough */
    import(scene, id, true, "", "\"done\":true");
    const struct bw_store_order ended = {
        .change = BW_CHANGE_IMPORT, .id = id, .text = "", .last = true
    };
    expect_refused(scene, &ended, BW_ENOTFOUND);
}

static void merging_goes_on_until_it_is_done(void **state)
{
    struct scene *scene = *state;
    char id[17] = "";
    import(scene, id, true, "a 1 1700000000\n", "\"packs\":1");
    struct bw_store_order order = { .change = BW_CHANGE_COMPACT };
    for (int i = 0;; i++) {
        struct bw_buf out;
        struct bw_err err;
        assert_true(i < 1000);
        assert_int_equal(ask(scene, &order, &out, &err), BW_OK);
        const bool done = strstr(out.data, "\"done\":true") != NULL;
        assert_true(!done || strstr(out.data, "\"packs_merged\":1,\"packs_written\":1") != NULL);
        snprintf(id, sizeof id, "%.16s", strstr(out.data, "\"id\":\"") + 6);
        order.id = id;
        bw_buf_fini(&out);
        if (done)
            break;
    }
    expect_refused(scene, &order, BW_ENOTFOUND);
}

static void merging_that_is_given_up_is_in_nobodys_way(void **state)
{
    struct scene *scene = *state;
    char id[17] = "";
    struct bw_store_order order = { .change = BW_CHANGE_COMPACT, .last = true };
    struct bw_buf out;
    struct bw_err err;
    import(scene, id, true, "a 1 1700000000\n", "\"packs\":1");
    assert_int_equal(ask(scene, &order, &out, &err), BW_OK);
    assert_non_null(strstr(out.data, "\"done\":false"));
    snprintf(id, sizeof id, "%.16s", strstr(out.data, "\"id\":\"") + 6);
    bw_buf_fini(&out);
    order = (struct bw_store_order){ .change = BW_CHANGE_COMPACT, .id = id };
    expect_refused(scene, &order, BW_ENOTFOUND);
    id[0] = '\0';
    import(scene, id, true, "b 1 1700000000\n", "\"packs\":1");
}

static void all_series_need_a_word_more(void **state)
{
    struct scene *scene = *state;
    char id[17] = "";
    const struct bw_matcher a = { "__name__", BW_MATCH_EQUAL, "a" };
    const struct bw_selector one = { &a, 1 }, any = { &a, 0 };
    struct bw_store_order order = { .change = BW_CHANGE_DELETE, .selector = &any };
    struct bw_buf out;
    struct bw_err err;
    import(scene, id, true, "a 1 1700000000\nb 1 1700000000\n", "\"series\":2");
    expect_refused(scene, &order, BW_ELIMIT);
    expect_series(scene, 2);
    order.selector = &one;
    assert_int_equal(ask(scene, &order, &out, &err), BW_OK);
    assert_string_equal(out.data, "{\"series\":1}");
    bw_buf_fini(&out);
    expect_series(scene, 1);
    order = (struct bw_store_order){ .change = BW_CHANGE_DELETE, .selector = &any, .all = true };
    assert_int_equal(ask(scene, &order, &out, &err), BW_OK);
    bw_buf_fini(&out);
    expect_series(scene, 0);
}

static void without_a_store_nothing_is_changed(void **state)
{
    struct scene *scene = *state;
    const struct bw_store_order order = { .change = BW_CHANGE_COMPACT };
    bw_control_set_store(scene->control, NULL);
    expect_refused(scene, &order, BW_EBUSY);
}

int main(void)
{
#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)
    const struct CMUnitTest tests[] = {
        IN_SCENE(an_import_comes_in_parts),
        IN_SCENE(one_change_at_a_time),
        IN_SCENE(merging_goes_on_until_it_is_done),
        IN_SCENE(all_series_need_a_word_more),
        IN_SCENE(without_a_store_nothing_is_changed),
        IN_SCENE(merging_that_is_given_up_is_in_nobodys_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
