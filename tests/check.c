/* Runs the tests of one program; arguments name the only ones to run. */
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TESTS_LIMIT 512

static struct {
    const char *name;
    void (*run)(void);
} tests[TESTS_LIMIT];
static int count;
static int failures; /* of the test that runs */

void
check_add(const char *name, void (*run)(void))
{
    if (count == TESTS_LIMIT)
        abort();
    tests[count].name = name;
    tests[count++].run = run;
}

void
check_fail(const char *file, int line, const char *what)
{
    failures++;
    printf("  %s:%d: %s\n", file, line, what);
}

void
check_text(const char *file, int line, const char *is, const char *want)
{
    if (is != NULL && want != NULL && strcmp(is, want) == 0)
        return;
    failures++;
    printf("  %s:%d: is \"%s\", not \"%s\"\n", file, line,
           is != NULL ? is : "(null)", want != NULL ? want : "(null)");
}

static int
is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return 1;
    return argc < 2;
}

int
main(int argc, char **argv)
{
    int failed = 0;
    int ran = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 0; i < count; i++) {
        if (!is_wanted(tests[i].name, argc, argv))
            continue;
        failures = 0;
        tests[i].run();
        ran++;
        failed += failures > 0;
        printf("%s %s\n", failures > 0 ? "FAILED" : "ok    ", tests[i].name);
    }
    printf("%d passed, %d failed\n", ran - failed, failed);
    return failed > 0 || ran == 0;
}
