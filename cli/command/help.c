#include "cli/command/help.h"

#include <stdio.h>
#include <string.h>

#define NAME_COLUMN 12
#define OPTION_COLUMN 26

const struct option_row help_common_options[] = {
    {"registry", "URL", "the registry to talk to", false},
    {"json", NULL, "print the facts as one JSON object", false},
    {"help", NULL, "show this help", false},
    {0},
};

void
help_print_table(const struct terminal *terminal,
                 const struct command *const *table)
{
    terminal_print(terminal, "usage: weigh COMMAND [WORDS] [--OPTIONS]\n\n");
    for (; *table != NULL; table++)
        terminal_print(terminal, "  %-*s%s\n", NAME_COLUMN, (*table)->name,
                       (*table)->summary);
    terminal_print(terminal, "\n`weigh COMMAND --help` shows its options; "
                             "`man weigh` is the manual.\n"
                             "`weigh --version` shows the version.\n");
}

static void
print_options(const struct terminal *terminal, const struct option_row *rows)
{
    char left[80];

    for (; rows != NULL && rows->name != NULL; rows++) {
        snprintf(left, sizeof(left), "%s%s%s%s%s",
                 rows->name[1] == '\0' ? "-" : "--", rows->name,
                 rows->value == NULL ? "" : " ",
                 rows->value == NULL ? "" : rows->value,
                 rows->repeats ? "..." : "");
        if (strlen(left) < OPTION_COLUMN)
            terminal_print(terminal, "  %-*s%s\n", OPTION_COLUMN, left,
                           rows->help);
        else
            terminal_print(terminal, "  %s\n  %-*s%s\n", left, OPTION_COLUMN,
                           "", rows->help);
    }
}

static void
print_verbs(const struct terminal *terminal, const struct command *command)
{
    if (command->verbs == NULL)
        return;
    terminal_print(terminal, "\n");
    for (const struct command *const *verb = command->verbs; *verb != NULL;
         verb++)
        terminal_print(terminal, "  %-*s%s\n", NAME_COLUMN, (*verb)->name,
                       (*verb)->summary);
}

void
help_print_command(const struct terminal *terminal,
                   const struct command *parent, const struct command *command)
{
    terminal_print(terminal, "usage: weigh %s%s%s%s%s [--OPTIONS]\n\n%s\n",
                   parent == NULL ? "" : parent->name,
                   parent == NULL ? "" : " ", command->name,
                   command->usage[0] == '\0' ? "" : " ", command->usage,
                   command->summary);
    if (command->details != NULL)
        terminal_print(terminal, "\n%s\n", command->details);
    print_verbs(terminal, command);
    terminal_print(terminal, "\n");
    print_options(terminal, command->options);
    print_options(terminal, help_common_options);
}
