/*
 * weighd.conf, and the same bytes as arguments, one a line: what is taken
 * holds what its header promises.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "registry/config.h"

#define ARGUMENTS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
load(struct arena *arena, int argc, char **argv)
{
    struct config config;
    struct error err;

    if (config_load(&config, arena, &argc, argv, &err) < 0)
        return;
    if (config.data == NULL || config.listen == NULL || config.url == NULL ||
        config.blobs == NULL || config.secret_file == NULL ||
        config.sign_up == NULL || config.workers < 1 || argc < 1)
        abort();
}

/* One file without a name for all runs: making one is dear. */
static char *
write_file(struct arena *arena, const uint8_t *data, size_t size)
{
    static int file = -1;

    if (file < 0)
        file = memfd_create("weighd.conf", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, 0) < 0 ||
        pwrite(file, data, size, 0) != (ssize_t)size)
        abort();
    return arena_format(arena, "/proc/self/fd/%d", file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    char *text = arena_bytes(arena, data, size);
    char *argv[ARGUMENTS + 1] = {"weighd"};
    int argc = 1;

    load(arena, 3,
         (char *[]){"weighd", "--config", write_file(arena, data, size), NULL});
    while (text != NULL && argc < ARGUMENTS)
        argv[argc++] = strsep(&text, "\n");
    /* A file that the input names is none of ours to read. */
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--config", 8) == 0)
            argc = 1;
    argv[argc] = NULL;
    load(arena, argc, argv);
    arena_free(arena);
    return 0;
}
