// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void pieces_are_aligned_zeroed_and_apart(void **state)
{
    (void)state;
    enum { PIECES = 2000 };
    struct bw_arena arena = { 0 };
    unsigned char *pieces[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = bw_arena_alloc(&arena, i % 3000);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < i % 3000; k++)
            assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], (int)(i % 256), i % 3000);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t k = 0; k < i % 3000; k++)
            assert_int_equal(pieces[i][k], i % 256);
    }
    assert_true(arena.used > 1000 * PIECES / 2);
    bw_arena_fini(&arena);
    assert_int_equal(arena.used, 0);
    assert_non_null(bw_arena_alloc(&arena, 1));
    bw_arena_fini(&arena);
    bw_arena_fini(&arena);
}

static void a_large_piece_does_not_spoil_the_block(void **state)
{
    (void)state;
    struct bw_arena arena;
    bw_arena_init(&arena);
    char *first = bw_arena_alloc(&arena, 16);
    memset(bw_arena_alloc(&arena, 1u << 20), 1, 1u << 20);
    char *second = bw_arena_alloc(&arena, 16);
    assert_ptr_equal(second, first + 16);
    bw_arena_fini(&arena);
}

/* Texts and what must be aligned share a block from both ends. */
static void texts_stand_close_and_out_of_the_way(void **state)
{
    (void)state;
    enum { ROUNDS = 3000 };
    static const char filler[] = "0123456789012345678901234567890123456789";
    struct bw_arena arena = { 0 };
    char *texts[ROUNDS];
    uint64_t *numbers[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        texts[i] = bw_arena_printf(&arena, "%zu%.*s", i, (int)(i % 40), filler);
        numbers[i] = bw_arena_alloc(&arena, sizeof *numbers[i]);
        assert_int_equal(*numbers[i], 0);
        assert_int_equal((uintptr_t)numbers[i] % _Alignof(max_align_t), 0);
        *numbers[i] = i;
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        assert_int_equal(*numbers[i], i);
        char want[80];
        snprintf(want, sizeof want, "%zu%.*s", i, (int)(i % 40), filler);
        assert_string_equal(texts[i], want);
    }
    const char *a = bw_arena_strdup(&arena, "a"), *b = bw_arena_strdup(&arena, "b");
    assert_ptr_equal(b + 2, a);
    bw_arena_fini(&arena);
}

/* What does not fit any more goes elsewhere; the borrowed bytes are not freed with the rest. */
static void borrowed_bytes_come_first(void **state)
{
    (void)state;
    struct bw_arena arena;
    max_align_t memory[64] = { 0 };
    bw_arena_init_with(&arena, memory, sizeof memory);
    assert_ptr_equal(bw_arena_alloc(&arena, 100), memory);
    const char *text = bw_arena_strdup(&arena, "text");
    assert_ptr_equal(text + 5, memory + 64);
    for (size_t i = 0; i < 100; i++)
        memset(bw_arena_alloc(&arena, 100), 1, 100);
    assert_string_equal(text, "text");
    bw_arena_fini(&arena);
    bw_arena_init_with(&arena, memory, 0);
    memset(bw_arena_alloc(&arena, 100), 1, 100);
    bw_arena_fini(&arena);
}

static void a_small_arena_takes_little_and_a_large_one_few_blocks(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    bw_arena_alloc(&arena, 16);
    assert_true(arena.left < 512);
    for (size_t i = 0; i < 1000; i++)
        bw_arena_alloc(&arena, 16);
    size_t blocks = 0;
    const char *next = arena.next;
    for (size_t i = 0; i < 1000; i++) {
        const char *piece = bw_arena_alloc(&arena, 16);
        blocks += piece != next;
        next = piece + 16;
    }
    assert_true(blocks <= 4);
    bw_arena_fini(&arena);
}

static void texts_are_copied(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    char text[] = "text";
    const char *copy = bw_arena_strdup(&arena, text);
    const char *part = bw_arena_strndup(&arena, text, 2);
    text[0] = 'X';
    assert_string_equal(copy, "text");
    assert_string_equal(part, "te");
    assert_null(bw_arena_strdup(&arena, NULL));
    assert_null(bw_arena_strndup(&arena, NULL, 3));
    assert_string_equal(bw_arena_printf(&arena, "%s-%d", "a", 5), "a-5");
    assert_string_equal(bw_arena_printf(&arena, "%s", ""), "");
    assert_int_equal(strlen(bw_arena_printf(&arena, "%0100000d", 1)), 100000);
    const int64_t *array = bw_arena_array(&arena, 10, sizeof *array);
    assert_int_equal(array[9], 0);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_stand_close_and_out_of_the_way),
        cmocka_unit_test(borrowed_bytes_come_first),
        cmocka_unit_test(pieces_are_aligned_zeroed_and_apart),
        cmocka_unit_test(a_large_piece_does_not_spoil_the_block),
        cmocka_unit_test(a_small_arena_takes_little_and_a_large_one_few_blocks),
        cmocka_unit_test(texts_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
