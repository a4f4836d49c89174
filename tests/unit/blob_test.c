#include "storage/blob/blob.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/base/arena.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "tests/check.h"

struct fixture {
    char folder[32];
    struct blob_store *store;
    struct digest digest;
    char name[BLOB_NAME_SIZE];
    struct error err;
};

static struct fixture
fixture_open(void)
{
    struct fixture f = {.folder = "/tmp/weighhouse-blob-XXXXXX"};

    CHECK(mkdtemp(f.folder) != NULL);
    CHECK(blob_store_open(&f.store, f.folder, &f.err) == 0);
    digest_of(&f.digest, "x", 1);
    blob_name_make(f.name, &f.digest);
    return f;
}

static void
fixture_free(struct fixture *f)
{
    blob_store_free(f->store);
    CHECK(file_remove_tree(f->folder, &f->err) == 0);
}

static void
write_blob(struct fixture *f, const char *name, const void *bytes,
           size_t length)
{
    struct blob_writer *writer = NULL;

    CHECK(blob_writer_open(&writer, f->store, name, &f->err) == 0);
    CHECK(blob_writer_add(writer, bytes, length, &f->err) == 0);
    CHECK(blob_writer_commit(writer, &f->err) == 0);
    blob_writer_free(writer);
}

struct seen {
    int committed;
    int uncommitted;
    int64_t modified_at_ms;
};

static int
see(void *state, const struct blob_entry *entry, struct error *err)
{
    struct seen *seen = state;

    (void)err;
    seen->committed += entry->is_committed;
    seen->uncommitted += !entry->is_committed;
    seen->modified_at_ms = entry->modified_at_ms;
    return 0;
}

static struct seen
list(struct fixture *f)
{
    struct seen seen = {0};

    CHECK(blob_list(f->store, see, &seen, &f->err) == 0);
    return seen;
}

TEST(a_name_begins_with_the_digest_and_no_two_are_alike)
{
    struct fixture f = fixture_open();
    char other[BLOB_NAME_SIZE];
    char text[DIGEST_TEXT_SIZE];

    blob_name_make(other, &f.digest);
    digest_write(text, &f.digest);
    CHECK(strncmp(f.name, text, 64) == 0);
    CHECK(strcmp(f.name, other) != 0);
    CHECK(blob_name_is_valid(f.name) && blob_name_is_valid(other));
    fixture_free(&f);
}

TEST(a_name_that_is_no_blobs_reaches_no_file)
{
    static const char *const names[] = {
        "",
        "..",
        "../../etc/passwd",
        "incoming/x",
        "/etc/passwd",
        "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
        ".../../../../etc/x",
        "2D711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
        ".abcdefghABCDEF12",
        "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
        ".abcdefghABCDEF1",
    };
    struct fixture f = fixture_open();

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct blob_writer *writer = NULL;
        struct blob *blob = NULL;

        CHECK(!blob_name_is_valid(names[i]));
        CHECK(blob_writer_open(&writer, f.store, names[i], &f.err) == -1);
        CHECK(blob_open(&blob, f.store, names[i], &f.err) == -1);
        CHECK(blob_remove(f.store, names[i], &f.err) == -1);
        CHECK(blob_remove_uncommitted(f.store, names[i], &f.err) == -1);
    }
    fixture_free(&f);
}

TEST(a_committed_blob_is_read_back_by_range)
{
    struct fixture f = fixture_open();
    struct blob *blob = NULL;
    char bytes[8] = "";

    write_blob(&f, f.name, "0123456789", 10);
    CHECK(blob_open(&blob, f.store, f.name, &f.err) == 0);
    CHECK(blob_size(blob) == 10);
    CHECK(blob_read(blob, bytes, 3, 4, &f.err) == 0);
    CHECK_TEXT(bytes, "3456");
    CHECK(blob_read(blob, bytes, 8, 4, &f.err) == -1);
    CHECK(pread(blob_file(blob), bytes, 2, 0) == 2);
    CHECK(memcmp(bytes, "01", 2) == 0);
    blob_free(blob);
    fixture_free(&f);
}

TEST(a_blob_without_bytes_is_a_blob)
{
    struct fixture f = fixture_open();
    struct blob *blob = NULL;

    write_blob(&f, f.name, "", 0);
    CHECK(blob_open(&blob, f.store, f.name, &f.err) == 0);
    CHECK(blob_size(blob) == 0);
    blob_free(blob);
    fixture_free(&f);
}

TEST(a_blob_that_was_not_committed_is_not_found_and_leaves_nothing)
{
    struct fixture f = fixture_open();
    struct blob_writer *writer = NULL;
    struct blob *blob = NULL;

    CHECK(blob_writer_open(&writer, f.store, f.name, &f.err) == 0);
    CHECK(blob_writer_add(writer, "abc", 3, &f.err) == 0);
    CHECK(blob_open(&blob, f.store, f.name, &f.err) == -1);
    CHECK(f.err.code == ERROR_NOT_FOUND);
    CHECK(list(&f).uncommitted == 1);
    blob_writer_free(writer);
    CHECK(list(&f).uncommitted == 0);
    fixture_free(&f);
}

