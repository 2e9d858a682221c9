// SPDX-License-Identifier: GPL-3.0-or-later
/* Lists of exchanges, and the one refusal that we take out of the HTTP library's hands. */
#include "web/server.h"

#include <string.h>
#include <sys/socket.h>

void bw_exchange_enlist(struct exchange **list, struct exchange *exchange)
{
    exchange->list = list;
    exchange->prev = NULL;
    exchange->next = *list;
    if (exchange->next != NULL)
        exchange->next->prev = exchange;
    *list = exchange;
}

void bw_exchange_delist(struct exchange *exchange)
{
    if (exchange->list == NULL)
        return;
    if (exchange->prev != NULL)
        exchange->prev->next = exchange->next;
    else
        *exchange->list = exchange->next;
    if (exchange->next != NULL)
        exchange->next->prev = exchange->prev;
    exchange->list = NULL;
}

/* No number, or one beyond 19 digits, which is more than the library takes. */
static bool is_bad_length(const char *value)
{
    size_t digits = value == NULL ? 1 : strspn(value, "0123456789");
    return value != NULL && (digits == 0 || value[digits] != '\0' || digits > 19);
}

/* The library tells no connection in its log, but it is of this thread, its headers are there
 * and ours have not been asked yet. Only this thread works on those. */
static struct exchange *find_refused(struct bw_web *web)
{
    for (struct exchange *e = web->arriving; e != NULL; e = e->next)
        if (pthread_equal(e->thread, pthread_self())
            && is_bad_length(MHD_lookup_connection_value(e->connection, MHD_HEADER_KIND,
                                                         MHD_HTTP_HEADER_CONTENT_LENGTH)))
            return e;
    return NULL;
}

void bw_server_refuse_length(struct bw_web *web)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\n"
                                 "Connection: close\r\n"
                                 "Content-Type: text/plain; charset=utf-8\r\n"
                                 "X-Content-Type-Options: nosniff\r\n"
                                 "Content-Length: 36\r\n\r\n"
                                 "The Content-Length is not a number.\n";
    pthread_mutex_lock(&web->lock);
    struct exchange *exchange = find_refused(web);
    if (exchange != NULL)
        bw_exchange_delist(exchange);
    pthread_mutex_unlock(&web->lock);
    if (exchange == NULL)
        return;
    int fd = MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                 ->connect_fd;
    if (send(fd, answer, sizeof answer - 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        exchange->status = MHD_HTTP_BAD_REQUEST;
    shutdown(fd, SHUT_WR);
}
