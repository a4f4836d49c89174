/* The body of a commit: lines out of a source, each parsed. */
#include <stdint.h>

#include "registry/routes/commit_line.h"

#define LINE_BYTES 2048 /* a line over it is refused */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory_source source;
    struct commit_reader reader = {.source = &source.source,
                                   .line_limit_bytes = LINE_BYTES};
    struct arena *arena = arena_open();
    struct commit_line parsed;
    const char *line = "";
    struct error err;
    size_t length;

    source_of_memory(&source, data, size);
    while (line != NULL &&
           commit_reader_next(&line, &length, &reader, &err) == 0)
        if (line != NULL)
            commit_line_parse(&parsed, arena, line, length, &err);
    commit_reader_free(&reader);
    arena_free(arena);
    return 0;
}
