// SPDX-License-Identifier: GPL-3.0-or-later
/* Requests that are answered later, and what becomes of them when the front end stops. */
#include "fake.h"

#include "io/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENTS = 6 };

static const char tokens[] = "tokens: [{name: a, scope: admin, token: 0123456789abcdef}]\n";

#define BEARER "Authorization: Bearer 0123456789abcdef\r\n"

static char folder[] = "/tmp/bw-exchange-XXXXXX";
static char security[64], store[64], control[64];

static int make_files(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(security, sizeof security, "%s/web.yml", folder);
    snprintf(store, sizeof store, "%s/store.db", folder);
    snprintf(control, sizeof control, "%s/control", folder);
    FILE *file = fopen(security, "w");
    fputs(tokens, file);
    fclose(file);
    fake_store_make(store, bw_wall_system_ms(), 2, 60000);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static void start(struct fake *fake)
{
    struct fake_options options = { .security_file = security, .store = store };
    fake_start(fake, &options, fake_view_rich(bw_wall_system_ms(), NULL));
}

static void a_reload_is_answered_when_it_is_done(void **state)
{
    (void)state;
    struct fake fake;
    start(&fake);
    char *answer = fake_ask(&fake, "POST", "/-/reload", BEARER, "");
    assert_int_equal(fake_status(answer), 200);
    free(answer);
    atomic_store(&fake.refuse_reload, true);
    answer = fake_ask(&fake, "POST", "/-/reload", BEARER, "");
    assert_int_equal(fake_status(answer), 422);
    assert_non_null(strstr(answer, "bellwether.yml:3:1: unknown key 'x'"));
    free(answer);
    answer = fake_ask(&fake, "POST", "/-/reload", NULL, "");
    assert_int_equal(fake_status(answer), 401);
    free(answer);
    answer = fake_ask(&fake, "POST", "/-/reload", BEARER "Origin: http://evil.example\r\n", "");
    assert_int_equal(fake_status(answer), 403);
    free(answer);
    fake_stop(&fake);
}

static void a_body_has_a_ceiling(void **state)
{
    (void)state;
    struct fake fake;
    start(&fake);
    char *body = malloc(70001);
    memset(body, 'x', 70000);
    body[70000] = '\0';
    char *answer = fake_ask(&fake, "POST", "/-/reload", BEARER, body);
    assert_int_equal(fake_status(answer), 413);
    free(answer);
    body[60000] = '\0';
    answer = fake_ask(&fake, "POST", "/-/reload", BEARER, body);
    assert_int_equal(fake_status(answer), 200);
    free(answer);
    free(body);
    fake_stop(&fake);
}

/* The right token does not help whoever guessed ten times; what needs none is answered. */
static void guessing_tokens_has_an_end(void **state)
{
    (void)state;
    struct fake fake;
    char wait[20];
    start(&fake);
    for (int i = 0; i < 11; i++) {
        char *answer =
            fake_ask(&fake, "POST", "/-/reload", "Authorization: Bearer 0123456789abcdeX\r\n", "");
        assert_int_equal(fake_status(answer), i < 10 ? 401 : 429);
        assert_true(i < 10 || fake_header(answer, "Retry-After", wait, sizeof wait));
        free(answer);
    }
    char *answer = fake_ask(&fake, "POST", "/-/reload", BEARER, "");
    assert_int_equal(fake_status(answer), 429);
    free(answer);
    answer = fake_ask(&fake, "GET", "/metrics", NULL, NULL);
    assert_int_equal(fake_status(answer), 200);
    free(answer);
    fake_stop(&fake);
}

static void write_security(const char *text)
{
    FILE *file = fopen(security, "w");
    fputs(text, file);
    fclose(file);
}

static void tokens_change_without_a_restart(void **state)
{
    (void)state;
    struct fake fake;
    struct bw_err err = { 0 };
    start(&fake);
    write_security("tokens: [{name: a, scope: admin, token: fedcba9876543210}]\n");
    assert_int_equal(bw_web_reload(fake.web, &err), BW_OK);
    char *answer = fake_ask(&fake, "POST", "/-/reload", BEARER, "");
    assert_int_equal(fake_status(answer), 401);
    free(answer);
    write_security("tokens: [{name: a\n");
    assert_int_equal(bw_web_reload(fake.web, &err), BW_EINVAL);
    answer = fake_ask(&fake, "POST", "/-/reload", "Authorization: Bearer fedcba9876543210\r\n", "");
    assert_int_equal(fake_status(answer), 200);
    free(answer);
    write_security(tokens);
    fake_stop(&fake);
}

struct client {
    struct fake *fake;
    pthread_t thread;
    char *answer;
};

static void *ask_for_reload(void *ctx)
{
    struct client *client = ctx;
    client->answer = fake_ask(client->fake, "POST", "/-/reload", BEARER, "");
    return NULL;
}

/* The daemon never says how its reload went: whoever waits is told that it stops, and the
 * late reply finds nobody. */
static void stopping_answers_what_waits(void **state)
{
    (void)state;
    struct fake fake;
    start(&fake);
    atomic_store(&fake.hold_reload, true);
    struct client client = { .fake = &fake };
    pthread_create(&client.thread, NULL, ask_for_reload, &client);
    while (atomic_load(&fake.held_reply) == NULL)
        usleep(1000);
    bw_web_stop(fake.web, INT64_C(100000000));
    fake.web = NULL;
    pthread_join(client.thread, NULL);
    assert_true(fake_status(client.answer) == 503 || client.answer[0] == '\0');
    free(client.answer);
    fake.held_done(atomic_load(&fake.held_reply), true, NULL);
    fake_stop(&fake);
}

static atomic_bool enough;

static void *ask_until_enough(void *ctx)
{
    static const char *const paths[] = { "/services/checkout", "/metrics", "/hosts",
                                         "/api/v1/samples?series=node_load1", "/" };
    struct client *client = ctx;
    for (size_t i = 0; !atomic_load(&enough); i++) {
        char request[200];
        int len = snprintf(request, sizeof request,
                           "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                           paths[i % 5]);
        char *answer = fake_raw_or_null(client->fake->port, request, (size_t)len, 5000);
        if (answer != NULL && answer[0] != '\0')
            assert_true(fake_status(answer) == 200 || fake_status(answer) == 503);
        free(answer);
    }
    return NULL;
}

static void stopping_under_load_is_orderly(void **state)
{
    (void)state;
    struct fake fake;
    struct client clients[CLIENTS];
    start(&fake);
    atomic_store(&enough, false);
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){ .fake = &fake };
        pthread_create(&clients[i].thread, NULL, ask_until_enough, &clients[i]);
    }
    usleep(300000);
    int64_t began_ns = bw_loop_mono_ns();
    bw_web_stop(fake.web, INT64_C(3000000000));
    fake.web = NULL;
    assert_true(bw_loop_mono_ns() - began_ns < INT64_C(30000000000));
    atomic_store(&enough, true);
    for (size_t i = 0; i < CLIENTS; i++)
        pthread_join(clients[i].thread, NULL);
    fake_stop(&fake);
}

