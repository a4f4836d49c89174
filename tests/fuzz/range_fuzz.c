/* Eight bytes of size, then a Range header: ranges lie inside of the body. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "registry/http/range.h"
#include "storage/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct range_set set;
    uint64_t total = 0;
    uint64_t length;
    char *header;

    if (size < sizeof(length))
        return 0;
    memcpy(&length, data, sizeof(length));
    header = xcalloc(1, size - sizeof(length) + 1);
    memcpy(header, data + sizeof(length), size - sizeof(length));
    range_parse(&set, header, length);
    for (size_t i = 0; set.kind == RANGE_SOME && i < set.count; i++) {
        const struct range *range = &set.ranges[i];

        if (range->length == 0 || range->offset >= length ||
            range->length > length - range->offset)
            abort();
        total += range->length;
    }
    if (set.kind == RANGE_SOME && (set.count == 0 || total > length))
        abort();
    free(header);
    return 0;
}
