#include <stdlib.h>
#include <string.h>

#include "auth/key/dsse.h"
#include "auth/key/signature.h"
#include "auth/key/statement.h"
#include "auth/release.h"
#include "auth/signing_key.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/git/build.h"
#include "storage/git/view.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

struct fixture {
    struct db *db;
    struct arena *arena;
    struct view *view;
    struct repository repository;
    struct key *key;
    struct error err;
};

static struct fixture
fixture_open(void)
{
    struct fixture f = {.db = test_database_open(), .arena = arena_open()};
    const struct catalog_name name = {REPOSITORY_MODEL, "alice", "tiny"};
    int64_t alice = seed_account("alice");

    seed_model(alice, "tiny");
    CHECK(catalog_find(&f.repository, f.db, f.arena, &name, &f.err) == 0);
    CHECK(view_open(&f.view, f.db, f.arena, f.repository.id, &f.err) == 0);
    CHECK(key_make(&f.key, KEY_P256, &f.err) == 0);
    return f;
}

static void
fixture_free(struct fixture *f)
{
    key_free(f->key);
    arena_free(f->arena);
    db_free(f->db);
}

static int
add_key(struct signing_key *out, struct fixture *f, const struct key *key,
        const char *rotation)
{
    const struct signing_key_spec spec = {
        .namespace_id = f->repository.namespace_id,
        .namespace_name = "alice",
        .pem = key_public_pem(key),
        .pem_length = strlen(key_public_pem(key)),
        .rotation = rotation,
        .account = f->repository.namespace_id,
    };
    int result;

    CHECK(db_begin(f->db, &f->err) == 0);
    result = signing_key_add(out, f->db, f->arena, &spec, &f->err);
    if (result < 0)
        db_rollback(f->db);
    else
        CHECK(db_commit(f->db, &f->err) == 0);
    return result;
}

static struct signature_file
file_of(const char *name, const char *text)
{
    struct signature_file file = {.name = name};

    digest_of(&file.digest, text, strlen(text));
    return file;
}

static struct edit
write_file(struct fixture *f, const char *path, const char *text)
{
    struct edit edit = {path, EDIT_WRITE, {{0}}};

    CHECK(build_blob(&edit.blob, f->view, text, strlen(text), &f->err) == 0);
    return edit;
}

/* A commit of a.txt and extra, signed by key as if it were a.txt alone. */
static struct oid
commit_signed(struct fixture *f, const struct key *key, const char *extra)
{
    const struct signature_file file = file_of("a.txt", "hello");
    const struct signature signature = {
        .subject = "tiny", .files = &file, .count = 1};
    struct build_draft draft = {.author_name = "alice",
                                .author_email = "alice@example.org",
                                .message = "x"};
    struct edit edits[4];
    struct oid commit = {{0}};
    size_t length;
    char *bundle;

    CHECK(signature_make(&bundle, &length, f->arena, &signature, key,
                         &f->err) == 0);
    edits[0] = write_file(f, "a.txt", "hello");
    edits[1] = write_file(f, "model.sig", bundle);
    edits[2] = write_file(f, ".gitattributes",
                          "*.gguf filter=lfs diff=lfs merge=lfs -text\n");
    draft.edits = edits;
    draft.edit_count = 3;
    if (extra != NULL)
        edits[draft.edit_count++] = write_file(f, extra, "hello");
    CHECK(build_commit(&commit, f->view, &draft, &f->err) == 0);
    CHECK(build_flush(f->view, &f->err) == 0);
    return commit;
}

static int
check(struct release *out, struct fixture *f, const struct oid *commit)
{
    bool is_signed = false;
    int result = release_check(out, &is_signed, f->view, &f->repository, commit,
                               &f->err);

    CHECK(result < 0 || is_signed);
    return result;
}

