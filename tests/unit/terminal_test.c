#include <string.h>

#include "cli/terminal/progress.h"
#include "cli/terminal/terminal.h"
#include "tests/check.h"

TEST(what_could_move_the_cursor_or_turn_the_text_is_shown_as_a_question_mark)
{
    static const char *const cases[][2] = {
        {"plain\tand\nlines", "plain\tand\nlines"},
        {"\033[2Jgone", "?[2Jgone"},
        {"a\rb\bc\ad\177e", "a?b?c?d?e"},
        {"\302\233x", "?x"},                      /* C1: CSI */
        {"a\342\200\256b\342\201\246c", "a?b?c"}, /* direction */
        {"a\342\200\250b", "a?b"},                /* line separator */
        {"\377\376x", "??x"},                     /* no UTF-8 */
        {"Z\303\274rich", "Z\303\274rich"},
    };
    struct arena *arena = arena_open();

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_TEXT(terminal_clean(arena, cases[i][0], strlen(cases[i][0])),
                   cases[i][1]);
    CHECK_TEXT(terminal_clean(arena, "a\0b", 3), "a?b");
    arena_free(arena);
}

TEST(width_counts_columns_not_bytes)
{
    CHECK(terminal_width("") == 0);
    CHECK(terminal_width("Z\303\274rich") == 6);
    CHECK(terminal_width("\346\227\245\346\234\254") == 4);
}

TEST(sizes_have_decimal_units_and_few_digits)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},          {999, "999 B"},         {1000, "1.0 kB"},
        {1184992, "1.2 MB"}, {12345678, "12 MB"},    {999600, "1.0 MB"},
        {9949, "9.9 kB"},    {5000000000, "5.0 GB"}, {UINT64_MAX, "18 EB"},
    };
    char text[PROGRESS_SIZE_TEXT];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        progress_size(text, cases[i].bytes);
        CHECK_TEXT(text, cases[i].text);
    }
}
