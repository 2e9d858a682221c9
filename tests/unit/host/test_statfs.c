// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/statfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

/* "/hung…" waits until the semaphore lets it go; "/broken" fails. */
static sem_t release, came_back;

static int fake_statfs(const char *path, struct statfs *out)
{
    memset(out, 0, sizeof *out);
    if (strncmp(path, "/hung", 5) == 0) {
        sem_wait(&release);
        sem_post(&came_back);
    }
    if (strcmp(path, "/broken") == 0) {
        errno = EACCES;
        return -1;
    }
    out->f_blocks = strlen(path);
    return 0;
}

static int set_up(void **state)
{
    sem_init(&release, 0, 0);
    sem_init(&came_back, 0, 0);
    *state = bw_statfs_pool_new(fake_statfs);
    return 0;
}

static int tear_down(void **state)
{
    bw_statfs_pool_free(*state);
    return 0;
}

/* Asks until the answer is another one than `not_yet`: nobody tells when a thread that was
 * stuck has come to its end. Gives up after 10 s. */
static int ask_until_not(struct bw_statfs_pool *pool, const char *path, int not_yet)
{
    struct bw_statfs_answer answer = { .error = not_yet };
    for (int i = 0; i < 10000 && answer.error == not_yet; i++) {
        bw_statfs_ask(pool, &path, 1, 5000, &answer);
        usleep(1000);
    }
    return answer.error;
}

static void answers_belong_to_their_paths(void **state)
{
    static const char *const paths[] = { "/", "/broken", "/abc" };
    struct bw_statfs_answer answers[3];
    for (int round = 0; round < 20; round++) {
        bw_statfs_ask(*state, paths, 3, 5000, answers);
        assert_int_equal(answers[0].error, 0);
        assert_int_equal(answers[0].values.f_blocks, 1);
        assert_int_equal(answers[1].error, EACCES);
        assert_int_equal(answers[2].error, 0);
        assert_int_equal(answers[2].values.f_blocks, 4);
    }
    bw_statfs_ask(*state, paths, 0, 5000, answers);
}

static void a_hanging_mount_holds_up_nobody_and_may_come_back(void **state)
{
    static const char *const paths[] = { "/a", "/hung", "/b" };
    struct bw_statfs_answer answers[3];
    bw_statfs_ask(*state, paths, 3, 500, answers);
    assert_int_equal(answers[0].error, 0);
    assert_int_equal(answers[1].error, ETIMEDOUT);
    assert_int_equal(answers[2].error, 0);
    /* Not asked again: a second question would need the semaphore twice. */
    bw_statfs_ask(*state, paths, 3, 5000, answers);
    assert_int_equal(answers[1].error, ETIMEDOUT);
    assert_int_equal(answers[2].error, 0);
    sem_post(&release);
    sem_post(&release);
    sem_wait(&came_back);
    assert_int_equal(ask_until_not(*state, "/hung", ETIMEDOUT), 0);
}

static void only_so_many_may_hang(void **state)
{
    static const char *const paths[] = { "/hung1", "/hung2", "/hung3", "/hung4", "/hung5", "/b" };
    struct bw_statfs_answer answers[6];
    bw_statfs_ask(*state, paths, 6, 20, answers);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(answers[i].error, ETIMEDOUT);
    assert_int_equal(answers[4].error, EAGAIN);
    assert_int_equal(answers[5].error, EAGAIN);
    for (int i = 0; i < 4; i++)
        sem_post(&release);
    for (int i = 0; i < 4; i++)
        sem_wait(&came_back);
    /* Once they are back, there is room again. */
    assert_int_equal(ask_until_not(*state, "/b", EAGAIN), 0);
}

static void shutdown_does_not_wait(void **state)
{
    (void)state;
    struct bw_statfs_pool *pool = bw_statfs_pool_new(fake_statfs);
    const char *path = "/hung";
    struct bw_statfs_answer answer;
    bw_statfs_ask(pool, &path, 1, 20, &answer);
    assert_int_equal(answer.error, ETIMEDOUT);
    bw_statfs_pool_free(pool);
    sem_post(&release);
    sem_wait(&came_back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_belong_to_their_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hanging_mount_holds_up_nobody_and_may_come_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_so_many_may_hang, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shutdown_does_not_wait, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
