#include "storage/content/content.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/base/file.h"
#include "storage/content/object.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

struct fixture {
    char folder[40];
    struct content_store *store;
    struct db *db;
    struct arena *arena;
    struct content_owner owner;
    int64_t other; /* repository */
    struct error err;
};

static struct fixture
fixture_open(void)
{
    struct fixture f = {.folder = "/tmp/weighhouse-content-XXXXXX"};

    CHECK(mkdtemp(f.folder) != NULL);
    CHECK(content_store_open(&f.store, f.folder, &f.err) == 0);
    f.db = test_database_open();
    f.arena = arena_open();
    f.owner.account = seed_account("acme");
    f.owner.repository = seed_model(f.owner.account, "tiny");
    f.other = seed_model(f.owner.account, "other");
    return f;
}

static void
fixture_free(struct fixture *f)
{
    arena_free(f->arena);
    db_free(f->db);
    content_store_free(f->store);
    CHECK(file_remove_tree(f->folder, &f->err) == 0);
}

static struct digest
digest_of_text(const char *text)
{
    struct digest digest;

    digest_of(&digest, text, strlen(text));
    return digest;
}

static int
put(struct fixture *f, int64_t repository, const struct digest *announced,
    const char *text)
{
    const struct content_owner owner = {repository, f->owner.account};
    struct content_writer *writer = NULL;
    int result = -1;

    if (content_writer_open(&writer, f->store, announced, strlen(text),
                            &f->err) == 0 &&
        content_writer_add(writer, text, strlen(text), &f->err) == 0)
        result = content_writer_commit(writer, f->db, &owner, &f->err);
    content_writer_free(writer);
    return result;
}

/* What a permit for the text's digest reads, or "" when it is refused. */
static const char *
get(struct fixture *f, int64_t repository, const char *text,
    int64_t valid_until_ms)
{
    const struct content_permit permit = {repository, digest_of_text(text),
                                          valid_until_ms};
    struct content_reader *reader = NULL;
    const char *bytes = "";

    if (content_reader_open(&reader, f->store, f->db, &permit, &f->err) == 0) {
        size_t size = content_reader_size(reader);
        char *copy = arena_alloc(f->arena, size + 1);

        if (content_reader_read(reader, copy, 0, size, &f->err) == 0)
            bytes = copy;
    }
    content_reader_free(reader);
    return bytes;
}

/* What nftw does with each file of the store. */
static enum { COUNT, CUT, DELETE } what;
static int files;

static int
visit(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)place;
    if (type != FTW_F)
        return 0;
    files++;
    if (what == CUT)
        CHECK(truncate(path, 3) == 0);
    if (what == DELETE)
        CHECK(unlink(path) == 0);
    return 0;
}

static int
count_files(struct fixture *f)
{
    files = 0;
    what = COUNT;
    CHECK(nftw(f->folder, visit, 8, FTW_PHYS) == 0);
    return files;
}

TEST(what_was_written_is_read_back_by_its_repository)
{
    struct fixture f = fixture_open();
    struct digest digest = digest_of_text("weights");
    struct object object;

    CHECK(put(&f, f.owner.repository, &digest, "weights") == 0);
    CHECK_TEXT(get(&f, f.owner.repository, "weights", CLOCK_NEVER), "weights");
    CHECK(object_find(&object, f.db, f.arena, f.owner.repository, &digest,
                      &f.err) == 0);
    CHECK(object.size_bytes == 7 && !object.is_committed);
    CHECK(digest_is_equal(&object.digest, &digest));
    CHECK_TEXT(object.format, "other");
    fixture_free(&f);
}

TEST(bytes_of_another_digest_are_refused_and_nothing_of_them_stays)
{
    struct fixture f = fixture_open();
    struct digest digest = digest_of_text("weights");

    CHECK(put(&f, f.owner.repository, &digest, "w3ights") == -1);
    CHECK(f.err.code == ERROR_DIGEST_MISMATCH);
    CHECK(seed("SELECT count(*) FROM content") == 0);
    CHECK(seed("SELECT count(*) FROM blob") == 0);
    CHECK(count_files(&f) == 0);
    fixture_free(&f);
}

TEST(more_or_fewer_bytes_than_announced_are_refused)
{
    struct fixture f = fixture_open();
    struct digest digest = digest_of_text("weights");
    struct content_writer *writer = NULL;

    CHECK(content_writer_open(&writer, f.store, &digest, 6, &f.err) == 0);
    CHECK(content_writer_add(writer, "weights", 7, &f.err) == -1);
    CHECK(f.err.code == ERROR_UNPROCESSABLE);
    content_writer_free(writer);
    writer = NULL;
    CHECK(content_writer_open(&writer, f.store, &digest, 8, &f.err) == 0);
    CHECK(content_writer_add(writer, "weights", 7, &f.err) == 0);
    CHECK(content_writer_commit(writer, f.db, &f.owner, &f.err) == -1);
    CHECK_TEXT(f.err.message, "7 of 8 bytes came");
    content_writer_free(writer);
    CHECK(count_files(&f) == 0);
    fixture_free(&f);
}