TEST(a_tree_signed_by_the_namespaces_key_is_a_release)
{
    struct fixture f = fixture_open();
    struct signing_key key;
    struct release release;
    struct release found;
    struct oid commit;

    CHECK(add_key(&key, &f, f.key, NULL) == 0);
    commit = commit_signed(&f, f.key, NULL);
    CHECK(check(&release, &f, &commit) == 0);
    CHECK(release.files == 1);
    CHECK_TEXT(release.hint, key.hint);
    release.tag = "v1";
    CHECK(db_begin(f.db, &f.err) == 0);
    CHECK(release_add(&release, f.db, f.arena, &f.repository,
                      f.repository.namespace_id, &f.err) == 0);
    CHECK(db_commit(f.db, &f.err) == 0);
    CHECK(release_find(&found, f.db, f.arena, f.repository.id, NULL, &f.err) ==
          0);
    CHECK(oid_is_equal(&found.commit, &commit));
    CHECK(seed("SELECT count(*) FROM log_entry WHERE kind = 'release'") == 1);
    fixture_free(&f);
}

TEST(a_release_by_a_key_that_is_not_registered_is_refused)
{
    struct fixture f = fixture_open();
    struct key *other = NULL;
    struct signing_key key;
    struct release release;
    struct oid commit;

    CHECK(key_make(&other, KEY_P256, &f.err) == 0);
    CHECK(add_key(&key, &f, other, NULL) == 0);
    commit = commit_signed(&f, f.key, NULL);
    CHECK(check(&release, &f, &commit) < 0);
    CHECK(f.err.code == ERROR_SIGNATURE);
    CHECK(strstr(f.err.message, "not registered") != NULL);
    key_free(other);
    fixture_free(&f);
}

TEST(a_release_with_a_file_that_is_not_signed_is_refused)
{
    struct fixture f = fixture_open();
    struct signing_key key;
    struct release release;
    struct oid commit;

    CHECK(add_key(&key, &f, f.key, NULL) == 0);
    commit = commit_signed(&f, f.key, "b.txt");
    CHECK(check(&release, &f, &commit) < 0);
    CHECK(strstr(f.err.message, "b.txt") != NULL);
    commit = commit_signed(&f, f.key, ".gitmodules");
    CHECK(check(&release, &f, &commit) < 0);
    CHECK(strstr(f.err.message, ".gitmodules") != NULL);
    fixture_free(&f);
}

TEST(a_revoked_key_signs_no_release)
{
    struct fixture f = fixture_open();
    struct signing_key key;
    struct release release;
    struct oid commit;

    CHECK(add_key(&key, &f, f.key, NULL) == 0);
    commit = commit_signed(&f, f.key, NULL);
    CHECK(db_begin(f.db, &f.err) == 0);
    CHECK(signing_key_revoke(f.db, f.arena, f.repository.namespace_id, key.hint,
                             "lost", &f.err) == 0);
    CHECK(db_commit(f.db, &f.err) == 0);
    CHECK(check(&release, &f, &commit) < 0);
    CHECK(strstr(f.err.message, "no longer signs") != NULL);
    CHECK(add_key(&key, &f, f.key, NULL) < 0);
    CHECK(f.err.code == ERROR_CONFLICT);
    fixture_free(&f);
}

/* What the key before says of the one after it, in a namespace. */
static const char *
rotation_in(struct fixture *f, const char *namespace, const struct key *by,
            const char *from, const struct key *to)
{
    struct dsse dsse = {.type = SIGNING_KEY_ROTATION_TYPE, .key_id = ""};
    char hint[DIGEST_TEXT_SIZE];
    struct digest fingerprint;

    key_fingerprint(&fingerprint, to);
    digest_write(hint, &fingerprint);
    dsse.payload = json_write(
        &dsse.payload_length, f->arena,
        json_keep(f->arena, json_pack("{s:s, s:s, s:s}", "namespace", namespace,
                                      "from", from, "to", hint)));
    CHECK(dsse_sign(&dsse, f->arena, by, &f->err) == 0);
    return json_write(NULL, f->arena,
                      json_keep(f->arena, dsse_to_json(&dsse, f->arena)));
}

