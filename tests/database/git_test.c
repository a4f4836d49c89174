#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/git/build.h"
#include "storage/git/commit.h"
#include "storage/git/entry.h"
#include "storage/git/ref.h"
#include "storage/git/revision.h"
#include "storage/git/view.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

struct fixture {
    struct db *db;
    struct arena *arena;
    struct view *view;
    int64_t repository;
    struct error err;
};

static struct fixture
fixture_open(void)
{
    struct fixture f = {.db = test_database_open(), .arena = arena_open()};

    f.repository = seed_model(seed_account("alice"), "tiny");
    CHECK(view_open(&f.view, f.db, f.arena, f.repository, &f.err) == 0);
    return f;
}

static void
fixture_free(struct fixture *f)
{
    arena_free(f->arena);
    db_free(f->db);
}

/* A second look, with nothing in memory. */
static void
look_again(struct fixture *f)
{
    CHECK(view_open(&f->view, f->db, f->arena, f->repository, &f->err) == 0);
}

static struct edit
write_file(struct fixture *f, const char *path, const char *text)
{
    struct edit edit = {path, EDIT_WRITE, {{0}}};

    CHECK(build_blob(&edit.blob, f->view, text, strlen(text), &f->err) == 0);
    return edit;
}

static int
commit_edits(struct oid *out, struct fixture *f, const struct oid *parent,
             const struct edit *edits, size_t count)
{
    const struct build_draft draft = {
        .parent = parent,
        .edits = edits,
        .edit_count = count,
        .author_name = "alice",
        .author_email = "alice@example.org",
        .at_ms = 1700000000000,
        .message = "A title\n\nA body.\n",
    };

    return build_commit(out, f->view, &draft, &f->err);
}

/* A commit of five files in three folders, on main. */
static struct oid
first_commit(struct fixture *f)
{
    const struct edit edits[] = {
        write_file(f, "README.md", "# tiny\n"),
        write_file(f, "a/b/c.txt", "c"),
        write_file(f, "a/b.txt", "b"),
        write_file(f, "a/d.txt", "d"),
        write_file(f, "z.txt", "z"),
    };
    struct oid oid;
    bool moved = false;

    CHECK(commit_edits(&oid, f, NULL, edits, 5) == 0);
    CHECK(ref_set(&moved, f->view, REF_MAIN, NULL, &oid, &f->err) == 0);
    CHECK(moved);
    CHECK(ref_set_head(f->view, &f->err) == 0);
    look_again(f);
    return oid;
}

static const char *
paths_of(struct fixture *f, const struct oid *commit,
         const struct entry_range *range)
{
    struct entry_list list;
    char *text = arena_text(f->arena, "");

    if (entry_list(&list, f->view, commit, range, &f->err) < 0)
        return f->err.message;
    for (size_t i = 0; i < list.count; i++)
        text = arena_format(f->arena, "%s%s%s%s", text, i > 0 ? " " : "",
                            list.entries[i].path,
                            list.entries[i].is_folder ? "/" : "");
    return arena_format(f->arena, "%s%s", text, list.has_more ? " …" : "");
}

TEST(a_commit_holds_the_files_it_was_made_of)
{
    struct fixture f = fixture_open();
    struct oid oid = first_commit(&f);
    struct entry entry;
    const void *bytes;
    size_t length;

    CHECK_TEXT(paths_of(&f, &oid, &(struct entry_range){.folder = ""}),
               "README.md a/ z.txt");
    CHECK_TEXT(paths_of(&f, &oid, &(struct entry_range){"", true, 0, 0, 0}),
               "README.md a/ a/b.txt a/b/ a/b/c.txt a/d.txt z.txt");
    CHECK_TEXT(paths_of(&f, &oid, &(struct entry_range){.folder = "a/b"}),
               "a/b/c.txt");
    CHECK(entry_find(&entry, f.view, &oid, "a/b/c.txt", &f.err) == 0);
    CHECK(entry_size(&entry) == 1 && !entry.is_weights);
    CHECK(entry_read(&bytes, &length, f.view, &entry, &f.err) == 0);
    CHECK_TEXT(bytes, "c");
    CHECK(entry_find(&entry, f.view, &oid, "nothing", &f.err) < 0);
    CHECK(f.err.code == ERROR_ENTRY_NOT_FOUND);
    fixture_free(&f);
}