TEST(a_digest_is_no_right)
{
    struct fixture f = fixture_open();
    struct digest digest = digest_of_text("weights");
    struct object_state state;
    struct object object;

    CHECK(put(&f, f.owner.repository, &digest, "weights") == 0);
    CHECK_TEXT(get(&f, f.other, "weights", CLOCK_NEVER), "");
    CHECK(f.err.code == ERROR_NOT_FOUND);
    CHECK(object_find(&object, f.db, f.arena, f.other, &digest, &f.err) == -1);
    CHECK(f.err.code == ERROR_NOT_FOUND);
    CHECK(object_find_all(&state, f.db, f.other, &digest, 1, &f.err) == 0);
    CHECK(!state.is_present && state.size_bytes == 0);
    CHECK(object_set_committed(f.db, f.other, &digest, 1, &f.err) == -1);
    fixture_free(&f);
}

TEST(a_permit_that_has_ended_opens_nothing)
{
    struct fixture f = fixture_open();
    struct digest digest = digest_of_text("weights");

    CHECK(put(&f, f.owner.repository, &digest, "weights") == 0);
    CHECK_TEXT(get(&f, f.owner.repository, "weights", clock_now_ms()), "");
    CHECK(f.err.code == ERROR_FORBIDDEN);
    CHECK_TEXT(get(&f, f.owner.repository, "weights", clock_now_ms() + 60000),
               "weights");
    fixture_free(&f);
}

/* Hostile input 35. */
TEST(an_object_that_two_repositories_have_is_kept_once)
{
    struct fixture f = fixture_open();
    struct digest digest = digest_of_text("weights");

    CHECK(put(&f, f.owner.repository, &digest, "weights") == 0);
    CHECK(put(&f, f.other, &digest, "weights") == 0);
    CHECK(put(&f, f.other, &digest, "weights") == 0);
    CHECK(count_files(&f) == 1);
    CHECK(seed("SELECT count(*) FROM blob") == 1);
    CHECK_TEXT(get(&f, f.other, "weights", CLOCK_NEVER), "weights");
    CHECK(object_remove(f.db, f.owner.repository, &digest, 1, &f.err) == 0);
    CHECK_TEXT(get(&f, f.owner.repository, "weights", CLOCK_NEVER), "");
    CHECK_TEXT(get(&f, f.other, "weights", CLOCK_NEVER), "weights");
    fixture_free(&f);
}

TEST(ranges_come_as_extents_of_a_file_and_as_bytes)
{
    struct fixture f = fixture_open();
    struct digest digest = digest_of_text("0123456789");
    const struct content_permit permit = {f.owner.repository, digest,
                                          CLOCK_NEVER};
    struct content_reader *reader = NULL;
    struct content_extent extent;
    char bytes[16] = "";

    CHECK(put(&f, f.owner.repository, &digest, "0123456789") == 0);
    CHECK(content_reader_open(&reader, f.store, f.db, &permit, &f.err) == 0);
    CHECK(content_reader_size(reader) == 10);
    CHECK(digest_is_equal(content_reader_digest(reader), &digest));
    CHECK(content_reader_extent(&extent, reader, 3, 4, &f.err) == 0);
    CHECK(extent.length == 4);
    CHECK(pread(extent.fd, bytes, 4, (off_t)extent.offset) == 4);
    CHECK_TEXT(bytes, "3456");
    CHECK(content_reader_extent(&extent, reader, 8, 100, &f.err) == 0);
    CHECK(extent.length == 2);
    CHECK(content_reader_extent(&extent, reader, 10, 1, &f.err) == -1);
    CHECK(f.err.code == ERROR_RANGE);
    CHECK(content_reader_read(reader, bytes, 8, 3, &f.err) == -1);
    CHECK(content_reader_read(reader, bytes, UINT64_MAX, 1, &f.err) == -1);
    CHECK(source_read(content_reader_source(reader), bytes, 6, 4, &f.err) == 0);
    CHECK_TEXT(bytes, "6789");
    content_reader_free(reader);
    fixture_free(&f);
}

