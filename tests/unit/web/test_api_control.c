// SPDX-License-Identifier: GPL-3.0-or-later
/* Changes of the store: what is read out of a request, who may ask, what comes back. */
#include "fake.h"

#include "io/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ADMIN "Authorization: Bearer 0123456789abcdef\r\n"
#define READER "Authorization: Bearer fedcba9876543210\r\n"

static const char tokens[] = "tokens: [{name: a, scope: admin, token: 0123456789abcdef},"
                             " {name: r, scope: read, token: fedcba9876543210}]\n";

static char folder[] = "/tmp/bw-control-XXXXXX";
static struct fake fake;

/* What was ordered, told back as JSON; a text of "busy" is not done now. */
static enum bw_rc change(void *ctx, const struct bw_store_order *order, struct bw_buf *out,
                         struct bw_err *err)
{
    (void)ctx;
    if (order->size == 4 && memcmp(order->text, "busy", 4) == 0)
        return bw_fail(err, BW_EBUSY, "another change is under way");
    bw_buf_printf(out,
                  "{\"change\":%d,\"id\":\"%s\",\"last\":%d,\"all\":%d,\"size\":%zu,\"match\":%zu}",
                  (int)order->change, order->id == NULL ? "" : order->id, order->last, order->all,
                  order->size, order->selector == NULL ? 0 : order->selector->count);
    return BW_OK;
}

static int start(void **state)
{
    (void)state;
    char security[64];
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(security, sizeof security, "%s/web.yml", folder);
    FILE *file = fopen(security, "w");
    fputs(tokens, file);
    fclose(file);
    const struct fake_options options = { .security_file = security, .change = change };
    fake_start(&fake, &options, fake_view_rich(bw_wall_system_ms(), NULL));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    char command[64];
    fake_stop(&fake);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static const struct {
    const char *target, *headers, *body;
    int status;
    const char *want;
} cases[] = {
    { "import", ADMIN, "a 1 2\n", 200,
      "{\"change\":0,\"id\":\"\",\"last\":0,\"all\":0,\"size\":6,\"match\":0}" },
    { "import?id=0123456789abcdef&last=true", ADMIN, NULL, 200,
      "\"id\":\"0123456789abcdef\",\"last\":1" },
    { "import?last=false", ADMIN, NULL, 200, "\"last\":0" },
    { "import?last=yes", ADMIN, NULL, 400, "last: expected true or false" },
    { "import?id=0123", ADMIN, NULL, 400, "id: " },
    { "import?id=0123456789ABCDEF", ADMIN, NULL, 400, "id: " },
    { "import", ADMIN, "busy", 503, "another change is under way" },
    { "import", READER, "a 1 2\n", 403, "scope" },
    { "import", "", "a 1 2\n", 401, "token" },
    { "compact", ADMIN, NULL, 200, "\"change\":1" },
    { "compact?id=x", ADMIN, NULL, 400, "id: " },
    { "compact", READER, NULL, 403, "scope" },
    { "delete-series?match=up%7Ba=%22b%22%7D", ADMIN, NULL, 200, "\"change\":2" },
    { "delete-series?match=up%7Ba=%22b%22%7D&all=true", ADMIN, NULL, 200,
      "\"all\":1,\"size\":0,\"match\":2" },
    { "delete-series", ADMIN, NULL, 400, "match: " },
    { "delete-series?match=%7B", ADMIN, NULL, 400, "match: " },
    { "delete-series?match=up&all=1", ADMIN, NULL, 400, "all: " },
    { "delete-series?match=up", "", NULL, 401, "token" },
};

static void orders_are_read_and_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char target[200], value[40];
        snprintf(target, sizeof target, "/api/v1/admin/%s", cases[i].target);
        char *answer = fake_ask(&fake, "POST", target, cases[i].headers,
                                cases[i].body == NULL ? "" : cases[i].body);
        if (fake_status(answer) != cases[i].status || strstr(answer, cases[i].want) == NULL)
            fail_msg("%s: %s", cases[i].target, answer);
        assert_int_equal(fake_header(answer, "Retry-After", value, sizeof value),
                         cases[i].status == 503);
        free(answer);
    }
}

/* An import may have more than other requests, and has an end too. */
static void bodies_have_ceilings(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        size_t size;
        int status;
    } bodies[] = {
        { "/api/v1/admin/import", 1 << 20, 200 },
        { "/api/v1/admin/import", (1 << 20) + 1, 413 },
        { "/api/v1/admin/compact", 64 << 10, 200 },
        { "/api/v1/admin/compact", (64 << 10) + 1, 413 },
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        /* Who is refused by its head alone has not begun to send more. */
        const size_t size = bodies[i].status == 200 ? bodies[i].size : 0;
        char *text = malloc(size + 400);
        const int head =
            snprintf(text, 400,
                     "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" ADMIN
                     "Content-Length: %zu\r\n\r\n",
                     bodies[i].target, bodies[i].size);
        memset(text + head, '\n', size);
        char *answer = fake_raw(fake.port, text, (size_t)head + size, 20000);
        assert_int_equal(fake_status(answer), bodies[i].status);
        free(answer);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_are_read_and_checked),
        cmocka_unit_test(bodies_have_ceilings),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
