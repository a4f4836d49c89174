#include "auth/change.h"

#include <pthread.h>
#include <string.h>

#include "storage/git/build.h"
#include "storage/git/ref.h"
#include "storage/git/revision.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

struct fixture {
    struct db *db;
    struct arena *arena;
    struct view *view;
    struct caller caller;
    struct standing standing;
    struct repository repository;
    struct oid first; /* what main is at */
    struct error err;
};

static struct oid
commit_file(struct fixture *f, const struct oid *parent, const char *path,
            const char *text)
{
    struct edit edit = {path, EDIT_WRITE, {{0}}};
    struct oid oid = {{0}};

    CHECK(build_blob(&edit.blob, f->view, text, strlen(text), &f->err) == 0);
    CHECK(build_commit(&oid, f->view,
                       &(struct build_draft){.parent = parent,
                                             .edits = &edit,
                                             .edit_count = 1,
                                             .author_name = "alice",
                                             .author_email = "a@b.c",
                                             .at_ms = 1700000000000,
                                             .message = text},
                       &f->err) == 0);
    return oid;
}

static int
move(struct fixture *f, const char *ref, const struct oid *from,
     const struct oid *to)
{
    const struct change change = {
        .caller = &f->caller,
        .standing = &f->standing,
        .repository = &f->repository,
        .ref = ref,
        .from = from,
        .to = to,
    };

    return change_ref(f->view, NULL, &change, &f->err);
}

static struct fixture
fixture_open(void)
{
    struct fixture f = {.db = test_database_open(),
                        .arena = arena_open(),
                        .standing = {.may_write = true}};

    f.caller.account = seed_account("alice");
    f.caller.name = "alice";
    CHECK(catalog_find_by_id(&f.repository, f.db, f.arena,
                             seed_model(f.caller.account, "tiny"),
                             &f.err) == 0);
    CHECK(view_open(&f.view, f.db, f.arena, f.repository.id, &f.err) == 0);
    f.first = commit_file(&f, NULL, "README.md", "---\nlicense: mit\n---\n");
    CHECK(move(&f, REF_MAIN, NULL, &f.first) == 0);
    CHECK_TEXT(f.err.message, "");
    return f;
}

static void
fixture_free(struct fixture *f)
{
    arena_free(f->arena);
    db_free(f->db);
}

static int64_t
entries(void)
{
    return seed("SELECT count(*) FROM log_entry");
}

TEST(a_move_writes_ref_catalogue_and_log_together)
{
    struct fixture f = fixture_open();
    struct oid second = commit_file(&f, &f.first, "a.txt", "a");
    int64_t before = entries();

    CHECK(move(&f, REF_MAIN, &f.first, &second) == 0);
    CHECK(seed("SELECT count(*) FROM git_ref r JOIN catalog c"
               "    ON c.repository = r.repository AND c.head = r.target"
               " WHERE r.name = 'refs/heads/main'") == 1);
    CHECK_TEXT(seed_text("SELECT license FROM catalog"), "mit");
    CHECK(entries() == before + 1);
    CHECK_TEXT(seed_text("SELECT convert_from(leaf, 'UTF8')::json ->> 'to'"
                         "  FROM log_entry ORDER BY id DESC LIMIT 1"),
               seed_text("SELECT encode(target, 'hex') FROM git_ref"
                         " WHERE name = 'refs/heads/main'"));
    fixture_free(&f);
}

TEST(a_leaf_of_a_change_names_nobody)
{
    struct fixture f = fixture_open();

    CHECK(
        seed("SELECT count(*) FROM log_entry"
             " WHERE position('alice\"' IN convert_from(leaf, 'UTF8')) > 0") ==
        0);
    CHECK(seed("SELECT count(*) FROM log_record"
               " WHERE record ->> 'account' = 'alice'") == 1);
    fixture_free(&f);
}

TEST(a_change_from_where_the_ref_is_not_changes_nothing)
{
    struct fixture f = fixture_open();
    struct oid second = commit_file(&f, &f.first, "a.txt", "a");
    struct oid third = commit_file(&f, &f.first, "b.txt", "b");
    int64_t before;

    CHECK(move(&f, REF_MAIN, &f.first, &second) == 0);
    before = entries();
    CHECK(move(&f, REF_MAIN, &f.first, &third) < 0);
    CHECK(f.err.code == ERROR_STALE);
    CHECK(move(&f, REF_MAIN, NULL, &third) < 0);
    CHECK(f.err.code == ERROR_CONFLICT);
    CHECK(entries() == before);
    CHECK(seed("SELECT count(*) FROM git_ref r JOIN catalog c"
               "    ON c.repository = r.repository AND c.head = r.target"
               " WHERE r.name = 'refs/heads/main'") == 1);
    fixture_free(&f);
}

TEST(a_card_that_is_malformed_does_not_reach_main)
{
    struct fixture f = fixture_open();
    struct oid second =
        commit_file(&f, &f.first, "README.md", "---\na: [\n---\n");

    CHECK(move(&f, REF_MAIN, &f.first, &second) < 0);
    CHECK(f.err.code == ERROR_UNPROCESSABLE);
    CHECK(move(&f, "refs/heads/draft", NULL, &second) == 0);
    fixture_free(&f);
}