TEST(pages_of_a_tree_join_without_gap_or_overlap)
{
    struct fixture f = fixture_open();
    struct oid oid = first_commit(&f);

    CHECK_TEXT(paths_of(&f, &oid, &(struct entry_range){"", true, 0, NULL, 2}),
               "README.md a/ …");
    CHECK_TEXT(paths_of(&f, &oid, &(struct entry_range){"", true, 0, "a/", 2}),
               "a/b.txt a/b/ …");
    CHECK_TEXT(
        paths_of(&f, &oid, &(struct entry_range){"", true, 0, "a/b/", 2}),
        "a/b/c.txt a/d.txt …");
    CHECK_TEXT(
        paths_of(&f, &oid, &(struct entry_range){"", true, 0, "a/d.txt", 2}),
        "z.txt");
    fixture_free(&f);
}

TEST(a_revision_is_a_branch_a_tag_or_the_beginning_of_a_commit)
{
    struct fixture f = fixture_open();
    struct oid oid = first_commit(&f);
    const struct tag_draft draft = {"v1", oid, "first", "alice", "a@b.c", 0};
    char text[OID_TEXT_SIZE];
    struct revision found;
    struct oid tag;
    bool moved;

    CHECK(build_tag(&tag, f.view, &draft, &f.err) == 0);
    CHECK(ref_set(&moved, f.view, "refs/tags/v1", NULL, &tag, &f.err) == 0);
    look_again(&f);
    CHECK(revision_find(&found, f.view, "v1", &f.err) == 0);
    CHECK(oid_is_equal(&found.commit, &oid));
    CHECK(oid_is_equal(&found.target, &tag));
    CHECK(revision_find(&found, f.view, "main", &f.err) == 0);
    CHECK(oid_is_equal(&found.commit, &oid));
    CHECK(revision_find(&found, f.view, "refs/heads/main", &f.err) == 0);
    oid_write(text, &oid);
    CHECK(revision_find(&found, f.view, text, &f.err) == 0);
    text[7] = '\0';
    CHECK(revision_find(&found, f.view, text, &f.err) == 0);
    CHECK(oid_is_equal(&found.commit, &oid) && found.ref == NULL);
    text[6] = '\0';
    CHECK(revision_find(&found, f.view, text, &f.err) < 0);
    CHECK(f.err.code == ERROR_REVISION_NOT_FOUND);
    fixture_free(&f);
}

TEST(an_object_of_another_repository_is_not_there)
{
    struct fixture f = fixture_open();
    struct oid oid = first_commit(&f);
    char text[OID_TEXT_SIZE];
    struct revision found;

    f.repository = seed_model(seed_account("bob"), "other");
    look_again(&f);
    oid_write(text, &oid);
    CHECK(revision_find(&found, f.view, text, &f.err) < 0);
    CHECK(f.err.code == ERROR_REVISION_NOT_FOUND);
    fixture_free(&f);
}

TEST(edits_change_what_they_name_and_nothing_else)
{
    struct fixture f = fixture_open();
    struct oid first = first_commit(&f);
    const struct edit edits[] = {
        {"a/b/c.txt", EDIT_REMOVE, {{0}}},
        write_file(&f, "a/d.txt", "changed"),
        write_file(&f, "n/e/w.txt", "new"),
    };
    struct oid second;
    const struct edit folder[] = {
        write_file(&f, "a/only.txt", "x"),
        {"a", EDIT_REMOVE_FOLDER, {{0}}},
    };

    CHECK(commit_edits(&second, &f, &first, edits, 3) == 0);
    CHECK_TEXT(paths_of(&f, &second, &(struct entry_range){"", true, 0, 0, 0}),
               "README.md a/ a/b.txt a/d.txt n/ n/e/ n/e/w.txt z.txt");
    CHECK(commit_edits(&second, &f, &first, folder, 2) == 0);
    CHECK_TEXT(paths_of(&f, &second, &(struct entry_range){"", true, 0, 0, 0}),
               "README.md a/ a/only.txt z.txt");
    fixture_free(&f);
}

TEST(a_file_that_is_not_there_is_not_removed)
{
    struct fixture f = fixture_open();
    struct oid first = first_commit(&f);
    const struct edit missing = {"nothing.txt", EDIT_REMOVE, {{0}}};
    const struct edit folder = {"a", EDIT_REMOVE, {{0}}};
    struct oid second;

    CHECK(commit_edits(&second, &f, &first, &missing, 1) < 0);
    CHECK(f.err.code == ERROR_ENTRY_NOT_FOUND);
    CHECK(commit_edits(&second, &f, &first, &folder, 1) < 0);
    CHECK(f.err.code == ERROR_ENTRY_NOT_FOUND);
    fixture_free(&f);
}

