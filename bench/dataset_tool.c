// SPDX-License-Identifier: GPL-3.0-or-later
/* dataset_tool DATASET COMMAND: what bench/dataset.sh asks of a dataset.
 *
 *   info             series, samples, the first time in ms
 *   openmetrics      all of it as text, metric by metric
 *   json             as VictoriaMetrics imports it, a line a series
 *   sum              how many samples, and a sum over series, time and bits of each
 *   sum-of-text      the same of an OpenMetrics text from standard input
 *   sum-of-json      the same of a line a series from standard input
 *   post PORT DAYS   tick by tick, a request each, to 127.0.0.1:PORT/api/v1/import/prometheus
 *
 * Parses with strtod and by hand: not with what is measured. */
#include "dataset_file.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TICK_MS = 15000, DAY_MS = 86400000, KINDS_MAX = 64, REQUEST_BYTES_MAX = 64 << 20 };

static int64_t first_ms(const struct dataset *set)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < set->count; i++) {
        if (set->series[i].count > 0 && set->series[i].times[0] < first)
            first = set->series[i].times[0];
    }
    return first;
}

static void info(const struct dataset *set)
{
    printf("%zu %" PRIu64 " %" PRId64 "\n", set->count, set->samples, first_ms(set));
}

/* ---- to text ------------------------------------------------------------------------------ */

static const char *text_of(double value, char text[BW_DOUBLE_TEXT_MAX + 1])
{
    text[bw_format_double(text, value)] = '\0';
    return text;
}

static void openmetrics_of_kind(const struct dataset *set, uint32_t kind)
{
    char text[BW_DOUBLE_TEXT_MAX + 1];
    bool told = false;
    for (size_t i = 0; i < set->count; i++) {
        const struct dataset_series *s = &set->series[i];
        if (s->kind != kind)
            continue;
        if (!told)
            printf("# TYPE %s gauge\n", s->name);
        told = true;
        for (uint32_t k = 0; k < s->count; k++)
            printf("%s{instance=\"host-%u:9100\",id=\"%zu\"} %s %" PRId64 ".%03d\n", s->name,
                   s->target, i, text_of(s->values[k], text), s->times[k] / 1000,
                   (int)(s->times[k] % 1000));
    }
}

static void openmetrics(const struct dataset *set)
{
    for (uint32_t kind = 0; kind < KINDS_MAX; kind++)
        openmetrics_of_kind(set, kind);
    puts("# EOF");
}

static void json(const struct dataset *set)
{
    char text[BW_DOUBLE_TEXT_MAX + 1];
    for (size_t i = 0; i < set->count; i++) {
        const struct dataset_series *s = &set->series[i];
        printf("{\"metric\":{\"__name__\":\"%s\",\"instance\":\"host-%u:9100\",\"id\":\"%zu\"},"
               "\"values\":[",
               s->name, s->target, i);
        for (uint32_t k = 0; k < s->count; k++)
            printf("%s%s", k == 0 ? "" : ",", text_of(s->values[k], text));
        printf("],\"timestamps\":[");
        for (uint32_t k = 0; k < s->count; k++)
            printf("%s%" PRId64, k == 0 ? "" : ",", s->times[k]);
        puts("]}");
    }
}

/* ---- sums --------------------------------------------------------------------------------- */

static void say_sum(uint64_t samples, uint64_t sum)
{
    printf("%" PRIu64 " %016" PRIx64 "\n", samples, sum);
}

static void sum(const struct dataset *set)
{
    uint64_t samples;
    const uint64_t total = dataset_sum_all(set, INT64_MAX, &samples);
    say_sum(samples, total);
}

/* "1760000004.397", "1760000004" or with fewer digits behind the point: in ms. */
static int64_t time_of(const char *text)
{
    char *end;
    int64_t ms = strtoll(text, &end, 10) * 1000;
    if (*end == '.') {
        int64_t unit = 100;
        for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10)
            ms += unit * (*end - '0');
    }
    return ms;
}

/* The number in a label: 17 of id="17". */
static size_t id_of(const char *line, const char *before)
{
    const char *at = strstr(line, before);
    if (at == NULL)
        dataset_fail("no id", line);
    return strtoul(at + strlen(before), NULL, 10);
}

static void sum_of_text(void)
{
    char *line = NULL;
    size_t cap = 0;
    uint64_t samples = 0, total = 0;
    while (getline(&line, &cap, stdin) > 0) {
        char *labels = strchr(line, '{'), *end = labels == NULL ? NULL : strstr(labels, "\"} ");
        if (line[0] == '#')
            continue;
        if (end == NULL)
            dataset_fail("no sample", line);
        const size_t id = id_of(labels, "id=\"");
        char *after;
        const double value = strtod(end + 3, &after);
        *labels = '\0';
        total += dataset_sum(line, id, time_of(after + 1), value);
        samples++;
    }
    free(line);
    say_sum(samples, total);
}

