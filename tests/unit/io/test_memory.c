// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "io/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TABLE_BYTES = 1 << 20 };

/* Constants in the file, and data that are not what the file says any more. */
static const char constants[TABLE_BYTES] = { [1] = 'c' };
static char data[TABLE_BYTES] = { [1] = 'd' };

static size_t pages_in_ram(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    size_t all = 0, resident = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%zu %zu", &all, &resident), 2);
    fclose(file);
    return resident;
}

static size_t read_all(const char *bytes)
{
    size_t sum = 0;
    for (size_t i = 0; i < TABLE_BYTES; i++)
        sum += ((const volatile char *)bytes)[i] != 0;
    return sum;
}

static void file_pages_go_and_come_back(void **state)
{
    (void)state;
    assert_int_equal(read_all(constants), 1);
    const size_t before = pages_in_ram();
    bw_memory_rest();
    const size_t resting = pages_in_ram();
    assert_in_range(resting, 1, before - TABLE_BYTES / (size_t)sysconf(_SC_PAGESIZE) / 2);
    assert_int_equal(read_all(constants), 1);
    assert_int_equal(constants[1], 'c');
}

static void what_was_written_stays(void **state)
{
    (void)state;
    char *heap = bw_alloc(TABLE_BYTES);
    memset(data, 'x', sizeof data);
    memset(heap, 'y', TABLE_BYTES);
    bw_memory_rest();
    for (size_t i = 0; i < TABLE_BYTES; i++) {
        assert_int_equal(data[i], 'x');
        assert_int_equal(heap[i], 'y');
    }
    free(heap);
}

static void *sort_and_free(void *ctx)
{
    const int *stop = ctx;
    size_t rounds = 0;
    while (!__atomic_load_n(stop, __ATOMIC_ACQUIRE)) {
        char *text = bw_strdup("what other threads run and own is left alone");
        rounds += strlen(text) == 44;
        free(text);
    }
    return (void *)(uintptr_t)(rounds > 0);
}

static void other_threads_go_on(void **state)
{
    (void)state;
    pthread_t thread;
    int stop = 0;
    void *result = NULL;
    assert_int_equal(pthread_create(&thread, NULL, sort_and_free, &stop), 0);
    for (int i = 0; i < 100; i++)
        bw_memory_rest();
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_non_null(result);
}

int main(void)
{
    bw_memory_settle();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_pages_go_and_come_back),
        cmocka_unit_test(what_was_written_stays),
        cmocka_unit_test(other_threads_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
