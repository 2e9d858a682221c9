// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/roster_internal.h"

enum bw_status bw_roster_status(const struct bw_roster_check *check)
{
    return check->veiled ? BW_UNKNOWN : check->health.status;
}

int64_t bw_roster_since_ms(const struct bw_roster_check *check)
{
    return check->veiled ? check->veiled_ms : check->health.since_ms;
}

const char *bw_roster_cause(const struct bw_roster *roster, const struct bw_roster_check *check)
{
    if (!check->veiled)
        return check->health.cause;
    return roster->core->sight.blind ? roster->core->sight.cause
                                     : "we see again, but this check has not told yet";
}

void bw_roster_set_veiled(struct bw_roster *roster, struct bw_roster_check *check, bool veiled)
{
    if (check->veiled == veiled)
        return;
    const size_t step = veiled ? 1 : (size_t)-1;
    check->veiled = veiled;
    check->instance->veiled += step;
    check->instance->service->veiled += step;
    roster->veiled += step;
}

bool bw_roster_has_veiled(const struct bw_roster *roster)
{
    return roster->veiled > 0;
}

bool bw_roster_is_veiled(const struct bw_roster *roster, const struct bw_subject *subject)
{
    const struct bw_roster_service *service = bw_roster_service(roster, subject->service);
    if (service == NULL || subject->instance[0] == '\0')
        return service != NULL && service->veiled > 0;
    if (subject->check[0] != '\0') {
        const struct bw_roster_check *check = bw_roster_check(roster, subject);
        return check != NULL && check->veiled;
    }
    const struct bw_roster_instance *instance = bw_roster_instance(service, subject->instance);
    return instance != NULL && instance->veiled > 0;
}
