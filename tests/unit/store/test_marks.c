// SPDX-License-Identifier: GPL-3.0-or-later
/* Markers that somebody sets: on disk when it is answered, taken back by their number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "store/marks.h"

#include <string.h>

static const struct bw_event deploy = { .ts_ms = T0,
                                        .kind = BW_EVENT_MARKER,
                                        .subject = { "shop", "", "" },
                                        .name = "deploy",
                                        .to = BW_MARKER_SET,
                                        .cause = "1.4" };

static bool note_event(void *ctx, const struct bw_event *event)
{
    struct bw_event *out = ctx;
    *out = *event;
    out->name = strcmp(event->name, "deploy") == 0 ? deploy.name : "another";
    return true;
}

static void a_marker_is_on_disk_when_it_is_answered(void **state)
{
    struct fixture *f = *state;
    struct bw_reader *reader;
    struct bw_event got = { .id = 0 };
    const struct bw_event_filter filter = { .kind = BW_EVENT_MARKER };
    int64_t first = 0, second = 0;
    fixture_open(f);
    assert_int_equal(bw_store_set_marker(f->store, &deploy, &first, NULL), BW_OK);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM event WHERE cause='1.4'"), 1);
    /* Numbers rise, with those of events that come the usual way between them. */
    assert_true(bw_store_put_event(f->store, &deploy));
    assert_int_equal(bw_store_set_marker(f->store, &deploy, &second, NULL), BW_OK);
    assert_true(first > 0 && second == first + 2);
    fixture_flush(f);
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    assert_int_equal(bw_reader_events(reader, &filter, note_event, &got, NULL, NULL), BW_OK);
    bw_reader_close(reader);
    assert_int_equal(got.id, first); /* newest first: the last one told */
    assert_int_equal(got.ts_ms, T0);
    assert_ptr_equal(got.name, deploy.name);
    assert_int_equal(got.to, BW_MARKER_SET);
}

static void only_what_was_set_is_taken_back(void **state)
{
    struct fixture *f = *state;
    struct bw_event found = deploy, status = deploy;
    struct bw_err err;
    int64_t id = 0, found_id = 0, status_id = 0;
    found.to = 0;
    status.kind = BW_EVENT_STATUS;
    fixture_open(f);
    assert_int_equal(bw_store_set_marker(f->store, &deploy, &id, NULL), BW_OK);
    assert_int_equal(bw_store_set_marker(f->store, &found, &found_id, NULL), BW_OK);
    assert_int_equal(bw_store_set_marker(f->store, &status, &status_id, NULL), BW_OK);
    assert_int_equal(bw_store_drop_marker(f->store, found_id, &err), BW_EDENIED);
    assert_int_equal(bw_store_drop_marker(f->store, status_id, &err), BW_ENOTFOUND);
    assert_int_equal(bw_store_drop_marker(f->store, 999999, &err), BW_ENOTFOUND);
    assert_int_equal(bw_store_drop_marker(f->store, id, &err), BW_OK);
    assert_int_equal(bw_store_drop_marker(f->store, id, &err), BW_ENOTFOUND);
    fixture_close(f);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM event WHERE cause='1.4'"), 2);
    /* Its number is not given again, nor after a restart. */
    fixture_open(f);
    int64_t next = 0;
    assert_int_equal(bw_store_set_marker(f->store, &deploy, &next, NULL), BW_OK);
    assert_true(next > status_id);
}

static void a_note_says_what_was_there_before(void **state)
{
    struct fixture *f = *state;
    struct bw_arena arena = { 0 };
    const char *old = "x";
    fixture_open(f);
    assert_int_equal(bw_store_note(f->store, "boot", "a", &arena, &old, NULL), BW_OK);
    assert_null(old);
    assert_int_equal(bw_store_note(f->store, "boot", "it's b", &arena, &old, NULL), BW_OK);
    assert_string_equal(old, "a");
    fixture_close(f);
    fixture_open(f);
    assert_int_equal(bw_store_note(f->store, "boot", "c", &arena, &old, NULL), BW_OK);
    assert_string_equal(old, "it's b");
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_marker_is_on_disk_when_it_is_answered, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(only_what_was_set_is_taken_back, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_note_says_what_was_there_before, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
