#include "storage/content/upload.h"

#include <stdlib.h>
#include <string.h>

#include "storage/base/file.h"
#include "storage/content/object.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

/* Two whole parts and a short one. */
#define SIZE (2 * UPLOAD_PART_BYTES + 7)

struct fixture {
    char folder[40];
    struct content_store *store;
    struct db *db;
    struct content_owner owner;
    char *bytes;
    struct digest digest;
    struct upload upload;
    struct error err;
};

static struct fixture
fixture_open(void)
{
    struct fixture f = {.folder = "/tmp/weighhouse-upload-XXXXXX"};

    CHECK(mkdtemp(f.folder) != NULL);
    CHECK(content_store_open(&f.store, f.folder, &f.err) == 0);
    f.db = test_database_open();
    f.owner.account = seed_account("acme");
    f.owner.repository = seed_model(f.owner.account, "tiny");
    f.bytes = xcalloc(1, SIZE);
    for (size_t i = 0; i < SIZE; i += 4096)
        f.bytes[i] = (char)(i / 4096 * 31 + i / UPLOAD_PART_BYTES);
    digest_of(&f.digest, f.bytes, SIZE);
    CHECK(upload_open(&f.upload, f.db, &f.owner, &f.digest, SIZE, &f.err) == 0);
    return f;
}

static void
fixture_free(struct fixture *f)
{
    free(f->bytes);
    db_free(f->db);
    content_store_free(f->store);
    CHECK(file_remove_tree(f->folder, &f->err) == 0);
}

/* Sends part number with the bytes from another part's place. */
static int
send_bytes_of(struct fixture *f, int number, int place)
{
    const char *from = f->bytes + UPLOAD_PART_BYTES * (uint64_t)(place - 1);
    size_t size = (size_t)upload_part_size(&f->upload, number);
    struct upload_part *part = NULL;
    struct digest digest;
    int result = -1;

    if (upload_part_open(&part, f->store, &f->upload, number, &f->err) == 0 &&
        upload_part_add(part, from, size, &f->err) == 0)
        result = upload_part_commit(&digest, part, f->db, &f->err);
    upload_part_free(part);
    return result;
}

static int
send_part(struct fixture *f, int number)
{
    return send_bytes_of(f, number, number);
}

static bool
is_kept(struct fixture *f)
{
    const struct content_permit permit = {f->owner.repository, f->digest,
                                          CLOCK_NEVER};
    struct content_reader *reader = NULL;
    char *bytes = xcalloc(1, SIZE);
    bool is_same;

    is_same =
        content_reader_open(&reader, f->store, f->db, &permit, &f->err) == 0 &&
        content_reader_read(reader, bytes, 0, SIZE, &f->err) == 0 &&
        memcmp(bytes, f->bytes, SIZE) == 0;
    content_reader_free(reader);
    free(bytes);
    return is_same;
}

TEST(parts_in_any_order_become_the_object)
{
    struct fixture f = fixture_open();
    struct upload found;

    CHECK(f.upload.parts == 3);
    CHECK(upload_part_size(&f.upload, 2) == UPLOAD_PART_BYTES);
    CHECK(upload_part_size(&f.upload, 3) == 7);
    CHECK(upload_part_size(&f.upload, 4) == 0);
    CHECK(upload_part_size(&f.upload, 0) == 0);
    CHECK(send_part(&f, 3) == 0);
    CHECK(send_part(&f, 1) == 0);
    CHECK(!is_kept(&f));
    CHECK(send_part(&f, 2) == 0);
    CHECK(upload_complete(f.store, f.db, &f.upload, &f.err) == 0);
    CHECK(is_kept(&f));
    CHECK(upload_find(&found, f.db, f.upload.public_id, &f.err) == -1);
    CHECK(f.err.code == ERROR_NOT_FOUND);
    CHECK(seed("SELECT count(*) FROM content_part") == 0);
    fixture_free(&f);
}

TEST(an_upload_goes_on_where_it_was)
{
    struct fixture f = fixture_open();
    struct upload again;
    bool present[3];

    CHECK(send_part(&f, 2) == 0);
    CHECK(upload_open(&again, f.db, &f.owner, &f.digest, SIZE, &f.err) == 0);
    CHECK_TEXT(again.public_id, f.upload.public_id);
    CHECK(upload_list_parts(present, f.db, &again, &f.err) == 0);
    CHECK(!present[0] && present[1] && !present[2]);
    CHECK(upload_find(&again, f.db, f.upload.public_id, &f.err) == 0);
    CHECK(again.id == f.upload.id && again.parts == 3);
    CHECK(digest_is_equal(&again.digest, &f.digest));
    fixture_free(&f);
}

