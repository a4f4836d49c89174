/* Agreements and receipts from anybody. */
#include <stdint.h>

#include "auth/key/agreement.h"
#include "auth/key/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    struct agreement agreement;
    struct receipt receipt;
    struct error err;

    agreement_parse(&agreement, arena, (const char *)data, size, &err);
    receipt_read(&receipt, arena, (const char *)data, size, NULL, &err);
    arena_free(arena);
    return 0;
}
