// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/complete.h"

#include "base/text.h"

#include <string.h>

/* ---- what commands say ------------------------------------------------------------------- */

/* Names of modules come from a file: one that needs quotes would need them differently in each
 * shell, and one with a newline would be two. */
static bool is_plain(const char *word)
{
    for (const char *c = word; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f
            || strchr("\"'\\$`!&;|<>(){}[]*?#~^", *c) != NULL)
            return false;
    }
    return word[0] != '\0';
}

static size_t first_sentence(const char *help)
{
    size_t len = strcspn(help, ";\t\n");
    for (size_t i = 0; i < len; i++) {
        if (help[i] == '.' && (help[i + 1] == ' ' || help[i + 1] == '\0'))
            len = i;
    }
    return len;
}

void bw_completion_add(struct bw_completion *completion, const char *word, const char *help)
{
    if (!bw_text_starts_with(word, completion->word) || !is_plain(word))
        return;
    bw_buf_text(completion->out, completion->lead);
    bw_buf_text(completion->out, word);
    bw_buf_char(completion->out, '\t');
    if (help != NULL)
        bw_buf_bytes(completion->out, help, first_sentence(help));
    bw_buf_char(completion->out, '\n');
}

void bw_completion_files(struct bw_completion *completion)
{
    bw_buf_text(completion->out, ":files\n");
}

const char *bw_completion_given(const struct bw_completion *completion, const char *flag)
{
    for (size_t i = 0; i < completion->given_count; i++) {
        if (strcmp(completion->given[i].row->name, flag) == 0)
            return completion->given[i].value;
    }
    return NULL;
}

void bw_complete_file_arguments(struct bw_completion *completion, const struct bw_opt *flag)
{
    if (flag == NULL)
        bw_completion_files(completion);
}

/* ---- flags and their values -------------------------------------------------------------- */

static const struct bw_opt *find_row(const struct bw_opt_group *group, const char *name, size_t len)
{
    for (const struct bw_opt *row = group->opts; row->name != NULL; row++) {
        if (strlen(row->name) == len && memcmp(row->name, name, len) == 0)
            return row;
    }
    return NULL;
}

static bool may_stand_again(const struct bw_completion *completion, const struct bw_opt *row)
{
    if (row->type >= BW_OPT_STRINGS && row->type <= BW_OPT_MULTIMAP)
        return true;
    for (size_t i = 0; i < completion->given_count; i++) {
        if (completion->given[i].row == row)
            return false;
    }
    return true;
}

static void offer_flags(struct bw_completion *completion, const struct bw_opt_group *group)
{
    for (const struct bw_opt *row = group->opts; row->name != NULL; row++) {
        const bool is_switch = row->type == BW_OPT_BOOL;
        if ((row->flags & BW_OPT_HIDDEN) != 0 || !may_stand_again(completion, row))
            continue;
        bw_completion_add(
            completion,
            bw_arena_printf(completion->arena, "--%s%s", row->name, is_switch ? "" : "="),
            row->help);
        /* The negation of each switch would only fill the screen until it is asked for. */
        if (is_switch && bw_text_starts_with(completion->word, "--n"))
            bw_completion_add(completion, bw_arena_printf(completion->arena, "--no-%s", row->name),
                              row->help);
    }
    bw_completion_add(completion, "--help", "Show what the command takes");
}

static void offer_values(struct bw_completion *completion, const struct bw_command *command,
                         const struct bw_opt *row)
{
    for (const struct bw_opt_name *name = row->names; name != NULL && name->name != NULL; name++)
        bw_completion_add(completion, name->name, NULL);
    if (row->type == BW_OPT_BOOL) {
        bw_completion_add(completion, "true", NULL);
        bw_completion_add(completion, "false", NULL);
    }
    if ((row->flags & (BW_OPT_FILE | BW_OPT_FOLDER)) != 0)
        bw_completion_files(completion);
    if (command->complete != NULL)
        command->complete(completion, row);
}

/* ---- the words before the cursor --------------------------------------------------------- */

/* Command lines, read as far as they are there. */
struct reading {
    const char **args;
    size_t arg_count;
    struct bw_given_flag *given;
    size_t given_count;
    const struct bw_opt *open; /* the flag whose value the last word is, or NULL */
    bool flags_ended;
};

/* One word that begins with --; the value of a flag may be the next word. Returns how many words
 * that makes. */
