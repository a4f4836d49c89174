#include "storage/model/pointer.h"

#include <string.h>

#include "tests/check.h"

#define HEAD "version https://git-lfs.github.com/spec/v1\n"
#define DIGEST                                                                 \
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

TEST(a_pointer_is_written_as_git_lfs_writes_it)
{
    struct pointer pointer = {.size_bytes = 12345};
    struct pointer again;
    struct error err;
    char text[POINTER_TEXT_SIZE];
    size_t length;

    digest_of(&pointer.digest, "abc", 3);
    length = pointer_write(text, &pointer);
    CHECK_TEXT(text, HEAD "oid sha256:" DIGEST "\nsize 12345\n");
    CHECK(length == strlen(text));
    CHECK(pointer_parse(&again, text, length, &err) == 0);
    CHECK(digest_is_equal(&again.digest, &pointer.digest));
    CHECK(again.size_bytes == 12345);
    pointer.size_bytes = UINT64_MAX;
    CHECK(pointer_write(text, &pointer) < POINTER_TEXT_SIZE);
}

TEST(a_pointer_with_a_false_oid_or_size_is_refused)
{
    static const char *const bad[] = {
        "",
        HEAD,
        HEAD "oid sha256:abc\nsize 1\n",
        HEAD "oid md5:" DIGEST "\nsize 1\n",
        HEAD "oid sha256:../../../../../../../../../../../../../../etc/passwd"
             "..........\nsize 1\n",
        HEAD "oid sha256:" DIGEST "0\nsize 1\n",
        HEAD "oid sha256:" DIGEST "\n",
        HEAD "oid sha256:" DIGEST "\nsize \n",
        HEAD "oid sha256:" DIGEST "\nsize -1\n",
        HEAD "oid sha256:" DIGEST "\nsize 01\n",
        HEAD "oid sha256:" DIGEST "\nsize 1",
        HEAD "oid sha256:" DIGEST "\nsize 9223372036854775808\n",
        HEAD "oid sha256:" DIGEST "\nsize 99999999999999999999999\n",
        HEAD "oid sha256:" DIGEST "\nsize 1\nx-more y\n",
        HEAD "oid sha256:" DIGEST "\r\nsize 1\r\n",
        HEAD "size 1\noid sha256:" DIGEST "\n",
        HEAD "oid sha256:"
             "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"
             "\nsize 1\n",
    };
    struct pointer pointer;
    struct error err;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err.code = ERROR_NONE;
        CHECK(pointer_parse(&pointer, bad[i], strlen(bad[i]), &err) < 0);
        CHECK(err.code == ERROR_UNPROCESSABLE);
    }
    CHECK(pointer_parse(&pointer,
                        HEAD "oid sha256:" DIGEST "\nsize "
                             "9223372036854775807\n",
                        strlen(HEAD) + 11 + 64 + 1 + 5 + 19 + 1, &err) == 0);
}
