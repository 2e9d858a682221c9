// SPDX-License-Identifier: GPL-3.0-or-later
/* import and export as they are called: exit codes, what is said, what is in the store after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct bw_command *const table[] = { &bw_cmd_import, &bw_cmd_export, &bw_cmd_db,
                                                  NULL };

static char folder[] = "/tmp/bw-import-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

/* Runs a command on the store in the folder; "@" at the beginning of a word is the folder. Both its
 * outputs are in `out`. */
static int run(const char *line, char *out, size_t size)
{
    char words[12][200];
    char *argv[14] = { "bellwether" };
    int argc = 1;
    char copy[400];
    snprintf(copy, sizeof copy, "%s --storage.path=%s/data.db", line, folder);
    for (char *rest = copy, *word; (word = strsep(&rest, " ")) != NULL; argc++) {
        snprintf(words[argc - 1], sizeof words[0], "%s%s", word[0] == '@' ? folder : "",
                 word[0] == '@' ? word + 1 : word);
        argv[argc] = words[argc - 1];
    }
    FILE *caught = tmpfile();
    assert_non_null(caught);
    fflush(NULL);
    const int kept[] = { dup(STDOUT_FILENO), dup(STDERR_FILENO) };
    dup2(fileno(caught), STDOUT_FILENO);
    dup2(fileno(caught), STDERR_FILENO);
    const int code = bw_commands_run(table, argc, argv);
    fflush(NULL);
    dup2(kept[0], STDOUT_FILENO);
    dup2(kept[1], STDERR_FILENO);
    close(kept[0]);
    close(kept[1]);
    rewind(caught);
    out[fread(out, 1, size - 1, caught)] = '\0';
    fclose(caught);
    return code;
}

static const struct {
    const char *name, *text; /* a file that is made before */
    const char *line;
    int code;
    const char *want; /* in what is said */
} cases[] = {
    { "a form that nobody knows", NULL, "import xml @/a.om", 2, "there is no format 'xml'" },
    { "no file", NULL, "import openmetrics @/absent", 1, "No such file" },
    { "strict: one bad line, nothing is imported", "a 1 1700000000\nwhat\n",
      "import openmetrics @/in --strict", 1, "1 bad line; nothing is imported" },
    { "and no store was made", NULL, "db stats", 1, "--storage.path" },
    { "strict wants to read twice", NULL, "import openmetrics /dev/null --strict", 1, "twice" },
    { "a bad line is told and left out", "a 1 1700000000\nwhat\na 2 1700000015\n",
      "import openmetrics @/in", 0, "2 samples of 1 series added; 1 bad line left out; 1 pack," },
    { "with its number", NULL, "import openmetrics @/in", 0, "/in:2: " },
    { "again adds nothing", "a 1 1700000000\n", "import openmetrics @/in", 0,
      "0 samples of 1 series added; 1 was there already" },
    { "another value takes the place", "a 5 1700000000\n", "import openmetrics @/in", 0,
      "1 took the place of another value" },
    { "not one good line", "what\n", "import openmetrics @/in", 1, "not one good line" },
    { "CSV", "metric,host,time,value\nb,x,1700000000,7\n", "import csv @/in --strict", 0,
      "1 sample of 1 series added" },
    { "what is there", NULL, "export openmetrics", 0,
      "a 5 1700000000\na 2 1700000015\n# TYPE b unknown\nb{host=\"x\"} 7 1700000000\n# EOF\n" },
    { "a part of it, as CSV", NULL, "export csv --match=b", 0,
      "metric,host,time,value\nb,x,1700000000,7\n" },
    { "a part in time", NULL, "export csv --match=a --from=1700000001", 0,
      "metric,time,value\na,1700000015,2\n" },
    { "no selector", NULL, "export csv --match={", 1, "expected a label name" },
    { "one store, what would go", NULL, "db delete-series b --dry-run", 0,
      "b{host=\"x\"}  1 sample\n1 sample of 1 series would be deleted" },
    { "as JSON", NULL, "db delete-series b --dry-run --format=json", 0,
      "\"deleted\":false,\"count\":1,\"samples\":1" },
    { "without a matcher", NULL, "db delete-series", 2, "needs a MATCHER" },
    { "one that is all", NULL, "db delete-series {__name__!=\"\"} --yes", 1, "--all" },
    { "it goes", NULL, "db delete-series b --yes", 0, "1 sample of 1 series is deleted" },
    { "and is gone", NULL, "export csv", 0, "metric,time,value\na,1700000000,5\na,1700000015,2\n" },
    { "the store is sound", NULL, "db verify", 0, "is sound" },
    { "small", NULL, "db compact", 0, "2 packs became 1" },
    { "as small as can be", NULL, "db compact", 0, "0 packs became 0" },
};

static void each_call_says_what_it_did(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char said[8192], path[80];
        snprintf(path, sizeof path, "%s/in", folder);
        FILE *file = cases[i].text == NULL ? NULL : fopen(path, "w");
        if (file != NULL) {
            fputs(cases[i].text, file);
            fclose(file);
        }
        const int code = run(cases[i].line, said, sizeof said);
        if (code != cases[i].code || strstr(said, cases[i].want) == NULL)
            fail_msg("%s: %d, '%s'", cases[i].name, code, said);
    }
}

/* A path that was mistyped is not taken for a store that is damaged, and moved aside. */
static void what_is_no_store_is_left_as_it_is(void **state)
{
    (void)state;
    static const char text[] =
        "somebody's notes, for as long as a page of a store would be at least";
    char said[8192], path[80], kept[200] = "";
    snprintf(path, sizeof path, "%s/in", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("a 1 1700000000\n", file);
    fclose(file);
    snprintf(path, sizeof path, "%s/data.db", folder);
    file = fopen(path, "w+");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(run("import openmetrics @/in", said, sizeof said), 1);
    if (strstr(said, "no sound store") == NULL)
        fail_msg("%s", said);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(kept, sizeof kept, file));
    fclose(file);
    assert_string_equal(kept, text);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_no_store_is_left_as_it_is),
                                        cmocka_unit_test(each_call_says_what_it_did) };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