static size_t read_flag(struct reading *reading, const struct bw_opt_group *group,
                        const char *const *words, size_t left)
{
    const char *name = words[0] + 2;
    const char *equals = strchr(name, '=');
    const struct bw_opt *row =
        find_row(group, name, equals != NULL ? (size_t)(equals - name) : strlen(name));
    if (row == NULL)
        return 1;
    struct bw_given_flag *given = &reading->given[reading->given_count++];
    *given = (struct bw_given_flag){ row, equals != NULL ? equals + 1 : NULL };
    if (equals != NULL || row->type == BW_OPT_BOOL)
        return 1;
    if (left == 1) { /* its value is what is being typed */
        reading->given_count--;
        reading->open = row;
        return 1;
    }
    given->value = words[1];
    return 2;
}

static void read_words(struct reading *reading, struct bw_arena *arena,
                       const struct bw_command *command, const char *const *words, size_t count)
{
    reading->args = bw_arena_array(arena, count + 1, sizeof *reading->args);
    reading->given = bw_arena_array(arena, count + 1, sizeof *reading->given);
    for (size_t i = 0; i < count;) {
        if (reading->flags_ended || words[i][0] != '-' || words[i][1] == '\0') {
            reading->args[reading->arg_count++] = words[i++];
        } else if (strcmp(words[i], "--") == 0) {
            reading->flags_ended = true;
            i++;
        } else {
            i += read_flag(reading, command->flags, words + i, count - i);
        }
    }
}

/* ---- all together ------------------------------------------------------------------------ */

static void complete_value(struct bw_completion *completion, const struct bw_command *command,
                           const char *equals)
{
    const char *name = completion->word + 2;
    const struct bw_opt *row = find_row(command->flags, name, (size_t)(equals - name));
    if (row == NULL)
        return;
    completion->lead = bw_arena_printf(completion->arena, "--%s=", row->name);
    completion->word = equals + 1;
    offer_values(completion, command, row);
}

static void complete_argument(struct bw_completion *completion, const struct bw_command *command,
                              bool flags_ended)
{
    const size_t before = completion->out->len;
    if (completion->arg_count < command->args_max && command->complete != NULL)
        command->complete(completion, NULL);
    /* Who asks where nothing is known or nothing more fits wants to see what there is. */
    if (completion->out->len == before && completion->word[0] == '\0' && !flags_ended)
        offer_flags(completion, command->flags);
}

static void complete_command(struct bw_completion *completion, const struct bw_command *command,
                             const char *const *words, size_t count)
{
    struct reading reading = { 0 };
    read_words(&reading, completion->arena, command, words, count);
    completion->args = reading.args;
    completion->arg_count = reading.arg_count;
    completion->given = reading.given;
    completion->given_count = reading.given_count;
    const char *equals = strchr(completion->word, '=');
    const bool is_flag = !reading.flags_ended && completion->word[0] == '-';
    if (reading.open != NULL)
        offer_values(completion, command, reading.open);
    else if (is_flag && equals != NULL && bw_text_starts_with(completion->word, "--"))
        complete_value(completion, command, equals);
    else if (is_flag)
        offer_flags(completion, command->flags);
    else
        complete_argument(completion, command, reading.flags_ended);
}

static void offer_commands(struct bw_completion *completion, const struct bw_command *const *table)
{
    for (size_t i = 0; table[i] != NULL; i++) {
        if (!table[i]->hidden)
            bw_completion_add(completion, table[i]->name, table[i]->summary);
    }
}

void bw_complete(const struct bw_command *const *table, const char *const *words, size_t count,
                 struct bw_buf *out)
{
    struct bw_arena arena;
    bw_arena_init(&arena);
    struct bw_completion completion = {
        .arena = &arena, .out = out, .word = count > 0 ? words[count - 1] : "", .lead = ""
    };
    const bool asks_help = count == 2 && strcmp(words[0], "help") == 0;
    if (count < 2 || asks_help)
        offer_commands(&completion, table);
    if (count < 2)
        bw_completion_add(&completion, "help", "Show the commands, or what one takes");
    for (size_t i = 0; count >= 2 && table[i] != NULL; i++) {
        if (strcmp(table[i]->name, words[0]) == 0)
            complete_command(&completion, table[i], words + 1, count - 2);
    }
    bw_arena_fini(&arena);
}
