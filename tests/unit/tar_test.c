#include "storage/base/tar.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/check.h"

TEST(files_come_back_as_they_were_written)
{
    struct tar_writer writer = {.fd = memfd_create("tar", MFD_CLOEXEC)};
    struct tar_reader reader = {.fd = writer.fd};
    char bytes[1000];
    char back[1000];
    struct error err;
    size_t length;

    memset(bytes, 'x', sizeof(bytes));
    CHECK(tar_begin(&writer, "tables/one", 1000, &err) == 0);
    CHECK(tar_add(&writer, bytes, 400, &err) == 0);
    CHECK(tar_add(&writer, bytes + 400, 600, &err) == 0);
    CHECK(tar_begin(&writer, "empty", 0, &err) == 0);
    CHECK(tar_begin(&writer, "last", 512, &err) == 0);
    CHECK(tar_add(&writer, bytes, 512, &err) == 0);
    CHECK(tar_finish(&writer, &err) == 0);
    CHECK(lseek(writer.fd, 0, SEEK_SET) == 0);
    CHECK(tar_next(&reader, &err) == 0);
    CHECK_TEXT(reader.entry.name, "tables/one");
    CHECK(tar_read(&length, &reader, back, sizeof(back), &err) == 0);
    CHECK(length == 1000 && memcmp(back, bytes, 1000) == 0);
    CHECK(tar_read(&length, &reader, back, sizeof(back), &err) == 0);
    CHECK(length == 0);
    CHECK(tar_next(&reader, &err) == 0);
    CHECK_TEXT(reader.entry.name, "empty");
    CHECK(tar_next(&reader, &err) == 0); /* what was not read is passed over */
    CHECK_TEXT(reader.entry.name, "last");
    CHECK(tar_next(&reader, &err) == 0);
    CHECK_TEXT(reader.entry.name, "");
    close(writer.fd);
}

TEST(a_size_over_eight_gibibytes_is_kept)
{
    static const uint64_t sizes[] = {0, 1, 077777777777, 0100000000000,
                                     UINT64_C(1) << 50};
    uint8_t block[TAR_BLOCK];
    struct error err;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct tar_entry entry = {"blob", sizes[i]};
        struct tar_entry back;

        tar_write_header(block, &entry);
        CHECK(tar_parse_header(&back, block, &err) == 0);
        CHECK(back.size_bytes == sizes[i]);
    }
}

/* Hostile input 30. */
TEST(a_name_that_leads_elsewhere_is_refused)
{
    static const char *const names[] = {"/etc/passwd", "../x", "a/../x", "a//b",
                                        "a/",          ".x",   "a\nb",   "a b"};
    uint8_t block[TAR_BLOCK];
    struct error err;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct tar_entry entry = {.size_bytes = 1};

        snprintf(entry.name, sizeof(entry.name), "%s", names[i]);
        tar_write_header(block, &entry);
        CHECK(tar_parse_header(&entry, block, &err) == -1);
        CHECK(err.code == ERROR_BAD_REQUEST);
    }
}

TEST(a_changed_byte_of_a_header_is_noticed)
{
    const struct tar_entry entry = {"blobs/x", 12345};
    struct tar_entry back;
    struct error err;

    for (size_t i = 0; i < TAR_BLOCK; i++) {
        uint8_t block[TAR_BLOCK];

        tar_write_header(block, &entry);
        block[i] ^= 1;
        CHECK(tar_parse_header(&back, block, &err) == -1 ||
              (strcmp(back.name, entry.name) == 0 &&
               back.size_bytes == entry.size_bytes));
    }
}
