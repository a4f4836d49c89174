#include "storage/git/oid.h"

#include <string.h>

#include "storage/base/hex.h"

void
oid_write(char out[OID_TEXT_SIZE], const struct oid *oid)
{
    hex_write(out, oid->bytes, sizeof(oid->bytes));
}

bool
oid_parse(struct oid *out, const char *text)
{
    return hex_read(out->bytes, sizeof(out->bytes), text);
}

bool
oid_is_equal(const struct oid *a, const struct oid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool
oid_is_zero(const struct oid *oid)
{
    static const struct oid zero;

    return oid_is_equal(oid, &zero);
}
