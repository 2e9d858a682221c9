// SPDX-License-Identifier: GPL-3.0-or-later
/* Serves the pages over a view that stands still, to look at them:
 *     web_preview rich|empty|hostile 127.0.0.1:10191 [STORE [ARCHIVE]]
 * A STORE that does not exist is made, with a day of history. */
#include "fake.h"

#include "io/clock.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: web_preview rich|empty|hostile ADDRESS [STORE [ARCHIVE]]\n");
        return 2;
    }
    struct fake fake;
    struct fake_options options = { .listen = argv[2],
                                    .store = argc > 3 ? argv[3] : NULL,
                                    .archive = argc > 4 ? argv[4] : NULL };
    int64_t now_ms = bw_wall_system_ms();
    if (options.store != NULL && access(options.store, F_OK) != 0)
        fake_store_make(options.store, now_ms, 26, 60000);
    struct bw_view *view =
        strcmp(argv[1], "empty") == 0
            ? fake_view_empty(now_ms)
            : fake_view_rich(now_ms, strcmp(argv[1], "hostile") == 0
                                         ? "<script>alert(1)</script>\"'&\x01\xe2\x80\xae"
                                         : NULL);
    sigset_t ends;
    int number;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    fake_start(&fake, &options, view);
    printf("http://%s/\n", bw_web_address(fake.web, 0));
    fflush(stdout);
    sigwait(&ends, &number);
    fake_stop(&fake);
    return 0;
}