static const char *
rotation_by(struct fixture *f, const struct key *by, const char *from,
            const struct key *to)
{
    return rotation_in(f, "alice", by, from, to);
}

TEST(a_key_is_replaced_only_by_one_that_it_signed_for)
{
    struct fixture f = fixture_open();
    struct key *next = NULL;
    struct signing_key first;
    struct signing_key second;

    CHECK(key_make(&next, KEY_P256, &f.err) == 0);
    CHECK(add_key(&first, &f, f.key, NULL) == 0);
    CHECK(add_key(&second, &f, next, NULL) < 0);
    CHECK(f.err.code == ERROR_CONFLICT);
    CHECK(add_key(&second, &f, next, rotation_by(&f, next, first.hint, next)) <
          0);
    CHECK(f.err.code == ERROR_SIGNATURE);
    CHECK(add_key(&second, &f, next,
                  rotation_by(&f, f.key, first.hint, next)) == 0);
    CHECK(second.ends_at_ms == CLOCK_NEVER);
    CHECK(signing_key_find(&first, f.db, f.arena, f.repository.namespace_id,
                           first.hint, &f.err) == 0);
    CHECK(first.ends_at_ms != CLOCK_NEVER);
    key_free(next);
    fixture_free(&f);
}

TEST(a_rotation_is_for_its_own_namespace_and_its_own_two_keys)
{
    struct fixture f = fixture_open();
    struct signing_key first;
    struct signing_key second;
    struct key *next = NULL;
    struct key *other = NULL;
    const char *wrong[3];
    char *longest;

    CHECK(key_make(&next, KEY_P256, &f.err) == 0);
    CHECK(key_make(&other, KEY_P256, &f.err) == 0);
    CHECK(add_key(&first, &f, f.key, NULL) == 0);
    wrong[0] = rotation_in(&f, "bob", f.key, first.hint, next);
    wrong[1] = rotation_by(&f, f.key, "another key", next);
    wrong[2] = rotation_by(&f, f.key, first.hint, other);
    for (size_t i = 0; i < 3; i++) {
        CHECK(add_key(&second, &f, next, wrong[i]) < 0);
        CHECK(f.err.code == ERROR_SIGNATURE);
    }
    longest = arena_alloc(f.arena, SIGNING_KEY_ROTATION_LIMIT + 2);
    memset(longest, ' ', SIGNING_KEY_ROTATION_LIMIT + 1);
    longest[SIGNING_KEY_ROTATION_LIMIT + 1] = '\0';
    CHECK(add_key(&second, &f, next, longest) < 0);
    CHECK(f.err.code == ERROR_TOO_LARGE);
    CHECK(seed("SELECT count(*) FROM signing_key") == 1);
    key_free(other);
    key_free(next);
    fixture_free(&f);
}

TEST(a_key_that_was_replaced_signs_no_release_and_stays_replaced)
{
    struct fixture f = fixture_open();
    struct signing_key first;
    struct signing_key second;
    struct release release;
    struct key *next = NULL;
    struct oid commit;

    CHECK(key_make(&next, KEY_P256, &f.err) == 0);
    CHECK(add_key(&first, &f, f.key, NULL) == 0);
    CHECK(add_key(&second, &f, next,
                  rotation_by(&f, f.key, first.hint, next)) == 0);
    commit = commit_signed(&f, f.key, NULL);
    CHECK(check(&release, &f, &commit) < 0);
    CHECK(strstr(f.err.message, "no longer signs") != NULL);
    CHECK(add_key(&first, &f, f.key,
                  rotation_by(&f, next, second.hint, f.key)) < 0);
    CHECK(strstr(f.err.message, "ended and stays so") != NULL);
    commit = commit_signed(&f, next, NULL);
    CHECK(check(&release, &f, &commit) == 0);
    key_free(next);
    fixture_free(&f);
}

