// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/plot.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { ROWS = 5, COLUMNS = 41 };

static const struct bw_point rising[] = {
    { 0, 0 }, { 600000, 1 }, { 1200000, 2 }, { 1800000, 3 }, { 2400000, 4 }
};
static const struct bw_plot_band ahead[] = { { 3600000, 5, 6, 8 } };

static void lines_of(const struct bw_buf *out, size_t *count, size_t *widest)
{
    *count = *widest = 0;
    for (const char *at = out->data; *at != '\0'; at = strchr(at, '\n') + 1) {
        size_t width = 0;
        for (const char *p = at; *p != '\n'; p++)
            width += ((unsigned char)*p & 0xc0) != 0x80;
        *widest = width > *widest ? width : *widest;
        *count += 1;
    }
}

static void ascii_shows_everything(void **state)
{
    (void)state;
    const struct bw_plot plot = { .points = rising,
                                  .count = 5,
                                  .band = ahead,
                                  .band_count = 1,
                                  .threshold = 7,
                                  .columns = COLUMNS,
                                  .rows = ROWS };
    struct bw_buf out;
    bw_buf_init(&out, 1u << 20);
    bw_plot_draw(&out, &plot);
    assert_non_null(strchr(out.data, '*'));
    assert_non_null(strchr(out.data, 'o'));
    assert_non_null(strchr(out.data, '-'));
    assert_non_null(strchr(out.data, '|'));
    assert_non_null(strchr(out.data, '.'));
    for (const char *p = out.data; *p != '\0'; p++)
        assert_true((unsigned char)*p < 0x80);
    bw_buf_fini(&out);
}

static void it_fits_where_it_should(void **state)
{
    (void)state;
    for (int utf8 = 0; utf8 < 2; utf8++) {
        for (size_t columns = 40; columns < 200; columns += 37) {
            const struct bw_plot plot = { .points = rising,
                                          .count = 5,
                                          .band = ahead,
                                          .band_count = 1,
                                          .threshold = NAN,
                                          .columns = columns,
                                          .rows = ROWS,
                                          .utf8 = utf8 == 1 };
            struct bw_buf out;
            size_t count, widest;
            bw_buf_init(&out, 1u << 20);
            bw_plot_draw(&out, &plot);
            lines_of(&out, &count, &widest);
            assert_int_equal(count, ROWS + 1);
            assert_true(widest <= (columns > 52 ? columns : 52));
            bw_buf_fini(&out);
        }
    }
}

/* The line goes from the lower left to the upper right corner. */
static void a_rising_series_rises(void **state)
{
    (void)state;
    const struct bw_plot plot = {
        .points = rising, .count = 5, .threshold = NAN, .columns = COLUMNS, .rows = ROWS
    };
    struct bw_buf out;
    bw_buf_init(&out, 1u << 20);
    bw_plot_draw(&out, &plot);
    size_t before = COLUMNS;
    const char *line = out.data;
    for (int row = 0; row < ROWS; row++) {
        const size_t at = (size_t)(strchr(line, '*') - line);
        assert_true(at < before);
        before = at;
        line = strchr(line, '\n') + 1;
    }
    assert_int_equal(before, 11);
    bw_buf_fini(&out);
}

static void odd_series_are_drawn_too(void **state)
{
    (void)state;
    static const struct bw_point same[] = { { 0, 5 }, { 1000, 5 } };
    static const struct bw_point one[] = { { 77, -3 } };
    static const struct bw_point gaps[] = {
        { 0, 1 }, { 1000, NAN }, { 2000, 3 }, { 3000, INFINITY }
    };
    static const struct bw_point huge[] = { { INT64_MIN / 2, -1e308 }, { INT64_MAX / 2, 1e308 } };
    static const struct bw_point nothing[] = { { 0, NAN } };
    static const struct bw_point ends[] = { { 0, -DBL_MAX }, { 1000, DBL_MAX } };
    static const struct bw_point least[] = { { 0, 0 }, { 1000, 5e-324 }, { 2000, 0 } };
    static const struct {
        const struct bw_point *points;
        size_t count;
        bool drawn;
        struct bw_plot_band band;
    } cases[] = {
        { same, 2, true, { 2000, 4, 5, 6 } },
        { one, 1, true, { 78, -3, -3, -3 } },
        { gaps, 4, true, { 4000, NAN, 1, NAN } },
        { huge, 2, true, { INT64_MAX, -DBL_MAX, 0, DBL_MAX } },
        { ends, 2, true, { 2000, -DBL_MAX, -DBL_MAX, DBL_MAX } },
        { least, 3, true, { 3000, 0, 5e-324, 1e-323 } },
        { nothing, 1, false, { 2, NAN, NAN, NAN } },
        { NULL, 0, false, { 0, 0, 0, 0 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_plot plot = { .points = cases[i].points,
                                      .count = cases[i].count,
                                      .band = &cases[i].band,
                                      .band_count = 1,
                                      .threshold = 1e300,
                                      .columns = 60,
                                      .rows = 4,
                                      .utf8 = true };
        struct bw_buf out;
        bw_buf_init(&out, 1u << 20);
        bw_plot_draw(&out, &plot);
        assert_int_equal(out.len > 0, cases[i].drawn);
        bw_buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ascii_shows_everything),
        cmocka_unit_test(it_fits_where_it_should),
        cmocka_unit_test(a_rising_series_rises),
        cmocka_unit_test(odd_series_are_drawn_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
