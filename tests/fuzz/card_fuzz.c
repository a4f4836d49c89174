/* README.md as it is, and the same bytes as its YAML. */
#include <stdint.h>
#include <string.h>

#include "storage/model/card.h"
#include "storage/model/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct yaml_limits limits = {CARD_DEPTH_LIMIT,
                                              CARD_NODES_LIMIT};
    struct arena *arena = arena_open();
    struct card_field *fields;
    size_t count;
    struct card card;
    json_t *value;
    struct error err;

    card_parse(&card, arena, (const char *)data, size, &err);
    if (yaml_read(&value, arena, (const char *)data, size, &limits, &err) == 0)
        card_parse_fields(&fields, &count, arena, value, &err);
    arena_free(arena);
    return 0;
}
