// SPDX-License-Identifier: GPL-3.0-or-later
/* A name server for benches: answers each query over UDP with one address, and a datagram that is
 * shorter than a query with how many there were. Usage: name_server PORT. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { HEADER_BYTES = 12, QUERY_BYTES_MAX = 480 };

/* A pointer to the name in the question, A, IN, 60 seconds, 192.0.2.1. */
static const uint8_t record[] = { 0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1 };

static int open_socket(const char *port)
{
    const struct sockaddr_in at = { .sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                    .sin_port = htons((uint16_t)atoi(port)) };
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        perror("name_server");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: name_server PORT\n");
        return 2;
    }
    const int fd = open_socket(argv[1]);
    for (unsigned long long count = 0;;) {
        uint8_t bytes[QUERY_BYTES_MAX + sizeof record];
        struct sockaddr_in from;
        socklen_t from_len = sizeof from;
        ssize_t len = recvfrom(fd, bytes, QUERY_BYTES_MAX, 0, (struct sockaddr *)&from, &from_len);
        if (len < 0)
            continue;
        if (len < HEADER_BYTES) {
            len = snprintf((char *)bytes, sizeof bytes, "%llu\n", count);
        } else {
            count++;
            bytes[2] |= 0x84; /* an answer, authoritative */
            bytes[7] = 1;     /* of one record */
            memcpy(bytes + len, record, sizeof record);
            len += (ssize_t)sizeof record;
        }
        sendto(fd, bytes, (size_t)len, 0, (const struct sockaddr *)&from, from_len);
    }
}