TEST(releases_are_signed_by_p256_keys_alone)
{
    struct fixture f = fixture_open();
    struct signing_key added;
    struct key *other = NULL;

    CHECK(key_make(&other, KEY_ED25519, &f.err) == 0);
    CHECK(add_key(&added, &f, other, NULL) < 0);
    CHECK(f.err.code == ERROR_BAD_REQUEST);
    CHECK(seed("SELECT count(*) FROM signing_key") == 0);
    key_free(other);
    fixture_free(&f);
}

/* A commit of one file beside a model.sig of these bytes. */
static struct oid
commit_with(struct fixture *f, const char *path, const char *text,
            const char *bundle)
{
    const struct edit edits[] = {write_file(f, path, text),
                                 write_file(f, "model.sig", bundle)};
    const struct build_draft draft = {.edits = edits,
                                      .edit_count = 2,
                                      .author_name = "alice",
                                      .author_email = "alice@example.org",
                                      .message = "x"};
    struct oid commit = {{0}};

    CHECK(build_commit(&commit, f->view, &draft, &f->err) == 0);
    CHECK(build_flush(f->view, &f->err) == 0);
    return commit;
}

TEST(attributes_in_a_release_do_nothing_but_name_what_lfs_keeps)
{
    struct fixture f = fixture_open();
    struct release release;
    struct oid commit =
        commit_with(&f, ".gitattributes", "*.py filter=evil\n", "{}");

    CHECK(check(&release, &f, &commit) < 0);
    CHECK(f.err.code == ERROR_SIGNATURE);
    CHECK(strstr(f.err.message, ".gitattributes") != NULL);
    fixture_free(&f);
}

TEST(a_releases_signature_is_in_git_itself_and_over_whole_files)
{
    struct fixture f = fixture_open();
    struct release release;
    struct oid commit;
    size_t length;
    char *shards;

    commit = commit_with(
        &f, "a.txt", "hello",
        "version https://git-lfs.github.com/spec/v1\n"
        "oid sha256:"
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
        "size 3\n");
    CHECK(check(&release, &f, &commit) < 0);
    CHECK(strstr(f.err.message, "into git itself") != NULL);
    CHECK(file_read(&shards, &length, f.arena,
                    VECTORS "/signature/reference-shards.sig", 1 << 20,
                    &f.err) == 0);
    commit =
        commit_with(&f, "a.txt", "hello", arena_bytes(f.arena, shards, length));
    CHECK(check(&release, &f, &commit) < 0);
    CHECK(strstr(f.err.message, "signs whole files") != NULL);
    fixture_free(&f);
}

/* The model.sig that a tool makes which takes more names than we do. */
static const char *
sign_as_others_do(struct fixture *f, const struct signature *signature,
                  const char *hint)
{
    struct dsse dsse = {.type = STATEMENT_TYPE, .key_id = ""};
    json_t *bundle;

    dsse.payload = statement_make(&dsse.payload_length, f->arena, signature);
    CHECK(dsse_sign(&dsse, f->arena, f->key, &f->err) == 0);
    bundle = json_pack("{s:s, s:{s:{s:s}}, s:o}", "mediaType",
                       "application/vnd.dev.sigstore.bundle.v0.3+json",
                       "verificationMaterial", "publicKey", "hint", hint,
                       "dsseEnvelope", dsse_to_json(&dsse, f->arena));
    return json_write(NULL, f->arena, json_keep(f->arena, bundle));
}