TEST(a_writer_that_was_killed_leaves_a_blob_that_is_listed_as_uncommitted)
{
    struct fixture f = fixture_open();
    struct seen seen;
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        struct blob_writer *writer;

        if (blob_writer_open(&writer, f.store, f.name, &f.err) < 0 ||
            blob_writer_add(writer, "abc", 3, &f.err) < 0)
            _exit(1);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    seen = list(&f);
    CHECK(seen.uncommitted == 1 && seen.committed == 0);
    CHECK(llabs(seen.modified_at_ms - clock_now_ms()) < 600000);
    CHECK(blob_remove_uncommitted(f.store, f.name, &f.err) == 0);
    CHECK(list(&f).uncommitted == 0);
    fixture_free(&f);
}

TEST(a_blob_of_several_windows_is_whole)
{
    size_t length = 20 * 1024 * 1024 + 17;
    unsigned char *bytes = xcalloc(1, length);
    struct fixture f = fixture_open();
    struct blob_writer *writer = NULL;
    struct blob *blob = NULL;
    struct digest is;
    struct digest want;

    for (size_t i = 0; i < length; i++)
        bytes[i] = (unsigned char)(i * 2654435761u >> 13);
    digest_of(&want, bytes, length);
    CHECK(blob_writer_open(&writer, f.store, f.name, &f.err) == 0);
    for (size_t at = 0; at < length; at += 1000003)
        CHECK(blob_writer_add(writer, bytes + at,
                              length - at < 1000003 ? length - at : 1000003,
                              &f.err) == 0);
    CHECK(blob_writer_commit(writer, &f.err) == 0);
    blob_writer_free(writer);
    CHECK(blob_open(&blob, f.store, f.name, &f.err) == 0);
    CHECK(blob_size(blob) == length);
    memset(bytes, 0, length);
    CHECK(blob_read(blob, bytes, 0, length, &f.err) == 0);
    digest_of(&is, bytes, length);
    CHECK(digest_is_equal(&is, &want));
    blob_free(blob);
    free(bytes);
    fixture_free(&f);
}

TEST(a_removed_blob_is_gone_and_may_be_removed_again)
{
    struct fixture f = fixture_open();
    struct blob *open = NULL;
    struct blob *blob = NULL;
    char bytes[4] = "";

    write_blob(&f, f.name, "abc", 3);
    CHECK(blob_open(&open, f.store, f.name, &f.err) == 0);
    CHECK(list(&f).committed == 1);
    CHECK(blob_remove(f.store, f.name, &f.err) == 0);
    CHECK(blob_remove(f.store, f.name, &f.err) == 0);
    CHECK(blob_open(&blob, f.store, f.name, &f.err) == -1);
    CHECK(list(&f).committed == 0);
    /* Who had it open reads on. */
    CHECK(blob_read(open, bytes, 0, 3, &f.err) == 0);
    CHECK_TEXT(bytes, "abc");
    blob_free(open);
    fixture_free(&f);
}

TEST(a_name_is_written_once)
{
    struct fixture f = fixture_open();
    struct blob_writer *first = NULL;
    struct blob_writer *second = NULL;

    CHECK(blob_writer_open(&first, f.store, f.name, &f.err) == 0);
    CHECK(blob_writer_open(&second, f.store, f.name, &f.err) == -1);
    blob_writer_free(first);
    fixture_free(&f);
}

TEST(a_link_among_the_blobs_is_not_followed_and_strange_files_stay)
{
    struct fixture f = fixture_open();
    struct arena *arena = arena_open();
    struct blob *blob = NULL;
    const char *path;

    write_blob(&f, f.name, "abc", 3);
    path = arena_format(arena, "%s/%.2s/%s", f.folder, f.name, f.name);
    CHECK(unlink(path) == 0);
    CHECK(symlink("/etc/passwd", path) == 0);
    CHECK(blob_open(&blob, f.store, f.name, &f.err) == -1);
    CHECK(file_write(arena_format(arena, "%s/incoming/notes", f.folder), "x", 1,
                     0600, &f.err) == 0);
    CHECK(list(&f).uncommitted == 0);
    arena_free(arena);
    fixture_free(&f);
}

TEST(blobs_are_for_the_account_alone)
{
    struct fixture f = fixture_open();
    struct blob *blob = NULL;
    struct stat status;

    write_blob(&f, f.name, "abc", 3);
    CHECK(blob_open(&blob, f.store, f.name, &f.err) == 0);
    CHECK(fstat(blob_file(blob), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    blob_free(blob);
    fixture_free(&f);
}
