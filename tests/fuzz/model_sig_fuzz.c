/* model.sig from anybody: the bundle, and the statement inside it. */
#include <stdint.h>

#include "auth/key/signature.h"
#include "auth/key/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    struct signature signature;
    struct signature_differences differences;
    struct error err;

    if (signature_parse(&signature, arena, (const char *)data, size, &err) == 0)
        signature_compare(&differences, arena, &signature, signature.files,
                          signature.count / 2, &err);
    signature = (struct signature){0};
    statement_parse(&signature, arena, (const char *)data, size, &err);
    signature_is_plain_attributes((const char *)data, size);
    arena_free(arena);
    return 0;
}
