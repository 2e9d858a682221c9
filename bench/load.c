// SPDX-License-Identifier: GPL-3.0-or-later
/* Asks an HTTP server over connections that stay open; the body is counted and dropped, not
 * decoded. Usage: load COUNT CONNECTIONS ENCODING URL [PAUSE_MS]; ENCODING is identity or gzip, and
 * each connection rests so long after each answer. Prints the bytes of one answer; ends with 1 when
 * an answer was not 200. */
#include <curl/curl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 64 };

struct share {
    pthread_t thread;
    const char *url, *encoding;
    long count;
    long pause_ms;
    long failed;
    size_t bytes;
};

static size_t drop(char *data, size_t size, size_t n, void *ctx)
{
    (void)data;
    ((struct share *)ctx)->bytes += size * n;
    return size * n;
}

static void *ask(void *ctx)
{
    struct share *share = ctx;
    char header[64];
    snprintf(header, sizeof header, "Accept-Encoding: %s", share->encoding);
    struct curl_slist *headers = curl_slist_append(NULL, header);
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, share->url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, share);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L * 1024);
    for (long i = 0; i < share->count; i++) {
        long status = 0;
        if (curl_easy_perform(curl) == CURLE_OK)
            curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        share->failed += status != 200;
        usleep((useconds_t)share->pause_ms * 1000);
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return NULL;
}

int main(int argc, char **argv)
{
    const bool told = argc == 5 || argc == 6;
    const long count = told ? strtol(argv[1], NULL, 10) : 0;
    const long connections = told ? strtol(argv[2], NULL, 10) : 0;
    const long pause_ms = argc == 6 ? strtol(argv[5], NULL, 10) : 0;
    if (count < 1 || connections < 1 || connections > CONNECTIONS_MAX || count < connections) {
        fprintf(stderr, "usage: load COUNT CONNECTIONS identity|gzip URL [PAUSE_MS]\n");
        return 2;
    }
    struct share shares[CONNECTIONS_MAX];
    curl_global_init(CURL_GLOBAL_ALL);
    for (long i = 0; i < connections; i++) {
        shares[i] = (struct share){ .url = argv[4], .encoding = argv[3], .pause_ms = pause_ms };
        shares[i].count = count / connections + (i < count % connections);
        pthread_create(&shares[i].thread, NULL, ask, &shares[i]);
    }
    long failed = 0;
    size_t bytes = 0;
    for (long i = 0; i < connections; i++) {
        pthread_join(shares[i].thread, NULL);
        failed += shares[i].failed;
        bytes += shares[i].bytes;
    }
    printf("%zu\n", bytes / (size_t)count);
    if (failed > 0)
        fprintf(stderr, "load: %ld of %ld answers of %s were not 200\n", failed, count, argv[4]);
    return failed > 0;
}
