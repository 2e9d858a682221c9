// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/units.h"
#include "probe/trail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    struct bw_trail trail;
    struct bw_probe_outcome out;
    struct bw_probe_result result;
    struct bw_mask mask;
    struct bw_buf told;
};

static int begin(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    s->trail.start_ns = s->trail.last_ns = bw_loop_mono_ns();
    s->out.trail = &s->trail;
    s->result = (struct bw_probe_result){ .reason = BW_REASON_HTTP_STATUS, .detail = "status 500" };
    bw_buf_init(&s->told, 2 * BW_TRANSCRIPT_BYTES_MAX);
    *state = s;
    return 0;
}

static int end(void **state)
{
    struct scene *s = *state;
    bw_buf_fini(&s->told);
    bw_mask_fini(&s->mask);
    free(s->trail.notes);
    free(s);
    return 0;
}

static const char *tell(struct scene *s)
{
    bw_buf_clear(&s->told);
    bw_trail_tell(&s->trail, &s->mask, &s->result, &s->told);
    assert_false(bw_buf_failed(&s->told));
    assert_true(s->told.len <= BW_TRANSCRIPT_BYTES_MAX);
    return s->told.data;
}

static void note(struct scene *s, enum bw_trail_kind kind, const char *text)
{
    bw_trail_add(&s->out, kind, text, strlen(text));
}

static void notes_are_told_in_order(void **state)
{
    struct scene *s = *state;
    struct bw_trail_peer peer = { .port = 443 };
    assert_true(bw_address_parse("192.0.2.7", &peer.address));
    note(s, BW_TRAIL_LOOKUP, "example.com");
    bw_trail_add(&s->out, BW_TRAIL_ADDRESSES, &peer.address, sizeof peer.address);
    bw_trail_add(&s->out, BW_TRAIL_CONNECT, &peer, sizeof peer);
    note(s, BW_TRAIL_SENT, "GET / HTTP/1.1");
    note(s, BW_TRAIL_HEARD, "HTTP/1.1 500 No\r\n");
    note(s, BW_TRAIL_HEARD, "\r\n");
    note(s, BW_TRAIL_BODY, "one\n\x1b[31mtwo\n");
    bw_trail_say_at(&s->out, s->trail.start_ns + 1500 * BW_MS / 1000, "later than all");
    assert_string_equal(tell(s), "0.0 * looking up example.com\n"
                                 "0.0 * resolved to 192.0.2.7\n"
                                 "0.0 * connecting to 192.0.2.7 port 443\n"
                                 "0.0 > GET / HTTP/1.1\n"
                                 "0.0 < HTTP/1.1 500 No\n"
                                 "0.0 * the body:\n"
                                 "0.0 | one\n"
                                 "0.0 | \\x1b[31mtwo\n"
                                 "1.5 * later than all\n"
                                 "0.0 ! unexpected status code: status 500\n");
}

static void an_address_is_not_looked_up(void **state)
{
    struct scene *s = *state;
    struct bw_address address;
    assert_true(bw_address_parse("::1", &address));
    note(s, BW_TRAIL_LOOKUP, "::1");
    bw_trail_add(&s->out, BW_TRAIL_ADDRESSES, &address, sizeof address);
    assert_string_equal(tell(s), "0.0 ! unexpected status code: status 500\n");
}

static void a_body_is_told_when_it_was_wrong(void **state)
{
    struct scene *s = *state;
    note(s, BW_TRAIL_BODY, "hello");
    assert_non_null(strstr(tell(s), "hello"));
    s->result.reason = BW_REASON_CONNECTION_CLOSED;
    assert_null(strstr(tell(s), "hello"));
    s->result = (struct bw_probe_result){ .success = true };
    assert_string_equal(tell(s), "0.0 ! passed\n");
}

static void a_flood_leaves_room_for_the_end(void **state)
{
    struct scene *s = *state;
    char line[700];
    memset(line, '\x01', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    for (int i = 0; i < 1000; i++)
        note(s, BW_TRAIL_HEARD, line);
    assert_true(s->trail.len <= BW_TRAIL_BYTES_MAX);
    note(s, BW_TRAIL_WORDS, "then it hung up");
    const char *told = tell(s);
    assert_non_null(strstr(told, " ... (699 bytes in all)\n"));
    assert_non_null(strstr(told, " then it hung up\n"));
    assert_non_null(strstr(told, " more lines without room here\n"));
    assert_non_null(strstr(told, "! unexpected status code: status 500\n"));
}

static void another_chapter_makes_room(void **state)
{
    struct scene *s = *state;
    note(s, BW_TRAIL_WORDS, "first");
    bw_trail_chapter(&s->out);
    assert_non_null(strstr(tell(s), "first"));
    for (int i = 0; i < 100; i++)
        note(s, BW_TRAIL_HEARD, "a line of forty bytes, more or less, it is");
    bw_trail_chapter(&s->out);
    note(s, BW_TRAIL_WORDS, "second");
    assert_null(strstr(tell(s), "first"));
    assert_non_null(strstr(tell(s), "what was before this is left out\n"));
    assert_non_null(strstr(tell(s), "second"));
}

static void a_secret_cut_in_two_is_hidden(void **state)
{
    struct scene *s = *state;
    char body[BW_TRAIL_NOTE_BYTES_MAX + 20];
    memset(body, 'a', sizeof body);
    memcpy(body + BW_TRAIL_NOTE_BYTES_MAX - 4, "hunter2", 7);
    bw_mask_add(&s->mask, "hunter2");
    bw_trail_add(&s->out, BW_TRAIL_BODY, body, sizeof body);
    assert_null(strstr(tell(s), "hunt"));
    assert_non_null(strstr(tell(s), "the body, its first 1024 bytes:"));
}

static void without_a_trail_nothing_happens(void **state)
{
    (void)state;
    struct bw_probe_outcome out = { .trail = NULL };
    bw_trail_note(&out, BW_TRAIL_WORDS, "x", 1);
    bw_trail_add(&out, BW_TRAIL_WORDS, "x", 1);
    bw_trail_say(&out, "x");
    bw_trail_say_at(&out, 1, "x");
    bw_trail_chapter(&out);
    out.reason = BW_REASON_TIMEOUT;
    assert_false(bw_trail_is_wanted(&out));
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCENE(notes_are_told_in_order),
        WITH_SCENE(an_address_is_not_looked_up),
        WITH_SCENE(a_body_is_told_when_it_was_wrong),
        WITH_SCENE(a_flood_leaves_room_for_the_end),
        WITH_SCENE(another_chapter_makes_room),
        WITH_SCENE(a_secret_cut_in_two_is_hidden),
        cmocka_unit_test(without_a_trail_nothing_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
