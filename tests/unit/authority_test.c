#include <stdlib.h>
#include <unistd.h>

#include "cli/client/authority.h"
#include "tests/check.h"

TEST(certificates_that_a_person_names_are_the_ones)
{
    setenv("SSL_CERT_FILE", "/nowhere/own.pem", 1);
    CHECK_TEXT(authority_file(), "/nowhere/own.pem");
    unsetenv("SSL_CERT_FILE");
}

TEST(certificates_of_the_distribution_are_found)
{
    unsetenv("SSL_CERT_FILE");
    CHECK(authority_file() != NULL);
    CHECK(access(authority_file(), R_OK) == 0);
}