/* As VictoriaMetrics exports it: one line a series, or several. */
static void sum_of_json(void)
{
    static const char name_key[] = "\"__name__\":\"", id_key[] = "\"id\":\"";
    static const char values_key[] = "\"values\":[", times_key[] = "\"timestamps\":[";
    char *line = NULL;
    size_t cap = 0;
    uint64_t samples = 0, total = 0;
    while (getline(&line, &cap, stdin) > 0) {
        const size_t id = id_of(line, id_key);
        char *name = strstr(line, name_key), *value = strstr(line, values_key);
        char *time = strstr(line, times_key);
        if (name == NULL || value == NULL || time == NULL)
            dataset_fail("no series", line);
        name += sizeof name_key - 1;
        name[strcspn(name, "\"")] = '\0';
        value += sizeof values_key - 1;
        time += sizeof times_key - 1;
        for (bool more = *value != ']'; more; samples++) {
            const double number = strtod(value, &value);
            total += dataset_sum(name, id, strtoll(time, &time, 10), number);
            more = *value++ == ',';
            time++;
        }
    }
    free(line);
    say_sum(samples, total);
}

/* ---- tick by tick --------------------------------------------------------------------------- */

static int connect_to(uint16_t port)
{
    const struct sockaddr_in address = { .sin_family = AF_INET,
                                         .sin_port = htons(port),
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        dataset_fail("post", "nobody listens");
    return fd;
}

static void send_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        const ssize_t sent = write(fd, data, size);
        if (sent <= 0)
            dataset_fail("post", "the connection broke");
        data += sent;
        size -= (size_t)sent;
    }
}

/* The answer has no body. */
static void await_answer(int fd)
{
    char answer[4096];
    size_t size = 0;
    while (size == 0 || memmem(answer, size, "\r\n\r\n", 4) == NULL) {
        const ssize_t got = read(fd, answer + size, sizeof answer - size);
        if (got <= 0)
            dataset_fail("post", "no answer");
        size += (size_t)got;
    }
    if (memcmp(answer, "HTTP/1.1 204", 12) != 0)
        dataset_fail("post", "refused");
}

static void post_one(int fd, const struct bw_buf *body)
{
    char head[200];
    const int size = snprintf(head, sizeof head,
                              "POST /api/v1/import/prometheus HTTP/1.1\r\nHost: localhost\r\n"
                              "Content-Length: %zu\r\n\r\n",
                              body->len);
    if (bw_buf_failed(body))
        dataset_fail("post", "too much in a tick");
    send_all(fd, head, (size_t)size);
    send_all(fd, body->data, body->len);
    await_answer(fd);
}

/* What is new before `end_ms`; next[i] is the first point of series i that is not. */
static void put_tick(const struct dataset *set, uint32_t *next, int64_t end_ms, struct bw_buf *out)
{
    char text[BW_DOUBLE_TEXT_MAX + 1];
    for (size_t i = 0; i < set->count; i++) {
        const struct dataset_series *s = &set->series[i];
        for (uint32_t k; (k = next[i]) < s->count && s->times[k] < end_ms; next[i]++)
            bw_buf_printf(out, "%s{instance=\"host-%u:9100\",id=\"%zu\"} %s %" PRId64 "\n", s->name,
                          s->target, i, text_of(s->values[k], text), s->times[k]);
    }
}

static void post(const struct dataset *set, uint16_t port, double days)
{
    const int fd = connect_to(port);
    const int64_t begin_ms = first_ms(set) - first_ms(set) % TICK_MS;
    const int64_t end_ms = begin_ms + (int64_t)(days * DAY_MS);
    uint32_t *next = bw_alloc_array(set->count, sizeof *next);
    struct bw_buf body;
    bw_buf_init(&body, REQUEST_BYTES_MAX);
    for (int64_t ms = begin_ms + TICK_MS; ms <= end_ms; ms += TICK_MS) {
        bw_buf_clear(&body);
        put_tick(set, next, ms, &body);
        if (body.len > 0)
            post_one(fd, &body);
    }
    bw_buf_fini(&body);
    free(next);
    close(fd);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(const struct dataset *set);
    } commands[] = {
        { "info", info }, { "openmetrics", openmetrics }, { "json", json }, { "sum", sum }
    };
    struct dataset set = { 0 };
    const char *command = argc > 2 ? argv[2] : "";
    if (strcmp(command, "sum-of-text") == 0 || strcmp(command, "sum-of-json") == 0) {
        (strcmp(command, "sum-of-text") == 0 ? sum_of_text : sum_of_json)();
        return 0;
    }
    if (argc > 2)
        dataset_load(&set, argv[1]);
    if (argc > 4 && strcmp(command, "post") == 0) {
        post(&set, (uint16_t)atoi(argv[3]), atof(argv[4]));
        return 0;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(command, commands[i].name) == 0) {
            commands[i].run(&set);
            return fflush(stdout) != 0;
        }
    }
    dataset_fail("usage", "dataset_tool DATASET info|openmetrics|json|sum|sum-of-text|sum-of-json|"
                          "post PORT DAYS");
}