TEST(a_release_has_no_two_names_that_tools_sort_differently)
{
    struct fixture f = fixture_open();
    const struct signature_file files[] = {file_of("a-b", "hello"),
                                           file_of("a/b", "hello")};
    struct signature signature = {
        .subject = "tiny", .files = files, .count = 1};
    struct signing_key key;
    struct release release;
    struct edit edits[3];
    struct build_draft draft = {.edits = edits,
                                .edit_count = 2,
                                .author_name = "alice",
                                .author_email = "alice@example.org",
                                .message = "x"};
    struct oid commit = {{0}};

    CHECK(add_key(&key, &f, f.key, NULL) == 0);
    edits[0] = write_file(&f, "a-b", "hello");
    for (size_t i = 0; i < 2; i++) {
        signature.count = i + 1;
        edits[i + 1] = write_file(&f, "model.sig",
                                  sign_as_others_do(&f, &signature, key.hint));
        CHECK(build_commit(&commit, f.view, &draft, &f.err) == 0);
        CHECK(build_flush(f.view, &f.err) == 0);
        f.err.message[0] = '\0';
        CHECK((check(&release, &f, &commit) == 0) == (i == 0));
        edits[1] = write_file(&f, "a/b", "hello");
        draft.edit_count = 3;
    }
    CHECK(f.err.code == ERROR_UNPROCESSABLE);
    CHECK(strstr(f.err.message, "a-b and a/b: tools sort such") != NULL);
    fixture_free(&f);
}

TEST(what_is_said_of_a_withdrawal_has_a_limit)
{
    struct fixture f = fixture_open();
    struct signing_key key;
    char *reason = arena_alloc(f.arena, 65536);

    memset(reason, 'x', 65535);
    reason[65535] = '\0';
    CHECK(add_key(&key, &f, f.key, NULL) == 0);
    CHECK(release_withdraw(f.db, f.arena, &f.repository, "v1", reason, &f.err) <
          0);
    CHECK(f.err.code == ERROR_BAD_REQUEST);
    CHECK(signing_key_revoke(f.db, f.arena, f.repository.namespace_id, key.hint,
                             reason, &f.err) < 0);
    CHECK(f.err.code == ERROR_BAD_REQUEST);
    CHECK(signing_key_revoke(f.db, f.arena, f.repository.namespace_id,
                             "no such key", "", &f.err) < 0);
    CHECK(f.err.code == ERROR_NOT_FOUND);
    fixture_free(&f);
}

TEST(registering_the_key_that_signs_again_changes_nothing)
{
    struct fixture f = fixture_open();
    struct signing_key first;
    struct signing_key again;

    CHECK(add_key(&first, &f, f.key, NULL) == 0);
    CHECK(add_key(&again, &f, f.key, NULL) == 0);
    CHECK(first.id == again.id);
    CHECK(seed("SELECT count(*) FROM log_entry") == 1);
    fixture_free(&f);
}

TEST(a_withdrawn_release_stands_no_longer_and_is_on_record)
{
    struct fixture f = fixture_open();
    struct signing_key key;
    struct release release;
    struct release *list;
    struct oid commit;
    size_t count;

    CHECK(add_key(&key, &f, f.key, NULL) == 0);
    commit = commit_signed(&f, f.key, NULL);
    CHECK(check(&release, &f, &commit) == 0);
    release.tag = "v1";
    CHECK(db_begin(f.db, &f.err) == 0);
    CHECK(release_add(&release, f.db, f.arena, &f.repository,
                      f.repository.namespace_id, &f.err) == 0);
    CHECK(release_withdraw(f.db, f.arena, &f.repository, "v1", "bad weights",
                           &f.err) == 0);
    CHECK(db_commit(f.db, &f.err) == 0);
    CHECK(release_find(&release, f.db, f.arena, f.repository.id, "v1",
                       &f.err) == 0);
    CHECK(release.id == 0);
    CHECK(release_list(&list, &count, f.db, f.arena, f.repository.id, &f.err) ==
          0);
    CHECK(count == 1);
    CHECK(list[0].withdrawn_at_ms != CLOCK_NEVER);
    fixture_free(&f);
}