TEST(nobody_moves_a_ref_without_the_right_to_write)
{
    struct fixture f = fixture_open();
    struct oid second = commit_file(&f, &f.first, "a.txt", "a");

    f.standing.may_write = false;
    CHECK(move(&f, REF_MAIN, &f.first, &second) < 0);
    CHECK(f.err.code == ERROR_FORBIDDEN);
    fixture_free(&f);
}

TEST(main_is_not_removed)
{
    struct fixture f = fixture_open();

    CHECK(move(&f, REF_MAIN, &f.first, NULL) < 0);
    CHECK_TEXT(f.err.message, "Cannot delete refs/heads/main");
    fixture_free(&f);
}

TEST(a_pointer_to_weights_that_were_not_uploaded_is_refused)
{
    struct fixture f = fixture_open();
    struct oid second = commit_file(
        &f, &f.first, "a.bin",
        "version https://git-lfs.github.com/spec/v1\n"
        "oid sha256:"
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
        "size 3\n");

    CHECK(move(&f, REF_MAIN, &f.first, &second) < 0);
    CHECK(f.err.code == ERROR_UNPROCESSABLE);
    CHECK(strstr(f.err.message, "a.bin names sha256:ba7816bf") != NULL);
    fixture_free(&f);
}

/* A release v1 of the first commit, as if it had been checked. */
static void
seed_release(struct fixture *f)
{
    char text[OID_TEXT_SIZE];

    oid_write(text, &f->first);
    CHECK(move(f, "refs/tags/v1", NULL, &f->first) == 0);
    seed("INSERT INTO signing_key (namespace, hint, pem)"
         " VALUES (%lld, 'h', 'p')",
         (long long)f->caller.account);
    seed("INSERT INTO release (public_id, repository, repository_name, tag,"
         " commit_oid, signing_key, root_digest, files, size)"
         " SELECT 'r', %lld, 'alice/tiny', 'v1', decode('%s', 'hex'), id,"
         " decode(repeat('00', 32), 'hex'), 1, 1 FROM signing_key",
         (long long)f->repository.id, text);
}

TEST(a_release_does_not_move)
{
    struct fixture f = fixture_open();
    struct oid second = commit_file(&f, &f.first, "a.txt", "a");

    seed_release(&f);
    CHECK(move(&f, "refs/tags/v1", &f.first, &second) < 0);
    CHECK(f.err.code == ERROR_CONFLICT);
    fixture_free(&f);
}

TEST(the_removal_of_a_release_is_a_withdrawal_on_record)
{
    struct fixture f = fixture_open();
    struct oid second = commit_file(&f, &f.first, "a.txt", "a");

    seed_release(&f);
    CHECK(move(&f, "refs/tags/v1", &f.first, NULL) == 0);
    CHECK(seed("SELECT count(*) FROM release"
               " WHERE withdrawn_at IS NOT NULL") == 1);
    CHECK(seed("SELECT count(*) FROM log_entry"
               " WHERE kind = 'release-withdrawn'") == 1);
    /* Its name never comes to mean something else. */
    CHECK(move(&f, "refs/tags/v1", NULL, &second) < 0);
    CHECK(f.err.code == ERROR_CONFLICT);
    CHECK(move(&f, "refs/tags/v1", NULL, &f.first) == 0);
    fixture_free(&f);
}

/* Who makes a branch at the same time, by a connection of their own. */
struct second {
    const struct fixture *first;
    const struct oid *to;
    int result;
    struct error err;
};

static void *
make_branch(void *state)
{
    struct second *second = state;
    struct fixture f = *second->first;

    f.db = test_database_connect();
    f.arena = arena_open();
    CHECK(view_open(&f.view, f.db, f.arena, f.repository.id, &f.err) == 0);
    second->result = move(&f, "refs/heads/new", NULL, second->to);
    second->err = f.err;
    fixture_free(&f);
    return NULL;
}

static bool
is_anybody_waiting(void)
{
    return seed("SELECT count(*) FROM pg_stat_activity WHERE datname ="
                " current_database() AND wait_event_type = 'Lock'") > 0;
}

TEST(of_two_who_make_one_branch_at_once_the_second_is_refused)
{
    struct fixture f = fixture_open();
    struct oid other = commit_file(&f, &f.first, "a.txt", "a");
    struct second second = {.first = &f, .to = &other};
    const struct change change = {
        .caller = &f.caller,
        .standing = &f.standing,
        .repository = &f.repository,
        .ref = "refs/heads/new",
        .to = &f.first,
    };
    struct change_plan plan;
    pthread_t thread;
    int tries = 0;

    CHECK(build_flush(f.view, &f.err) == 0);
    CHECK(change_prepare(&plan, f.view, NULL, &change, &f.err) == 0);
    CHECK(db_begin(f.db, &f.err) == 0);
    CHECK(change_apply(f.view, &plan, &f.err) == 0);
    CHECK(pthread_create(&thread, NULL, make_branch, &second) == 0);
    while (!is_anybody_waiting() && tries < 2000)
        tries++;
    CHECK(tries < 2000);
    CHECK(db_commit(f.db, &f.err) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(second.result < 0 && second.err.code == ERROR_CONFLICT);
    CHECK_TEXT(second.err.message, "Reference refs/heads/new already exists");
    CHECK(seed("SELECT count(*) FROM git_ref WHERE name = 'refs/heads/new'"
               " AND target = (SELECT target FROM git_ref"
               " WHERE name = 'refs/heads/main')") == 1);
    fixture_free(&f);
}
