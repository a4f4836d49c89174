/*
 * Gives every file of a folder to a fuzz target, then the same bytes cut short
 * in a few places: the corpus as a test, without libFuzzer.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/file.h"

#define INPUT_LIMIT (16 * 1024 * 1024)
#define CUTS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly this size, so that ASan sees a read past its end. */
static void
run(const char *bytes, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL)
        abort();
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int
replay(const char *path)
{
    struct arena *arena = arena_open();
    struct error err;
    size_t length;
    char *bytes;
    int result = file_read(&bytes, &length, arena, path, INPUT_LIMIT, &err);

    if (result == 0) {
        run(bytes, length);
        for (size_t cut = 1; cut < CUTS; cut++)
            run(bytes, length * cut / CUTS);
    } else {
        fprintf(stderr, "%s\n", err.message);
    }
    arena_free(arena);
    return result;
}

int
main(int argc, char **argv)
{
    struct dirent *entry;
    char path[4096];
    int count = 0;
    int failed = 0;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;

    if (folder == NULL) {
        fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        failed += replay(path) < 0;
        count++;
    }
    closedir(folder);
    printf("%d passed, %d failed\n", count - failed, failed);
    return failed > 0 || count == 0;
}