static int listen_on_control(void)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    snprintf(at.sun_path, sizeof at.sun_path, "%s", control);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static void the_control_socket_may_do_all(void **state)
{
    (void)state;
    struct fake fake;
    struct bw_err err = { 0 };
    start(&fake);
    int fd = listen_on_control();
    assert_int_equal(bw_web_add_control(fake.web, fd, &err), BW_OK);
    static const char request[] = "POST /-/reload HTTP/1.1\r\nHost: bellwether\r\n"
                                  "Content-Length: 0\r\nConnection: close\r\n\r\n";
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    snprintf(at.sun_path, sizeof at.sun_path, "%s", control);
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(send(client, request, sizeof request - 1, MSG_NOSIGNAL), sizeof request - 1);
    char answer[4096] = { 0 };
    assert_true(recv(client, answer, sizeof answer - 1, 0) > 0);
    assert_int_equal(fake_status(answer), 200);
    close(client);
    fake_stop(&fake);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reload_is_answered_when_it_is_done),
        cmocka_unit_test(a_body_has_a_ceiling),
        cmocka_unit_test(guessing_tokens_has_an_end),
        cmocka_unit_test(tokens_change_without_a_restart),
        cmocka_unit_test(stopping_answers_what_waits),
        cmocka_unit_test(stopping_under_load_is_orderly),
        cmocka_unit_test(the_control_socket_may_do_all),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