TEST(an_object_whose_bytes_were_damaged_is_not_opened)
{
    struct fixture f = fixture_open();
    struct digest digest = digest_of_text("weights");

    CHECK(put(&f, f.owner.repository, &digest, "weights") == 0);
    what = CUT;
    CHECK(nftw(f.folder, visit, 8, FTW_PHYS) == 0);
    CHECK_TEXT(get(&f, f.owner.repository, "weights", CLOCK_NEVER), "");
    CHECK(f.err.code == ERROR_DAMAGED);
    CHECK(strstr(f.err.cause, "has 3 bytes, not 7") != NULL);
    what = DELETE;
    CHECK(nftw(f.folder, visit, 8, FTW_PHYS) == 0);
    CHECK_TEXT(get(&f, f.owner.repository, "weights", CLOCK_NEVER), "");
    CHECK(f.err.code == ERROR_DAMAGED);
    CHECK(strstr(f.err.cause, "is missing") != NULL);
    fixture_free(&f);
}

TEST(a_commit_keeps_what_it_names_and_names_what_is_missing)
{
    struct fixture f = fixture_open();
    struct digest digests[] = {digest_of_text("a"), digest_of_text("b"),
                               digest_of_text("a")};
    char want[160];
    char text[DIGEST_TEXT_SIZE];
    struct object object;

    CHECK(put(&f, f.owner.repository, &digests[0], "a") == 0);
    digest_write(text, &digests[1]);
    snprintf(want, sizeof(want),
             "the file with SHA-256 %s was not uploaded to this repository",
             text);
    CHECK(object_set_committed(f.db, f.owner.repository, digests, 3, &f.err) ==
          -1);
    CHECK_TEXT(f.err.message, want);
    CHECK(put(&f, f.owner.repository, &digests[1], "b") == 0);
    CHECK(object_set_committed(f.db, f.owner.repository, digests, 3, &f.err) ==
          0);
    CHECK(object_set_committed(f.db, f.owner.repository, digests, 3, &f.err) ==
          0);
    CHECK(object_set_committed(f.db, f.owner.repository, NULL, 0, &f.err) == 0);
    CHECK(object_find(&object, f.db, f.arena, f.owner.repository, &digests[0],
                      &f.err) == 0);
    CHECK(object.is_committed);
    fixture_free(&f);
}

TEST(objects_are_listed_in_pages_found_at_once_and_described)
{
    struct fixture f = fixture_open();
    struct digest digests[] = {digest_of_text("one"), digest_of_text("three")};
    struct digest missing = digest_of_text("missing");
    struct object_state states[3];
    struct object_list list;
    struct object object;

    CHECK(put(&f, f.owner.repository, &digests[0], "one") == 0);
    CHECK(put(&f, f.owner.repository, &digests[1], "three") == 0);
    CHECK(object_list(&list, f.db, f.arena, f.owner.repository, NULL, &f.err) ==
          0);
    CHECK(list.count == 2);
    CHECK(object_list(&list, f.db, f.arena, f.owner.repository,
                      &list.objects[0].digest, &f.err) == 0);
    CHECK(list.count == 1);
    CHECK(object_find_all(states, f.db, f.owner.repository,
                          (struct digest[]){digests[1], missing, digests[0]}, 3,
                          &f.err) == 0);
    CHECK(states[0].is_present && states[0].size_bytes == 5);
    CHECK(!states[1].is_present);
    CHECK(states[2].is_present && states[2].size_bytes == 3);
    object = (struct object){.digest = digests[0],
                             .format = "gguf",
                             .is_unsafe = true,
                             .detail = "{\"tensors\": 3}"};
    CHECK(object_set_format(f.db, &object, &f.err) == 0);
    CHECK(object_find(&object, f.db, f.arena, f.owner.repository, &digests[0],
                      &f.err) == 0);
    CHECK_TEXT(object.format, "gguf");
    CHECK_TEXT(object.detail, "{\"tensors\": 3}");
    CHECK(object.is_unsafe);
    fixture_free(&f);
}

TEST(a_database_that_goes_away_once_loses_no_upload)
{
    struct fixture f = fixture_open();
    struct digest digest = digest_of_text("weights");

    seed("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
         " WHERE datname = current_database() AND pid <> pg_backend_pid()");
    CHECK(put(&f, f.owner.repository, &digest, "weights") == 0);
    CHECK_TEXT(get(&f, f.owner.repository, "weights", CLOCK_NEVER), "weights");
    fixture_free(&f);
}

TEST(the_inspection_of_an_object_asks_for_no_repository)
{
    struct fixture f = fixture_open();
    struct digest digest = digest_of_text("weights");
    struct content_reader *reader = NULL;

    CHECK(content_inspect_open(&reader, f.store, f.db, &digest, &f.err) == -1);
    CHECK(f.err.code == ERROR_NOT_FOUND);
    CHECK(put(&f, f.owner.repository, &digest, "weights") == 0);
    CHECK(content_inspect_open(&reader, f.store, f.db, &digest, &f.err) == 0);
    content_reader_free(reader);
    fixture_free(&f);
}
