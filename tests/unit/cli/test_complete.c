// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "cli/complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct bw_command *const table[] = {
    &bw_cmd_serve, &bw_cmd_init, &bw_cmd_check,      &bw_cmd_probe,   &bw_cmd_query, &bw_cmd_trend,
    &bw_cmd_db,    &bw_cmd_docs, &bw_cmd_completion, &bw_cmd_version, NULL,
};

/* What is offered, words only, parted by blanks; the caller ends `out`. */
static void offered(struct bw_buf *out, const char *const *words, size_t count)
{
    struct bw_buf lines;
    bw_buf_init(&lines, 1u << 20);
    bw_buf_init(out, 1u << 20);
    bw_complete(table, words, count, &lines);
    for (char *rest = lines.data, *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
        bw_buf_text(out, out->len > 0 ? " " : "");
        bw_buf_bytes(out, line, strcspn(line, "\t"));
    }
    bw_buf_fini(&lines);
}

/* Command lines, words parted by blanks; a blank at the end: the cursor is at a new word. */
static const struct {
    const char *line, *want;
} cases[] = {
    { "", "serve init check probe query trend db completion version help" },
    { "ver", "version" },
    { "doc", "" },       /* hidden */
    { "nothing x", "" }, /* no such command */
    { "help que", "query" },
    { "help query x", "" },
    { "docs con", "configuration" },
    { "db ", "verify stats backup compact delete-series" },
    { "db verify ", "--storage.path= --format= --dry-run --yes --all --help" },
    { "db backup ", ":files" },
    { "db verify x", "" },
    { "db --format=json ver", "verify" },
    { "db --format json ver", "verify" },
    { "db --format ", "text json" },
    { "db --format j", "json" },
    { "db --format", "--format=" },
    { "db --format=json --f", "" },
    { "db -", "--storage.path= --format= --dry-run --yes --all --help" },
    { "db --nonsense=", "" },
    { "db --nonsense ver", "verify" },
    { "db -- --f", "" },
    { "db -- ver", "verify" },
    { "trend --counter --side=a", "--side=auto --side=above" },
    { "trend --counter=", "--counter=true --counter=false" },
    { "trend --no-c", "--no-counter" },
    { "trend --cou", "--counter" },
    { "trend ", ":files" },
    { "trend - ", "--series= --storage.path= --range= --horizons= --threshold= --side= --season= "
                  "--counter --format= --help" },
    { "probe exec ", ":files" },
    { "probe http x --module=imap", "--module=imap --module=imaps --module=imap_starttls" },
    { "probe http x --module=w", "" }, /* no file that would have more than what is built in */
    { "serve --web.listen-address=:1 --web.l", "--web.listen-address=" },
    { "serve --config.file=a", ":files" },
    { "serve --template.folder ", ":files" },
    { "completion ", "bash zsh fish" },
    { "version x", "" },
};

static void what_fits_is_offered(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[200];
        const char *words[16];
        size_t count = 0;
        struct bw_buf got;
        snprintf(line, sizeof line, "%s", cases[i].line);
        for (char *rest = line, *word; (word = strsep(&rest, " ")) != NULL;)
            words[count++] = word;
        offered(&got, words, count);
        if (strcmp(got.data, cases[i].want) != 0)
            fail_msg("'%s' offers: %s\nwant: %s", cases[i].line, got.data, cases[i].want);
        bw_buf_fini(&got);
    }
}

/* Whatever the parser takes is offered, for every command, and nothing else but --help. */
static void every_flag_is_offered(void **state)
{
    (void)state;
    for (size_t i = 0; table[i] != NULL; i++) {
        struct bw_buf got, want;
        offered(&got, (const char *[]){ table[i]->name, "--" }, 2);
        bw_buf_init(&want, 1u << 20);
        for (const struct bw_opt *row = table[i]->flags->opts; row->name != NULL; row++)
            bw_buf_printf(&want, "--%s%s ", row->name, row->type == BW_OPT_BOOL ? "" : "=");
        bw_buf_text(&want, "--help");
        assert_string_equal(got.data, want.data);
        bw_buf_fini(&got);
        bw_buf_fini(&want);
    }
}

static void modules_come_from_the_file(void **state)
{
    (void)state;
    char file[] = "/tmp/bw_complete_XXXXXX";
    static const char text[] = "modules:\n  web: {prober: http}\n  'two words': {prober: http}\n"
                               "  \"a\\nb\": {prober: http}\n  $(reboot): {prober: http}\n";
    const int fd = mkstemp(file);
    assert_true(fd >= 0 && write(fd, text, sizeof text - 1) == sizeof text - 1);
    close(fd);
    struct bw_buf got;
    offered(&got, (const char *[]){ "probe", "http", "--config.file", file, "--module=" }, 5);
    /* The others would need quotes. */
    assert_int_equal(strncmp(got.data, "--module=web --module=redis ", 28), 0);
    bw_buf_fini(&got);
    unlink(file);
}

static void a_line_says_what_it_means(void **state)
{
    (void)state;
    struct bw_buf lines;
    bw_buf_init(&lines, 1u << 20);
    bw_complete(table, (const char *[]){ "db", "--st" }, 2, &lines);
    assert_string_equal(lines.data, "--storage.path=\tThe store's file\n");
    bw_buf_fini(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_offered),
        cmocka_unit_test(every_flag_is_offered),
        cmocka_unit_test(modules_come_from_the_file),
        cmocka_unit_test(a_line_says_what_it_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
