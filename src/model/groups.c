// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/groups.h"

#include <stdbool.h>
#include <string.h>

enum { GROUP_BYTES_MAX = 32 };

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The name after a dollar, in braces or not: how many bytes it takes with them, 0 when there is
 * none that is well-formed. */
static size_t read_name(const char *text, const char **out_name, size_t *out_len)
{
    const size_t brace = text[0] == '{';
    size_t len = 0;
    while (is_word(text[brace + len]))
        len++;
    if (len == 0 || (brace && text[brace + len] != '}'))
        return 0;
    *out_name = text + brace;
    *out_len = len;
    return len + 2 * brace;
}

/* -1: there is no such group. "01" is a name. */
static int group_number(const struct bw_groups *groups, const char *name, size_t len)
{
    char text[GROUP_BYTES_MAX + 1];
    int number = 0;
    if (len > GROUP_BYTES_MAX)
        return -1;
    memcpy(text, name, len);
    text[len] = '\0';
    if (strspn(text, "0123456789") != len || (text[0] == '0' && len > 1))
        return pcre2_substring_number_from_name(groups->code, (PCRE2_SPTR)text);
    for (size_t i = 0; i < len && number < groups->count; i++)
        number = 10 * number + (text[i] - '0');
    return number;
}

static void put_group(const struct bw_groups *groups, int group, struct bw_buf *out)
{
    if (group < 0 || group >= groups->count)
        return;
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(groups->match);
    const size_t from = ends[2 * group], to = ends[2 * group + 1];
    if (from != PCRE2_UNSET && to > from)
        bw_buf_bytes(out, groups->searched + from, to - from);
}

/* What a dollar and the text after it stand for: returns how many bytes they are. */
static size_t expand_dollar(const struct bw_groups *groups, const char *at, struct bw_buf *out)
{
    const char *name;
    size_t len;
    if (at[1] == '$') {
        bw_buf_char(out, '$');
        return 2;
    }
    const size_t taken = read_name(at + 1, &name, &len);
    if (taken == 0)
        bw_buf_char(out, '$');
    else
        put_group(groups, group_number(groups, name, len), out);
    return 1 + taken;
}

void bw_groups_expand(const struct bw_groups *groups, const char *form, struct bw_buf *out)
{
    while (*form != '\0') {
        const size_t plain = strcspn(form, "$");
        bw_buf_bytes(out, form, plain);
        form += plain;
        if (*form == '$')
            form += expand_dollar(groups, form, out);
    }
}
