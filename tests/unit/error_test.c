#include <errno.h>
#include <string.h>

#include "storage/base/error.h"
#include "tests/check.h"

TEST(a_refusal_carries_its_code_its_status_and_one_line)
{
    struct error err;

    CHECK(error_set(&err, ERROR_GATED, "%s is gated", "acme/tiny") == -1);
    CHECK(err.code == ERROR_GATED);
    CHECK(err.status == 403);
    CHECK_TEXT(err.message, "acme/tiny is gated");
    CHECK_TEXT(error_wire(err.code), "GatedRepo");
}

TEST(a_message_that_is_too_long_is_cut)
{
    struct error err;

    error_set(&err, ERROR_NOT_FOUND, "%0*d", 5000, 7);
    CHECK(strlen(err.message) == sizeof(err.message) - 1);
}

TEST(a_full_disk_has_its_own_code)
{
    struct error err;

    errno = ENOSPC;
    error_set_system(&err, "write");
    CHECK(err.code == ERROR_NO_SPACE);
    CHECK(err.status == 507);
}
