// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICKS = 600, STEP_MS = 15000 };

/* Two series in packs, sealed and open, and five rows of the journal. */
static void fill(struct fixture *f)
{
    fixture_open(f);
    const uint32_t a = fixture_series(f, "value", "a"), b = fixture_series(f, "value", "b");
    for (int t = 0; t < TICKS; t++) {
        fixture_append(f, a, T0 + t * STEP_MS, t);
        fixture_append(f, b, T0 + t * STEP_MS, 2 * t);
        if (t == 490)
            fixture_pack(f);
    }
    fixture_pack(f);
    for (int t = TICKS; t < TICKS + 5; t++) {
        fixture_append(f, a, T0 + t * STEP_MS, t);
        fixture_flush(f);
    }
}

static void note_fault(void *ctx, const char *fault)
{
    struct bw_buf *out = ctx;
    bw_buf_printf(out, "%s;", fault);
}

static enum bw_rc verify(struct fixture *f, struct bw_buf *out, struct bw_err *err)
{
    uint64_t faults = 0;
    bw_buf_init(out, 1 << 16);
    const enum bw_rc rc = bw_store_verify(f->path, note_fault, out, &faults, err);
    assert_int_equal(rc, faults == 0 ? BW_OK : BW_ECORRUPT);
    return rc;
}

static const struct {
    const char *name, *sql, *want; /* want: what is in the list of faults */
} cases[] = {
    { "a row of the journal is gone",
      "DELETE FROM journal WHERE seq=(SELECT max(seq)-2 FROM journal)", "journal: rows " },
    { "its end is gone",
      "DELETE FROM journal WHERE seq>(SELECT min(seq) FROM journal);"
      "UPDATE journal SET seq=1",
      "journal: it ends before the last row that is in packs of group 1" },
    { "a bit of its last row",
      "UPDATE journal SET body=CAST(substr(body,1,length(body)-1)||x'55' AS BLOB)"
      " WHERE seq=(SELECT max(seq) FROM journal)",
      "journal row " },
    { "a bit in a pack's directory",
      "UPDATE pack SET body=CAST(substr(body,1,20)||x'ff'||substr(body,22) AS BLOB)"
      " WHERE id=1",
      "pack 1: directory: checksum" },
    { "a bit in a pack's values",
      "UPDATE pack SET body=CAST(substr(body,1,length(body)-1)||x'ff' AS BLOB)"
      " WHERE id=1",
      "pack 1: series 2: damaged" },
    { "a pack's row says something else", "UPDATE pack SET samples=samples+1 WHERE id=1",
      "pack 1: the row says something else than the header" },
    { "a name was changed", "UPDATE series SET name='value{instance=\"c\"}' WHERE id=2",
      "series: row '2': checksum" },
    { "a place is gone", "DELETE FROM series_group WHERE series=2",
      "series: series 2 is in no group" },
    { "a name is gone", "DELETE FROM series WHERE id=1", "series_group: series 1 has no name" },
    { "what is to be purged was changed", "INSERT INTO deleted_series VALUES(7,1,0,1)",
      "deleted_series: row '7': checksum" },
};

static void each_damage_is_listed(void **state)
{
    struct fixture *f = *state;
    char copy[200], back[500];
    struct bw_buf out;
    struct bw_err err;
    fill(f);
    snprintf(copy, sizeof copy, "%s/whole.db", f->folder);
    assert_int_equal(verify(f, &out, NULL), BW_OK); /* while it is open */
    bw_buf_fini(&out);
    assert_int_equal(bw_store_backup(f->path, copy, NULL, NULL), BW_OK);
    fixture_close(f);
    assert_int_equal(verify(f, &out, NULL), BW_OK);
    bw_buf_fini(&out);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(back, sizeof back, "cp %s %s", copy, f->path);
        assert_int_equal(system(back), 0);
        fixture_sql(f, cases[i].sql);
        assert_int_equal(verify(f, &out, &err), BW_ECORRUPT);
        if (strstr(out.data, cases[i].want) == NULL)
            fail_msg("%s: '%s', want '%s'", cases[i].name, out.data, cases[i].want);
        assert_non_null(
            strstr(err.text, strchr(out.data, ';')[1] == '\0' ? ": 1 fault" : " faults"));
        bw_buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_damage_is_listed, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