TEST(a_path_is_not_a_file_and_a_folder)
{
    struct fixture f = fixture_open();
    struct oid first = first_commit(&f);
    const struct edit both[] = {write_file(&f, "x", "1"),
                                write_file(&f, "x/y", "2")};
    const struct edit twice[] = {write_file(&f, "x", "1"),
                                 write_file(&f, "x", "2")};
    struct oid second;

    CHECK(commit_edits(&second, &f, &first, both, 2) < 0);
    CHECK(f.err.code == ERROR_UNPROCESSABLE);
    CHECK(commit_edits(&second, &f, &first, twice, 2) < 0);
    CHECK(f.err.code == ERROR_UNPROCESSABLE);
    fixture_free(&f);
}

TEST(hostile_30_a_new_name_that_a_disk_takes_for_an_old_one_is_refused)
{
    struct fixture f = fixture_open();
    struct oid first = first_commit(&f);
    const struct edit old[] = {write_file(&f, "readme.MD", "1")};
    const struct edit folder[] = {write_file(&f, "A/new.txt", "1")};
    const struct edit composed[] = {write_file(&f, "a/\xc3\xa9", "1"),
                                    write_file(&f, "a/e\xcc\x81", "2")};
    const struct edit renamed[] = {write_file(&f, "readme.md", "1"),
                                   {"README.md", EDIT_REMOVE, {{0}}}};
    struct oid second;

    CHECK(commit_edits(&second, &f, &first, old, 1) < 0);
    CHECK(f.err.code == ERROR_UNPROCESSABLE);
    CHECK(strstr(f.err.message, "README.md") != NULL &&
          strstr(f.err.message, "readme.MD") != NULL);
    CHECK(commit_edits(&second, &f, &first, folder, 1) < 0);
    CHECK(commit_edits(&second, &f, &first, composed, 2) < 0);
    CHECK(strstr(f.err.message, "a/\xc3\xa9") != NULL);
    CHECK(commit_edits(&second, &f, &first, composed, 1) == 0);
    CHECK(commit_edits(&second, &f, &first, renamed, 2) == 0);
    fixture_free(&f);
}

TEST(edits_that_change_nothing_make_no_commit)
{
    struct fixture f = fixture_open();
    struct oid first = first_commit(&f);
    const struct edit same = write_file(&f, "z.txt", "z");
    struct oid second;

    CHECK(commit_edits(&second, &f, &first, &same, 1) == 0);
    CHECK(oid_is_equal(&first, &second));
    fixture_free(&f);
}

TEST(a_ref_moves_only_from_where_it_was_thought_to_be)
{
    struct fixture f = fixture_open();
    struct oid first = first_commit(&f);
    const struct edit edit = write_file(&f, "z.txt", "2");
    struct oid second;
    bool moved = true;

    CHECK(commit_edits(&second, &f, &first, &edit, 1) == 0);
    CHECK(ref_set(&moved, f.view, REF_MAIN, &second, &first, &f.err) == 0);
    CHECK(!moved);
    CHECK(ref_set(&moved, f.view, REF_MAIN, NULL, &second, &f.err) == 0);
    CHECK(!moved);
    CHECK(ref_set(&moved, f.view, REF_MAIN, &first, &second, &f.err) == 0);
    CHECK(moved);
    CHECK(ref_remove(&moved, f.view, REF_MAIN, &first, &f.err) == 0);
    CHECK(!moved);
    fixture_free(&f);
}

TEST(history_is_newest_first_with_its_total)
{
    struct fixture f = fixture_open();
    struct oid tip = first_commit(&f);
    struct commit_list list;
    struct commit **last;
    struct entry_list entries;

    for (int i = 0; i < 4; i++) {
        char text[2] = {(char)('0' + i), '\0'};
        const struct edit edit = write_file(&f, "z.txt", text);

        CHECK(commit_edits(&tip, &f, &tip, &edit, 1) == 0);
    }
    CHECK(build_flush(f.view, &f.err) == 0);
    look_again(&f);
    CHECK(commit_list(&list, f.view, &(struct commit_range){tip, 1, 2},
                      &f.err) == 0);
    CHECK(list.count == 2 && list.total == 5);
    CHECK_TEXT(list.commits[0].title, "A title");
    CHECK_TEXT(list.commits[0].body, "A body.\n");
    CHECK(entry_list(&entries, f.view, &tip,
                     &(struct entry_range){.folder = ""}, &f.err) == 0);
    CHECK(commit_find_last(&last, f.view, &tip, &entries, &f.err) == 0);
    CHECK(oid_is_equal(&last[2]->oid, &tip));
    CHECK(last[0]->parent_count == 0 && last[1]->parent_count == 0);
    fixture_free(&f);
}

