#include "storage/git/receive.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/git/build.h"
#include "storage/git/commit.h"
#include "storage/git/entry.h"
#include "storage/git/ref.h"
#include "storage/git/serve.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

/* Objects that git would make of a folder with the names ".git" and a link. */
#define EMPTY "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
#define DOT_GIT_TREE "065d8ba315efa3e6d9c2e6f894994e43770ecad8"
#define DOT_GIT_COMMIT "02c97f3db32f6b8b0b77ed35a219bcb9b76840f2"
#define LINK_TREE "fddaa56cc1ae82513d04995bf20273d5ed527646"
#define LINK_COMMIT "91fcaba5ad0a5dc0b6a50ea8bb5548707994c720"

static const char *const dot_git[] = {
    DOT_GIT_COMMIT,
    "747265652030363564386261333135656661336536643963326536663839"
    "3439393465343337373065636164380a617574686f722061203c6140622e"
    "633e2030202b303030300a636f6d6d69747465722061203c6140622e633e"
    "2030202b303030300a0a6d0a",
    DOT_GIT_TREE,
    "313030363434202e67697400e69de29bb2d1d6434b8b29ae775ad8c2e48c"
    "5391",
};
static const char *const symbolic_link[] = {
    LINK_COMMIT,
    "747265652066646461613536636331616538323531336430343939356266"
    "3230323733643565643532373634360a617574686f722061203c6140622e"
    "633e2030202b303030300a636f6d6d69747465722061203c6140622e633e"
    "2030202b303030300a0a6d0a",
    LINK_TREE,
    "313230303030206c696e6b00e69de29bb2d1d6434b8b29ae775ad8c2e48c"
    "5391",
};

struct fixture {
    struct db *db;
    struct arena *arena;
    struct view *from;
    struct view *to;
    char folder[64];
    struct error err;
};

static struct fixture
fixture_open(void)
{
    struct fixture f = {.db = test_database_open(),
                        .arena = arena_open(),
                        .folder = "/tmp/weigh-receive-XXXXXX"};
    int64_t account = seed_account("alice");

    CHECK(mkdtemp(f.folder) != NULL);
    CHECK(view_open(&f.from, f.db, f.arena, seed_model(account, "one"),
                    &f.err) == 0);
    CHECK(view_open(&f.to, f.db, f.arena, seed_model(account, "two"), &f.err) ==
          0);
    return f;
}

static int
count_files(const char *folder)
{
    DIR *all = opendir(folder);
    int count = -2; /* "." and ".." */

    if (all == NULL)
        return -1;
    while (readdir(all) != NULL)
        count++;
    closedir(all);
    return count;
}

static void
fixture_free(struct fixture *f)
{
    CHECK(count_files(f->folder) == 0);
    rmdir(f->folder);
    arena_free(f->arena);
    db_free(f->db);
}

/* The pack of a commit of "one", as a client that has nothing gets it. */
static void
make_pack(struct memory_source *out, struct fixture *f,
          const struct oid *commit)
{
    char text[OID_TEXT_SIZE];
    struct stat info = {0};
    const char *body;
    char *bytes;
    int fd = memfd_create("pack", MFD_CLOEXEC);

    oid_write(text, commit);
    body = arena_format(f->arena, "0032want %s\n00000009done\n", text);
    CHECK(serve_fetch(fd, f->from, body, strlen(body), &f->err) == 0);
    CHECK(fstat(fd, &info) == 0 && info.st_size > 8);
    bytes = arena_alloc(f->arena, (size_t)info.st_size);
    CHECK(pread(fd, bytes, (size_t)info.st_size, 0) == info.st_size);
    CHECK(strncmp(bytes, "0008NAK\nPACK", 12) == 0);
    source_of_memory(out, bytes + 8, (size_t)info.st_size - 8);
    close(fd);
}

static struct oid
make_commit(struct fixture *f)
{
    struct edit edits[2] = {{"a.txt", EDIT_WRITE, {{0}}},
                            {"d/b.txt", EDIT_WRITE, {{0}}}};
    struct oid oid = {{0}};
    bool moved;

    CHECK(build_blob(&edits[0].blob, f->from, "a", 1, &f->err) == 0);
    CHECK(build_blob(&edits[1].blob, f->from, "b", 1, &f->err) == 0);
    CHECK(build_commit(&oid, f->from,
                       &(struct build_draft){.edits = edits,
                                             .edit_count = 2,
                                             .author_name = "alice",
                                             .author_email = "a@b.c",
                                             .message = "m"},
                       &f->err) == 0);
    CHECK(ref_set(&moved, f->from, REF_MAIN, NULL, &oid, &f->err) == 0);
    return oid;
}

