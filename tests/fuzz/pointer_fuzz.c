/* A pointer that is taken has one spelling: the one that is written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "storage/model/pointer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pointer pointer;
    char text[POINTER_TEXT_SIZE];
    struct error err;

    if (pointer_parse(&pointer, data, size, &err) < 0)
        return 0;
    if (pointer_write(text, &pointer) != size || memcmp(text, data, size) != 0)
        abort();
    return 0;
}
