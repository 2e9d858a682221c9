// SPDX-License-Identifier: GPL-3.0-or-later
/* Messages of servers that do not talk in lines, by the first byte: greetings and answers. */
#include "probe/greeting.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bw_starttls_reader_fn *const readers[] = {
    bw_greeting_read_mysql, bw_greeting_read_mysql_answer, bw_greeting_read_postgres,
    bw_starttls_read_mysql, bw_starttls_read_postgres,     bw_starttls_read_ldap,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bw_starttls_reader_fn *reader = readers[data[0] % (sizeof readers / sizeof *readers)];
    for (size_t len = 0; len < size; len++) { /* as it comes, byte after byte */
        struct bw_starttls_heard heard = { .taken = 0 };
        char *exact = malloc(len + 1);
        memcpy(exact, data + 1, len);
        exact = realloc(exact, len > 0 ? len : 1);
        const bool fine = reader(exact, len, &heard);
        free(exact);
        if ((!fine && heard.wrong == NULL) || (fine && heard.taken > len))
            abort();
        if (!fine || heard.taken > 0)
            break;
    }
    return 0;
}