/* Puts a commit that no code of ours would make into "one". */
static struct oid
seed_commit(struct fixture *f, const char *const objects[4])
{
    static const int kinds[] = {1, 2};
    struct oid oid = {{0}};

    for (size_t i = 0; i < 2; i++)
        seed("INSERT INTO git_object (repository, oid, kind, size, data)"
             " SELECT %lld, decode('%s', 'hex'), %d, octet_length(d), d"
             "   FROM decode('%s', 'hex') AS t (d)",
             (long long)view_repository(f->from), objects[2 * i], kinds[i],
             objects[2 * i + 1]);
    seed("INSERT INTO git_object (repository, oid, kind, size, data)"
         " VALUES (%lld, decode('" EMPTY "', 'hex'), 3, 0, '')",
         (long long)view_repository(f->from));
    seed("INSERT INTO git_ref (repository, name, target)"
         " VALUES (%lld, 'refs/heads/main', decode('%s', 'hex'))",
         (long long)view_repository(f->from), objects[0]);
    CHECK(oid_parse(&oid, objects[0]));
    return oid;
}

TEST(a_pack_becomes_the_objects_that_it_holds)
{
    struct fixture f = fixture_open();
    struct oid oid = make_commit(&f);
    struct memory_source pack;
    struct entry entry = {.path = ""};
    struct commit commit;
    size_t count = 0;

    make_pack(&pack, &f, &oid);
    CHECK(receive_pack(&count, f.to, f.folder, &pack.source, &f.err) == 0);
    CHECK(count == 5);
    CHECK(commit_read(&commit, f.to, &oid, &f.err) == 0);
    CHECK(entry_find(&entry, f.to, &oid, "d/b.txt", &f.err) == 0);
    CHECK(entry.blob_bytes == 1);
    fixture_free(&f);
}

TEST(a_pack_that_is_cut_or_changed_leaves_nothing)
{
    struct fixture f = fixture_open();
    struct oid oid = make_commit(&f);
    struct memory_source pack;
    char *changed;
    size_t count;

    make_pack(&pack, &f, &oid);
    pack.source.size_bytes -= 7;
    CHECK(receive_pack(&count, f.to, f.folder, &pack.source, &f.err) < 0);
    CHECK(f.err.code == ERROR_UNPROCESSABLE);
    pack.source.size_bytes += 7;
    changed = arena_bytes(f.arena, pack.bytes, (size_t)pack.source.size_bytes);
    changed[40] ^= 1;
    source_of_memory(&pack, changed, (size_t)pack.source.size_bytes);
    CHECK(receive_pack(&count, f.to, f.folder, &pack.source, &f.err) < 0);
    CHECK(f.err.code == ERROR_UNPROCESSABLE);
    CHECK(seed("SELECT count(*) FROM git_object WHERE repository = %lld",
               (long long)view_repository(f.to)) == 0);
    fixture_free(&f);
}

TEST(a_folder_with_a_name_that_git_keeps_for_itself_is_refused)
{
    struct fixture f = fixture_open();
    struct oid oid = seed_commit(&f, dot_git);
    struct memory_source pack;
    size_t count;

    make_pack(&pack, &f, &oid);
    CHECK(receive_pack(&count, f.to, f.folder, &pack.source, &f.err) < 0);
    CHECK(f.err.code == ERROR_UNPROCESSABLE);
    fixture_free(&f);
}

TEST(a_symbolic_link_is_refused_by_name)
{
    struct fixture f = fixture_open();
    struct oid oid = seed_commit(&f, symbolic_link);
    struct memory_source pack;
    size_t count;

    make_pack(&pack, &f, &oid);
    CHECK(receive_pack(&count, f.to, f.folder, &pack.source, &f.err) < 0);
    CHECK_TEXT(f.err.message, "link is neither a file nor a folder");
    fixture_free(&f);
}
