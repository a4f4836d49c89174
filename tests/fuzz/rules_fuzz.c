/* .gitignore and .gitattributes: rules in front of a newline, a path behind. */
#include <stdint.h>
#include <string.h>

#include "storage/git/rules.h"

#define STEPS 5000 /* a path has 40 times as many; all of them take long */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    const char *text = arena_bytes(arena, data, size);
    const char *newline = strrchr(text, '\n');
    const char *path = newline != NULL ? newline + 1 : text;
    struct rules rules;

    rules_parse_ignore(&rules, arena, text, size);
    rules.steps_left = STEPS;
    rules_is_ignored(&rules, path);
    rules_parse_weights(&rules, arena, text, size);
    rules.steps_left = STEPS;
    rules_is_weights(&rules, path);
    arena_free(arena);
    return 0;
}