TEST(a_commit_of_many_files_takes_few_round_trips)
{
    struct fixture f = fixture_open();
    struct edit edits[300];
    char names[300][32];
    struct oid oid;
    int64_t before = db_statement_count(f.db);

    for (int i = 0; i < 300; i++) {
        snprintf(names[i], sizeof(names[i]), "f/%d/%d.txt", i % 7, i);
        edits[i] = write_file(&f, names[i], names[i]);
    }
    CHECK(commit_edits(&oid, &f, NULL, edits, 300) == 0);
    CHECK(build_flush(f.view, &f.err) == 0);
    CHECK(db_statement_count(f.db) - before <= 3);
    look_again(&f);
    before = db_statement_count(f.db);
    paths_of(&f, &oid, &(struct entry_range){"", true, 0, NULL, 0});
    CHECK(db_statement_count(f.db) - before <= 6);
    fixture_free(&f);
}

/* Of the letters' sum by powers of 31, "Aa" and "BB" have the same. */
#define PAIRS 16
#define COLLIDING (1u << PAIRS)

TEST(hostile_names_whose_hashes_collide_take_no_longer_than_others)
{
    struct fixture f = fixture_open();
    struct edit *edits = arena_array(f.arena, COLLIDING, sizeof(*edits));
    const struct edit first = write_file(&f, "x", "x");
    struct entry_list list;
    struct oid oid;

    for (unsigned i = 0; i < COLLIDING; i++) {
        char *name = arena_alloc(f.arena, 2 * PAIRS + 1);

        for (size_t k = 0; k < PAIRS; k++) {
            bool is_first = (i >> k & 1) != 0;

            name[2 * k] = is_first ? 'A' : 'B';
            name[2 * k + 1] = is_first ? 'a' : 'B';
        }
        edits[i] = (struct edit){name, EDIT_WRITE, first.blob};
    }
    /* Half a minute for a quarter of them, with libgit2's own table. */
    CHECK(commit_edits(&oid, &f, NULL, edits, COLLIDING) == 0);
    CHECK(commit_edits(&oid, &f, &oid, edits, COLLIDING) == 0);
    CHECK(entry_list(&list, f.view, &oid, &(struct entry_range){.folder = ""},
                     &f.err) == 0);
    CHECK(list.count == COLLIDING);
    fixture_free(&f);
}

/* The name is that of `git mktree` for the same lines. */
TEST(a_tree_has_the_order_and_the_name_that_git_gives_it)
{
    struct fixture f = fixture_open();
    const struct edit edits[] = {
        write_file(&f, "a/x", "1"), write_file(&f, "a-b", "1"),
        write_file(&f, "a.b", "1"), write_file(&f, "a0", "1"),
        write_file(&f, "B", "1"),   write_file(&f, "\xc3\xa9", "1"),
    };
    struct commit commit;
    char text[OID_TEXT_SIZE];
    struct oid oid;

    CHECK(commit_edits(&oid, &f, NULL, edits, 6) == 0);
    CHECK(commit_read(&commit, f.view, &oid, &f.err) == 0);
    oid_write(text, &commit.tree);
    CHECK_TEXT(text, "72d8e79affc8e29e30b1659f7a9690d9268a532c");
    fixture_free(&f);
}

TEST(a_ref_has_a_name_that_git_and_the_hub_take)
{
    static const char *const bad[] = {
        "refs/heads/a b", "refs/heads/..",
        "refs/heads/-x",  "refs/heads/",
        "heads/main",     "refs/heads/a.lock",
        "refs/tags/HEAD", "refs/heads/refs/pr/1",
        "refs/other/x",   "refs/heads/a\\b",
        "refs/tags/x~1",  "refs/tags/0123456789012345678901234567890123456789"};
    struct error err;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (ref_check_name(bad[i], &err) == 0)
            check_fail(__FILE__, __LINE__, bad[i]);
    CHECK(ref_check_name("refs/heads/feature/x-1", &err) == 0);
    CHECK(ref_check_name("refs/tags/v1.0", &err) == 0);
}