/* Hostile input 35. */
TEST(another_accounts_upload_is_not_gone_on_with)
{
    struct fixture f = fixture_open();
    const struct content_owner other = {f.owner.repository,
                                        seed_account("other")};
    struct upload again;

    CHECK(upload_open(&again, f.db, &other, &f.digest, SIZE, &f.err) == 0);
    CHECK(again.id != f.upload.id);
    fixture_free(&f);
}

TEST(an_upload_without_all_its_parts_is_not_complete)
{
    struct fixture f = fixture_open();

    CHECK(send_part(&f, 1) == 0);
    CHECK(send_part(&f, 3) == 0);
    CHECK(upload_complete(f.store, f.db, &f.upload, &f.err) == -1);
    CHECK_TEXT(f.err.message, "part 2 of 3 is missing");
    CHECK(send_part(&f, 2) == 0);
    CHECK(upload_complete(f.store, f.db, &f.upload, &f.err) == 0);
    fixture_free(&f);
}

/* Hostile input 35. */
TEST(a_part_that_comes_again_replaces_the_earlier_one)
{
    struct fixture f = fixture_open();

    CHECK(send_bytes_of(&f, 1, 2) == 0);
    CHECK(send_part(&f, 2) == 0);
    CHECK(send_part(&f, 3) == 0);
    CHECK(send_part(&f, 1) == 0);
    CHECK(upload_complete(f.store, f.db, &f.upload, &f.err) == 0);
    CHECK(is_kept(&f));
    fixture_free(&f);
}

/* Hostile input 35. */
TEST(parts_that_are_not_the_object_end_the_upload)
{
    struct fixture f = fixture_open();
    struct upload found;

    CHECK(send_bytes_of(&f, 1, 2) == 0);
    CHECK(send_part(&f, 2) == 0);
    CHECK(send_part(&f, 3) == 0);
    CHECK(upload_complete(f.store, f.db, &f.upload, &f.err) == -1);
    CHECK(f.err.code == ERROR_DIGEST_MISMATCH);
    CHECK(!is_kept(&f));
    CHECK(upload_find(&found, f.db, f.upload.public_id, &f.err) == -1);
    fixture_free(&f);
}

TEST(an_upload_whose_time_is_over_takes_no_part)
{
    struct fixture f = fixture_open();
    struct upload again;

    seed("UPDATE content_upload SET expires_at = now() - interval '1 s'");
    CHECK(send_part(&f, 3) == -1);
    CHECK(f.err.code == ERROR_NOT_FOUND);
    CHECK(seed("SELECT count(*) FROM blob") == 0);
    CHECK(upload_open(&again, f.db, &f.owner, &f.digest, SIZE, &f.err) == 0);
    CHECK(again.id != f.upload.id);
    fixture_free(&f);
}

TEST(a_part_of_another_size_or_number_is_refused)
{
    struct fixture f = fixture_open();
    struct upload_part *part = NULL;
    struct digest digest;

    CHECK(upload_part_open(&part, f.store, &f.upload, 4, &f.err) == -1);
    CHECK_TEXT(f.err.message, "there is no part 4: parts are 1 to 3");
    CHECK(upload_part_open(&part, f.store, &f.upload, 3, &f.err) == 0);
    CHECK(upload_part_add(part, f.bytes, 8, &f.err) == -1);
    upload_part_free(part);
    CHECK(upload_part_open(&part, f.store, &f.upload, 3, &f.err) == 0);
    CHECK(upload_part_add(part, f.bytes, 6, &f.err) == 0);
    CHECK(upload_part_commit(&digest, part, f.db, &f.err) == -1);
    CHECK_TEXT(f.err.message, "6 of 7 bytes came");
    upload_part_free(part);
    fixture_free(&f);
}

TEST(a_very_large_object_has_no_more_parts_than_the_limit)
{
    struct fixture f = fixture_open();
    uint64_t size = UINT64_C(1) << 40;
    struct upload large;

    CHECK(upload_open(&large, f.db, &f.owner, &f.digest, size, &f.err) == 0);
    CHECK(large.parts <= UPLOAD_PARTS_LIMIT && large.parts > 900);
    CHECK(large.part_bytes * (uint64_t)large.parts >= size);
    CHECK(upload_part_size(&large, large.parts) <= large.part_bytes);
    CHECK(upload_part_size(&large, large.parts) > 0);
    fixture_free(&f);
}
